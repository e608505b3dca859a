/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command descriptor blocks: bytes only, nothing is sent from here.
 * Layouts: SPC-4 6, SBC-3 5.  The CONTROL byte is always 0.
 */
#include <string.h>
#include "cdb.h"
#include "xm/endian.h"

static void start(uint8_t cdb[SCSI_CDB_MAX], uint8_t opcode)
{
	memset(cdb, 0, SCSI_CDB_MAX);
	cdb[0] = opcode;
}

unsigned scsi_cdb_test_unit_ready(uint8_t cdb[SCSI_CDB_MAX])
{
	start(cdb, SCSI_TEST_UNIT_READY);
	return 6;
}

unsigned scsi_cdb_inquiry(uint8_t cdb[SCSI_CDB_MAX], uint16_t alloc)
{
	start(cdb, SCSI_INQUIRY);
	xm_put_be16(cdb + 3, alloc);
	return 6;
}

unsigned scsi_cdb_inquiry_vpd(uint8_t cdb[SCSI_CDB_MAX], uint8_t page, uint16_t alloc)
{
	scsi_cdb_inquiry(cdb, alloc);
	cdb[1] = 0x01;          /* EVPD */
	cdb[2] = page;
	return 6;
}

unsigned scsi_cdb_mode_sense_6(uint8_t cdb[SCSI_CDB_MAX], uint8_t page, uint8_t alloc)
{
	start(cdb, SCSI_MODE_SENSE_6);
	cdb[1] = 0x08;          /* DBD: no block descriptors */
	cdb[2] = page & 0x3f;   /* PC 00b: current values */
	cdb[4] = alloc;
	return 6;
}

unsigned scsi_cdb_read_capacity_10(uint8_t cdb[SCSI_CDB_MAX])
{
	start(cdb, SCSI_READ_CAPACITY_10);
	return 10;
}

unsigned scsi_cdb_read_capacity_16(uint8_t cdb[SCSI_CDB_MAX], uint32_t alloc)
{
	start(cdb, SCSI_SERVICE_ACTION_IN_16);
	cdb[1] = 0x10;
	xm_put_be32(cdb + 10, alloc);
	return 16;
}

unsigned scsi_cdb_get_lba_status(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t alloc)
{
	start(cdb, SCSI_SERVICE_ACTION_IN_16);
	cdb[1] = SCSI_SA_GET_LBA_STATUS;
	xm_put_be64(cdb + 2, lba);
	xm_put_be32(cdb + 10, alloc);
	return 16;
}

unsigned scsi_cdb_report_opcode(uint8_t cdb[SCSI_CDB_MAX], uint8_t opcode, uint16_t sa,
				uint32_t alloc)
{
	start(cdb, SCSI_MAINTENANCE_IN);
	cdb[1] = 0x0c;               /* REPORT SUPPORTED OPERATION CODES */
	cdb[2] = 0x02;               /* REPORTING OPTIONS: this opcode and service action */
	cdb[3] = opcode;
	xm_put_be16(cdb + 4, sa);
	xm_put_be32(cdb + 6, alloc);
	return 12;
}

unsigned scsi_cdb_report_luns(uint8_t cdb[SCSI_CDB_MAX], uint32_t alloc)
{
	start(cdb, SCSI_REPORT_LUNS);
	xm_put_be32(cdb + 6, alloc);
	return 12;
}

static unsigned lba_16(uint8_t cdb[SCSI_CDB_MAX], uint8_t opcode, uint64_t lba, uint32_t blocks)
{
	start(cdb, opcode);
	xm_put_be64(cdb + 2, lba);
	xm_put_be32(cdb + 10, blocks);
	return 16;
}

unsigned scsi_cdb_read_16(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t blocks)
{
	return lba_16(cdb, SCSI_READ_16, lba, blocks);
}

unsigned scsi_cdb_write_16(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t blocks)
{
	return lba_16(cdb, SCSI_WRITE_16, lba, blocks);
}

unsigned scsi_cdb_synchronize_cache_10(uint8_t cdb[SCSI_CDB_MAX], uint32_t lba, uint16_t blocks)
{
	start(cdb, SCSI_SYNCHRONIZE_CACHE_10);
	xm_put_be32(cdb + 2, lba);
	xm_put_be16(cdb + 7, blocks);
	return 10;
}

unsigned scsi_cdb_synchronize_cache_16(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t blocks)
{
	return lba_16(cdb, SCSI_SYNCHRONIZE_CACHE_16, lba, blocks);
}

unsigned scsi_cdb_write_same_16(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t blocks,
				bool unmap, bool ndob)
{
	lba_16(cdb, SCSI_WRITE_SAME_16, lba, blocks);
	cdb[1] = (uint8_t)((unmap ? 0x08 : 0) | (ndob ? 0x01 : 0));
	return 16;
}

unsigned scsi_cdb_unmap(uint8_t cdb[SCSI_CDB_MAX], uint16_t list_len)
{
	start(cdb, SCSI_UNMAP);
	xm_put_be16(cdb + 7, list_len);
	return 10;
}

unsigned scsi_cdb_extended_copy(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_len)
{
	start(cdb, SCSI_EXTENDED_COPY);
	xm_put_be32(cdb + 10, list_len);
	return 16;
}

unsigned scsi_cdb_receive_copy(uint8_t cdb[SCSI_CDB_MAX], enum scsi_receive_copy_sa sa,
			       uint8_t list_id, uint32_t alloc)
{
	start(cdb, SCSI_RECEIVE_COPY);
	cdb[1] = (uint8_t)sa;
	cdb[2] = list_id;
	xm_put_be32(cdb + 10, alloc);
	return 16;
}

unsigned scsi_cdb_extended_copy_lid4(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_len)
{
	scsi_cdb_extended_copy(cdb, list_len);
	cdb[1] = SCSI_EXTENDED_COPY_LID4;
	return 16;
}

static unsigned with_token(uint8_t *cdb, enum scsi_extended_copy_sa sa, uint32_t list_id,
			   uint32_t list_len)
{
	start(cdb, SCSI_EXTENDED_COPY);
	cdb[1] = (uint8_t)sa;
	xm_put_be32(cdb + 6, list_id);
	xm_put_be32(cdb + 10, list_len);
	return 16;
}

unsigned scsi_cdb_populate_token(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_id, uint32_t list_len)
{
	return with_token(cdb, SCSI_POPULATE_TOKEN, list_id, list_len);
}

unsigned scsi_cdb_write_using_token(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_id, uint32_t list_len)
{
	return with_token(cdb, SCSI_WRITE_USING_TOKEN, list_id, list_len);
}

unsigned scsi_cdb_copy_operation_abort(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_id)
{
	start(cdb, SCSI_EXTENDED_COPY);
	cdb[1] = SCSI_COPY_OPERATION_ABORT;
	xm_put_be32(cdb + 2, list_id);
	return 16;
}

unsigned scsi_cdb_receive_copy_lid4(uint8_t cdb[SCSI_CDB_MAX], enum scsi_receive_copy_sa sa,
				    uint32_t list_id, uint32_t alloc)
{
	scsi_cdb_receive_copy(cdb, sa, 0, alloc);
	xm_put_be32(cdb + 2, list_id);
	return 16;
}

unsigned scsi_cdb_report_all_rod_tokens(uint8_t cdb[SCSI_CDB_MAX], uint32_t alloc)
{
	return scsi_cdb_receive_copy(cdb, SCSI_ALL_ROD_TOKENS, 0, alloc);
}

static const struct {
	uint8_t opcode, sa;
	const char *name;
} service_actions[] = {
	{ SCSI_SERVICE_ACTION_IN_16, SCSI_SA_GET_LBA_STATUS, "GET LBA STATUS" },
	{ SCSI_EXTENDED_COPY, SCSI_EXTENDED_COPY_LID4, "EXTENDED COPY(LID4)" },
	{ SCSI_EXTENDED_COPY, SCSI_POPULATE_TOKEN, "POPULATE TOKEN" },
	{ SCSI_EXTENDED_COPY, SCSI_WRITE_USING_TOKEN, "WRITE USING TOKEN" },
	{ SCSI_EXTENDED_COPY, SCSI_COPY_OPERATION_ABORT, "COPY OPERATION ABORT" },
	{ SCSI_RECEIVE_COPY, SCSI_COPY_STATUS_LID4, "RECEIVE COPY STATUS(LID4)" },
	{ SCSI_RECEIVE_COPY, SCSI_ROD_TOKEN_INFORMATION, "RECEIVE ROD TOKEN INFORMATION" },
	{ SCSI_RECEIVE_COPY, SCSI_ALL_ROD_TOKENS, "REPORT ALL ROD TOKENS" },
};

static const struct {
	uint8_t opcode;
	const char *name;
} names[] = {
	{ SCSI_TEST_UNIT_READY, "TEST UNIT READY" },
	{ SCSI_INQUIRY, "INQUIRY" },
	{ SCSI_MODE_SENSE_6, "MODE SENSE(6)" },
	{ SCSI_READ_CAPACITY_10, "READ CAPACITY(10)" },
	{ SCSI_SYNCHRONIZE_CACHE_10, "SYNCHRONIZE CACHE(10)" },
	{ SCSI_UNMAP, "UNMAP" },
	{ SCSI_EXTENDED_COPY, "EXTENDED COPY" },
	{ SCSI_RECEIVE_COPY, "RECEIVE COPY RESULTS" },
	{ SCSI_READ_16, "READ(16)" },
	{ SCSI_WRITE_16, "WRITE(16)" },
	{ SCSI_SYNCHRONIZE_CACHE_16, "SYNCHRONIZE CACHE(16)" },
	{ SCSI_WRITE_SAME_16, "WRITE SAME(16)" },
	{ SCSI_MAINTENANCE_IN, "REPORT SUPPORTED OPERATION CODES" },
	{ SCSI_REPORT_LUNS, "REPORT LUNS" },
};

const char *scsi_cdb_name(const uint8_t cdb[SCSI_CDB_MAX])
{
	for (size_t i = 0; i < sizeof service_actions / sizeof service_actions[0]; i++)
		if (service_actions[i].opcode == cdb[0] && service_actions[i].sa == (cdb[1] & 0x1f))
			return service_actions[i].name;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].opcode == cdb[0])
			return names[i].name;
	return "SCSI command";
}
