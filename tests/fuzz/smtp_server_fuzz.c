/* SPDX-License-Identifier: ISC */
/*
 * The server's side of SMTP: any bytes, in pieces and whole, must be answered
 * the same and ask the ops for the same; a message is committed only after
 * it was begun, and never without a recipient.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/crc32c.h"
#include "core/smtp/server.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	uint32_t	crc;		/* of everything that was asked */
	size_t		rcpts;
	bool		mail, begun;
	unsigned	commits;
	bool		fail;		/* every third op does */
	unsigned	calls;
};

static int
note(struct seen *s, const char *p, size_t n, struct err *err)
{
	s->crc = crc32c(s->crc, p, n);
	if (!s->fail || ++s->calls % 3 != 0)
		return 0;
	return err_set(err, ERR_TEMP, "4.3.1", "no space");
}

static int
op_mail(void *arg, const struct server_mail *m, struct err *err)
{
	struct seen *s = arg;

	assert(!s->mail && m->sender != NULL);
	s->mail = true;
	s->rcpts = 0;
	return note(s, m->sender, strlen(m->sender), err);
}

static int
op_rcpt(void *arg, const struct server_rcpt *r, struct err *err)
{
	struct seen *s = arg;

	assert(s->mail && !s->begun && r->addr[0] != '\0');
	if (note(s, r->addr, strlen(r->addr), err) == -1)
		return -1;
	s->rcpts++;
	return 0;
}

static int
op_begin(void *arg, struct err *err)
{
	struct seen *s = arg;

	assert(s->mail && s->rcpts != 0 && !s->begun);
	if (note(s, "begin", 5, err) == -1)
		return -1;
	s->begun = true;
	return 0;
}

/* Pieces come as they like: only their bytes count, and they do not fail. */
static int
op_write(void *arg, const char *p, size_t n, struct err *err)
{
	struct seen *s = arg;

	(void)err;
	assert(s->begun && n != 0);
	s->crc = crc32c(s->crc, p, n);
	return 0;
}

static int
op_commit(void *arg, char id[ID_SIZE], struct err *err)
{
	struct seen *s = arg;

	assert(s->begun && s->rcpts != 0);
	if (note(s, "commit", 6, err) == -1)
		return -1;
	(void)snprintf(id, ID_SIZE, "%u", ++s->commits);
	return 0;
}

static void
op_reset(void *arg)
{
	struct seen *s = arg;

	s->mail = s->begun = false;
	s->rcpts = 0;
	s->crc = crc32c(s->crc, "reset", 5);
}

static int
op_expand(void *arg, const char *addr, struct buf *lines, struct err *err)
{
	buf_addf(lines, "<%s>\n", addr);
	return note(arg, addr, strlen(addr), err);
}

static int
op_flush(void *arg, struct err *err)
{
	return note(arg, "flush", 5, err);
}

static const struct server_ops ops = {
	.mail = op_mail, .rcpt = op_rcpt, .begin = op_begin,
	.write = op_write, .commit = op_commit, .reset = op_reset,
	.expand = op_expand, .flush = op_flush,
};

static uint32_t
run(const char *p, size_t n, size_t step, bool batch, struct seen *s)
{
	const struct server_facts facts = { "h.test", 100000, batch };
	struct server server;
	uint32_t said = 0;

	server_init(&server, &facts, &ops, s);
	while (n != 0) {
		size_t part = n < step ? n : step;
		size_t used = server_feed(&server, p, part);

		assert(used <= part && !server.out.over);
		said = crc32c(said, server.out.p, server.out.n);
		buf_reset(&server.out);
		if (server.state == SERVER_CLOSED)
			break;
		p += used;
		n -= used;
	}
	assert(!batch || said == 0);
	server_free(&server);
	assert(!s->mail && !s->begun);
	return said;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;

	for (int mode = 0; mode < 4; mode++) {
		struct seen a = { .fail = (mode & 1) != 0 }, b = a;
		bool batch = (mode & 2) != 0;
		uint32_t whole = run(p, n, n + 1, batch, &a);
		uint32_t pieces = run(p, n, n % 7 + 1, batch, &b);

		assert(whole == pieces && a.crc == b.crc &&
		    a.commits == b.commits);
	}
	return 0;
}
