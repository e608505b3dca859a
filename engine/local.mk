# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libengine.la
libengine_la_CPPFLAGS = $(ENGINE_CPPFLAGS)
libengine_la_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
libengine_la_LIBADD = $(XXHASH_LIBS)
libengine_la_SOURCES =
