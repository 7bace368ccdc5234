/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "core/mail/envelope.h"
#include "core/mail/line.h"
#include "queue/format.h"
#include "queue/trace_line.h"

static const char *const kinds[] = {
	[TRACE_MESSAGE] = "message", [TRACE_RCPT] = "rcpt",
	[TRACE_REPORT] = "report",
};

static const char *const states[] = {
	[QUEUE_RCPT_OWED] = "removed", [QUEUE_RCPT_SENT] = "sent",
	[QUEUE_RCPT_FAILED] = "failed", [QUEUE_RCPT_TOLD] = "told",
};

static void
add_value(struct buf *b, const char *s)
{
	buf_addc(b, ' ');
	envelope_encode(b, s != NULL ? s : "", s != NULL ? strlen(s) : 0);
}

void
trace_line_write(const struct trace_event *e, struct buf *out)
{
	struct buf b;

	buf_init(&b, TRACE_LINE_MAX - 10);
	buf_addf(&b, "%s %s %" PRId64, kinds[e->kind], e->id, e->sec);
	switch (e->kind) {
	case TRACE_MESSAGE:
		buf_addf(&b, " %" PRId64 " %" PRIu32 " %" PRId64,
		    e->arrival_us, e->uid, e->size);
		add_value(&b, e->sender);
		add_value(&b, e->envid);
		add_value(&b, e->message_id);
		break;
	case TRACE_RCPT:
		buf_addf(&b, " %" PRIu32 " %s", e->rcpt, states[e->state]);
		add_value(&b, e->addr);
		add_value(&b, e->orig);
		buf_addc(&b, ' ');
		outcome_write(&e->outcome, &b);
		break;
	case TRACE_REPORT:
		add_value(&b, e->type);
		add_value(&b, e->addr);
		add_value(&b, e->orig);
		add_value(&b, e->action);
		add_value(&b, e->status);
		add_value(&b, e->text);
		break;
	}
	if (!b.over)
		format_line_write(b.p, b.n, out);
	buf_free(&b);
}

/*
 * A value goes to the end of room, which has space for all of the line from
 * the start: so it does not move, and the event may point into it.
 */
static void
take_value(struct line *l, struct buf *room, const char **out)
{
	struct slice w = line_word(l);
	size_t at = room->n;

	*out = "";
	if (w.p == NULL)
		return;
	if (!envelope_decode(room, w.p, w.n)) {
		l->bad = true;
		return;
	}
	buf_addc(room, '\0');
	*out = room->p + at;
	/* one with a NUL in it is not ours */
	if (strlen(*out) != room->n - at - 1)
		l->bad = true;
}

static void
read_fields(struct line *l, struct trace_event *e, struct buf *room)
{
	switch (e->kind) {
	case TRACE_MESSAGE:
		e->arrival_us = line_int(l, 0, INT64_MAX);
		e->uid = (uint32_t)line_int(l, 0, UINT32_MAX);
		e->size = line_int(l, 0, INT64_MAX);
		take_value(l, room, &e->sender);
		take_value(l, room, &e->envid);
		take_value(l, room, &e->message_id);
		break;
	case TRACE_RCPT:
		e->rcpt = (uint32_t)line_int(l, 0, UINT32_MAX);
		e->state = (enum queue_rcpt_state)line_choice(l, states,
		    NELEM(states));
		take_value(l, room, &e->addr);
		take_value(l, room, &e->orig);
		outcome_read(l, &e->outcome);
		break;
	case TRACE_REPORT:
		take_value(l, room, &e->type);
		take_value(l, room, &e->addr);
		take_value(l, room, &e->orig);
		take_value(l, room, &e->action);
		take_value(l, room, &e->status);
		take_value(l, room, &e->text);
		break;
	}
}

bool
trace_line_parse(const char *p, size_t n, struct trace_event *e,
    struct buf *room)
{
	struct slice text;
	struct line l;

	memset(e, 0, sizeof(*e));
	e->sender = e->envid = e->message_id = e->addr = e->orig = "";
	e->type = e->action = e->status = e->text = "";
	buf_reset(room);
	if (n >= TRACE_LINE_MAX || !format_line_check(p, n, &text))
		return false;
	buf_reserve(room, n + 8);
	line_of(&l, text.p, text.n);
	e->kind = (enum trace_kind)line_choice(&l, kinds, NELEM(kinds));
	if (l.bad)
		return false;
	line_string_to(&l, e->id, sizeof(e->id));
	e->sec = line_int(&l, 0, INT64_MAX);
	read_fields(&l, e, room);
	return line_end(&l) && id_check(e->id, strlen(e->id));
}
