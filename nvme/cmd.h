/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVMe commands and the structures they carry, byte by byte.  Encoders send
 * nothing; decoders trust nothing.  Clauses are of the NVM Command Set
 * Specification 1.2 and the Base Specification 2.1.
 */
#ifndef NVME_CMD_H
#define NVME_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "transport.h"

#define NVME_OP_COPY 0x19
#define NVME_OP_IDENTIFY 0x06
#define NVME_OP_SET_FEATURES 0x09
#define NVME_OP_GET_FEATURES 0x0a
#define NVME_IDENTIFY_LEN 4096
#define NVME_CNS_NAMESPACE 0x00
#define NVME_CNS_CONTROLLER 0x01
#define NVME_FID_HOST_BEHAVIOR 0x16
#define NVME_HOST_BEHAVIOR_LEN 512
#define NVME_HOST_BEHAVIOR_CDFE 4        /* offset of Copy Descriptor Formats Enable, 16 bits */

/* data: NVME_IDENTIFY_LEN bytes. */
void nvme_cmd_identify(struct nvme_cmd *cmd, uint8_t cns, uint32_t nsid, void *data);
/* data: NVME_HOST_BEHAVIOR_LEN bytes. */
void nvme_cmd_host_behavior(struct nvme_cmd *cmd, bool set, void *data);

/* ---- Copy (NVM 3.3.2) ------------------------------------------------------------- */

enum { NVME_FORMAT_0, NVME_FORMAT_1, NVME_FORMAT_2, NVME_FORMAT_3, NVME_FORMATS };
#define NVME_RANGES_MAX 256

struct nvme_range {
	uint32_t snsid;          /* source namespace; formats 2h and 3h carry it */
	uint64_t slba;
	uint32_t blocks;         /* 1 .. 65536; the wire has one less */
};

/*
 * The source range list.  Bytes used: 32 (0h, 2h) or 40 (1h, 3h) each; 0 when
 * it cannot be said: no range or too many, a range of no or too many blocks, an SNSID that is
 * none, or size is short.
 */
size_t nvme_copy_list(unsigned format, const struct nvme_range *ranges, unsigned n, uint8_t *out,
		      size_t size);
void nvme_cmd_copy(struct nvme_cmd *cmd, uint32_t nsid, uint64_t sdlba, unsigned format,
		   unsigned nranges, void *list, uint32_t len);

/* ---- what Identify says ----------------------------------------------------------- */

struct nvme_id_ctrl {
	uint16_t cntlid;
	uint16_t oncs;           /* bit 8 Copy */
	uint16_t ocfs;           /* bit n: Copy Descriptor Format nh */
	bool shared;             /* more than one controller may be in the subsystem (CMIC bit 1) */
	char subnqn[257];
};
#define NVME_ONCS_COPY 0x100

struct nvme_id_ns {
	uint64_t nsze;           /* blocks */
	uint32_t block_size;     /* bytes of data a block */
	uint16_t metadata_size;
	uint8_t protection;      /* DPS bits 2:0, 0 none */
	bool shared;             /* NMIC bit 0 */
	uint16_t mssrl;          /* blocks a range, 0 not told */
	uint32_t mcl;            /* blocks a command, 0 not told */
	uint8_t msrc;            /* ranges a command, 0's based;
				    told only where one of the others is */
	uint8_t nguid[16], eui64[8];
};

/* False when the data cannot be: a format index past the list, a block size out of 512 .. 65536. */
bool nvme_decode_ns(const uint8_t data[NVME_IDENTIFY_LEN], struct nvme_id_ns *ns);
void nvme_decode_ctrl(const uint8_t data[NVME_IDENTIFY_LEN], struct nvme_id_ctrl *ctrl);

#endif
