/* SPDX-License-Identifier: ISC */
/*
 * mime_encode - quoted-printable and base64, in pieces; and which of them.
 */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/mime_part.h"

enum {
	QP_LINE_MAX = 75,		/* octets in front of a soft break */
	BASE64_LINE = 76,
	WRAP_LINE_MAX = 900,		/* lines that are not ours to shorten */
	ESCAPE_LEN = 3,			/* "=XX" */
};

void
mime_encode_start(struct mime_encoder *e, enum mime_how how)
{
	*e = (struct mime_encoder){ .how = how };
}

/* Room for n octets more on this line, which holds max. */
static void
make_room(struct mime_encoder *e, struct buf *b, size_t n, size_t max)
{
	if (e->column + n <= max)
		return;
	buf_adds(b, "=\r\n");
	e->column = 0;
	e->soft = true;
}

static void
add_escaped(struct mime_encoder *e, struct buf *b, char c)
{
	buf_addf(b, "=%02X", (unsigned char)c);
	e->column += ESCAPE_LEN;
}

/* One octet; plain says that it stands for itself. A line that begins by our
 * soft break must not look like a boundary. */
static void
add_octet(struct mime_encoder *e, struct buf *b, char c, bool plain,
    size_t max)
{
	make_room(e, b, plain ? 1 : ESCAPE_LEN, max);
	if (plain && !(c == '-' && e->column == 0 && e->soft)) {
		buf_addc(b, c);
		e->column++;
	} else {
		add_escaped(e, b, c);
	}
}

/* Stands for itself in quoted-printable; a blank does so within a line. */
static bool
is_plain(char c)
{
	return (c >= ' ' && c <= '~' && c != '=') || c == '\t';
}

/* Plain octets, as many lines as they take. */
static void
add_plain(struct mime_encoder *e, struct buf *b, const char *p, size_t n)
{
	size_t take;

	while (n > 0) {
		add_octet(e, b, p[0], true, QP_LINE_MAX);
		p++;
		n--;
		take = e->column < QP_LINE_MAX ? QP_LINE_MAX - e->column : 0;
		if (take > n)
			take = n;
		buf_add(b, p, take);
		e->column += take;
		p += take;
		n -= take;
	}
}

static void
encode_qp(struct mime_encoder *e, struct buf *b, const char *p, size_t n)
{
	char last = '\0';
	size_t i, run;

	if (n == 0)
		return;
	if (e->blank != '\0')
		add_octet(e, b, e->blank, true, QP_LINE_MAX);
	if (text_is_blank(p[n - 1]))
		last = p[--n];
	for (i = 0; i < n; i += run) {
		for (run = 0; i + run < n && is_plain(p[i + run]);)
			run++;
		if (run > 0) {
			add_plain(e, b, p + i, run);
		} else {
			add_octet(e, b, p[i], false, QP_LINE_MAX);
			run = 1;
		}
	}
	e->blank = last;
}

static void
wrap_qp(struct mime_encoder *e, struct buf *b, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		/* What follows "=" belongs to it. */
		if (p[i] == '=')
			make_room(e, b, ESCAPE_LEN, WRAP_LINE_MAX);
		add_octet(e, b, p[i], (unsigned char)p[i] < 0x80,
		    WRAP_LINE_MAX + ESCAPE_LEN);
	}
}

static void
encode_base64(struct mime_encoder *e, struct buf *b, const char *p, size_t n)
{
	size_t take;

	while (n > 0) {
		take = sizeof(e->group) - e->n;
		if (take > n)
			take = n;
		memcpy(e->group + e->n, p, take);
		e->n += take;
		p += take;
		n -= take;
		if (e->n == sizeof(e->group)) {
			text_base64(b, e->group, e->n);
			buf_adds(b, "\r\n");
			e->n = 0;
		}
	}
}

/* Line ends and what is no base64 mean nothing in it. */
static void
wrap_base64(struct mime_encoder *e, struct buf *b, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!text_is_print(p[i]) || p[i] == ' ')
			continue;
		buf_addc(b, p[i]);
		if (++e->column == BASE64_LINE) {
			buf_adds(b, "\r\n");
			e->column = 0;
		}
	}
}

void
mime_encode(struct mime_encoder *e, struct buf *b, const char *p, size_t n)
{
	if (e->how == MIME_QP)
		encode_qp(e, b, p, n);
	else if (e->how == MIME_BASE64)
		encode_base64(e, b, p, n);
	else if (e->how == MIME_WRAP_QP)
		wrap_qp(e, b, p, n);
	else
		wrap_base64(e, b, p, n);
}

static void
end_qp_line(struct mime_encoder *e, struct buf *b)
{
	if (e->blank != '\0') {
		make_room(e, b, ESCAPE_LEN, QP_LINE_MAX);
		add_escaped(e, b, e->blank);
	}
	buf_adds(b, "\r\n");
	e->blank = '\0';
	e->column = 0;
	e->soft = false;
}

void
mime_encode_line_end(struct mime_encoder *e, struct buf *b)
{
	if (e->how == MIME_BASE64)
		encode_base64(e, b, "\r\n", 2);
	else if (e->how != MIME_WRAP_BASE64)
		end_qp_line(e, b);
}

void
mime_encode_finish(struct mime_encoder *e, struct buf *b)
{
	if (e->how == MIME_BASE64) {
		text_base64(b, e->group, e->n);
		if (e->n > 0)
			buf_adds(b, "\r\n");
		e->n = 0;
	} else if (e->how == MIME_WRAP_BASE64) {
		if (e->column > 0)
			buf_adds(b, "\r\n");
		e->column = 0;
	} else if (e->column > 0 || e->blank != '\0' || e->soft) {
		end_qp_line(e, b);
	}
}

/* RFC 3629 4, a byte at a time. */
static void
count_utf8(struct mime_count *c, unsigned char b)
{
	if (c->utf8_left > 0) {
		if (b < c->utf8_low || b > c->utf8_high)
			c->not_utf8 = true;
		c->utf8_low = 0x80;
		c->utf8_high = 0xbf;
		c->utf8_left--;
		return;
	}
	if (b < 0x80)
		return;
	c->utf8_low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
	c->utf8_high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
	if (b >= 0xc2 && b <= 0xdf)
		c->utf8_left = 1;
	else if (b >= 0xe0 && b <= 0xef)
		c->utf8_left = 2;
	else if (b >= 0xf0 && b <= 0xf4)
		c->utf8_left = 3;
	else
		c->not_utf8 = true;
}

void
mime_count(struct mime_count *c, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		c->special += !is_plain(p[i]);
	c->bytes += (int64_t)n;
	if (text_is_ascii(p, n) && c->utf8_left == 0)
		return;
	for (i = 0; i < n; i++) {
		count_utf8(c, (unsigned char)p[i]);
		if ((unsigned char)p[i] >= 0x80)
			c->is_8bit = true;
	}
}

void
mime_count_line_end(struct mime_count *c)
{
	count_utf8(c, '\n');
	c->bytes += 2;
}

unsigned
mime_choose(const struct mime_count *c, const struct mime_head *h,
    unsigned need)
{
	unsigned bits = (c->is_8bit ? MIME_IS_8BIT : 0) |
	    (c->not_utf8 || c->utf8_left > 0 ? MIME_IS_NOT_UTF8 : 0);

	if (!((need & MIME_7BIT) && c->is_8bit) &&
	    !((need & MIME_LINES) && c->is_long))
		return MIME_KEEP;
	if (h->encoding == MIME_ENC_QP)
		return MIME_WRAP_QP;
	if (h->encoding == MIME_ENC_BASE64)
		return MIME_WRAP_BASE64;
	if (h->encoding == MIME_ENC_UNKNOWN)
		return MIME_HOW;
	/* Text stays readable, but where a quarter of it would not be. */
	if (h->text && c->special * 4 <= c->bytes)
		return MIME_QP | bits;
	return MIME_BASE64 | bits;
}
