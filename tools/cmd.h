/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, each answering the exit code, and what they share. */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#include <stdbool.h>
#include "opt.h"
#include "xmover.h"

int cmd_bench(const struct opts *o);
int cmd_capabilities(void);
int cmd_copy(const struct opts *o);
int cmd_map(const struct opts *o);
int cmd_probe(const struct opts *o);
int cmd_receive(const struct opts *o);
int cmd_send(const struct opts *o);
/* One-way: into standard output. */
int cmd_send_stream(const struct opts *o);
int cmd_token(const struct opts *o);
/* A copy out of a token file (in), or into one (out); the other is -1. */
int cmd_copy_tokens(const struct opts *o, int in, int out);
int cmd_verify(const struct opts *o);

/*
 * A context with the options that all commands take, NULL on failure.
 * `purpose` as XM_CTX_PURPOSE; a process that holds secrets leaves no core file.
 */
struct xm_ctx *cmd_context(const struct opts *o, const char *purpose, struct xm_error **err);

/* Says the error, frees it, and answers its exit code. */
int cmd_fail(struct xm_error *err);

/* stdout got it all; else says so and answers false. */
bool cmd_flush(void);

#endif
