# SPDX-License-Identifier: Apache-2.0
# Streams between two movers: the protocol, and the disks at their other end.
libengine_la_SOURCES += \
	engine/digest.c engine/digest.h \
	engine/remote.h \
	engine/remote-open.c \
	engine/remote-source.c engine/remote-source.h engine/remote-answer.c engine/remote-zeros.c \
	engine/remote-token.c \
	engine/job-stream.c \
	engine/secret.c engine/secret.h \
	engine/send.c engine/send.h engine/send-answer.c \
	engine/stream-piece.c \
	engine/stream-sink.c \
	engine/stream-source.c \
	engine/token-file.c \
	engine/wire.c engine/wire.h engine/wire-in.c engine/wire-priv.h \
	engine/wire-format.c engine/wire-format.h \
	engine/wire-hello.c engine/wire-hello.h \
	engine/wire-status.c engine/wire-status.h
