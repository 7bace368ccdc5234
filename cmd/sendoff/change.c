/* SPDX-License-Identifier: ISC */
/*
 * hold, release, remove, retry. Each message is claimed first, so a message
 * that a runner is just sending stays as it is. The runner hears of a
 * change by the file that was written to and closed.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/base/clock.h"
#include "queue/corrupt.h"
#include "queue/runner.h"
#include "queue/trace.h"

#include "cmd/sendoff/admin.h"
#include "cmd/sendoff/select.h"

enum verb { HOLD, RELEASE, REMOVE, RETRY };

static const char *const verbs[] = { "hold", "release", "remove", "retry" };

struct change {
	struct admin	*admin;
	enum verb	 verb;
	size_t		 done;		/* messages changed */
	int		 status;	/* the first one that is not 0 */
};

static void
failed(struct change *c, int status)
{
	if (c->status == EX_OK)
		c->status = status;
}

static void
done(struct change *c, const char *id, const char *what)
{
	(void)printf("%s: %s\n", id, what);
	c->done++;
}

static int
make_due(struct queue_msg *m, struct err *err)
{
	return queue_record_due(m, clock_wall_sec(), err);
}

/* The history is nobody's mail: a disk that is full must not keep somebody
 * from removing messages. */
static void
remember(const struct change *c, const struct queue_msg *m)
{
	struct err err = { 0 };

	if (c->admin->conf.history_sec > 0 && trace_add(c->admin->queue, m,
	    clock_wall_sec(), &err) == -1)
		(void)admin_say(0, "%s", err.text);
}

/* Takes msg, which is claimed. */
static int
apply(struct change *c, struct queue_msg *m, const char **what,
    struct err *err)
{
	int ret = -1;

	switch (c->verb) {
	case REMOVE:
		*what = "removed";
		remember(c, m);
		return queue_finish(m, err);
	case HOLD:
		*what = m->hold ? "was on hold" : "on hold";
		ret = m->hold ? 0 : queue_record_hold(m, true, err);
		break;
	case RELEASE:
		*what = m->hold ? "released, due now" :
		    "was not on hold, due now";
		if (m->hold && queue_record_hold(m, false, err) == -1)
			break;
		ret = make_due(m, err);
		break;
	case RETRY:
		*what = m->hold ? "due now, but on hold" : "due now";
		ret = make_due(m, err);
		break;
	}
	if (ret == 0)
		ret = queue_record_sync(m, err);
	queue_release(m);
	return ret;
}

/* An id that is not in queue/. */
static void
change_corrupt(struct change *c, const char *id)
{
	struct queue *q = c->admin->queue;
	struct err err = { 0 };

	if (!corrupt_has(q, id)) {
		failed(c, admin_say(EX_NOINPUT, "%s: there is no such "
		    "message", id));
	} else if (c->verb == REMOVE) {
		if (corrupt_remove(q, id, &err) == -1)
			failed(c, admin_fail(&err));
		else
			done(c, id, "removed from corrupt");
	} else if (c->verb == RELEASE) {
		if (corrupt_restore(q, id, &err) == -1)
			failed(c, admin_say(EX_TEMPFAIL, "%s: stays in "
			    "corrupt: %s", id, err.text));
		else
			done(c, id, "taken back from corrupt");
	} else {
		failed(c, admin_say(EX_TEMPFAIL, "%s: it is in corrupt; "
		    "show, release and remove work there", id));
	}
}

static void
change_one(struct change *c, const char *id, bool named)
{
	struct queue_msg *m;
	struct err err = { 0 };
	const char *what = "";

	switch (queue_claim(c->admin->queue, id, &m, &err)) {
	case QUEUE_OK:
		if (apply(c, m, &what, &err) == -1)
			failed(c, admin_fail(&err));
		else
			done(c, id, what);
		break;
	case QUEUE_BUSY:
		failed(c, admin_say(EX_TEMPFAIL, "%s: it is just being sent; "
		    "left alone", id));
		break;
	case QUEUE_GONE:
		if (named)
			change_corrupt(c, id);
		break;
	case QUEUE_CORRUPT:
		(void)admin_say(0, "%s; moved to corrupt", err.text);
		if (named)
			change_corrupt(c, id);
		else
			failed(c, EX_TEMPFAIL);
		break;
	case QUEUE_FOREIGN:
	case QUEUE_FAILED:
		failed(c, admin_fail(&err));
		break;
	}
}

/* Looks before it claims, so that what does not match is not disturbed. */
static bool
matches(struct change *c, const struct select *s, const char *id)
{
	struct queue_msg *m;
	struct err err = { 0 };
	bool yes;

	switch (queue_load(c->admin->queue, id, &m, &err)) {
	case QUEUE_OK:
		yes = s->all || select_match(s, m, clock_wall_sec());
		/* By name it is made due; the others were not meant. */
		if (c->verb == RELEASE && !m->hold)
			yes = false;
		queue_release(m);
		return yes;
	case QUEUE_BUSY:
	case QUEUE_GONE:
		return false;
	case QUEUE_CORRUPT:
	case QUEUE_FOREIGN:
	case QUEUE_FAILED:
		break;
	}
	failed(c, admin_fail(&err));
	return false;
}

static int
change_selected(struct change *c, const struct select *s)
{
	struct list_ids ids;
	struct err err = { 0 };
	size_t i, n = 0;

	if (list_ids(c->admin->queue, &ids, &err) == -1)
		return admin_fail(&err);
	for (i = 0; i < ids.n; i++)
		if (matches(c, s, ids.v[i])) {
			change_one(c, ids.v[i], false);
			n++;
		}
	list_ids_free(&ids);
	if (n == 0)
		(void)printf("no message matches\n");
	return EX_OK;
}

int
change_main(struct admin *a, int argc, char **argv)
{
	struct change c = { .admin = a };
	struct select s;
	struct err err = { 0 };
	int status;
	size_t i;

	for (i = 0; i < NELEM(verbs); i++)
		if (strcmp(argv[0], verbs[i]) == 0)
			c.verb = (enum verb)i;
	status = select_parse(&s, argc, argv);
	if (status != EX_OK)
		return status;
	status = admin_queue(a, QUEUE_RUN);
	if (status != EX_OK)
		return status;
	if (s.nids == 0)
		failed(&c, change_selected(&c, &s));
	for (i = 0; i < s.nids; i++)
		change_one(&c, s.ids[i], true);
	if (queue_sync(a->queue, &err) == -1)
		failed(&c, admin_fail(&err));
	if (c.done > 0 && (c.verb == RELEASE || c.verb == RETRY) &&
	    !queue_runner_alive(a->queue, NULL))
		(void)admin_say(0, "no queue runner is alive to send this");
	return c.status;
}
