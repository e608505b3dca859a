/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptors of a stream to another xmover: of a command, a socket, or
 * standard input and output.
 *
 * Where standard output is the stream, what is printed there goes to standard
 * error instead, so that no message ever gets into it.
 */
#ifndef TOOLS_LINK_H
#define TOOLS_LINK_H

#include <sys/types.h>
#include "opt.h"

enum link_side { LINK_SENDER, LINK_RECEIVER };

struct link {
	int in, out;             /* -1: one-way, the other direction */
	pid_t child;             /* of --exec; 0 none */
};

bool link_is_two_way(const struct opts *o);
/* 0, or the exit code, told.  Waiting for the other side is bounded. */
int link_open(struct link *l, const struct opts *o, enum link_side side);
/* Closes, and waits for the command of --exec to end, bounded. */
void link_close(struct link *l);

#endif
