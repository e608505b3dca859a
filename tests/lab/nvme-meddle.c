/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into the mover in the lab: changes one NVMe Copy on its way to the kernel, so that
 * a real controller refuses it, which no plan of the mover's makes it do.
 *
 * XM_MEDDLE="WHAT FIRST": from the FIRST Copy on (1: the first) one, and only one, that can be
 * changed so.  Its status as the controller gave it goes to the file XM_MEDDLE_LOG.
 * Works on the ioctl alone, and decodes by offsets of its own.
 */
#include <dlfcn.h>
#include <linux/nvme_ioctl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define LIST_LEN 4096
#define ENTRY 32

typedef int ioctl_fn(int, unsigned long, ...);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned copies;
static int meddled;

static void put(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint8_t *entry(uint8_t *list, unsigned i)
{
	return list + (size_t)i * ENTRY;
}

/* `n` ranges like the first, of `blocks`. */
static void ranges(struct nvme_passthru_cmd64 *p, uint8_t *list, unsigned n, unsigned blocks)
{
	for (unsigned i = 0; i < n; i++) {
		memmove(entry(list, i), list, ENTRY);
		put(entry(list, i) + 16, blocks - 1, 2);
	}
	p->cdw12 = (p->cdw12 & ~0xffu) | (n - 1);
	p->data_len = n * ENTRY;
}

/* False: not a Copy that can be changed so. */
static int meddle(const char *what, struct nvme_passthru_cmd64 *p, uint8_t *list)
{
	unsigned last = p->cdw12 & 0xff, format = p->cdw12 >> 8 & 0xf;
	uint64_t sdlba = p->cdw10 | (uint64_t)p->cdw11 << 32;

	if (!strcmp(what, "range"))              /* longer than MSSRL */
		put(list + 16, 0xffff, 2);
	else if (!strcmp(what, "ranges"))        /* more than MSRC */
		ranges(p, list, 128, 1);
	else if (!strcmp(what, "sum"))           /* each allowed, together more than MCL */
		ranges(p, list, 9, 2048);
	else if (!strcmp(what, "source"))        /* the last range is behind the end */
		put(entry(list, last) + 8, UINT64_C(1) << 40, 8);
	else if (!strcmp(what, "destination"))
		p->cdw11 = 1 << 8;
	else if (!strcmp(what, "format") && format == 0)
		p->cdw12 |= 1 << 8, p->data_len = LIST_LEN;
	else if (!strcmp(what, "overlap") && format == 2)
		put(list, p->nsid, 4), put(list + 8, sdlba - 8, 8);   /* it ends inside */
	else if (!strcmp(what, "snsid") && format == 2)
		put(list, 200, 4);
	else
		return 0;
	return 1;
}

static int try_it(const char *what, struct nvme_passthru_cmd64 *p, uint8_t *list)
{
	unsigned first = 1;
	char word[32];
	int now;

	if (!what || sscanf(what, "%31s %u", word, &first) < 1 || p->opcode != 0x19 ||
	    p->data_len > LIST_LEN)
		return 0;
	memcpy(list, (void *)(uintptr_t)p->addr, p->data_len);   /* NOLINT: as the kernel does */
	p->addr = (uintptr_t)list;
	pthread_mutex_lock(&lock);
	now = !meddled && ++copies >= first && meddle(word, p, list);
	meddled |= now;
	pthread_mutex_unlock(&lock);
	return now;
}

__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	union { void *p; ioctl_fn *fn; } next = { .p = dlsym(RTLD_NEXT, "ioctl") };
	struct nvme_passthru_cmd64 copy;
	uint8_t list[LIST_LEN] __attribute__((aligned(LIST_LEN)));
	va_list ap;
	void *arg;
	int rc;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request != NVME_IOCTL_IO64_CMD)
		return next.fn(fd, request, arg);
	memcpy(&copy, arg, sizeof copy);
	if (!try_it(getenv("XM_MEDDLE"), &copy, list))
		return next.fn(fd, request, arg);
	rc = next.fn(fd, request, &copy);
	((struct nvme_passthru_cmd64 *)arg)->result = copy.result;
	FILE *log = fopen(getenv("XM_MEDDLE_LOG"), "a");
	if (log) {
		fprintf(log, "%x %llu\n", (unsigned)rc, (unsigned long long)copy.result);
		fclose(log);
	}
	return rc;
}
