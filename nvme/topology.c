/* SPDX-License-Identifier: Apache-2.0 */
#include "topology.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "sysfs.h"

/* "nvme" digits, and what follows them; NULL when it is no such name. */
static const char *after_number(const char *name, const char *prefix)
{
	size_t n = strlen(prefix), digits;

	if (strncmp(name, prefix, n) != 0)
		return NULL;
	digits = strspn(name + n, "0123456789");
	return digits ? name + n + digits : NULL;
}

static bool is_namespace(const char *name)
{
	const char *n = after_number(name, "nvme");
	const char *end = n ? after_number(n, "n") : NULL;

	return end && *end == '\0';
}

static bool is_controller(const char *name)
{
	const char *end = after_number(name, "nvme");

	return end && *end == '\0' && strlen(name) < 16;
}

/* The name sysfs gives the device: the last part of what dev/block/M:m links to. */
static bool kernel_name(const char *root, dev_t dev, char *name, size_t size)
{
	char path[256], target[PATH_MAX];
	const char *base;
	ssize_t n;

	snprintf(path, sizeof path, "%s/dev/block/%u:%u", root, major(dev), minor(dev));
	n = readlink(path, target, sizeof target - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (strlen(base) >= size)
		return false;
	strcpy(name, base);
	return true;
}

bool nvme_node_dev(const char *root, const char *class, const char *name, dev_t *ret)
{
	char path[256];
	unsigned maj, min;
	bool found;
	FILE *f;

	snprintf(path, sizeof path, "%s/class/%s/%s/dev", root, class, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	found = fscanf(f, "%u:%u", &maj, &min) == 2;
	fclose(f);
	if (found)
		*ret = makedev(maj, min);
	return found;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void add_controller(struct nvme_topology *t, const char *name)
{
	if (is_controller(name) && t->ncontrollers < NVME_CONTROLLERS_MAX)
		strcpy(t->controllers[t->ncontrollers++], name);
}

/* All of the subsystem's, by the links in its folder. */
static bool list_subsystem(const char *root, const char *nqn, struct nvme_topology *t)
{
	char path[PATH_MAX], text[NVME_NQN_MAX];
	DIR *d;
	struct dirent *e;

	snprintf(path, sizeof path, "%s/class/nvme-subsystem", root);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof path, "%s/class/nvme-subsystem/%s/subsysnqn", root,
			 e->d_name);
		FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
		bool same = f && fgets(text, sizeof text, f);

		if (f)
			fclose(f);
		if (!same)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (strcmp(text, nqn) != 0)
			continue;
		snprintf(path, sizeof path, "%s/class/nvme-subsystem/%s", root, e->d_name);
		DIR *s = opendir(path);
		struct dirent *c;

		while (s && (c = readdir(s)))
			add_controller(t, c->d_name);
		if (s)
			closedir(s);
	}
	if (d)
		closedir(d);
	qsort(t->controllers, t->ncontrollers, sizeof t->controllers[0], by_name);
	return t->ncontrollers > 0;
}

bool nvme_topology_of(const char *root, dev_t dev, struct nvme_topology *t)
{
	memset(t, 0, sizeof *t);
	t->block_dev = dev;
	if (!kernel_name(root, dev, t->block, sizeof t->block) || !is_namespace(t->block))
		return false;
	/* The generic node has the same two numbers as the block node of the same head. */
	snprintf(t->generic, sizeof t->generic, "ng%.28s", t->block + strlen("nvme"));
	if (!nvme_node_dev(root, "nvme-generic", t->generic, &t->generic_dev))
		t->generic[0] = '\0';
	/* device is the controller, or with native multipath the subsystem: both have subsysnqn. */
	if (xm_sysfs_text(root, dev, "device/subsysnqn", t->subnqn, sizeof t->subnqn))
		list_subsystem(root, t->subnqn, t);
	return true;
}
