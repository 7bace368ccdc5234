/* SPDX-License-Identifier: ISC */
/*
 * The lines of [rewrite], whose keys are addresses.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"
#include "core/base/text.h"

static bool
is_old(const char *p, size_t n)
{
	if (p[0] == '@')
		return conf_is_name(p + 1, n - 1, true);
	return conf_is_addr(p, n) || (conf_is_rcpt(p, n) &&
	    memchr(p, '@', n) == NULL);
}

static bool
is_new(const char *p, size_t n)
{
	return p[0] == '@' ? conf_is_name(p + 1, n - 1, true) :
	    conf_is_addr(p, n);
}

void
conf_rewrite_add(struct conf *c, int line, const char *from, const char *to,
    struct conf_problems *problems)
{
	const char *text = NULL;

	if (!is_old(from, strlen(from)))
		text = "not an address that can be rewritten; user@domain, "
		    "a local name or @domain is accepted";
	else if (to[0] != '\0' && !is_new(to, strlen(to)))
		text = "not an address to rewrite to; user@domain or @domain "
		    "is accepted";
	if (text != NULL) {
		conf_problem_add(problems, CONF_REWRITE, c->path, line, from,
		    "%s", text);
		return;
	}
	c->rewrites = mem_array(c->rewrites, c->nrewrites + 1,
	    sizeof(*c->rewrites));
	c->rewrites[c->nrewrites++] = (struct conf_rewrite){ mem_str(from),
	    mem_str(to), line };
}

/* Local parts as they are, domains without case; then by line. */
static int
compare(const void *a, const void *b)
{
	const struct conf_rewrite *x = *(const struct conf_rewrite *const *)a,
	    *y = *(const struct conf_rewrite *const *)b;
	const char *p = x->from, *q = y->from;
	bool domain = false;

	for (; *p != '\0' || *q != '\0'; p++, q++) {
		char c = domain ? text_lower(*p) : *p;
		char d = domain ? text_lower(*q) : *q;

		if (c != d)
			return (unsigned char)c < (unsigned char)d ? -1 : 1;
		/* the last "@" is the domain's; before it both are equal */
		if (c == '@')
			domain = strchr(p + 1, '@') == NULL &&
			    strchr(q + 1, '@') == NULL;
	}
	return x->line < y->line ? -1 : x->line > y->line;
}

static bool
is_same(const struct conf_rewrite *a, const struct conf_rewrite *b)
{
	const struct conf_rewrite x = { a->from, NULL, 0 },
	    y = { b->from, NULL, 0 }, *px = &x, *py = &y;

	return compare(&px, &py) == 0;
}

/* Sorted, since a submission must not pay for the square of their number. */
static void
tell_doubles(const struct conf *c, struct conf_problems *problems)
{
	const struct conf_rewrite **v = NULL;
	size_t i, first = 0;

	v = mem_array(NULL, c->nrewrites, sizeof(struct conf_rewrite *));
	for (i = 0; i < c->nrewrites; i++)
		v[i] = &c->rewrites[i];
	qsort(v, c->nrewrites, sizeof(struct conf_rewrite *), compare);
	for (i = 1; i < c->nrewrites; i++) {
		if (is_same(v[first], v[i]))
			conf_problem_add(problems, CONF_REWRITE, c->path,
			    v[i]->line, v[i]->from, "set before, on line %d",
			    v[first]->line);
		else
			first = i;
	}
	mem_free(v);
}

void
conf_rewrite_check(struct conf *c, struct conf_problems *problems)
{
	size_t i, n = 0;

	if (c->nrewrites > 1)
		tell_doubles(c, problems);
	/* What was set to nothing has its default, which is no rule. */
	for (i = 0; i < c->nrewrites; i++) {
		if (c->rewrites[i].to[0] != '\0') {
			c->rewrites[n++] = c->rewrites[i];
			continue;
		}
		mem_free(c->rewrites[i].from);
		mem_free(c->rewrites[i].to);
	}
	c->nrewrites = n;
}
