/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "tests/check.h"

#include "core/base/mem.h"
#include "core/mail/aliases.h"
#include "core/mail/expand.h"

/* A configuration owns its strings: these are writable. */
#define STR(s)	((char[]){ s })

static char *local[] = { STR("host.example"), STR("example.com") };
static struct conf_rewrite rules[] = {
	{ STR("owner-rw"), STR("rw@out.example"), 1 },
};
static const struct conf plain = {
	.hostname = STR("host.example"), .domain = STR("example.com"),
	.aliases_file = STR("/etc/aliases"),
	.aliases_local = { local, NELEM(local) }, .max_recipients = 12,
	.rewrites = rules, .nrewrites = NELEM(rules),
};

static const char file[] =
    "root: admin@x.y\n"			/* 1 */
    "two: a@x.y, b@x.y\n"
    "chain: two, root, c@x.y\n"
    "self: self, d@x.y\n"
    "fin: \\root, \\e@x.y\n"		/* 5 */
    "loop1: loop2, f@x.y\n"
    "loop2: loop1\n"
    "cmd: |/bin/x, g@x.y\n"
    "file: /dev/null\n"
    "list: :include:/list, h@x.y\n"	/* 10 */
    "owner-list: root\n"
    "outer: list, i@x.y\n"
    "owner-outer: root\n"
    "gone: :include:/gone\n"
    "inc1: :include:/inc1\n"		/* 15 */
    "bad: j@x.y, :include:/bad\n"
    "local: root@host.example, x@EXAMPLE.com\n"
    "rw: k@x.y\n"
    "owner-rw: root\n"
    "selfinc: :include:/selfinc\n"	/* 20 */
    "broken: :include:/broken\n";

static int
read_file(const char *path, struct buf *b, void *arg, struct err *err)
{
	static const struct {
		const char *path, *bytes;
	} files[] = {
		{ "/list", "m1@x.y\n# no\nm2@x.y, two\n" },
		{ "/inc1", ":include:/inc2\nn1@x.y\n" },
		{ "/inc2", ":include:/inc1\nn2@x.y\n" },
		{ "/bad", "o p q\nr@x.y\n/x\n" },
		{ "/selfinc", "selfinc, s@x.y\n" },
	};
	size_t i;

	(*(int *)arg)++;
	for (i = 0; i < NELEM(files); i++)
		if (strcmp(path, files[i].path) == 0) {
			buf_adds(b, files[i].bytes);
			return 0;
		}
	errno = strcmp(path, "/broken") == 0 ? EIO : ENOENT;
	return err_sys(err, "open %s", path);
}

static const struct {
	const char *name, *catchall, *given;
	const char *want;		/* "addr<sender ..." */
	const char *problems;		/* texts, each ended by LF */
} rows[] = {
	{ "remote", NULL, "a@b.c", "a@b.c", "" },
	{ "bare, no alias", NULL, "joe", "joe@example.com", "" },
	{ "local, no alias", NULL, "joe@HOST.example", "joe@HOST.example", "" },
	{ "alias", NULL, "root", "admin@x.y", "" },
	{ "alias, case", NULL, "ROOT@Example.COM", "admin@x.y", "" },
	{ "alias, plus", NULL, "root+cron", "admin@x.y", "" },
	{ "not local", NULL, "root@x.y", "root@x.y", "" },
	{ "chain", NULL, "chain", "a@x.y b@x.y admin@x.y c@x.y", "" },
	{ "itself", NULL, "self", "self@example.com d@x.y", "" },
	{ "itself, with a catchall", "root", "self",
	    "self@example.com d@x.y", "" },
	{ "final", NULL, "fin", "root@example.com e@x.y", "" },
	{ "final, with a catchall", "z@z.z", "fin", "root@example.com e@x.y",
	    "" },
	{ "loop", NULL, "loop1", "f@x.y",
	    "/etc/aliases:7: alias loop2: loop1: alias loop\n" },
	{ "command", NULL, "cmd", "g@x.y",
	    "/etc/aliases:8: alias cmd: |/bin/x: commands are not "
	    "supported\n" },
	{ "file", NULL, "file", "",
	    "/etc/aliases:9: alias file: /dev/null: delivery to files is not "
	    "supported\n" },
	{ "include, owner", NULL, "list",
	    "m1@x.y<owner-list@example.com m2@x.y<owner-list@example.com "
	    "a@x.y<owner-list@example.com b@x.y<owner-list@example.com "
	    "h@x.y<owner-list@example.com", "" },
	{ "inner owner beats outer", NULL, "outer",
	    "m1@x.y<owner-list@example.com m2@x.y<owner-list@example.com "
	    "a@x.y<owner-list@example.com b@x.y<owner-list@example.com "
	    "h@x.y<owner-list@example.com i@x.y<owner-outer@example.com", "" },
	{ "owner itself", NULL, "owner-list", "admin@x.y", "" },
	{ "owner rewritten", NULL, "rw", "k@x.y<rw@out.example", "" },
	{ "include gone", NULL, "gone", "",
	    "alias :include:: open /gone: No such file or directory\n" },
	{ "include loop", NULL, "inc1", "n2@x.y n1@x.y",
	    ":include:/inc2: /inc1: alias loop\n" },
	{ "include, bad lines", NULL, "bad", "j@x.y r@x.y",
	    ":include:/bad: o p q: not an address\n"
	    ":include:/bad: /x: delivery to files is not supported\n" },
	{ "itself in its file", NULL, "selfinc",
	    "selfinc@example.com s@x.y", "" },
	{ "local targets", NULL, "local", "admin@x.y x@EXAMPLE.com", "" },
	{ "catchall", "all@z.z", "joe", "all@z.z", "" },
	{ "catchall in an expansion", "all@z.z", "local",
	    "admin@x.y all@z.z", "" },
	{ "catchall, not for remote", "all@z.z", "a@b.c", "a@b.c", "" },
	{ "catchall, not for aliases", "all@z.z", "root", "admin@x.y", "" },
	{ "catchall is an alias", "root", "joe", "admin@x.y", "" },
	{ "catchall is a name", "ann", "joe", "ann@example.com", "" },
	{ "nobody", NULL, "", "", "no address\n" },
	{ "unfit", NULL, "a@-b", "", "address a@-b: not a valid domain\n" },
};

static void
start(struct expand *e, struct envelope *env, const struct conf *conf,
    const struct aliases *aliases, int *reads)
{
	*e = (struct expand){ .conf = conf, .aliases = aliases,
	    .read = read_file, .read_arg = reads };
	*reads = 0;
	envelope_init(env);
}

static void
show(struct buf *got, struct buf *problems, const struct expand *e,
    const struct envelope *env)
{
	size_t i;

	for (i = 0; i < env->nrcpts; i++) {
		buf_addf(got, "%s%s", i > 0 ? " " : "", env->rcpts[i].addr);
		if (env->rcpts[i].sender != NULL)
			buf_addf(got, "<%s", env->rcpts[i].sender);
	}
	for (i = 0; i < e->nproblems; i++)
		buf_addf(problems, "%s\n", e->problems[i].err.text);
}

static void
test_rows(void **state)
{
	struct aliases a;
	struct expand e;
	struct envelope env;
	struct err err;
	struct buf got, problems;
	int reads;
	size_t i, j;

	(void)state;
	aliases_parse(&a, "/etc/aliases", file, strlen(file));
	for (i = 0; i < NELEM(rows); i++) {
		struct conf conf = plain;

		conf.aliases_catchall = mem_str(rows[i].catchall);
		start(&e, &env, &conf, &a, &reads);
		assert_int_equal(expand_rcpt(&e, &env, rows[i].given, 0, NULL,
		    &err), 0);
		buf_init(&got, 10000);
		buf_init(&problems, 10000);
		show(&got, &problems, &e, &env);
		check(strcmp(buf_str(&got), rows[i].want) == 0, "%s: '%s'",
		    rows[i].name, buf_str(&got));
		check(strcmp(buf_str(&problems), rows[i].problems) == 0,
		    "%s: '%s'", rows[i].name, buf_str(&problems));
		/* Once more adds nothing but what went wrong at once. */
		j = env.nrcpts;
		assert_int_equal(expand_rcpt(&e, &env, rows[i].given, 0, NULL,
		    &err), 0);
		assert_int_equal(env.nrcpts, j);
		buf_free(&got);
		buf_free(&problems);
		envelope_free(&env);
		expand_free(&e);
		expand_free(&e);
		mem_free(conf.aliases_catchall);
	}
	aliases_free(&a);
}

static void
test_no_aliases(void **state)
{
	struct conf conf = plain;
	struct expand e;
	struct envelope env;
	struct err err;
	int reads;

	(void)state;
	conf.aliases_catchall = STR("all@z.z");
	start(&e, &env, &conf, NULL, &reads);
	assert_int_equal(expand_rcpt(&e, &env, "root", 0, NULL, &err), 0);
	assert_string_equal(env.rcpts[0].addr, "root@example.com");
	envelope_free(&env);
	expand_free(&e);
}

static void
test_dsn(void **state)
{
	struct aliases a;
	struct expand e;
	struct envelope env;
	struct err err;
	int reads;

	(void)state;
	aliases_parse(&a, "/etc/aliases", file, strlen(file));
	start(&e, &env, &plain, &a, &reads);
	assert_int_equal(expand_rcpt(&e, &env, "root", NOTIFY_SUCCESS, NULL,
	    &err), 0);
	assert_int_equal(expand_rcpt(&e, &env, "a@b.c", NOTIFY_NEVER,
	    "rfc822;z@z", &err), 0);
	assert_int_equal(expand_rcpt(&e, &env, "d@b.c", 0, NULL, &err), 0);
	assert_int_equal(expand_rcpt(&e, &env, "\xc3\xa4@b.c", NOTIFY_DELAY,
	    NULL, &err), 0);
	assert_int_equal(env.nrcpts, 4);
	assert_string_equal(env.rcpts[0].orig, "root@example.com");
	assert_string_equal(env.rcpts[0].orcpt, "rfc822;root@example.com");
	assert_int_equal(env.rcpts[0].notify, NOTIFY_SUCCESS);
	assert_null(env.rcpts[1].orig);
	assert_string_equal(env.rcpts[1].orcpt, "rfc822;z@z");
	assert_int_equal(env.rcpts[1].notify, NOTIFY_NEVER);
	assert_null(env.rcpts[2].orcpt);
	assert_string_equal(env.rcpts[3].orcpt, "utf-8;\xc3\xa4@b.c");
	envelope_free(&env);
	expand_free(&e);
	aliases_free(&a);
}

/* A file that is not there is the alias's fault; one that cannot be read for
 * the moment makes all wait. */
static void
test_include_faults(void **state)
{
	struct aliases a;
	struct expand e;
	struct envelope env;
	struct err err = { 0 };
	int reads;

	(void)state;
	aliases_parse(&a, "/etc/aliases", file, strlen(file));
	start(&e, &env, &plain, &a, &reads);
	assert_int_equal(expand_rcpt(&e, &env, "gone", 0, NULL, &err), 0);
	assert_int_equal(e.nproblems, 1);
	assert_int_equal(e.problems[0].err.kind, ERR_DATA);
	assert_string_equal(e.problems[0].err.dsn, "5.3.5");
	assert_int_equal(expand_rcpt(&e, &env, "broken", 0, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_string_equal(err.dsn, "4.3.0");
	assert_int_equal(e.nproblems, 1);
	envelope_free(&env);
	expand_free(&e);
	aliases_free(&a);
}

static void
test_duplicates(void **state)
{
	struct aliases a;
	struct expand e;
	struct envelope env;
	struct err err;
	int reads;

	(void)state;
	aliases_parse(&a, "/etc/aliases", file, strlen(file));
	start(&e, &env, &plain, &a, &reads);
	envelope_add_rcpt(&env, "B@x.Y");
	assert_int_equal(expand_rcpt(&e, &env, "b@X.y", 0, NULL, &err), 0);
	assert_int_equal(expand_rcpt(&e, &env, "b@x.y", 0, NULL, &err), 0);
	assert_int_equal(expand_rcpt(&e, &env, "B@x.y", 0, NULL, &err), 0);
	assert_int_equal(env.nrcpts, 2);
	assert_int_equal(expand_rcpt(&e, &env, "two", 0, NULL, &err), 0);
	assert_int_equal(env.nrcpts, 3);
	assert_int_equal(e.nproblems, 0);
	envelope_free(&env);
	expand_free(&e);
	aliases_free(&a);
}

static void
test_limit(void **state)
{
	struct expand e;
	struct envelope env;
	struct err err = { 0 }, why = { 0 };
	char addr[32];
	int reads, i;

	(void)state;
	start(&e, &env, &plain, NULL, &reads);
	for (i = 0; i < 12; i++) {
		(void)snprintf(addr, sizeof(addr), "u%d@x.y", i);
		assert_int_equal(expand_rcpt(&e, &env, addr, 0, NULL, &err),
		    0);
	}
	assert_int_equal(expand_rcpt(&e, &env, "U0@X.y", 0, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_DATA);
	assert_string_equal(err.dsn, "5.5.3");
	assert_int_equal(expand_rcpt(&e, &env, "u0@x.y", 0, NULL, &err), 0);
	(void)err_set(&why, ERR_DATA, "5.1.3", "why");
	for (i = 0; i < 20; i++)
		expand_refuse(&e, "a\r\nb", 4, &why);
	assert_int_equal(e.nproblems, 12);
	assert_string_equal(e.problems[0].addr, "a b");
	assert_string_equal(e.problems[0].err.text, "why");
	envelope_free(&env);
	expand_free(&e);
}

/* n levels, each naming the next one twice, would be 2^n steps. */
static void
run_bomb(int levels, size_t rcpts, size_t problems)
{
	struct aliases a;
	struct expand e;
	struct envelope env;
	struct err err;
	struct buf in;
	int reads, i;

	buf_init(&in, 4000000);
	for (i = 0; i < levels; i++)
		buf_addf(&in, "n%d: n%d, n%d, :include:/list\n", i, i + 1,
		    i + 1);
	buf_addf(&in, "n%d: end@x.y\n", levels);
	aliases_parse(&a, "/etc/aliases", in.p, in.n);
	start(&e, &env, &plain, &a, &reads);
	assert_int_equal(expand_rcpt(&e, &env, "n0", 0, NULL, &err), 0);
	assert_int_equal(env.nrcpts, rcpts);
	assert_int_equal(e.nproblems, problems);
	assert_int_equal(reads, 1);
	envelope_free(&env);
	expand_free(&e);
	aliases_free(&a);
	buf_free(&in);
}

static void
test_bomb(void **state)
{
	(void)state;
	run_bomb(60, 4, 0);
	run_bomb(EXPAND_DEPTH_MAX - 1, 4, 0);
	/* The last one that is reached names three that are too deep. */
	run_bomb(EXPAND_DEPTH_MAX, 3, 3);
}

static void
test_many(void **state)
{
	struct conf conf = plain;
	struct expand e;
	struct envelope env;
	struct err err;
	char addr[32];
	int reads, i;

	(void)state;
	conf.max_recipients = 100000;
	start(&e, &env, &conf, NULL, &reads);
	for (i = 0; i < 100000; i++) {
		(void)snprintf(addr, sizeof(addr), "u%d@x.y", i % 50000);
		assert_int_equal(expand_rcpt(&e, &env, addr, 0, NULL, &err),
		    0);
	}
	assert_int_equal(env.nrcpts, 50000);
	envelope_free(&env);
	expand_free(&e);
}

CHECK_MAIN(
    cmocka_unit_test(test_rows),
    cmocka_unit_test(test_no_aliases),
    cmocka_unit_test(test_dsn),
    cmocka_unit_test(test_include_faults),
		cmocka_unit_test(test_duplicates),
    cmocka_unit_test(test_limit),
    cmocka_unit_test(test_bomb),
    cmocka_unit_test(test_many))
