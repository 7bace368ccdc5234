/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/mime_part.h"

enum {
	MARK_MAX = MIME_BOUNDARY_MAX + 300,	/* "--", "--", blanks */
};

static void
begin_part(struct mime *m)
{
	m->state = MIME_HEAD;
	m->part = m->writing ? m->part + 1 : m->parts.n;
	if (!m->writing)
		buf_addc(&m->parts, MIME_KEEP);
	if (m->parts.over)
		mime_refuse(m, "it has", "too many parts");
	buf_reset(&m->header);
	m->header_line = 0;
	m->count = (struct mime_count){ 0 };
	m->eol = false;
}

/* To before the first byte; the plan stays. */
static void
start(struct mime *m)
{
	m->depth = 0;
	m->judging = false;
	m->cr = false;
	m->line_len = 0;
	m->size = 0;
	buf_reset(&m->line);
	m->part = (size_t)-1;
	begin_part(m);
}

void
mime_init(struct mime *m, unsigned need)
{
	memset(m, 0, sizeof(*m));
	m->need = need;
	buf_init(&m->parts, MIME_PARTS_MAX);
	buf_init(&m->header, MIME_HEADER_MAX);
	buf_init(&m->line, MARK_MAX);
	start(m);
}

void
mime_free(struct mime *m)
{
	buf_free(&m->parts);
	buf_free(&m->header);
	buf_free(&m->line);
	memset(m, 0, sizeof(*m));
}

void
mime_rewind(struct mime *m)
{
	m->writing = true;
	start(m);
}

/* What the header of the current part has to say from now on. */
static void
write_head(struct mime *m, struct buf *out)
{
	unsigned plan = mime_plan_of(m), how = plan & MIME_HOW;
	struct mime_head_job job = { .need = m->need };

	if (how == MIME_QP || how == MIME_BASE64) {
		job.encoding = how == MIME_QP ? "quoted-printable" : "base64";
		if (!m->head.has_type)
			job.charset = !(plan & MIME_IS_8BIT) ? "us-ascii" :
			    (plan & MIME_IS_NOT_UTF8) ? "unknown-8bit" :
			    "utf-8";
	} else if ((m->need & MIME_7BIT) &&
	    m->head.encoding == MIME_ENC_8BIT) {
		/* Nothing of 8 bits is left in it. */
		job.encoding = "7bit";
	}
	job.version = m->part == 0 && !m->head.has_version &&
	    (m->head.has_type || job.encoding != NULL);
	mime_head_write(out, m->header.p, m->header.n, &job);
}

/* The header section of a part is complete; separated: by an empty line. */
static void
end_head(struct mime *m, bool separated, struct buf *out)
{
	const struct mime_head *h = &m->head;
	bool in_digest = m->depth > 0 && m->stack[m->depth - 1].digest;

	if (m->header.over)
		mime_refuse(m, "a header section", "is too large");
	mime_head_read(&m->head, buf_str(&m->header), m->header.n, in_digest);
	if (m->writing) {
		write_head(m, out);
		if (separated)
			buf_adds(out, "\r\n");
	} else if (mime_head_changes(buf_str(&m->header), m->header.n,
	    m->need)) {
		m->changes = true;
	}
	m->judging = true;
	mime_encode_start(&m->encoder, mime_plan_of(m) & MIME_HOW);
	if (h->fixed != NULL) {
		m->state = MIME_FIXED;
	} else if (!h->multipart) {
		m->state = MIME_LEAF;
	} else if (m->depth == MIME_DEPTH_MAX) {
		m->state = MIME_LEAF;
		mime_refuse(m, "its parts", "are nested too deep");
	} else {
		m->state = MIME_BETWEEN;
		memcpy(m->stack[m->depth].boundary, h->boundary,
		    sizeof(h->boundary));
		m->stack[m->depth++].digest = h->digest;
	}
}

/* Which boundary the line is: its place in the stack, or the depth. */
static size_t
find_boundary(const struct mime *m, const char *p, size_t n, bool *last)
{
	size_t i = m->depth, len, at;

	if (n < 3 || p[0] != '-' || p[1] != '-')
		return m->depth;
	while (i-- > 0) {
		len = strlen(m->stack[i].boundary);
		if (n < len + 2 ||
		    memcmp(p + 2, m->stack[i].boundary, len) != 0)
			continue;
		at = len + 2;
		*last = n >= at + 2 && memcmp(p + at, "--", 2) == 0;
		if (*last)
			at += 2;
		while (at < n && text_is_blank(p[at]))
			at++;
		if (at == n)
			return i;
	}
	return m->depth;
}

/* Takes the line if it is a boundary. */
static bool
take_boundary(struct mime *m, const char *p, size_t n, struct buf *out)
{
	bool last = false;
	size_t i = find_boundary(m, p, n, &last);

	if (i == m->depth)
		return false;
	if (m->state == MIME_LEAF)
		mime_leaf_end(m, true, out);
	if (m->writing) {
		buf_add(out, p, n);
		buf_adds(out, "\r\n");
	}
	m->line_len = 0;
	m->depth = last ? i : i + 1;
	if (last) {
		m->state = MIME_BETWEEN;
		m->judging = true;
	} else {
		begin_part(m);
	}
	return true;
}

/* A body line that was held whole. */
static void
judge_line(struct mime *m, struct buf *out)
{
	if (take_boundary(m, buf_str(&m->line), m->line.n, out)) {
		buf_reset(&m->line);
		return;
	}
	m->judging = false;
	if (m->line.n > 0)
		mime_content(m, m->line.p, m->line.n, out);
	buf_reset(&m->line);
	mime_content_end(m, out);
}

/* Could the line that is held become a boundary? */
static bool
is_mark(const struct mime *m)
{
	return m->depth > 0 && m->line.n < MARK_MAX &&
	    m->line.p[0] == '-' && (m->line.n < 2 || m->line.p[1] == '-');
}

static void
head_line(struct mime *m, struct buf *out)
{
	const char *p = buf_str(&m->header) + m->header_line;
	size_t n = m->header.n - m->header_line;
	struct buf first;

	if (n == 0) {
		end_head(m, true, out);
		return;
	}
	if (m->header.over || header_line_check(p, n) ||
	    (text_is_blank(p[0]) && m->header_line > 0)) {
		buf_adds(&m->header, "\r\n");
		m->header_line = m->header.n;
		return;
	}
	/* A boundary, or text without an empty line in front of it. */
	buf_init(&first, n);
	buf_add(&first, p, n);
	buf_cut(&m->header, m->header_line);
	end_head(m, false, out);
	m->judging = false;
	if (!take_boundary(m, first.p, n, out)) {
		mime_content(m, first.p, n, out);
		mime_content_end(m, out);
	}
	buf_free(&first);
}

/* Text within a line. */
static void
take_text(struct mime *m, const char *p, size_t n, struct buf *out)
{
	size_t take;

	if (m->state == MIME_HEAD) {
		buf_add(&m->header, p, n);
		return;
	}
	if (m->judging && m->depth > 0 && n > 0) {
		take = MARK_MAX - m->line.n;
		if (take > n)
			take = n;
		buf_add(&m->line, p, take);
		if (is_mark(m))
			return;
		p += take;
		n -= take;
		mime_content(m, m->line.p, m->line.n, out);
		buf_reset(&m->line);
		m->judging = false;
	}
	if (n > 0)
		mime_content(m, p, n, out);
}

static void
take_line_end(struct mime *m, struct buf *out)
{
	if (m->state == MIME_HEAD)
		head_line(m, out);
	else if (m->line.n > 0)
		judge_line(m, out);
	else
		mime_content_end(m, out);
}

static int
conclude(struct mime *m, const struct buf *out, size_t before,
    struct err *err)
{
	if (m->writing)
		m->size += (int64_t)(out->n - before);
	if (m->why.kind == ERR_NONE)
		return 0;
	*err = m->why;
	return -1;
}

int
mime_feed(struct mime *m, const char *p, size_t n, struct buf *out,
    struct err *err)
{
	size_t before = m->writing ? out->n : 0, len;
	const char *lf;
	bool cr;

	while (n > 0) {
		if (m->cr && p[0] != '\n')
			take_text(m, "\r", 1, out);
		m->cr = false;
		lf = memchr(p, '\n', n);
		len = lf != NULL ? (size_t)(lf - p) : n;
		cr = len > 0 && p[len - 1] == '\r';
		take_text(m, p, cr ? len - 1 : len, out);
		if (lf != NULL) {
			take_line_end(m, out);
			len++;
		} else {
			m->cr = cr;
		}
		p += len;
		n -= len;
	}
	return conclude(m, out, before, err);
}

int
mime_finish(struct mime *m, struct buf *out, struct err *err)
{
	size_t before = m->writing ? out->n : 0;

	if (m->cr || m->line.n > 0 || (m->state == MIME_HEAD &&
	    m->header.n > m->header_line))
		take_line_end(m, out);
	m->cr = false;
	if (m->state == MIME_HEAD)
		end_head(m, false, out);
	/* In a multipart that was cut off the last boundary is what lacks. */
	if (m->state == MIME_LEAF) {
		if (m->depth == 0)
			mime_settle_eol(m, out);
		mime_leaf_end(m, m->depth > 0, out);
	}
	return conclude(m, out, before, err);
}
