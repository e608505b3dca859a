/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of the commands sent.  libnvme 1.0 to 1.3 has the tags of a range
 * swapped and format 3h too short.
 */
#include <string.h>
#include "cmd.h"
#include "xm/endian.h"

#define BLOCKS_MAX 65536u

void nvme_cmd_identify(struct nvme_cmd *cmd, uint8_t cns, uint32_t nsid, void *data)
{
	*cmd = (struct nvme_cmd){ .admin = true, .opcode = NVME_OP_IDENTIFY, .nsid = nsid,
		.cdw10 = cns, .data = data, .len = NVME_IDENTIFY_LEN };
}

void nvme_cmd_host_behavior(struct nvme_cmd *cmd, bool set, void *data)
{
	*cmd = (struct nvme_cmd){ .admin = true,
		.opcode = set ? NVME_OP_SET_FEATURES : NVME_OP_GET_FEATURES,
		.cdw10 = NVME_FID_HOST_BEHAVIOR, .data = data, .len = NVME_HOST_BEHAVIOR_LEN };
}

/*
 * Formats 0h and 2h: SNSID 03:00 (2h), SLBA 15:08, NLB 17:16; 1h and 3h are 8 bytes longer
 * behind those.
 */
size_t nvme_copy_list(unsigned format, const struct nvme_range *ranges, unsigned n, uint8_t *out,
		      size_t size)
{
	size_t entry = format & 1 ? 40 : 32;
	bool named = format >= NVME_FORMAT_2;

	if (format >= NVME_FORMATS || n == 0 || n > NVME_RANGES_MAX || n * entry > size)
		return 0;
	memset(out, 0, n * entry);
	for (unsigned i = 0; i < n; i++) {
		uint8_t *p = out + i * entry;

		if (ranges[i].blocks == 0 || ranges[i].blocks > BLOCKS_MAX)
			return 0;
		if (named && (ranges[i].snsid == 0 || ranges[i].snsid == UINT32_MAX))
			return 0;
		xm_put_le32(p, named ? ranges[i].snsid : 0);
		xm_put_le64(p + 8, ranges[i].slba);
		xm_put_le16(p + 16, (uint16_t)(ranges[i].blocks - 1));
	}
	return n * entry;
}

void nvme_cmd_copy(struct nvme_cmd *cmd, uint32_t nsid, uint64_t sdlba, unsigned format,
		   unsigned nranges, void *list, uint32_t len)
{
	*cmd = (struct nvme_cmd){ .opcode = NVME_OP_COPY, .nsid = nsid,
		.cdw10 = (uint32_t)sdlba, .cdw11 = (uint32_t)(sdlba >> 32),
		.cdw12 = (nranges - 1) | format << 8, .data = list, .len = len };
}
