/* SPDX-License-Identifier: ISC */
/*
 * aliases_loops - names that lead back to themselves.
 *
 * A walk in depth, with a stack of its own: chains are as long as the file's
 * author likes.
 */
#include "core/base/mem.h"
#include "core/mail/aliases_part.h"

enum {
	LOOP_SHOWN_MAX = 60,		/* bytes of the names in a problem */
};

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

struct step {
	size_t	entry;			/* index */
	size_t	next;			/* target to look at */
};

struct walk {
	struct aliases	*a;
	const char	*path;
	char		*marks;		/* owned; of each entry */
	struct step	*steps;		/* owned; as many as entries */
	size_t		 n;
};

static void
report(struct walk *w, size_t entry)
{
	struct buf b;
	size_t i = w->n - 1;

	buf_init(&b, 4096);
	while (w->steps[i].entry != entry)
		i--;
	for (; i < w->n && b.n < LOOP_SHOWN_MAX; i++)
		buf_addf(&b, "%s -> ", w->a->entries[w->steps[i].entry].name);
	if (i < w->n)
		buf_adds(&b, "... -> ");
	buf_adds(&b, w->a->entries[entry].name);
	aliases_add_problem(w->a, w->path, w->a->entries[entry].line, false,
	    "alias loop", buf_slice(&b));
	buf_free(&b);
}

static void
open_entry(struct walk *w, size_t entry)
{
	w->marks[entry] = MARK_OPEN;
	w->steps[w->n++] = (struct step){ entry, 0 };
}

static void
follow(struct walk *w, const struct aliases_target *t)
{
	const struct aliases_entry *e = NULL;
	char *name = NULL;
	size_t to, here = w->steps[w->n - 1].entry;

	if (t->kind == ALIASES_ADDR)
		name = aliases_name_of(w->a->conf, t->text);
	if (name != NULL)
		e = aliases_find(w->a, name);
	mem_free(name);
	if (e == NULL)
		return;
	to = (size_t)(e - w->a->entries);
	if (w->marks[to] == MARK_NEW)
		open_entry(w, to);
	else if (w->marks[to] == MARK_OPEN && to != here)
		report(w, to);
}

static void
walk_from(struct walk *w, size_t entry)
{
	open_entry(w, entry);
	while (w->n > 0) {
		struct step *top = &w->steps[w->n - 1];
		const struct aliases_entry *e = &w->a->entries[top->entry];

		if (top->next < e->ntargets) {
			follow(w, &e->targets[top->next++]);
		} else {
			w->marks[top->entry] = MARK_DONE;
			w->n--;
		}
	}
}

void
aliases_check_loops(struct aliases *a, const char *path)
{
	struct walk w = { .a = a, .path = path };
	size_t i;

	if (a->n == 0)
		return;
	w.marks = mem_zero(a->n);
	w.steps = mem_array(NULL, a->n, sizeof(*w.steps));
	for (i = 0; i < a->n; i++)
		if (w.marks[i] == MARK_NEW)
			walk_from(&w, i);
	mem_free(w.marks);
	mem_free(w.steps);
}
