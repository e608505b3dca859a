/* SPDX-License-Identifier: Apache-2.0 */
/* A handful of objects under keys: a list, searched front to back. */
#include "attach.h"

#include <stdlib.h>

struct attachment {
	struct xm_list link;
	const void *key;
	void *object;
	void (*destroy)(void *object);
};

void xm_attachments_init(struct xm_attachments *a)
{
	xm_list_init(&a->list);
}

bool xm_attach(struct xm_attachments *a, const void *key, void *object, void (*destroy)(void *))
{
	struct attachment *at = malloc(sizeof *at);
	if (!at)
		return false;
	*at = (struct attachment){ .key = key, .object = object, .destroy = destroy };
	xm_list_add_tail(&a->list, &at->link);
	return true;
}

void *xm_attached(const struct xm_attachments *a, const void *key)
{
	xm_list_for_each(l, &a->list) {
		const struct attachment *at = xm_container_of(l, struct attachment, link);
		if (at->key == key)
			return at->object;
	}
	return NULL;
}

void xm_attachments_free(struct xm_attachments *a)
{
	while (!xm_list_empty(&a->list)) {
		struct attachment *at = xm_container_of(a->list.prev, struct attachment, link);
		xm_list_del(&at->link);
		if (at->destroy)
			at->destroy(at->object);
		free(at);
	}
}
