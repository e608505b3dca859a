# SPDX-License-Identifier: Apache-2.0
include tests/fuzz/array.mk
include tests/fuzz/engine.mk
include tests/fuzz/front.mk
include tests/fuzz/lists.mk
include tests/fuzz/nvme.mk
include tests/fuzz/scsi.mk
