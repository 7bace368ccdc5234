/* SPDX-License-Identifier: ISC */
/*
 * A whole session against a server that says whatever the input has. The
 * first byte chooses pieces and what is configured; the rest is what the
 * server says, read as it is asked for. Whatever happens: each recipient has
 * one outcome or is owed, "sent" only after a 2yz to a dot that we sent, and
 * nothing is said after the session is at its end.
 */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/crc32c.h"
#include "core/base/mem.h"
#include "core/smtp/deliver.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum {
	MAILS = 3,
	RCPTS = 4,
};

struct peer {
	const char	*p;
	size_t		 n;
	size_t		 step;		/* bytes a read */
	struct buf	 heard;		/* what we said */
	bool		 ended;		/* it was told that it is over */
};

struct world {
	struct smtp_message	 msgs[MAILS];
	struct job		 jobs[MAILS];
	int			 outcomes[MAILS][RCPTS];
	bool			 done[MAILS];
	size_t			 next;
	bool			 between;
	struct peer		*peer;
};

static const char text[] = "Subject: t\r\n\r\nhello\r\n.dot\r\n";

static ssize_t
peer_read(struct stream *st, char *p, size_t n)
{
	struct peer *x = st->impl;

	assert(!x->ended);
	if (n > x->step)
		n = x->step;
	if (n > x->n)
		n = x->n;
	memcpy(p, x->p, n);
	x->p += n;
	x->n -= n;
	if (n == 0)
		x->ended = true;
	return (ssize_t)n;
}

static int
peer_write(struct stream *st, const char *p, size_t n)
{
	struct peer *x = st->impl;

	assert(!x->ended);
	buf_add(&x->heard, p, n);
	return 0;
}

/* A NUL in front of what the server says: it says it without being asked. */
static bool
peer_readable(struct stream *st, int wait_ms)
{
	struct peer *x = st->impl;

	(void)wait_ms;
	if (x->n == 0 || x->p[0] != '\0')
		return false;
	x->p++;
	x->n--;
	return true;
}

static int
peer_fd(struct stream *st)
{
	(void)st;
	return -1;
}

static void
peer_close(struct stream *st)
{
	(void)st;
}

static struct smtp_message *
give(void *arg)
{
	struct world *w = arg;

	return w->next < MAILS ? &w->msgs[w->next++] : NULL;
}

static void
take_outcome(void *arg, struct smtp_message *m, size_t i,
    const struct outcome *o)
{
	struct world *w = arg;
	size_t k = (size_t)(m - w->msgs);

	assert(!w->done[k] && w->outcomes[k][i]++ == 0);
	assert(o->verdict != OUTCOME_NONE && o->dsn[0] != '\0');
	assert(strchr(o->text, '\n') == NULL);
	if (o->verdict == OUTCOME_SENT || o->verdict == OUTCOME_UNKNOWN) {
		assert(w->between && w->peer->heard.n > 0);
		assert(strstr(buf_str(&w->peer->heard), "\r\n.\r\n") != NULL);
	}
}

static void
take_done(void *arg, struct smtp_message *m)
{
	struct world *w = arg;
	size_t k = (size_t)(m - w->msgs);

	assert(!w->done[k] && m->open == 0);
	w->done[k] = true;
}

static void
take_between(void *arg, bool now)
{
	struct world *w = arg;

	w->between = now;
}

static bool
always(void *arg)
{
	(void)arg;
	return true;
}

static void
begin(struct world *w, int fd)
{
	static const char *const rcpts[RCPTS] = { "a@y", "b@y", "\"x y\"@y",
		"\xc3\xa4@y" };
	size_t k, i;

	for (k = 0; k < MAILS; k++) {
		struct job *job = &w->jobs[k];

		envelope_init(&job->env);
		for (i = 0; i < RCPTS; i++)
			envelope_add_rcpt(&job->env, rcpts[i])->notify =
			    (unsigned)k + 1;
		if (k == 1)
			job->env.rcpts[1].sender = mem_str("owner@x");
		job->env.ret = RET_HDRS;
		job->size = sizeof(text) - 1;
		job->crc = crc32c(0, text, sizeof(text) - 1);
		smtp_message_init(&w->msgs[k], job, fd);
	}
}

static void
finish(struct world *w)
{
	size_t k, i;

	for (k = 0; k < MAILS; k++) {
		for (i = 0; i < RCPTS; i++)
			assert((w->msgs[k].rcpts[i] == SMTP_RCPT_SETTLED &&
			    w->outcomes[k][i] == 1) ||
			    (w->msgs[k].rcpts[i] == SMTP_RCPT_OWED &&
			    w->outcomes[k][i] == 0));
		assert(w->done[k] == (w->msgs[k].open == 0));
		smtp_message_free(&w->msgs[k]);
		envelope_free(&w->jobs[k].env);
	}
}

static void
talk(struct world *w, unsigned how)
{
	static const struct stream_ops ops = { peer_read, peer_write,
		peer_readable, peer_fd, peer_close };
	char helo[] = "client", user[] = "joe", password[] = "secret";
	struct conf_relay relay = { .helo = helo, .timeout_sec = 1,
	    .timeout_set = true, .tls = how & 1 ? CONF_TLS_NONE :
	    CONF_TLS_OPPORTUNISTIC, .allow_plaintext_auth = true,
	    .recipients_per_transaction = how & 2 ? 2 : 100 };
	struct sasl_secrets secrets = { .user = NULL };
	struct smtp_setup setup = { .relay = &relay, .secrets = &secrets };
	struct smtp_target target = { .host = "h", .address = "a" };
	const struct smtp_feed feed = { give, take_outcome, take_done, -1,
	    always, w, take_between };
	struct stream stream = { .ops = &ops, .impl = w->peer };
	struct smtp_session s;
	struct smtp_end end;
	struct err err = { 0 };

	buf_init(&secrets.password, 64);
	if (how & 4) {
		relay.user = secrets.user = user;
		buf_adds(&secrets.password, password);
	}
	if (smtp_session_open(&s, &setup, &target, &stream, 0, &err) == 0 &&
	    smtp_deliver(&s, &feed, &end, &err) == 0)
		smtp_session_quit(&s);
	assert(!w->between);
	smtp_session_close(&s);
	buf_free(&secrets.password);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static int fd = -1;
	struct peer peer = { .p = (const char *)data + 1, .n = n - 1 };
	struct world w = { .peer = &peer };

	if (n == 0)
		return 0;
	if (fd == -1) {
		fd = memfd_create("message", MFD_CLOEXEC);
		assert(pwrite(fd, text, sizeof(text) - 1, 0) ==
		    (ssize_t)sizeof(text) - 1);
	}
	peer.step = data[0] & 0x80 ? 1 : 4096;
	buf_init(&peer.heard, 1 << 20);
	begin(&w, fd);
	talk(&w, data[0]);
	finish(&w);
	buf_free(&peer.heard);
	return 0;
}
