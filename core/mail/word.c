/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/word.h"

enum {
	LINE_MAX = 78,
	ENCODED_LINE_MAX = 76,		/* RFC 2047 2 */
	ENCODED_MAX = 75,
	RUN_MAX = 400,			/* a word that cannot be folded */
	COLUMN_MAX = 40,		/* begin encoded words further left */
};

enum form {
	FORM_ATOMS, FORM_QUOTED, FORM_ENCODED,
};

/* The text in one line: no control characters, no blanks at its ends. */
static void
flatten(struct buf *b, const char *p, size_t n)
{
	struct slice s;
	size_t i;

	buf_init(b, n + 1);
	for (i = 0; i < n; i++)
		buf_addc(b, (unsigned char)p[i] < 0x20 || p[i] == 0x7f ?
		    ' ' : p[i]);
	s = text_trim(buf_str(b), b->n);
	buf_cut(b, (size_t)(s.p - buf_str(b)) + s.n);
	buf_drop(b, b->n - s.n);
}

static enum form
form_of(const char *p, size_t n, bool phrase)
{
	enum form form = FORM_ATOMS;
	size_t i, run = 0;

	if (!text_is_ascii(p, n))
		return FORM_ENCODED;
	for (i = 0; i < n; i++) {
		/* What looks like an encoded word would be taken for one. */
		if (p[i] == '=' && i + 1 < n && p[i + 1] == '?')
			return FORM_ENCODED;
		run = p[i] == ' ' ? 0 : run + 1;
		if (run > RUN_MAX)
			return FORM_ENCODED;
		if (phrase && !addr_is_atext(p[i]) &&
		    (p[i] != ' ' || p[i - 1] == ' '))
			form = FORM_QUOTED;
	}
	return form;
}

/* As it is, folded at blanks. */
static void
add_folded(struct buf *b, const char *p, size_t n, size_t column, bool quote)
{
	size_t i, run;

	for (i = 0; i < n; i += run) {
		for (run = 1; i + run < n && p[i + run] != ' ';)
			run++;
		if (p[i] == ' ' && column + run > LINE_MAX) {
			buf_adds(b, "\r\n");
			column = 0;
		}
		column += run;
		for (size_t j = i; j < i + run; j++) {
			if (quote && (p[j] == '"' || p[j] == '\\')) {
				buf_addc(b, '\\');
				column++;
			}
			buf_addc(b, p[j]);
		}
	}
}

/* RFC 2047 5 (3), the strictest set, fit for a phrase. */
static bool
is_plain_q(char c)
{
	return text_is_alnum(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
}

static size_t
q_length(const char *p, size_t n)
{
	size_t i, sum = 0;

	for (i = 0; i < n; i++)
		sum += is_plain_q(p[i]) || p[i] == ' ' ? 1 : 3;
	return sum;
}

static void
add_q(struct buf *b, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == ' ')
			buf_addc(b, '_');
		else if (is_plain_q(p[i]))
			buf_addc(b, p[i]);
		else
			buf_addf(b, "=%02X", (unsigned char)p[i]);
	}
}

static void
add_encoded(struct buf *b, const char *p, size_t n, size_t column)
{
	/* Q stays readable while most of it is plain. */
	bool utf8 = text_is_utf8(p, n), q = q_length(p, n) <= 2 * n;
	const char *charset = utf8 ? "utf-8" : "unknown-8bit";
	size_t frame = strlen(charset) + 7, room, take, len, i;
	uint32_t c;

	if (column > COLUMN_MAX)
		column = COLUMN_MAX;
	for (i = 0; i < n; i += take) {
		room = ENCODED_LINE_MAX - column;
		if (room > ENCODED_MAX)
			room = ENCODED_MAX;
		for (take = 0; i + take < n; take += len) {
			len = utf8 ? text_utf8_take(p + i + take,
			    n - i - take, &c) : 1;
			if (frame + (q ? q_length(p + i, take + len) :
			    (take + len + 2) / 3 * 4) > room)
				break;
		}
		if (i > 0)
			buf_adds(b, "\r\n ");
		buf_addf(b, "=?%s?%c?", charset, q ? 'Q' : 'B');
		if (q)
			add_q(b, p + i, take);
		else
			text_base64(b, p + i, take);
		buf_adds(b, "?=");
		column = 1;
	}
}

static void
add_words(struct buf *b, const char *p, size_t n, size_t column, bool phrase)
{
	struct buf flat;
	enum form form;

	flatten(&flat, p, n);
	form = form_of(buf_str(&flat), flat.n, phrase);
	if (form == FORM_ENCODED) {
		add_encoded(b, flat.p, flat.n, column);
	} else if (form == FORM_QUOTED) {
		buf_addc(b, '"');
		add_folded(b, flat.p, flat.n, column + 1, true);
		buf_addc(b, '"');
	} else {
		add_folded(b, buf_str(&flat), flat.n, column, false);
	}
	buf_free(&flat);
}

void
word_phrase(struct buf *b, const char *p, size_t n, size_t column)
{
	add_words(b, p, n, column, true);
}

void
word_text(struct buf *b, const char *p, size_t n, size_t column)
{
	add_words(b, p, n, column, false);
}
