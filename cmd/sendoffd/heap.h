/* SPDX-License-Identifier: ISC */
/*
 * heap - backlog entries in order of (key, id), each knowing its place.
 *
 * Owns		the array, not the entries
 * Pure
 */
#ifndef CMD_SENDOFFD_HEAP_H
#define CMD_SENDOFFD_HEAP_H

#include <stddef.h>

struct backlog_entry;

struct heap {
	struct backlog_entry	**v;	/* zeroed is empty */
	size_t			  n, cap;
};

void	heap_free(struct heap *);
void	heap_add(struct heap *, struct backlog_entry *);
void	heap_remove(struct heap *, struct backlog_entry *);

/* The first one; NULL: empty. */
struct backlog_entry	*heap_first(const struct heap *);

#endif
