/* SPDX-License-Identifier: Apache-2.0 */
/* Real files and loop devices for tests, and the turn of a loop around an I/O engine. */
#ifndef TEST_DISK_RIG_H
#define TEST_DISK_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include "endpoint.h"
#include "error.h"
#include "io.h"

/* A folder of this process, on a real file system; as cmocka's group set-up and tear-down. */
int rig_make_dir(void **state);
int rig_drop_dir(void **state);
/* In memory where that can be had: for tests of many jobs. */
int rig_make_memory_dir(void **state);
/* The path of NAME in it; one of a few static buffers. */
const char *rig_path(const char *name);
/* Made with the bytes; or sparse when data is NULL.  Returns rig_path(name). */
const char *rig_file(const char *name, const void *data, uint64_t size);
/* The bytes of a file or device, without going through the code under test; malloc'ed. */
uint8_t *rig_read(const char *path, uint64_t size);
void rig_fill(uint8_t *buf, uint64_t len, uint64_t seed);

struct rig_loop {
	char path[32];
	int fd;
};
/* False, with the reason on stderr, where this machine gives no loop devices. */
bool rig_loop(const char *file, unsigned block_size, uint64_t offset, bool read_only,
	      struct rig_loop *ret);
void rig_loop_free(struct rig_loop *l);

struct xm_endpoint *rig_open(struct xm_ctx *ctx, const char *path, enum xm_role role);
/* The code of a failing open; the text must hold the words. */
enum xm_code rig_open_fails(struct xm_ctx *ctx, const char *path, enum xm_role role,
			    const char *words);

/* False, with the reason on stderr, where io_uring is refused. */
bool rig_uring(void);
/* Aligned memory; free() it. */
void *rig_buffer(uint64_t len);
/* Turns until the list has n members; fails the test after a minute. */
void rig_collect(struct xm_ctx *ctx, struct xm_io *io, struct xm_list *done, unsigned n);
/* One request from submit to reap. */
struct xm_status rig_do(struct xm_ctx *ctx, struct xm_io *io, enum xm_io_op op,
			struct xm_endpoint *ep, uint64_t off, uint64_t len, void *buf);

#endif
