/* SPDX-License-Identifier: ISC */
/*
 * check - the one assertion that table tests need: it names the row.
 *
 * On top of cmocka: include this first, write void test_x(void **state)
 * functions, and end with CHECK_MAIN(cmocka_unit_test(test_x), ...).
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/compat.h"

#define check(cond, ...) do {						\
	if (!(cond)) {							\
		print_error(__VA_ARGS__);				\
		print_error("\n");					\
		fail_msg("%s", #cond);					\
	}								\
} while (0)

#define CHECK_MAIN(...)							\
int									\
main(void)								\
{									\
	const struct CMUnitTest tests[] = { __VA_ARGS__ };		\
									\
	return cmocka_run_group_tests(tests, NULL, NULL);		\
}

#endif
