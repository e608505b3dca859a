# SPDX-License-Identifier: Apache-2.0
# The core: what is left, what is next, by which method; the job that drives it.
libengine_la_SOURCES += \
	engine/budget.c engine/budget.h \
	engine/fallback.c engine/fallback.h \
	engine/fence.c engine/fence.h \
	engine/map.c engine/map.h \
	engine/method.c \
	engine/pick.c engine/pick.h engine/pick-tune.c \
	engine/plan.c engine/plan.h \
	engine/retry.c engine/retry.h \
	engine/task.c
