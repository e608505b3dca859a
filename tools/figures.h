/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job's figures as plain values, so that they can be shown and reported by a
 * thread that must not touch the job, and after the job is gone.
 */
#ifndef TOOLS_FIGURES_H
#define TOOLS_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "xmover.h"

#define FIGURES_FALLBACKS 16
#define FIGURES_MESSAGE 1024
#define FIGURES_DETAIL 512
#define FIGURES_WORD 64

struct figures_fallback {
	char reason[FIGURES_WORD];
	char detail[FIGURES_DETAIL];
	uint64_t count, bytes;
};

struct figures {
	uint64_t total, done;
	/* The ways: they sum to done. */
	uint64_t xcopy, odx, nvme_copy, clone, host, zeroed, skipped, resumed;
	uint64_t verified, unknown, retries, duration_ns, inflight, rate, eta_ns, stall_ns;
	bool offload_used;
	char phase[FIGURES_WORD], method[FIGURES_WORD], result[FIGURES_WORD], caution[FIGURES_WORD];
	char message[FIGURES_MESSAGE];
	/* The first rows, and how many there are in all. */
	struct figures_fallback fallback[FIGURES_FALLBACKS];
	size_t fallbacks;
};

/* The numbers and words without the fallbacks and the message: for each turn of progress. */
void figures_read_short(struct figures *f, const struct xm_job *job);
void figures_read(struct figures *f, const struct xm_job *job);

/* Bytes the storage moved. */
static inline uint64_t figures_offloaded(const struct figures *f)
{
	return f->xcopy + f->odx + f->nvme_copy;
}

/* Bytes that went through this host, or were cloned by its file system. */
static inline uint64_t figures_by_host(const struct figures *f)
{
	return f->host + f->clone;
}

#endif
