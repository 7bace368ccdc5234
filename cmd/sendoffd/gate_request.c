/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "queue/gate.h"

#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/gate_part.h"

enum {
	LOOKS = 64,			/* messages of a list at one go */
	PROGRESS_MS = 100,
};

void
gate_end(struct gate_client *c)
{
	(void)close(c->fd);
	mem_free(c->ids);
	*c = (struct gate_client){ .fd = -1, .state = GATE_OVER };
}

/* Answers; -1: it cannot be reached now (`later` if it just does not read). */
static int
answer(struct gate_client *c, const char *text, const int *fds, size_t nfds,
    bool *later)
{
	struct err err = { 0 };

	if (gate_send(c->fd, text, strlen(text), fds, nfds, &err) == 0)
		return 0;
	if (later != NULL)
		*later = err.sys == EAGAIN || err.sys == ENOBUFS;
	return -1;
}

static void
refuse(struct gate_client *c, const struct err *err)
{
	struct buf b;

	buf_init(&b, GATE_PACKET_MAX);
	buf_adds(&b, "no ");
	envelope_encode(&b, err->dsn, strlen(err->dsn));
	buf_addc(&b, ' ');
	envelope_encode(&b, err->text, strlen(err->text));
	(void)answer(c, buf_str(&b), NULL, 0, NULL);
	buf_free(&b);
	gate_end(c);
}

static bool
is_master(const struct gate_server *g, const struct gate_client *c)
{
	return c->uid == 0 || c->uid == queue_owner_uid(g->runner->queue);
}

/* What the front would look at, had it access. */
static int
check_limits(const struct gate_server *g, const struct gate_client *c,
    struct err *err)
{
	const struct conf *conf = &g->runner->site->conf;
	size_t n;

	if (queue_check_space(g->runner->queue, conf->min_free, err) == -1)
		return -1;
	if (conf->per_user == 0 || c->uid == 0)
		return 0;
	if (queue_count_uid(g->runner->queue, c->uid, &n, err) == -1)
		return -1;
	if ((int64_t)n >= conf->per_user)
		return err_set(err, ERR_TEMP, "4.2.2", "uid %" PRIu32
		    " has %zu messages in the queue already", c->uid, n);
	return 0;
}

static void
give_draft(struct gate_server *g, struct gate_client *c)
{
	struct draft d = { .fd = -1 };
	struct err err = { 0 };
	char text[ID_SIZE + 8];

	if (check_limits(g, c, &err) == -1 ||
	    draft_create_gate(g->runner->queue, c->uid, &d, &err) == -1) {
		log_error("gate: no draft for uid %" PRIu32 ": %s", c->uid,
		    err.text);
		refuse(c, &err);
		return;
	}
	(void)snprintf(text, sizeof(text), "draft %s", d.id);
	if (answer(c, text, &d.fd, 1, NULL) == -1)
		draft_abort(&d);
	else
		/* The lock is the caller's now: closed, not released. */
		(void)close(d.fd);
	gate_end(c);
}

void
gate_want_draft(struct gate_server *g, struct gate_client *c, int64_t tick)
{
	if (allowance_take(&g->drafts, c->uid, tick)) {
		give_draft(g, c);
		return;
	}
	c->state = GATE_DRAFT;
	c->tick = allowance_tick(&g->drafts, c->uid, tick);
}

void
gate_want_pass(struct gate_server *g, struct gate_client *c, int64_t tick)
{
	struct err err = { 0 };

	c->state = GATE_PASS;
	c->tick = tick;
	if (!is_master(g, c)) {
		/* the pass that there was counts for this one too */
		if (tick < g->pass_tick)
			return;
		g->pass_tick = tick + GATE_SERVER_PASS_MS;
	}
	if (dispatch_scan(g->runner, &err) == -1)
		log_error("%s", err.text);
	dispatch_flush(g->runner);
}

struct collect {
	const struct gate_server	*server;
	struct gate_client			*client;
	size_t				 cap;
};

static void
collect_entry(struct backlog_entry *e, void *arg)
{
	struct collect *all = arg;
	struct gate_client *c = all->client;

	/* What was never looked at may be anybody's: list_one finds out. */
	if (e->known && e->uid != c->uid && !is_master(all->server, c) &&
	    !all->server->runner->site->conf.list_all)
		return;
	if (c->nids == all->cap) {
		all->cap = all->cap != 0 ? 2 * all->cap : 64;
		c->ids = mem_array(c->ids, all->cap, sizeof(*c->ids));
	}
	memcpy(c->ids[c->nids++], e->id, ID_SIZE);
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

void
gate_want_list(struct gate_server *g, struct gate_client *c, int64_t tick)
{
	struct collect all = { g, c, 0 };

	c->state = GATE_LIST;
	c->tick = tick + GATE_SERVER_READ_MS;
	backlog_each(g->runner->backlog, collect_entry, &all);
	if (c->nids > 1)
		qsort(c->ids, c->nids, sizeof(*c->ids), compare_ids);
}

/* One message of a list; false: the caller does not read now, or is gone. */
static bool
list_one(struct gate_server *g, struct gate_client *c)
{
	const char *id = c->ids[c->at];
	struct queue_msg *msg;
	struct err err = { 0 };
	char text[ID_SIZE + 16];
	bool later = false, given = true;
	int fd = -1;

	if (queue_load(g->runner->queue, id, &msg, &err) != QUEUE_OK)
		return true;
	if ((msg->env.uid == c->uid || is_master(g, c) ||
	    g->runner->site->conf.list_all) &&
	    queue_abridge(msg, &fd, &err) == 0) {
		(void)snprintf(text, sizeof(text), "msg %s %d", id,
		    msg->active ? 1 : 0);
		given = answer(c, text, &fd, 1, &later) == 0;
		(void)close(fd);
	}
	queue_release(msg);
	if (!given && !later)
		gate_end(c);
	return given;
}

void
gate_list_some(struct gate_server *g, struct gate_client *c, int64_t tick)
{
	for (int i = 0; i < LOOKS && c->at < c->nids; i++) {
		if (!list_one(g, c))
			return;
		c->at++;
		c->tick = tick + GATE_SERVER_READ_MS;
	}
	if (c->at == c->nids && answer(c, "end", NULL, 0, NULL) == 0)
		gate_end(c);
}

void
gate_tell_progress(const struct gate_server *g, struct gate_client *c,
    int64_t tick)
{
	const struct runner *r = g->runner;
	char text[80];
	bool later = false;
	int ret;

	if (r->pass_done == r->pass_total) {
		(void)answer(c, "flushed", NULL, 0, NULL);
		gate_end(c);
		return;
	}
	if (c->done == r->pass_done && c->total == r->pass_total)
		return;
	(void)snprintf(text, sizeof(text), "progress %zu %zu", r->pass_done,
	    r->pass_total);
	ret = answer(c, text, NULL, 0, &later);
	if (ret == -1 && !later)
		gate_end(c);
	c->done = r->pass_done;
	c->total = r->pass_total;
	c->tick = tick + PROGRESS_MS;
}
