/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover token export SRC --out FILE, and import FILE DST: the rights to read a disk, as
 * a file (a stream of one kind: engine/wire-format.h).  Who has the file can read the
 * disk as long as the tokens live, so it is made for its owner alone, and one that
 * others may read or replace is not taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd.h"
#include "console.h"

static int fail(int code, const char *path, const char *why)
{
	console_say(XM_LOG_ERROR, "failed", "token file %s: %s", path, why);
	return code;
}

static int export_tokens(const struct opts *o)
{
	const char *path = opt_text(o, OPT_OUT);
	int fd, code;

	if (!path)
		return fail(XM_E_USAGE, "(none)", "--out=FILE says where to put the tokens");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(XM_E_CONFIG, path, strerror(errno));
	code = cmd_copy_tokens(o, -1, fd);
	if (code == XM_OK && fsync(fd) < 0)
		code = fail(XM_E_TEMPORARY, path, strerror(errno));
	close(fd);
	if (code != XM_OK)
		unlink(path);
	return code;
}

static int import_tokens(const struct opts *o)
{
	const char *path = o->operand[1];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), code;
	struct stat st;

	if (fd < 0)
		return fail(XM_E_CONFIG, path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		code = fail(XM_E_CONFIG, path, "it is no regular file");
	else if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 07177))
		code = fail(XM_E_CONFIG, path, "others may use it: its owner must be this user or "
			    "root, its mode 0600 or stricter");
	else
		code = cmd_copy_tokens(o, fd, -1);
	close(fd);
	return code;
}

int cmd_token(const struct opts *o)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (strcmp(o->operand[0], "export") == 0 && o->operands == 2)
		return export_tokens(o);
	if (strcmp(o->operand[0], "import") == 0 && o->operands == 3)
		return import_tokens(o);
	console_say(XM_LOG_ERROR, "usage",
		    "token takes export SRC --out=FILE, or import FILE DST; "
		    "see xmover token --help");
	return XM_E_USAGE;
}
