/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts, swap, sysfs holders (dm, md) and loop devices, asked in that order. */
#include "holders.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "sysfs.h"
#include "xm/cleanup.h"

const struct xm_holder_paths xm_holder_paths_real = {
	.sysfs = "/sys", .mountinfo = "/proc/self/mountinfo", .swaps = "/proc/swaps",
};

static char *sentence(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *sentence(const char *fmt, ...)
{
	char *text;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return text;
}

/* \040 and the like, as mountinfo and swaps write blanks. */
static void unescape(char *s)
{
	char *to = s;
	unsigned c;
	while (*s) {
		if (*s == '\\' && sscanf(s + 1, "%3o", &c) == 1) {
			*to++ = (char)c;
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = 0;
}

static bool is_same(const struct stat *st, const char *path)
{
	struct stat other;
	if (stat(path, &other) < 0 || (st->st_mode & S_IFMT) != (other.st_mode & S_IFMT))
		return false;
	return S_ISBLK(st->st_mode) ? st->st_rdev == other.st_rdev
				    : st->st_dev == other.st_dev && st->st_ino == other.st_ino;
}

/* File systems with devices of their own (btrfs) are known by their source only. */
static bool mount_is_of(const struct stat *st, char *line, char **ret_where)
{
	unsigned maj, min;
	char *source XM_CLEANUP_FREE = NULL, *where XM_CLEANUP_FREE = NULL;
	const char *tail = strstr(line, " - ");
	if (!tail || sscanf(line, "%*u %*u %u:%u %*s %ms", &maj, &min, &where) != 3)
		return false;
	sscanf(tail, " - %*s %ms", &source);
	bool by_source = source && source[0] == '/' && is_same(st, source);
	if (makedev(maj, min) != st->st_rdev && !by_source)
		return false;
	unescape(where);
	*ret_where = xm_steal_ptr(where);
	return true;
}

static char *mounted(const struct xm_holder_paths *p, const struct stat *st)
{
	char *line XM_CLEANUP_FREE = NULL, *where XM_CLEANUP_FREE = NULL;
	size_t room = 0;
	FILE *f = S_ISBLK(st->st_mode) ? fopen(p->mountinfo, "re") : NULL;
	bool found = false;
	while (f && !found && getline(&line, &room, f) > 0)
		found = mount_is_of(st, line, &where);
	if (f)
		fclose(f);
	return found ? sentence("is mounted at %s", where) : NULL;
}

static char *swapped_on(const struct xm_holder_paths *p, const struct stat *st)
{
	char *line XM_CLEANUP_FREE = NULL;
	size_t room = 0;
	FILE *f = fopen(p->swaps, "re");
	bool found = false;
	while (f && !found && getline(&line, &room, f) > 0) {
		line[strcspn(line, " \t\n")] = 0;
		unescape(line);
		found = line[0] == '/' && is_same(st, line);
	}
	if (f)
		fclose(f);
	return found ? sentence("is in use as swap") : NULL;
}

static char *held(const struct xm_holder_paths *p, const struct stat *st)
{
	char dir[512];
	char *what = NULL;
	struct dirent *e;
	if (!S_ISBLK(st->st_mode))
		return NULL;
	snprintf(dir, sizeof dir, "%s/dev/block/%u:%u/holders", p->sysfs, major(st->st_rdev),
		 minor(st->st_rdev));
	DIR *d = opendir(dir);
	while (d && !what && (e = readdir(d)))
		if (e->d_name[0] != '.')
			what = sentence("is held by %s", e->d_name);
	if (d)
		closedir(d);
	return what;
}

static char *looped(const struct xm_holder_paths *p, const struct stat *st)
{
	char path[512], backing[4096];
	char *what = NULL;
	struct dirent *e;
	snprintf(path, sizeof path, "%s/block", p->sysfs);
	DIR *d = opendir(path);
	while (d && !what && (e = readdir(d))) {
		if (strncmp(e->d_name, "loop", 4) != 0)
			continue;
		snprintf(path, sizeof path, "%s/block/%s/loop/backing_file", p->sysfs, e->d_name);
		FILE *f = fopen(path, "re");
		if (f && fgets(backing, sizeof backing, f)) {
			backing[strcspn(backing, "\n")] = 0;
			if (is_same(st, backing))
				what = sentence("is what /dev/%s stands on", e->d_name);
		}
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return what;
}

static char *one(const struct xm_holder_paths *p, const struct stat *st)
{
	static char *(*const ask[])(const struct xm_holder_paths *, const struct stat *) = {
		mounted, swapped_on, held, looped,
	};
	char *what = NULL;
	for (size_t i = 0; !what && i < sizeof ask / sizeof ask[0]; i++)
		what = ask[i](p, st);
	return what;
}

static char *relative(const struct xm_holder_paths *p, dev_t dev, const char *which)
{
	struct stat st = { .st_mode = S_IFBLK, .st_rdev = dev };
	char *what XM_CLEANUP_FREE = one(p, &st);
	if (!what)
		return NULL;
	return sentence("cannot be used: its %s %u:%u %s", which, major(dev), minor(dev), what);
}

static char *partitions(const struct xm_holder_paths *p, dev_t disk)
{
	char path[512], attr[300];
	char *what = NULL;
	struct dirent *e;
	dev_t part;
	snprintf(path, sizeof path, "%s/dev/block/%u:%u", p->sysfs, major(disk), minor(disk));
	DIR *d = opendir(path);
	while (d && !what && (e = readdir(d))) {
		snprintf(attr, sizeof attr, "%s/partition", e->d_name);
		char number[16];
		if (e->d_name[0] == '.' ||
		    !xm_sysfs_text(p->sysfs, disk, attr, number, sizeof number))
			continue;
		snprintf(attr, sizeof attr, "%s/dev", e->d_name);
		if (xm_sysfs_dev(p->sysfs, disk, attr, &part))
			what = relative(p, part, "partition");
	}
	if (d)
		closedir(d);
	return what;
}

char *xm_holder_of(const struct xm_holder_paths *paths, const struct stat *st)
{
	uint64_t start;
	char *what = one(paths, st);
	if (what || !S_ISBLK(st->st_mode))
		return what;
	dev_t disk = xm_sysfs_disk(paths->sysfs, st->st_rdev, &start);
	return disk == st->st_rdev ? partitions(paths, disk) : relative(paths, disk, "disk");
}
