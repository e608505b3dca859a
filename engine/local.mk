# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libengine.la
libengine_la_CPPFLAGS = $(ENGINE_CPPFLAGS)
libengine_la_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
libengine_la_LIBADD = $(XXHASH_LIBS)
libengine_la_SOURCES =
noinst_HEADERS += engine/attach.h engine/clock.h engine/ctx.h engine/endpoint.h engine/error.h \
	engine/extent.h engine/gate.h engine/identity.h engine/io.h engine/method.h engine/nexus.h \
	engine/pool.h engine/registry.h engine/status.h engine/task.h
