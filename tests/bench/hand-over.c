/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What handing the data over costs a copy between RAM disks, beside fio's read and
 * write side by side, which hand nothing over.  Two threads, each on a CPU of its own, do what
 * the workers of two loop devices do, and nothing else: one fills buffers from
 * shared memory, one empties buffers into more of it.  "apart": each has buffers of its own,
 * so that what is written lies in the writer's cache.  "handed over": what is
 * written was read by the other CPU.  Times of apart / handed over is what no
 * real copy gets past here by tests/bench/peers.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SIZE (UINT64_C(2) << 30)
#define REQUEST (UINT64_C(512) << 10)
#define REQUESTS (SIZE / REQUEST)
#define PAGE 4096U
#define ROUNDS 9

static uint8_t *src, *dst, *filled, *emptied;
static unsigned slots;
static bool handing_over;
static atomic_uint_fast64_t reads, writes;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof set, &set);
}

/* Page by page, as the kernel copies from and to a page cache. */
static void move(uint8_t *to, const uint8_t *from)
{
	for (uint64_t i = 0; i < REQUEST; i += PAGE)
		memcpy(to + i, from + i, PAGE);
}

static void *reader(void *unused)
{
	stay_on(0);
	for (uint64_t i = 0; i < REQUESTS; i++) {
		while (handing_over && i - writes >= slots)
			;
		move(filled + i % slots * REQUEST, src + i * REQUEST);
		reads = i + 1;
	}
	return unused;
}

static void *writer(void *unused)
{
	const uint8_t *from = handing_over ? filled : emptied;

	stay_on(1);
	for (uint64_t i = 0; i < REQUESTS; i++) {
		while (handing_over && reads <= i)
			;
		move(dst + i * REQUEST, from + i % slots * REQUEST);
		writes = i + 1;
	}
	return unused;
}

static double one_round(bool handed_over)
{
	pthread_t r, w;
	double began = now();

	handing_over = handed_over;
	reads = writes = 0;
	if (pthread_create(&r, NULL, reader, NULL) || pthread_create(&w, NULL, writer, NULL))
		exit(1);
	pthread_join(r, NULL);
	pthread_join(w, NULL);
	return now() - began;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void compare(unsigned n)
{
	double apart[ROUNDS], over[ROUNDS], ratio[ROUNDS];

	slots = n;
	one_round(true);
	for (unsigned r = 0; r < ROUNDS; r++) {
		apart[r] = one_round(false);
		over[r] = one_round(true);
		ratio[r] = apart[r] / over[r];
	}
	qsort(apart, ROUNDS, sizeof *apart, by_size);
	qsort(over, ROUNDS, sizeof *over, by_size);
	qsort(ratio, ROUNDS, sizeof *ratio, by_size);
	printf("%2u x 512 KiB: apart %.3f s, handed over %.3f s, ratio %.2f (%.2f to %.2f)\n", n,
	       apart[ROUNDS / 2], over[ROUNDS / 2], ratio[ROUNDS / 2], ratio[0],
	       ratio[ROUNDS - 1]);
}

/* Pages that are there before they are measured, with bytes in them. */
static uint8_t *memory(uint64_t size, bool shared)
{
	int flags = MAP_POPULATE | MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE);
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (p == MAP_FAILED) {
		fprintf(stderr, "hand-over: %s\n", strerror(errno));
		exit(1);
	}
	memset(p, 0x5a, size);
	return p;
}

int main(void)
{
	/* shared memory is what a file on tmpfs is */
	src = memory(SIZE, true);
	dst = memory(SIZE, true);
	filled = memory(16 * REQUEST, false);
	emptied = memory(16 * REQUEST, false);
	printf("2 GiB, %d rounds, medians; ratio: round by round (least to most)\n", ROUNDS);
	for (unsigned n = 4; n <= 16; n *= 2)
		compare(n);
	return 0;
}
