/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/aliases_part.h"
#include "core/mail/rewrite.h"

enum {
	SHOWN_MAX = 80,			/* bytes of a line in a problem */
	PROBLEM_MAX = 1000,
	PROBLEMS_MAX = 10000,
};

/* One entry, whose continuation lines may be to come. */
struct reader {
	struct aliases	*a;
	const char	*path;
	struct buf	 text;		/* the whole logical line */
	int		 line;		/* where it began; 0: there is none */
	bool		 taken;		/* the last line was part of one */
	size_t		 cap;
};

void
aliases_add_problem(struct aliases *a, const char *path, int line,
    bool warning, const char *what, struct slice shown)
{
	struct buf b;

	if (a->nproblems == PROBLEMS_MAX)
		return;
	buf_init(&b, PROBLEM_MAX + strlen(path));
	buf_addf(&b, "%s:%d: ", path, line);
	text_clean(&b, shown.p, shown.n, SHOWN_MAX);
	buf_addf(&b, ": %s", what);
	a->problems = mem_array(a->problems, a->nproblems + 1,
	    sizeof(*a->problems));
	a->problems[a->nproblems++] = (struct aliases_problem){ line, warning,
	    buf_take(&b) };
}

static void
problem(struct reader *r, int line, bool warning, const char *what,
    struct slice shown)
{
	aliases_add_problem(r->a, r->path, line, warning, what, shown);
}

/* Where the colon is that ends the name; n: there is none. */
static size_t
name_length(const char *p, size_t n)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '\\' && quoted && i + 1 < n)
			i++;
		else if (p[i] == '"')
			quoted = !quoted;
		else if (p[i] == ':' && !quoted)
			return i;
	}
	return n;
}

static void
free_entry(struct aliases_entry *e)
{
	mem_free(e->name);
	aliases_targets_free(e->targets, e->ntargets);
	*e = (struct aliases_entry){ 0 };
}

/* What we cannot do or read is told; what cannot be read is left out. */
static void
sift_targets(struct reader *r, struct aliases_targets *t)
{
	struct slice text;
	size_t i, n = 0;

	for (i = 0; i < t->n; i++) {
		text = slice_of(t->v[i].text);
		if (t->v[i].kind == ALIASES_COMMAND)
			problem(r, r->line, true,
			    "commands are not supported", text);
		else if (t->v[i].kind == ALIASES_FILE)
			problem(r, r->line, true,
			    "delivery to files is not supported", text);
		if (t->v[i].kind == ALIASES_BAD) {
			problem(r, r->line, false,
			    "not an address", text);
			mem_free(t->v[i].text);
		} else {
			t->v[n++] = t->v[i];
		}
	}
	t->n = n;
}

static void
add_entry(struct reader *r, char *name, struct slice rhs)
{
	struct aliases_targets t = { 0 };
	struct aliases *a = r->a;

	aliases_targets_add(&t, rhs.p, rhs.n);
	if (t.n == 0)
		problem(r, r->line, false, "an alias without targets",
		    slice_of(name));
	sift_targets(r, &t);
	if (t.n == 0) {
		aliases_targets_free(t.v, t.n);
		mem_free(name);
		return;
	}
	if (a->n == r->cap) {
		r->cap = r->cap * 2 + 16;
		a->entries = mem_array(a->entries, r->cap, sizeof(*a->entries));
	}
	a->entries[a->n++] = (struct aliases_entry){ name, r->line, t.v, t.n };
	if (rhs.n > a->longest)
		a->longest = rhs.n;
	a->total += strlen(name) + rhs.n;
}

static void
end_entry(struct reader *r)
{
	const char *p = buf_str(&r->text);
	size_t n = r->text.n, colon;
	struct slice left;
	struct err err;
	char *name;

	if (r->line == 0)
		return;
	colon = name_length(p, n);
	left = text_trim(p, colon);
	if (colon == n) {
		problem(r, r->line, false, "no colon", left);
	} else if (left.n == 0 ||
	    addr_parse(left.p, left.n, &name, &err) == -1) {
		problem(r, r->line, false, "not an alias name",
		    left);
	} else if (name[0] == '\0' || addr_at(name) != NULL) {
		problem(r, r->line, false,
		    "only names without a domain can be aliases", left);
		mem_free(name);
	} else {
		add_entry(r, name, text_trim(p + colon + 1, n - colon - 1));
	}
	buf_reset(&r->text);
	r->line = 0;
}

/* One physical line without its end; joined: the last one said so. */
static void
take_line(struct reader *r, const char *p, size_t n, int line, bool joined)
{
	struct slice s = text_trim(p, n);

	if (joined) {
		if (r->taken)
			buf_add(&r->text, p, n);
		return;
	}
	r->taken = false;
	if (s.n == 0 || s.p[0] == '#')
		return;
	if (!text_is_blank(p[0])) {
		end_entry(r);
		r->line = line;
	} else if (r->line == 0) {
		problem(r, line, false,
		    "a continuation of nothing", s);
		return;
	}
	buf_add(&r->text, p, n);
	r->taken = true;
}

static int
compare(const struct aliases_entry *a, const char *name, size_t n)
{
	size_t na = strlen(a->name), i;

	for (i = 0; i < na && i < n; i++) {
		unsigned char x = (unsigned char)text_lower(a->name[i]);
		unsigned char y = (unsigned char)text_lower(name[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return na == n ? 0 : na < n ? -1 : 1;
}

static int
by_name(const void *x, const void *y)
{
	const struct aliases_entry *a = x, *b = y;
	int c = compare(a, b->name, strlen(b->name));

	return c != 0 ? c : a->line < b->line ? -1 : a->line > b->line;
}

/* Sorts; the first of several entries with a name stays. */
static void
sort_entries(struct reader *r)
{
	struct aliases *a = r->a;
	size_t i, n = 0;

	if (a->n > 0)
		qsort(a->entries, a->n, sizeof(*a->entries), by_name);
	for (i = 0; i < a->n; i++) {
		struct aliases_entry *e = &a->entries[i];

		if (n > 0 && compare(&a->entries[n - 1], e->name,
		    strlen(e->name)) == 0) {
			problem(r, e->line, true,
			    "an alias of that name stands above; ignored",
			    slice_of(e->name));
			free_entry(e);
		} else {
			a->entries[n++] = *e;
		}
	}
	a->n = n;
}

void
aliases_parse(struct aliases *a, const char *path, const char *p, size_t n)
{
	struct reader r = { .a = a, .path = path };
	const char *lf;
	size_t len, used;
	bool joined = false, joins;
	int line;

	*a = (struct aliases){ 0 };
	buf_init(&r.text, n);
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		p += 3;
		n -= 3;
	}
	for (line = 1; n > 0; line++) {
		lf = memchr(p, '\n', n);
		len = lf != NULL ? (size_t)(lf - p) : n;
		used = lf != NULL ? len + 1 : len;
		if (len > 0 && p[len - 1] == '\r')
			len--;
		joins = len > 0 && p[len - 1] == '\\';
		take_line(&r, p, joins ? len - 1 : len, line, joined);
		joined = joins;
		p += used;
		n -= used;
	}
	end_entry(&r);
	sort_entries(&r);
	buf_free(&r.text);
}

void
aliases_free(struct aliases *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		free_entry(&a->entries[i]);
	mem_free(a->entries);
	for (i = 0; i < a->nproblems; i++)
		mem_free(a->problems[i].text);
	mem_free(a->problems);
	*a = (struct aliases){ 0 };
}

static const struct aliases_entry *
find_exactly(const struct aliases *a, const char *name, size_t n)
{
	size_t low = 0, high = a->n, mid;
	int c;

	while (low < high) {
		mid = low + (high - low) / 2;
		c = compare(&a->entries[mid], name, n);
		if (c == 0)
			return &a->entries[mid];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct aliases_entry *
aliases_find(const struct aliases *a, const char *name)
{
	const struct aliases_entry *e = find_exactly(a, name, strlen(name));
	const char *plus = strchr(name, '+');
	struct buf star;

	if (e != NULL || plus == NULL || plus == name)
		return e;
	buf_init(&star, strlen(name) + 1);
	buf_add(&star, name, (size_t)(plus - name));
	buf_adds(&star, "+*");
	e = find_exactly(a, star.p, star.n);
	buf_free(&star);
	return e != NULL ? e : find_exactly(a, name, (size_t)(plus - name));
}

char *
aliases_name_of(const struct conf *conf, const char *addr)
{
	const char *at = addr_at(addr);

	if (at == NULL)
		return mem_str(addr);
	if (conf == NULL || !rewrite_is_local(conf, at + 1))
		return NULL;
	return mem_dup(addr, (size_t)(at - addr));
}
