/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/mem.h"
#include "core/smtp/command.h"

static const struct {
	const char		*name;
	struct smtp_mail	 in;
	const char		*want;		/* or NULL: refused with dsn */
	const char		*dsn;
} mails[] = {
	{ "null", { "", -1, false, false, RET_NONE, NULL }, "MAIL FROM:<>\r\n", "" },
	{ "plain", { "a@b", -1, false, false, RET_NONE, NULL },
	    "MAIL FROM:<a@b>\r\n", "" },
	{ "all", { "a@b", 123456789012, true, true, RET_FULL, "x+y=z \xc3\xa4" },
	    "MAIL FROM:<a@b> SIZE=123456789012 BODY=8BITMIME SMTPUTF8 RET=FULL "
	    "ENVID=x+2By+3Dz+20+C3+A4\r\n", "" },
	{ "hdrs", { "a@b", 0, false, false, RET_HDRS, "124567" },
	    "MAIL FROM:<a@b> SIZE=0 RET=HDRS ENVID=124567\r\n", "" },
	{ "empty envid", { "a@b", -1, false, false, RET_NONE, "" },
	    "MAIL FROM:<a@b>\r\n", "" },
	{ "long envid is left out", { "a@b", -1, false, false, RET_HDRS,
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "4567890123456789012345678901234567890" },
	    "MAIL FROM:<a@b> RET=HDRS\r\n", "" },
	{ "quoted", { "\"a b>\"@c", -1, false, false, RET_NONE, NULL },
	    "MAIL FROM:<\"a b>\"@c>\r\n", "" },
	{ "CRLF", { "a@b>\r\nRCPT TO:<c@d", -1, false, false, RET_NONE, NULL },
	    NULL, "5.1.7" },
	{ "LF", { "a@b\n", -1, false, false, RET_NONE, NULL }, NULL, "5.1.7" },
	{ "tab", { "a\t@b", -1, false, false, RET_NONE, NULL }, NULL, "5.1.7" },
	{ "del", { "a\x7f@b", -1, false, false, RET_NONE, NULL }, NULL, "5.1.7" },
	{ "parameter", { "a@b> SIZE=1", -1, false, false, RET_NONE, NULL },
	    NULL, "5.1.7" },
	{ "8-bit", { "\xc3\xa4@b", -1, false, false, RET_NONE, NULL },
	    NULL, "5.6.7" },
	{ "utf-8", { "\xc3\xa4@b", -1, true, true, RET_NONE, NULL },
	    "MAIL FROM:<\xc3\xa4@b> BODY=8BITMIME SMTPUTF8\r\n", "" },
	{ "no utf-8", { "\xe4@b", -1, true, true, RET_NONE, NULL }, NULL, "5.1.7" },
};

static void
test_mail(void **state)
{
	struct buf b;
	struct err err;
	size_t i;
	int ret;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < NELEM(mails); i++) {
		buf_reset(&b);
		buf_adds(&b, "x");
		memset(&err, 0, sizeof(err));
		ret = smtp_command_mail(&b, &mails[i].in, &err);
		if (mails[i].want != NULL)
			check(ret == 0 && strcmp(buf_str(&b) + 1,
			    mails[i].want) == 0, "%s: %s", mails[i].name,
			    buf_str(&b));
		else
			check(ret == -1 && b.n == 1 && err.kind == ERR_PERM &&
			    strcmp(err.dsn, mails[i].dsn) == 0, "%s: %s %s",
			    mails[i].name, err.dsn, err.text);
	}
	buf_free(&b);
}

static const struct {
	const char		*name;
	struct smtp_rcpt	 in;
	const char		*want;		/* or NULL: refused with dsn */
	const char		*dsn;
} rcpts[] = {
	{ "plain", { "a@b", false, 0, NULL }, "RCPT TO:<a@b>\r\n", "" },
	{ "empty", { "", false, 0, NULL }, NULL, "5.1.3" },
	{ "worked example", { "u@x", false, NOTIFY_SUCCESS | NOTIFY_DELAY,
	    "rfc822;user1" },
	    "RCPT TO:<u@x> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;user1\r\n", "" },
	{ "all three", { "u@x", false, 14, NULL },
	    "RCPT TO:<u@x> NOTIFY=SUCCESS,FAILURE,DELAY\r\n", "" },
	{ "never", { "u@x", false, 15, NULL }, "RCPT TO:<u@x> NOTIFY=NEVER\r\n", "" },
	{ "xtext", { "u@x", false, 0, "rfc822;a+b=c\"d @e" },
	    "RCPT TO:<u@x> ORCPT=rfc822;a+2Bb+3Dc\"d+20@e\r\n", "" },
	{ "line end", { "u@x", false, 0, "rfc822;a\r\nDATA" },
	    "RCPT TO:<u@x> ORCPT=rfc822;a+0D+0ADATA\r\n", "" },
	{ "utf-8", { "u@x", false, 0, "utf-8;\xc3\xa4+\\\xf0\x9f\x98\x80@e" },
	    "RCPT TO:<u@x> ORCPT=utf-8;\\x{E4}\\x{2B}\\x{5C}\\x{1F600}@e\r\n", "" },
	{ "bad utf-8", { "u@x", false, 0, "utf-8;\xff@e" },
	    "RCPT TO:<u@x>\r\n", "" },
	{ "no type", { "u@x", false, 0, ";a@b" }, "RCPT TO:<u@x>\r\n", "" },
	{ "bad type", { "u@x", false, 0, "a b;a@b" }, "RCPT TO:<u@x>\r\n", "" },
	{ "no address", { "u@x", false, 0, "rfc822;" }, "RCPT TO:<u@x>\r\n", "" },
	{ "no semicolon", { "u@x", false, 0, "rfc822" }, "RCPT TO:<u@x>\r\n", "" },
	{ "plus", { "a+b@x", false, 0, NULL }, "RCPT TO:<a+b@x>\r\n", "" },
	{ "quoted", { "\"\\\"\"@x", false, 0, NULL },
	    "RCPT TO:<\"\\\"\"@x>\r\n", "" },
	{ "open quote", { "\"a@x", false, 0, NULL }, NULL, "5.1.3" },
	{ "open escape", { "\"a\\", false, 0, NULL }, NULL, "5.1.3" },
	{ "space", { "a b@x", false, 0, NULL }, NULL, "5.1.3" },
	{ "angle", { "a>@x", false, 0, NULL }, NULL, "5.1.3" },
	{ "8-bit", { "\xc3\xa4@x", false, 0, NULL }, NULL, "5.6.7" },
	{ "8-bit domain", { "a@\xe4\xbe\x8b.x", false, 0, NULL },
	    "RCPT TO:<a@xn--fsq.x>\r\n", "" },
	{ "8-bit domain, no IDN", { "a@\xe2\x98\xba", false, 0, NULL }, NULL,
	    "5.1.2" },
	{ "8-bit, both", { "\xc3\xa4@\xe4\xbe\x8b", false, 0, NULL }, NULL,
	    "5.6.7" },
};

static void
test_rcpt(void **state)
{
	struct buf b;
	struct err err;
	size_t i;
	int ret;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < NELEM(rcpts); i++) {
		buf_reset(&b);
		memset(&err, 0, sizeof(err));
		ret = smtp_command_rcpt(&b, &rcpts[i].in, &err);
		if (rcpts[i].want != NULL)
			check(ret == 0 && strcmp(buf_str(&b),
			    rcpts[i].want) == 0, "%s: %s", rcpts[i].name,
			    buf_str(&b));
		else
			check(ret == -1 && b.n == 0 && err.kind == ERR_PERM &&
			    strcmp(err.dsn, rcpts[i].dsn) == 0, "%s: %s %s",
			    rcpts[i].name, err.dsn, err.text);
	}
	buf_free(&b);
}

/* 254 octets are an address, 255 are none; a long ORCPT is left out. */
static void
test_limits(void **state)
{
	char addr[256], orcpt[600];
	struct smtp_rcpt r = { addr, false, 0, NULL };
	struct buf b;
	struct err err;

	(void)state;
	buf_init(&b, SMTP_COMMAND_MAX);
	memset(addr, 'a', sizeof(addr));
	addr[255] = '\0';
	assert_int_equal(smtp_command_rcpt(&b, &r, &err), -1);
	addr[254] = '\0';
	assert_int_equal(smtp_command_rcpt(&b, &r, &err), 0);
	assert_int_equal(b.n, 8 + 256 + 2);
	buf_reset(&b);
	memset(orcpt, 'o', sizeof(orcpt));
	memcpy(orcpt, "rfc822;", 7);
	orcpt[501] = '\0';
	r.orcpt = orcpt;
	assert_int_equal(smtp_command_rcpt(&b, &r, &err), 0);
	assert_int_equal(b.n, 8 + 256 + 2);
	buf_reset(&b);
	orcpt[500] = '\0';
	assert_int_equal(smtp_command_rcpt(&b, &r, &err), 0);
	assert_int_equal(b.n, 8 + 256 + 7 + 500 + 2);
	buf_free(&b);

	/* No room: nothing is added, not half a line. */
	buf_init(&b, 100);
	assert_int_equal(smtp_command_rcpt(&b, &r, &err), -1);
	assert_int_equal(b.n, 0);
	buf_free(&b);
}

static void
test_hello(void **state)
{
	static const struct { const char *helo; bool ok; } cases[] = {
		{ "mx.example.com", true }, { "[127.0.0.1]", true },
		{ "", false }, { "a b", false }, { "a\r\nQUIT", false },
		{ "\xc3\xa4", false },
	};
	struct buf b;
	struct err err;
	size_t i;

	(void)state;
	buf_init(&b, SMTP_COMMAND_MAX);
	for (i = 0; i < NELEM(cases); i++) {
		buf_reset(&b);
		check((smtp_command_hello(&b, "EHLO", cases[i].helo, &err) == 0)
		    == cases[i].ok, "helo '%s'", cases[i].helo);
	}
	buf_reset(&b);
	assert_int_equal(smtp_command_hello(&b, "HELO", "x", &err), 0);
	assert_string_equal(buf_str(&b), "HELO x\r\n");
	buf_free(&b);
}

static void
test_auth(void **state)
{
	char *big = mem_zero(20001);
	struct buf b;
	struct err err;

	(void)state;
	buf_init(&b, 20000);
	assert_int_equal(smtp_command_auth(&b, "LOGIN", "", &err), 0);
	assert_int_equal(smtp_command_auth(&b, "PLAIN", "AGE=", &err), 0);
	assert_int_equal(smtp_command_auth(&b, "EXTERNAL", "=", &err), 0);
	assert_string_equal(buf_str(&b),
	    "AUTH LOGIN\r\nAUTH PLAIN AGE=\r\nAUTH EXTERNAL =\r\n");
	assert_int_equal(smtp_command_auth(&b, "X\r\n", "", &err), -1);
	assert_int_equal(smtp_command_auth(&b, "X", "a\nb", &err), -1);
	memset(big, 'a', 20000);
	buf_reset(&b);
	assert_int_equal(smtp_command_auth(&b, "PLAIN", big, &err), -1);
	assert_int_equal(b.n, 0);
	buf_free(&b);
	mem_free(big);
}

CHECK_MAIN(cmocka_unit_test(test_mail), cmocka_unit_test(test_rcpt),
    cmocka_unit_test(test_limits), cmocka_unit_test(test_hello),
    cmocka_unit_test(test_auth))
