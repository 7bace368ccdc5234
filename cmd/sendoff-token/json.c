/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cmd/sendoff-token/json.h"
#include "core/base/text.h"

struct reader {
	const char	*p, *end;
	int		 depth;
};

static bool	skip_value(struct reader *);

static void
skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' ||
	    *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

static bool
take(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Four hexadecimal digits, or -1. */
static int32_t
take_hex4(struct reader *r)
{
	int32_t v = 0;
	int i, d;

	for (i = 0; i < 4; i++) {
		d = r->p < r->end ? text_hex_value(*r->p++) : -1;
		if (d == -1)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static void
add_utf8(struct buf *out, int32_t c)
{
	if (c < 0x80) {
		buf_addc(out, (char)c);
	} else if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
		buf_addc(out, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 63)));
		buf_addc(out, (char)(0x80 | (c & 63)));
	} else {
		buf_addc(out, (char)(0xf0 | c >> 18));
		buf_addc(out, (char)(0x80 | (c >> 12 & 63)));
		buf_addc(out, (char)(0x80 | (c >> 6 & 63)));
		buf_addc(out, (char)(0x80 | (c & 63)));
	}
}

/* Behind "\u": one character, of two escapes where it takes a pair. */
static bool
take_unicode(struct reader *r, struct buf *out)
{
	int32_t c = take_hex4(r), low;

	if (c >= 0xd800 && c < 0xdc00) {
		if (r->end - r->p < 6 || r->p[0] != '\\' || r->p[1] != 'u')
			return false;
		r->p += 2;
		low = take_hex4(r);
		if (low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c < 0 || (c >= 0xdc00 && c < 0xe000)) {
		return false;
	}
	if (out != NULL)
		add_utf8(out, c);
	return true;
}

static bool
take_escape(struct reader *r, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (r->p == r->end)
		return false;
	if (*r->p == 'u') {
		r->p++;
		return take_unicode(r, out);
	}
	at = memchr(from, *r->p, sizeof(from) - 1);
	if (at == NULL)
		return false;
	r->p++;
	if (out != NULL)
		buf_addc(out, to[at - from]);
	return true;
}

/* out NULL: only past it */
static bool
take_string(struct reader *r, struct buf *out)
{
	const char *start;

	if (!take(r, '"'))
		return false;
	for (;;) {
		start = r->p;
		while (r->p < r->end && *r->p != '"' && *r->p != '\\' &&
		    (unsigned char)*r->p >= 0x20)
			r->p++;
		if (!text_is_utf8(start, (size_t)(r->p - start)))
			return false;
		if (out != NULL)
			buf_add(out, start, (size_t)(r->p - start));
		if (r->p == r->end)
			return false;
		if (*r->p == '"') {
			r->p++;
			return true;
		}
		if (*r->p++ != '\\' || !take_escape(r, out))
			return false;
	}
}

static bool
skip_digits(struct reader *r)
{
	const char *start = r->p;

	while (r->p < r->end && text_is_digit(*r->p))
		r->p++;
	return r->p > start;
}

static bool
skip_number(struct reader *r)
{
	if (r->p < r->end && *r->p == '-')
		r->p++;
	if (r->p < r->end && *r->p == '0')
		r->p++;
	else if (!skip_digits(r))
		return false;
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		if (!skip_digits(r))
			return false;
	}
	if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
		r->p++;
		if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
			r->p++;
		return skip_digits(r);
	}
	return true;
}

static bool
skip_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return false;
	r->p += n;
	return true;
}

/* Members or elements up to the closing bracket, behind the opening one. */
static bool
skip_list(struct reader *r, char close, bool named)
{
	bool ok;

	if (++r->depth > JSON_DEPTH_MAX)
		return false;
	ok = take(r, close);
	while (!ok) {
		if ((named && (!take_string(r, NULL) || !take(r, ':'))) ||
		    !skip_value(r))
			return false;
		ok = take(r, close);
		if (!ok && !take(r, ','))
			return false;
	}
	r->depth--;
	return true;
}

static bool
skip_value(struct reader *r)
{
	skip_blanks(r);
	if (r->p == r->end)
		return false;
	switch (*r->p) {
	case '{':
		r->p++;
		return skip_list(r, '}', true);
	case '[':
		r->p++;
		return skip_list(r, ']', false);
	case '"':
		return take_string(r, NULL);
	case 't':
		return skip_word(r, "true");
	case 'f':
		return skip_word(r, "false");
	case 'n':
		return skip_word(r, "null");
	default:
		return skip_number(r);
	}
}

bool
json_check(const char *p, size_t n)
{
	struct reader r = { p, p + n, 0 };

	skip_blanks(&r);
	if (r.p == r.end || *r.p != '{' || !skip_value(&r))
		return false;
	skip_blanks(&r);
	return r.p == r.end;
}

/* Where the member's value begins, in a text that json_check has passed. */
static bool
find(const char *p, size_t n, const char *name, struct reader *r)
{
	struct buf key;
	bool found = false;

	*r = (struct reader){ p, p + n, 0 };
	if (!json_check(p, n) || !take(r, '{'))
		return false;
	buf_init(&key, n);
	while (!found) {
		buf_reset(&key);
		if (!take_string(r, &key) || !take(r, ':'))
			break;
		skip_blanks(r);
		found = strlen(name) == key.n &&
		    memcmp(buf_str(&key), name, key.n) == 0;
		if (!found && (!skip_value(r) || !take(r, ',')))
			break;
	}
	buf_free(&key);
	return found;
}

bool
json_string(const char *p, size_t n, const char *name, struct buf *out)
{
	struct reader r;

	return find(p, n, name, &r) && *r.p == '"' && take_string(&r, out);
}

bool
json_int(const char *p, size_t n, const char *name, int64_t *out)
{
	struct reader r;
	const char *start;

	if (!find(p, n, name, &r))
		return false;
	/* Some servers send a number as a string. */
	if (*r.p == '"')
		r.p++;
	start = r.p;
	while (r.p < r.end && (text_is_digit(*r.p) || *r.p == '-'))
		r.p++;
	return text_to_int(start, (size_t)(r.p - start), INT64_MIN, INT64_MAX,
	    out);
}
