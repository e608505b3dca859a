/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library-user SRC DST STOP: a program that has nothing but what is installed, as one that
 * migrates disks would use it: progress, a stop by another thread once STOP bytes are done
 * (0: none), and a report.  Its exit status is the job's code.
 */
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <xmover.h>

static int calls;
static sem_t enough;

static void progress(void *user, const struct xm_job *job)
{
	uint64_t stop_at = *(const uint64_t *)user;

	calls++;
	if (stop_at && xm_job_u64(job, XM_JOB_BYTES_DONE) >= stop_at)
		sem_post(&enough);
}

static void *stopper(void *job)
{
	sem_wait(&enough);
	xm_job_stop(job);
	return NULL;
}

static void report(const struct xm_job *job, enum xm_code code, const struct xm_error *err)
{
	const char *reason = "", *detail = "";

	xm_job_fallback(job, 0, &reason, &detail, NULL, NULL);
	printf("{\"code\":%d,\"result\":\"%s\",\"total\":%" PRIu64 ",\"done\":%" PRIu64
	       ",\"host\":%" PRIu64 ",\"calls\":%d,\"reason\":\"%s\",\"message\":\"%s\""
	       ",\"error\":\"%s\"}\n",
	       code, xm_job_str(job, XM_JOB_RESULT), xm_job_u64(job, XM_JOB_BYTES_TOTAL),
		xm_job_u64(job, XM_JOB_BYTES_DONE), xm_job_u64(job, XM_JOB_BYTES_HOST), calls,
		reason, xm_job_str(job, XM_JOB_MESSAGE), err ? xm_error_text(err) : "");
}

int main(int argc, char **argv)
{
	uint64_t stop_at = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
	struct xm_endpoint *src = NULL, *dst = NULL;
	struct xm_ctx *ctx = xm_ctx_new();
	struct xm_error *err = NULL;
	struct xm_job *job = NULL;
	enum xm_code code = XM_OK;
	pthread_t thread;

	if (!ctx || argc < 4 || sem_init(&enough, 0, 0) != 0)
		return XM_E_USAGE;
	if (xm_ctx_set(ctx, XM_CTX_JOB_ID, "migration-7", &err) ||
	    xm_endpoint_open(ctx, argv[1], 0, 0, &src, &err) ||
	    xm_endpoint_open(ctx, argv[2], XM_OPEN_WRITE | XM_OPEN_CREATE,
			     xm_endpoint_size(src), &dst, &err) ||
	    xm_job_new(ctx, src, dst, &job, &err) ||
	    (stop_at && xm_job_set_u64(job, XM_OPT_RATE, 1 << 20, &err))) {
		fprintf(stderr, "%s\n", xm_error_text(err));
		return (int)xm_error_code(err);
	}
	xm_job_set_progress(job, progress, &stop_at, 10000000);
	if (stop_at && pthread_create(&thread, NULL, stopper, job) != 0)
		return XM_E_TEMPORARY;
	if (xm_job_run(job, &err))
		code = xm_error_code(err);
	sem_post(&enough);
	if (stop_at)
		pthread_join(thread, NULL);
	report(job, code, err);
	xm_error_free(err);
	xm_job_free(job);
	xm_endpoint_close(dst);
	xm_endpoint_close(src);
	xm_ctx_free(ctx);
	return (int)code;
}
