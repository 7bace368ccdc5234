/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <string.h>

#include "core/base/text.h"
#include "core/mail/xtext.h"

static bool
is_xchar(char c)
{
	return c > 0x20 && c < 0x7f && c != '+' && c != '=';
}

static bool
is_upper_hex(char c)
{
	return text_is_digit(c) || (c >= 'A' && c <= 'F');
}

void
xtext_encode(struct buf *b, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (is_xchar(p[i]))
			buf_addc(b, p[i]);
		else
			buf_addf(b, "+%02X", (unsigned char)p[i]);
	}
}

bool
xtext_decode(struct buf *b, const char *p, size_t n)
{
	size_t i, start = b->n;

	for (i = 0; i < n; i++) {
		if (is_xchar(p[i])) {
			buf_addc(b, p[i]);
			continue;
		}
		if (p[i] != '+' || n - i < 3 || !text_is_hex(p[i + 1]) ||
		    !text_is_hex(p[i + 2])) {
			buf_cut(b, start);
			return false;
		}
		buf_addc(b, (char)(text_hex_value(p[i + 1]) * 16 +
		    text_hex_value(p[i + 2])));
		i += 2;
	}
	return true;
}

bool
xtext_utf8_encode(struct buf *b, const char *p, size_t n, bool ascii)
{
	size_t i, used;
	uint32_t c;

	if (!text_is_utf8(p, n))
		return false;
	for (i = 0; i < n; i += used) {
		used = text_utf8_take(p + i, n - i, &c);
		if (c <= 0x20 || c == 0x7f || c == '+' || c == '=' ||
		    c == '\\' || (c > 0x7f && ascii))
			buf_addf(b, "\\x{%02X}", (unsigned)c);
		else
			buf_add(b, p + i, used);
	}
	return true;
}

/* "\x{HEX}" at p: its length and the character; 0 if it is malformed. */
static size_t
take_embedded(const char *p, size_t n, uint32_t *c)
{
	size_t i;

	*c = 0;
	for (i = 3; i < n && i < 9 && is_upper_hex(p[i]); i++)
		*c = *c << 4 | (uint32_t)text_hex_value(p[i]);
	if (i < 5 || i == n || p[i] != '}' || *c == 0 || *c > 0x10ffff ||
	    (*c >= 0xd800 && *c < 0xe000) || (p[3] == '0' && i != 5))
		return 0;
	return i + 1;
}

bool
xtext_utf8_decode(struct buf *b, const char *p, size_t n)
{
	size_t i, used, start = b->n;
	uint32_t c;

	if (!text_is_utf8(p, n))
		return false;
	for (i = 0; i < n; i += used) {
		/* A backslash of the plain form stands in a quoted string. */
		if (n - i < 3 || memcmp(p + i, "\\x{", 3) != 0) {
			used = 1;
			buf_addc(b, p[i]);
			continue;
		}
		used = take_embedded(p + i, n - i, &c);
		if (used == 0) {
			buf_cut(b, start);
			return false;
		}
		text_utf8_add(b, c);
	}
	return true;
}

bool
xtext_orcpt(struct buf *b, const char *orcpt, bool utf8)
{
	const char *addr = strchr(orcpt, ';');
	size_t n = strlen(orcpt), start = b->n;

	if (addr == NULL || !text_case_eq(orcpt, (size_t)(addr - orcpt),
	    "utf-8", 5)) {
		xtext_encode(b, orcpt, n);
		return true;
	}
	addr++;
	buf_add(b, orcpt, (size_t)(addr - orcpt));
	if (!xtext_utf8_encode(b, addr, strlen(addr), !utf8)) {
		buf_cut(b, start);
		return false;
	}
	return true;
}
