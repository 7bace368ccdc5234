/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/compat.h"
#include "core/base/text.h"
#include "core/mail/word.h"

enum {
	REPLACEMENT = 0xfffd,
	CHARSET_MAX = 40,
};

enum charset {
	CHARSET_UTF8, CHARSET_ASCII, CHARSET_LATIN1, CHARSET_LATIN9,
	CHARSET_CP1252, CHARSET_NONE,
};

/* An encoded word in the input. */
struct word {
	enum charset	charset;
	char		coding;		/* 'q', 'b' */
	struct slice	text;
	size_t		n;		/* bytes of the whole */
};

static enum charset
find_charset(const char *p, size_t n)
{
	static const struct { const char *name; enum charset is; } names[] = {
		{ "utf-8", CHARSET_UTF8 }, { "utf8", CHARSET_UTF8 },
		{ "us-ascii", CHARSET_ASCII }, { "ascii", CHARSET_ASCII },
		{ "unknown-8bit", CHARSET_UTF8 },
		{ "iso-8859-1", CHARSET_LATIN1 },
		{ "latin1", CHARSET_LATIN1 },
		{ "iso-8859-15", CHARSET_LATIN9 },
		{ "windows-1252", CHARSET_CP1252 },
	};
	size_t i;

	for (i = 0; i < NELEM(names); i++)
		if (text_case_eq(p, n, names[i].name, strlen(names[i].name)))
			return names[i].is;
	return CHARSET_NONE;
}

static uint32_t
from_charset(enum charset charset, unsigned char c)
{
	static const uint16_t cp1252[32] = {
		0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
		0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
	};
	static const struct { unsigned char in; uint16_t out; } latin9[] = {
		{ 0xa4, 0x20ac }, { 0xa6, 0x160 }, { 0xa8, 0x161 },
		{ 0xb4, 0x17d }, { 0xb8, 0x17e }, { 0xbc, 0x152 },
		{ 0xbd, 0x153 }, { 0xbe, 0x178 },
	};
	size_t i;

	if (c < 0x80)
		return c;
	if (charset == CHARSET_ASCII)
		return REPLACEMENT;
	if (charset == CHARSET_CP1252 && c < 0xa0)
		return cp1252[c - 0x80] != 0 ? cp1252[c - 0x80] : REPLACEMENT;
	for (i = 0; charset == CHARSET_LATIN9 && i < NELEM(latin9); i++)
		if (latin9[i].in == c)
			return latin9[i].out;
	return c;
}

/* Bytes of a charset as text for people. */
static void
add_text(struct buf *b, enum charset charset, const char *p, size_t n)
{
	size_t i, used;
	uint32_t c;

	for (i = 0; i < n; i += used) {
		used = 1;
		if (charset == CHARSET_UTF8) {
			used = text_utf8_take(p + i, n - i, &c);
			if (used == 0) {
				used = 1;
				c = REPLACEMENT;
			}
		} else {
			c = from_charset(charset, (unsigned char)p[i]);
		}
		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			c = ' ';
		text_utf8_add(b, c);
	}
}

/* How far the signs of a part go; up to '?' or what cannot stand there. */
static size_t
part_length(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && p[i] != '?' && p[i] > 0x20 && p[i] < 0x7f;)
		i++;
	return i;
}

static bool
take_word(const char *p, size_t n, struct word *w)
{
	const char *star;
	size_t len;

	if (n < 8 || p[0] != '=' || p[1] != '?')
		return false;
	len = part_length(p + 2, n - 2 < CHARSET_MAX ? n - 2 : CHARSET_MAX);
	/* RFC 2231 5: a language may follow the charset. */
	star = memchr(p + 2, '*', len);
	w->charset = find_charset(p + 2,
	    star != NULL ? (size_t)(star - p - 2) : len);
	len += 2;
	if (w->charset == CHARSET_NONE || n - len < 5 || p[len] != '?' ||
	    p[len + 2] != '?')
		return false;
	w->coding = text_lower(p[len + 1]);
	w->text.p = p + len + 3;
	w->text.n = part_length(w->text.p, n - len - 3);
	w->n = len + 3 + w->text.n + 2;
	return (w->coding == 'q' || w->coding == 'b') && w->n <= n &&
	    p[w->n - 2] == '?' && p[w->n - 1] == '=';
}

static bool
decode_word(struct buf *raw, const struct word *w)
{
	const char *p = w->text.p;
	size_t i, n = w->text.n;

	if (w->coding == 'b')
		return text_base64_decode(raw, p, n);
	for (i = 0; i < n; i++) {
		if (p[i] == '=' && n - i >= 3 && text_is_hex(p[i + 1]) &&
		    text_is_hex(p[i + 2])) {
			buf_addc(raw, (char)(text_hex_value(p[i + 1]) * 16 +
			    text_hex_value(p[i + 2])));
			i += 2;
		} else {
			buf_addc(raw, p[i] == '_' ? ' ' : p[i]);
		}
	}
	return true;
}

static size_t
blanks(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && text_is_space(p[i]);)
		i++;
	return i;
}

static void
add_blanks(struct buf *b, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != '\r' && p[i] != '\n')
			buf_addc(b, ' ');
}

/*
 * The words from p on that only white space separates; bytes taken, 0 if the
 * first is broken. Those of one charset are put together first: careless
 * encoders cut characters. `before` blanks stood in front.
 */
static size_t
add_encoded_run(struct buf *b, const char *p, size_t n, struct word w,
    size_t before)
{
	enum charset charset = w.charset;
	struct buf raw;
	size_t used = 0, gap = 0, good;

	buf_init(&raw, n);
	for (;;) {
		good = raw.n;
		if (!decode_word(&raw, &w)) {
			buf_cut(&raw, good);
			break;
		}
		used += gap + w.n;
		gap = blanks(p + used, n - used);
		if (!take_word(p + used + gap, n - used - gap, &w) ||
		    w.charset != charset)
			break;
	}
	if (used > 0)
		add_blanks(b, p - before, before);
	add_text(b, charset, buf_str(&raw), raw.n);
	buf_free(&raw);
	return used;
}

/* Up to the next white space, or to what may be an encoded word. */
static size_t
plain_length(const char *p, size_t n)
{
	size_t i;

	for (i = 1; i < n && !text_is_space(p[i]); i++)
		if (p[i] == '=' && i + 1 < n && p[i + 1] == '?')
			break;
	return i;
}

void
word_decode(struct buf *b, const char *p, size_t n)
{
	size_t i, used, gap;
	bool after_word = false;
	struct word w;

	for (i = 0; i < n; i += used) {
		gap = blanks(p + i, n - i);
		i += gap;
		used = 0;
		if (take_word(p + i, n - i, &w))
			used = add_encoded_run(b, p + i, n - i, w,
			    after_word ? 0 : gap);
		after_word = used > 0;
		if (after_word)
			continue;
		add_blanks(b, p + i - gap, gap);
		if (i == n)
			break;
		used = plain_length(p + i, n - i);
		add_text(b, CHARSET_UTF8, p + i, used);
	}
}
