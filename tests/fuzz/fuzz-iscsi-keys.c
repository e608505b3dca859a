/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Login text: the pairs, the key table, CHAP's binary values, AHSs and LUNs.
 *
 * Checked besides memory errors: an answer is well-formed text, and what was
 * agreed stays in the range of each key whatever was offered.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "iscsi-keys.h"
#include "iscsi-pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool none(const struct iscsi_pair *p)
{
	(void)p;
	return false;
}

static void in_range(const struct iscsi_params *p)
{
	assert(p->header_digest <= 1 && p->data_digest <= 1);
	assert(p->initial_r2t <= 1 && p->immediate_data <= 1);
	assert(p->max_connections == 1 && p->recovery_level == 0);
	assert(p->pdu_in_order == 1 && p->sequence_in_order == 1);
	assert(p->max_send >= 512 && p->max_send <= 0xffffff);
	assert(p->max_burst >= 512 && p->max_burst <= 1024 * 1024);
	assert(p->first_burst >= 512 && p->first_burst <= 256 * 1024);
	assert(p->max_r2t >= 1 && p->max_r2t <= 4);
}

static void answer(const struct iscsi_text *in, enum iscsi_phase phase)
{
	struct iscsi_params p = iscsi_params_default();
	struct iscsi_text out = { 0 };

	if (iscsi_keys_answer(&p, phase, in, &out, none))
		assert(iscsi_text_valid(&out));
	in_range(&p);
	iscsi_text_free(&out);
}

static void binary(const struct iscsi_text *in)
{
	unsigned char *small = malloc(16), big[1024];
	struct iscsi_pair p;

	for (size_t pos = 0; iscsi_text_next(in, &pos, &p); ) {
		assert(iscsi_text_binary(p.value, small, 16) <= 16);
		assert(iscsi_text_binary(p.value, big, sizeof big) <= sizeof big);
	}
	free(small);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iscsi_text in = { 0 };
	struct iscsi_ahs ahs;
	uint8_t *copy = malloc(size ? size : 1);

	/* A copy of its own size, so that a step past the end is seen. */
	if (size)
		memcpy(copy, data, size);
	if (iscsi_ahs_decode(copy, size, &ahs) && ahs.cdb)
		assert(ahs.cdb >= copy && ahs.cdb + ahs.cdb_len <= copy + size);
	if (size >= 8)
		iscsi_lun_decode(copy);
	free(copy);
	if (iscsi_text_append(&in, data, size) && iscsi_text_valid(&in)) {
		answer(&in, PHASE_OPERATIONAL);
		answer(&in, PHASE_SECURITY);
		answer(&in, PHASE_FULL);
		binary(&in);
	}
	iscsi_text_free(&in);
	return 0;
}
