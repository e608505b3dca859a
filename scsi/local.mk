# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libscsi.la
libscsi_la_CPPFLAGS = $(SCSI_CPPFLAGS)
libscsi_la_LIBADD = $(SGUTILS_LIBS)
libscsi_la_SOURCES =
noinst_HEADERS += scsi/lu.h scsi/transport.h
