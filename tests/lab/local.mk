# SPDX-License-Identifier: Apache-2.0
# Programs that boot a guest (tests/lab/guest) and judge what happens in it.
LAB_TESTS = \
	tests/lab/test-lio-iscsi.sh \
	tests/lab/test-lio-sgio.sh \
	tests/lab/test-mapper.sh \
	tests/lab/test-missing.sh \
	tests/lab/test-nvme.sh \
	tests/lab/test-nvme-newer.sh \
	tests/lab/test-persona.sh
EXTRA_DIST += $(LAB_TESTS) tests/lab/bench-lio tests/lab/guest tests/lab/guest-bench.sh tests/lab/guest-iscsi.sh \
	tests/lab/guest-mapper.sh tests/lab/guest-nvme.sh tests/lab/guest-persona.sh tests/lab/guest-sgio.sh \
	tests/lab/init.in tests/lab/initiator.sh tests/lab/lio.sh tests/lab/newer-qemu tests/lab/prepare tests/lab/scsi-cases.pl tests/lab/shell

# Preloaded into the mover in the guest; -rpath, for else libtool makes no shared object of it.
check_LTLIBRARIES += tests/lab/nvme-meddle.la
tests_lab_nvme_meddle_la_SOURCES = tests/lab/nvme-meddle.c
tests_lab_nvme_meddle_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
