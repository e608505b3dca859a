/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands share.  See cmd.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include "cmd.h"
#include "console.h"

static const struct {
	enum opt_id option;
	enum xm_ctx_key key;
} context_options[] = {
	{ OPT_INITIATOR_NAME, XM_CTX_INITIATOR_NAME },
	{ OPT_CHAP_FILE, XM_CTX_CHAP_FILE },
	{ OPT_TIMEOUT, XM_CTX_TIMEOUT },
};

static bool has_secrets(const struct opts *o)
{
	return o->given[OPT_CHAP_FILE] || getenv("LIBISCSI_CHAP_PASSWORD") ||
	       getenv("LIBISCSI_CHAP_TARGET_PASSWORD");
}

struct xm_ctx *cmd_context(const struct opts *o, const char *purpose, struct xm_error **err)
{
	struct xm_ctx *ctx;

	if (has_secrets(o))
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	ctx = xm_ctx_new();
	if (!ctx)
		return NULL;
	xm_ctx_set_log(ctx, console_log, NULL);
	if (xm_ctx_set(ctx, XM_CTX_PURPOSE, purpose, err) != 0)
		goto fail;
	for (size_t i = 0; i < sizeof context_options / sizeof context_options[0]; i++) {
		const char *value = o->text[context_options[i].option];

		if (value && xm_ctx_set(ctx, context_options[i].key, value, err) != 0)
			goto fail;
	}
	return ctx;
fail:
	xm_ctx_free(ctx);
	return NULL;
}

int cmd_fail(struct xm_error *err)
{
	int code = err ? (int)xm_error_code(err) : XM_E_BUG;

	console_log(NULL, XM_LOG_ERROR, "failed", err ? xm_error_text(err) : "out of memory");
	xm_error_free(err);
	return code;
}

bool cmd_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	console_say(XM_LOG_ERROR, "stdout", "cannot write to standard output: %s", strerror(errno));
	return false;
}
