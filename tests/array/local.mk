# SPDX-License-Identifier: Apache-2.0
include tests/array/front.mk
ARRAY_TESTS += tests/array/test-conformance.sh
EXTRA_DIST += tests/array/test-conformance.sh tests/array/test-stall.sh
if WITH_CMOCKA
include tests/array/jobs.mk
if WITH_ISCSI
include tests/array/iscsi.mk
endif
endif
if WITH_ISCSI
ARRAY_TESTS += tests/array/test-stall.sh
endif
