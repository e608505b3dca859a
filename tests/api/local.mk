# SPDX-License-Identifier: Apache-2.0
API_TESTS += \
	tests/api/test-dist.sh \
	tests/api/test-header.sh \
	tests/api/test-layers.sh \
	tests/api/test-scripts.sh \
	tests/api/test-shape.sh \
	tests/api/test-symbols.sh
EXTRA_DIST += $(API_TESTS) tests/api/library-user.c
