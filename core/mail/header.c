/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/header.h"

/* Length of the field name at p[0..n) that a colon follows; *colon is where.
 * 0: no field begins here. */
static size_t
name_length(const char *p, size_t n, size_t *colon)
{
	size_t name = 0, i;

	while (name < n && p[name] > 0x20 && p[name] < 0x7f && p[name] != ':')
		name++;
	for (i = name; i < n && text_is_blank(p[i]);)
		i++;
	if (i == n || p[i] != ':')
		return 0;
	*colon = i;
	return name;
}

/* Where the line at pos ends; its CRLF included. */
static size_t
line_end(const char *p, size_t n, size_t pos)
{
	const char *lf = memchr(p + pos, '\n', n - pos);

	return lf != NULL ? (size_t)(lf - p) + 1 : n;
}

static size_t
trim_line_end(const char *p, size_t n)
{
	if (n > 0 && p[n - 1] == '\n')
		n--;
	if (n > 0 && p[n - 1] == '\r')
		n--;
	return n;
}

bool
header_next(const char *p, size_t n, size_t *pos, struct header_field *f)
{
	size_t start = *pos, end, first, colon = 0;

	if (start >= n)
		return false;
	end = line_end(p, n, start);
	first = trim_line_end(p + start, end - start);
	while (end < n && text_is_blank(p[end]))
		end = line_end(p, n, end);
	*pos = end;
	f->raw = (struct slice){ p + start, end - start };
	f->name = (struct slice){ p + start, name_length(p + start, first,
	    &colon) };
	if (f->name.n > 0)
		colon++;
	else
		colon = 0;
	f->body.p = p + start + colon;
	f->body.n = trim_line_end(f->body.p, end - start - colon);
	return true;
}

bool
header_is(const struct header_field *f, const char *name)
{
	return slice_case_eq(f->name, name);
}

bool
header_is_any(const struct header_field *f, const char *const *names,
    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (header_is(f, names[i]))
			return true;
	return false;
}

bool
header_line_check(const char *p, size_t n)
{
	size_t colon;

	return name_length(p, n, &colon) > 0;
}

void
header_unfold(const struct header_field *f, struct buf *b)
{
	struct slice s = text_trim(f->body.p, f->body.n);
	size_t i, run;

	for (i = 0; i < s.n; i += run) {
		for (run = 0; i + run < s.n && s.p[i + run] != '\r' &&
		    s.p[i + run] != '\n';)
			run++;
		buf_add(b, s.p + i, run);
		while (i + run < s.n &&
		    (s.p[i + run] == '\r' || s.p[i + run] == '\n'))
			run++;
	}
}

bool
header_find(const char *p, size_t n, const char *name, struct header_field *f)
{
	size_t pos = 0;

	while (header_next(p, n, &pos, f))
		if (header_is(f, name))
			return true;
	return false;
}
