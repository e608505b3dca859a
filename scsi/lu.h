/* SPDX-License-Identifier: Apache-2.0 */
/* A SCSI logical unit: what it says of itself, read once at open and again after a fence. */
#ifndef SCSI_LU_H
#define SCSI_LU_H

#include <stdbool.h>
#include <stdint.h>
#include "endpoint.h"
#include "method.h"
#include "transport.h"

#define SCSI_DESIGNATORS 16
#define SCSI_DESIGNATOR_MAX 255

/* One VPD 83 designator as it stands on the page. */
struct scsi_designator {
	uint8_t code_set, association, type, len;
	uint8_t bytes[SCSI_DESIGNATOR_MAX];
};

/* RECEIVE COPY OPERATING PARAMETERS (SPC-4 6.18.4); 0 where the device says no limit. */
struct scsi_copy_limits {
	bool known;
	bool snlid;
	uint16_t max_cscd, max_segments;
	uint32_t max_list, max_segment_bytes, max_inline, held_data;
	uint16_t total_concurrent;
	uint8_t max_concurrent;
	uint8_t granularity_log2;        /* bytes; 0 none */
	bool seg_02, seg_0a, cscd_e4;
};

struct scsi_lu {
	struct scsi_transport *transport;
	uint64_t lun;
	/* INQUIRY */
	char vendor[9], product[17], revision[5];
	uint8_t version, qualifier, type;
	bool third_party_copy;
	/* VPD */
	bool has_vpd_00;
	uint8_t vpd_pages[32];           /* bit per page code: scsi_lu_has_vpd() */
	char serial[129];
	struct scsi_designator designators[SCSI_DESIGNATORS];
	unsigned ndesignators;
	bool has_vpd_8f;
	uint16_t opt_granularity;        /* B0: blocks, 0 none */
	uint32_t max_transfer, opt_transfer;    /* B0: blocks */
	uint32_t max_unmap_blocks, max_unmap_descriptors, unmap_granularity, unmap_alignment;
	uint64_t max_write_same;
	bool lbpu, lbpws;                /* B2 */
	bool lbp_pattern;                /* B2: what is unmapped reads as a pattern of the unit's */
	/* READ CAPACITY */
	uint64_t blocks;
	uint32_t block_size;
	bool lbpme, lbprz;
	bool protection;
	/* MODE SENSE */
	bool write_protected;
	bool write_cache;                /* true also when not told */
};

bool scsi_lu_has_vpd(const struct scsi_lu *lu, uint8_t page);

/*
 * Ask the device all of the above; lu->transport and lu->lun are set, the rest
 * is filled.  Absent pages are no failure; a capacity or block size that cannot
 * be believed (block size not a power of two in 512..65536, blocks * size over
 * 2^63, no capacity at all) is XM_E_IO; no disk at that LUN is XM_E_NOSOURCE
 * (an opener of a destination turns it into XM_E_DESTINATION); a path that does
 * not answer, or a disk that is never ready, XM_E_TEMPORARY.
 */
int scsi_lu_identify(struct xm_ctx *ctx, struct scsi_lu *lu, struct xm_error **err);

/*
 * The same, command by command, for who may not block (a fence):
 *     scsi_identify_start(id, &fresh);
 *     while ((cmd = scsi_identify_next(id))) {
 *             send cmd, wait until it has ended;
 *             if (scsi_identify_answer(id, &err)) ... it failed
 *     }
 * fresh.transport and fresh.lun are set before.  The commands belong to *id,
 * which must not move meanwhile; their `done` and `user` are the sender's to set.
 * UNIT ATTENTION, BUSY and NOT READY that passes are asked again; pause_ns is how
 * long the sender should wait before the next one.
 */
struct scsi_identify {
	struct scsi_lu *lu;
	struct scsi_cmd cmd;
	unsigned step, tries;
	uint64_t pause_ns;
	uint8_t data[4096];
};
void scsi_identify_start(struct scsi_identify *id, struct scsi_lu *lu);
struct scsi_cmd *scsi_identify_next(struct scsi_identify *id);
int scsi_identify_answer(struct scsi_identify *id, struct xm_error **err);

/*
 * Is `now` still the disk that `before` was: designators (serial number where
 * there are none), block size, and at least its capacity?  When not, *why is a
 * sentence, of static storage.
 */
bool scsi_lu_same(const struct scsi_lu *before, const struct scsi_lu *now, const char **why);
/* The names for xm_identity that the designators give, best first. */
void scsi_lu_identity(const struct scsi_lu *lu, struct xm_identity *id);

/*
 * The logical unit of an endpoint, or NULL and why not ("not_scsi",
 * "no_cap_sys_rawio", ...).  Made at first need for block devices that are SCSI
 * disks, and then carried by the endpoint.
 */
struct scsi_lu *scsi_lu_of(struct xm_endpoint *ep, struct xm_refusal *why);
/* For who makes one: the endpoint carries the LU from now on.  False when memory is short. */
bool scsi_lu_attach(struct xm_endpoint *ep, struct scsi_lu *lu, void (*destroy)(void *lu));
/* The one it carries, or NULL. */
struct scsi_lu *scsi_lu_attached(const struct xm_endpoint *ep);

extern const struct xm_opener scsi_opener_iscsi;      /* iscsi:// */
extern const struct xm_opener scsi_opener_sg;         /* /dev/sgN */
extern const struct xm_method_ops scsi_method_xcopy;
extern const struct xm_method_ops scsi_method_odx;

#endif
