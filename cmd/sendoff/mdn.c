/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/crc32c.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/mdn.h"
#include "queue/trace.h"

#include "cmd/sendoff/admin.h"
#include "cmd/sendoff/input.h"

enum {
	TEXT_MAX = 64 * 1024 * 1024,	/* bytes; the header read is smaller */
	KEY_SIZE = 1000,
};

static const char usage[] = "mdn --disposition TYPE [--mode manual|automatic]"
    " [--sent manually|automatically]\n"
    "           [--error TEXT] [--warning TEXT] --recipient ADDRESS"
    " < message\n"
    "TYPE: displayed deleted dispatched processed denied failed";

/* The words of the command line, and what became of them. */
struct words {
	const char	*disposition, *mode, *sent, *recipient, *error,
			*warning;
};

/* Was this recipient's notification sent to this address before? */
struct before {
	const char	*recipient, *to, *key;
	bool		 found;
};

static int
machine_zone_min(int64_t sec)
{
	time_t t = (time_t)sec;
	struct tm tm;

	return localtime_r(&t, &tm) != NULL ? (int)(tm.tm_gmtoff / 60) : 0;
}

static int
bad_word(const char *option, const char *value)
{
	char shown[80];

	(void)admin_say(0, "mdn: --%s cannot be \"%s\"", option,
	    text_clean_to(shown, sizeof(shown), value, strlen(value)));
	return admin_usage(usage);
}

/* One of two words; the first where none was given. */
static bool
choose(const char *word, const char *first, const char *second, bool *is_second)
{
	*is_second = word != NULL && strcmp(word, second) == 0;
	return word == NULL || *is_second || strcmp(word, first) == 0;
}

static int
take_words(struct mdn *m, const struct words *w)
{
	if (w->disposition == NULL || w->recipient == NULL)
		return admin_usage(usage);
	if (!mdn_type_parse(w->disposition, &m->type))
		return bad_word("disposition", w->disposition);
	if (!choose(w->mode, "manual", "automatic", &m->automatic_action))
		return bad_word("mode", w->mode);
	if (!choose(w->sent, "manually", "automatically", &m->automatic_sent))
		return bad_word("sent", w->sent);
	m->error = w->error;
	m->warning = w->warning;
	return EX_OK;
}

/* Read before standard input is, so that a slip costs nothing. */
static int
take_recipient(const char *word, char **out)
{
	struct err err;

	if (addr_parse(word, strlen(word), out, &err) == -1)
		return admin_say(EX_USAGE, "mdn: --recipient: %s", err.text);
	if ((*out)[0] == '\0')
		return admin_say(EX_USAGE, "mdn: --recipient: no address");
	return EX_OK;
}

/* What tells this message from others: its id, else its header. */
static void
key_of(const struct mdn_request *r, const struct buf *header,
    char out[KEY_SIZE])
{
	if (r->message_id != NULL && strlen(r->message_id) < KEY_SIZE)
		(void)snprintf(out, KEY_SIZE, "%s", r->message_id);
	else
		(void)snprintf(out, KEY_SIZE, "header %08x %zu",
		    crc32c(0, buf_str(header), header->n), header->n);
}

static bool
look(const struct trace_event *e, void *arg)
{
	struct before *b = arg;

	b->found = e->kind == TRACE_REPORT &&
	    strcmp(e->type, "mdn-sent") == 0 &&
	    addr_eq(e->addr, b->recipient) && addr_eq(e->orig, b->to) &&
	    strcmp(e->text, b->key) == 0;
	return !b->found;
}

static int
was_sent(struct admin *a, struct before *b, struct err *err)
{
	b->found = false;
	return trace_scan_answers(a->queue, look, b, err);
}

static int
note_sent(struct admin *a, const struct before *b, const char *id,
    const char *action, struct err *err)
{
	struct trace_event e = { .kind = TRACE_REPORT,
	    .sec = clock_wall_sec(), .type = "mdn-sent", .addr = b->recipient,
	    .orig = b->to, .action = action, .text = b->key };

	(void)snprintf(e.id, sizeof(e.id), "%s", id);
	return trace_note_answer(a->queue, &e, err);
}

static unsigned
flags_of(const struct mdn *m, const char *to, const struct buf *text)
{
	unsigned flags = 0;

	if (!text_is_ascii(buf_str(text), text->n))
		flags |= ENVELOPE_8BIT_BODY;
	if (mdn_utf8(m, to))
		flags |= ENVELOPE_8BIT_HEADER | ENVELOPE_SMTPUTF8;
	return flags;
}

/* Queues one notification; id is of what was queued. */
static int
send_one(struct admin *a, struct mdn *m, const struct mdn_request *r,
    const char *to, const struct buf *header, char id[ID_SIZE],
    struct err *err)
{
	struct envelope env;
	struct draft d;
	struct buf text;
	int ret = -1;

	if (draft_create(a->queue, &d, err) == -1)
		return -1;
	buf_init(&text, TEXT_MAX);
	envelope_init(&env);
	(void)snprintf(id, ID_SIZE, "%s", d.id);
	m->id = id;
	m->now_us = clock_wall_us();
	m->zone_min = machine_zone_min(m->now_us / 1000000);
	mdn_write(m, r, to, buf_slice(header), &text);
	env.arrival_us = m->now_us;
	env.uid = getuid();
	/* From <> and with NEVER: not even the postmaster hears of it. */
	envelope_add_rcpt(&env, to)->notify = NOTIFY_NEVER;
	if (text.over)
		err_set(err, ERR_DATA, "5.3.4", "the header is too large");
	else if (draft_begin(&d, &env, err) == 0 &&
	    draft_write(&d, text.p, text.n, err) == 0)
		ret = 0;
	if (ret == 0)
		ret = draft_commit(&d, flags_of(m, to, &text), err);
	else
		draft_abort(&d);
	m->id = NULL;
	envelope_free(&env);
	buf_free(&text);
	return ret;
}

/* To each that asks and was not told before. */
static int
send_all(struct admin *a, struct mdn *m, const struct mdn_request *r,
    const struct buf *header, const char *action)
{
	char id[ID_SIZE], key[KEY_SIZE];
	struct before b = { m->recipient, NULL, key, false };
	struct err err;
	size_t i, sent = 0;

	key_of(r, header, key);
	for (i = 0; i < r->nto; i++) {
		b.to = r->to[i];
		if (was_sent(a, &b, &err) == -1)
			return admin_fail(&err);
		if (b.found)
			continue;
		if (send_one(a, m, r, b.to, header, id, &err) == -1)
			return admin_fail(&err);
		sent++;
		/* It is on its way; that it cannot be remembered is said. */
		if (note_sent(a, &b, id, action, &err) == -1)
			(void)admin_say(0, "%s", err.text);
		(void)printf("%s\n", id);
	}
	if (sent == 0)
		return admin_say(EX_NOPERM, "no notification: one was sent for "
		    "this message already");
	return EX_OK;
}

/* The message may be answered: to the queue. */
static int
answer(struct admin *a, struct mdn *m, const struct mdn_request *r,
    const struct buf *header, const struct words *w, const char *recipient)
{
	struct err err;
	char *full;
	int status = admin_queue(a, QUEUE_RUN);

	if (status != EX_OK)
		return status;
	full = addr_complete(recipient, a->conf.domain);
	m->recipient = full;
	m->hostname = a->conf.hostname;
	if (addr_check(full, &err) == -1)
		status = admin_say(EX_USAGE, "mdn: --recipient: %s", err.text);
	else
		status = send_all(a, m, r, header, w->disposition);
	mem_free(full);
	return status;
}

static int
run(struct admin *a, struct mdn *m, const struct words *w,
    const char *recipient)
{
	struct message message;
	struct mdn_request r = { 0 };
	struct buf body;
	struct err err;
	int status;

	if (input_read(&message, &body, 0, &err) == -1 ||
	    mdn_request_read(&r, buf_slice(&message.header), &err) == -1 ||
	    mdn_check(&r, m, &err) == -1)
		status = admin_fail(&err);
	else
		status = answer(a, m, &r, &message.header, w, recipient);
	mdn_request_free(&r);
	message_free(&message);
	buf_free(&body);
	return status;
}

int
mdn_main(struct admin *a, int argc, char **argv)
{
	struct words w = { 0 };
	const struct admin_opt opts[] = {
		{ "disposition", ADMIN_VALUE, NULL, &w.disposition },
		{ "mode", ADMIN_VALUE, NULL, &w.mode },
		{ "sent", ADMIN_VALUE, NULL, &w.sent },
		{ "recipient", ADMIN_VALUE, NULL, &w.recipient },
		{ "error", ADMIN_VALUE, NULL, &w.error },
		{ "warning", ADMIN_VALUE, NULL, &w.warning },
	};
	struct mdn m = { 0 };
	char *recipient = NULL;
	int status;

	if (admin_opts(opts, NELEM(opts), argc, argv) != 0)
		return admin_usage(usage);
	status = take_words(&m, &w);
	if (status == EX_OK)
		status = take_recipient(w.recipient, &recipient);
	if (status == EX_OK)
		status = run(a, &m, &w, recipient);
	mem_free(recipient);
	return status;
}
