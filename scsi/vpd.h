/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a logical unit says of itself: decoders that fill a struct scsi_lu.
 *
 * Each takes what came, of any length, and answers whether it could be used;
 * when not, the lu is as it was.  Absent fields read as "not told".
 */
#ifndef SCSI_VPD_H
#define SCSI_VPD_H

#include "lu.h"

typedef bool scsi_decode_fn(struct scsi_lu *lu, const uint8_t *p, size_t len);

scsi_decode_fn scsi_decode_inquiry;
scsi_decode_fn scsi_decode_vpd_00;           /* which pages there are */
scsi_decode_fn scsi_decode_vpd_80;
scsi_decode_fn scsi_decode_vpd_83;
scsi_decode_fn scsi_decode_vpd_b0;
scsi_decode_fn scsi_decode_vpd_b2;
scsi_decode_fn scsi_decode_read_capacity_10;
scsi_decode_fn scsi_decode_read_capacity_16;
scsi_decode_fn scsi_decode_mode_sense_6;     /* header, and the caching page when it came */

#endif
