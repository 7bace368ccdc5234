/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <string.h>

#include "core/base/text.h"
#include "core/mail/envelope.h"
#include "core/mail/message.h"

enum hold {
	HOLD_START = 1,		/* a dot here begins a line, as it was read */
	HOLD_DOT = 2,		/* such a dot was read */
	HOLD_CR = 4,		/* LF may follow */
	HOLD_FIELD = 8,		/* inside a line of the header section */
	HOLD_SKIP = 16,		/* inside a line that is dropped */
};

/* What a line of the header section is, or that more of it must be seen. */
enum kind {
	LINE_MORE,
	LINE_FIELD,		/* begins or continues a field */
	LINE_EMPTY,
	LINE_DOT,
	LINE_MBOX,
	LINE_TEXT,		/* the body begins here */
};

void
message_init(struct message *m, const struct message_opts *opts)
{
	memset(m, 0, sizeof(*m));
	m->opts = *opts;
	m->hold = HOLD_START;
	buf_init(&m->header, opts->header_max);
	buf_init(&m->line, MESSAGE_NAME_MAX + 1);
}

void
message_free(struct message *m)
{
	buf_free(&m->header);
	buf_free(&m->line);
}

/*
 * How many bytes of p[0..n) come before the first CR or NUL, eight at a time;
 * *high collects the bits of what was passed over.
 */
static size_t
plain_run(const char *p, size_t n, uint64_t *high)
{
	const uint64_t ones = 0x0101010101010101, tops = ones << 7;
	uint64_t v, c;
	size_t i;

	for (i = 0; n - i >= sizeof(v); i += sizeof(v)) {
		memcpy(&v, p + i, sizeof(v));
		c = v ^ ones * '\r';
		/* Not 0 if and only if a byte of v or of c is 0. */
		if ((((v - ones) & ~v) | ((c - ones) & ~c)) & tops)
			break;
		*high |= v & tops;
	}
	for (; i < n && p[i] != '\r' && p[i] != '\0'; i++)
		*high |= (unsigned char)p[i] & 0x80;
	return i;
}

static void
put(struct message *m, struct buf *to, const char *p, size_t n)
{
	buf_add(to, p, n);
	m->line_len += n;
	if (m->line_len > MESSAGE_LINE_MAX)
		m->flags |= ENVELOPE_LONG_LINES;
}

static void
end_line(struct message *m, struct buf *to)
{
	buf_add(to, "\r\n", 2);
	m->line_len = 0;
}

static void
put_bare_cr(struct message *m, struct buf *to)
{
	if (to == &m->header)
		put(m, to, " ", 1);
	else
		end_line(m, to);
}

/* Text without LF; a CR in it is a bare one. */
static void
put_text(struct message *m, struct buf *to, const char *p, size_t n)
{
	uint64_t high = 0;
	size_t run;

	while (n > 0) {
		run = plain_run(p, n, &high);
		put(m, to, p, run);
		if (run == n)
			break;
		if (p[run] == '\r')
			put_bare_cr(m, to);
		p += run + 1;
		n -= run + 1;
	}
	if (high != 0)
		m->flags |= to == &m->header ? ENVELOPE_8BIT_HEADER :
		    ENVELOPE_8BIT_BODY;
}

/* What is held after a line end. */
static unsigned
after_line(const struct message *m, bool crlf)
{
	return crlf || !m->opts.crlf_strict ? HOLD_START : 0;
}

static bool
dot_ends(const struct message *m, bool crlf)
{
	return !m->opts.ignore_dots && (crlf || !m->opts.crlf_strict);
}

/* Takes what belongs to one line of p[0..n), n > 0, when nothing but
 * HOLD_START and HOLD_FIELD is held. */
static size_t
take_text(struct message *m, struct buf *to, const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);
	size_t len = lf != NULL ? (size_t)(lf - p) : n;
	bool cr = len > 0 && p[len - 1] == '\r';

	put_text(m, to, p, cr ? len - 1 : len);
	if (lf == NULL) {
		m->hold &= HOLD_FIELD;
		if (cr)
			m->hold |= HOLD_CR;
		return n;
	}
	end_line(m, to);
	m->hold = after_line(m, cr);
	return len + 1;
}

/* Settles a held dot or CR by the byte c; 1 if that belongs to it. */
static size_t
take_held(struct message *m, struct buf *to, char c)
{
	bool dot = m->hold & HOLD_DOT, cr = m->hold & HOLD_CR;

	if (dot && !cr && c == '\r') {
		m->hold |= HOLD_CR;
		return 1;
	}
	if (dot && c == '\n' && dot_ends(m, cr)) {
		m->state = MESSAGE_END;
		return 1;
	}
	if (dot)
		put(m, to, ".", 1);
	if (c == '\n') {
		end_line(m, to);
		m->hold = after_line(m, cr);
		return 1;
	}
	if (cr)
		put_bare_cr(m, to);
	m->hold &= HOLD_FIELD;
	return 0;
}

static size_t
take_body(struct message *m, struct buf *out, const char *p, size_t n)
{
	if (m->hold & (HOLD_DOT | HOLD_CR))
		return take_held(m, out, p[0]);
	if (p[0] == '.' && (m->hold & HOLD_START) && !m->opts.ignore_dots) {
		m->hold = HOLD_DOT;
		return 1;
	}
	return take_text(m, out, p, n);
}

static size_t
take_field(struct message *m, const char *p, size_t n)
{
	if (m->hold & HOLD_CR)
		return take_held(m, &m->header, p[0]);
	return take_text(m, &m->header, p, n);
}

static size_t
skip_line(struct message *m, const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);
	bool cr;

	if (lf == NULL)
		cr = p[n - 1] == '\r';
	else
		cr = lf > p ? lf[-1] == '\r' : m->hold & HOLD_CR;
	if (lf == NULL) {
		m->hold = cr ? HOLD_SKIP | HOLD_CR : HOLD_SKIP;
		return n;
	}
	m->hold = after_line(m, cr);
	return (size_t)(lf - p) + 1;
}

static bool
is_mbox(const char *p, size_t n)
{
	return (n >= 5 && memcmp(p, "From ", 5) == 0) ||
	    (n >= 6 && memcmp(p, ">From ", 6) == 0);
}

/* Is p[0..n) the beginning of a field, or could it become one? */
static enum kind
judge_name(const char *p, size_t n, bool whole)
{
	size_t i = 0, len;

	while (i < n && text_is_print(p[i]) && p[i] != ' ' && p[i] != ':')
		i++;
	len = i;
	while (i < n && text_is_blank(p[i]))
		i++;
	if (i == n)
		return whole || n > MESSAGE_NAME_MAX ? LINE_TEXT : LINE_MORE;
	return len > 0 && p[i] == ':' ? LINE_FIELD : LINE_TEXT;
}

/* Judges m->line, which is not empty, as it was read. */
static enum kind
judge(const struct message *m, bool eof)
{
	const char *p = m->line.p;
	size_t n = m->line.n;
	bool lf = p[n - 1] == '\n', cr = false;
	enum kind kind;

	if (lf)
		n--;
	if ((lf || eof) && n > 0 && p[n - 1] == '\r') {
		cr = true;
		n--;
	}
	if (n == 0)
		return LINE_EMPTY;
	if (lf && n == 1 && p[0] == '.' && (m->hold & HOLD_START) &&
	    dot_ends(m, cr))
		return LINE_DOT;
	/* LF may yet make these an empty line or a lone dot. */
	if (!lf && !eof && ((n == 1 && p[0] == '\r') ||
	    (n == 2 && memcmp(p, ".\r", 2) == 0)))
		return LINE_MORE;
	if (text_is_blank(p[0]))
		return m->header.n > 0 ? LINE_FIELD : LINE_TEXT;
	kind = judge_name(p, n, lf || eof);
	if (kind == LINE_TEXT && m->state == MESSAGE_START && is_mbox(p, n))
		return LINE_MBOX;
	return kind;
}

/* Gives the held line to where it belongs, now that this is known. */
static void
settle(struct message *m, enum kind kind)
{
	size_t used = 0;

	switch (kind) {
	case LINE_MORE:
		return;
	case LINE_FIELD:
		m->state = MESSAGE_HEADER;
		m->hold = HOLD_FIELD;
		while (used < m->line.n)
			used += take_field(m, m->line.p + used,
			    m->line.n - used);
		break;
	case LINE_MBOX:
		m->state = MESSAGE_HEADER;
		(void)skip_line(m, m->line.p, m->line.n);
		break;
	case LINE_EMPTY:
		m->state = MESSAGE_BODY;
		m->hold = after_line(m, m->line.n > 1);
		break;
	case LINE_DOT:
		m->state = MESSAGE_END;
		break;
	case LINE_TEXT:
		/* The line stays for replay_body. */
		m->state = MESSAGE_BODY;
		return;
	}
	buf_reset(&m->line);
}

/* The beginning of a line: as much as it takes to know what it is. */
static size_t
take_header(struct message *m, const char *p, size_t n)
{
	size_t i = 0;

	if (m->hold & HOLD_FIELD)
		return take_field(m, p, n);
	if (m->hold & HOLD_SKIP)
		return skip_line(m, p, n);
	if (n > MESSAGE_NAME_MAX + 1 - m->line.n)
		n = MESSAGE_NAME_MAX + 1 - m->line.n;
	while (i < n && p[i] != '\n' && p[i] != ':')
		i++;
	if (i < n)
		i++;
	buf_add(&m->line, p, i);
	settle(m, judge(m, false));
	return i;
}

/* The line that was no header line. It holds no lone dot. */
static void
replay_body(struct message *m, struct buf *out)
{
	size_t used = 0;

	while (used < m->line.n)
		used += take_body(m, out, m->line.p + used, m->line.n - used);
	buf_reset(&m->line);
}

static int
check_header(const struct message *m, struct err *err)
{
	if (!m->header.over)
		return 0;
	return err_set(err, ERR_DATA, "5.3.4", "the header section is over "
	    "%zu bytes ([queue] max_header_size)", m->opts.header_max);
}

ssize_t
message_feed(struct message *m, const char *p, size_t n, struct buf *out,
    struct err *err)
{
	size_t used = 0, before = out->n;

	if (m->state < MESSAGE_BODY) {
		while (used < n && m->state < MESSAGE_BODY && !m->header.over)
			used += take_header(m, p + used, n - used);
		return check_header(m, err) == -1 ? -1 : (ssize_t)used;
	}
	if (m->state == MESSAGE_BODY)
		replay_body(m, out);
	while (used < n && m->state == MESSAGE_BODY)
		used += take_body(m, out, p + used, n - used);
	assert(!out->over);
	m->body_size += (int64_t)(out->n - before);
	return (ssize_t)used;
}

int
message_finish(struct message *m, struct buf *out, struct err *err)
{
	size_t before = out->n;

	if (m->state < MESSAGE_BODY) {
		if (m->line.n > 0)
			settle(m, judge(m, true));
		/* A CR at the end of input is a line end, not a space. */
		if (m->hold & HOLD_FIELD)
			end_line(m, &m->header);
		if (m->hold & (HOLD_FIELD | HOLD_SKIP))
			m->hold = 0;
		if (m->state < MESSAGE_BODY)
			m->state = MESSAGE_BODY;
		if (check_header(m, err) == -1)
			return -1;
	}
	if (m->state == MESSAGE_END)
		return 0;
	replay_body(m, out);
	if (m->hold & HOLD_DOT)
		put(m, out, ".", 1);
	if (m->line_len > 0 || (m->hold & HOLD_CR))
		end_line(m, out);
	m->hold = 0;
	assert(!out->over);
	m->body_size += (int64_t)(out->n - before);
	return 0;
}
