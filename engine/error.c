/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error object: a code and a sentence, made once, passed up.
 *
 * When even its memory is short, a static error stands in, so that a failure is
 * never lost for want of words.
 */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct xm_error {
	enum xm_code code;
	char *text;
};

static char out_of_memory_text[] = "memory is short, so the cause cannot be told; run again";
static struct xm_error out_of_memory = { XM_E_TEMPORARY, out_of_memory_text };

static __attribute__((format(printf, 2, 0)))
struct xm_error *error_new(enum xm_code code, const char *fmt, va_list ap)
{
	struct xm_error *e = calloc(1, sizeof *e);
	if (!e)
		return &out_of_memory;
	e->code = code;
	if (vasprintf(&e->text, fmt, ap) < 0) {
		free(e);
		return &out_of_memory;
	}
	return e;
}

int xm_fail(struct xm_error **err, enum xm_code code, const char *fmt, ...)
{
	va_list ap;
	if (!err || *err)
		return -1;
	va_start(ap, fmt);
	*err = error_new(code, fmt, ap);
	va_end(ap);
	return -1;
}

int xm_error_wrap(struct xm_error **err, const char *fmt, ...)
{
	va_list ap;
	char *context, *text;
	if (!err || !*err || *err == &out_of_memory)
		return -1;
	va_start(ap, fmt);
	int n = vasprintf(&context, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	if (asprintf(&text, "%s: %s", context, (*err)->text) >= 0) {
		free((*err)->text);
		(*err)->text = text;
	}
	free(context);
	return -1;
}

/* What is wrong with the name or the disk behind it, apart from permission, I/O and what passes. */
static const int about_the_disk[] = {
	ENOENT, ENOTDIR, ENXIO, ENODEV, ELOOP, ENAMETOOLONG, EISDIR, EEXIST, EROFS, EBUSY, ETXTBSY,
	ENOMEDIUM, EMEDIUMTYPE,
};
static const int about_rights[] = { EACCES, EPERM };
static const int passing[] = {
	ENOMEM, ENOBUFS, EMFILE, ENFILE, EAGAIN, EINTR, ENOSPC, EDQUOT, ETIMEDOUT, ECONNREFUSED,
	ECONNRESET, ECONNABORTED, EPIPE, ESTALE, ENETDOWN, ENETUNREACH, EHOSTUNREACH, EHOSTDOWN,
};

static bool listed(int e, const int *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == e)
			return true;
	return false;
}
#define LISTED(e, list) listed(e, list, sizeof(list) / sizeof(list)[0])

enum xm_code xm_code_of_errno(int e, int is_dst)
{
	if (LISTED(e, about_the_disk))
		return is_dst ? XM_E_DESTINATION : XM_E_NOSOURCE;
	if (LISTED(e, about_rights))
		return XM_E_PERMISSION;
	return LISTED(e, passing) ? XM_E_TEMPORARY : XM_E_IO;
}

const char *xm_error_text(const struct xm_error *err)
{
	return err ? err->text : "";
}

enum xm_code xm_error_code(const struct xm_error *err)
{
	return err ? err->code : XM_OK;
}

void xm_error_free(struct xm_error *err)
{
	if (!err || err == &out_of_memory)
		return;
	free(err->text);
	free(err);
}
