/* SPDX-License-Identifier: ISC */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/smtp/wire.h"

enum {
	REPLY_SHOWN_MAX = 250,		/* bytes of a reply in an error */
};

void
smtp_wire_open(struct smtp_wire *w, struct stream *stream,
    const struct conf_relay *relay, smtp_trace trace, void *trace_arg)
{
	memset(w, 0, sizeof(*w));
	w->stream = *stream;
	memset(stream, 0, sizeof(*stream));
	w->relay = relay;
	w->trace = trace;
	w->trace_arg = trace_arg;
	smtp_reply_init(&w->reply);
	buf_init(&w->out, SMTP_WIRE_OUT);
	/* Nothing that holds a credential is moved, and left behind. */
	buf_reserve(&w->out, SMTP_REPLY_LINE_MAX);
}

void
smtp_wire_close(struct smtp_wire *w)
{
	stream_close(&w->stream);
	smtp_reply_free(&w->reply);
	/* Credentials passed through it. */
	buf_wipe(&w->out);
	memset(w, 0, sizeof(*w));
}

/* From here on nothing that this peer says counts. */
static int
give_up(struct smtp_wire *w, struct err *err)
{
	if (!w->broken) {
		w->broken = true;
		w->err = *err;
	}
	return -1;
}

static int
still_broken(const struct smtp_wire *w, struct err *err)
{
	*err = w->err;
	return -1;
}

void
smtp_wire_say(struct smtp_wire *w, const char *p, size_t n, const char *shown)
{
	buf_add(&w->out, p, n);
	if (w->trace == NULL)
		return;
	if (shown != NULL)
		w->trace(w->trace_arg, 'C', shown, strlen(shown));
	else
		w->trace(w->trace_arg, 'C', p, n > 2 ? n - 2 : 0);
}

/* What a stream's error means here, in words. */
static int
stream_failed(struct smtp_wire *w, enum smtp_phase phase, const char *doing,
    struct err *err)
{
	(void)err_ctx(err, "%s %s", doing, smtp_phases[phase].name);
	return give_up(w, err);
}

int
smtp_wire_flush(struct smtp_wire *w, enum smtp_phase phase, struct err *err)
{
	int ret;

	if (w->broken)
		return still_broken(w, err);
	if (w->out.over) {
		(void)err_set(err, ERR_TEMP, "4.3.0",
		    "more to send than fits at once");
		return give_up(w, err);
	}
	if (w->out.n == 0)
		return 0;
	stream_set_timeout(&w->stream, smtp_phase_timeout_ms(phase, w->relay));
	ret = stream_write(&w->stream, w->out.p, w->out.n, err);
	buf_reset(&w->out);
	if (ret == -1)
		return stream_failed(w, phase, "sending before", err);
	return 0;
}

static void
trace_reply(struct smtp_wire *w, enum smtp_phase phase)
{
	const struct smtp_reply *r = &w->reply;
	const char *p = buf_str(&r->text), *lf;
	size_t n = r->text.n, len, head;
	struct buf b;

	if (w->trace == NULL)
		return;
	buf_init(&b, SMTP_REPLY_MAX + 32);
	for (;;) {
		lf = memchr(p, '\n', n);
		len = lf != NULL ? (size_t)(lf - p) : n;
		buf_reset(&b);
		buf_addf(&b, "%d%c", r->code, lf != NULL ? '-' : ' ');
		head = b.n;
		if (r->dsn[0] != '\0')
			buf_addf(&b, "%s ", r->dsn);
		buf_add(&b, p, len);
		if (phase == SMTP_AUTH && r->code == 334) {
			buf_cut(&b, head);
			buf_adds(&b, "***");
		}
		w->trace(w->trace_arg, 'S', buf_str(&b), b.n);
		if (lf == NULL)
			break;
		p += len + 1;
		n -= len + 1;
	}
	buf_free(&b);
}

/* More bytes into w->in, which is empty. */
static int
fill(struct smtp_wire *w, enum smtp_phase phase, struct err *err)
{
	ssize_t got = stream_read(&w->stream, w->in, sizeof(w->in), err);

	w->in_at = 0;
	w->in_n = got > 0 ? (size_t)got : 0;
	if (got > 0)
		return 0;
	if (got == -1)
		return stream_failed(w, phase, "waiting for", err);
	(void)err_set(err, ERR_PROTO, "4.4.2",
	    "the relay closed the connection before %s came%s",
	    smtp_phases[phase].name, w->reply.line.n > 0 ||
	    w->reply.lines > 0 ? " whole" : "");
	return give_up(w, err);
}

int
smtp_wire_read(struct smtp_wire *w, enum smtp_phase phase, struct err *err)
{
	enum smtp_reply_state state = SMTP_REPLY_MORE;
	int64_t left;
	size_t used;

	if (w->broken)
		return still_broken(w, err);
	smtp_reply_reset(&w->reply);
	/* One deadline for the whole reply, or a byte now and then would
	 * hold us for ever. */
	left = smtp_phase_timeout_ms(phase, w->relay) - w->waited_ms;
	stream_set_timeout(&w->stream, left > 0 ? left : 1);
	w->waited_ms = 0;
	while (state == SMTP_REPLY_MORE) {
		if (w->in_at == w->in_n && fill(w, phase, err) == -1)
			return -1;
		state = smtp_reply_feed(&w->reply, w->in + w->in_at,
		    w->in_n - w->in_at, &used, err);
		w->in_at += used;
	}
	if (state == SMTP_REPLY_BAD) {
		(void)err_ctx(err, "%s", smtp_phases[phase].name);
		return give_up(w, err);
	}
	trace_reply(w, phase);
	return 0;
}

int
smtp_wire_ask(struct smtp_wire *w, enum smtp_phase phase, const char *p,
    size_t n, const char *shown, struct err *err)
{
	smtp_wire_say(w, p, n, shown);
	if (smtp_wire_flush(w, phase, err) == -1)
		return -1;
	return smtp_wire_read(w, phase, err);
}

bool
smtp_wire_stirs(struct smtp_wire *w)
{
	return w->broken || w->in_at < w->in_n ||
	    stream_readable(&w->stream, 0);
}

bool
smtp_wire_wait(struct smtp_wire *w, enum smtp_phase phase, int other_fd)
{
	struct pollfd p[2] = {
		{ .fd = stream_pollfd(&w->stream), .events = POLLIN },
		{ .fd = other_fd, .events = POLLIN },
	};
	int64_t start = clock_tick_ms(), left;
	int n;

	if (p[0].fd == -1 || smtp_wire_stirs(w))
		return true;
	left = smtp_phase_timeout_ms(phase, w->relay) - w->waited_ms;
	if (left <= 0)
		return true;
	n = poll(p, 2, left > INT32_MAX ? INT32_MAX : (int)left);
	w->waited_ms += clock_tick_ms() - start;
	return n <= 0 || p[0].revents != 0;
}

int
smtp_wire_quiet(struct smtp_wire *w, struct err *err)
{
	if (w->broken)
		return still_broken(w, err);
	if (!smtp_wire_stirs(w))
		return 0;
	/* Short: whatever it is, it is there already. */
	if (smtp_wire_read(w, SMTP_QUIT, err) == -1) {
		(void)err_set(err, ERR_PROTO, "4.4.2",
		    "the relay closed the connection between commands");
		return -1;
	}
	if (w->reply.code == 421)
		(void)smtp_wire_refuse(w, "the relay ended the session", err);
	else
		(void)smtp_wire_refuse(w, "a reply that nobody asked for",
		    err);
	return give_up(w, err);
}

int
smtp_wire_refuse(const struct smtp_wire *w, const char *what, struct err *err)
{
	char dsn[sizeof(err->dsn)];
	struct buf b;

	(void)snprintf(dsn, sizeof(dsn), "4%s",
	    w->reply.dsn[0] != '\0' ? w->reply.dsn + 1 : ".0.0");
	buf_init(&b, REPLY_SHOWN_MAX);
	smtp_reply_show(&w->reply, &b, REPLY_SHOWN_MAX);
	(void)err_set(err, ERR_TEMP, dsn, "%s: %s", what, buf_str(&b));
	buf_free(&b);
	return -1;
}
