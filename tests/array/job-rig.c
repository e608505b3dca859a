/* SPDX-License-Identifier: Apache-2.0 */
/* See job-rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "error.h"
#include "job-rig.h"
#include "lu.h"
#include "registry.h"
#include "xm/align.h"

#define SRC_SEED 0x5352435372635372ull
#define DST_SEED 0x4453544473744473ull
#define CHUNK (1u << 20)

static const struct xm_opener *const no_openers[] = { NULL };
static const struct xm_method_ops *const methods[] = { &scsi_method_xcopy, &xm_method_host, NULL };
static const struct xm_registry registry = { .openers = no_openers, .methods = methods };

/* ---- bytes --------------------------------------------------------------------------- */

static uint64_t stamp(uint64_t seed, uint64_t word)
{
	uint64_t x = seed + word * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static uint64_t disk_size(struct arr_lu *lu)
{
	return arr_lu_blocks(lu) * arr_lu_block_size(lu);
}

static void fill(struct arr_lu *lu, uint64_t seed)
{
	static uint64_t buf[CHUNK / 8];

	for (uint64_t off = 0, n; off < disk_size(lu); off += n) {
		n = xm_min_u64(CHUNK, disk_size(lu) - off);
		for (uint64_t i = 0; i < n / 8; i++)
			buf[i] = stamp(seed, off / 8 + i);
		assert_true(arr_lu_poke(lu, off, buf, n));
	}
}

static uint8_t *snapshot(struct arr_lu *lu)
{
	uint8_t *p = malloc(disk_size(lu));

	assert_non_null(p);
	assert_true(arr_lu_peek(lu, 0, p, disk_size(lu)));
	return p;
}

/* The first offset in [off, off+len) where the disk is not what `want` holds, or UINT64_MAX. */
static uint64_t first_wrong(struct arr_lu *lu, uint64_t off, uint64_t len, const uint8_t *want)
{
	static uint8_t buf[CHUNK];

	for (uint64_t at = 0, n; at < len; at += n) {
		n = xm_min_u64(CHUNK, len - at);
		assert_true(arr_lu_peek(lu, off + at, buf, n));
		if (memcmp(buf, want + at, n) == 0)
			continue;
		for (uint64_t i = 0; i < n; i++)
			if (buf[i] != want[at + i])
				return off + at + i;
	}
	return UINT64_MAX;
}

/* ---- set-up ----------------------------------------------------------------------------- */

void job_rig_open(struct job_rig *r, uint64_t seed, const char *persona, const char *src_size,
		  const char *dst_size)
{
	char spec[128];

	memset(r, 0, sizeof *r);
	r->dst_lun = 1;
	array_world_open(&r->w, seed, persona);
	r->w.ctx->registry = &registry;
	snprintf(spec, sizeof spec, "0=%s", src_size);
	array_world_lun(&r->w, spec);
	snprintf(spec, sizeof spec, "1=%s", dst_size);
	array_world_lun(&r->w, spec);
	fill(arr_target_lu(r->w.t, 0), SRC_SEED);
	fill(arr_target_lu(r->w.t, 1), DST_SEED);
}

static int took(struct job_rig *r, struct xm_error *err)
{
	r->code = xm_error_code(err);
	snprintf(r->text, sizeof r->text, "%s", xm_error_text(err));
	xm_error_free(err);
	return r->code;
}

static int open_ends(struct job_rig *r)
{
	struct xm_error *err = NULL;

	if (!r->path)
		r->path = array_path_open(&r->w, NULL, 1);
	r->src = array_path_endpoint(r->path2 ? r->path2 : r->path, r->src_lun, false, &err);
	if (r->src)
		r->dst = array_path_endpoint(r->path, r->dst_lun, true, &err);
	return r->dst ? XM_OK : took(r, err);
}

int job_rig_job(struct job_rig *r)
{
	struct xm_error *err = NULL;

	if (r->job || r->code)
		return r->code;
	if (open_ends(r) != XM_OK)
		return r->code;
	if (xm_job_new(r->w.ctx, r->src, r->dst, &r->job, &err) < 0)
		return took(r, err);
	r->len = xm_endpoint_size(r->src);
	return XM_OK;
}

void job_rig_set(struct job_rig *r, enum xm_job_option opt, const char *value)
{
	if (job_rig_job(r) == XM_OK)
		assert_int_equal(xm_job_set_str(r->job, opt, value, NULL), 0);
}

void job_rig_range(struct job_rig *r, uint64_t src_off, uint64_t dst_off, uint64_t len)
{
	if (job_rig_job(r) != XM_OK)
		return;
	assert_int_equal(xm_job_set_range(r->job, src_off, dst_off, len, NULL), 0);
	r->src_off = src_off;
	r->dst_off = dst_off;
	r->len = len;
}

int job_rig_run(struct job_rig *r)
{
	const uint64_t luns[2] = { r->src_lun, r->dst_lun };
	struct xm_error *err = NULL;

	for (unsigned i = 0; i < 2; i++) {
		r->before[i] = snapshot(arr_target_lu(r->w.t, luns[i]));
		r->sizes[i] = disk_size(arr_target_lu(r->w.t, luns[i]));
	}
	if (job_rig_job(r) != XM_OK || xm_job_run(r->job, &err) == 0)
		return r->code;
	return took(r, err);
}

void job_rig_close(struct job_rig *r)
{
	xm_job_free(r->job);
	xm_endpoint_close(r->src);
	xm_endpoint_close(r->dst);
	if (r->path)
		array_path_close(r->path);
	if (r->path2)
		array_path_close(r->path2);
	array_world_close(&r->w);
	free(r->before[0]);
	free(r->before[1]);
}

/* ---- what always holds --------------------------------------------------------------------- */

static void check_write_log(struct job_rig *r)
{
	struct arr_lu *dst = arr_target_lu(r->w.t, r->dst_lun);
	uint32_t bs = arr_lu_block_size(dst);
	const struct arr_write *log;
	size_t n = arr_write_log(r->w.a, &log);

	for (size_t i = 0; i < n; i++) {
		if (log[i].lu != dst)
			fail_msg("a disk that is not the destination was written");
		if (log[i].lba * bs < r->dst_off ||
		    (log[i].lba + log[i].blocks) * bs > r->dst_off + r->len)
			fail_msg("LBA %llu+%llu is outside the range",
				 (unsigned long long)log[i].lba, (unsigned long long)log[i].blocks);
	}
}

static void check_sums(struct job_rig *r)
{
	if (!r->job)
		return;
	uint64_t ways = job_rig_u64(r, XM_JOB_BYTES_XCOPY) + job_rig_u64(r, XM_JOB_BYTES_ODX) +
			job_rig_u64(r, XM_JOB_BYTES_HOST) +
			job_rig_u64(r, XM_JOB_BYTES_ZEROED) + job_rig_u64(r, XM_JOB_BYTES_SKIPPED);

	assert_int_equal(ways, job_rig_u64(r, XM_JOB_BYTES_DONE));
	if (r->code != XM_OK)
		return;
	assert_int_equal(ways, job_rig_u64(r, XM_JOB_BYTES_TOTAL));
	assert_int_equal(job_rig_u64(r, XM_JOB_BYTES_TOTAL), r->len);
	assert_int_equal(job_rig_u64(r, XM_JOB_BYTES_UNKNOWN), 0);
}

static void check_bytes(struct arr_lu *lu, uint64_t off, uint64_t len, const uint8_t *want,
			const char *what)
{
	uint64_t wrong = first_wrong(lu, off, len, want);

	if (wrong != UINT64_MAX)
		fail_msg("%s, at %llu", what, (unsigned long long)wrong);
}

void job_rig_check(struct job_rig *r)
{
	struct arr_lu *src = arr_target_lu(r->w.t, r->src_lun);
	struct arr_lu *dst = arr_target_lu(r->w.t, r->dst_lun);
	uint64_t end = r->dst_off + r->len;

	check_write_log(r);
	check_sums(r);
	/* what the array still does late must not change what a job called done */
	array_world_settle(&r->w);
	if (!r->live)
		check_bytes(src, 0, r->sizes[0], r->before[0], "the source changed");
	check_bytes(dst, 0, r->dst_off, r->before[1], "changed before the range");
	check_bytes(dst, end, r->sizes[1] - end, r->before[1] + end, "changed behind the range");
	if (r->code == XM_OK)
		check_bytes(dst, r->dst_off, r->len, r->before[0] + r->src_off, "a wrong byte");
}

/* ---- figures ------------------------------------------------------------------------------- */

uint64_t job_rig_u64(const struct job_rig *r, enum xm_job_u64 key)
{
	return xm_job_u64(r->job, key);
}

uint64_t job_rig_fallback(const struct job_rig *r, const char *reason)
{
	const char *word;
	uint64_t bytes;

	for (size_t i = 0; xm_job_fallback(r->job, i, &word, NULL, NULL, &bytes) == 0; i++)
		if (strcmp(word, reason) == 0)
			return bytes;
	return UINT64_MAX;
}

static json_t *ask_json(struct job_rig *r, const char *line)
{
	char *text = arr_control(r->w.a, line, r->w.sim.time);
	json_t *o;

	assert_non_null(text);
	o = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(o);
	return o;
}

uint64_t job_rig_copies(struct job_rig *r, const char *key)
{
	json_t *o = ask_json(r, "stats");
	const json_t *v = json_object_get(json_object_get(o, "copies"), key);
	uint64_t n;

	assert_true(json_is_integer(v));
	n = (uint64_t)json_integer_value(v);
	json_decref(o);
	return n;
}

unsigned job_rig_fault(struct job_rig *r, const char *words)
{
	unsigned id = arr_fault_add(r->w.a, words);

	if (!id)
		fail_msg("%s: %s", words, arr_error(r->w.a));
	return id;
}

unsigned job_rig_fired(struct job_rig *r, unsigned rule)
{
	json_t *o = ask_json(r, "faults"), *row;
	size_t i;
	unsigned fired = 0;

	json_array_foreach(o, i, row) {
		if (json_integer_value(json_object_get(row, "id")) == rule)
			fired = (unsigned)json_integer_value(json_object_get(row, "fired"));
	}
	json_decref(o);
	return fired;
}
