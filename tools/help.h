/* SPDX-License-Identifier: Apache-2.0 */
/* --help: of xmover, or of one command.  Made from the option table. */
#ifndef TOOLS_HELP_H
#define TOOLS_HELP_H

#include "opt.h"

/* On stdout. */
void help_print(enum opt_verb verb);

#endif
