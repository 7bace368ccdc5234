/* SPDX-License-Identifier: ISC */
#include "core/base/text.h"
#include "core/mail/xtext.h"

static bool
is_xchar(char c)
{
	return c > ' ' && c < 0x7f && c != '+' && c != '=';
}

void
xtext_encode(struct buf *b, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_xchar(p[i]))
			buf_addc(b, p[i]);
		else
			buf_addf(b, "+%02X", (unsigned char)p[i]);
	}
}

bool
xtext_decode(struct buf *b, const char *p, size_t n)
{
	size_t start = b->n;

	for (size_t i = 0; i < n; i++) {
		if (is_xchar(p[i])) {
			buf_addc(b, p[i]);
			continue;
		}
		if (p[i] != '+' || n - i < 3 || !text_is_hex(p[i + 1]) ||
		    !text_is_hex(p[i + 2])) {
			buf_cut(b, start);
			return false;
		}
		buf_addc(b, (char)(text_hex_value(p[i + 1]) << 4 |
		    text_hex_value(p[i + 2])));
		i += 2;
	}
	return true;
}
