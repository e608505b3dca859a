# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libengine.la
libengine_la_CPPFLAGS = $(ENGINE_CPPFLAGS)
libengine_la_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
libengine_la_LIBADD = $(XXHASH_LIBS)
libengine_la_SOURCES = \
	engine/attach.c engine/attach.h \
	engine/chap.c engine/chap.h \
	engine/clock.c engine/clock.h \
	engine/ctx.c engine/ctx.h \
	engine/endpoint.h \
	engine/error.c engine/error.h \
	engine/extent.h \
	engine/gate.h \
	engine/identity.h \
	engine/io.h \
	engine/job-id.c engine/job-id.h \
	engine/log.c \
	engine/method.h \
	engine/nexus.h \
	engine/pool.c engine/pool.h \
	engine/registry.h \
	engine/status.h \
	engine/task.h
