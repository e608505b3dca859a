/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this build can do and this process may do: the registry's rows, the I/O
 * engines, and the privileges that offload through the kernel needs.  A method
 * is listed as usable although a pair of disks may refuse it: that takes the
 * disks (probe).
 */
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ctx.h"
#include "io.h"
#include "registry.h"
#include "xmover.h"

struct row {
	const char *kind, *name, *why;
};

/* Whether the kernel lets this process have a ring: tried, since seccomp cannot be asked. */
static const char *why_no_ring(void)
{
	struct xm_ctx *ctx = xm_ctx_new();
	const char *why = NULL;
	struct xm_io *io;

	if (!ctx)
		return "memory is short";
	io = xm_io_open(ctx, "auto", &why, NULL);
	if (io)
		xm_io_close(io);
	xm_ctx_free(ctx);
	return why ? why : "";
}

static const char *why_no_rawio(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data) == 0 &&
	    (data[CAP_TO_INDEX(CAP_SYS_RAWIO)].effective & CAP_TO_MASK(CAP_SYS_RAWIO)))
		return "";
	return "not held: the kernel passes no EXTENDED COPY to a block device; "
	       "iscsi:// needs none";
}

/* True when row `i` of those that are no backend exists. */
static bool other_row(size_t i, struct row *r)
{
	switch (i) {
	case 0:
		*r = (struct row){ "io", "uring", why_no_ring() };
		return true;
	case 1:
		*r = (struct row){ "io", "threads", "" };
		return true;
	case 2:
		*r = (struct row){ "privilege", "CAP_SYS_RAWIO", why_no_rawio() };
		return true;
	default:
		return false;
	}
}

static bool find_row(size_t i, struct row *r)
{
	const struct xm_registry *all = &xm_registry_all;

	for (const struct xm_method_ops *const *m = all->methods; *m; m++) {
		if (i-- == 0) {
			*r = (struct row){ "method", (*m)->name, "" };
			return true;
		}
	}
	for (const struct xm_opener *const *o = all->openers; *o; o++) {
		if (i-- == 0) {
			*r = (struct row){ "disk", (*o)->name, (*o)->missing ? (*o)->missing : "" };
			return true;
		}
	}
	return other_row(i, r);
}

int xm_capability(size_t i, const char **ret_kind, const char **ret_name, const char **ret_why)
{
	struct row r;

	if (!find_row(i, &r))
		return -1;
	if (ret_kind)
		*ret_kind = r.kind;
	if (ret_name)
		*ret_name = r.name;
	if (ret_why)
		*ret_why = r.why;
	return 0;
}
