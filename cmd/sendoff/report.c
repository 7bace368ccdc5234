/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/mail/report.h"
#include "queue/trace.h"

#include "cmd/sendoff/admin.h"
#include "cmd/sendoff/input.h"

enum {
	OUT_MAX = 512 * 1024 * 1024,	/* bytes; recipients bound it first */
};

static const char usage[] = "report [--json] [--record] < message";

/* Which message of ours it is about. */
struct search {
	const struct report	*report;
	struct queue		*queue;
	char			 id[ID_SIZE];	/* "": none found */
};

static bool
is_it(const struct report *r, const char *envid, const char *message_id)
{
	if (r->envelope_id != NULL && envid != NULL && envid[0] != '\0')
		return strcmp(r->envelope_id, envid) == 0;
	return r->message_id != NULL && message_id != NULL &&
	    strcmp(r->message_id, message_id) == 0;
}

/* The last of several: ids of envelopes are the sender's to choose. */
static bool
look_in_trace(const struct trace_event *e, void *arg)
{
	struct search *s = arg;

	if (e->kind == TRACE_MESSAGE &&
	    is_it(s->report, e->envid, e->message_id))
		(void)snprintf(s->id, sizeof(s->id), "%s", e->id);
	return true;
}

static bool
look_in_queue(const char *id, void *arg)
{
	struct search *s = arg;
	struct queue_msg *msg;
	struct err err;

	if (queue_load(s->queue, id, &msg, &err) != QUEUE_OK)
		return true;
	if (is_it(s->report, msg->env.envid, msg->env.message_id))
		(void)snprintf(s->id, sizeof(s->id), "%s", id);
	queue_release(msg);
	return s->id[0] == '\0';
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static int
note(struct search *s, const struct report_rcpt *rcpt, struct err *err)
{
	const struct report *r = s->report;
	bool mdn = r->kind == REPORT_MDN;
	struct trace_event e = { .kind = TRACE_REPORT,
	    .sec = clock_wall_sec(), .type = mdn ? "mdn" : "dsn",
	    .addr = or_empty(rcpt->final), .orig = or_empty(rcpt->original),
	    .action = or_empty(mdn ? r->disposition : rcpt->action),
	    .status = or_empty(rcpt->status),
	    .text = or_empty(rcpt->diagnostic) };

	(void)snprintf(e.id, sizeof(e.id), "%s", s->id);
	return trace_note(s->queue, &e, err);
}

static int
record(struct admin *a, const struct report *r)
{
	struct search s = { .report = r };
	struct err err;
	size_t i;
	int status = admin_queue(a, QUEUE_RUN);

	if (status != EX_OK)
		return status;
	if (a->conf.history_sec == 0)
		return admin_say(EX_CONFIG, "report: nothing can be recorded, "
		    "since [queue] history is 0");
	s.queue = a->queue;
	if (trace_scan(a->queue, clock_wall_sec() - a->conf.history_sec,
	    look_in_trace, &s, &err) == -1)
		return admin_fail(&err);
	if (s.id[0] == '\0' &&
	    queue_scan(a->queue, look_in_queue, &s, &err) == -1)
		return admin_fail(&err);
	if (s.id[0] == '\0')
		return admin_say(EX_NOINPUT, "report: it is about no message "
		    "that this machine knows of");
	for (i = 0; i < r->nrcpts; i++)
		if (note(&s, &r->rcpts[i], &err) == -1)
			return admin_fail(&err);
	return EX_OK;
}

static int
show(const struct report *r, bool json)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	if (json)
		report_json(r, &out);
	else
		report_text(r, &out);
	admin_put(&out);
	buf_free(&out);
	if (r->problem == NULL)
		return EX_OK;
	return admin_say(EX_DATAERR, "report: malformed: %s", r->problem);
}

int
report_main(struct admin *a, int argc, char **argv)
{
	bool json = false, keep = false;
	const struct admin_opt opts[] = {
		{ "json", ADMIN_FLAG, &json, NULL },
		{ "record", ADMIN_FLAG, &keep, NULL },
	};
	struct message message;
	struct report r = { 0 };
	struct buf body;
	struct err err;
	int status;

	if (admin_opts(opts, NELEM(opts), argc, argv) != 0)
		return admin_usage(usage);
	if (input_read(&message, &body, INPUT_BODY_MAX, &err) == -1 ||
	    report_parse(&r, buf_slice(&message.header), buf_slice(&body),
	    &err) == -1) {
		status = admin_fail(&err);
	} else {
		status = show(&r, json);
		if (status == EX_OK && keep)
			status = record(a, &r);
	}
	report_free(&r);
	message_free(&message);
	buf_free(&body);
	return status;
}
