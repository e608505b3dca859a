/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers in byte buffers, at any alignment, in the byte order the standard
 * names: big-endian for SCSI and iSCSI, little-endian for NVMe.
 *
 * A low-level leaf: knows nothing of what the bytes mean.  Callers check
 * bounds before they call.
 */
#ifndef XM_ENDIAN_H
#define XM_ENDIAN_H

#include <stdint.h>
#include <string.h>
#include <endian.h>

#define XM_DEFINE_ENDIAN(order, bits)                                          \
	static inline uint##bits##_t xm_get_##order##bits(const void *p)       \
	{                                                                      \
		uint##bits##_t v;                                              \
		memcpy(&v, p, sizeof v);                                       \
		return order##bits##toh(v);                                    \
	}                                                                      \
	static inline void xm_put_##order##bits(void *p, uint##bits##_t v)     \
	{                                                                      \
		v = hto##order##bits(v);                                       \
		memcpy(p, &v, sizeof v);                                       \
	}

XM_DEFINE_ENDIAN(be, 16)
XM_DEFINE_ENDIAN(be, 32)
XM_DEFINE_ENDIAN(be, 64)
XM_DEFINE_ENDIAN(le, 16)
XM_DEFINE_ENDIAN(le, 32)
XM_DEFINE_ENDIAN(le, 64)

#undef XM_DEFINE_ENDIAN

/* 24-bit lengths: CSCD block length, iSCSI DataSegmentLength. */
static inline uint32_t xm_get_be24(const void *p)
{
	const uint8_t *b = p;
	return (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
}

static inline void xm_put_be24(void *p, uint32_t v)
{
	uint8_t *b = p;
	b[0] = (uint8_t)(v >> 16);
	b[1] = (uint8_t)(v >> 8);
	b[2] = (uint8_t)v;
}

#endif
