/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A circular doubly linked list threaded through its members.
 *
 * An empty head, and a link that is in no list, point at themselves; so
 * xm_list_del is harmless on a link that was initialised and never added.
 */
#ifndef XM_LIST_H
#define XM_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct xm_list {
	struct xm_list *next, *prev;
};

#define XM_LIST_INIT(name) { &(name), &(name) }

#define xm_container_of(ptr, type, member)                                     \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline void xm_list_init(struct xm_list *l)
{
	l->next = l->prev = l;
}

static inline bool xm_list_empty(const struct xm_list *l)
{
	return l->next == l;
}

static inline void xm_list_add_tail(struct xm_list *head, struct xm_list *l)
{
	l->next = head;
	l->prev = head->prev;
	head->prev->next = l;
	head->prev = l;
}

static inline void xm_list_add_head(struct xm_list *head, struct xm_list *l)
{
	xm_list_add_tail(head->next, l);
}

static inline void xm_list_del(struct xm_list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	xm_list_init(l);
}

/* First member, or NULL when the list is empty; taken off the list. */
static inline struct xm_list *xm_list_pop(struct xm_list *head)
{
	struct xm_list *l = head->next;
	if (l == head)
		return NULL;
	xm_list_del(l);
	return l;
}

/* Safe against removal of the current member, not of the next one. */
#define xm_list_for_each(pos, head)                                            \
	for (struct xm_list *pos = (head)->next, *pos##_next = pos->next;      \
	     pos != (head); pos = pos##_next, pos##_next = pos->next)

#endif
