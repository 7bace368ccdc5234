/* SPDX-License-Identifier: ISC */
/*
 * serve - a session of SMTP on standard input and output (-bs), or a batch of
 * its commands on standard input (-bS).
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendmail/front.h"
#include "cmd/sendmail/intake.h"
#include "cmd/sendmail/say.h"
#include "cmd/sendmail/words.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/server.h"
#include "queue/gate.h"

enum {
	WAIT_LOCAL_MS = 3600 * 1000,	/* a program that keeps us open */
	WAIT_PEER_MS = 300 * 1000,	/* RFC 5321 4.5.3.2.7 */
	SHOWN_MAX = 512,		/* bytes of one address */
};

struct session {
	struct front	*front;
	struct server	 server;
	struct intake	 in;
	bool		 open;		/* in is in use */
	int		 code;		/* of the first refusal (-bS) */
};

static int
op_mail(void *arg, const struct server_mail *m, struct err *err)
{
	struct session *s = arg;
	struct intake_wish wish = {
		.sender = m->sender, .ignore_dots = true, .crlf_strict = true,
		.utf8 = m->utf8, .ret = m->ret, .envid = m->envid,
		.full_name = s->front->caller.full_name,
		.with = s->server.extended ? "ESMTP" : "SMTP",
		.peer = s->server.peer[0] != '\0' ? s->server.peer : NULL,
	};

	if (s->open)
		intake_close(&s->in);
	s->open = true;
	return intake_start(&s->in, s->front, &wish, err);
}

static int
op_rcpt(void *arg, const struct server_rcpt *r, struct err *err)
{
	struct session *s = arg;

	return intake_rcpt(&s->in, r->addr, r->notify, r->orcpt, err);
}

static int
op_begin(void *arg, struct err *err)
{
	struct session *s = arg;

	return intake_open(&s->in, err);
}

static int
op_write(void *arg, const char *p, size_t n, struct err *err)
{
	struct session *s = arg;

	return intake_feed(&s->in, p, n, err);
}

static int
op_commit(void *arg, char id[ID_SIZE], struct err *err)
{
	struct session *s = arg;

	if (intake_commit(&s->in, err) == -1)
		return -1;
	memcpy(id, s->in.id, ID_SIZE);
	return 0;
}

static void
op_reset(void *arg)
{
	struct session *s = arg;

	if (s->open)
		intake_close(&s->in);
	s->open = false;
}

/* With an intake of its own: a transaction may be in hand. */
static int
op_expand(void *arg, const char *addr, struct buf *lines, struct err *err)
{
	struct session *s = arg;
	struct intake_wish wish = { 0 };
	struct intake in;
	int ret = -1;

	if (intake_start(&in, s->front, &wish, err) == 0 &&
	    intake_rcpt(&in, addr, 0, NULL, err) == 0) {
		for (size_t i = 0; i < in.env.nrcpts; i++) {
			buf_addc(lines, '<');
			text_clean(lines, in.env.rcpts[i].addr,
			    strlen(in.env.rcpts[i].addr), SHOWN_MAX);
			buf_adds(lines, ">\n");
		}
		ret = 0;
	}
	intake_close(&in);
	return ret;
}

/* The pass is not waited for. */
static int
op_flush(void *arg, struct err *err)
{
	struct session *s = arg;
	struct words w;
	int ret;

	words_init(&w, &s->front->site, "sendmail");
	words_add(&w, "-q");
	ret = process_detach(w.v, err);
	words_free(&w);
	return ret;
}

static void
op_refused(void *arg, const struct err *why)
{
	struct session *s = arg;

	say("%s", why->text);
	if (s->code == EX_OK)
		s->code = err_exit_status(why);
}

static const struct server_ops smtp_ops = {
	.mail = op_mail, .rcpt = op_rcpt, .begin = op_begin,
	.write = op_write, .commit = op_commit, .reset = op_reset,
	.expand = op_expand, .flush = op_flush,
};

static const struct server_ops batch_ops = {
	.mail = op_mail, .rcpt = op_rcpt, .begin = op_begin,
	.write = op_write, .commit = op_commit, .reset = op_reset,
	.expand = op_expand, .flush = op_flush, .refused = op_refused,
};

/* A peer over the network is held to the RFC; a program of this machine may
 * keep a session open between its messages. */
static int
patience_ms(void)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNIX };
	socklen_t n = sizeof(sa);

	if (getsockname(STDIN_FILENO, (struct sockaddr *)&sa, &n) == 0 &&
	    sa.ss_family != AF_UNIX)
		return WAIT_PEER_MS;
	return WAIT_LOCAL_MS;
}

static bool
wait_for(int fd, short events, int wait_ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int r;

	do
		r = poll(&pfd, 1, wait_ms);
	while (r == -1 && errno == EINTR);
	return r == 1;
}

/* Replies go out when nothing more is there to be read (RFC 2920 3.2). */
static int
write_replies(struct server *s, int wait_ms)
{
	size_t done = 0;

	while (done < s->out.n) {
		ssize_t r = write(STDOUT_FILENO, s->out.p + done,
		    s->out.n - done);

		if (r > 0)
			done += (size_t)r;
		else if (r == 0 || (errno != EINTR && errno != EAGAIN) ||
		    (errno == EAGAIN &&
		    !wait_for(STDOUT_FILENO, POLLOUT, wait_ms)))
			return -1;
	}
	buf_reset(&s->out);
	return 0;
}

/* 0: the end; -1: it cannot be read (err), or nothing came in time. */
static ssize_t
read_some(struct server *s, char *block, int wait_ms, struct err *err)
{
	ssize_t n;

	for (;;) {
		if (!wait_for(STDIN_FILENO, POLLIN, wait_ms)) {
			server_timeout(s);
			return err_set(err, ERR_INPUT, NULL,
			    "nothing came on standard input for too long");
		}
		n = read(STDIN_FILENO, block, INTAKE_BLOCK);
		if (n != -1)
			return n;
		if (errno != EINTR && errno != EAGAIN)
			return err_set(err, ERR_INPUT, NULL,
			    "standard input cannot be read: %s",
			    strerror(errno));
	}
}

static int
talk(struct session *s, char *block, struct err *err)
{
	struct server *server = &s->server;
	int wait_ms = patience_ms();
	ssize_t n;

	for (;;) {
		if (write_replies(server, wait_ms) == -1)
			return err_set(err, ERR_INPUT, NULL,
			    "standard output: %s", strerror(errno));
		if (server->state == SERVER_CLOSED)
			return 0;
		n = read_some(server, block, wait_ms, err);
		if (n == -1) {
			(void)write_replies(server, wait_ms);
			return -1;
		}
		if (n == 0)
			break;
		for (ssize_t at = 0; at < n; ) {
			at += (ssize_t)server_feed(server, block + at,
			    (size_t)(n - at));
			if (server->state == SERVER_CLOSED)
				break;
			if (at < n && write_replies(server, wait_ms) == -1)
				return err_set(err, ERR_INPUT, NULL,
				    "standard output: %s", strerror(errno));
		}
	}
	if (server_busy(server))
		return err_set(err, ERR_INPUT, NULL,
		    "standard input ended within a message");
	return 0;
}

int
serve_run(struct front *f)
{
	bool batch = f->options.mode == OPTIONS_BATCH;
	struct server_facts facts = {
		.hostname = f->site.conf.hostname, .batch = batch,
		.size_max = f->site.conf.max_message_size,
	};
	struct session s = { .front = f };
	struct err err = { 0 };
	int64_t relays_max = limits_all(&f->limits, &f->site.conf);
	char *block;

	if (f->process.stdin_closed) {
		(void)err_set(&err, ERR_INPUT, NULL,
		    "standard input is closed");
		return say_err(&err);
	}
	if (relays_max != 0 && (facts.size_max == 0 ||
	    relays_max < facts.size_max))
		facts.size_max = relays_max;
	block = mem_resize(NULL, INTAKE_BLOCK);
	server_init(&s.server, &facts, batch ? &batch_ops : &smtp_ops, &s);
	if (talk(&s, block, &err) == -1) {
		int code = say_err(&err);

		if (s.code == EX_OK)
			s.code = code;
	}
	server_free(&s.server);
	op_reset(&s);
	mem_free(block);
	flush_on_demand(f);
	return s.code;
}
