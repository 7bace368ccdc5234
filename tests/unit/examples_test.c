/* SPDX-License-Identifier: ISC */
/* Every example configuration is one. Runs in the top directory. */
#include "tests/check.h"

#include <glob.h>

#include "core/base/conf.h"

static void
test_examples(void **state)
{
	struct conf_problems problems;
	struct conf conf;
	struct err err;
	glob_t g;
	size_t i;

	(void)state;
	assert_int_equal(glob("etc/examples/*.conf", 0, NULL, &g), 0);
	for (i = 0; i < g.gl_pathc; i++) {
		memset(&problems, 0, sizeof(problems));
		check(conf_load(g.gl_pathv[i], &conf, &problems, &err) == 0,
		    "%s: %s", g.gl_pathv[i], err.text);
		check(problems.n == 0, "%s", problems.v[0].text);
		check(conf.nrelays == 1 && conf.relays[0].nhosts == 1,
		    "%s: no relay", g.gl_pathv[i]);
		conf_problems_free(&problems);
		conf_free(&conf);
	}
	globfree(&g);
}

CHECK_MAIN(cmocka_unit_test(test_examples))
