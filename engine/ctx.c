/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context: settings, secrets, the job's hash, random numbers, the pool.
 *
 * The job hash becomes the iSCSI ISID.  Value 0 is the inspectors', so that
 * nothing that only looks can ever log in over a copy.
 */
#include "ctx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "chap.h"
#include "error.h"
#include "job-id.h"
#include "pool.h"
#include "state.h"

#define TIMEOUT_DEFAULT_S 30
#define TIMEOUT_MAX_S 86400
#define JOB_ID_MAX 255
#define ISCSI_NAME_MAX 223
#define JOB_HASH_BITS 40
#define POOL_THREADS 64
#define POOL_FREE_BOUND (2 * XM_NS_PER_S)

struct xm_ctx *xm_ctx_new(void)
{
	struct xm_ctx *ctx = calloc(1, sizeof *ctx);
	if (!ctx)
		return NULL;
	ctx->clock = &xm_clock_real;
	ctx->timeout_ns = TIMEOUT_DEFAULT_S * XM_NS_PER_S;
	xm_attachments_init(&ctx->attached);
	bool ok = xm_chap_from_env(&ctx->chap);
	ctx->initiator_name = strdup(XM_INITIATOR_NAME);
	if (getrandom(&ctx->random, sizeof ctx->random, GRND_NONBLOCK) < 0)
		ctx->random = ctx->clock->now(ctx->clock);
	if (ok && ctx->initiator_name)
		return ctx;
	xm_ctx_free(ctx);
	return NULL;
}

void xm_ctx_free(struct xm_ctx *ctx)
{
	if (!ctx)
		return;
	xm_attachments_free(&ctx->attached);
	xm_pool_free(ctx->pool, POOL_FREE_BOUND);
	xm_chap_free(&ctx->chap);
	xm_state_close(ctx->state);
	free(ctx->job_id);
	free(ctx->initiator_name);
	free(ctx);
}

void xm_ctx_set_log(struct xm_ctx *ctx, xm_log_fn *fn, void *user)
{
	ctx->log = fn;
	ctx->log_user = user;
}

/* ---- settings ---------------------------------------------------------------- */

static bool is_plain_text(const char *s, size_t max)
{
	size_t len = strlen(s);
	if (len == 0 || len > max)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static int replace(char **where, char *value, struct xm_error **err)
{
	if (!value)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	free(*where);
	*where = value;
	return 0;
}

static int set_job_id(struct xm_ctx *ctx, const char *value, struct xm_error **err)
{
	if (!is_plain_text(value, JOB_ID_MAX))
		return xm_fail(err, XM_E_USAGE,
			       "a job id is 1 to %d bytes without control characters", JOB_ID_MAX);
	ctx->job_id_given = true;
	return replace(&ctx->job_id, strdup(value), err);
}

static int set_job_from(struct xm_ctx *ctx, const char *value, struct xm_error **err)
{
	if (!*value)
		return xm_fail(err, XM_E_USAGE, "the destination has no name");
	return ctx->job_id_given ? 0 : replace(&ctx->job_id, xm_job_id_from(value), err);
}

static int set_initiator_name(struct xm_ctx *ctx, const char *value, struct xm_error **err)
{
	bool type = !strncmp(value, "iqn.", 4) || !strncmp(value, "eui.", 4) ||
		    !strncmp(value, "naa.", 4);
	if (!type || !is_plain_text(value, ISCSI_NAME_MAX) || strchr(value, ' '))
		return xm_fail(err, XM_E_USAGE,
			       "initiator name '%s': an iSCSI name begins with iqn., eui. or naa. "
			       "and has at most %d bytes without spaces", value, ISCSI_NAME_MAX);
	return replace(&ctx->initiator_name, strdup(value), err);
}

static int set_purpose(struct xm_ctx *ctx, const char *value, struct xm_error **err)
{
	if (strcmp(value, "copy") && strcmp(value, "inspect"))
		return xm_fail(err, XM_E_USAGE, "purpose '%s' is neither copy nor inspect", value);
	ctx->inspect = !strcmp(value, "inspect");
	return 0;
}

static int set_chap_file(struct xm_ctx *ctx, const char *value, struct xm_error **err)
{
	return xm_chap_from_file(&ctx->chap, value, err);
}

static int set_timeout(struct xm_ctx *ctx, const char *value, struct xm_error **err)
{
	char *end;
	errno = 0;
	unsigned long s = strtoul(value, &end, 10);
	if (errno || *end || *value < '0' || *value > '9' || s == 0 || s > TIMEOUT_MAX_S)
		return xm_fail(err, XM_E_USAGE,
			       "timeout '%s' is not a number of seconds from 1 to %d", value,
			       TIMEOUT_MAX_S);
	ctx->timeout_ns = s * XM_NS_PER_S;
	return 0;
}

static int set_state(struct xm_ctx *ctx, const char *value, struct xm_error **err)
{
	struct xm_state *st;

	if (xm_state_open(ctx, value, &st, err) < 0)
		return -1;
	xm_state_close(ctx->state);
	ctx->state = st;
	return 0;
}

static int (*const setters[])(struct xm_ctx *, const char *, struct xm_error **) = {
	[XM_CTX_JOB_ID] = set_job_id,
	[XM_CTX_JOB_FROM] = set_job_from,
	[XM_CTX_INITIATOR_NAME] = set_initiator_name,
	[XM_CTX_PURPOSE] = set_purpose,
	[XM_CTX_CHAP_FILE] = set_chap_file,
	[XM_CTX_TIMEOUT] = set_timeout,
	[XM_CTX_STATE] = set_state,
};

int xm_ctx_set(struct xm_ctx *ctx, enum xm_ctx_key key, const char *value, struct xm_error **err)
{
	if ((unsigned)key >= sizeof setters / sizeof setters[0])
		return xm_fail(err, XM_E_USAGE, "no such setting: %u", (unsigned)key);
	if (!value)
		return xm_fail(err, XM_E_USAGE, "a setting without a value");
	return setters[key](ctx, value, err);
}

/* ---- for the layers above ------------------------------------------------------- */

uint64_t xm_ctx_job_hash(const struct xm_ctx *ctx)
{
	const char *id = ctx->job_id ? ctx->job_id : "";
	if (ctx->inspect)
		return 0;
	uint64_t hash = XXH3_64bits(id, strlen(id)) & ((UINT64_C(1) << JOB_HASH_BITS) - 1);
	return hash ? hash : 1;
}

struct xm_pool *xm_ctx_pool(struct xm_ctx *ctx)
{
	if (!ctx->pool)
		ctx->pool = xm_pool_new(POOL_THREADS);
	return ctx->pool;
}

void xm_ctx_seed(struct xm_ctx *ctx, uint64_t seed)
{
	ctx->random = seed;
}

/* splitmix64 (Steele, Lea, Flood 2014): any state is a good one. */
uint64_t xm_ctx_random(struct xm_ctx *ctx)
{
	uint64_t z = ctx->random += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

int xm_ctx_wait_for(struct xm_ctx *ctx, uint64_t deadline,
		    void (*wait)(void *o, struct xm_waiter *w), int (*step)(void *o), void *o)
{
	struct xm_waiter w = { .deadline = XM_NEVER };
	int answer;
	while ((answer = step(o)) == 0 && ctx->clock->now(ctx->clock) < deadline) {
		xm_waiter_reset(&w);
		xm_waiter_until(&w, deadline);
		wait(o, &w);
		ctx->clock->wait(ctx->clock, &w);
	}
	xm_waiter_free(&w);
	return answer;
}
