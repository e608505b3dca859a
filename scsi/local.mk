# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libscsi.la
libscsi_la_CPPFLAGS = $(SCSI_CPPFLAGS)
libscsi_la_LIBADD = $(SGUTILS_LIBS)
libscsi_la_SOURCES = scsi/cdb.c scsi/judge.c scsi/lu.c scsi/sense.c scsi/sense-table.c \
	scsi/transport.c scsi/vpd.c scsi/extent-lba.c scsi/lba-status.c scsi/limits.c scsi/lu-of.c scsi/method-xcopy.c scsi/xcopy-cscd.c \
	scsi/xcopy-decode.c scsi/xcopy-encode.c scsi/xcopy-explain.c scsi/xcopy-look.c \
	scsi/copy-watch.c scsi/list-id.c scsi/method-odx.c scsi/odx-decode.c scsi/odx-encode.c scsi/odx-explain.c \
	scsi/odx-look.c scsi/odx-port.c scsi/odx-result.c scsi/tpc.c
noinst_HEADERS += scsi/cdb.h scsi/lba-status.h scsi/lu.h scsi/reasons.h scsi/sense.h scsi/transport.h scsi/vpd.h \
	scsi/xcopy.h scsi/copy-watch.h scsi/list-id.h scsi/odx.h scsi/odx-priv.h scsi/tpc.h
include scsi/paths.mk
