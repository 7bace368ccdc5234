/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/fold.h"

/* The length of the line at p without its CRLF; *whole with it. */
static size_t
line_length(const char *p, size_t n, size_t *whole)
{
	const char *lf = memchr(p, '\n', n);
	size_t len = lf != NULL ? (size_t)(lf - p) : n;

	*whole = lf != NULL ? len + 1 : len;
	return lf != NULL && len > 0 && p[len - 1] == '\r' ? len - 1 : len;
}

/*
 * Where to fold p[0..n), n > FOLD_LINE_MAX: the last blank that fits with
 * text on both sides of it (a line of blanks alone is one that some take for
 * the header's end), or the first one at all. 0: nowhere.
 */
static size_t
fold_at(const char *p, size_t n)
{
	size_t i, text = 0, best = 0;

	while (text < n && text_is_blank(p[text]))
		text++;
	for (i = text + 1; i + 1 < n; i++) {
		if (!text_is_blank(p[i]) || text_is_blank(p[i + 1]))
			continue;
		if (i > FOLD_LINE_MAX && best != 0)
			break;
		best = i;
	}
	return best;
}

bool
fold_add(struct buf *b, const char *p, size_t n)
{
	bool fits = true;
	size_t len, whole, cut;

	while (n > 0) {
		len = line_length(p, n, &whole);
		cut = len > FOLD_LINE_MAX ? fold_at(p, len) : 0;
		if (len > FOLD_LINE_MAX && (cut == 0 || cut > FOLD_LINE_MAX))
			fits = false;
		if (cut == 0) {
			buf_add(b, p, whole);
			p += whole;
			n -= whole;
		} else {
			buf_add(b, p, cut);
			buf_adds(b, "\r\n");
			p += cut;
			n -= cut;
		}
	}
	return fits;
}

bool
fold_check(const char *p, size_t n)
{
	size_t whole;

	while (n > 0) {
		if (line_length(p, n, &whole) > FOLD_LINE_MAX)
			return false;
		p += whole;
		n -= whole;
	}
	return true;
}
