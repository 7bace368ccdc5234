/* SPDX-License-Identifier: ISC */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/mail/listing.h"
#include "queue/corrupt.h"
#include "queue/history.h"
#include "queue/list.h"

#include "cmd/sendoff/admin.h"

enum {
	OUT_MAX = 64 * 1024 * 1024,
	SHOWN_MAX = 2000,		/* bytes of one value */
	COPY_BYTES = 32768,
};

struct shown {
	struct buf		 out;
	const struct queue_msg	*msg;
};

static void
add(struct buf *b, const char *s)
{
	text_clean(b, s, strlen(s), SHOWN_MAX);
}

static void
add_path(struct buf *b, const char *addr)
{
	buf_addc(b, '<');
	add(b, addr);
	buf_addc(b, '>');
}

/* "Name:      " */
static void
label(struct buf *b, const char *name)
{
	buf_addf(b, "%s:%*s", name, (int)(12 - strlen(name)), "");
}

static void
time_line(struct buf *b, const char *name, int64_t sec)
{
	if (sec == 0)
		return;
	label(b, name);
	admin_add_time(b, sec);
	buf_addc(b, '\n');
}

static void
text_line(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	label(b, name);
	add(b, value);
	buf_addc(b, '\n');
}

static void
add_outcome(struct buf *b, const struct outcome *o)
{
	buf_addf(b, " %s", o->dsn);
	if (o->relay[0] != '\0') {
		buf_adds(b, " ");
		add(b, o->relay);
	}
	if (o->text[0] != '\0') {
		buf_adds(b, " (");
		add(b, o->text);
		buf_addc(b, ')');
	}
}

static void
add_rcpt(struct buf *b, const struct queue_msg *m, size_t i)
{
	static const char *const states[] = {
		[QUEUE_RCPT_OWED] = "waits", [QUEUE_RCPT_SENT] = "sent",
		[QUEUE_RCPT_FAILED] = "failed, to be reported",
		[QUEUE_RCPT_TOLD] = "failed, settled",
	};
	static const struct { unsigned bit; const char *name; } notify[] = {
		{ NOTIFY_NEVER, "never" }, { NOTIFY_SUCCESS, "success" },
		{ NOTIFY_FAILURE, "failure" }, { NOTIFY_DELAY, "delay" },
	};
	const struct envelope_rcpt *e = &m->env.rcpts[i];
	size_t j;

	label(b, "Recipient");
	add_path(b, e->addr);
	if (e->orig != NULL) {
		buf_adds(b, " for ");
		add(b, e->orig);
	}
	for (j = 0; j < NELEM(notify); j++)
		if ((e->notify & notify[j].bit) != 0)
			buf_addf(b, " notify=%s", notify[j].name);
	buf_addf(b, ": %s", states[m->rcpts[i].state]);
	if (m->rcpts[i].last.verdict != OUTCOME_NONE)
		add_outcome(b, &m->rcpts[i].last);
	buf_addc(b, '\n');
}

static void
add_submitter(struct buf *b, uint32_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	label(b, "Submitter");
	buf_addf(b, "uid %u", (unsigned)uid);
	if (pw != NULL) {
		buf_adds(b, " (");
		add(b, pw->pw_name);
		buf_addc(b, ')');
	}
	buf_addc(b, '\n');
}

static void
add_envelope(struct buf *b, const struct queue_msg *m,
    const struct listing_msg *l, const char *state)
{
	size_t i;

	text_line(b, "Id", m->env.id);
	text_line(b, "State", state);
	label(b, "Size");
	buf_addf(b, "%jd bytes\n", (intmax_t)m->size);
	time_line(b, "Arrival", l->arrival_sec);
	time_line(b, "Expires", l->expires_sec);
	add_submitter(b, m->env.uid);
	label(b, "Sender");
	add_path(b, m->env.sender);
	buf_addc(b, '\n');
	text_line(b, "Message-ID", m->env.message_id);
	text_line(b, "Envelope-ID", m->env.envid);
	text_line(b, "Tag", m->env.tag);
	label(b, "Attempts");
	buf_addf(b, "%u\n", (unsigned)m->attempts);
	time_line(b, "Last", m->last_sec);
	time_line(b, "Next", l->next_sec);
	for (i = 0; i < m->env.nrcpts; i++)
		add_rcpt(b, m, i);
}

static void
add_entry(const struct format_entry *e, void *arg)
{
	struct shown *s = arg;
	struct buf *b = &s->out;
	const char *addr = s->msg->env.rcpts[e->rcpt].addr;

	if (e->kind == FORMAT_OUTCOME || e->kind == FORMAT_ATTEMPT)
		admin_add_time(b, e->sec);
	else
		buf_addf(b, "%19s", "");
	buf_adds(b, "  ");
	switch (e->kind) {
	case FORMAT_OUTCOME:
		add_path(b, addr);
		buf_addf(b, ": %s", outcome_status(e->outcome.verdict));
		add_outcome(b, &e->outcome);
		break;
	case FORMAT_TOLD:
		add_path(b, addr);
		buf_adds(b, ": settled, reported where one was due");
		break;
	case FORMAT_WARNED:
		add_path(b, addr);
		buf_adds(b, ": delay reported");
		break;
	case FORMAT_ATTEMPT:
		buf_addf(b, "attempt %u, next ", (unsigned)e->attempts);
		admin_add_time(b, e->next_sec);
		break;
	case FORMAT_HOLD:
		buf_adds(b, e->hold ? "put on hold" : "released");
		break;
	case FORMAT_DUE:
		buf_adds(b, "due ");
		admin_add_time(b, e->next_sec);
		break;
	case FORMAT_FINISHED:
		buf_adds(b, "finished");
		break;
	}
	buf_addc(b, '\n');
}

static int
show_message(const struct queue_msg *m)
{
	char piece[COPY_BYTES];
	struct err err = { 0 };
	int64_t off = 0;
	size_t n;

	while (off < m->size) {
		n = sizeof(piece);
		if ((int64_t)n > m->size - off)
			n = (size_t)(m->size - off);
		if (queue_msg_read(m, off, piece, n, &err) == -1)
			return admin_fail(&err);
		if (fwrite(piece, 1, n, stdout) != n)
			return EX_IOERR;
		off += (int64_t)n;
	}
	return EX_OK;
}

static int
show_envelope(const struct admin *a, const struct queue_msg *m,
    const char *state)
{
	struct shown s = { .msg = m };
	struct listing_msg l;
	struct err err = { 0 };
	int status = EX_OK;

	buf_init(&s.out, OUT_MAX);
	list_fill(&l, m, &a->conf);
	add_envelope(&s.out, m, &l, state != NULL ? state :
	    listing_state_name(l.state));
	list_free(&l);
	buf_adds(&s.out, "History:\n");
	if (history_read(m, add_entry, &s, &err) == -1)
		status = admin_fail(&err);
	admin_put(&s.out);
	buf_free(&s.out);
	return status;
}

/* The bytes of a file that is no message, as they are. */
static int
show_bytes(int fd)
{
	char piece[COPY_BYTES];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		if (fwrite(piece, 1, (size_t)n, stdout) != (size_t)n)
			return EX_IOERR;
	return n == 0 ? EX_OK : admin_say(EX_IOERR, "cannot read it");
}

static int
show_corrupt(struct admin *a, const char *id, bool message)
{
	struct queue_msg *m;
	struct err err = { 0 };
	int fd, copy, status;

	if (!corrupt_has(a->queue, id))
		return admin_say(EX_NOINPUT, "%s: there is no such message",
		    id);
	if (corrupt_open(a->queue, id, &fd, &err) != QUEUE_OK)
		return admin_fail(&err);
	copy = dup(fd);
	if (copy == -1) {
		(void)close(fd);
		return admin_say(EX_OSERR, "out of descriptors");
	}
	if (queue_load_fd(copy, id, &m, &err) == QUEUE_OK) {
		status = message ? show_message(m) : show_envelope(a, m,
		    "corrupt, but its envelope can be read");
		queue_release(m);
	} else if (message) {
		status = show_bytes(fd);
	} else {
		(void)printf("Id:         %s\nState:      corrupt\n"
		    "Reason:     %s\n", id, err.text);
		status = EX_OK;
	}
	(void)close(fd);
	return status;
}

int
show_main(struct admin *a, int argc, char **argv)
{
	bool message = false;
	const struct admin_opt opts[] = {
		{ "message", ADMIN_FLAG, &message, NULL },
	};
	int left = admin_opts(opts, NELEM(opts), argc, argv), status;
	struct queue_msg *m;
	struct err err = { 0 };

	if (left != 1)
		return admin_usage("show ID [--message]");
	if (!id_check(argv[1], strlen(argv[1])))
		return admin_say(EX_USAGE, "show: \"%s\" is not a whole id",
		    argv[1]);
	status = admin_queue(a, QUEUE_READ);
	if (status != EX_OK)
		return status;
	switch (queue_load(a->queue, argv[1], &m, &err)) {
	case QUEUE_OK:
		status = message ? show_message(m) :
		    show_envelope(a, m, NULL);
		queue_release(m);
		return status;
	case QUEUE_BUSY:
		return admin_say(EX_NOINPUT, "%s: it is only being written",
		    argv[1]);
	case QUEUE_GONE:
		return show_corrupt(a, argv[1], message);
	case QUEUE_CORRUPT:
	case QUEUE_FOREIGN:
	case QUEUE_FAILED:
		break;
	}
	return admin_fail(&err);
}
