/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "queue/list.h"

enum {
	TIME_DIGITS = 14,		/* of an id: microseconds, in hex */
};

static bool
add_id(const char *id, void *arg)
{
	struct list_ids *l = arg;

	/* Doubled, since a queue may hold a million. */
	if ((l->n & (l->n - 1)) == 0)
		l->v = mem_array(l->v, l->n == 0 ? 1 : l->n * 2,
		    sizeof(*l->v));
	memset(l->v[l->n], 0, ID_SIZE);
	memcpy(l->v[l->n], id, strnlen(id, ID_SIZE - 1));
	l->n++;
	return true;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int
take(struct queue *q, struct list_ids *out, int (*scan)(struct queue *,
    bool (*)(const char *, void *), void *, struct err *), struct err *err)
{
	struct list_ids l = { 0 };

	if (scan(q, add_id, &l, err) == -1) {
		list_ids_free(&l);
		return -1;
	}
	if (l.n > 0)
		qsort(l.v, l.n, sizeof(*l.v), compare);
	*out = l;
	return 0;
}

int
list_ids(struct queue *q, struct list_ids *out, struct err *err)
{
	return take(q, out, queue_scan, err);
}

int
list_corrupt_ids(struct queue *q, struct list_ids *out, struct err *err)
{
	return take(q, out, queue_scan_corrupt, err);
}

void
list_ids_free(struct list_ids *l)
{
	mem_free(l->v);
	memset(l, 0, sizeof(*l));
}

/* Tried: some outcome is known for a recipient that is still owed. */
static enum listing_state
state_of(const struct queue_msg *msg)
{
	size_t i;

	if (msg->active)
		return LISTING_ACTIVE;
	if (msg->hold)
		return LISTING_HOLD;
	if (msg->attempts > 0)
		return LISTING_DEFERRED;
	for (i = 0; i < msg->env.nrcpts; i++)
		if (msg->rcpts[i].state != QUEUE_RCPT_OWED ||
		    msg->rcpts[i].last.verdict != OUTCOME_NONE)
			return LISTING_DEFERRED;
	return LISTING_INCOMING;
}

static void
fill_rcpt(struct listing_rcpt *out, const struct envelope_rcpt *e,
    const struct queue_rcpt *r)
{
	bool tried = r->last.verdict != OUTCOME_NONE;

	*out = (struct listing_rcpt){ e->addr, e->orig,
	    tried ? r->last.dsn : NULL, tried ? r->last.text : NULL };
}

static void
add_rcpts(struct listing_msg *out, const struct queue_msg *msg,
    enum queue_rcpt_state state)
{
	for (size_t i = 0; i < msg->env.nrcpts; i++)
		if (msg->rcpts[i].state == state)
			fill_rcpt(&out->rcpts[out->nrcpts++],
			    &msg->env.rcpts[i], &msg->rcpts[i]);
}

void
list_fill(struct listing_msg *out, const struct queue_msg *msg,
    const struct conf *conf)
{
	const struct envelope *env = &msg->env;

	*out = (struct listing_msg){
		.state = state_of(msg),
		.id = env->id,
		.arrival_sec = env->arrival_us / 1000000,
		.size = msg->size,
		.sender = env->sender,
		.uid = env->uid,
		.attempts = msg->attempts,
		.last_sec = msg->last_sec,
		.next_sec = msg->hold ? 0 : msg->next_sec,
		.envid = env->envid,
	};
	out->expires_sec = out->arrival_sec + (env->sender[0] == '\0' ?
	    conf->bounce_lifetime_sec : conf->lifetime_sec);
	out->rcpts = mem_array(NULL, env->nrcpts + 1, sizeof(*out->rcpts));
	add_rcpts(out, msg, QUEUE_RCPT_OWED);
	/* nothing but a report is owed: about whom, and why */
	if (out->nrcpts == 0)
		add_rcpts(out, msg, QUEUE_RCPT_FAILED);
}

void
list_fill_corrupt(struct listing_msg *out, const char *id)
{
	int64_t us = 0;
	size_t i;

	for (i = 0; i < TIME_DIGITS && text_is_hex(id[i]); i++)
		us = us << 4 | text_hex_value(id[i]);
	*out = (struct listing_msg){ .state = LISTING_CORRUPT, .id = id,
	    .arrival_sec = us / 1000000, .uid = -1, .attempts = -1 };
}

void
list_free(struct listing_msg *m)
{
	mem_free(m->rcpts);
	memset(m, 0, sizeof(*m));
}
