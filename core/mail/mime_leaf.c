/* SPDX-License-Identifier: ISC */
/*
 * mime_leaf - what is between the headers: counted first, then changed.
 */
#include "core/base/text.h"
#include "core/mail/fold.h"
#include "core/mail/mime_part.h"

void
mime_refuse(struct mime *m, const char *what, const char *why)
{
	if (m->why.kind == ERR_NONE)
		(void)err_set(&m->why, ERR_PERM, "5.6.3",
		    "cannot be converted for this relay: %s %s", what, why);
}

unsigned
mime_plan_of(const struct mime *m)
{
	return m->part < m->parts.n ? (unsigned char)m->parts.p[m->part] :
	    MIME_KEEP;
}

void
mime_settle_eol(struct mime *m, struct buf *out)
{
	if (!m->eol)
		return;
	m->eol = false;
	if (!m->writing)
		mime_count_line_end(&m->count);
	else if (m->encoder.how == MIME_KEEP)
		buf_adds(out, "\r\n");
	else
		mime_encode_line_end(&m->encoder, out);
}

/* A piece of a line that is seen by nobody; what we break must not begin as
 * a boundary does. */
static void
write_between(struct mime *m, const char *p, size_t n, struct buf *out)
{
	size_t i, column = m->line_len - n;

	for (i = 0; i < n; i++, column++) {
		if ((m->need & MIME_LINES) && column > 0 &&
		    column % (FOLD_LINE_MAX - 1) == 0)
			buf_adds(out, "\r\n ");
		buf_addc(out, (m->need & MIME_7BIT) &&
		    (unsigned char)p[i] >= 0x80 ? '?' : p[i]);
	}
}

static void
plan_content(struct mime *m, const char *p, size_t n)
{
	bool is_long = m->line_len > FOLD_LINE_MAX;

	if (m->state == MIME_LEAF) {
		mime_count(&m->count, p, n);
		m->count.is_long = m->count.is_long || is_long;
		return;
	}
	is_long = is_long && (m->need & MIME_LINES);
	if (!is_long && (!(m->need & MIME_7BIT) || text_is_ascii(p, n)))
		return;
	if (m->state == MIME_BETWEEN)
		m->changes = true;
	else
		mime_refuse(m, m->head.fixed, is_long ?
		    "has lines that are too long" : "has 8-bit content");
}

void
mime_content(struct mime *m, const char *p, size_t n, struct buf *out)
{
	mime_settle_eol(m, out);
	m->line_len += n;
	if (!m->writing)
		plan_content(m, p, n);
	else if (m->state == MIME_BETWEEN)
		write_between(m, p, n, out);
	else if (m->state == MIME_LEAF && m->encoder.how != MIME_KEEP)
		mime_encode(&m->encoder, out, p, n);
	else
		buf_add(out, p, n);
}

void
mime_content_end(struct mime *m, struct buf *out)
{
	mime_settle_eol(m, out);
	m->line_len = 0;
	m->judging = true;
	if (m->state == MIME_LEAF)
		m->eol = true;
	else if (m->writing)
		buf_adds(out, "\r\n");
}

void
mime_leaf_end(struct mime *m, bool at_boundary, struct buf *out)
{
	unsigned plan;

	if (!m->writing) {
		plan = mime_choose(&m->count, &m->head, m->need);
		if ((plan & MIME_HOW) == MIME_HOW)
			mime_refuse(m, "a part", "has an unknown encoding");
		if ((plan & MIME_HOW) != MIME_KEEP)
			m->changes = true;
		if (m->part < m->parts.n)
			m->parts.p[m->part] = (char)plan;
		m->eol = false;
		return;
	}
	/* The boundary's line end is not the leaf's (RFC 2046 5.1.1), but in
	 * these it stands as if it were. */
	if (at_boundary && m->encoder.how != MIME_BASE64 &&
	    m->encoder.how != MIME_WRAP_BASE64)
		mime_settle_eol(m, out);
	m->eol = false;
	if (m->encoder.how != MIME_KEEP)
		mime_encode_finish(&m->encoder, out);
}
