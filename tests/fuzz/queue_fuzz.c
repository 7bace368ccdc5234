/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a file of the queue. The first byte says how:
 *	r	the rest is the file
 *	f	the rest is envelope, empty line, message, NUL, and the lines of
 *		a journal without their checksums: all checksums are made true
 *	t	the rest is a line of a trace, without its checksum
 * No crash, no leak; and what is found to be a message keeps the promises of
 * queue.h.
 */
#include <sys/mman.h>

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "core/base/crc32c.h"
#include "core/base/mem.h"
#include "queue/format.h"
#include "queue/queue.h"
#include "queue/trace_line.h"

enum { FILE_MAX = 2 * 1024 * 1024 };

static const char id[] = "0123456789ABCDEF0123";

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
file_of(const char *p, size_t n)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd != -1 && write(fd, p, n) == (ssize_t)n);
	return fd;
}

static void
judge(struct queue_msg *m)
{
	size_t i;

	assert(strcmp(m->env.id, id) == 0 && m->env.nrcpts > 0);
	assert(m->offset >= FORMAT_HEAD_SIZE && m->size >= 0);
	assert(m->journal_end >= m->offset + m->size);
	assert(m->last_sec >= 0 && m->next_sec >= 0 && !m->finished);
	for (i = 0; i < m->env.nrcpts; i++) {
		const struct queue_rcpt *r = &m->rcpts[i];

		assert(m->env.rcpts[i].addr[0] != '\0');
		assert((r->state == QUEUE_RCPT_SENT) ==
		    (r->last.verdict == OUTCOME_SENT));
		assert((r->state >= QUEUE_RCPT_FAILED) ==
		    (r->last.verdict >= OUTCOME_FAILED));
		assert(strlen(r->last.text) < sizeof(r->last.text));
	}
}

static void
load(const char *p, size_t n, bool whole)
{
	struct queue_msg *m, *again;
	struct err err = { 0 };
	enum queue_found found;
	int fd;

	found = queue_load_fd(file_of(p, n), id, &m, &err);
	if (found != QUEUE_OK) {
		assert((found == QUEUE_CORRUPT || found == QUEUE_FOREIGN) ==
		    (err.text[0] != '\0'));
		return;
	}
	judge(m);
	assert(!whole || queue_msg_verify(m, &err) == 0);
	assert(queue_abridge(m, &fd, &err) == 0);
	assert(queue_load_fd(fd, id, &again, &err) == QUEUE_OK);
	assert(again->journal_end == m->journal_end &&
	    again->attempts == m->attempts && again->hold == m->hold);
	queue_release(again);
	queue_release(m);
}

/* Each line under its checksum; what has no end stays as it is. */
static void
add_journal(struct buf *b, const char *p, size_t n)
{
	const char *lf = n > 0 ? memchr(p, '\n', n) : NULL;

	while (lf != NULL) {
		format_line_write(p, (size_t)(lf - p), b);
		n -= (size_t)(lf + 1 - p);
		p = lf + 1;
		lf = n > 0 ? memchr(p, '\n', n) : NULL;
	}
	buf_add(b, p, n);
}

static void
load_true(const char *p, size_t n)
{
	struct format_head h = { .flags = 1 };
	char head[FORMAT_HEAD_SIZE];
	const char *end = memmem(p, n, "\n\n", 2), *nul;
	struct buf b;

	if (end == NULL)
		return;
	h.env_size = end + 1 - p;
	h.env_crc = crc32c(0, p, (size_t)h.env_size);
	nul = memchr(end + 2, '\0', n - (size_t)h.env_size - 1);
	h.size = (nul != NULL ? nul : p + n) - (end + 2);
	h.crc = crc32c(0, end + 2, (size_t)h.size);
	format_head_write(&h, head);
	buf_init(&b, FILE_MAX);
	buf_add(&b, head, sizeof(head));
	buf_add(&b, p, (size_t)(h.env_size + 1 + h.size));
	if (nul != NULL)
		add_journal(&b, nul + 1, (size_t)(p + n - (nul + 1)));
	if (!b.over)
		load(b.p, b.n, true);
	buf_free(&b);
}

/* What can be read is written as it was. */
static void
trace(const char *p, size_t n)
{
	struct trace_event e;
	struct buf line, again, room;

	buf_init(&line, FILE_MAX);
	buf_init(&again, TRACE_LINE_MAX);
	buf_init(&room, 2 * TRACE_LINE_MAX);
	format_line_write(p, n, &line);
	if (!line.over && trace_line_parse(line.p, line.n - 1, &e, &room)) {
		trace_line_write(&e, &again);
		assert(again.n == line.n &&
		    memcmp(again.p, line.p, line.n) == 0);
	}
	buf_free(&room);
	buf_free(&again);
	buf_free(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;

	if (n == 0)
		return 0;
	if (p[0] == 'r')
		load(p + 1, n - 1, false);
	else if (p[0] == 'f')
		load_true(p + 1, n - 1);
	else if (p[0] == 't')
		trace(p + 1, n - 1);
	return 0;
}
