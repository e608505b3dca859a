/* SPDX-License-Identifier: Apache-2.0 */
/* Command descriptor blocks.  Each function fills cdb whole and answers its length. */
#ifndef SCSI_CDB_H
#define SCSI_CDB_H

#include <stdbool.h>
#include <stdint.h>

#define SCSI_CDB_MAX 16

enum scsi_opcode {
	SCSI_TEST_UNIT_READY = 0x00,
	SCSI_INQUIRY = 0x12,
	SCSI_MODE_SENSE_6 = 0x1a,
	SCSI_READ_CAPACITY_10 = 0x25,
	SCSI_SYNCHRONIZE_CACHE_10 = 0x35,
	SCSI_UNMAP = 0x42,
	SCSI_EXTENDED_COPY = 0x83,
	SCSI_RECEIVE_COPY = 0x84,
	SCSI_READ_16 = 0x88,
	SCSI_WRITE_16 = 0x8a,
	SCSI_SYNCHRONIZE_CACHE_16 = 0x91,
	SCSI_WRITE_SAME_16 = 0x93,
	SCSI_SERVICE_ACTION_IN_16 = 0x9e,
	SCSI_REPORT_LUNS = 0xa0,
	SCSI_MAINTENANCE_IN = 0xa3
};

/* Service actions of SERVICE ACTION IN(16). */
enum scsi_service_action_in_sa { SCSI_SA_READ_CAPACITY_16 = 0x10, SCSI_SA_GET_LBA_STATUS = 0x12 };

/* Service actions of EXTENDED COPY. */
enum scsi_extended_copy_sa {
	SCSI_EXTENDED_COPY_LID1 = 0x00,
	SCSI_EXTENDED_COPY_LID4 = 0x01,
	SCSI_POPULATE_TOKEN = 0x10,
	SCSI_WRITE_USING_TOKEN = 0x11,
	SCSI_COPY_OPERATION_ABORT = 0x1c
};

/* Service actions of RECEIVE COPY RESULTS. */
enum scsi_receive_copy_sa {
	SCSI_COPY_STATUS_LID1 = 0x00,
	SCSI_COPY_OPERATING_PARAMETERS = 0x03,
	SCSI_COPY_FAILURE_DETAILS_LID1 = 0x04,
	SCSI_COPY_STATUS_LID4 = 0x05,
	SCSI_ROD_TOKEN_INFORMATION = 0x07,
	SCSI_ALL_ROD_TOKENS = 0x08
};

unsigned scsi_cdb_test_unit_ready(uint8_t cdb[SCSI_CDB_MAX]);
unsigned scsi_cdb_inquiry(uint8_t cdb[SCSI_CDB_MAX], uint16_t alloc);
unsigned scsi_cdb_inquiry_vpd(uint8_t cdb[SCSI_CDB_MAX], uint8_t page, uint16_t alloc);
unsigned scsi_cdb_mode_sense_6(uint8_t cdb[SCSI_CDB_MAX], uint8_t page, uint8_t alloc);
unsigned scsi_cdb_read_capacity_10(uint8_t cdb[SCSI_CDB_MAX]);
unsigned scsi_cdb_read_capacity_16(uint8_t cdb[SCSI_CDB_MAX], uint32_t alloc);
unsigned scsi_cdb_get_lba_status(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t alloc);
/* REPORT SUPPORTED OPERATION CODES of one command with a service action. */
unsigned scsi_cdb_report_opcode(uint8_t cdb[SCSI_CDB_MAX], uint8_t opcode, uint16_t sa,
				uint32_t alloc);
unsigned scsi_cdb_report_luns(uint8_t cdb[SCSI_CDB_MAX], uint32_t alloc);
unsigned scsi_cdb_read_16(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t blocks);
unsigned scsi_cdb_write_16(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t blocks);
/* 0 blocks: to the end of the medium. */
unsigned scsi_cdb_synchronize_cache_10(uint8_t cdb[SCSI_CDB_MAX], uint32_t lba, uint16_t blocks);
unsigned scsi_cdb_synchronize_cache_16(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t blocks);
/* One block of data-out is written to each; with ndob there is none, and zeros are written. */
unsigned scsi_cdb_write_same_16(uint8_t cdb[SCSI_CDB_MAX], uint64_t lba, uint32_t blocks,
				bool unmap, bool ndob);
unsigned scsi_cdb_unmap(uint8_t cdb[SCSI_CDB_MAX], uint16_t list_len);
/* EXTENDED COPY(LID1). */
unsigned scsi_cdb_extended_copy(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_len);
unsigned scsi_cdb_receive_copy(uint8_t cdb[SCSI_CDB_MAX], enum scsi_receive_copy_sa sa,
			       uint8_t list_id, uint32_t alloc);
unsigned scsi_cdb_extended_copy_lid4(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_len);
/* The two with tokens carry the list identifier at bytes 6-9, all others at 2-5. */
unsigned scsi_cdb_populate_token(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_id, uint32_t list_len);
unsigned scsi_cdb_write_using_token(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_id, uint32_t list_len);
unsigned scsi_cdb_copy_operation_abort(uint8_t cdb[SCSI_CDB_MAX], uint32_t list_id);
/* SCSI_COPY_STATUS_LID4 or SCSI_ROD_TOKEN_INFORMATION. */
unsigned scsi_cdb_receive_copy_lid4(uint8_t cdb[SCSI_CDB_MAX], enum scsi_receive_copy_sa sa,
				    uint32_t list_id, uint32_t alloc);
unsigned scsi_cdb_report_all_rod_tokens(uint8_t cdb[SCSI_CDB_MAX], uint32_t alloc);

/* "EXTENDED COPY", "READ(16)", ... for messages. */
const char *scsi_cdb_name(const uint8_t cdb[SCSI_CDB_MAX]);

#endif
