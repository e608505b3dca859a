# SPDX-License-Identifier: Apache-2.0
# The core: what is left, what is next, by which method; the job that drives it.
libengine_la_SOURCES += \
	engine/batch.c engine/batch.h \
	engine/budget.c engine/budget.h \
	engine/fallback.c engine/fallback.h \
	engine/fence.c engine/fence.h \
	engine/job.c engine/job.h \
	engine/job-check.c \
	engine/job-claim.h \
	engine/job-done.c \
	engine/job-drop.c \
	engine/job-extents.c \
	engine/job-fence.c \
	engine/job-fill.c \
	engine/job-missing.c \
	engine/job-new.c \
	engine/job-open.c \
	engine/job-compare.c \
	engine/job-rate.c \
	engine/job-read.c \
	engine/job-reason.c \
	engine/job-state-open.c \
	engine/job-state.c \
	engine/job-state.h \
	engine/job-trial.c \
	engine/job-verify.c engine/job-verify.h \
	engine/job-zero.c \
	engine/map.c engine/map.h \
	engine/message.c \
	engine/method.c \
	engine/pick.c engine/pick.h engine/pick-lead.c engine/pick-tune.c \
	engine/plan.c engine/plan.h \
	engine/probe.c \
	engine/progress.c engine/progress.h \
	engine/refuse.c engine/refuse.h \
	engine/retry.c engine/retry.h \
	engine/salvage.c engine/salvage.h \
	engine/state.c engine/state.h engine/state-open.c \
	engine/state-format.c engine/state-format.h \
	engine/task.c \
	engine/token.c engine/token.h \
	engine/trial.c engine/trial.h engine/trial-places.c engine/trial-places.h \
	engine/verify.c engine/verify.h

# Above every backend: the public library and the list of what it was built with.
noinst_LTLIBRARIES += libapi.la
libapi_la_CPPFLAGS = $(ENGINE_CPPFLAGS)
libapi_la_SOURCES = engine/api.c engine/capability.c engine/registry.c

lib_LTLIBRARIES += libxmover.la
libxmover_la_SOURCES =
libxmover_la_LIBADD = libapi.la libscsi.la libnvme-copy.la libnbd-ends.la libengine.la
libxmover_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-Wl,--version-script=$(srcdir)/engine/libxmover.map
EXTRA_libxmover_la_DEPENDENCIES = $(srcdir)/engine/libxmover.map
