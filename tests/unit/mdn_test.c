/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tests/check.h"

#include "core/base/rand.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/mdn.h"

#define DNT "Disposition-Notification-To: "
#define OPT "Disposition-Notification-Options: "
#define RP "Return-Path: <a@b>\r\n"

/* manual, automatic: words of the refusal, NULL where it may be sent. */
static const struct {
	const char *name, *header, *manual, *automatic;
} cases[] = {
	{ "as it should be", RP DNT "a@b\r\n", NULL, NULL },
	{ "named", RP DNT "A <a@B>\r\n", NULL, NULL },
	{ "no request", RP "To: x@y\r\n", "not ask", "not ask" },
	{ "no Return-Path", DNT "a@b\r\n", NULL, "no Return-Path" },
	{ "unreadable Return-Path", "Return-Path: x y\r\n" DNT "a@b\r\n", NULL,
	    "no Return-Path" },
	{ "another address", RP DNT "c@d\r\n", NULL, "differs" },
	{ "case of the local part", RP DNT "A@b\r\n", NULL, "differs" },
	{ "from <>", "Return-Path: <>\r\n" DNT "a@b\r\n", "<>", "<>" },
	{ "<> below", RP "Return-Path: <>\r\n" DNT "a@b\r\n", "<>", "<>" },
	{ "two", RP DNT "a@b, c@d\r\n", NULL, "more than one" },
	{ "twice the same", RP DNT "a@b, <a@B>\r\n", NULL, NULL },
	{ "two fields", RP DNT "a@b\r\n" DNT "a@b\r\n", NULL, "more than one" },
	{ "on an MDN", RP DNT "a@b\r\nContent-Type: multipart/report; "
	    "report-type=disposition-notification\r\n", "report", "report" },
	{ "on a DSN", RP DNT "a@b\r\ncontent-type: Multipart/Report\r\n",
	    "report", "report" },
	{ "on a bare MDN", RP DNT "a@b\r\nContent-Type: "
	    "message/disposition-notification\r\n", "report", "report" },
	{ "multipart", RP DNT "a@b\r\nContent-Type: multipart/mixed\r\n", NULL,
	    NULL },
	{ "empty", RP DNT "\r\n", "no address", "no address" },
	{ "group", RP DNT "g: a@b;\r\n", "group", "group" },
	{ "group among", RP DNT "a@b, g: a@b;\r\n", "group", "group" },
	{ "empty group", RP DNT "g:;\r\n", "no address", "no address" },
	{ "bare", RP DNT "root\r\n", "domain", "domain" },
	{ "null", RP DNT "<>\r\n", "domain", "domain" },
	{ "pipe", RP DNT "|/bin/sh\r\n", "domain", "domain" },
	{ "pipe at", RP DNT "|sh@b\r\n", "command", "command" },
	{ "quoted pipe", RP DNT "\"|/bin/sh x\"@b\r\n", "command", "command" },
	{ "file", RP DNT "/etc/passwd@b\r\n", "command", "command" },
	{ "include", RP DNT "\":include:/x\"@b\r\n", "command", "command" },
	{ "unreadable", RP DNT "a@b c@d\r\n", "read", "read" },
	{ "one unreadable", RP DNT "a@b, c@\r\n", "read", "read" },
	{ "line break in an encoded word",
	    RP DNT "=?utf-8?q?a=0D=0ABcc:_x?=@b\r\n", "read", "read" },
	{ "line break in a name",
	    RP DNT "=?utf-8?q?a=0D=0ABcc=3A_x?= <a@b>\r\n", NULL, NULL },
	{ "eleven", RP DNT "1@b,2@b,3@b,4@b,5@b,6@b,7@b,8@b,9@b,10@b,11@b\r\n",
	    "more addresses", "more addresses" },
	{ "option", RP DNT "a@b\r\n" OPT "x=optional,y; z = Optional , 1,2\r\n",
	    NULL, NULL },
	{ "required option", RP DNT "a@b\r\n" OPT "x=optional,y; "
	    "signed-receipt-protocol=required,pkcs7\r\n",
	    "signed-receipt-protocol", "signed-receipt-protocol" },
	{ "broken option", RP DNT "a@b\r\n" OPT "x\r\n", "x", "x" },
	{ "option without value", RP DNT "a@b\r\n" OPT "x=optional\r\n", "x",
	    "x" },
	{ "no option", RP DNT "a@b\r\n" OPT ";\r\n", NULL, NULL },
};

static void
check_case(size_t i, bool automatic)
{
	const char *want = automatic ? cases[i].automatic : cases[i].manual;
	struct mdn m = { .recipient = "me@here", .automatic_sent = automatic };
	struct mdn_request r;
	struct err err = { 0 };
	size_t n = strlen(cases[i].header);
	char *copy = malloc(n);
	int got;

	memcpy(copy, cases[i].header, n);
	assert_int_equal(mdn_request_read(&r, (struct slice){ copy, n },
	    &err), 0);
	got = mdn_check(&r, &m, &err);
	check(want == NULL ? got == 0 : got == -1 && err.kind == ERR_DENIED &&
	    strstr(err.text, want) != NULL, "%s, %s: %d %s", cases[i].name,
	    automatic ? "automatic" : "manual", got, err.text);
	check(got == -1 || r.nto > 0, "%s: to nobody", cases[i].name);
	mdn_request_free(&r);
	mdn_request_free(&r);
	free(copy);
}

static void
test_rules(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		check_case(i, false);
		check_case(i, true);
	}
}

static void
test_read(void **state)
{
	static const char h[] = RP DNT "a@b\r\nMessage-Id: <1@2>\r\n"
	    "Subject: =?utf-8?q?=C3=A4?=\r\n x\r\nDate: now\r\n"
	    "Original-Recipient: rfc822;x@y\r\n";
	static const char *const bad_ids[] = { "1@2", "<1@2", "<1 2>", "<1>2>",
		"<>", "<1@2> <3@4>", "<\xc3\xa4@2>" };
	struct mdn_request r;
	struct err err = { 0 };
	enum mdn_type type;
	char line[100];
	size_t i;

	(void)state;
	assert_int_equal(mdn_request_read(&r, slice_of(h), &err), 0);
	assert_string_equal(r.message_id, "<1@2>");
	assert_string_equal(r.subject, "\xc3\xa4 x");
	assert_string_equal(r.orig_rcpt, "rfc822;x@y");
	assert_string_equal(r.return_path, "a@b");
	mdn_request_free(&r);
	for (i = 0; i < NELEM(bad_ids); i++) {
		(void)snprintf(line, sizeof(line), "Message-ID: %s\r\n",
		    bad_ids[i]);
		assert_int_equal(mdn_request_read(&r, slice_of(line), &err), 0);
		check(r.message_id == NULL, "taken: %s", bad_ids[i]);
		mdn_request_free(&r);
	}
	assert_int_equal(mdn_request_read(&r, slice_of("hello\r\n"), &err), -1);
	assert_int_equal(err.kind, ERR_DATA);
	assert_int_equal(mdn_request_read(&r, slice_of(""), &err), -1);
	assert_true(mdn_type_parse("Displayed", &type) &&
	    type == MDN_DISPLAYED);
	assert_true(mdn_type_parse("failed", &type) && type == MDN_FAILED);
	assert_false(mdn_type_parse("read", &type));
	assert_false(mdn_type_parse("", &type));
}

/* Whatever the header holds, who is told is an address, and the lines of
 * the notification are lines. */
static void
test_random(void **state)
{
	static const char *const bits[] = { DNT, "Subject: ", "a@b", ",",
		"\r\n",
		"\r\n ", "<", ">", "\"", "|", ":", ";", "(", "=?utf-8?q?=0D?=",
		"Return-Path:", "Message-ID: <x@y>", "\xc3\xa4", "\xff", "x" };
	struct mdn m = { .recipient = "me@here", .id = "ID", .hostname = "h" };
	struct mdn_request r;
	struct err err;
	struct buf h, out;
	const char *p, *lf;
	size_t i, j;

	(void)state;
	for (i = 0; i < 5000; i++) {
		buf_init(&h, 100000);
		buf_init(&out, 1000000);
		buf_adds(&h, DNT "a@b\r\n");
		for (j = rand_u32() % 30; j > 0; j--)
			buf_adds(&h, bits[rand_u32() % NELEM(bits)]);
		buf_adds(&h, "\r\n");
		assert_int_equal(mdn_request_read(&r, buf_slice(&h), &err), 0);
		for (j = 0; j < r.nto; j++)
			assert_true(addr_check(r.to[j], &err) == 0 &&
			    r.to[j][0] != '\0');
		if (mdn_check(&r, &m, &err) == 0) {
			mdn_write(&m, &r, r.to[0], buf_slice(&h), &out);
			for (p = buf_str(&out); (lf = strchr(p, '\n')) != NULL;
			    p = lf + 1)
				assert_true(lf[-1] == '\r' && lf - p < 1000);
			assert_int_equal(*p, '\0');
		}
		mdn_request_free(&r);
		buf_free(&h);
		buf_free(&out);
	}
}

CHECK_MAIN(cmocka_unit_test(test_rules), cmocka_unit_test(test_read),
    cmocka_unit_test(test_random))
