/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/stats.h"

static char dir[64];
static struct queue *q;

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int
set_up(void **state)
{
	struct err err;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/stats_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	return queue_open(dir, QUEUE_RUN, &q, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	queue_close(q);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct outcome
why(const char *text)
{
	struct outcome o = { .dsn = "4.4.1" };

	(void)snprintf(o.text, sizeof(o.text), "%s", text);
	return o;
}

static void
count_some(struct stats *s)
{
	struct outcome o = why("connect: timed out =%\n");

	memset(s, 0, sizeof(*s));
	stats_attempt(s, "");
	stats_attempt(s, "");
	stats_count(s, "", OUTCOME_SENT, 100);
	stats_count(s, "", OUTCOME_DEFERRED, 101);
	stats_count(s, "", OUTCOME_UNKNOWN, 101);
	stats_count(s, "", OUTCOME_FAILED, 102);
	stats_count(s, "", OUTCOME_EXPIRED, 103);
	stats_count(s, "", OUTCOME_NONE, 104);
	stats_up(s, "", 99, 1000);
	stats_down(s, "b-2", 98, 200, 3, &o);
}

static void
check_some(const struct stats *s, int64_t times)
{
	const struct stats_relay *r = s->v;

	assert_int_equal(s->n, 2);
	assert_string_equal(r->name, "");
	assert_int_equal(r->attempts, 2 * times);
	assert_int_equal(r->rcpts[STATS_SENT], times);
	assert_int_equal(r->rcpts[STATS_DEFERRED], 2 * times);
	assert_int_equal(r->rcpts[STATS_BOUNCED], times);
	assert_int_equal(r->rcpts[STATS_EXPIRED], times);
	assert_int_equal(r->last_sec, 100);
	assert_int_equal(r->health, STATS_UP);
	assert_int_equal(r->since_sec, 99);
	assert_int_equal(r->seen_sec, 99);
	assert_int_equal(r->size_max, 1000);
	r++;
	assert_string_equal(r->name, "b-2");
	assert_int_equal(r->attempts, 0);
	assert_int_equal(r->health, STATS_DOWN);
	assert_int_equal(r->seen_sec, 0);
	assert_int_equal(r->failed_sec, 98);
	assert_int_equal(r->failures, 3);
	assert_int_equal(r->retry_sec, 200);
	assert_string_equal(r->dsn, "4.4.1");
	assert_string_equal(r->why, "connect: timed out =%\n");
}

static void
test_merge(void **state)
{
	struct stats s, news;
	struct err err = { 0 };
	int64_t i;

	(void)state;
	assert_int_equal(stats_load(q, &s, &err), 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(stats_merge(q, &s, &err), 0);
	for (i = 1; i <= 3; i++) {
		count_some(&news);
		check(stats_merge(q, &news, &err) == 0, "%s", err.text);
		assert_int_equal(news.n, 0);
		assert_int_equal(stats_load(q, &s, &err), 0);
		check_some(&s, i);
		stats_free(&s);
		stats_free(&s);
	}
}

/* Health goes over: `since` is when it changed, the size stays known. */
static void
test_health(void **state)
{
	struct outcome gone = why("gone"), still = why("still gone");
	struct stats s, news = { 0 };

	(void)state;
	count_some(&s);
	stats_up(&news, "", 500, 2000);
	stats_add(&s, &news);
	assert_int_equal(s.v[0].since_sec, 99);
	assert_int_equal(s.v[0].size_max, 2000);
	stats_free(&news);
	stats_down(&news, "", 600, 700, 1, &gone);
	stats_down(&news, "", 650, 800, 2, &still);
	stats_add(&s, &news);
	assert_int_equal(s.v[0].health, STATS_DOWN);
	assert_int_equal(s.v[0].since_sec, 600);
	assert_int_equal(s.v[0].retry_sec, 800);
	assert_int_equal(s.v[0].failed_sec, 650);
	assert_int_equal(s.v[0].failures, 2);
	assert_int_equal(s.v[0].seen_sec, 500);
	assert_int_equal(s.v[0].size_max, 2000);
	assert_string_equal(s.v[0].why, "still gone");
	stats_free(&news);
	/* What a session said is not lost when it goes down at once. */
	stats_up(&news, "", 900, 3000);
	stats_down(&news, "", 901, 1000, 1, &gone);
	stats_add(&s, &news);
	assert_int_equal(s.v[0].health, STATS_DOWN);
	assert_int_equal(s.v[0].seen_sec, 900);
	assert_int_equal(s.v[0].size_max, 3000);
	stats_free(&news);
	stats_attempt(&news, "");
	stats_add(&s, &news);
	assert_int_equal(s.v[0].health, STATS_DOWN);
	s.v[0].attempts = INT64_MAX;
	stats_add(&s, &news);
	assert_int_equal(s.v[0].attempts, INT64_MAX);
	stats_free(&news);
	stats_free(&s);
}

/* Whatever byte is damaged: the lines that hold are read, and nothing else. */
static void
test_damage(void **state)
{
	struct stats s, got;
	struct buf b;
	size_t i, n;
	char *p;

	(void)state;
	count_some(&s);
	buf_init(&b, 10000);
	stats_write(&s, &b);
	stats_parse(buf_str(&b), b.n, &got);
	check_some(&got, 1);
	stats_free(&got);
	n = b.n;
	p = buf_take(&b);
	for (i = 0; i < n; i++) {
		p[i] = (char)(p[i] ^ 1);
		stats_parse(p, n, &got);
		check(got.n < 2, "byte %zu", i);
		stats_free(&got);
		p[i] = (char)(p[i] ^ 1);
		stats_parse(p, i, &got);
		check(got.n < 2, "cut at %zu", i);
		stats_free(&got);
	}
	free(p);
	stats_free(&s);
}

static void
test_trouble(void **state)
{
	struct stats s, news;
	struct err err = { 0 };
	char path[128];
	int fd;

	(void)state;
	count_some(&news);
	(void)snprintf(path, sizeof(path), "%s/stats.lock", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(stats_merge(q, &news, &err), -1);
	check_some(&news, 1);
	(void)close(fd);
	assert_int_equal(stats_merge(q, &news, &err), 0);

	/* Litter of a crash is in nobody's way; a damaged file is empty. */
	(void)snprintf(path, sizeof(path), "%s/stats.new", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "%s/stats", dir);
	fd = open(path, O_RDWR | O_TRUNC, 0600);
	assert_int_equal(write(fd, "garbage\n\0\n", 10), 10);
	(void)close(fd);
	count_some(&news);
	assert_int_equal(stats_merge(q, &news, &err), 0);
	assert_int_equal(stats_load(q, &s, &err), 0);
	check_some(&s, 1);
	stats_free(&s);

	(void)unlink(path);
	assert_int_equal(symlink("stats.lock", path), 0);
	assert_int_equal(stats_load(q, &s, &err), -1);
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(stats_load(q, &s, &err), -1);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(stats_label(""), "default");
	assert_string_equal(stats_label("x"), "x");
	assert_string_equal(stats_status_name(STATS_BOUNCED), "bounced");
}

CHECK_MAIN(cmocka_unit_test_setup_teardown(test_merge, set_up, tear_down),
    cmocka_unit_test(test_health), cmocka_unit_test(test_damage),
    cmocka_unit_test_setup_teardown(test_trouble, set_up, tear_down),
    cmocka_unit_test(test_names))
