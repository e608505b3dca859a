# SPDX-License-Identifier: Apache-2.0
# In the guest: LIO behind iSCSI for a mover on the host.  Speaks with the host
# through files of the scratch folder: says `ready`, waits for `done`, compares.
# shellcheck shell=bash
. "$XM_TOP/tests/lib.sh"
# shellcheck source=tests/lab/lio.sh
. ./lio.sh
IQN=iqn.2026-11.lab:lio

mkdir -p /dev/shm/img
cp /mnt/random /dev/shm/img/a
truncate -r /dev/shm/img/a /dev/shm/img/b
lio_start
lio_fileio a /dev/shm/img/a a000000000000000000000001
lio_fileio b /dev/shm/img/b b000000000000000000000001
lio_iscsi "$IQN" "$T/core/fileio_0/a" "$T/core/fileio_0/b"
touch /mnt/ready
# The host ends it: by `done`, or by its own time limit.
until [ -e /mnt/done ]; do sleep 0.1; done
try "compared in the guest, on the backing files" cmp /dev/shm/img/a /dev/shm/img/b
done_testing
