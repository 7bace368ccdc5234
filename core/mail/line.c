/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/envelope.h"
#include "core/mail/line.h"

void
line_of(struct line *l, const char *p, size_t n)
{
	*l = (struct line){ p, n, true, false };
}

bool
line_take(struct line *l, const char **p, size_t *n)
{
	const char *lf = *n > 0 ? memchr(*p, '\n', *n) : NULL;
	size_t len;

	if (lf == NULL)
		return false;
	len = (size_t)(lf - *p);
	line_of(l, *p, len);
	*p += len + 1;
	*n -= len + 1;
	return true;
}

/* Where the next word is, without taking it; NULL: there is none. */
static struct slice
peek(const struct line *l)
{
	const char *p = l->p, *sp;
	size_t n = l->n;

	if (l->bad)
		return (struct slice){ NULL, 0 };
	if (!l->first) {
		if (n == 0 || p[0] != ' ')
			return (struct slice){ NULL, 0 };
		p++;
		n--;
	}
	sp = n > 0 ? memchr(p, ' ', n) : NULL;
	if (sp != NULL)
		n = (size_t)(sp - p);
	return n > 0 ? (struct slice){ p, n } : (struct slice){ NULL, 0 };
}

/* Everything up to `end`, which stands inside the line, was read. */
static void
advance(struct line *l, const char *end)
{
	l->n -= (size_t)(end - l->p);
	l->p = end;
}

bool
line_is(const struct line *l, const char *word)
{
	return slice_eq(peek(l), word);
}

struct slice
line_word(struct line *l)
{
	struct slice w = peek(l);

	if (w.p == NULL) {
		l->bad = true;
		return w;
	}
	advance(l, w.p + w.n);
	l->first = false;
	return w;
}

void
line_want(struct line *l, const char *word)
{
	if (!slice_eq(line_word(l), word))
		l->bad = true;
}

size_t
line_choice(struct line *l, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!line_is(l, words[i]))
			continue;
		(void)line_word(l);
		return i;
	}
	l->bad = true;
	return 0;
}

int64_t
line_int(struct line *l, int64_t min, int64_t max)
{
	struct slice w = line_word(l);
	size_t sign = w.n > 0 && w.p[0] == '-';
	int64_t v = 0;

	/* One number, one text: no "007", no "-0". */
	if (w.p == NULL || !text_to_int(w.p, w.n, min, max, &v) ||
	    (w.n > 1 && w.p[sign] == '0')) {
		l->bad = true;
		return 0;
	}
	return v;
}

char *
line_string(struct line *l)
{
	struct slice w = line_word(l);
	struct buf b;

	if (w.p == NULL)
		return NULL;
	buf_init(&b, w.n);
	if (!envelope_decode(&b, w.p, w.n) ||
	    memchr(buf_str(&b), '\0', b.n) != NULL) {
		l->bad = true;
		buf_free(&b);
		return NULL;
	}
	return b.n > 0 ? buf_take(&b) : mem_str("");
}

void
line_string_to(struct line *l, char *out, size_t size)
{
	char *s = line_string(l);
	size_t n = s != NULL ? strlen(s) : 0;

	if (n >= size) {
		l->bad = true;
		n = 0;
	}
	if (n > 0)
		memcpy(out, s, n);
	out[n] = '\0';
	mem_free(s);
}

bool
line_attr(struct line *l, const char *name)
{
	struct slice w = peek(l);
	size_t n = strlen(name);

	if (w.p == NULL || w.n <= n || memcmp(w.p, name, n) != 0 ||
	    w.p[n] != '=')
		return false;
	advance(l, w.p + n + 1);
	l->first = true;
	return true;
}

bool
line_end(const struct line *l)
{
	return !l->bad && l->n == 0;
}
