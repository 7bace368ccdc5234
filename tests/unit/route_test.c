/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/mail/route.h"

#define LIST(...) { (char *[]){ __VA_ARGS__ }, \
	NELEM(((const char *[]){ __VA_ARGS__ })) }

static char host_name[] = "relay.example";
static struct conf_host host = { host_name, 0 };

#define RELAY(n, ...) { .name = (char[]){ n }, .hosts = &host, .nhosts = 1, \
	__VA_ARGS__ }

static char p_dom[] = "@a.example", p_user[] = "joe@b.example",
    p_null[] = "<>", p_sub[] = ".c.example", p_all[] = "*",
    p_to[] = "@to.example", p_to_user[] = "x@to.example";

static struct conf_relay relays[] = {
	RELAY(""),
	RELAY("one", .sender = LIST(p_dom, p_null)),
	RELAY("two", .sender = LIST(p_user, p_sub), .recipient = LIST(p_to)),
	RELAY("three", .recipient = LIST(p_to_user), .sender = LIST(p_dom)),
};

static const struct {
	const char *sender, *rcpt;
	ssize_t want;
} cases[] = {
	{ "u@x.example", "r@y.example", 0 },
	{ "u@a.example", "r@y.example", 1 },
	{ "u@A.Example", "r@y.example", 1 },
	{ "u@sub.a.example", "r@y.example", 0 },
	{ "", "r@y.example", 1 },
	{ "joe@b.example", "r@y.example", 2 },
	{ "Joe@b.example", "r@y.example", 0 },
	{ "u@sub.c.example", "r@y.example", 2 },
	{ "u@c.example", "r@y.example", 0 },
	{ "u@a.example", "r@to.example", 2 },
	{ "u@x.example", "x@to.example", 2 },
};

static void
test_route(void **state)
{
	struct conf conf = { .relays = relays, .nrelays = NELEM(relays) };
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++)
		check(route_relay(&conf, cases[i].sender, cases[i].rcpt) ==
		    cases[i].want, "<%s> to <%s>", cases[i].sender,
		    cases[i].rcpt);
}

static void
test_route_none(void **state)
{
	struct conf_relay bare = { .name = (char[]){ "" } };
	struct conf_relay named = RELAY("n", .sender = LIST(p_dom));
	struct conf_relay all = RELAY("n", .recipient = LIST(p_all));
	struct conf conf = { .relays = &bare, .nrelays = 0 };

	(void)state;
	assert_int_equal(route_relay(&conf, "a@b", "c@d"), -1);
	conf.nrelays = 1;
	assert_int_equal(route_relay(&conf, "a@b", "c@d"), -1);
	conf.relays = &named;
	assert_int_equal(route_relay(&conf, "a@b", "c@d"), -1);
	assert_int_equal(route_relay(&conf, "a@a.example", "c@d"), 0);
	conf.relays = &all;
	assert_int_equal(route_relay(&conf, "", "c@d"), 0);
}

CHECK_MAIN(cmocka_unit_test(test_route), cmocka_unit_test(test_route_none))
