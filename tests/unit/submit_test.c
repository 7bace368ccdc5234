/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/mem.h"
#include "core/mail/envelope.h"
#include "core/mail/fold.h"
#include "core/mail/header.h"
#include "core/mail/rewrite.h"
#include "core/mail/submit.h"

#define DATE "Date: Tue, 24 Nov 2026 06:28:59 +0100\r\n"
#define ID "Message-ID: <00112233445566778899@host.example>\r\n"
#define FROM "From: Joe Doe <joe@example.com>\r\n"
#define D "Date: x\r\n"
#define M "Message-ID: <m@x>\r\n"
#define F "From: a@b.c\r\n"
#define DMF D M F

/* A configuration owns its strings: these are writable. */
#define STR(s)	((char[]){ s })

static char *local[] = { STR("host.example"), STR("example.com"),
	STR("localhost") };
static struct conf_rewrite rules[] = {
	{ STR("@inside.lan"), STR("@out.example"), 1 },
	{ STR("root"), STR("alerts@out.example"), 2 },
	{ STR("joe@Inside.lan"), STR("joe.doe@out.example"), 3 },
	{ STR("ann@inside.lan"), STR("@moved.example"), 4 },
	{ STR("@gone.lan"), STR("all@out.example"), 5 },
	{ STR("joe@example.com"), STR("once@inside.lan"), 6 },
};

static struct conf plain = {
	.hostname = STR("host.example"), .domain = STR("example.com"),
	.max_hops = 3,
	.aliases_local = { local, NELEM(local) },
};
static struct conf ruled, fixed;
static char env[] = "env@relay.example", from[] = "from@relay.example";

static void
set_up(void)
{
	ruled = plain;
	ruled.rewrites = rules;
	ruled.nrewrites = NELEM(rules);
	fixed = ruled;
	fixed.sender = env;
	fixed.from = from;
}

static struct submit_facts
facts_of(const struct conf *conf)
{
	return (struct submit_facts){
		.conf = conf, .id = "00112233445566778899",
		.now_us = 1795498139000000, .zone_min = 60, .uid = 1000,
		.login = "joe", .full_name = "Joe Doe",
		.sender_trusted = true,
	};
}

static void
test_rewrite(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" },
		{ "x@y", "x@y" },
		{ "joe@inside.lan", "joe.doe@out.example" },
		{ "joe@INSIDE.LAN", "joe.doe@out.example" },
		{ "Joe@inside.lan", "Joe@out.example" },
		{ "ann@inside.lan", "ann@moved.example" },
		{ "x@inside.lan", "x@out.example" },
		{ "x@sub.inside.lan", "x@sub.inside.lan" },
		{ "\"a@b\"@inside.lan", "\"a@b\"@out.example" },
		{ "root@localhost", "alerts@out.example" },
		{ "root@HOST.example", "alerts@out.example" },
		{ "root@elsewhere.example", "root@elsewhere.example" },
		{ "x@gone.lan", "all@out.example" },
		{ "joe@example.com", "once@inside.lan" },
	};
	size_t i;
	char *got;

	(void)state;
	set_up();
	for (i = 0; i < NELEM(cases); i++) {
		got = rewrite_addr(&ruled, cases[i].in);
		check(strcmp(got, cases[i].want) == 0, "'%s': '%s'",
		    cases[i].in, got);
		mem_free(got);
	}
}

/* What becomes of a header, Received aside. */
static const struct {
	const char	*name;
	const struct conf *conf;
	const char	*sender;	/* NULL: none given */
	const char	*in, *want;
	bool		 rcpts, gateway;
} headers[] = {
	{ "empty", &plain, NULL, "", FROM DATE ID, false, false },
	{ "nothing missing", &plain, NULL, DMF, DMF, false, false },
	{ "only Date", &plain, NULL, "Subject: x\r\n" M F,
	    "Subject: x\r\n" M F DATE, false, false },
	{ "blanks before the colon", &plain, NULL, "date : x\r\n" M F,
	    "date : x\r\n" M F, false, false },
	{ "a Resent- one is not it", &plain, NULL, "Resent-" DMF,
	    "Resent-" DMF DATE, false, false },
	{ "From the given sender", &plain, "ann@x.y", D M,
	    D M "From: Joe Doe <ann@x.y>\r\n", false, false },
	{ "From a bare sender", &plain, "ann", D M,
	    D M "From: Joe Doe <ann@example.com>\r\n", false, false },
	{ "From the null sender", &plain, "", D M,
	    D M "From: MAILER-DAEMON@example.com\r\n", false, false },
	{ "From rewritten", &ruled, "root", D M,
	    D M "From: Joe Doe <alerts@out.example>\r\n", false, false },
	{ "From fixed", &fixed, "root", D M,
	    D M "From: Joe Doe <from@relay.example>\r\n", false, false },
	{ "removed", &plain, NULL,
	    "Bcc: x@y\r\nReturn-Path: <a>\r\n" D "bCC\t : z,\r\n a,\r\n b\r\n"
	    M "Content-Length: 7\r\nResent-Bcc: q\r\n" F "Bcc:\r\n",
	    DMF, false, false },
	{ "near misses stay", &plain, NULL, DMF "X-Bcc: x\r\nBccc: y\r\n"
	    "Content-Lengths: 1\r\nResent-Return-Path: x\r\n",
	    DMF "X-Bcc: x\r\nBccc: y\r\nContent-Lengths: 1\r\n"
	    "Resent-Return-Path: x\r\n", false, false },
	{ "completed", &plain, NULL,
	    D M "From: joe\r\nTo: root (Cron), \"Ann B.\" <ann>,\r\n\tc@d\r\n"
	    "Cc: g: a, b@c;\r\nReply-To: <r>\r\nSender: s\r\n"
	    "Resent-To: t\r\nResent-Cc: u\r\nResent-Sender: v\r\n",
	    D M "From: joe@example.com\r\n"
	    "To: root@example.com (Cron), \"Ann B.\" <ann@example.com>,\r\n"
	    "\tc@d\r\nCc: g: a@example.com, b@c;\r\n"
	    "Reply-To: <r@example.com>\r\nSender: s@example.com\r\n"
	    "Resent-To: t@example.com\r\nResent-Cc: u@example.com\r\n"
	    "Resent-Sender: v@example.com\r\n", false, false },
	{ "what cannot be read stays", &plain, NULL,
	    DMF "To: a b c, root\r\nCc: \"open, x\r\n",
	    DMF "To: a b c, root@example.com\r\nCc: \"open, x\r\n",
	    false, false },
	{ "no address in it", &plain, NULL,
	    DMF "To: undisclosed-recipients:;\r\nCc:\r\nReply-To: <>\r\n",
	    DMF "To: undisclosed-recipients:;\r\nCc:\r\nReply-To: <>\r\n",
	    false, false },
	{ "other fields stay", &plain, NULL,
	    DMF "X: root\r\nErrors-To: joe\r\nSubject:  root \r\n",
	    DMF "X: root\r\nErrors-To: joe\r\nSubject:  root \r\n",
	    false, false },
	{ "odd spelling of an address stays", &plain, NULL,
	    D M "From: a . b @ c (x) . d\r\n",
	    D M "From: a . b @ c (x) . d\r\n", false, false },
	{ "rewritten", &ruled, NULL,
	    D M "From: Joe <joe@inside.lan>\r\nSender: root\r\n"
	    "Reply-To: x@inside.lan\r\nTo: x@inside.lan\r\nCc: root\r\n"
	    "Resent-From: y@inside.lan\r\n"
	    "Disposition-Notification-To: z@inside.lan\r\n",
	    D M "From: Joe <joe.doe@out.example>\r\n"
	    "Sender: alerts@out.example\r\nReply-To: x@out.example\r\n"
	    "To: x@inside.lan\r\nCc: root@example.com\r\n"
	    "Resent-From: y@out.example\r\n"
	    "Disposition-Notification-To: z@out.example\r\n", false, false },
	{ "From replaced", &fixed, NULL,
	    D M "From: \"J. D.\" <joe@inside.lan> (x)\r\n"
	    "Sender: x@inside.lan\r\nResent-From: r@x\r\n",
	    D M "From: \"J. D.\" <from@relay.example> (x)\r\n"
	    "Sender: x@out.example\r\nResent-From: r@x\r\n", false, false },
	{ "gateway", &fixed, NULL,
	    "Return-Path: <x>\r\nTo: root\r\nBcc: y\r\nSubject: s\r\n",
	    "Return-Path: <x>\r\nTo: root\r\nSubject: s\r\n", true, true },
	{ "notification asked for", &plain, NULL,
	    DMF "Disposition-Notification-To: joe\r\n"
	    "Disposition-Notification-Options: x=required,1\r\n",
	    DMF "Disposition-Notification-To: joe@example.com\r\n"
	    "Disposition-Notification-Options: x=required,1\r\n",
	    false, false },
	{ "notification forbidden for <>", &plain, "",
	    DMF "Disposition-Notification-To: joe\r\n"
	    "Disposition-Notification-Options: x=required,1\r\n",
	    DMF, false, false },
	{ "notification forbidden in a notification", &plain, NULL,
	    DMF "Content-Type: Multipart/Report;\r\n"
	    " report-type=\"disposition-notification\"; boundary=x\r\n"
	    "Disposition-Notification-To: joe\r\n",
	    DMF "Content-Type: Multipart/Report;\r\n"
	    " report-type=\"disposition-notification\"; boundary=x\r\n",
	    false, false },
	{ "resent", &plain, NULL, "Resent-To: a@b\r\n" DMF "To: c@d\r\n",
	    "Resent-" DATE "Resent-" FROM
	    "Resent-Message-ID: <00112233445566778899.resent@host.example>\r\n"
	    "Resent-To: a@b\r\n" DMF "To: c@d\r\n", true, false },
	{ "resent, not asked", &plain, NULL, "Resent-To: a@b\r\n" DMF,
	    "Resent-To: a@b\r\n" DMF, false, false },
	{ "resent, complete", &plain, NULL,
	    "Resent-From: x@y\r\nResent-" D "Resent-" M "Resent-Bcc: a@b\r\n"
	    DMF,
	    "Resent-From: x@y\r\nResent-" D "Resent-" M DMF, true, false },
	{ "resent, in the second block", &plain, NULL,
	    DMF "Resent-From: x@y\r\nX: y\r\nResent-From: q@r\r\n"
	    "Resent-To: a@b\r\n",
	    DMF "Resent-From: x@y\r\nX: y\r\nResent-" DATE
	    "Resent-Message-ID: <00112233445566778899.resent@host.example>\r\n"
	    "Resent-From: q@r\r\nResent-To: a@b\r\n", true, false },
};

static int
run_header(const struct submit_facts *facts, const char *in,
    struct submit_result *r, struct err *err)
{
	memset(r, 0, sizeof(*r));
	memset(err, 0, sizeof(*err));
	return submit_header(facts, slice_of(in), r, err);
}

/* The header behind our Received. */
static const char *
rest(const struct submit_result *r)
{
	struct header_field f;
	size_t pos = 0;

	assert_true(header_next(r->header.p, r->header.n, &pos, &f));
	assert_true(header_is(&f, "Received"));
	return r->header.p + pos;
}

static void
test_headers(void **state)
{
	struct submit_facts facts;
	struct submit_result r;
	struct err err;
	size_t i;

	(void)state;
	set_up();
	for (i = 0; i < NELEM(headers); i++) {
		facts = facts_of(headers[i].conf);
		facts.sender = headers[i].sender;
		facts.take_rcpts = headers[i].rcpts;
		facts.gateway = headers[i].gateway;
		assert_int_equal(run_header(&facts, headers[i].in, &r, &err),
		    0);
		check(strcmp(rest(&r), headers[i].want) == 0, "%s:\n%s",
		    headers[i].name, rest(&r));
		check(r.dropped_mdn == (strstr(headers[i].name, "forbidden") !=
		    NULL), "%s: dropped_mdn", headers[i].name);
		submit_result_free(&r);
	}
}

static const struct {
	const char *name, *in, *want;
} rcpts[] = {
	{ "none", "Subject: x\r\n", "" },
	{ "all three", "To: a@b\r\nX: y@y\r\nCc: c, D <d@e>\r\nBcc: f@g\r\n",
	    "a@b c d@e f@g" },
	{ "repeated", "To: a\r\nTo: b\r\nBcc: c\r\nBcc: d\r\n", "a b c d" },
	{ "folded, groups, comments",
	    "To: g: a@b,\r\n c@d (x, y@z);,\r\n\t\"e, f\" <@r,@s:e@f>\r\n",
	    "a@b c@d e@f" },
	{ "no others", "From: a\r\nReply-To: b\r\nResent-From: c\r\n"
	    "Apparently-To: d\r\n", "" },
	{ "nobody", "To: <>, undisclosed-recipients:;\r\nCc:\r\n", "" },
	{ "an open quote ends with its field", "To: \"a, b@c\r\nCc: d@e\r\n",
	    "? d@e" },
	{ "a bad one among good ones", "To: a@b, c d e, f@g\r\n",
	    "a@b ? f@g" },
	{ "resent wins", "To: a\r\nBcc: b\r\nResent-To: c\r\nResent-Cc: d\r\n"
	    "Resent-Bcc: e\r\n", "c d e" },
	{ "first block, ended by another field",
	    "Resent-To: a\r\nResent-From: x\r\nReceived: y\r\nResent-To: b\r\n",
	    "a" },
	{ "first block, ended by a repeated name",
	    "Resent-To: a\r\nResent-From: x\r\nResent-To: b\r\n"
	    "Resent-From: y\r\n", "a" },
	{ "first block, one list in two fields",
	    "Resent-From: x\r\nResent-To: a\r\nResent-To: b\r\nResent-Cc: c\r\n",
	    "a b c" },
	{ "first block that has recipients",
	    "Resent-From: x\r\nResent-From: y\r\nResent-Sender: z\r\n"
	    "Resent-From: q\r\nResent-Bcc: a\r\nTo: b\r\n", "a" },
	{ "resent without recipients", "Resent-From: x\r\nTo: b\r\n", "b" },
	{ "resent, empty list", "Resent-To:\r\nTo: b\r\n", "" },
};

static void
test_rcpts(void **state)
{
	struct submit_facts facts = facts_of(&plain);
	struct submit_result r;
	struct err err;
	struct buf got;
	size_t i, j;

	(void)state;
	facts.take_rcpts = true;
	for (i = 0; i < NELEM(rcpts); i++) {
		assert_int_equal(run_header(&facts, rcpts[i].in, &r, &err), 0);
		buf_init(&got, 1000);
		for (j = 0; j < r.rcpts.n; j++) {
			const struct addr_item *item = &r.rcpts.v[j];

			if (got.n > 0)
				buf_addc(&got, ' ');
			buf_adds(&got, item->addr != NULL ? item->addr : "?");
			assert_true(item->text.p >= r.given.p &&
			    item->text.p + item->text.n <=
			    r.given.p + r.given.n);
		}
		check(strcmp(buf_str(&got), rcpts[i].want) == 0, "%s: '%s'",
		    rcpts[i].name, buf_str(&got));
		buf_free(&got);
		submit_result_free(&r);
	}
}

static void
test_received(void **state)
{
	struct submit_facts facts = facts_of(&plain);
	struct submit_result r;
	struct err err;

	(void)state;
	assert_int_equal(run_header(&facts, DMF, &r, &err), 0);
	assert_string_equal(r.header.p,
	    "Received: by host.example (sendoff, from userid 1000)\r\n"
	    "\tid 00112233445566778899; Tue, 24 Nov 2026 06:28:59 +0100\r\n"
	    DMF);
	submit_result_free(&r);
	facts.with = "ESMTP";
	facts.peer = "client.example";
	assert_int_equal(run_header(&facts, DMF, &r, &err), 0);
	assert_string_equal(r.header.p,
	    "Received: from client.example\r\n"
	    "\tby host.example (sendoff, from userid 1000) with ESMTP\r\n"
	    "\tid 00112233445566778899; Tue, 24 Nov 2026 06:28:59 +0100\r\n"
	    DMF);
	submit_result_free(&r);
	facts.with = "A\r\nBcc: x";
	facts.peer = "a;b";
	assert_int_equal(run_header(&facts, DMF, &r, &err), 0);
	assert_non_null(strstr(r.header.p, "from unknown\r\n"));
	assert_non_null(strstr(r.header.p, " with unknown\r\n"));
	submit_result_free(&r);
}

static void
test_sender(void **state)
{
	static const struct {
		const char *name;
		const struct conf *conf;
		const char *login, *sender, *want;
	} cases[] = {
		{ "login", &plain, "joe", NULL, "joe@example.com" },
		{ "no passwd entry", &plain, NULL, NULL, "1000@example.com" },
		{ "empty login", &plain, "", NULL, "1000@example.com" },
		{ "login of a realm", &plain, "joe@ad.lan", NULL,
		    "joe@ad.lan" },
		{ "login of a domain", &plain, "AD\\joe", NULL,
		    "\"AD\\\\joe\"@example.com" },
		{ "login with a line end", &plain, "a\nb", NULL,
		    "1000@example.com" },
		{ "given", &plain, "joe", "a@b", "a@b" },
		{ "given, bare", &plain, "joe", "ann", "ann@example.com" },
		{ "null", &plain, "joe", "", "" },
		{ "rewritten", &ruled, "root", NULL, "alerts@out.example" },
		{ "given, rewritten", &ruled, "joe", "x@inside.lan",
		    "x@out.example" },
		{ "fixed", &fixed, "joe", "a@b", "env@relay.example" },
		{ "null stays null", &fixed, "joe", "", "" },
	};
	struct submit_facts facts;
	struct submit_result r;
	struct err err;
	char *got;
	size_t i;

	(void)state;
	set_up();
	for (i = 0; i < NELEM(cases); i++) {
		facts = facts_of(cases[i].conf);
		facts.login = cases[i].login;
		facts.sender = cases[i].sender;
		got = submit_sender(&facts);
		check(strcmp(got, cases[i].want) == 0, "%s: '%s'",
		    cases[i].name, got);
		assert_int_equal(run_header(&facts, DMF, &r, &err), 0);
		assert_string_equal(r.sender, got);
		submit_result_free(&r);
		mem_free(got);
	}
}

static void
test_warning(void **state)
{
	struct submit_facts facts = facts_of(&plain);
	struct submit_result r;
	struct err err;

	(void)state;
	facts.sender_trusted = false;
	assert_int_equal(run_header(&facts, DMF, &r, &err), 0);
	assert_string_equal(rest(&r), DMF);
	submit_result_free(&r);
	facts.sender = "boss@x.y";
	assert_int_equal(run_header(&facts, DMF, &r, &err), 0);
	assert_string_equal(rest(&r), "X-Authentication-Warning: host.example: "
	    "joe set sender to\r\n\tboss@x.y using -f\r\n" DMF);
	submit_result_free(&r);
	facts.sender = "";
	facts.login = "a\r\nb";
	assert_int_equal(run_header(&facts, DMF, &r, &err), 0);
	assert_string_equal(rest(&r), "X-Authentication-Warning: host.example: "
	    "a b set sender to\r\n\t<> using -f\r\n" DMF);
	submit_result_free(&r);
	facts.gateway = true;
	assert_int_equal(run_header(&facts, DMF, &r, &err), 0);
	assert_string_equal(rest(&r), DMF);
	submit_result_free(&r);
}

static void
test_errors(void **state)
{
	static const char three[] = "Received: a\r\nreceived : b\r\n"
	    "Received: c\r\n";
	static const char four[] = "Received: a\r\nReceived: b\r\n"
	    "Received: c\r\nReceived: d\r\n";
	struct submit_facts facts = facts_of(&plain);
	struct submit_result r;
	struct err err;
	char name[2000];

	(void)state;
	assert_int_equal(run_header(&facts, three, &r, &err), 0);
	submit_result_free(&r);
	assert_int_equal(run_header(&facts, four, &r, &err), -1);
	assert_int_equal(err.kind, ERR_DATA);
	assert_string_equal(err.dsn, "5.4.6");
	submit_result_free(&r);
	facts.hops = 4;
	assert_int_equal(run_header(&facts, "", &r, &err), -1);
	assert_string_equal(err.dsn, "5.4.6");
	submit_result_free(&r);
	facts.hops = 0;
	memset(name, 'x', 250);
	memcpy(name + 250, "@y", 3);
	facts.sender = name;
	assert_int_equal(run_header(&facts, "", &r, &err), -1);
	assert_string_equal(err.dsn, "5.1.7");
	submit_result_free(&r);
}

static void
test_names(void **state)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "", "From: joe@example.com\r\n" },
		{ "Joe Q. Doe", "From: \"Joe Q. Doe\" <joe@example.com>\r\n" },
		{ "a\r\nBcc: x", "From: \"a  Bcc: x\" <joe@example.com>\r\n" },
		{ "J\xc3\xb6", "From: =?utf-8?B?SsO2?= <joe@example.com>\r\n" },
		{ "<x@y>,", "From: \"<x@y>,\" <joe@example.com>\r\n" },
		{ "Josephine Maria Leopoldine von und zu Hohenstein the Third of",
		    "From: Josephine Maria Leopoldine von und zu Hohenstein "
		    "the Third of\r\n <joe@example.com>\r\n" },
	};
	struct submit_facts facts = facts_of(&plain);
	struct submit_result r;
	struct err err;
	char *huge;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		facts.full_name = cases[i].name;
		assert_int_equal(run_header(&facts, D M, &r, &err), 0);
		check(strncmp(rest(&r), D M, strlen(D M)) == 0 &&
		    strcmp(rest(&r) + strlen(D M), cases[i].want) == 0,
		    "'%s': %s", cases[i].name, rest(&r));
		submit_result_free(&r);
	}
	huge = mem_zero(100001);
	memset(huge, '"', 100000);
	facts.full_name = huge;
	assert_int_equal(run_header(&facts, D M, &r, &err), 0);
	assert_int_equal(r.flags, 0);
	submit_result_free(&r);
	mem_free(huge);
}

static void
test_message_id(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "<00112233445566778899@host.example>" },
		{ "Message-ID: <a@b>\r\n", "<a@b>" },
		{ "message-id:\r\n <a@b> (x)\r\nMessage-ID: <c@d>\r\n",
		    "<a@b>" },
		{ "Message-ID: a@b\r\n", NULL },
		{ "Message-ID:\r\n", NULL },
		{ "Resent-Message-ID: <a@b>\r\n",
		    "<00112233445566778899@host.example>" },
	};
	struct submit_facts facts = facts_of(&plain);
	struct submit_result r;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		assert_int_equal(run_header(&facts, cases[i].in, &r, &err), 0);
		if (cases[i].want == NULL)
			assert_null(r.message_id);
		else
			assert_string_equal(r.message_id, cases[i].want);
		submit_result_free(&r);
	}
}

/* Lines that we lengthen stay within 998 octets, and say the same. */
static void
test_long(void **state)
{
	struct submit_facts facts = facts_of(&plain);
	struct submit_result r;
	struct err err;
	struct buf in;
	size_t i, round;

	(void)state;
	for (round = 0; round < 2; round++) {
		buf_init(&in, 100000);
		buf_adds(&in, DMF "To: a");
		for (i = 0; i < 400; i++)
			buf_addf(&in, round == 0 ? ",u%zu" : ", u%zu", i);
		buf_adds(&in, "\r\n");
		assert_int_equal(run_header(&facts, in.p, &r, &err), 0);
		assert_int_equal(r.flags & ENVELOPE_LONG_LINES, 0);
		submit_result_free(&r);
		facts.take_rcpts = true;
		assert_int_equal(run_header(&facts, in.p, &r, &err), 0);
		assert_int_equal(r.rcpts.n, 401);
		assert_string_equal(r.rcpts.v[400].addr, "u399");
		submit_result_free(&r);
		buf_free(&in);
	}
	/* What was too long before and is not ours to change is only told. */
	buf_init(&in, 100000);
	buf_adds(&in, DMF "X: ");
	for (i = 0; i < 996; i++)
		buf_addc(&in, 'x');
	buf_adds(&in, "\r\nY: \xe4\r\n");
	assert_int_equal(run_header(&facts, in.p, &r, &err), 0);
	assert_string_equal(rest(&r), in.p);
	assert_int_equal(r.flags, ENVELOPE_LONG_LINES | ENVELOPE_8BIT_HEADER);
	submit_result_free(&r);
	buf_free(&in);
}

static void
test_growth(void **state)
{
	struct conf conf = plain;
	struct submit_facts facts = facts_of(&conf);
	struct submit_result r;
	struct err err;
	struct buf in;
	char domain[241];
	size_t i;

	(void)state;
	memset(domain, 'd', sizeof(domain) - 1);
	domain[240] = '\0';
	for (i = 60; i < 240; i += 60)
		domain[i] = '.';
	conf.domain = domain;
	buf_init(&in, 4000000);
	buf_adds(&in, "To: a");
	for (i = 0; i < 40000; i++)
		buf_adds(&in, ",a");
	buf_adds(&in, "\r\n");
	assert_int_equal(run_header(&facts, in.p, &r, &err), -1);
	assert_string_equal(err.dsn, "5.3.4");
	submit_result_free(&r);
	buf_free(&in);
}

/* A line of n letters with blanks at every step-th; unfolded it is itself. */
static void
run_fold(size_t n, size_t step, bool want)
{
	struct buf in, out;
	size_t i, j;

	buf_init(&in, n + 2);
	for (i = 0; i < n; i++)
		buf_addc(&in, i % step == step - 1 ? ' ' : 'x');
	buf_adds(&in, "\r\n");
	buf_init(&out, 3 * n + 10);
	check(fold_add(&out, in.p, in.n) == want, "fold %zu by %zu", n, step);
	check(fold_check(out.p, out.n) == want, "check %zu by %zu", n, step);
	for (i = j = 0; i < out.n; i++) {
		if (out.p[i] == '\r' && i + 2 < out.n) {
			assert_true(out.p[i + 1] == '\n' &&
			    out.p[i + 2] == ' ' && out.p[i + 3] == 'x');
			i++;
			continue;
		}
		assert_true(j < in.n && out.p[i] == in.p[j]);
		j++;
	}
	assert_int_equal(j, in.n);
	buf_free(&in);
	buf_free(&out);
}

static void
test_fold(void **state)
{
	static const size_t sizes[] = { 1, 997, 998, 999, 1000, 1998, 5000 };
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(sizes); i++) {
		run_fold(sizes[i], 2, true);
		run_fold(sizes[i], 10, true);
		run_fold(sizes[i], 499, true);
		run_fold(sizes[i], 998, true);
		run_fold(sizes[i], 2000, sizes[i] <= 998);
	}
	run_fold(3000, 1001, false);
}

CHECK_MAIN(
    cmocka_unit_test(test_rewrite),
    cmocka_unit_test(test_headers),
    cmocka_unit_test(test_rcpts),
    cmocka_unit_test(test_received),
    cmocka_unit_test(test_sender),
    cmocka_unit_test(test_warning),
    cmocka_unit_test(test_errors),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_message_id),
    cmocka_unit_test(test_long),
    cmocka_unit_test(test_growth),
    cmocka_unit_test(test_fold))
