/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/aliases_part.h"

static void
add(struct aliases_targets *t, enum aliases_target_kind kind, const char *p,
    size_t n)
{
	if (t->n == t->cap) {
		t->cap = t->cap * 2 + 1;
		t->v = mem_array(t->v, t->cap, sizeof(*t->v));
	}
	t->v[t->n++] = (struct aliases_target){ kind, mem_dup(p, n) };
}

void
aliases_targets_free(struct aliases_target *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		mem_free(v[i].text);
	mem_free(v);
}

/* The end of the item at p: a comma that nothing encloses, or n. */
static size_t
item_length(const char *p, size_t n)
{
	size_t i, depth = 0;
	bool quoted = false;

	for (i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		else if (p[i] == '"' && depth == 0)
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (p[i] == '(')
			depth++;
		else if (p[i] == ')' && depth > 0)
			depth--;
		else if (p[i] == ',' && depth == 0)
			return i;
	}
	return n;
}

/* Is p[0..n) one quoted string? Then what is in it goes to b. */
static bool
unquote(struct buf *b, const char *p, size_t n)
{
	size_t i;

	if (n < 2 || p[0] != '"')
		return false;
	for (i = 1; i < n && p[i] != '"'; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		buf_addc(b, p[i]);
	}
	return i == n - 1;
}

static bool
has_prefix(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && text_case_eq(s.p, n, prefix, n);
}

/* Takes what is no address; false: it looks like one. */
static bool
add_special(struct aliases_targets *t, struct slice s)
{
	struct slice path;

	if (has_prefix(s, ":include:")) {
		path = text_trim(s.p + 9, s.n - 9);
		if (path.n == 0 || path.p[0] != '/' ||
		    !text_is_line(path.p, path.n))
			add(t, ALIASES_BAD, s.p, s.n);
		else
			add(t, ALIASES_INCLUDE, path.p, path.n);
		return true;
	}
	if (s.n > 0 && s.p[0] == '|') {
		add(t, ALIASES_COMMAND, s.p, s.n);
		return true;
	}
	/* As sendmail: "/a@b" is an address. */
	if (s.n > 0 && s.p[0] == '/' && memchr(s.p, '@', s.n) == NULL) {
		add(t, ALIASES_FILE, s.p, s.n);
		return true;
	}
	return false;
}

static void
add_addrs(struct aliases_targets *t, enum aliases_target_kind kind,
    struct slice s)
{
	struct addr_list list;
	size_t i, before = t->n;

	addr_list_parse(&list, s.p, s.n);
	for (i = 0; i < list.n; i++) {
		const struct addr_item *item = &list.v[i];

		if (item->addr == NULL || item->addr[0] == '\0')
			add(t, ALIASES_BAD, item->text.p, item->text.n);
		else
			add(t, kind, item->addr, strlen(item->addr));
	}
	if (t->n == before)
		add(t, ALIASES_BAD, s.p, s.n);
	addr_list_free(&list);
}

static void
add_item(struct aliases_targets *t, struct slice s)
{
	struct buf inside;
	bool done;

	if (!text_is_line(s.p, s.n)) {
		add(t, ALIASES_BAD, s.p, s.n);
		return;
	}
	buf_init(&inside, s.n);
	done = add_special(t, s) || (unquote(&inside, s.p, s.n) &&
	    add_special(t, text_trim(buf_str(&inside), inside.n)));
	buf_free(&inside);
	if (done)
		return;
	if (s.p[0] == '\\')
		add_addrs(t, ALIASES_FINAL, text_trim(s.p + 1, s.n - 1));
	else
		add_addrs(t, ALIASES_ADDR, s);
}

void
aliases_targets_add(struct aliases_targets *t, const char *p, size_t n)
{
	struct slice s;
	size_t len;

	for (;;) {
		len = item_length(p, n);
		s = text_trim(p, len);
		if (s.n > 0)
			add_item(t, s);
		if (len == n)
			return;
		p += len + 1;
		n -= len + 1;
	}
}

/* sendmail's comment inside an :include: line: a blank, then "#@#". */
static size_t
without_comment(const char *p, size_t n)
{
	size_t i;

	if (n > 0 && p[0] == '#')
		return 0;
	for (i = 1; i + 3 <= n; i++)
		if (text_is_blank(p[i - 1]) && memcmp(p + i, "#@#", 3) == 0)
			return i;
	return n;
}

void
aliases_parse_targets(const char *p, size_t n, struct aliases_target **targets,
    size_t *ntargets)
{
	struct aliases_targets t = { 0 };
	const char *lf;
	size_t len;

	while (n > 0) {
		lf = memchr(p, '\n', n);
		len = lf != NULL ? (size_t)(lf - p) : n;
		aliases_targets_add(&t, p, without_comment(p, len));
		if (lf != NULL)
			len++;
		p += len;
		n -= len;
	}
	*targets = t.v;
	*ntargets = t.n;
}
