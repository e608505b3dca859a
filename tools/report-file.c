/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting the report where it was asked for.  See report.h.
 *
 * A reader must never see half a report, so it is written beside its name and
 * renamed; without a name until it is whole, where the file system can do that, so that
 * a mover killed meanwhile leaves nothing.  /dev/termination-log is a file mounted over
 * a name in a folder that is often read-only: there it is written in place.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "xm/cleanup.h"
#include "report.h"

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

/* The folder `path` is in, as it was written. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
}

static bool give_name(int fd, const char *name)
{
	char self[40];

	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Only over an older report it needs another name first, and only for a moment. */
static bool replace_unnamed(const char *path, const char *temporary, const char *text)
{
	XM_CLEANUP_FREE char *folder = folder_of(path);
	XM_CLEANUP_CLOSE int fd = folder ? open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0644) :
					   -1;

	if (fd < 0 || !write_all(fd, text, strlen(text)) || fsync(fd) != 0)
		return false;
	if (give_name(fd, path))
		return true;
	if (errno != EEXIST || !give_name(fd, temporary))
		return false;
	if (rename(temporary, path) == 0)
		return true;
	unlink(temporary);
	return false;
}

/* 0, or the errno. */
static int replace_named(const char *path, const char *temporary, const char *text)
{
	int fd, error = 0;

	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno;
	if (!write_all(fd, text, strlen(text)) || fsync(fd) != 0)
		error = errno;
	if (close(fd) != 0 && !error)
		error = errno;
	if (!error && rename(temporary, path) != 0)
		error = errno;
	if (error)
		unlink(temporary);
	return error;
}

/* 0, or the errno. */
static int replace(const char *path, const char *text)
{
	XM_CLEANUP_FREE char *temporary = NULL;

	if (asprintf(&temporary, "%s.%ld~", path, (long)getpid()) < 0) {
		temporary = NULL;
		return ENOMEM;
	}
	return replace_unnamed(path, temporary, text) ? 0 : replace_named(path, temporary, text);
}

static bool write_in_place(const char *path, const char *text)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY;
	XM_CLEANUP_CLOSE int fd = open(path, flags, 0644);
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode)) {
		errno = EINVAL;
		return false;
	}
	return write_all(fd, text, strlen(text));
}

bool report_write(const char *path, const char *text)
{
	struct stat st;
	int error;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_in_place(path, text);
	error = replace(path, text);
	switch (error) {
	case 0:
		return true;
	case EACCES: case EPERM: case EROFS: case EBUSY: case EXDEV: case EEXIST:
	case ENAMETOOLONG:
		return write_in_place(path, text);
	default:
		errno = error;
		return false;
	}
}

/* The folder of `path`, resolved, and the last part of its name; NULL: no such folder. */
static char *resolve_parent(const char *path, const char **ret_base)
{
	const char *slash = strrchr(path, '/');
	XM_CLEANUP_FREE char *folder = folder_of(path);

	*ret_base = slash ? slash + 1 : path;
	return folder ? realpath(folder, NULL) : NULL;
}

bool report_same_file(const char *a, const char *b)
{
	struct stat sa, sb;
	const char *base_a, *base_b;

	if (stat(a, &sa) == 0 && stat(b, &sb) == 0)
		return (sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino) ||
		       (S_ISBLK(sa.st_mode) && S_ISBLK(sb.st_mode) && sa.st_rdev == sb.st_rdev);

	XM_CLEANUP_FREE char *parent_a = resolve_parent(a, &base_a);
	XM_CLEANUP_FREE char *parent_b = resolve_parent(b, &base_b);

	return parent_a && parent_b && strcmp(parent_a, parent_b) == 0 &&
	       strcmp(base_a, base_b) == 0;
}
