/* SPDX-License-Identifier: Apache-2.0 */
/* Identify data (Base 5.1.13, NVM 4.1.5), at the offsets the specification gives. */
#include <string.h>
#include "cmd.h"
#include "xm/endian.h"

#define LBAF 128                         /* LBA format 0; 4 bytes each, 64 of them */
#define LBADS_MIN 9
#define LBADS_MAX 16

static uint8_t format_index(const uint8_t *d)
{
	uint8_t flbas = d[26];

	/* The upper bits count only where there are more than 16 formats. */
	return (uint8_t)((flbas & 0x0f) | (d[25] > 15 ? (flbas & 0x60) >> 1 : 0));
}

bool nvme_decode_ns(const uint8_t d[NVME_IDENTIFY_LEN], struct nvme_id_ns *ns)
{
	uint8_t index = format_index(d);
	const uint8_t *format = d + LBAF + index * 4;

	memset(ns, 0, sizeof *ns);
	if (index > d[25] || format[2] < LBADS_MIN || format[2] > LBADS_MAX)
		return false;
	ns->nsze = xm_get_le64(d);
	ns->block_size = UINT32_C(1) << format[2];
	ns->metadata_size = xm_get_le16(format);
	ns->protection = d[29] & 7;
	ns->shared = d[30] & 1;
	ns->mssrl = xm_get_le16(d + 74);
	ns->mcl = xm_get_le32(d + 76);
	ns->msrc = d[80];
	memcpy(ns->nguid, d + 104, sizeof ns->nguid);
	memcpy(ns->eui64, d + 120, sizeof ns->eui64);
	return ns->nsze != 0;
}

void nvme_decode_ctrl(const uint8_t d[NVME_IDENTIFY_LEN], struct nvme_id_ctrl *ctrl)
{
	memset(ctrl, 0, sizeof *ctrl);
	ctrl->shared = d[76] & 2;
	ctrl->cntlid = xm_get_le16(d + 78);
	ctrl->oncs = xm_get_le16(d + 520);
	ctrl->ocfs = xm_get_le16(d + 534);
	memcpy(ctrl->subnqn, d + 768, sizeof ctrl->subnqn - 1);
}
