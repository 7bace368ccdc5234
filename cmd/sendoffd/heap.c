/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"

#include "cmd/sendoffd/backlog.h"
#include "cmd/sendoffd/heap.h"

void
heap_free(struct heap *h)
{
	mem_free(h->v);
	memset(h, 0, sizeof(*h));
}

static bool
before(const struct backlog_entry *a, const struct backlog_entry *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	return strcmp(a->id, b->id) < 0;
}

static void
put(struct heap *h, size_t pos, struct backlog_entry *e)
{
	h->v[pos] = e;
	e->pos = pos;
}

/* e belongs at pos or nearer to the top. */
static void
rise(struct heap *h, size_t pos, struct backlog_entry *e)
{
	while (pos > 0 && before(e, h->v[(pos - 1) / 2])) {
		put(h, pos, h->v[(pos - 1) / 2]);
		pos = (pos - 1) / 2;
	}
	put(h, pos, e);
}

/* e belongs at pos or further down. */
static void
sink(struct heap *h, size_t pos, struct backlog_entry *e)
{
	size_t child;

	for (;;) {
		child = 2 * pos + 1;
		if (child >= h->n)
			break;
		if (child + 1 < h->n && before(h->v[child + 1], h->v[child]))
			child++;
		if (!before(h->v[child], e))
			break;
		put(h, pos, h->v[child]);
		pos = child;
	}
	put(h, pos, e);
}

void
heap_add(struct heap *h, struct backlog_entry *e)
{
	if (h->n == h->cap) {
		h->cap = h->cap != 0 ? 2 * h->cap : 16;
		h->v = mem_array(h->v, h->cap, sizeof(*h->v));
	}
	h->n++;
	rise(h, h->n - 1, e);
}

void
heap_remove(struct heap *h, struct backlog_entry *e)
{
	struct backlog_entry *last;
	size_t pos = e->pos;

	assert(pos < h->n && h->v[pos] == e);
	last = h->v[--h->n];
	if (last == e)
		return;
	if (pos > 0 && before(last, h->v[(pos - 1) / 2]))
		rise(h, pos, last);
	else
		sink(h, pos, last);
}

struct backlog_entry *
heap_first(const struct heap *h)
{
	return h->n > 0 ? h->v[0] : NULL;
}
