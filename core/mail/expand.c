/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/aliases.h"
#include "core/mail/expand.h"
#include "core/mail/expand_seen.h"
#include "core/mail/rewrite.h"

enum {
	SHOWN_MAX = 200,		/* bytes of an address in a problem */
};

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

/* A file that :include: named. */
struct include {
	char		*path;		/* owned */
	enum mark	 mark;
};

/* One alias or file that is being followed. */
struct step {
	const struct aliases_entry	*entry;	/* NULL: a file */
	size_t				 include;	/* index, of a file */
	struct aliases_target		*targets;	/* owned if a file's */
	size_t				 n, next;
	char				*sender;	/* owned; NULL: none */
};

struct expand_state {
	struct expand_seen	 seen;
	const struct aliases	*aliases;	/* that marks belong to */
	char			*marks;		/* owned; of each entry */
	struct include		*includes;	/* owned */
	size_t			 nincludes;
	struct step		 steps[EXPAND_DEPTH_MAX];
	size_t			 n;
};

/* One recipient on its way. */
struct walk {
	struct expand		*e;
	struct expand_state	*s;
	struct envelope		*env;
	char			*whole;		/* owned; given, completed */
	unsigned		 notify;
	const char		*orcpt;
	struct err		*err;
};

static struct expand_state *
state_of(struct expand *e)
{
	struct expand_state *s = e->state;

	if (s == NULL) {
		s = mem_zero(sizeof(*s));
		e->state = s;
	}
	if (e->aliases != NULL && s->aliases != e->aliases) {
		mem_free(s->marks);
		s->aliases = e->aliases;
		s->marks = mem_zero(s->aliases->n + 1);
	}
	return s;
}

static void
add_problem(struct expand *e, const char *addr, const struct err *why)
{
	if ((int64_t)e->nproblems >= e->conf->max_recipients)
		return;
	e->problems = mem_array(e->problems, e->nproblems + 1,
	    sizeof(*e->problems));
	e->problems[e->nproblems++] = (struct expand_problem){ mem_str(addr),
	    *why };
}

void
expand_refuse(struct expand *e, const char *text, size_t n,
    const struct err *why)
{
	char shown[SHOWN_MAX];

	add_problem(e, text_clean_to(shown, sizeof(shown), text, n), why);
}

/* What stands in the alias file cannot be followed. */
static void
add_alias_problem(struct walk *w, const char *dsn, const char *what,
    const char *target)
{
	const struct step *top = &w->s->steps[w->s->n - 1];
	struct err why = { 0 };
	char shown[SHOWN_MAX];

	(void)text_clean_to(shown, sizeof(shown), target, strlen(target));
	if (top->entry != NULL)
		(void)err_set(&why, ERR_DATA, dsn, "%s:%d: alias %s: %s: %s",
		    w->e->conf->aliases_file, top->entry->line,
		    top->entry->name, shown, what);
	else
		(void)err_set(&why, ERR_DATA, dsn, ":include:%s: %s: %s",
		    w->s->includes[top->include].path, shown, what);
	add_problem(w->e, w->whole, &why);
}

static char *
derive_orcpt(const char *addr)
{
	struct buf b;

	buf_init(&b, strlen(addr) + 8);
	buf_adds(&b, text_is_ascii(addr, strlen(addr)) ? "rfc822;" : "utf-8;");
	buf_adds(&b, addr);
	return buf_take(&b);
}

/* Where a recipient goes at last. */
static int
add_final(struct walk *w, const char *addr)
{
	const struct expand_state *s = w->s;
	const char *sender = s->n > 0 ? s->steps[s->n - 1].sender : NULL;
	char *whole = addr_complete(addr, w->e->conf->domain);
	struct envelope_rcpt *r;
	struct err why = { 0 };
	int ret = 0;

	if (whole[0] == '\0') {
		(void)err_set(&why, ERR_DATA, "5.1.3", "no address");
		add_problem(w->e, w->whole, &why);
	} else if (addr_check(whole, &why) == -1) {
		add_problem(w->e, w->whole, &why);
	} else if (!expand_seen_has(&w->s->seen, w->env, whole)) {
		if ((int64_t)w->env->nrcpts >= w->e->conf->max_recipients) {
			ret = err_set(w->err, ERR_DATA, "5.5.3",
			    "more than %jd recipients",
			    (intmax_t)w->e->conf->max_recipients);
			goto out;
		}
		r = envelope_add_rcpt(w->env, whole);
		if (strcmp(whole, w->whole) != 0)
			r->orig = mem_str(w->whole);
		r->notify = w->notify;
		if (w->orcpt != NULL)
			r->orcpt = mem_str(w->orcpt);
		else if (w->notify != 0)
			r->orcpt = derive_orcpt(w->whole);
		r->sender = mem_str(sender);
	}
out:
	mem_free(whole);
	return ret;
}

/* The sender that owner-NAME makes; NULL: it is no alias, or NAME is one of
 * these itself. Allocated. */
static char *
owner_of(const struct walk *w, const char *name)
{
	const struct conf *conf = w->e->conf;
	struct buf b;
	char *owner, *whole, *now = NULL;

	if (name[0] == '"' || strncasecmp(name, "owner-", 6) == 0)
		return NULL;
	buf_init(&b, strlen(name) + 7);
	buf_addf(&b, "owner-%s", name);
	owner = buf_take(&b);
	whole = addr_complete(owner, conf->domain);
	if (aliases_find(w->e->aliases, owner) != NULL &&
	    addr_judge(whole, strlen(whole), false) == NULL)
		now = conf->sender != NULL ? mem_str(conf->sender) :
		    rewrite_addr(conf, whole);
	mem_free(owner);
	mem_free(whole);
	return now;
}

/* NULL: too deep, and a problem says so. */
static struct step *
push(struct walk *w, const char *name)
{
	struct expand_state *s = w->s;
	struct step *top;

	if (s->n == EXPAND_DEPTH_MAX) {
		add_alias_problem(w, "5.4.6", "too many aliases within aliases",
		    name);
		return NULL;
	}
	top = &s->steps[s->n++];
	*top = (struct step){ 0 };
	if (s->n > 1)
		top->sender = mem_str(s->steps[s->n - 2].sender);
	return top;
}

static void
pop(struct walk *w)
{
	struct step *top = &w->s->steps[--w->s->n];

	if (top->entry != NULL) {
		w->s->marks[top->entry - w->e->aliases->entries] = MARK_DONE;
	} else {
		w->s->includes[top->include].mark = MARK_DONE;
		aliases_targets_free(top->targets, top->n);
	}
	mem_free(top->sender);
}

/* Is this the alias whose targets are being read, in a file or not? */
static bool
is_innermost(const struct expand_state *s, const struct aliases_entry *e)
{
	size_t i = s->n;

	while (i > 0 && s->steps[i - 1].entry == NULL)
		i--;
	return i > 0 && s->steps[i - 1].entry == e;
}

static int
follow_entry(struct walk *w, const struct aliases_entry *e, const char *addr)
{
	char *mark = &w->s->marks[e - w->e->aliases->entries], *owner;
	struct step *top;

	if (*mark == MARK_DONE)
		return 0;
	if (*mark == MARK_OPEN) {
		if (is_innermost(w->s, e))
			return add_final(w, addr);
		add_alias_problem(w, "5.4.6", "alias loop", addr);
		return 0;
	}
	top = push(w, e->name);
	if (top == NULL)
		return 0;
	*mark = MARK_OPEN;
	top->entry = e;
	top->targets = e->targets;
	top->n = e->ntargets;
	owner = owner_of(w, e->name);
	if (owner != NULL) {
		mem_free(top->sender);
		top->sender = owner;
	}
	return 0;
}

static int
follow_addr(struct walk *w, const char *addr)
{
	const struct conf *conf = w->e->conf;
	const char *catchall = conf->aliases_catchall;
	const struct aliases_entry *entry = NULL;
	char *name = NULL, *other = NULL;
	int ret;

	if (w->e->aliases != NULL)
		name = aliases_name_of(conf, addr);
	if (name != NULL)
		entry = aliases_find(w->e->aliases, name);
	if (name != NULL && entry == NULL && catchall != NULL) {
		addr = catchall;
		other = aliases_name_of(conf, catchall);
		if (other != NULL)
			entry = aliases_find(w->e->aliases, other);
	}
	ret = entry != NULL ? follow_entry(w, entry, addr) :
	    add_final(w, addr);
	mem_free(name);
	mem_free(other);
	return ret;
}

/* The file's place in the list; a new one is added. */
static struct include *
include_of(struct expand_state *s, const char *path)
{
	size_t i;

	for (i = 0; i < s->nincludes; i++)
		if (strcmp(s->includes[i].path, path) == 0)
			return &s->includes[i];
	if (s->nincludes == EXPAND_INCLUDES_MAX)
		return NULL;
	s->includes = mem_array(s->includes, s->nincludes + 1,
	    sizeof(*s->includes));
	s->includes[s->nincludes] = (struct include){ mem_str(path),
	    MARK_NEW };
	return &s->includes[s->nincludes++];
}

/* A file that is not there, or not for us, is an alias that is wrong. */
static int
read_include(struct walk *w, const char *path, struct step *top)
{
	struct buf b;
	struct err why = { 0 };
	int ret = 0;

	buf_init(&b, EXPAND_INCLUDE_MAX);
	if (w->e->read(path, &b, w->e->read_arg, &why) == 0) {
		aliases_parse_targets(buf_str(&b), b.n, &top->targets,
		    &top->n);
	} else {
		(void)err_ctx(&why, "alias :include:");
		if (err_may_pass(&why)) {
			*w->err = why;
			ret = -1;
		} else {
			why.kind = ERR_DATA;
			(void)snprintf(why.dsn, sizeof(why.dsn), "5.3.5");
			add_problem(w->e, w->whole, &why);
		}
	}
	buf_free(&b);
	return ret;
}

static int
follow_include(struct walk *w, const char *path)
{
	struct include *include = include_of(w->s, path);
	struct step *top;

	if (include == NULL || include->mark == MARK_OPEN) {
		add_alias_problem(w, "5.4.6", include == NULL ?
		    "too many :include: files" : "alias loop", path);
		return 0;
	}
	if (include->mark == MARK_DONE)
		return 0;
	top = push(w, path);
	if (top == NULL)
		return 0;
	include->mark = MARK_OPEN;
	top->include = (size_t)(include - w->s->includes);
	return read_include(w, path, top);
}

static int
follow_target(struct walk *w, const struct aliases_target *t)
{
	switch (t->kind) {
	case ALIASES_ADDR:
		return follow_addr(w, t->text);
	case ALIASES_FINAL:
		return add_final(w, t->text);
	case ALIASES_INCLUDE:
		return follow_include(w, t->text);
	case ALIASES_COMMAND:
		add_alias_problem(w, "5.3.5", "commands are not supported",
		    t->text);
		return 0;
	case ALIASES_FILE:
		add_alias_problem(w, "5.3.5",
		    "delivery to files is not supported", t->text);
		return 0;
	case ALIASES_BAD:
		break;
	}
	add_alias_problem(w, "5.1.3", "not an address", t->text);
	return 0;
}

int
expand_rcpt(struct expand *e, struct envelope *env, const char *given,
    unsigned notify, const char *orcpt, struct err *err)
{
	struct walk w = {
		.e = e, .s = state_of(e), .env = env,
		.whole = addr_complete(given, e->conf->domain),
		.notify = notify, .orcpt = orcpt, .err = err,
	};
	int ret = follow_addr(&w, given);

	while (w.s->n > 0) {
		struct step *top = &w.s->steps[w.s->n - 1];

		if (ret == -1 || top->next == top->n)
			pop(&w);
		else
			ret = follow_target(&w, &top->targets[top->next++]);
	}
	mem_free(w.whole);
	return ret;
}

static void
free_state(struct expand_state *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->nincludes; i++)
		mem_free(s->includes[i].path);
	mem_free(s->includes);
	mem_free(s->marks);
	expand_seen_free(&s->seen);
	mem_free(s);
}

void
expand_free(struct expand *e)
{
	size_t i;

	for (i = 0; i < e->nproblems; i++)
		mem_free(e->problems[i].addr);
	mem_free(e->problems);
	free_state(e->state);
	e->problems = NULL;
	e->nproblems = 0;
	e->state = NULL;
}
