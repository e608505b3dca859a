/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The iSCSI transport against somebody else's target: Debian's tgtd.  Its window,
 * bursts and reinstatement are its own.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "iscsi-cuts.h"

#define MIB (1024u * 1024u)
#define NAME "iqn.2026-08.test:tgtd"

static char dir[] = "/tmp/xmover-tgtd.XXXXXX";
static unsigned port, control;
static pid_t tgtd;

static unsigned free_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	close(fd);
	return ntohs(sa.sin_port);
}

static int adm(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int adm(const char *fmt, ...)
{
	char line[512];
	int n = snprintf(line, sizeof line, "tgtadm --control-port %u --lld iscsi ", control);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + n, sizeof line - (size_t)n - 16, fmt, ap);
	va_end(ap);
	strcat(line, " >/dev/null 2>&1");
	return system(line);
}

static void start_tgtd(void)
{
	char portal[64], number[16];

	snprintf(portal, sizeof portal, "portal=127.0.0.1:%u", port);
	snprintf(number, sizeof number, "%u", control);
	tgtd = fork();
	if (tgtd)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(open("/dev/null", O_WRONLY), 2);
	execlp("tgtd", "tgtd", "-f", "--control-port", number, "--iscsi", portal, NULL);
	_exit(127);
}

static int setup(void **state)
{
	char cmd[128];

	(void)state;
	if (system("command -v tgtd tgtadm >/dev/null") != 0)
		return 0;
	assert_non_null(mkdtemp(dir));
	port = free_port();
	control = 20000 + (unsigned)getpid() % 10000;
	start_tgtd();
	for (unsigned i = 0; i < 600 && adm("--op show --mode target") != 0; i++)
		usleep(50000);
	assert_int_equal(adm("--op new --mode target --tid 1 -T " NAME), 0);
	snprintf(cmd, sizeof cmd, "truncate -s 32M %s/disk", dir);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(adm("--op new --mode logicalunit --tid 1 --lun 1 -b %s/disk", dir), 0);
	assert_int_equal(adm("--op bind --mode target --tid 1 -I ALL"), 0);
	return 0;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	if (!tgtd)
		return 0;
	kill(tgtd, SIGKILL);
	waitpid(tgtd, NULL, 0);
	snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd);
}

static void cuts(const char *query)
{
	struct xm_endpoint *ep;
	struct xm_ctx *ctx;
	struct proxy p;
	enum xm_code code;
	char url[160];
	uint8_t *buf = malloc(MIB), *zero = calloc(1, MIB);

	if (!tgtd)
		skip();
	proxy_start(&p, port);
	ctx = rig_ctx("tgtd");
	snprintf(url, sizeof url, "iscsi://127.0.0.1:%u/" NAME "/1%s", p.port, query);
	ep = rig_open_url(ctx, url, XM_ROLE_DST, &code);
	assert_non_null(ep);
	assert_int_equal(ep->size, 32 * MIB);
	cut_at_random(ep, &p, getenv("XM_LONG") ? 400 : 10);
	assert_int_equal(rig_io(ep, XM_IO_ZERO, 4096, NULL, MIB).certainty, XM_DONE);
	assert_int_equal(rig_io(ep, XM_IO_FLUSH, 0, NULL, 0).certainty, XM_DONE);
	assert_int_equal(rig_io(ep, XM_IO_READ, 4096, buf, MIB).certainty, XM_DONE);
	assert_memory_equal(buf, zero, MIB);
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
	proxy_stop(&p);
	free(buf);
	free(zero);
}

static void test_tgtd_cuts(void **state)
{
	(void)state;
	cuts("");
}

static void test_tgtd_digest(void **state)
{
	(void)state;
	cuts("?header_digest=crc32c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tgtd_cuts),
		cmocka_unit_test(test_tgtd_digest),
	};

	return cmocka_run_group_tests_name("iscsi-tgtd", tests, setup, teardown);
}
