/* SPDX-License-Identifier: Apache-2.0 */
/* iscsi://[user@]host[:port]/target-name/lun[?header_digest=crc32c|none] */
#ifndef SCSI_ISCSI_URL_H
#define SCSI_ISCSI_URL_H

#include <stdbool.h>
#include <stdint.h>
#include "xmover.h"

#define ISCSI_PORT 3260
#define ISCSI_LUN_MAX 16383          /* flat space addressing, SAM-5 4.7 */

struct iscsi_address {
	char name[700];              /* "iscsi://[user@]host[:port]/target/lun", as written */
	char user[128];              /* "" when not given */
	char host[256];              /* brackets of an IPv6 address taken off */
	uint16_t port;
	char target[224];            /* RFC 7143 4.2.7.1: at most 223 bytes */
	uint32_t lun;
	bool header_digest;          /* ask for CRC32C and take nothing else */
};

bool iscsi_url_claims(const char *spec);
/*
 * 0, or XM_E_USAGE.  Secrets in the URL are refused, and no message repeats
 * anything that could be one.
 */
int iscsi_url_parse(const char *spec, struct iscsi_address *ret, struct xm_error **err);

#endif
