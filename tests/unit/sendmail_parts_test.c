/* SPDX-License-Identifier: ISC */
/* The small pure pieces of the front. */
#include "tests/check.h"

#include "cmd/sendmail/caller.h"
#include "cmd/sendmail/mailq.h"
#include "cmd/sendmail/progress.h"
#include "core/base/mem.h"

static const struct {
	const char	*gecos, *login, *want;
} names[] = {
	{ "Joe Doe,Room 1,555", "joe", "Joe Doe" },
	{ "& Doe", "joe", "Joe Doe" },
	{ "", "joe", NULL },
	{ "  ,x", "joe", NULL },
	{ "J\303\266rg", "j", "J\303\266rg" },
	{ "J\366rg", "j", NULL },
	{ "a\tb", "j", NULL },
	{ "&&", "ab", "AbAb" },
	{ "&", "", NULL },
};

static void
test_gecos(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(names); i++) {
		char *got = caller_gecos(names[i].gecos, names[i].login);

		check(names[i].want == NULL ? got == NULL : got != NULL &&
		    strcmp(got, names[i].want) == 0, "%s: %s",
		    names[i].gecos, got != NULL ? got : "none");
		mem_free(got);
	}
}

static void
test_gecos_cap(void **state)
{
	char *big = mem_zero(2001);

	(void)state;
	memset(big, '&', 2000);
	assert_null(caller_gecos(big, "joe"));
	mem_free(big);
}

static const struct {
	const char	*name;
	struct options_filter filters[3];
	size_t		 n;
	bool		 want;
} selections[] = {
	{ "none", { { 0 } }, 0, true },
	{ "id", { { OPTIONS_BY_ID, false, "12A" } }, 1, true },
	{ "other id", { { OPTIONS_BY_ID, false, "X" } }, 1, false },
	{ "not id", { { OPTIONS_BY_ID, true, "X" } }, 1, true },
	{ "case counts", { { OPTIONS_BY_ID, false, "12a" } }, 1, false },
	{ "rcpt", { { OPTIONS_BY_RCPT, false, "c@d" } }, 1, true },
	{ "second rcpt", { { OPTIONS_BY_RCPT, false, "e@" } }, 1, true },
	{ "rcpt before aliases", { { OPTIONS_BY_RCPT, false, "root" } }, 1,
	  true },
	{ "sender", { { OPTIONS_BY_SENDER, false, "a@b" } }, 1, true },
	{ "or", { { OPTIONS_BY_SENDER, false, "x" },
	  { OPTIONS_BY_SENDER, false, "a" } }, 2, true },
	{ "and", { { OPTIONS_BY_SENDER, false, "a" },
	  { OPTIONS_BY_RCPT, false, "zz" } }, 2, false },
	{ "both", { { OPTIONS_BY_SENDER, false, "a" },
	  { OPTIONS_BY_RCPT, false, "c" } }, 2, true },
};

static void
test_selections(void **state)
{
	struct listing_rcpt rcpts[] = {
		{ "c@d", NULL, NULL, NULL }, { "e@f", "root@x", NULL, NULL },
	};
	struct listing_msg m = { .id = "0012AB", .sender = "a@b",
	    .rcpts = rcpts, .nrcpts = NELEM(rcpts) };

	(void)state;
	for (size_t i = 0; i < NELEM(selections); i++) {
		struct options_filter f[3];
		struct options o = { .filters = f,
		    .nfilters = selections[i].n };

		memcpy(f, selections[i].filters, sizeof(f));
		check(mailq_wanted(&o, &m) == selections[i].want, "%s",
		    selections[i].name);
	}
}

static const struct {
	int64_t		 done, total;
	size_t		 full;
	const char	*tail;
} bars[] = {
	{ 0, 0, 40, "] 0 of 0" },
	{ 0, 10, 0, "] 0 of 10" },
	{ 5, 10, 20, "] 5 of 10" },
	{ 10, 10, 40, "] 10 of 10" },
	{ 12, 10, 40, "] 10 of 10" },
	{ -1, -1, 40, "] 0 of 0" },
	{ INT64_MAX, INT64_MAX, 40,
	  "] 9223372036854775807 of 9223372036854775807" },
};

static void
test_bars(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(bars); i++) {
		struct buf b;

		buf_init(&b, 256);
		progress_draw(&b, bars[i].done, bars[i].total);
		check(strncmp(buf_str(&b), "\r[", 2) == 0 &&
		    strspn(buf_str(&b) + 2, "#") == bars[i].full &&
		    strcmp(buf_str(&b) + 42, bars[i].tail) == 0, "%lld: %s",
		    (long long)bars[i].done, buf_str(&b));
		buf_free(&b);
	}
}

CHECK_MAIN(
	cmocka_unit_test(test_gecos),
	cmocka_unit_test(test_gecos_cap),
	cmocka_unit_test(test_selections),
	cmocka_unit_test(test_bars),
)
