/* SPDX-License-Identifier: ISC */
/*
 * mailq - the queue, shown. Root and its owner open it; anybody else is shown
 * his own messages by the child that kept the group, or by the runner.
 */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendmail/front.h"
#include "cmd/sendmail/mailq.h"
#include "cmd/sendmail/say.h"
#include "core/mail/listing.h"
#include "queue/gate.h"
#include "queue/list.h"
#include "queue/runner.h"

enum {
	OUT_BLOCK = 32 * 1024,		/* bytes gathered before a write */
	OUT_MAX = 64 * 1024 * 1024,	/* bytes of one message's listing */
};

struct shown {
	const struct front	*front;
	struct buf		 out;
	struct listing_total	 total;
	bool			 alive;		/* a runner */
	bool			 failed;	/* standard output is gone */
};

static void
flush(struct shown *s)
{
	if (!s->failed && s->out.n != 0 &&
	    say_out(s->out.p, s->out.n) == -1)
		s->failed = true;
	buf_reset(&s->out);
}

static bool
contains(const char *text, const char *part)
{
	return text != NULL && strstr(text, part) != NULL;
}

static bool
has(const struct listing_msg *m, const struct options_filter *f)
{
	switch (f->field) {
	case OPTIONS_BY_ID:
		return contains(m->id, f->text);
	case OPTIONS_BY_SENDER:
		return contains(m->sender, f->text);
	case OPTIONS_BY_RCPT:
		for (size_t i = 0; i < m->nrcpts; i++)
			if (contains(m->rcpts[i].addr, f->text) ||
			    contains(m->rcpts[i].orig, f->text))
				return true;
		break;
	}
	return false;
}

bool
mailq_wanted(const struct options *o, const struct listing_msg *m)
{
	for (size_t i = 0; i < o->nfilters; i++) {
		bool any = false;

		for (size_t j = 0; j < o->nfilters; j++)
			if (o->filters[j].field == o->filters[i].field &&
			    has(m, &o->filters[j]) != o->filters[j].except)
				any = true;
		if (!any)
			return false;
	}
	return true;
}

static void
show(struct shown *s, const struct listing_msg *m)
{
	const struct options *o = &s->front->options;

	if (!mailq_wanted(o, m))
		return;
	if (o->count) {
		s->total.n++;
		return;
	}
	if (o->json) {
		listing_json(&s->out, m);
	} else {
		if (s->total.n == 0)
			listing_text_head(&s->out);
		listing_text(&s->out, m, &s->total);
	}
	if (s->out.n >= OUT_BLOCK)
		flush(s);
}

static void
show_msg(struct shown *s, const struct queue_msg *msg)
{
	struct listing_msg m;

	list_fill(&m, msg, &s->front->site.conf);
	show(s, &m);
	list_free(&m);
}

/* What the child or the runner hands over. */
static void
show_fd(const char *id, bool active, int fd, void *arg)
{
	struct shown *s = arg;
	struct queue_msg *msg;
	struct err err = { 0 };

	switch (queue_load_fd(fd, id, &msg, &err)) {
	case QUEUE_OK:
		msg->active = active;
		show_msg(s, msg);
		queue_release(msg);
		break;
	case QUEUE_BUSY:
	case QUEUE_GONE:
		break;
	default:
		say("%s", err.text);
		break;
	}
}

static int
show_corrupt(struct shown *s, struct queue *q, struct err *err)
{
	struct list_ids ids;
	struct listing_msg m;

	if (list_corrupt_ids(q, &ids, err) == -1)
		return -1;
	for (size_t i = 0; i < ids.n; i++) {
		list_fill_corrupt(&m, ids.v[i]);
		show(s, &m);
	}
	list_ids_free(&ids);
	return 0;
}

/* A member of the queue's group may open it, and is shown his own all the
 * same. */
static bool
may_see_all(const struct shown *s, const struct queue *q)
{
	uint32_t uid = s->front->caller.uid;

	return uid == 0 || uid == queue_owner_uid(q) ||
	    s->front->site.conf.list_all;
}

static int
show_queue(struct shown *s, struct queue *q, struct err *err)
{
	struct list_ids ids;
	struct queue_msg *msg;
	struct err why = { 0 };
	bool all = may_see_all(s, q);

	if (list_ids(q, &ids, err) == -1)
		return -1;
	for (size_t i = 0; i < ids.n && !s->failed; i++) {
		switch (queue_load(q, ids.v[i], &msg, &why)) {
		case QUEUE_OK:
			if (all || msg->env.uid == s->front->caller.uid)
				show_msg(s, msg);
			queue_release(msg);
			break;
		case QUEUE_BUSY:
		case QUEUE_GONE:
			break;
		default:
			if (all)
				say("%s", why.text);
			break;
		}
	}
	list_ids_free(&ids);
	return all ? show_corrupt(s, q, err) : 0;
}

static void
say_no_runner(struct shown *s)
{
	const struct options *o = &s->front->options;

	if (!s->alive && !o->json && !o->count)
		listing_text_no_runner(&s->out);
}

static int
list_own(struct shown *s, struct err *err)
{
	const struct conf *conf = &s->front->site.conf;

	if (s->front->lister.fd != -1) {
		s->alive = s->front->runner_alive;
		say_no_runner(s);
		return lister_list(&s->front->lister, show_fd, s, err);
	}
	if (conf->gate == NULL)
		return -1;
	s->alive = true;
	return gate_list(conf->gate, show_fd, s, err);
}

static int
list(struct shown *s, struct err *err)
{
	const struct conf *conf = &s->front->site.conf;
	struct queue *q;
	int ret;

	if (s->front->lister.fd != -1)
		return list_own(s, err);
	if (drafts_open_queue(conf, QUEUE_READ, &q, err) == -1)
		return drafts_refused(err) ? list_own(s, err) : -1;
	s->alive = queue_runner_alive(q, NULL);
	say_no_runner(s);
	ret = show_queue(s, q, err);
	queue_close(q);
	return ret;
}

int
mailq_run(struct front *f)
{
	struct shown s = { .front = f };
	struct err err = { 0 };
	int code = EX_OK;

	buf_init(&s.out, OUT_MAX);
	if (list(&s, &err) == -1)
		code = say_err(&err);
	else if (f->options.count)
		buf_addf(&s.out, "%zu\n", s.total.n);
	else if (!f->options.json)
		listing_text_tail(&s.out, &s.total, f->site.conf.trailer,
		    f->site.conf.queue_dir);
	flush(&s);
	if (s.failed && code == EX_OK)
		code = EX_IOERR;
	buf_free(&s.out);
	return code;
}
