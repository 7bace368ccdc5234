/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

#include "cmd/sendoffd/backlog.h"
#include "cmd/sendoffd/heap.h"

/* The due messages of one submitter; there while it is not empty. */
struct share {
	uint32_t	uid;
	struct heap	heap;
};

struct lane {
	struct share	*shares;	/* owned; sorted by uid */
	size_t		 nshares, cap;
	uint32_t	 last;		/* uid that was served last */
	size_t		 count;		/* entries in all shares */
};

struct backlog {
	struct backlog_entry	**table;	/* owned; hashed by id */
	size_t			  size;		/* a power of two */
	size_t			  n;
	struct heap		  new, wait;
	size_t			  held, hand;	/* how many */
	struct lane		 *lanes;	/* owned */
	size_t			  nlanes;
};

enum {
	TABLE_FIRST = 256,		/* slots */
};

struct backlog *
backlog_open(size_t lanes)
{
	struct backlog *b = mem_zero(sizeof(*b));

	b->size = TABLE_FIRST;
	b->table = mem_zero(b->size * sizeof(*b->table));
	b->nlanes = lanes;
	b->lanes = mem_zero(lanes * sizeof(*b->lanes));
	return b;
}

static void
free_lanes(struct backlog *b)
{
	for (size_t i = 0; i < b->nlanes; i++) {
		for (size_t j = 0; j < b->lanes[i].nshares; j++)
			heap_free(&b->lanes[i].shares[j].heap);
		mem_free(b->lanes[i].shares);
	}
	mem_free(b->lanes);
}

void
backlog_close(struct backlog *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->size; i++)
		mem_free(b->table[i]);
	mem_free(b->table);
	heap_free(&b->new);
	heap_free(&b->wait);
	free_lanes(b);
	mem_free(b);
}

/* FNV-1a; nobody but us chooses ids. */
static size_t
hash(const char *id)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *id != '\0'; id++)
		h = (h ^ (unsigned char)*id) * 0x100000001b3ULL;
	return (size_t)(h ^ h >> 32);
}

/* The slot that holds id, or the empty one where it would go. */
static size_t
slot_of(const struct backlog *b, const char *id)
{
	size_t i = hash(id) & (b->size - 1);

	while (b->table[i] != NULL && strcmp(b->table[i]->id, id) != 0)
		i = (i + 1) & (b->size - 1);
	return i;
}

struct backlog_entry *
backlog_find(const struct backlog *b, const char *id)
{
	return b->table[slot_of(b, id)];
}

static void
grow(struct backlog *b)
{
	struct backlog_entry **old = b->table;
	size_t i, size = b->size;

	b->size *= 2;
	b->table = mem_zero(b->size * sizeof(*b->table));
	for (i = 0; i < size; i++)
		if (old[i] != NULL)
			b->table[slot_of(b, old[i]->id)] = old[i];
	mem_free(old);
}

/* Takes e's slot away; those behind it that it had pushed on move up. */
static void
vacate(struct backlog *b, struct backlog_entry *e)
{
	size_t i = slot_of(b, e->id), j = i, home, mask = b->size - 1;

	assert(b->table[i] == e);
	for (;;) {
		j = (j + 1) & mask;
		if (b->table[j] == NULL)
			break;
		home = hash(b->table[j]->id) & mask;
		if (((j - home) & mask) < ((j - i) & mask))
			continue;
		b->table[i] = b->table[j];
		i = j;
	}
	b->table[i] = NULL;
}

/* The first share of a uid that is not below this one. */
static size_t
share_at(const struct lane *l, uint32_t uid)
{
	size_t low = 0, high = l->nshares, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (l->shares[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
lane_add(struct lane *l, struct backlog_entry *e)
{
	size_t i = share_at(l, e->uid);

	if (i == l->nshares || l->shares[i].uid != e->uid) {
		if (l->nshares == l->cap) {
			l->cap = l->cap != 0 ? 2 * l->cap : 4;
			l->shares = mem_array(l->shares, l->cap,
			    sizeof(*l->shares));
		}
		memmove(&l->shares[i + 1], &l->shares[i],
		    (l->nshares - i) * sizeof(*l->shares));
		l->shares[i] = (struct share){ .uid = e->uid };
		l->nshares++;
	}
	heap_add(&l->shares[i].heap, e);
	l->count++;
}

static void
lane_remove(struct lane *l, struct backlog_entry *e)
{
	size_t i = share_at(l, e->uid);

	assert(i < l->nshares && l->shares[i].uid == e->uid);
	heap_remove(&l->shares[i].heap, e);
	l->count--;
	if (l->shares[i].heap.n > 0)
		return;
	heap_free(&l->shares[i].heap);
	l->nshares--;
	memmove(&l->shares[i], &l->shares[i + 1],
	    (l->nshares - i) * sizeof(*l->shares));
}

/* Out of where it is; it counts nowhere until it is put elsewhere. */
static void
detach(struct backlog *b, struct backlog_entry *e)
{
	switch (e->state) {
	case BACKLOG_NEW:
		heap_remove(&b->new, e);
		break;
	case BACKLOG_WAIT:
		heap_remove(&b->wait, e);
		break;
	case BACKLOG_READY:
		lane_remove(&b->lanes[e->lane], e);
		break;
	case BACKLOG_HELD:
		b->held--;
		break;
	case BACKLOG_HAND:
		b->hand--;
		break;
	}
}

struct backlog_entry *
backlog_add(struct backlog *b, const char *id, bool fresh, bool *added)
{
	struct backlog_entry *e = backlog_find(b, id);

	if (added != NULL)
		*added = e == NULL;
	if (e != NULL)
		return e;
	e = mem_zero(sizeof(*e));
	(void)snprintf(e->id, sizeof(e->id), "%s", id);
	if (4 * (b->n + 1) > 3 * b->size)
		grow(b);
	b->table[slot_of(b, e->id)] = e;
	b->n++;
	e->state = BACKLOG_HAND;
	b->hand++;
	backlog_look(b, e, fresh);
	return e;
}

void
backlog_remove(struct backlog *b, struct backlog_entry *e)
{
	detach(b, e);
	vacate(b, e);
	b->n--;
	mem_free(e);
}

void
backlog_look(struct backlog *b, struct backlog_entry *e, bool fresh)
{
	detach(b, e);
	e->state = BACKLOG_NEW;
	e->key = !fresh;
	heap_add(&b->new, e);
}

void
backlog_wait(struct backlog *b, struct backlog_entry *e, int64_t due_tick)
{
	detach(b, e);
	e->state = BACKLOG_WAIT;
	e->key = due_tick;
	heap_add(&b->wait, e);
}

void
backlog_ready(struct backlog *b, struct backlog_entry *e, uint32_t uid,
    size_t lane)
{
	assert(lane < b->nlanes);
	detach(b, e);
	e->state = BACKLOG_READY;
	e->uid = uid;
	e->lane = lane;
	e->key = 0;
	lane_add(&b->lanes[lane], e);
}

void
backlog_hold(struct backlog *b, struct backlog_entry *e)
{
	detach(b, e);
	e->state = BACKLOG_HELD;
	b->held++;
}

void
backlog_hand(struct backlog *b, struct backlog_entry *e)
{
	detach(b, e);
	e->state = BACKLOG_HAND;
	b->hand++;
}

struct backlog_entry *
backlog_next_new(struct backlog *b)
{
	struct backlog_entry *e = heap_first(&b->new);

	if (e != NULL)
		backlog_hand(b, e);
	return e;
}

struct backlog_entry *
backlog_next(struct backlog *b, size_t lane)
{
	struct lane *l = &b->lanes[lane];
	struct backlog_entry *e;
	size_t i;

	if (l->nshares == 0)
		return NULL;
	i = l->last != UINT32_MAX ? share_at(l, l->last + 1) : l->nshares;
	if (i == l->nshares)
		i = 0;
	l->last = l->shares[i].uid;
	e = heap_first(&l->shares[i].heap);
	backlog_hand(b, e);
	return e;
}

void
backlog_wake(struct backlog *b, int64_t tick)
{
	struct backlog_entry *e;

	for (;;) {
		e = heap_first(&b->wait);
		if (e == NULL || e->key > tick)
			return;
		backlog_look(b, e, false);
	}
}

int64_t
backlog_due_tick(const struct backlog *b)
{
	const struct backlog_entry *e = heap_first(&b->wait);

	return e != NULL ? e->key : INT64_MAX;
}

size_t
backlog_count(const struct backlog *b, enum backlog_state state)
{
	switch (state) {
	case BACKLOG_NEW:
		return b->new.n;
	case BACKLOG_WAIT:
		return b->wait.n;
	case BACKLOG_HELD:
		return b->held;
	case BACKLOG_HAND:
		return b->hand;
	case BACKLOG_READY:
		break;
	}
	return b->n - b->new.n - b->wait.n - b->held - b->hand;
}

size_t
backlog_count_lane(const struct backlog *b, size_t lane)
{
	return b->lanes[lane].count;
}

void
backlog_each(struct backlog *b, void (*cb)(struct backlog_entry *, void *),
    void *arg)
{
	struct backlog_entry **all;
	size_t i, n = 0;

	/* A copy, since cb may move entries about and remove them. */
	all = mem_array(NULL, b->n, sizeof(struct backlog_entry *));
	for (i = 0; i < b->size; i++)
		if (b->table[i] != NULL)
			all[n++] = b->table[i];
	for (i = 0; i < n; i++)
		cb(all[i], arg);
	mem_free(all);
}

static void
look_if_ready(struct backlog_entry *e, void *arg)
{
	if (e->state == BACKLOG_READY)
		backlog_look(arg, e, false);
}

void
backlog_set_lanes(struct backlog *b, size_t lanes)
{
	backlog_each(b, look_if_ready, b);
	free_lanes(b);
	b->nlanes = lanes;
	b->lanes = mem_zero(lanes * sizeof(*b->lanes));
}
