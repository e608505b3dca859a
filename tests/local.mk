# SPDX-License-Identifier: Apache-2.0
include tests/unit/local.mk
include tests/unit/scsi.mk
include tests/array/local.mk
include tests/cli/local.mk
include tests/fuzz/local.mk
include tests/api/local.mk
include tests/lab/local.mk
include tests/bench/local.mk
