/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "cmd/sendoffd/backlog.h"

enum { MANY = 5000 };

/* Ids sort by time; these by number. */
static const char *
id_of(unsigned n)
{
	static char id[ID_SIZE];

	(void)snprintf(id, sizeof(id), "%020X", n);
	return id;
}

static void
add_ready(struct backlog *b, unsigned n, uint32_t uid, size_t lane)
{
	backlog_ready(b, backlog_add(b, id_of(n), false, NULL), uid, lane);
}

static unsigned
number(const struct backlog_entry *e)
{
	unsigned n = 0;

	if (e != NULL)
		for (const char *p = e->id; *p != '\0'; p++)
			n = n * 16 + (unsigned)(*p <= '9' ? *p - '0' :
			    *p - 'A' + 10);
	return n;
}

static void
test_find(void **state)
{
	struct backlog *b = backlog_open(1);
	struct backlog_entry *e;
	bool added;
	unsigned i;

	(void)state;
	for (i = 1; i <= MANY; i++) {
		e = backlog_add(b, id_of(i), false, &added);
		assert_true(added);
		assert_ptr_equal(backlog_add(b, id_of(i), true, &added), e);
		assert_false(added);
	}
	/* Every third one goes; the others are still found. */
	for (i = 3; i <= MANY; i += 3)
		backlog_remove(b, backlog_find(b, id_of(i)));
	for (i = 1; i <= MANY; i++) {
		e = backlog_find(b, id_of(i));
		check((e == NULL) == (i % 3 == 0), "find %u", i);
		check(e == NULL || number(e) == i, "found %u", i);
	}
	assert_int_equal(backlog_count(b, BACKLOG_NEW), MANY - MANY / 3);
	backlog_close(b);
	backlog_close(NULL);
}

static void
test_new(void **state)
{
	struct backlog *b = backlog_open(1);

	(void)state;
	(void)backlog_add(b, id_of(3), false, NULL);
	(void)backlog_add(b, id_of(1), false, NULL);
	(void)backlog_add(b, id_of(9), true, NULL);
	(void)backlog_add(b, id_of(2), false, NULL);
	/* Fresh ones first, then by age. */
	assert_int_equal(number(backlog_next_new(b)), 9);
	assert_int_equal(number(backlog_next_new(b)), 1);
	assert_int_equal(number(backlog_next_new(b)), 2);
	assert_int_equal(number(backlog_next_new(b)), 3);
	assert_null(backlog_next_new(b));
	assert_int_equal(backlog_count(b, BACKLOG_HAND), 4);
	backlog_close(b);
}

/* Whoever queues thousands keeps nobody waiting for more than a round. */
static void
test_fair(void **state)
{
	struct backlog *b = backlog_open(2);
	static const unsigned want[] = { 5000, 5001, 1, 5002, 2, 3 };
	unsigned i;

	(void)state;
	for (i = MANY; i >= 1; i--)
		if (i != MANY)
			add_ready(b, i, 1000, 0);
	add_ready(b, 5002, 2000, 0);
	add_ready(b, 5000, 1001, 0);
	add_ready(b, 5001, UINT32_MAX, 0);
	add_ready(b, 6000, 7, 1);
	/* 1000, 1001, 2000, the last uid, then round again; take the first
	 * of 1000 away so that the rest can be written down. */
	assert_int_equal(number(backlog_next(b, 0)), 1);
	assert_int_equal(number(backlog_next(b, 0)), want[0]);
	assert_int_equal(number(backlog_next(b, 0)), want[3]);
	assert_int_equal(number(backlog_next(b, 0)), want[1]);
	assert_int_equal(number(backlog_next(b, 0)), want[4]);
	/* The round goes on from where it is, whoever comes. */
	add_ready(b, 7000, 1, 0);
	assert_int_equal(number(backlog_next(b, 0)), 7000);
	assert_int_equal(number(backlog_next(b, 0)), want[5]);
	add_ready(b, 7001, 1500, 0);
	add_ready(b, 7002, 999, 0);
	assert_int_equal(number(backlog_next(b, 0)), 7001);
	assert_int_equal(number(backlog_next(b, 0)), 7002);
	assert_int_equal(number(backlog_next(b, 0)), 4);
	assert_int_equal(number(backlog_next(b, 1)), 6000);
	assert_null(backlog_next(b, 1));
	backlog_close(b);
}

static void
test_wait(void **state)
{
	struct backlog *b = backlog_open(1);
	unsigned i;

	(void)state;
	assert_true(backlog_due_tick(b) == INT64_MAX);
	for (i = 1; i <= 100; i++)
		backlog_wait(b, backlog_add(b, id_of(i), false, NULL),
		    (int64_t)(i * 7919 % 101) * 1000);
	assert_true(backlog_due_tick(b) == 1000);
	backlog_wake(b, 999);
	assert_int_equal(backlog_count(b, BACKLOG_NEW), 0);
	backlog_wake(b, 50000);
	assert_int_equal(backlog_count(b, BACKLOG_NEW), 50);
	assert_int_equal(backlog_count(b, BACKLOG_WAIT), 50);
	assert_true(backlog_due_tick(b) == 51000);
	backlog_close(b);
}

static void
remove_odd(struct backlog_entry *e, void *arg)
{
	if (number(e) % 2 == 1)
		backlog_remove(arg, e);
	else
		backlog_hold(arg, e);
}

static void
test_states(void **state)
{
	struct backlog *b = backlog_open(1);
	unsigned i;

	(void)state;
	for (i = 1; i <= 40; i++) {
		struct backlog_entry *e = backlog_add(b, id_of(i), false,
		    NULL);

		if (i % 4 == 0)
			backlog_wait(b, e, i);
		else if (i % 4 == 1)
			backlog_ready(b, e, i, 0);
		else if (i % 4 == 2)
			backlog_hand(b, e);
	}
	assert_int_equal(backlog_count(b, BACKLOG_READY), 10);
	assert_int_equal(backlog_count_lane(b, 0), 10);
	backlog_set_lanes(b, 3);
	assert_int_equal(backlog_count(b, BACKLOG_READY), 0);
	assert_int_equal(backlog_count(b, BACKLOG_NEW), 20);
	assert_int_equal(backlog_count_lane(b, 2), 0);
	backlog_each(b, remove_odd, b);
	assert_int_equal(backlog_count(b, BACKLOG_HELD), 20);
	assert_int_equal(backlog_count(b, BACKLOG_NEW), 0);
	assert_int_equal(backlog_count(b, BACKLOG_WAIT), 0);
	assert_int_equal(backlog_count(b, BACKLOG_HAND), 0);
	backlog_close(b);
}

CHECK_MAIN(cmocka_unit_test(test_find), cmocka_unit_test(test_new),
    cmocka_unit_test(test_fair), cmocka_unit_test(test_wait),
    cmocka_unit_test(test_states))
