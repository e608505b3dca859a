/* SPDX-License-Identifier: Apache-2.0 */
/* Works on the words alone: nothing is opened, resolved or looked up. */
#include "job-id.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "xm/cleanup.h"

/* iSCSI names compare in lower case (RFC 3720 3.2.6.2). */
static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

static char *of_url(const char *url, const char *colon)
{
	const char *rest = colon + strlen("://");
	char *id;
	rest += strcspn(rest, "/");
	/* the socket's path is what names the server; case counts in NBD */
	bool nbd = !strncasecmp(url, "nbd", strlen("nbd"));
	size_t len = nbd ? strlen(rest) : strcspn(rest, "?");
	if (asprintf(&id, "%.*s:%.*s", (int)(colon - url), url, (int)len, rest) < 0)
		return NULL;
	if (!nbd)
		lower(id);
	return id;
}

char *xm_job_id_from(const char *destination)
{
	const char *colon = strstr(destination, "://");
	char *dir XM_CLEANUP_FREE = NULL, *id;
	if (colon)
		return of_url(destination, colon);
	if (destination[0] == '/')
		return strdup(destination);
	dir = getcwd(NULL, 0);
	if (!dir || asprintf(&id, "%s/%s", dir, destination) < 0)
		return NULL;
	return id;
}
