/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where CHAP secrets come from.
 *
 * A file must be a regular file of this user or root that nobody else may write
 * and only its group may read: a pod that is not root gets its mounted secrets
 * as links to root's files, mode 0440 with the pod's group.  The checks are on
 * what was opened, so a link gains nobody a file he could not have named.  The
 * text is read straight into memory that is locked where the limits allow it
 * and left out of core files, parsed in place, and overwritten at the end.
 */
#include "chap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "secret.h"
#include "xm/cleanup.h"

#define STORE_SIZE 8192

struct xm_secrets {
	size_t used;
	char text[STORE_SIZE - sizeof(size_t)];
};

static const struct word {
	const char *word, *env;
	size_t offset;
} words[] = {
	{ "user", "LIBISCSI_CHAP_USERNAME", offsetof(struct xm_chap, user) },
	{ "secret", "LIBISCSI_CHAP_PASSWORD", offsetof(struct xm_chap, secret) },
	{ "target-user", "LIBISCSI_CHAP_TARGET_USERNAME", offsetof(struct xm_chap, target_user) },
	{ "target-secret", "LIBISCSI_CHAP_TARGET_PASSWORD",
	  offsetof(struct xm_chap, target_secret) },
};
#define WORDS (sizeof words / sizeof words[0])

static const char **place(struct xm_chap *chap, const struct word *w)
{
	return (const char **)(void *)((char *)chap + w->offset);
}

static bool need_store(struct xm_chap *chap)
{
	if (chap->store)
		return true;
	chap->store = xm_secret_new(STORE_SIZE);
	return chap->store;
}

void xm_chap_free(struct xm_chap *chap)
{
	xm_secret_free(chap->store, STORE_SIZE);
	*chap = (struct xm_chap){ 0 };
}

static const char *keep(struct xm_chap *chap, const char *text)
{
	size_t len = strlen(text) + 1;
	if (!need_store(chap) || len > sizeof chap->store->text - chap->store->used)
		return NULL;
	char *at = chap->store->text + chap->store->used;
	memcpy(at, text, len);
	chap->store->used += len;
	return at;
}

bool xm_chap_from_env(struct xm_chap *chap)
{
	bool ok = true;
	for (size_t i = 0; i < WORDS; i++) {
		char *value = getenv(words[i].env);
		if (!value)
			continue;
		if (*value) {
			*place(chap, &words[i]) = keep(chap, value);
			ok = ok && *place(chap, &words[i]);
		}
		explicit_bzero(value, strlen(value));
		unsetenv(words[i].env);
	}
	return ok;
}

static int check_file(int fd, const char *path, struct xm_error **err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return xm_fail(err, XM_E_CONFIG, "CHAP file %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return xm_fail(err, XM_E_CONFIG, "CHAP file %s is not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return xm_fail(err, XM_E_CONFIG,
			       "CHAP file %s belongs to user %u, neither to this user nor to root; "
			       "chown it", path, (unsigned)st.st_uid);
	if (st.st_mode & 07137)
		return xm_fail(err, XM_E_CONFIG,
			       "CHAP file %s has mode %04o, so others may use it; chmod it to 0640 "
			       "or stricter (in a pod: defaultMode 0440)", path,
			       (unsigned)(st.st_mode & 07777));
	return 0;
}

static int open_file(const char *path, struct xm_error **err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		return fd;
	return xm_fail(err, XM_E_CONFIG, "CHAP file %s: %s", path, strerror(errno));
}

/* The whole file with an end mark, in the store.  NULL with *err set. */
static char *read_file(struct xm_chap *chap, int fd, const char *path, struct xm_error **err)
{
	size_t n = 0, room = sizeof chap->store->text - 1;
	char *text = chap->store->text;
	while (n < room) {
		ssize_t got = read(fd, text + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			xm_fail(err, XM_E_CONFIG, "CHAP file %s: %s", path, strerror(errno));
			return NULL;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	if (n == room || memchr(text, 0, n)) {
		xm_fail(err, XM_E_CONFIG, "CHAP file %s is too long or holds a NUL byte", path);
		return NULL;
	}
	text[n] = 0;
	chap->store->used = n + 1;
	return text;
}

static int parse_line(struct xm_chap *chap, char *line, const char *path, unsigned number,
		      struct xm_error **err)
{
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	for (const char *p = line; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return xm_fail(err, XM_E_CONFIG,
				       "CHAP file %s line %u: control character", path, number);
	size_t len = strcspn(line, " \t");
	char *value = line + len + strspn(line + len, " \t");
	for (size_t i = 0; i < WORDS; i++) {
		if (len != strlen(words[i].word) || strncmp(line, words[i].word, len) != 0)
			continue;
		if (!*value)
			return xm_fail(err, XM_E_CONFIG, "CHAP file %s line %u: %s without a value",
				       path, number, words[i].word);
		if (*place(chap, &words[i]))
			return xm_fail(err, XM_E_CONFIG, "CHAP file %s line %u: a second %s", path,
				       number, words[i].word);
		*place(chap, &words[i]) = value;
		return 0;
	}
	return xm_fail(err, XM_E_CONFIG,
		       "CHAP file %s line %u: not one of user, secret, target-user, target-secret",
		       path, number);
}

static int parse_text(struct xm_chap *chap, char *text, const char *path, struct xm_error **err)
{
	for (unsigned number = 1; text; number++) {
		char *line = strsep(&text, "\n");
		if (parse_line(chap, line, path, number, err))
			return -1;
	}
	if (!chap->user || !chap->secret)
		return xm_fail(err, XM_E_CONFIG, "CHAP file %s: user and secret are both needed",
			       path);
	if (!chap->target_user != !chap->target_secret)
		return xm_fail(err, XM_E_CONFIG,
			       "CHAP file %s: target-user and target-secret go together", path);
	return 0;
}

int xm_chap_from_file(struct xm_chap *chap, const char *path, struct xm_error **err)
{
	struct xm_chap new = { 0 };
	int fd XM_CLEANUP_CLOSE = open_file(path, err);
	if (fd < 0 || check_file(fd, path, err))
		return -1;
	if (!need_store(&new))
		return xm_fail(err, XM_E_TEMPORARY, "CHAP file %s: memory is short", path);
	char *text = read_file(&new, fd, path, err);
	if (!text || parse_text(&new, text, path, err)) {
		xm_chap_free(&new);
		return -1;
	}
	xm_chap_free(chap);
	*chap = new;
	return 0;
}
