/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands through the kernel: which results of a call are an answer, and which are
 * not; and what sysfs says of a namespace.  No NVMe device is in this machine, so the call
 * itself is a fake that answers what the kernel would; all above it is real, threads
 * included.  The lab has the real one.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <cmocka.h>
#include "ctx.h"
#include "topology.h"
#include "transport.h"

static struct {
	int rc;
	uint64_t result;
	struct nvme_call last;
	uint8_t sent[8];
} fake;

/* One call at a time: the pool's queue orders what is written here and read by the test. */
static void fake_call(struct nvme_call *c)
{
	fake.last = *c;
	if (c->cmd.len && !nvme_data_in(&c->cmd))
		memcpy(fake.sent, c->cmd.data, sizeof fake.sent);
	if (c->cmd.len && nvme_data_in(&c->cmd))
		memset(c->cmd.data, 0x5a, c->cmd.len);
	c->rc = fake.rc;
	c->result = fake.result;
}

struct world {
	struct xm_ctx *ctx;
	struct nvme_transport *t;
};

static int setup(void **state)
{
	static struct world w;
	int fd = open("/dev/null", O_RDWR);

	memset(&fake, 0, sizeof fake);
	w.ctx = xm_ctx_new();
	w.t = nvme_ioctl_open(w.ctx, fd, "/dev/nvme9n1", fake_call, NULL);
	assert_non_null(w.t);
	close(fd);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	w->t->ops->close(w->t);
	xm_ctx_free(w->ctx);
	return 0;
}

static int send(struct world *w, struct nvme_cmd *c, uint8_t opcode, void *data, uint32_t len)
{
	*c = (struct nvme_cmd){ .opcode = opcode, .nsid = 3, .cdw10 = 10, .cdw12 = 12, .data = data,
				.len = len, .timeout_ns = 600 * XM_NS_PER_S };
	return nvme_exec(w->t, c);
}

static void answered(void **state)
{
	struct world *w = *state;
	uint8_t out[64] = "range list", in[4096] = { 0 };
	struct nvme_cmd c;

	fake.result = UINT64_C(0xffffffff00000007);
	assert_int_equal(send(w, &c, 0x19, out, sizeof out), 0);
	assert_int_equal(c.outcome, NVME_ANSWERED);
	assert_int_equal(c.status, 0);
	assert_int_equal(c.dword0, 7);
	assert_memory_equal(fake.sent, "range li", 8);
	assert_int_equal(fake.last.cmd.len, 64);                 /* exactly */
	assert_int_equal((uintptr_t)fake.last.cmd.data % 4096, 0);
	assert_int_equal(fake.last.timeout_ms, 600000);
	assert_int_equal(fake.last.cmd.nsid, 3);
	assert_int_equal(fake.last.cmd.cdw10, 10);
	assert_int_equal(fake.last.cmd.cdw12, 12);
	fake.rc = 0x4183;
	assert_int_equal(send(w, &c, 0x19, out, sizeof out), 0);
	assert_int_equal(c.status, 0x4183);
	assert_false(w->t->nexus.lost);
	/* data come in with success alone */
	assert_int_equal(send(w, &c, 0x06, in, sizeof in), 0);
	assert_int_equal(in[17], 0);
	fake.rc = 0;
	assert_int_equal(send(w, &c, 0x06, in, sizeof in), 0);
	assert_int_equal(in[17], 0x5a);
	assert_int_equal(w->t->inflight, 0);
	assert_int_equal(w->t->calls, 0);
}

static void not_sent(void **state)
{
	static const int errs[] = { EACCES, EPERM, EINVAL, ENOTTY, EAGAIN, ENOMEM, EOPNOTSUPP };
	struct world *w = *state;
	struct nvme_cmd c;

	for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
		fake.rc = -errs[i];
		assert_int_equal(send(w, &c, 0x19, NULL, 0), -1);
		assert_int_equal(c.outcome, NVME_NOT_SENT);
		assert_int_equal(c.err, errs[i]);
		assert_false(w->t->nexus.lost);
	}
	assert_int_equal(send(w, &c, 0x19, &c, NVME_DATA_MAX + 1), -1);
	assert_int_equal(c.outcome, NVME_NOT_SENT);
}

static void no_answer(void **state)
{
	static const int errs[] = { EINTR, EIO, ENODEV, ETIMEDOUT };
	struct world *w = *state;
	struct nvme_cmd c;

	for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
		fake.rc = -errs[i];
		assert_int_equal(send(w, &c, 0x19, NULL, 0), -1);
		assert_int_equal(c.outcome, NVME_NO_ANSWER);
		assert_true(w->t->nexus.lost);
		assert_true(w->t->unanswered_at > 0);
		w->t->nexus.lost = false;
	}
}

/* ---- sysfs ------------------------------------------------------------------------------ */

static char root[] = "/tmp/xm-nvme-XXXXXX";

/* A shell's words in the tree. */
static void run(const char *words)
{
	char cmd[512];

	snprintf(cmd, sizeof cmd, "cd %s && %s", root, words);
	assert_int_equal(system(cmd), 0);
}

static int make_tree(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(root));
	run("mkdir -p dev/block class/nvme-generic/ng0n2 class/nvme/nvme0");
	run("mkdir -p class/nvme-subsystem/nvme-subsys0 class/nvme-subsystem/nvme-subsys1");
	run("mkdir -p disk/nvme0n2/device disk/sda && ln -s ../../disk/nvme0n2 dev/block/259:2"
	    " && ln -s ../../disk/sda dev/block/8:0");
	run("echo 242:1 >class/nvme-generic/ng0n2/dev && echo 245:0 >class/nvme/nvme0/dev");
	run("echo nqn.x >disk/nvme0n2/device/subsysnqn");
	run("cd class/nvme-subsystem && echo nqn.x >nvme-subsys0/subsysnqn &&"
	    " echo nqn.xy >nvme-subsys1/subsysnqn");
	run("cd class/nvme-subsystem && mkdir nvme-subsys0/nvme3 nvme-subsys0/nvme0"
	    " nvme-subsys0/nvme0n2 nvme-subsys0/power nvme-subsys1/nvme1");
	return 0;
}

static int drop_tree(void **state)
{
	(void)state;
	run("rm -rf disk dev class && rmdir \"$PWD\"");
	return 0;
}

static void topology(void **state)
{
	struct nvme_topology t;
	dev_t dev;

	(void)state;
	assert_true(nvme_topology_of(root, makedev(259, 2), &t));
	assert_string_equal(t.block, "nvme0n2");
	assert_string_equal(t.generic, "ng0n2");
	assert_true(t.generic_dev == makedev(242, 1));
	assert_string_equal(t.subnqn, "nqn.x");
	assert_int_equal(t.ncontrollers, 2);     /* controllers alone, of its subsystem alone */
	assert_string_equal(t.controllers[0], "nvme0");
	assert_string_equal(t.controllers[1], "nvme3");
	assert_true(nvme_node_dev(root, "nvme", "nvme0", &dev));
	assert_true(dev == makedev(245, 0));
	assert_false(nvme_node_dev(root, "nvme", "nvme1", &dev));
	assert_false(nvme_topology_of(root, makedev(8, 0), &t));
	assert_false(nvme_topology_of(root, makedev(8, 1), &t));
	run("rm -r class/nvme-generic");
	assert_true(nvme_topology_of(root, makedev(259, 2), &t));
	assert_string_equal(t.generic, "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(answered), T(not_sent), T(no_answer),
		cmocka_unit_test_setup_teardown(topology, make_tree, drop_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
