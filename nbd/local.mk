# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libnbd-ends.la
libnbd_ends_la_CPPFLAGS = $(NBD_CPPFLAGS)
libnbd_ends_la_CFLAGS = $(AM_CFLAGS)
libnbd_ends_la_LIBADD =
noinst_HEADERS += nbd/disk.h
if WITH_NBD
libnbd_ends_la_SOURCES = nbd/conn.c nbd/disk.c nbd/fence-nbd.c nbd/io-nbd.c nbd/opener-nbd.c \
	nbd/status-table.c
libnbd_ends_la_CFLAGS += $(NBD_CFLAGS)
libnbd_ends_la_LIBADD += $(NBD_LIBS)
else
libnbd_ends_la_SOURCES = nbd/no-nbd.c
endif
