/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SG_IO as a transport: which results of a call are an answer, and which are not.
 * No SCSI device is in this machine's kernel, so the call itself is a fake that
 * answers what the kernel would; all above it is real, threads included.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "lu.h"
#include "error.h"
#include "lu-open.h"
#include "sgpt.h"
#include "xm/endian.h"

/* Linux's host bytes, include/scsi/scsi_status.h. */
enum { DID_OK, DID_NO_CONNECT, DID_BUS_BUSY, DID_TIME_OUT, DID_RESET = 8 };

struct fake {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	bool hold;                       /* calls do not come back */
	struct sgpt_call answer;         /* what each call gets */
	struct sgpt_call last;           /* what was asked, data at its first 16 bytes */
	uint8_t sent[16];
	unsigned calls;
	bool dumped;                     /* a core file of that moment has the data */
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER };

/* Whether a core file would have it: "dd" in the VmFlags of its mapping (proc(5)). */
static bool is_dumped(const void *p)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long lo, hi, at = (unsigned long)p;
	bool here = false, dumped = true;
	char line[512];

	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2)
			here = at >= lo && at < hi;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			dumped = !strstr(line, " dd");
	}
	fclose(f);
	return dumped;
}

static void fake_call(struct sgpt_call *c)
{
	pthread_mutex_lock(&fake.lock);
	fake.calls++;
	fake.last = *c;
	fake.dumped = c->len && is_dumped(c->data);
	if (c->dir == SCSI_DATA_OUT)
		memcpy(fake.sent, c->data, c->len < 16 ? c->len : 16);
	while (fake.hold)
		pthread_cond_wait(&fake.freed, &fake.lock);
	c->err = fake.answer.err;
	c->host = fake.answer.host;
	c->driver = fake.answer.driver;
	c->status = fake.answer.status;
	c->resid = fake.answer.resid;
	c->sense_len = fake.answer.sense_len;
	memcpy(c->sense, fake.answer.sense, sizeof c->sense);
	if (c->dir == SCSI_DATA_IN)
		memset(c->data, 0x5a, c->len);
	pthread_mutex_unlock(&fake.lock);
}

/* ---- a disk of two paths ------------------------------------------------------------- */

static struct {
	int fd[2];                       /* of its paths, as the transport has them; -1: not
					    asked yet */
	bool dead[2];
	unsigned asked[2];
	uint8_t names[2];                /* last byte of the NAA designator, by path */
} disk;

static unsigned path_of(int fd)
{
	for (unsigned i = 0; i < 2; i++) {
		if (disk.fd[i] < 0 || disk.fd[i] == fd) {
			disk.fd[i] = fd;
			return i;
		}
	}
	fail_msg("a third path");
	return 0;
}

static void put(struct sgpt_call *c, const uint8_t *bytes, size_t n)
{
	memset(c->data, 0, c->len);
	memcpy(c->data, bytes, n < c->len ? n : c->len);
}

/*
 * SPC-4 6.6.2, 7.8.5, 7.8.15; SBC-3 5.16: just so much as makes a disk of 2048 blocks
 * of 512 bytes.
 */
static void disk_call(struct sgpt_call *c)
{
	static const uint8_t inquiry[36] = { 0, 0, 6, 2, 31, [8] = 'X' };
	static const uint8_t pages[6] = { 0, 0x00, 0, 2, 0x00, 0x83 };
	static const uint8_t capacity[32] = { [6] = 0x07, [7] = 0xff, [10] = 2 };
	uint8_t names[16] = { 0, 0x83, 0, 12, 1, 3, 0, 8, 0x60, 1, 2, 3, 4, 5, 6, 0 };
	unsigned path;

	pthread_mutex_lock(&fake.lock);
	path = path_of(c->fd);
	disk.asked[path]++;
	names[15] = disk.names[path];
	c->host = disk.dead[path] ? DID_NO_CONNECT : DID_OK;
	if (c->host || c->dir != SCSI_DATA_IN)
		goto out;
	if (c->cdb[0] == 0x12 && !(c->cdb[1] & 1))
		put(c, inquiry, sizeof inquiry);
	else if (c->cdb[0] == 0x12 && c->cdb[2] == 0x00)
		put(c, pages, sizeof pages);
	else if (c->cdb[0] == 0x12 && c->cdb[2] == 0x83)
		put(c, names, sizeof names);
	else if (c->cdb[0] == 0x9e)
		put(c, capacity, sizeof capacity);
	else
		*c = (struct sgpt_call){ .data = c->data, .len = c->len, .fd = c->fd, .dir = c->dir,
			.status = 0x02, .sense = { 0x70, 0, 5, [12] = 0x20 }, .sense_len = 18 };
out:
	pthread_mutex_unlock(&fake.lock);
}

static void hold(bool on)
{
	pthread_mutex_lock(&fake.lock);
	fake.hold = on;
	pthread_cond_broadcast(&fake.freed);
	pthread_mutex_unlock(&fake.lock);
}

static unsigned calls(void)
{
	unsigned n;

	pthread_mutex_lock(&fake.lock);
	n = fake.calls;
	pthread_mutex_unlock(&fake.lock);
	return n;
}

/* ---- a transport over /dev/null -------------------------------------------------------- */

/* Real waiting; time as the test wants it. */
static uint64_t skew;

static uint64_t skewed_now(struct xm_clock *c)
{
	(void)c;
	return xm_clock_real.now(&xm_clock_real) + skew;
}

static void skewed_wait(struct xm_clock *c, struct xm_waiter *w)
{
	(void)c;
	/* A wait that is only for time jumps there. */
	if (w->deadline != XM_NEVER && w->deadline > skewed_now(NULL) + XM_NS_PER_S && !fake.hold &&
	    w->n == 0)
		skew += w->deadline - skewed_now(NULL);
	if (w->deadline != XM_NEVER)
		w->deadline = w->deadline > skew ? w->deadline - skew : 0;
	xm_waiter_until(w, xm_clock_real.now(&xm_clock_real) + 10 * XM_NS_PER_MS);
	xm_clock_real.wait(&xm_clock_real, w);
}

static struct xm_clock skewed = { .now = skewed_now, .wait = skewed_wait };

struct world {
	struct xm_ctx *ctx;
	struct scsi_transport *t;
	struct xm_list done;
};

static void begin_by(struct world *w, sgpt_fn *fn)
{
	int fd = open("/dev/null", O_RDWR);

	memset(&fake.answer, 0, sizeof fake.answer);
	fake.calls = 0;
	skew = 0;
	w->ctx = xm_ctx_new();
	w->ctx->clock = &skewed;
	w->t = sgpt_open(w->ctx, fd, "/dev/sg9", fn, NULL);
	assert_non_null(w->t);
	xm_list_init(&w->done);
	close(fd);
}

static void begin(struct world *w)
{
	begin_by(w, fake_call);
}

static void end(struct world *w)
{
	w->t->ops->close(w->t);
	xm_ctx_free(w->ctx);
}

static bool secret;              /* of the next commands */

static void send_one(struct world *w, struct scsi_cmd *cmd, enum scsi_dir dir, void *data,
		     size_t len)
{
	*cmd = (struct scsi_cmd){ .cdb = { 0x83, 0, 0x11 }, .cdb_len = 16, .dir = dir, .data = data,
				  .len = len, .timeout_ns = 30 * XM_NS_PER_S, .secret = secret,
				  .done = &w->done };
	xm_list_init(&cmd->link);
	assert_int_equal(scsi_submit(w->t, cmd), XM_QUEUED);
}

static void turn_wait(void *o, struct xm_waiter *w)
{
	struct world *x = o;

	x->t->ops->wait(x->t, w);
}

static int turn_step(void *o)
{
	struct world *x = o;

	x->t->ops->service(x->t);
	return !xm_list_empty(&x->done);
}

static void await(struct world *w)
{
	assert_int_equal(xm_ctx_wait_for(w->ctx, XM_NEVER, turn_wait, turn_step, w), 1);
	xm_list_pop(&w->done);
}

/* ---- what is an answer ------------------------------------------------------------------- */

static const struct {
	struct sgpt_call answer;
	enum scsi_outcome outcome;
	int err;
} results[] = {
	{ { 0 }, SCSI_ANSWERED, 0 },
	{ { .status = 0x02, .sense_len = 18, .sense = { 0x70, 0, 5 } }, SCSI_ANSWERED, 0 },
	{ { .status = 0x18 }, SCSI_ANSWERED, 0 },
	{ { .err = EPERM }, SCSI_NOT_SENT, EPERM },
	{ { .err = EINVAL }, SCSI_NOT_SENT, EINVAL },
	{ { .err = ENOTTY }, SCSI_NOT_SENT, ENOTTY },
	{ { .err = EAGAIN }, SCSI_NOT_SENT, EAGAIN },
	{ { .err = EINTR }, SCSI_NO_ANSWER, EINTR },
	{ { .err = EIO }, SCSI_NO_ANSWER, EIO },
	{ { .err = ENODEV }, SCSI_NO_ANSWER, ENODEV },
	{ { .host = DID_NO_CONNECT }, SCSI_NO_ANSWER, EIO },
	{ { .host = DID_TIME_OUT }, SCSI_NO_ANSWER, EIO },
	{ { .host = DID_RESET, .status = 0 }, SCSI_NO_ANSWER, EIO },
	{ { .host = DID_BUS_BUSY }, SCSI_NO_ANSWER, EIO },
	{ { .driver = 6 }, SCSI_NO_ANSWER, EIO },
};

static void test_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
		struct world w;
		struct scsi_cmd cmd;
		uint8_t list[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

		begin(&w);
		fake.answer = results[i].answer;
		send_one(&w, &cmd, SCSI_DATA_OUT, list, sizeof list);
		await(&w);
		assert_int_equal(cmd.outcome, results[i].outcome);
		assert_int_equal(cmd.err, results[i].err);
		assert_int_equal(w.t->nexus.lost, results[i].outcome == SCSI_NO_ANSWER);
		assert_int_equal(w.t->inflight, 0);
		assert_memory_equal(fake.sent, list, sizeof list);
		assert_int_equal(fake.last.cdb[0], 0x83);
		if (cmd.outcome == SCSI_ANSWERED) {
			assert_int_equal(cmd.status, results[i].answer.status);
			assert_int_equal(cmd.sense_len, results[i].answer.sense_len);
			assert_memory_equal(cmd.sense, results[i].answer.sense, cmd.sense_len);
		}
		end(&w);
	}
}

/* The kernel resets the LUN when its timeout comes: never soon, whatever the command asked for. */
static void test_long_timeout_and_residual(void **state)
{
	struct world w;
	struct scsi_cmd cmd;
	uint8_t buf[512] = { 0 };

	(void)state;
	begin(&w);
	fake.answer.resid = 100;
	send_one(&w, &cmd, SCSI_DATA_IN, buf, sizeof buf);
	await(&w);
	assert_int_equal(fake.last.timeout_s, 600);
	assert_int_equal(cmd.got, 412);
	assert_int_equal(buf[411], 0x5a);
	assert_int_equal(buf[412], 0);
	end(&w);
}

/* What is a right to read is in no core file while it is out. */
static void test_secret(void **state)
{
	struct world w;
	struct scsi_cmd cmd;
	uint8_t buf[1024] = { 0x55 };

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < 4; i++) {
		secret = i < 2;
		send_one(&w, &cmd, i & 1 ? SCSI_DATA_IN : SCSI_DATA_OUT, buf, sizeof buf);
		await(&w);
		assert_int_equal(fake.dumped, i >= 2);
		assert_int_equal(i & 1 ? buf[1023] : fake.sent[0], i & 1 ? 0x5a : 0x55);
		buf[0] = 0x55;
		buf[1023] = 0;
	}
	end(&w);
}

static void test_sixteen_at_a_time(void **state)
{
	struct scsi_cmd cmds[17];
	struct world w;

	(void)state;
	begin(&w);
	hold(true);
	for (unsigned i = 0; i < 16; i++)
		send_one(&w, &cmds[i], SCSI_NO_DATA, NULL, 0);
	cmds[16] = (struct scsi_cmd){ .done = &w.done };
	assert_int_equal(scsi_submit(w.t, &cmds[16]), XM_FULL);
	hold(false);
	for (unsigned i = 0; i < 16; i++)
		await(&w);
	assert_int_equal(calls(), 16);
	end(&w);
}

/* ---- the fence -------------------------------------------------------------------------- */

static enum xm_fence_result fence(struct world *w, struct xm_status *why)
{
	enum xm_fence_result r;
	struct xm_waiter wt = { 0 };

	w->t->nexus.state = XM_NEXUS_FENCING;
	w->t->nexus.ops->start(&w->t->nexus);
	while ((r = w->t->nexus.ops->poll(&w->t->nexus, why)) == XM_FENCE_PENDING) {
		xm_waiter_reset(&wt);
		w->t->nexus.ops->wait(&w->t->nexus, &wt);
		/* Nothing but time is waited for: let it pass. */
		if (sgpt_calls(w->t) == 0 || fake.hold)
			skew += 10 * XM_NS_PER_S;
		xm_waiter_until(&wt, skewed_now(NULL));
		skewed.wait(&skewed, &wt);
	}
	xm_waiter_free(&wt);
	return r;
}

/* All answered: nothing to drain.  One without an answer: the drain time has to pass. */
static void test_fence_drains(void **state)
{
	struct world w;
	struct scsi_cmd cmd;
	struct xm_status why;
	uint64_t before;

	(void)state;
	begin(&w);
	assert_int_equal(fence(&w, &why), XM_FENCE_FENCED);
	w.t->nexus.state = XM_NEXUS_OPEN;

	fake.answer.host = DID_TIME_OUT;
	before = skewed_now(NULL);
	send_one(&w, &cmd, SCSI_NO_DATA, NULL, 0);
	await(&w);
	assert_int_equal(cmd.outcome, SCSI_NO_ANSWER);
	fake.answer.host = 0;
	assert_int_equal(fence(&w, &why), XM_FENCE_FENCED);
	assert_true(skewed_now(NULL) >= before + 120 * XM_NS_PER_S);
	end(&w);
}

/* A call that never comes back: given up after its time, and the fence cannot end it. */
static void test_hanging_call(void **state)
{
	struct world w;
	struct scsi_cmd cmd;
	struct xm_status why;
	uint8_t buf[64] = { 0 };

	(void)state;
	begin(&w);
	hold(true);
	send_one(&w, &cmd, SCSI_DATA_IN, buf, sizeof buf);
	while (calls() == 0)
		usleep(1000);
	skew += 700 * XM_NS_PER_S;
	await(&w);
	assert_int_equal(cmd.outcome, SCSI_NO_ANSWER);
	assert_int_equal(cmd.err, ETIMEDOUT);
	assert_int_equal(fence(&w, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_TEMPORARY);
	assert_int_equal(why.certainty, XM_UNKNOWN);
	/* It comes back late and must not touch the buffer any more. */
	hold(false);
	while (sgpt_calls(w.t)) {
		w.t->ops->service(w.t);
		usleep(1000);
	}
	assert_int_equal(buf[0], 0);
	end(&w);
}

/* ---- two paths ---------------------------------------------------------------------------- */

static struct scsi_lu *begin_disk(struct world *w)
{
	int fd = open("/dev/null", O_RDWR);
	struct xm_error *err = NULL;
	struct scsi_lu *lu;

	memset(&disk, 0, sizeof disk);
	disk.fd[0] = disk.fd[1] = -1;
	begin_by(w, disk_call);
	lu = scsi_lu_new(w->t, 0, &err);
	if (!lu)
		fail_msg("%s", xm_error_text(err));
	sgpt_set_lu(w->t, lu);
	sgpt_add_path(w->t, fd);
	close(fd);
	return lu;
}

/* The path is dead for good: the drain time passes, and then the disk is asked down the other. */
static void test_path_fails(void **state)
{
	struct xm_status why = { 0 };
	struct scsi_cmd cmd;
	struct scsi_lu *lu;
	struct world w;
	uint64_t before;

	(void)state;
	lu = begin_disk(&w);
	disk.dead[0] = true;
	before = skewed_now(NULL);
	send_one(&w, &cmd, SCSI_NO_DATA, NULL, 0);
	await(&w);
	assert_int_equal(cmd.outcome, SCSI_NO_ANSWER);
	assert_int_equal(disk.asked[1], 0);
	if (fence(&w, &why) != XM_FENCE_FENCED)
		fail_msg("%s", why.detail);
	assert_true(skewed_now(NULL) >= before + 120 * XM_NS_PER_S);
	w.t->nexus.state = XM_NEXUS_OPEN;
	w.t->nexus.lost = false;
	/* and goes on there */
	unsigned asked[2] = { disk.asked[0], disk.asked[1] };
	send_one(&w, &cmd, SCSI_NO_DATA, NULL, 0);
	await(&w);
	assert_int_equal(cmd.outcome, SCSI_ANSWERED);
	assert_int_equal(disk.asked[0], asked[0]);
	assert_int_equal(disk.asked[1], asked[1] + 1);
	end(&w);
	free(lu);
}

/* Behind the other path is another disk: never gone on with. */
static void test_path_of_another(void **state)
{
	struct xm_status why = { 0 };
	struct scsi_cmd cmd;
	struct scsi_lu *lu;
	struct world w;

	(void)state;
	lu = begin_disk(&w);
	disk.dead[0] = true;
	disk.names[1] = 9;
	send_one(&w, &cmd, SCSI_NO_DATA, NULL, 0);
	await(&w);
	assert_int_equal(fence(&w, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_IO);
	assert_true(disk.asked[1] > 0);
	end(&w);
	free(lu);
}

/* Both dead: bounded, each was asked, and it says what to do. */
static void test_all_paths_fail(void **state)
{
	struct xm_status why = { 0 };
	struct scsi_cmd cmd;
	struct scsi_lu *lu;
	struct world w;

	(void)state;
	lu = begin_disk(&w);
	disk.dead[0] = disk.dead[1] = true;
	send_one(&w, &cmd, SCSI_NO_DATA, NULL, 0);
	await(&w);
	assert_int_equal(fence(&w, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_TEMPORARY);
	assert_int_equal(why.certainty, XM_UNKNOWN);
	assert_true(disk.asked[1] > 0);
	assert_non_null(strstr(why.detail, "run the same command again"));
	end(&w);
	free(lu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_long_timeout_and_residual),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_sixteen_at_a_time),
		cmocka_unit_test(test_fence_drains),
		cmocka_unit_test(test_hanging_call),
		cmocka_unit_test(test_path_fails),
		cmocka_unit_test(test_path_of_another),
		cmocka_unit_test(test_all_paths_fail),
	};

	return cmocka_run_group_tests_name("sgpt", tests, NULL, NULL);
}
