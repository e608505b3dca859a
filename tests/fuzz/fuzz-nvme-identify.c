/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an NVMe namespace and controller say of themselves.  The input is a row of
 * {offset (16 bits), length (8 bits), bytes} laid over a page of zeros, so that a
 * short input reaches fields far apart; each page is decoded as both structures.
 */
#undef NDEBUG
#include <assert.h>
#include <string.h>
#include "cmd.h"
#include "xm/align.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const uint8_t *page)
{
	struct nvme_id_ctrl ctrl;
	struct nvme_id_ns ns;

	memset(&ctrl, 0xff, sizeof ctrl);
	nvme_decode_ctrl(page, &ctrl);
	assert(memchr(ctrl.subnqn, 0, sizeof ctrl.subnqn));
	memset(&ns, 0xff, sizeof ns);
	if (!nvme_decode_ns(page, &ns))
		return;
	assert(ns.nsze > 0 && xm_is_pow2(ns.block_size));
	assert(ns.block_size >= 512 && ns.block_size <= 65536 && ns.protection <= 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t page[NVME_IDENTIFY_LEN] = { 0 };

	while (size >= 3) {
		size_t at = ((size_t)data[0] << 8 | data[1]) % sizeof page, n = data[2];

		data += 3;
		size -= 3;
		n = n < size ? n : size;
		n = n < sizeof page - at ? n : sizeof page - at;
		memcpy(page + at, data, n);
		look(page);
		data += n;
		size -= n;
	}
	look(page);
	return 0;
}
