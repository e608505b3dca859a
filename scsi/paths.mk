# SPDX-License-Identifier: Apache-2.0
# How commands reach a device, the openers, block I/O by commands.
libscsi_la_SOURCES += scsi/io-scsi.c scsi/lu-open.c
noinst_HEADERS += scsi/io-scsi.h scsi/iscsi-session.h scsi/iscsi-url.h scsi/lu-open.h
if WITH_ISCSI
libscsi_la_SOURCES += scsi/fence-iscsi.c scsi/iscsi-login.c scsi/iscsi-session.c \
	scsi/iscsi-url.c scsi/opener-iscsi.c scsi/transport-iscsi.c
libscsi_la_LIBADD += $(ISCSI_LIBS)
else
libscsi_la_SOURCES += scsi/no-iscsi.c
endif
