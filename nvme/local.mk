# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libnvme-copy.la
libnvme_copy_la_CPPFLAGS = $(NVME_CPPFLAGS)
libnvme_copy_la_CFLAGS = $(AM_CFLAGS)
libnvme_copy_la_LIBADD =
libnvme_copy_la_SOURCES = nvme/cdfe.c nvme/cmd.c nvme/explain.c nvme/fence-nvme.c nvme/identify.c \
	nvme/look.c nvme/method-copy.c nvme/namespace.c nvme/opener-ng.c nvme/verdict.c \
	nvme/status-table.c nvme/topology.c nvme/transport.c nvme/transport-ioctl.c
noinst_HEADERS += nvme/cdfe.h nvme/cmd.h nvme/copy.h nvme/namespace.h nvme/reasons.h \
	nvme/verdict.h nvme/topology.h nvme/transport.h
if WITH_URING
libnvme_copy_la_SOURCES += nvme/transport-uring.c
libnvme_copy_la_CFLAGS += $(URING_CFLAGS)
libnvme_copy_la_LIBADD += $(URING_LIBS)
else
libnvme_copy_la_SOURCES += nvme/no-uring.c
endif
