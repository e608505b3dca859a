# SPDX-License-Identifier: Apache-2.0
# Programs that boot a guest (tests/lab/guest) and judge what happens in it.
LAB_TESTS = \
	tests/lab/test-lio-iscsi.sh \
	tests/lab/test-lio-sgio.sh \
	tests/lab/test-mapper.sh \
	tests/lab/test-missing.sh \
	tests/lab/test-nvme.sh \
	tests/lab/test-persona.sh
EXTRA_DIST += $(LAB_TESTS) tests/lab/bench-lio tests/lab/guest tests/lab/guest-bench.sh tests/lab/guest-iscsi.sh \
	tests/lab/guest-mapper.sh tests/lab/guest-nvme.sh tests/lab/guest-persona.sh tests/lab/guest-sgio.sh \
	tests/lab/init.in tests/lab/initiator.sh tests/lab/lio.sh tests/lab/prepare tests/lab/scsi-cases.pl tests/lab/shell
