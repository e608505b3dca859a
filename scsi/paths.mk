# SPDX-License-Identifier: Apache-2.0
# How commands reach a device, the openers, block I/O by commands.
libscsi_la_SOURCES += scsi/block-path.c scsi/fence-sgio.c scsi/io-scsi.c scsi/io-scsi-cmd.c \
	scsi/lu-again.c scsi/lu-open.c scsi/opener-sg.c scsi/sgpt-call.c scsi/transport-sgpt.c
noinst_HEADERS += scsi/block-path.h scsi/io-scsi.h scsi/io-scsi-priv.h scsi/iscsi-session.h scsi/iscsi-url.h \
	scsi/lu-again.h scsi/lu-open.h scsi/sgpt.h
if WITH_ISCSI
libscsi_la_SOURCES += scsi/fence-iscsi.c scsi/iscsi-login.c scsi/iscsi-pump.c scsi/iscsi-session.c \
	scsi/iscsi-url.c scsi/opener-iscsi.c scsi/transport-iscsi.c
libscsi_la_LIBADD += $(ISCSI_LIBS)
else
libscsi_la_SOURCES += scsi/no-iscsi.c
endif
