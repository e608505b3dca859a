/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user wrote about an iSCSI LUN, taken apart.
 *
 * Not libiscsi's parser: that one takes passwords from the URL, reads the
 * environment, cuts long names without a word, and puts the whole URL, with the
 * password, into its error text.  Here an URL with a secret is refused, and what
 * stands before an @ or after a ? is never repeated.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "error.h"
#include "iscsi-url.h"

#define SCHEME "iscsi://"

bool iscsi_url_claims(const char *spec)
{
	return strncasecmp(spec, SCHEME, strlen(SCHEME)) == 0;
}

static int refuse(struct xm_error **err, const char *what)
{
	return xm_fail(err, XM_E_USAGE, "iSCSI URL: %s; write "
		       "iscsi://[user@]host[:port]/target-name/lun", what);
}

/* Copy [from, to) into a buffer; false when it is empty or does not fit. */
static bool take(char *dst, size_t size, const char *from, const char *to)
{
	size_t n = (size_t)(to - from);

	if (n == 0 || n >= size)
		return false;
	memcpy(dst, from, n);
	dst[n] = '\0';
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Target names may have %XX in an URL.  Only characters a target name may have come out. */
static bool decode_target(char *name)
{
	char *out = name;

	for (const char *in = name; *in; in++) {
		char c = *in;

		if (c == '%') {
			int hi = hex(in[1]), lo = hi < 0 ? -1 : hex(in[2]);

			if (lo < 0)
				return false;
			c = (char)(hi << 4 | lo);
			in += 2;
		}
		if ((unsigned char)c <= ' ' || c == 0x7f || c == '/' || c == ',')
			return false;
		*out++ = c;
	}
	*out = '\0';
	return true;
}

static bool decimal(const char *from, const char *to, unsigned long max, unsigned long *ret)
{
	char text[8], *end;

	if (!take(text, sizeof text, from, to) || !isdigit((unsigned char)text[0]))
		return false;
	*ret = strtoul(text, &end, 10);
	return *end == '\0' && *ret <= max;
}

static int parse_portal(const char *at, const char *end, struct iscsi_address *ret,
			struct xm_error **err)
{
	const char *host_end, *port;
	unsigned long number = ISCSI_PORT;
	bool bracket = at < end && *at == '[';

	if (bracket) {
		at++;
		host_end = memchr(at, ']', (size_t)(end - at));
		if (!host_end)
			return refuse(err, "the ] after an IPv6 address is missing");
		port = host_end + 1;
	} else {
		host_end = memchr(at, ':', (size_t)(end - at));
		if (!host_end)
			host_end = end;
		port = host_end;
	}
	if (!take(ret->host, sizeof ret->host, at, host_end) || strpbrk(ret->host, "%,[ ") ||
	    (!bracket && strchr(ret->host, ']')))
		return refuse(err, "the host name is missing, too long or not one");
	if (port != end && (*port != ':' || !decimal(port + 1, end, 65535, &number) || !number))
		return refuse(err, "the port is not a number from 1 to 65535");
	ret->port = (uint16_t)number;
	return 0;
}

static int parse_user(const char *at, const char *end, struct iscsi_address *ret,
		      struct xm_error **err)
{
	if (memchr(at, '%', (size_t)(end - at)) || memchr(at, ':', (size_t)(end - at)))
		return refuse(err, "a secret in an URL can be read by everyone on this machine "
			      "and is not taken; give it in the environment "
			      "(LIBISCSI_CHAP_PASSWORD) or in a file");
	if (!take(ret->user, sizeof ret->user, at, end))
		return refuse(err, "the user name before @ is empty or too long");
	return 0;
}

static int parse_query(const char *query, struct iscsi_address *ret, struct xm_error **err)
{
	if (strcmp(query, "header_digest=crc32c") == 0)
		ret->header_digest = true;
	else if (strcmp(query, "header_digest=none") != 0)
		return refuse(err,
			      "after ? only header_digest=crc32c or header_digest=none may stand");
	return 0;
}

int iscsi_url_parse(const char *spec, struct iscsi_address *ret, struct xm_error **err)
{
	struct iscsi_address a = { .port = ISCSI_PORT };
	const char *at = spec + strlen(SCHEME);
	const char *query = strchr(at, '?');
	const char *end = query ? query : at + strlen(at);
	/* The last @ anywhere: a password may itself have @ and / in it. */
	const char *sign = memrchr(at, '@', (size_t)(end - at));
	const char *portal_end, *lun;
	unsigned long number;

	if (sign && parse_user(at, sign, &a, err) < 0)
		return -1;
	if (sign)
		at = sign + 1;
	portal_end = memchr(at, '/', (size_t)(end - at));
	if (!portal_end)
		return refuse(err, "the target name and LUN are missing");
	if (parse_portal(at, portal_end, &a, err) < 0)
		return -1;
	lun = memrchr(portal_end + 1, '/', (size_t)(end - portal_end - 1));
	if (!lun || !take(a.target, sizeof a.target, portal_end + 1, lun) ||
	    !decode_target(a.target))
		return refuse(err, "the target name or the LUN is missing, or the name is not one");
	if (!decimal(lun + 1, end, ISCSI_LUN_MAX, &number))
		return refuse(err, "the LUN is not a number from 0 to 16383");
	a.lun = (uint32_t)number;
	if (query && parse_query(query + 1, &a, err) < 0)
		return -1;
	if (!take(a.name, sizeof a.name, spec, end))
		return refuse(err, "it is too long");
	*ret = a;
	return 0;
}
