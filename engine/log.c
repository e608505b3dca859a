/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events to the one who asked for them; the library itself prints nothing.
 * Text from a device may carry control characters: they become spaces.
 */
#include "ctx.h"

#include <stdarg.h>
#include <stdio.h>

#define LOG_TEXT_MAX 1024

void xm_log(struct xm_ctx *ctx, enum xm_log_level level, const char *event, const char *fmt, ...)
{
	char text[LOG_TEXT_MAX];
	va_list ap;
	if (!ctx->log)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	ctx->log(ctx->log_user, level, event, text);
}
