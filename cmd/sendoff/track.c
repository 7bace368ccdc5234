/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "queue/list.h"
#include "queue/trace.h"

#include "cmd/sendoff/track.h"

struct search {
	const struct track_key	*key;
	struct queue		*queue;
	struct tracks		*out;
};

static void
free_track(struct track *t)
{
	size_t i;

	for (i = 0; i < t->nrcpts; i++) {
		mem_free(t->rcpts[i].addr);
		mem_free(t->rcpts[i].orig);
	}
	for (i = 0; i < t->nreports; i++) {
		mem_free(t->reports[i].type);
		mem_free(t->reports[i].addr);
		mem_free(t->reports[i].orig);
		mem_free(t->reports[i].action);
		mem_free(t->reports[i].status);
		mem_free(t->reports[i].text);
	}
	mem_free(t->rcpts);
	mem_free(t->reports);
	mem_free(t->sender);
	mem_free(t->envid);
	mem_free(t->message_id);
}

void
tracks_free(struct tracks *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free_track(&s->v[i]);
	mem_free(s->v);
	memset(s, 0, sizeof(*s));
}

/* A copy; NULL for what is not there. */
static char *
copy(const char *s)
{
	return s != NULL && s[0] != '\0' ? mem_str(s) : NULL;
}

static struct track *
find_track(struct tracks *s, const char *id)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].id, id) == 0)
			return &s->v[i];
	return NULL;
}

/* In the order of ids, which is that of time. */
static struct track *
add_track(struct tracks *s, const char *id)
{
	struct track *t = find_track(s, id);
	size_t i = s->n;

	if (t != NULL)
		return t;
	s->v = mem_array(s->v, s->n + 1, sizeof(*s->v));
	for (; i > 0 && strcmp(s->v[i - 1].id, id) > 0; i--)
		s->v[i] = s->v[i - 1];
	memset(&s->v[i], 0, sizeof(*s->v));
	(void)snprintf(s->v[i].id, sizeof(s->v[i].id), "%s", id);
	s->n++;
	return &s->v[i];
}

static bool
is_message_id(const char *full, const char *want)
{
	size_t n = strlen(want);

	if (full == NULL)
		return false;
	if (full[0] == '<')
		full++;
	return strncmp(full, want, n) == 0 &&
	    (full[n] == '\0' || strcmp(full + n, ">") == 0);
}

static bool
matches(const struct track_key *k, const char *id, const char *envid,
    const char *message_id)
{
	if (k->id != NULL)
		return strcmp(k->id, id) == 0;
	if (k->envid != NULL)
		return envid != NULL && strcmp(k->envid, envid) == 0;
	return is_message_id(message_id, k->message_id);
}

static const char *
status_of(enum queue_rcpt_state state, const struct outcome *o, bool queued)
{
	switch (state) {
	case QUEUE_RCPT_SENT:
		return "sent";
	case QUEUE_RCPT_FAILED:
	case QUEUE_RCPT_TOLD:
		return o->verdict == OUTCOME_EXPIRED ? "expired" : "bounced";
	case QUEUE_RCPT_OWED:
		break;
	}
	if (!queued)
		return "removed";
	return o->verdict == OUTCOME_NONE ? "queued" : "deferred";
}

static void
add_rcpt(struct track *t, const char *addr, const char *orig,
    enum queue_rcpt_state state, const struct outcome *o, int64_t sec)
{
	if ((t->nrcpts & (t->nrcpts - 1)) == 0)
		t->rcpts = mem_array(t->rcpts, t->nrcpts == 0 ? 1 :
		    t->nrcpts * 2, sizeof(*t->rcpts));
	t->rcpts[t->nrcpts++] = (struct track_rcpt){ mem_str(addr),
	    copy(orig), status_of(state, o, t->queued), *o,
	    o->verdict == OUTCOME_NONE ? 0 : sec };
}

static void
add_report(struct track *t, const struct trace_event *e)
{
	t->reports = mem_array(t->reports, t->nreports + 1,
	    sizeof(*t->reports));
	t->reports[t->nreports++] = (struct track_report){ copy(e->type),
	    copy(e->addr), copy(e->orig), copy(e->action), copy(e->status),
	    copy(e->text), e->sec };
}

static void
fill_head(struct track *t, const char *sender, const char *envid,
    const char *message_id)
{
	t->known = true;
	t->sender = mem_str(sender);
	t->envid = copy(envid);
	t->message_id = copy(message_id);
}

static bool
take_event(const struct trace_event *e, void *arg)
{
	struct search *s = arg;
	struct track *t = find_track(s->out, e->id);

	switch (e->kind) {
	case TRACE_MESSAGE:
		if (!matches(s->key, e->id, e->envid, e->message_id))
			break;
		t = add_track(s->out, e->id);
		if (t->known)		/* in the queue, or told twice */
			break;
		t->arrival_sec = e->arrival_us / 1000000;
		t->uid = e->uid;
		t->size = e->size;
		fill_head(t, e->sender, e->envid, e->message_id);
		break;
	case TRACE_RCPT:
		/* Numbered from 0: what is told twice counts once. */
		if (t != NULL && t->known && !t->queued &&
		    e->rcpt == t->nrcpts)
			add_rcpt(t, e->addr, e->orig, e->state, &e->outcome,
			    e->sec);
		break;
	case TRACE_REPORT:
		if (t == NULL && s->key->id != NULL &&
		    strcmp(s->key->id, e->id) == 0)
			t = add_track(s->out, e->id);
		if (t != NULL)
			add_report(t, e);
		break;
	}
	return true;
}

static void
take_queued(struct search *s, const struct queue_msg *m)
{
	const struct envelope *env = &m->env;
	struct track *t;
	size_t i;

	if (!matches(s->key, env->id, env->envid, env->message_id))
		return;
	t = add_track(s->out, env->id);
	t->queued = true;
	t->arrival_sec = env->arrival_us / 1000000;
	t->uid = env->uid;
	t->size = m->size;
	fill_head(t, env->sender, env->envid, env->message_id);
	for (i = 0; i < env->nrcpts; i++)
		add_rcpt(t, env->rcpts[i].addr, env->rcpts[i].orig,
		    m->rcpts[i].state, &m->rcpts[i].last,
		    m->rcpts[i].last_sec);
}

static bool
look_at(const char *id, void *arg)
{
	struct search *s = arg;
	struct queue_msg *m;
	struct err ignored;		/* what cannot be read is not known */

	if (queue_load(s->queue, id, &m, &ignored) != QUEUE_OK)
		return true;
	take_queued(s, m);
	queue_release(m);
	return true;
}

int
tracks_find(struct queue *q, const struct track_key *key, int64_t since_sec,
    struct tracks *out, struct err *err)
{
	struct tracks found = { NULL, 0 };
	struct search s = { key, q, &found };
	int ret = 0;

	/* The queue first: what ends meanwhile is in the history then. */
	if (key->id != NULL)
		(void)look_at(key->id, &s);
	else
		ret = queue_scan(q, look_at, &s, err);
	if (ret == 0)
		ret = trace_scan(q, since_sec, take_event, &s, err);
	if (ret == -1) {
		tracks_free(&found);
		return -1;
	}
	*out = found;
	return 0;
}
