/* SPDX-License-Identifier: ISC */
/*
 * What the journal says, played from its first line. A crash leaves at most
 * the last append torn; anything else that does not hold is damage, and a
 * message whose past is uncertain is not sent.
 */
#include <string.h>

#include "core/base/mem.h"
#include "queue/internal.h"
#include "queue/io.h"

enum {
	WINDOW = 64 * 1024,		/* bytes read at once */
	TAIL_MAX = 1024 * 1024,		/* bytes: more is not torn */
	BLOCK = 512,			/* bytes, written or not */
};

bool
queue_can_apply(const struct queue_msg *m, const struct format_entry *e)
{
	/* a kind without a recipient has 0 there, and there is always one */
	if (m->finished || e->rcpt >= m->env.nrcpts)
		return false;
	if (e->kind == FORMAT_OUTCOME)
		return m->rcpts[e->rcpt].state == QUEUE_RCPT_OWED &&
		    e->outcome.verdict != OUTCOME_NONE;
	if (e->kind == FORMAT_TOLD)
		return m->rcpts[e->rcpt].state != QUEUE_RCPT_OWED;
	return true;
}

static void
apply_outcome(struct queue_rcpt *r, const struct format_entry *e)
{
	r->last = e->outcome;
	r->last_sec = e->sec;
	if (e->outcome.verdict == OUTCOME_SENT)
		r->state = QUEUE_RCPT_SENT;
	else if (e->outcome.verdict == OUTCOME_FAILED ||
	    e->outcome.verdict == OUTCOME_EXPIRED)
		r->state = QUEUE_RCPT_FAILED;
}

void
queue_apply(struct queue_msg *m, const struct format_entry *e)
{
	switch (e->kind) {
	case FORMAT_OUTCOME:
		apply_outcome(&m->rcpts[e->rcpt], e);
		break;
	case FORMAT_TOLD:
		if (m->rcpts[e->rcpt].state == QUEUE_RCPT_SENT)
			m->rcpts[e->rcpt].told = true;
		else
			m->rcpts[e->rcpt].state = QUEUE_RCPT_TOLD;
		break;
	case FORMAT_WARNED:
		m->rcpts[e->rcpt].warned = true;
		break;
	case FORMAT_ATTEMPT:
		m->attempts = e->attempts;
		m->last_sec = e->sec;
		m->next_sec = e->next_sec;
		break;
	case FORMAT_HOLD:
		m->hold = e->hold;
		break;
	case FORMAT_DUE:
		m->next_sec = e->next_sec;
		break;
	case FORMAT_FINISHED:
		m->finished = true;
		break;
	}
}

/* Plays whole lines; returns the bytes of those that hold. */
static size_t
play(struct queue_msg *m, const char *p, size_t n)
{
	struct format_entry e;
	const char *lf;
	size_t done = 0, len;

	while (done < n) {
		lf = memchr(p + done, '\n', n - done);
		if (lf == NULL)
			break;
		len = (size_t)(lf - p) - done;
		if (!format_entry_parse(p + done, len, &e) ||
		    !queue_can_apply(m, &e))
			break;
		queue_apply(m, &e);
		done += len + 1;
	}
	return done;
}

/* A block that was never written: NULs, which no line of ours holds, up to
 * the end of a block or of the file. */
static bool
is_hole(const char *p, size_t at, size_t n, int64_t off)
{
	while (at < n && p[at] == '\0')
		at++;
	return at == n || (off + (int64_t)at) % BLOCK == 0;
}

/*
 * What an interrupted append leaves, and nothing else: the first line that
 * does not hold has no end, or a hole, and no line behind it holds.
 */
static bool
is_torn(const char *p, size_t n, int64_t off)
{
	struct format_entry e;
	const char *lf = memchr(p, '\n', n), *nul, *at = p, *end = p + n;

	if (lf == NULL)
		return true;
	nul = memchr(p, '\0', (size_t)(lf - p));
	if (nul == NULL || !is_hole(p, (size_t)(nul - p), n, off))
		return false;
	while (lf != NULL) {
		if (format_entry_parse(at, (size_t)(lf - at), &e))
			return false;
		at = lf + 1;
		lf = memchr(at, '\n', (size_t)(end - at));
	}
	return true;
}

static enum queue_found
judge_tail(struct queue_msg *m, int64_t n, struct err *err)
{
	enum queue_found found = QUEUE_FAILED;
	char *p = NULL;
	size_t got;

	if (n > TAIL_MAX) {
		err_set(err, ERR_DATA, "5.3.0", "the journal is damaged");
		return QUEUE_CORRUPT;
	}
	p = mem_zero((size_t)n);
	if (io_read(m->fd, p, (size_t)n, m->journal_end, &got, err) == -1)
		goto out;
	found = QUEUE_OK;
	if (got > 0 && !is_torn(p, got, m->journal_end)) {
		err_set(err, ERR_DATA, "5.3.0", "the journal is damaged");
		found = QUEUE_CORRUPT;
	}
out:
	mem_free(p);
	return found;
}

enum queue_found
queue_replay(struct queue_msg *m, int64_t end, struct err *err)
{
	enum queue_found found = QUEUE_OK;
	char *p = NULL;
	size_t n, done;

	m->journal_end = m->offset + m->size;
	m->file_end = end;
	if (m->journal_end == end)
		return QUEUE_OK;
	p = mem_zero(WINDOW);
	while (m->journal_end < end) {
		n = WINDOW;
		if ((int64_t)n > end - m->journal_end)
			n = (size_t)(end - m->journal_end);
		if (io_read(m->fd, p, n, m->journal_end, &n, err) == -1) {
			found = QUEUE_FAILED;
			break;
		}
		done = play(m, p, n);
		if (done == 0) {
			found = judge_tail(m, end - m->journal_end, err);
			break;
		}
		m->journal_end += (int64_t)done;
	}
	mem_free(p);
	return found;
}
