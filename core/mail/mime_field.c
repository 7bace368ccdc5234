/* SPDX-License-Identifier: ISC */
/*
 * mime_field - a header field's raw 8-bit text, said in ASCII.
 *
 * Names and texts become encoded words (RFC 2047), parameters of Content-
 * fields what RFC 2231 4 has for them. Where neither can stand (an address, a
 * comment) an octet becomes "?": the envelope has the address as it is.
 */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/mime_part.h"
#include "core/mail/word.h"

static bool
is_address_field(const struct header_field *f)
{
	static const char *const names[] = { "From", "Sender", "Reply-To",
		"To", "Cc", "Resent-From", "Resent-Sender", "Resent-Reply-To",
		"Resent-To", "Resent-Cc", "Disposition-Notification-To" };

	return header_is_any(f, names, NELEM(names));
}

static void
add_ascii(struct buf *b, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_addc(b, (unsigned char)p[i] < 0x80 ? p[i] : '?');
}

/* A display name as it is meant: without its quotes and folds. */
static void
add_phrase(struct buf *b, struct slice phrase)
{
	struct buf plain;
	size_t i;

	buf_init(&plain, phrase.n);
	for (i = 0; i < phrase.n; i++) {
		if (strchr("\"\r\n", phrase.p[i]) != NULL)
			continue;
		if (phrase.p[i] == '\\' && i + 1 < phrase.n)
			i++;
		buf_addc(&plain, phrase.p[i]);
	}
	word_phrase(b, buf_str(&plain), plain.n, 1);
	buf_free(&plain);
}

/* Is there nothing but blanks in the last line? */
static bool
line_is_blank(const struct buf *b)
{
	size_t i = b->n;

	while (i > 0 && text_is_blank(b->p[i - 1]))
		i--;
	return i == 0 || b->p[i - 1] == '\n';
}

static void
add_addresses(struct buf *b, const struct header_field *f)
{
	struct addr_list list;
	const char *p = f->raw.p;
	size_t i;

	addr_list_parse(&list, f->body.p, f->body.n);
	for (i = 0; i < list.n; i++) {
		struct slice phrase = list.v[i].phrase;

		if (phrase.n == 0 || text_is_ascii(phrase.p, phrase.n))
			continue;
		add_ascii(b, p, (size_t)(phrase.p - p));
		/* An encoded word's line is a short one. */
		if (i > 0 && !line_is_blank(b))
			buf_adds(b, "\r\n ");
		add_phrase(b, phrase);
		p = phrase.p + phrase.n;
	}
	add_ascii(b, p, (size_t)(f->raw.p + f->raw.n - p));
	addr_list_free(&list);
}

/* Where the quoted string ends that begins at p[0]; n: nowhere. */
static size_t
quoted_length(const char *p, size_t n)
{
	size_t i;

	for (i = 1; i < n && p[i] != '"'; i++)
		if (p[i] == '\\' && i + 1 < n)
			i++;
	return i < n ? i + 1 : n;
}

/* p[0..n) is a quoted string behind "name=". */
static void
add_extended(struct buf *b, const char *p, size_t n)
{
	size_t i;

	buf_addf(b, "*=%s''", text_is_utf8(p, n) ? "utf-8" : "unknown-8bit");
	for (i = 1; i + 1 < n; i++) {
		if (p[i] == '\\' && i + 2 < n)
			i++;
		if (text_is_alnum(p[i]) || p[i] == '.' || p[i] == '-')
			buf_addc(b, p[i]);
		else if (p[i] != '\r' && p[i] != '\n')
			buf_addf(b, "%%%02X", (unsigned char)p[i]);
	}
}

static void
add_params(struct buf *b, const char *p, size_t n)
{
	size_t i = 0, len;

	while (i < n) {
		if (p[i] == '=' && i + 1 < n && p[i + 1] == '"') {
			len = quoted_length(p + i + 1, n - i - 1);
			if (text_is_ascii(p + i + 1, len))
				buf_add(b, p + i, len + 1);
			else
				add_extended(b, p + i + 1, len);
			i += len + 1;
		} else {
			add_ascii(b, p + i, 1);
			i++;
		}
	}
}

static bool
has_params(const struct header_field *f)
{
	return f->name.n > 8 && text_case_eq(f->name.p, 8, "Content-", 8) &&
	    !header_is(f, "Content-Description");
}

void
mime_field_add(struct buf *b, const struct header_field *f)
{
	struct buf text;

	if (f->name.n == 0) {
		add_ascii(b, f->raw.p, f->raw.n);
	} else if (is_address_field(f)) {
		add_addresses(b, f);
	} else if (has_params(f)) {
		add_params(b, f->raw.p, f->raw.n);
	} else {
		buf_init(&text, f->body.n);
		header_unfold(f, &text);
		buf_add(b, f->name.p, f->name.n);
		buf_adds(b, ": ");
		word_text(b, buf_str(&text), text.n, f->name.n + 2);
		buf_adds(b, "\r\n");
		buf_free(&text);
	}
}
