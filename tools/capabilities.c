/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover --capabilities: what this build can do and this process may do, as
 * JSON, without touching a device.
 */
#include <stdio.h>
#include <jansson.h>
#include "cmd.h"

#define CAPABILITIES_VERSION 1

int cmd_capabilities(void)
{
	const char *kind, *name, *why;
	json_t *o = json_object(), *rows = json_array();

	for (size_t i = 0; xm_capability(i, &kind, &name, &why) == 0; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s, s:b, s:s}", "kind", kind, "name",
						      name, "usable", *why == '\0', "why", why));
	json_object_set_new(o, "version", json_integer(CAPABILITIES_VERSION));
	json_object_set_new(o, "xmover", json_string(xm_version()));
	json_object_set_new(o, "capabilities", rows);
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
	return cmd_flush() ? XM_OK : XM_E_IO;
}
