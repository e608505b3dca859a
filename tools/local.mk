# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtools.la
libtools_la_CPPFLAGS = $(TOOLS_CPPFLAGS)
libtools_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
libtools_la_LIBADD = $(JANSSON_LIBS)
libtools_la_SOURCES = \
	tools/bar.c tools/bar.h \
	tools/cmd-copy.c \
	tools/cmd-probe.c \
	tools/cmd-verify.c \
	tools/cmd.c tools/cmd.h \
	tools/console.c tools/console.h \
	tools/figures.c tools/figures.h \
	tools/help.c tools/help.h \
	tools/opt.c tools/opt.h tools/options.def \
	tools/outcome.c tools/outcome.h \
	tools/report-file.c \
	tools/report.c tools/report.h \
	tools/signals.c tools/signals.h \
	tools/text.c tools/text.h
