/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tests/check.h"

#include "core/base/mem.h"
#include "core/base/rand.h"
#include "core/base/text.h"
#include "core/mail/dsn.h"
#include "core/mail/dsn_text.h"

static void
test_advice(void **state)
{
	static const struct { const char *status, *word; } c[] = {
		{ "5.1.1", "typing" }, { "5.1.2", "domain" },
		{ "5.1.10", "Check the address." }, { "5.2.2", "full" },
		{ "4.2.2", "full" }, { "5.3.4", "large" }, { "4.4.7", "again" },
		{ "5.6.7", "ASCII" }, { "5.6.3", "content" },
		{ "5.7.26", "rules" }, { "5.0.0", "administrator" },
		{ "", "administrator" }, { "5", "administrator" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(c); i++)
		check(strstr(dsn_advice(c[i].status), c[i].word) != NULL,
		    "%s: %s", c[i].status, dsn_advice(c[i].status));
}

static void
test_field(void **state)
{
	static const struct { const char *value; bool utf8; const char *want; }
	    c[] = {
		{ "a b", false, "N: a b\r\n" },
		{ " a ", false, "N: a\r\n" },
		{ "", false, "N: \r\n" },
		{ "a\r\nb\tc\x7f", true,
		    "N: a\\x{0D}\\x{0A}b\\x{09}c\\x{7F}\r\n" },
		{ "\xc3\xa4\xe4", false, "N: \\x{E4}\\x{E4}\r\n" },
		{ "\xc3\xa4\xe4", true, "N: \xc3\xa4\\x{E4}\r\n" },
		{ "\xc2\x85", true, "N: \\x{85}\r\n" },
		{ "1234567890 1234567890 1234567890 1234567890 1234567890 "
		    "1234567890 1234567890 1234567890", false,
		    "N: 1234567890 1234567890 1234567890 1234567890 "
		    "1234567890 1234567890\r\n 1234567890 1234567890\r\n" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEM(c); i++) {
		buf_reset(&b);
		part_field(&b, "N", c[i].value, c[i].utf8);
		check(strcmp(buf_str(&b), c[i].want) == 0, "row %zu: %s", i,
		    buf_str(&b));
	}
	buf_free(&b);
}

static void
test_address(void **state)
{
	static const struct { const char *typed; bool utf8; const char *want; }
	    c[] = {
		{ "rfc822;a+b@c", false, "N: rfc822;a+b@c\r\n" },
		{ "a@b", false, "N: rfc822;a@b\r\n" },
		{ "\xc3\xa4@b", false, "N: utf-8;\\x{E4}@b\r\n" },
		{ "UTF-8;\xc3\xa4@b", true, "N: UTF-8;\xc3\xa4@b\r\n" },
		{ "utf-8;\xff", false, "N: utf-8;\\x{FF}\r\n" },
		{ "x400;\xc3\xa4", false, "N: x400;\\x{E4}\r\n" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEM(c); i++) {
		buf_reset(&b);
		part_typed(&b, "N", c[i].typed, c[i].utf8);
		check(strcmp(buf_str(&b), c[i].want) == 0, "%s: %s",
		    c[i].typed, buf_str(&b));
	}
	buf_free(&b);
}

static void
test_mailbox(void **state)
{
	static const struct { const char *in, *want; } c[] = {
		{ "a@b", "N: a@b\r\n" }, { "<a@b>", "N: a@b\r\n" },
		{ "Mail \"x, y\" <a@b>", "N: Mail \"x, y\" <a@b>\r\n" },
		{ "\xc3\x84 <a@b>", "N: =?utf-8?B?w4Q=?= <a@b>\r\n" },
		{ "a@b, c@d", "" }, { "", "" }, { "<>", "" },
		{ "x\r\n <a@b>", "" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEM(c); i++) {
		buf_reset(&b);
		check(part_mailbox(&b, "N", c[i].in) ==
		    (c[i].want[0] != '\0') && strcmp(buf_str(&b),
		    c[i].want) == 0, "%s: %s", c[i].in, buf_str(&b));
	}
	buf_free(&b);
}

/* Fills a string with anything. */
static void
fill(char *s, size_t size)
{
	static const char signs[] = "a .<>@;:\r\n-=";
	size_t i, n = rand_u32() % size;

	for (i = 0; i < n; i++)
		s[i] = rand_u32() % 3 == 0 ? (char)(rand_u32() % 255 + 1) :
		    signs[rand_u32() % (sizeof(signs) - 1)];
	s[n] = '\0';
}

/* Whatever relays and submitters wrote, lines stay lines: never a bare CR or
 * LF, never over 998 octets, never a delimiter too many. */
static void
test_random(void **state)
{
	struct outcome o = { .verdict = OUTCOME_FAILED, .code = 550 };
	struct envelope_rcpt rcpt = { 0 };
	struct dsn_rcpt r = { &rcpt, &o, DSN_FAILED, 1, 1 };
	struct envelope env;
	struct dsn d = { .env = &env, .rcpts = &r, .nrcpts = 1, .id = "ID",
	    .hostname = "h.example", .from = "a@b", .to = "c@d" };
	char orcpt[600], envid[200], addr[300];
	struct buf b;
	const char *p, *lf;
	size_t i, n;

	(void)state;
	envelope_init(&env);
	env.envid = envid;
	rcpt.orcpt = orcpt;
	rcpt.addr = addr;
	for (i = 0; i < 3000; i++) {
		fill(orcpt, sizeof(orcpt));
		fill(envid, sizeof(envid));
		fill(o.text, sizeof(o.text));
		fill(o.relay, sizeof(o.relay));
		(void)snprintf(addr, sizeof(addr), "x%u@b", rand_u32());
		r.action = (enum dsn_action)(i % 5);
		buf_init(&b, 1 << 20);
		dsn_begin(&d, &b);
		dsn_end(&d, &b);
		assert_false(b.over);
		for (p = buf_str(&b), n = 0; (lf = strchr(p, '\n')) != NULL;
		    p = lf + 1) {
			assert_true(lf > buf_str(&b) && lf[-1] == '\r' &&
			    lf - p < 1000);
			assert_null(memchr(p, '\r', (size_t)(lf - p) - 1));
			if (strncmp(p, "--", 2) == 0 &&
			    strncmp(p + 2, d.boundary, strlen(d.boundary)) == 0)
				n++;
		}
		assert_true(*p == '\0' && n == 4);
		buf_free(&b);
	}
	env.envid = NULL;
	envelope_free(&env);
}

CHECK_MAIN(cmocka_unit_test(test_advice), cmocka_unit_test(test_field),
    cmocka_unit_test(test_address), cmocka_unit_test(test_mailbox),
    cmocka_unit_test(test_random))
