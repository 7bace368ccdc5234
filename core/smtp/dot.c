/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/smtp/dot.h"

static enum smtp_dot
state_after(enum smtp_dot before, const char *p, size_t n)
{
	char last = p[n - 1];

	if (last == '\r')
		return SMTP_DOT_CR;
	if (last != '\n')
		return SMTP_DOT_TEXT;
	if (n > 1)
		return p[n - 2] == '\r' ? SMTP_DOT_LINE : SMTP_DOT_LF;
	return before == SMTP_DOT_CR ? SMTP_DOT_LINE : SMTP_DOT_LF;
}

void
smtp_dot_feed(enum smtp_dot *state, const char *p, size_t n, struct buf *out)
{
	size_t done = 0, at;
	const char *dot;

	if (n == 0)
		return;
	if (p[0] == '.' && *state != SMTP_DOT_TEXT)
		buf_addc(out, '.');
	/* Dots are rarer than lines: look for them, then look back. */
	for (at = 1; at < n; at++) {
		dot = memchr(p + at, '.', n - at);
		if (dot == NULL)
			break;
		at = (size_t)(dot - p);
		if (dot[-1] == '\n' || dot[-1] == '\r') {
			buf_add(out, p + done, at - done);
			buf_addc(out, '.');
			done = at;
		}
	}
	buf_add(out, p + done, n - done);
	*state = state_after(*state, p, n);
}

void
smtp_dot_finish(enum smtp_dot *state, struct buf *out)
{
	if (*state != SMTP_DOT_LINE)
		buf_adds(out, "\r\n");
	buf_adds(out, ".\r\n");
	*state = SMTP_DOT_LINE;
}
