/* SPDX-License-Identifier: ISC */
/* What is known of the relays' SIZE, and for which messages it counts. */
#include "tests/check.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/sendmail/limits.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "queue/stats.h"

static const char text[] =
    "[relay]\nhost = one.test\n"
    "[relay two]\nhost = two.test\nrecipient = @two.example\n"
    "[relay three]\nhost = three.test\nsender = boss@h.test\n";

static char dir[64], path[80];
static struct queue *q;
static struct conf conf;

static int
remove_one(const char *name, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(name);
}

/* The configuration is two days old. */
static int
set_up(void **state)
{
	struct conf_problems problems = { 0 };
	struct timespec old[2] = { { 0, 0 }, { 0, 0 } };
	struct err err;
	FILE *f;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/limits_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/conf", dir);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) == EOF || fclose(f) != 0)
		return -1;
	old[0].tv_sec = old[1].tv_sec = clock_wall_sec() - 2 * 24 * 3600;
	if (utimensat(AT_FDCWD, path, old, 0) == -1 ||
	    conf_load(path, &conf, &problems, &err) == -1 || problems.n > 0)
		return -1;
	return queue_open(dir, QUEUE_RUN, &q, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	queue_close(q);
	conf_free(&conf);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
learn(const char *relay, int64_t size, int64_t age_sec)
{
	struct stats news = { NULL, 0 };
	struct err err = { 0 };

	stats_up(&news, relay, clock_wall_sec() - age_sec, size);
	check(stats_merge(q, &news, &err) == 0, "%s", err.text);
}

/* The limit for a message of that sender to those recipients. */
static int64_t
limit(const char *sender, const char *a, const char *b, const char **relay)
{
	struct limits l;
	struct envelope env;
	int64_t max;

	limits_load(&l, q, &conf);
	envelope_init(&env);
	mem_free(env.sender);
	env.sender = mem_str(sender);
	(void)envelope_add_rcpt(&env, a);
	if (b != NULL)
		(void)envelope_add_rcpt(&env, b);
	max = limits_message(&l, &conf, &env, env.nrcpts, relay);
	envelope_free(&env);
	limits_free(&l);
	return max;
}

static int64_t
all(void)
{
	struct limits l;
	int64_t max;

	limits_load(&l, q, &conf);
	max = limits_all(&l, &conf);
	limits_free(&l);
	return max;
}

static void
test_whose(void **state)
{
	const char *relay = NULL;

	(void)state;
	assert_int_equal(limit("a@h.test", "x@y", NULL, &relay), 0);
	learn("", 1000, 60);
	assert_int_equal(limit("a@h.test", "x@y", NULL, &relay), 1000);
	assert_string_equal(relay, "one.test");
	/* Of the others nothing is known. */
	assert_int_equal(limit("a@h.test", "x@two.example", NULL, &relay), 0);
	assert_int_equal(limit("a@h.test", "x@y", "x@two.example", &relay), 0);
	assert_int_equal(limit("boss@h.test", "x@y", NULL, &relay), 0);
	assert_int_equal(all(), 0);
	learn("two", 500, 60);
	assert_int_equal(limit("a@h.test", "x@two.example", NULL, &relay), 500);
	assert_string_equal(relay, "two");
	/* One who can be served is reason enough. */
	assert_int_equal(limit("a@h.test", "x@two.example", "x@y", &relay),
	    1000);
	assert_string_equal(relay, "one.test");
	assert_int_equal(all(), 0);
	learn("three", 700, 60);
	assert_int_equal(all(), 1000);
	/* Its limit is gone. */
	learn("", 0, 30);
	assert_int_equal(limit("a@h.test", "x@y", NULL, &relay), 0);
	assert_int_equal(all(), 0);
}

static void
test_age(void **state)
{
	static const struct {
		int64_t		age_sec;
		bool		counts;
	} cases[] = {
		{ 0, true }, { 3600, true }, { LIMITS_AGE_SEC - 60, true },
		{ LIMITS_AGE_SEC + 60, false }, { -3600, true },
		{ -LIMITS_AGE_SEC - 60, false },	/* a clock gone wrong */
	};
	const char *relay;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		learn("", 1000, cases[i].age_sec);
		check((limit("a@h.test", "x@y", NULL, &relay) == 1000) ==
		    cases[i].counts, "age %lld", (long long)cases[i].age_sec);
	}
}

/* Another relay may stand there now. */
static void
test_changed(void **state)
{
	const char *relay;

	(void)state;
	learn("", 1000, 60);
	assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
	assert_int_equal(limit("a@h.test", "x@y", NULL, &relay), 0);
	learn("", 1000, -10);
	assert_int_equal(limit("a@h.test", "x@y", NULL, &relay), 1000);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(limit("a@h.test", "x@y", NULL, &relay), 0);
}

CHECK_MAIN(cmocka_unit_test_setup_teardown(test_whose, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_age, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_changed, set_up, tear_down))
