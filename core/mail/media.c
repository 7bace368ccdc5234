/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/mail/media.h"

struct scan {
	const char	*p;
	size_t		 n, pos;
};

/* RFC 2045 5.1; lenient with octets over 127. */
static bool
is_token(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f &&
	    strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static void
skip(struct scan *s)
{
	size_t depth = 0;

	for (; s->pos < s->n; s->pos++) {
		char c = s->p[s->pos];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0 && s->pos + 1 < s->n)
			s->pos++;
		else if (depth == 0 && !text_is_space(c))
			break;
	}
}

static bool
take_sign(struct scan *s, char c)
{
	skip(s);
	if (s->pos == s->n || s->p[s->pos] != c)
		return false;
	s->pos++;
	return true;
}

static struct slice
take_token(struct scan *s)
{
	struct slice w;

	skip(s);
	w.p = s->p + s->pos;
	while (s->pos < s->n && is_token(s->p[s->pos]))
		s->pos++;
	w.n = (size_t)(s->p + s->pos - w.p);
	return w;
}

/* A token or a quoted string, added to b without its quotes. */
static bool
take_value(struct scan *s, struct buf *b)
{
	struct slice w;

	if (!take_sign(s, '"')) {
		w = take_token(s);
		buf_add(b, w.p, w.n);
		return w.n > 0;
	}
	for (; s->pos < s->n && s->p[s->pos] != '"'; s->pos++) {
		if (s->p[s->pos] == '\\' && s->pos + 1 < s->n)
			s->pos++;
		if (s->p[s->pos] != '\r' && s->p[s->pos] != '\n')
			buf_addc(b, s->p[s->pos]);
	}
	return take_sign(s, '"');
}

static bool
take_type(struct scan *s, struct slice *type, struct slice *sub)
{
	*type = take_token(s);
	if (type->n == 0 || !take_sign(s, '/'))
		return false;
	*sub = take_token(s);
	return sub->n > 0;
}

void
media_type(const struct header_field *f, char out[MEDIA_TYPE_SIZE])
{
	struct scan s = { f->body.p, f->body.n, 0 };
	struct slice type, sub;
	size_t i;

	out[0] = '\0';
	if (!take_type(&s, &type, &sub) || type.n + sub.n + 2 > MEDIA_TYPE_SIZE)
		return;
	(void)snprintf(out, MEDIA_TYPE_SIZE, "%.*s/%.*s", (int)type.n, type.p,
	    (int)sub.n, sub.p);
	for (i = 0; out[i] != '\0'; i++)
		out[i] = text_lower(out[i]);
}

bool
media_param(const struct header_field *f, const char *name, char *out,
    size_t size)
{
	struct scan s = { f->body.p, f->body.n, 0 };
	struct slice type, sub, w;
	struct buf value;
	bool good = take_type(&s, &type, &sub), found = false;

	buf_init(&value, size - 1);
	while (good && !found && take_sign(&s, ';')) {
		w = take_token(&s);
		if (w.n == 0)
			continue;
		buf_reset(&value);
		good = take_sign(&s, '=') && take_value(&s, &value);
		found = good && slice_case_eq(w, name);
	}
	found = found && !value.over &&
	    memchr(buf_str(&value), '\0', value.n) == NULL;
	if (found)
		(void)snprintf(out, size, "%s", buf_str(&value));
	buf_free(&value);
	return found;
}
