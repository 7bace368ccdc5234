/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/rand.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/part.h"
#include "core/mail/word.h"
#include "core/mail/xtext.h"

enum {
	LINE_MAX = 78,
	LINE_HARD_MAX = 900,		/* of 998, before a fold is forced */
	TEXT_LINE_MAX = 72,
	BASE64_LINE = 57,		/* bytes that make 76 digits */
	VALUE_MAX = 64 * 1024,
};

void
part_boundary(char out[PART_BOUNDARY_SIZE])
{
	unsigned char r[15];
	size_t i, n;

	rand_bytes(r, sizeof(r));
	n = (size_t)snprintf(out, PART_BOUNDARY_SIZE, "=_sendoff_");
	for (i = 0; i < sizeof(r); i++)
		n += (size_t)snprintf(out + n, PART_BOUNDARY_SIZE - n, "%02x",
		    r[i]);
}

void
part_delimit(struct buf *b, const char *boundary)
{
	buf_addf(b, "\r\n--%s\r\n", boundary);
}

static bool
is_gap(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

void
part_wrap(struct buf *b, const char *indent, const char *p, size_t n)
{
	size_t i, run, column = 0;

	for (i = 0; i < n; i += run) {
		while (i < n && is_gap(p[i]))
			i++;
		for (run = 0; i + run < n && !is_gap(p[i + run]);)
			run++;
		if (run == 0)
			break;
		if (column > 0 && column + 1 + run > TEXT_LINE_MAX) {
			buf_adds(b, "\r\n");
			column = 0;
		}
		buf_adds(b, column == 0 ? indent : " ");
		buf_add(b, p + i, run);
		column += (column == 0 ? strlen(indent) : 1) + run;
	}
	buf_adds(b, "\r\n");
}

void
part_text(struct buf *b, const struct buf *text)
{
	size_t i, n;
	bool ascii = text_is_ascii(buf_str(text), text->n);

	buf_addf(b, "Content-Type: text/plain; charset=%s\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    ascii ? "us-ascii" : "utf-8", ascii ? "7bit" : "base64");
	if (ascii) {
		buf_add(b, buf_str(text), text->n);
		return;
	}
	for (i = 0; i < text->n; i += n) {
		n = text->n - i < BASE64_LINE ? text->n - i : BASE64_LINE;
		text_base64(b, text->p + i, n);
		buf_adds(b, "\r\n");
	}
}

/* Printable, in one line. */
static void
add_shown(struct buf *b, const char *p, size_t n, bool utf8)
{
	size_t i, used;
	uint32_t c;

	for (i = 0; i < n; i += used) {
		used = text_utf8_take(p + i, n - i, &c);
		if (used == 0) {
			used = 1;
			c = (unsigned char)p[i];
		} else if ((c >= 0x20 && c < 0x7f) || (c >= 0xa0 && utf8)) {
			buf_add(b, p + i, used);
			continue;
		}
		buf_addf(b, "\\x{%02X}", (unsigned)c);
	}
}

/* How many bytes of p[0..n), whole characters, a forced fold leaves. */
static size_t
hard_cut(const char *p, size_t n)
{
	if (n <= LINE_HARD_MAX)
		return n;
	for (n = LINE_HARD_MAX; n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

/* The value is one printable line already. */
static void
add_folded(struct buf *b, const char *p, size_t n, size_t column)
{
	size_t i, run;

	for (i = 0; i < n; i += run) {
		for (run = 1; i + run < n && p[i + run] != ' ';)
			run++;
		run = hard_cut(p + i, run);
		if (column + run > LINE_MAX && p[i] == ' ' && i > 0) {
			buf_adds(b, "\r\n");
			column = 0;
		} else if (column + run > LINE_HARD_MAX) {
			buf_adds(b, "\r\n ");
			column = 1;
		}
		buf_add(b, p + i, run);
		column += run;
	}
	buf_adds(b, "\r\n");
}

void
part_field(struct buf *b, const char *name, const char *value, bool utf8)
{
	struct slice s = text_trim(value, strlen(value));
	struct buf shown;

	buf_init(&shown, VALUE_MAX);
	add_shown(&shown, s.p, s.n, utf8);
	buf_addf(b, "%s: ", name);
	add_folded(b, buf_str(&shown), shown.n, strlen(name) + 2);
	buf_free(&shown);
}

void
part_fieldf(struct buf *b, const char *name, bool utf8, const char *fmt, ...)
{
	struct buf value;
	va_list ap;

	buf_init(&value, VALUE_MAX);
	va_start(ap, fmt);
	buf_vaddf(&value, fmt, ap);
	va_end(ap);
	part_field(b, name, buf_str(&value), utf8);
	buf_free(&value);
}

void
part_address(struct buf *b, const char *name, const char *type,
    const char *addr, bool utf8)
{
	struct buf coded;
	size_t n = strlen(addr);

	if (type == NULL)
		type = text_is_ascii(addr, n) ? "rfc822" : "utf-8";
	buf_init(&coded, VALUE_MAX);
	if (utf8 || !text_str_case_eq(type, "utf-8") ||
	    !xtext_utf8_encode(&coded, addr, n, true))
		buf_adds(&coded, addr);
	part_fieldf(b, name, utf8, "%s;%s", type, buf_str(&coded));
	buf_free(&coded);
}

void
part_typed(struct buf *b, const char *name, const char *typed, bool utf8)
{
	const char *addr = strchr(typed, ';');
	char type[64];

	if (addr == NULL || (size_t)(addr - typed) >= sizeof(type)) {
		part_address(b, name, NULL, typed, utf8);
		return;
	}
	(void)snprintf(type, sizeof(type), "%.*s", (int)(addr - typed), typed);
	part_address(b, name, type, addr + 1, utf8);
}

bool
part_mailbox(struct buf *b, const char *name, const char *mailbox)
{
	struct addr_list l;
	struct slice phrase;
	bool good;

	addr_list_parse(&l, mailbox, strlen(mailbox));
	good = l.n == 1 && l.v[0].addr != NULL && l.v[0].addr[0] != '\0' &&
	    text_is_line(mailbox, strlen(mailbox));
	if (good) {
		phrase = l.v[0].phrase;
		buf_addf(b, "%s: ", name);
		if (text_is_ascii(phrase.p, phrase.n))
			buf_add(b, phrase.p, phrase.n);
		else
			word_phrase(b, phrase.p, phrase.n, strlen(name) + 2);
		buf_addf(b, phrase.n > 0 ? " <%s>\r\n" : "%s\r\n", l.v[0].addr);
	}
	addr_list_free(&l);
	return good;
}
