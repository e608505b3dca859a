# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libengine.la
libengine_la_CPPFLAGS = $(ENGINE_CPPFLAGS)
libengine_la_CFLAGS = $(AM_CFLAGS) $(EXPAT_CFLAGS) $(JANSSON_CFLAGS) $(XXHASH_CFLAGS)
libengine_la_LIBADD = $(EXPAT_LIBS) $(JANSSON_LIBS) $(XXHASH_LIBS)
libengine_la_SOURCES = \
	engine/attach.c engine/attach.h \
	engine/buffers.c \
	engine/chap.c engine/chap.h \
	engine/clock.c engine/clock.h \
	engine/clone.c engine/clone.h \
	engine/ctx.c engine/ctx.h \
	engine/endpoint.c engine/endpoint.h \
	engine/error.c engine/error.h \
	engine/dirty.h \
	engine/extent-all.c engine/extent.h \
	engine/extent-best.c \
	engine/extent-runs.c engine/extent-runs.h \
	engine/extent-seek.c \
	engine/gate.h \
	engine/holders.c engine/holders.h \
	engine/identity.c engine/identity.h \
	engine/io.c engine/io.h \
	engine/io-fd.c engine/io-fd.h \
	engine/io-threads.c \
	engine/job-id.c engine/job-id.h \
	engine/log.c \
	engine/method.h \
	engine/method-clone.c \
	engine/method-host.c \
	engine/nexus.h \
	engine/nexus-host.c \
	engine/opener-block.c \
	engine/opener-file.c engine/opener-file.h \
	engine/opening.c \
	engine/calls.c engine/calls.h \
	engine/pool.c engine/pool.h \
	engine/range-list.c engine/range-list.h engine/range-reader.h \
	engine/range-bmap.c engine/range-json.c engine/range-text.c \
	engine/registry.h \
	engine/status.h \
	engine/sysfs.c engine/sysfs.h \
	engine/task.h \
	engine/zero.c engine/zero.h \
	engine/zero-find.c engine/zero-find.h
if X86_64
libengine_la_SOURCES += engine/zero-find-x86.c
else
libengine_la_SOURCES += engine/no-zero-find-x86.c
endif
if WITH_URING
libengine_la_SOURCES += engine/io-uring.c
libengine_la_CFLAGS += $(URING_CFLAGS)
libengine_la_LIBADD += $(URING_LIBS)
else
libengine_la_SOURCES += engine/no-uring.c
endif
include engine/core.mk
include engine/wire.mk
