/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "cmd/sendoffd/admit.h"

#define FRONT "0000000000000000000A"
#define GATE FRONT "000003E8"

static const struct {
	const char	*name, *id;
	int64_t		 size, size_max;
	size_t		 owed, failed;
	uint32_t	 attempts;
	bool		 want;
} cases[] = {
	{ "as the front would have it", GATE, 10, 10, 3, 0, 0, true },
	{ "a byte more", GATE, 11, 10, 1, 0, 0, false },
	{ "a giant", GATE, INT64_MAX, 10, 1, 0, 0, false },
	{ "no limit", GATE, INT64_MAX, 0, 1, 0, 0, true },
	{ "of the front itself", FRONT, 11, 10, 9, 0, 0, true },
	{ "lowered after the first attempt", GATE, 11, 10, 9, 0, 1, true },
	{ "too many", GATE, 1, 10, 4, 0, 0, false },
	{ "as many that cannot be served", GATE, 1, 10, 3, 3, 0, true },
	{ "more of those", GATE, 1, 10, 2, 4, 0, false },
	{ "more in all", GATE, 1, 10, 3, 4, 0, false },
	{ "too many beside them", GATE, 1, 10, 4, 1, 0, false },
};

static void
test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct queue_rcpt rcpts[16] = { 0 };
		struct conf conf = { .max_message_size = cases[i].size_max,
		    .max_recipients = 3 };
		struct queue_msg m = { .size = cases[i].size, .rcpts = rcpts,
		    .attempts = cases[i].attempts };
		struct err err = { 0 };

		memcpy(m.env.id, cases[i].id, strlen(cases[i].id));
		m.env.nrcpts = cases[i].owed + cases[i].failed;
		for (size_t j = cases[i].owed; j < m.env.nrcpts; j++)
			rcpts[j].state = QUEUE_RCPT_FAILED;
		check((admit_check(&conf, &m, &err) == 0) == cases[i].want,
		    "%s: %s", cases[i].name, err.text);
		check(cases[i].want || err.kind == ERR_DATA, "%s",
		    cases[i].name);
	}
}

CHECK_MAIN(cmocka_unit_test(test_limits))
