/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"

bool
text_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
text_is_alnum(char c)
{
	return text_is_alpha(c) || text_is_digit(c);
}

bool
text_is_hex(char c)
{
	return text_hex_value(c) != -1;
}

bool
text_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
text_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
text_is_print(char c)
{
	return c >= 0x20 && c <= 0x7e;
}

char
text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

char
text_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

int
text_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
text_case_eq(const char *a, size_t na, const char *b, size_t nb)
{
	size_t i;

	if (na != nb)
		return false;
	for (i = 0; i < na; i++)
		if (text_lower(a[i]) != text_lower(b[i]))
			return false;
	return true;
}

bool
text_str_case_eq(const char *a, const char *b)
{
	return text_case_eq(a, strlen(a), b, strlen(b));
}

struct slice
text_trim(const char *p, size_t n)
{
	while (n > 0 && text_is_space(p[0])) {
		p++;
		n--;
	}
	while (n > 0 && text_is_space(p[n - 1]))
		n--;
	return (struct slice){ p, n };
}

bool
text_to_int(const char *p, size_t n, int64_t min, int64_t max, int64_t *out)
{
	bool minus = false;
	int64_t v = 0;
	size_t i = 0;

	if (min < 0 && n > 0 && p[0] == '-') {
		minus = true;
		i = 1;
	}
	if (i == n)
		return false;
	/* Counted downwards, since INT64_MIN has no positive twin. */
	for (; i < n; i++) {
		int d = p[i] - '0';

		if (d < 0 || d > 9 || v < (INT64_MIN + d) / 10)
			return false;
		v = v * 10 - d;
	}
	if (!minus) {
		if (v == INT64_MIN)
			return false;
		v = -v;
	}
	if (v < min || v > max)
		return false;
	*out = v;
	return true;
}

bool
text_is_line(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return false;
	return true;
}

bool
text_is_ascii(const char *p, size_t n)
{
	uint64_t v, high = 0;
	size_t i;

	/* Eight at a time: whole messages are asked this. */
	for (i = 0; n - i >= sizeof(v); i += sizeof(v)) {
		memcpy(&v, p + i, sizeof(v));
		high |= v;
	}
	for (; i < n; i++)
		high |= (unsigned char)p[i];
	return (high & 0x8080808080808080) == 0;
}

/* The length of the valid UTF-8 character at p[0..n), or 0. */
static size_t
utf8_length(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	unsigned char low = 0x80, high = 0xbf;
	size_t want, i;

	if (u[0] < 0x80)
		return 1;
	if (u[0] >= 0xc2 && u[0] <= 0xdf)
		want = 2;
	else if (u[0] >= 0xe0 && u[0] <= 0xef)
		want = 3;
	else if (u[0] >= 0xf0 && u[0] <= 0xf4)
		want = 4;
	else
		return 0;
	if (want > n)
		return 0;
	if (u[0] == 0xe0)
		low = 0xa0;
	else if (u[0] == 0xed)
		high = 0x9f;
	else if (u[0] == 0xf0)
		low = 0x90;
	else if (u[0] == 0xf4)
		high = 0x8f;
	if (u[1] < low || u[1] > high)
		return 0;
	for (i = 2; i < want; i++)
		if (u[i] < 0x80 || u[i] > 0xbf)
			return 0;
	return want;
}

size_t
text_utf8_take(const char *p, size_t n, uint32_t *c)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t len = utf8_length(p, n), i;

	if (len == 0)
		return 0;
	*c = len == 1 ? u[0] : u[0] & (0x7fU >> len);
	for (i = 1; i < len; i++)
		*c = *c << 6 | (u[i] & 0x3fU);
	return len;
}

void
text_utf8_add(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_addc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_addc(b, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_addc(b, (char)(0xe0 | c >> 12));
		} else {
			buf_addc(b, (char)(0xf0 | c >> 18));
			buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_addc(b, (char)(0x80 | (c & 0x3f)));
}

bool
text_is_utf8(const char *p, size_t n)
{
	size_t len;

	while (n > 0) {
		len = utf8_length(p, n);
		if (len == 0)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

/* One shown piece of p[0..n) into out; how many bytes of p it stands for. */
static size_t
clean_piece(const char *p, size_t n, char out[8])
{
	const unsigned char *u = (const unsigned char *)p;
	size_t len = utf8_length(p, n);

	if (p[0] == '\r' || p[0] == '\n') {
		for (len = 0; len < n && (p[len] == '\r' || p[len] == '\n');)
			len++;
		(void)snprintf(out, 8, " ");
		return len;
	}
	if (p[0] == '\\') {
		(void)snprintf(out, 8, "\\\\");
		return 1;
	}
	/* C1 controls, U+0080..U+009F, move some terminals' cursors. */
	if (len == 0 || (len == 1 && !text_is_print(p[0])) ||
	    (len == 2 && u[0] == 0xc2 && u[1] < 0xa0)) {
		(void)snprintf(out, 8, "\\x%02X", u[0]);
		return 1;
	}
	memcpy(out, p, len);
	out[len] = '\0';
	return len;
}

void
text_clean(struct buf *b, const char *p, size_t n, size_t max)
{
	char piece[8];
	size_t used, start = b->n, fits = b->n;

	while (n > 0) {
		used = clean_piece(p, n, piece);
		if (b->n - start + strlen(piece) > max) {
			buf_cut(b, fits);
			if (max >= 3)
				buf_adds(b, "...");
			return;
		}
		buf_adds(b, piece);
		if (b->n - start + 3 <= max)
			fits = b->n;
		p += used;
		n -= used;
	}
}

char *
text_clean_to(char *out, size_t size, const char *p, size_t n)
{
	struct buf b;

	buf_init(&b, size);
	text_clean(&b, p, n, size - 1);
	(void)snprintf(out, size, "%s", buf_str(&b));
	buf_free(&b);
	return out;
}

void
text_base64(struct buf *b, const char *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *u = (const unsigned char *)p;
	uint32_t v;
	size_t i;

	for (i = 0; i < n; i += 3) {
		v = (uint32_t)u[i] << 16;
		if (i + 1 < n)
			v |= (uint32_t)u[i + 1] << 8;
		if (i + 2 < n)
			v |= u[i + 2];
		buf_addc(b, digits[v >> 18]);
		buf_addc(b, digits[v >> 12 & 63]);
		buf_addc(b, i + 1 < n ? digits[v >> 6 & 63] : '=');
		buf_addc(b, i + 2 < n ? digits[v & 63] : '=');
	}
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

bool
text_base64_decode(struct buf *b, const char *p, size_t n)
{
	size_t i, j, pad = 0;
	uint32_t v;
	int d;

	if (n % 4 != 0)
		return false;
	if (n > 0 && p[n - 1] == '=')
		pad = p[n - 2] == '=' ? 2 : 1;
	for (i = 0; i < n; i += 4) {
		size_t here = i + 4 == n ? pad : 0;

		v = 0;
		for (j = 0; j < 4; j++) {
			d = j < 4 - here ? base64_value(p[i + j]) : 0;
			if (d == -1)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		if ((here == 1 && (v & 0xff) != 0) ||
		    (here == 2 && (v & 0xffff) != 0))
			return false;
		buf_addc(b, (char)(v >> 16));
		if (here < 2)
			buf_addc(b, (char)(v >> 8));
		if (here < 1)
			buf_addc(b, (char)v);
	}
	return true;
}

void
text_json(struct buf *b, const char *p, size_t n)
{
	size_t len;

	buf_addc(b, '"');
	while (n > 0) {
		len = utf8_length(p, n);
		if (len == 0) {
			buf_adds(b, "\xef\xbf\xbd");
			len = 1;
		} else if (p[0] == '"' || p[0] == '\\') {
			buf_addc(b, '\\');
			buf_addc(b, p[0]);
		} else if ((unsigned char)p[0] < 0x20 || p[0] == 0x7f) {
			buf_addf(b, "\\u%04x", (unsigned char)p[0]);
		} else {
			buf_add(b, p, len);
		}
		p += len;
		n -= len;
	}
	buf_addc(b, '"');
}
