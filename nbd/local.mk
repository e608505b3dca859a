# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libnbd-ends.la
libnbd_ends_la_CPPFLAGS = $(NBD_CPPFLAGS)
libnbd_ends_la_CFLAGS = $(AM_CFLAGS)
libnbd_ends_la_LIBADD =
noinst_HEADERS += nbd/ask.h nbd/disk.h
if WITH_NBD
libnbd_ends_la_SOURCES = nbd/conn.c nbd/disk.c nbd/extent-nbd.c nbd/fence-nbd.c nbd/io-nbd.c nbd/opener-nbd.c \
	nbd/status-table.c
libnbd_ends_la_CFLAGS += $(NBD_CFLAGS)
libnbd_ends_la_LIBADD += $(NBD_LIBS)
if NBD_STATUS_64
libnbd_ends_la_SOURCES += nbd/status-64.c
else
libnbd_ends_la_SOURCES += nbd/status-32.c
endif
else
libnbd_ends_la_SOURCES = nbd/no-nbd.c
endif
