# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtools.la
libtools_la_CPPFLAGS = $(TOOLS_CPPFLAGS)
libtools_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
libtools_la_LIBADD = $(JANSSON_LIBS) -lm
libtools_la_SOURCES = \
	tools/bar.c tools/bar.h \
	tools/bench/bench.h \
	tools/bench/count.c tools/bench/pair.c tools/bench/plot.c tools/bench/run.c \
	tools/bench/table.c \
	tools/capabilities.c \
	tools/cmd-bench.c \
	tools/cmd-copy.c \
	tools/copy-end.c tools/copy-end.h \
	tools/cmd-map.c \
	tools/cmd-probe.c \
	tools/cmd-send.c \
	tools/cmd-token.c \
	tools/cmd-verify.c \
	tools/cmd.c tools/cmd.h \
	tools/console.c tools/console.h \
	tools/extents-out.c tools/extents-out.h \
	tools/figures.c tools/figures.h \
	tools/help.c tools/help.h \
	tools/link.c tools/link.h \
	tools/opt-check.c tools/opt.c tools/opt.h tools/options.def \
	tools/outcome.c tools/outcome.h \
	tools/rates.c tools/rates.h \
	tools/report-file.c \
	tools/report.c tools/report.h \
	tools/salvage-map.c tools/salvage-map.h \
	tools/signals.c tools/signals.h \
	tools/text.c tools/text.h

# Linked with the parts of libxmover and not with the shared library, so that
# build/xmover is a program that runs where it is, and one file in a pod.
bin_PROGRAMS += xmover
xmover_CPPFLAGS = $(TOOLS_CPPFLAGS)
xmover_SOURCES = tools/main.c
xmover_LDADD = libtools.la libapi.la libscsi.la libnvme-copy.la libnbd-ends.la libengine.la

# The man page: xmover.pod, its options from options.def, its reasons from reasons.h.
if WITH_POD2MAN
man_MANS += tools/xmover.1
endif
CLEANFILES += tools/xmover.1 tools/xmover-full.pod
EXTRA_DIST += tools/options.awk tools/xmover.pod tools/report-schema.json

tools/xmover-full.pod: $(srcdir)/tools/xmover.pod $(srcdir)/tools/options.def \
		$(srcdir)/tools/options.awk $(srcdir)/scsi/reasons.h $(srcdir)/nvme/reasons.h
	$(AM_V_GEN)$(MKDIR_P) tools && \
	$(AWK) -f $(srcdir)/tools/options.awk $(srcdir)/tools/options.def >$@.options && \
	$(SED) -nE -e '$$!N' \
		-e 's,^/\* (.*) \*/\n#define (SCSI|NVME)_R_[A-Z0-9_]+ "([a-z_]+)"$$,=item C<\3>\n\n\1\n,p' \
		-e t -e D $(srcdir)/scsi/reasons.h $(srcdir)/nvme/reasons.h >$@.reasons && \
	$(AWK) -v at=$@ '/^=for (options|reasons)/ { \
		while ((getline line < (at "." $$2)) > 0) print line; next } { print }' \
		$(srcdir)/tools/xmover.pod >$@.tmp && rm -f $@.options $@.reasons && mv $@.tmp $@

tools/xmover.1: tools/xmover-full.pod
	$(AM_V_GEN)$(POD2MAN) --utf8 --name=XMOVER --section=1 --center=xmover \
		--release="xmover $(PACKAGE_VERSION)" --date=2026-11-22 tools/xmover-full.pod >$@.tmp && mv $@.tmp $@
