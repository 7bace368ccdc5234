/* SPDX-License-Identifier: ISC */
/* Any bytes as an alias file, and as every file that it includes. Each entry
 * is found by its name, and where recipients go is fit for the wire, each
 * place once, in bounded time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/mail/addr.h"
#include "core/mail/aliases.h"
#include "core/mail/expand.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum {
	RCPTS_MAX = 200,
	NAMES_MAX = 20,
};

/* A configuration owns its strings: these are writable. */
#define STR(s)	((char[]){ s })

static char *local[] = { STR("x.example") };
static char catchall[] = "root";
static struct conf conf = {
	.hostname = STR("host.example"), .domain = STR("x.example"),
	.aliases_file = STR("/f"), .aliases_local = { local, 1 },
	.max_recipients = RCPTS_MAX,
};

static int
include(const char *path, struct buf *b, void *arg, struct err *err)
{
	const struct slice *file = arg;

	if (path[1] == 'e')
		return err_set(err, ERR_TEMP, "4.3.0", "open %s: gone", path);
	buf_add(b, file->p, file->n);
	return 0;
}

static void
check_entries(const struct aliases *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (aliases_find(a, a->entries[i].name) != &a->entries[i] ||
		    a->entries[i].ntargets == 0)
			abort();
		for (size_t j = 0; j < a->entries[i].ntargets; j++)
			if (a->entries[i].targets[j].kind == ALIASES_BAD)
				abort();
	}
}

static void
check_rcpts(const struct envelope *env)
{
	struct err err;
	size_t i, j;

	if (env->nrcpts > RCPTS_MAX)
		abort();
	for (i = 0; i < env->nrcpts; i++) {
		if (env->rcpts[i].addr[0] == '\0' ||
		    addr_check(env->rcpts[i].addr, &err) == -1)
			abort();
		if (env->rcpts[i].sender != NULL &&
		    addr_check(env->rcpts[i].sender, &err) == -1)
			abort();
		for (j = 0; j < i; j++)
			if (addr_eq(env->rcpts[i].addr, env->rcpts[j].addr))
				abort();
	}
}

static void
expand_all(const struct aliases *a, struct slice file)
{
	struct expand e = { .conf = &conf, .aliases = a, .read = include,
		.read_arg = &file };
	struct envelope env;
	struct err err;
	size_t i;

	envelope_init(&env);
	(void)expand_rcpt(&e, &env, "nobody", 0, NULL, &err);
	for (i = 0; i < a->n && i < NAMES_MAX; i++)
		if (expand_rcpt(&e, &env, a->entries[i].name, 0, NULL,
		    &err) == -1)
			break;
	check_rcpts(&env);
	if (e.nproblems > RCPTS_MAX)
		abort();
	expand_free(&e);
	envelope_free(&env);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice file = { (const char *)data, n };
	struct aliases a;

	aliases_parse(&a, "/f", file.p, n);
	check_entries(&a);
	a.conf = &conf;
	aliases_check_loops(&a, "/f");
	conf.aliases_catchall = n % 2 != 0 ? catchall : NULL;
	expand_all(&a, file);
	aliases_free(&a);
	return 0;
}
