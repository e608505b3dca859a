/* SPDX-License-Identifier: Apache-2.0 */
/* One blocking pass-through call by libsgutils2, on a pool thread. */
#include <errno.h>
#include <string.h>
#include <scsi/sg_pt.h>
#include "sgpt.h"

static void take_result(const struct sg_pt_base *pt, struct sgpt_call *c)
{
	int len;

	switch (get_scsi_pt_result_category(pt)) {
	case SCSI_PT_RESULT_OS_ERR:
		c->err = get_scsi_pt_os_err(pt);
		break;
	case SCSI_PT_RESULT_TRANSPORT_ERR:
		c->host = get_scsi_pt_transport_err(pt);
		c->driver = !c->host;
		break;
	case SCSI_PT_RESULT_SENSE:
		len = get_scsi_pt_sense_len(pt);
		c->sense_len = len < 0 ? 0 : (unsigned)len;
		if (c->sense_len > sizeof c->sense)
			c->sense_len = sizeof c->sense;
		break;
	default:
		break;
	}
	len = get_scsi_pt_resid(pt);
	c->status = (uint8_t)get_scsi_pt_status_response(pt);
	c->resid = len < 0 ? 0 : (size_t)len;
}

void sgpt_do_pt(struct sgpt_call *c)
{
	struct sg_pt_base *pt = construct_scsi_pt_obj_with_fd(c->fd, 0);
	int r;

	if (!pt) {
		c->err = ENOMEM;
		return;
	}
	set_scsi_pt_cdb(pt, c->cdb, (int)c->cdb_len);
	set_scsi_pt_sense(pt, c->sense, sizeof c->sense);
	if (c->dir == SCSI_DATA_IN && c->len)
		set_scsi_pt_data_in(pt, c->data, (int)c->len);
	else if (c->dir == SCSI_DATA_OUT && c->len)
		set_scsi_pt_data_out(pt, c->data, (int)c->len);
	r = do_scsi_pt(pt, -1, c->timeout_s, 0);
	if (r < 0)
		c->err = -r;
	else if (r == SCSI_PT_DO_BAD_PARAMS)
		c->err = EINVAL;
	else if (r == SCSI_PT_DO_NOT_SUPPORTED)
		c->err = EOPNOTSUPP;
	else if (r == SCSI_PT_DO_TIMEOUT)
		c->err = ETIMEDOUT;
	else
		take_result(pt, c);
	destruct_scsi_pt_obj(pt);
}
