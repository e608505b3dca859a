/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of tokens and of 32-bit list identifiers, and VPD page 8F. */
#undef NDEBUG
#include <assert.h>
#include <string.h>
#include "odx.h"
#include "sense.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void status(const uint8_t *data, size_t size, bool token)
{
	struct odx_status s;
	struct scsi_sense sense;
	uint64_t bytes;

	if (!odx_decode_status(data, size, token, &s))
		return;
	assert(size >= 32 && s.sense >= data && s.sense + s.sense_len <= data + size);
	scsi_sense_decode(s.sense, s.sense_len, &sense);
	assert(!s.token || (token && !s.token_odd && s.token + XM_TOKEN_LEN <= data + size));
	assert(!odx_count_bytes(&s, 512, &bytes) || s.count_known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scsi_tpc t;

	status(data, size, false);
	status(data, size, true);
	if (tpc_decode(data, size, &t))
		assert(t.known && t.nrods <= TPC_ROD_TYPES);
	else
		assert(!t.known && !t.rod_known && !t.sa_83 && !t.nrods);
	return 0;
}
