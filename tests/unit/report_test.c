/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tests/check.h"

#include "core/base/clock.h"
#include "core/base/rand.h"
#include "core/base/text.h"
#include "core/mail/report.h"

#define REPORT(type) "MIME-Version: 1.0\nContent-Type: multipart/report; " \
    "report-type=" type "; boundary=\"B\"\n\n--B\n\nText.\n\n--B\n"
#define DSN REPORT("delivery-status") \
    "Content-Type: message/delivery-status\n\n"
#define MDN REPORT("disposition-notification") \
    "Content-Type: message/disposition-notification\n\n"
#define COPY "\n--B\nContent-Type: message/rfc822\n\nReceived: x\n" \
    "Message-ID: <1@example.org>\nSubject: hi\n\nbody\n\n--B--\n"
#define R(f, o, a, s, d, m, l, u) "{\"final_recipient\":" f \
    ",\"original_recipient\":" o ",\"action\":" a ",\"status\":" s \
    ",\"diagnostic\":" d ",\"remote_mta\":" m ",\"last_attempt\":" l \
    ",\"will_retry_until\":" u "}"
#define J(kind, mta, envid, date, id, more, rcpts, problem) \
    "{\"kind\":" kind ",\"reporting_mta\":" mta ",\"envelope_id\":" envid \
    ",\"arrival_date\":" date ",\"original_message_id\":" id more \
    ",\"recipients\":[" rcpts "],\"problem\":" problem "}\n"
#define D(disposition, action, sending, modifiers) ",\"disposition\":" \
    disposition ",\"action_mode\":" action ",\"sending_mode\":" sending \
    ",\"modifiers\":[" modifiers "]"
#define FAILED(who, status) \
    R("\"" who "\"", "null", "\"failed\"", status, "null", "null", "null", \
    "null")

static const struct {
	const char *name, *in, *want;		/* want NULL: no report */
} cases[] = {
	{ "Postfix", DSN
	    "Reporting-MTA: dns; mx.example.com\nX-Postfix-Queue-ID: 4Qx\n"
	    "X-Postfix-Sender: rfc822; me@example.org\n"
	    "Arrival-Date: Tue, 24 Nov 2026 07:28:59 +0100 (CET)\n\n"
	    "Final-Recipient: rfc822; you@example.com\n"
	    "Original-Recipient: rfc822;You@example.com\nAction: failed\n"
	    "Status: 5.1.1\nRemote-MTA: dns; mail.example.com\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 <you@example.com>: Recipient\n"
	    "    address rejected: User unknown\n" COPY,
	    J("\"dsn\"", "\"mx.example.com\"", "null",
	    "\"Tue, 24 Nov 2026 07:28:59 +0100 (CET)\"",
	    "\"<1@example.org>\"", "", R("\"you@example.com\"",
	    "\"You@example.com\"", "\"failed\"", "\"5.1.1\"",
	    "\"550 5.1.1 <you@example.com>: Recipient address rejected: User "
	    "unknown\"", "\"mail.example.com\"", "null", "null"), "null") },
	{ "sendmail, three fates", DSN
	    "Original-Envelope-Id: 124567\nReporting-MTA: dns; a.example\n"
	    "Received-From-MTA: DNS; localhost\n\n"
	    "Original-Recipient: rfc822;user1\n"
	    "Final-Recipient: RFC822; user1@b.example\n"
	    "Action: delivered (to mailbox)\nStatus: 2.1.5 (fine)\n"
	    "Last-Attempt-Date: x\n\n"
	    "Final-Recipient: RFC822; <user2@b.example>\nAction: Delayed\n"
	    "Status: 4.4.1\nWill-Retry-Until: tomorrow\n\n"
	    "Final-Recipient: RFC822;user3@b.example\nAction: relayed\n"
	    "Status: 2.0.0\n" COPY,
	    J("\"dsn\"", "\"a.example\"", "\"124567\"", "null",
	    "\"<1@example.org>\"", "",
	    R("\"user1@b.example\"", "\"user1\"", "\"delivered\"",
	    "\"2.1.5\"", "null", "null", "\"x\"", "null") ","
	    R("\"user2@b.example\"", "null", "\"delayed\"", "\"4.4.1\"",
	    "null", "null", "null", "\"tomorrow\"") ","
	    R("\"user3@b.example\"", "null", "\"relayed\"", "\"2.0.0\"",
	    "null", "null", "null", "null"), "null") },
	{ "UTF-8 in seven bits", DSN "Reporting-MTA: dns; a\n\n"
	    "Original-Recipient: utf-8;\\x{E4}\\x{2B}x@b\n"
	    "Final-Recipient: UTF-8; \\x{E4}@b\nAction: failed\n"
	    "Status: 5.6.7\n" COPY,
	    J("\"dsn\"", "\"a\"", "null", "null", "\"<1@example.org>\"", "",
	    R("\"\xc3\xa4@b\"", "\"\xc3\xa4+x@b\"", "\"failed\"", "\"5.6.7\"",
	    "null", "null", "null", "null"), "null") },
	{ "global", "Content-Type: multipart/report; boundary=B\n\n--B\n"
	    "Content-Type: message/global-delivery-status\n"
	    "Content-Transfer-Encoding: base64\n\n"
	    "UmVwb3J0aW5nLU1UQTogZG5zOyBhCgpGaW5hbC1SZWNpcGllbnQ6IHV0Zi04O8Ok\n"
	    "QGIKQWN0aW9uOiBmYWlsZWQKU3RhdHVzOiA1LjEuMQo=\n--B\n"
	    "Content-Type: message/global-headers\n\nMessage-ID: <2@x>\n"
	    "--B--\n",
	    J("\"dsn\"", "\"a\"", "null", "null", "\"<2@x>\"", "",
	    FAILED("\xc3\xa4@b", "\"5.1.1\""), "null") },
	{ "T.37 gateway, page delivered", DSN
	    "Original-Envelope-Id: 7\nReporting-MTA: dns;fax-gw.example.net\n"
	    "Arrival-Date: Tue, 24 Nov 2026 07:00:00 GMT\n\n"
	    "Original-Recipient: rfc822;FAX=+4930123@gw.example.net\n"
	    "Final-Recipient: rfc822;FAX=+4930123@gw.example.net\n"
	    "Action: delivered\nStatus: 2.0.0\n"
	    "Diagnostic-Code: x-fax; 1 page(s), 14400 bps; done\n"
	    "\n--B\nContent-Type: text/rfc822-headers\n\nMessage-ID: <f@x>\n"
	    "--B--\n",
	    J("\"dsn\"", "\"fax-gw.example.net\"", "\"7\"",
	    "\"Tue, 24 Nov 2026 07:00:00 GMT\"", "\"<f@x>\"", "",
	    R("\"FAX=+4930123@gw.example.net\"",
	    "\"FAX=+4930123@gw.example.net\"", "\"delivered\"", "\"2.0.0\"",
	    "\"1 page(s), 14400 bps; done\"", "null", "null", "null"),
	    "null") },
	{ "Exchange 2016", REPORT("delivery-status")
	    "Content-Type: message/delivery-status\n\n"
	    "Reporting-MTA: dns;EX1.corp.example\n"
	    "Received-From-MTA: dns;mail.example.org\n"
	    "Arrival-Date: Tue, 24 Nov 2026 06:28:59 +0000\n\n"
	    "Final-Recipient: rfc822;nobody@corp.example\nAction: failed\n"
	    "Status: 5.1.10\n"
	    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; "
	    "not found\nX-Display-Name: nobody\n" COPY,
	    J("\"dsn\"", "\"EX1.corp.example\"", "null",
	    "\"Tue, 24 Nov 2026 06:28:59 +0000\"", "\"<1@example.org>\"", "",
	    R("\"nobody@corp.example\"", "null", "\"failed\"", "\"5.1.10\"",
	    "\"550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found\"",
	    "null", "null", "null"), "null") },
	{ "Exim's xtext", DSN "Reporting-MTA: dns;a\n"
	    "Original-Envelope-Id: page+2B1+20x+3D\n\n"
	    "Original-Recipient: rfc822;u+2Bv@b\nFinal-Recipient: "
	    "rfc822;u+20@b\nAction: failed\nStatus: 5.0.0\n" COPY,
	    J("\"dsn\"", "\"a\"", "\"page+1 x=\"", "null",
	    "\"<1@example.org>\"", "", R("\"u+20@b\"", "\"u+v@b\"",
	    "\"failed\"", "\"5.0.0\"", "null", "null", "null", "null"),
	    "null") },
	{ "no xtext", DSN "Reporting-MTA: dns;a\n"
	    "Original-Envelope-Id: a=+2B+41\n\n"
	    "Original-Recipient: rfc822;FAX=+2B@b\nFinal-Recipient: "
	    "rfc822;u+41@b\nAction: failed\nStatus: 5.0.0\n" COPY,
	    J("\"dsn\"", "\"a\"", "\"a=+2B+41\"", "null",
	    "\"<1@example.org>\"", "", R("\"u+41@b\"", "\"FAX=+2B@b\"",
	    "\"failed\"", "\"5.0.0\"", "null", "null", "null", "null"),
	    "null") },
	{ "no first group", DSN "Final-Recipient: rfc822;a@b\nAction: failed\n"
	    "Status: 5.0.0\n\n--B--\n",
	    J("\"dsn\"", "null", "null", "null", "null", "",
	    FAILED("a@b", "\"5.0.0\""), "\"no Reporting-MTA\"") },
	{ "reply names the message", "In-Reply-To: <7@x>\n"
	    DSN "Reporting-MTA: dns;a\n\nFinal-Recipient: rfc822;a@b\n"
	    "Action: failed\nStatus: 5.0.0\n\n--B--\n",
	    J("\"dsn\"", "\"a\"", "null", "null", "\"<7@x>\"", "",
	    FAILED("a@b", "\"5.0.0\""), "null") },
	{ "no recipient", DSN "Reporting-MTA: dns;a\n" COPY,
	    J("\"dsn\"", "\"a\"", "null", "null", "\"<1@example.org>\"", "", "",
	    "\"no recipient\"") },
	{ "no Action", DSN "Reporting-MTA: dns;a\n\nFinal-Recipient: "
	    "rfc822;a@b\nStatus: 5.0.0\n" COPY,
	    J("\"dsn\"", "\"a\"", "null", "null", "\"<1@example.org>\"", "",
	    R("\"a@b\"", "null", "null", "\"5.0.0\"", "null", "null", "null",
	    "null"), "\"a recipient without Action\"") },
	{ "odd Status", DSN "Reporting-MTA: dns;a\n\nFinal-Recipient: "
	    "rfc822;a@b\nAction: failed\nStatus: 550\n" COPY,
	    J("\"dsn\"", "\"a\"", "null", "null", "\"<1@example.org>\"", "",
	    FAILED("a@b", "\"550\""),
	    "\"a Status that is no status code\"") },
	{ "twice", DSN "Reporting-MTA: dns;a\nReporting-MTA: dns;b\n\n"
	    "Final-Recipient: rfc822;a@b\nAction: failed\nStatus: 5.0.0\n" COPY,
	    J("\"dsn\"", "\"a\"", "null", "null", "\"<1@example.org>\"", "",
	    FAILED("a@b", "\"5.0.0\""), "\"a field that stands twice\"") },
	{ "cut off", DSN "Reporting-MTA: dns;a\n\nFinal-Recipient: rfc822;a@b\n"
	    "Action: failed\nStatus: 5.0.0\n",
	    J("\"dsn\"", "\"a\"", "null", "null", "null", "",
	    FAILED("a@b", "\"5.0.0\""), "\"it ends too early\"") },
	{ "original cut off", DSN "Reporting-MTA: dns;a\n\nFinal-Recipient: "
	    "rfc822;a@b\nAction: failed\nStatus: 5.0.0\n\n--B\n"
	    "Content-Type: message/rfc822\n\nMessage-ID: <1@x>\n\nhel",
	    J("\"dsn\"", "\"a\"", "null", "null", "\"<1@x>\"", "",
	    FAILED("a@b", "\"5.0.0\""), "null") },
	{ "quotes and controls", DSN "Reporting-MTA: dns;a\"\\\x01\n\n"
	    "Final-Recipient: rfc822;a@b\nAction: failed\nStatus: 5.0.0\n" COPY,
	    J("\"dsn\"", "\"a\\\"\\\\\\u0001\"", "null", "null",
	    "\"<1@example.org>\"", "", FAILED("a@b", "\"5.0.0\""), "null") },

	{ "MDN, displayed", MDN "Reporting-UA: joes-pc; Foomail 97.1\n"
	    "Original-Recipient: rfc822;Joe@example.com\n"
	    "Final-Recipient: rfc822;Joe@example.com\n"
	    "Original-Message-ID: <19@example.org>\n"
	    "Disposition: manual-action/MDN-sent-manually; displayed\n" COPY,
	    J("\"mdn\"", "\"joes-pc; Foomail 97.1\"", "null", "null",
	    "\"<19@example.org>\"", D("\"displayed\"", "\"manual-action\"",
	    "\"MDN-sent-manually\"", ""), R("\"Joe@example.com\"",
	    "\"Joe@example.com\"", "null", "null", "null", "null", "null",
	    "null"), "null") },
	{ "MDN, old and odd", MDN "final-recipient: rfc822 ; a@b\n"
	    "Disposition: Automatic-Action/mdn-sent-AUTOMATICALLY;"
	    "Processed/Error,expired (x)\nError: out of paper\n"
	    "Warning: page 2\nFailure: x\n" COPY,
	    J("\"mdn\"", "null", "null", "null", "\"<1@example.org>\"",
	    D("\"processed\"", "\"automatic-action\"",
	    "\"MDN-sent-automatically\"", "\"error\",\"expired\""),
	    R("\"a@b\"", "null", "null", "null", "\"out of paper\"", "null",
	    "null", "null"), "null") },
	{ "MDN of RFC 2298", MDN "Final-Recipient: rfc822;a@b\n"
	    "Disposition: manual-action/MDN-sent-manually; denied\n" COPY,
	    J("\"mdn\"", "null", "null", "null", "\"<1@example.org>\"",
	    D("\"denied\"", "\"manual-action\"", "\"MDN-sent-manually\"", ""),
	    R("\"a@b\"", "null", "null", "null", "null", "null", "null",
	    "null"), "null") },
	{ "MDN, bare", "Content-Type: message/disposition-notification\n\n"
	    "Final-Recipient: rfc822;a@b\nDisposition: displayed\n",
	    J("\"mdn\"", "null", "null", "null", "null", D("\"displayed\"",
	    "null", "null", ""), R("\"a@b\"", "null", "null", "null", "null",
	    "null", "null", "null"),
	    "\"a Disposition with unknown modes\"") },
	{ "MDN without Disposition", MDN "Final-Recipient: rfc822;a@b\n" COPY,
	    J("\"mdn\"", "null", "null", "null", "\"<1@example.org>\"",
	    D("null", "null", "null", ""), R("\"a@b\"", "null", "null", "null",
	    "null", "null", "null", "null"), "\"no Disposition\"") },
	{ "MDN, modes but no type, twice", MDN "Final-Recipient: rfc822;a@b\n"
	    "Disposition: manual-action/MDN-sent-manually;\n"
	    "Disposition: manual-action/MDN-sent-manually; deleted\n" COPY,
	    J("\"mdn\"", "null", "null", "null", "\"<1@example.org>\"",
	    D("null", "\"manual-action\"", "\"MDN-sent-manually\"", ""),
	    R("\"a@b\"", "null", "null", "null", "null", "null", "null",
	    "null"), "\"a Disposition without a type\"") },

	{ "qmail", "From: MAILER-DAEMON@mx.example.com\n"
	    "Subject: failure notice\n\n"
	    "Hi. This is the qmail-send program at mx.example.com.\n"
	    "I'm afraid I wasn't able to deliver your message.\n\n"
	    "<you@example.com>:\n"
	    "192.0.2.7 does not like recipient.\n"
	    "Remote host said: 550 5.1.1 unknown\nGiving up on 192.0.2.7.\n\n"
	    "<them@example.com>:\nSorry, no mailbox here by that name. "
	    "(#5.1.4)\n\n--- Below this line is a copy of the message.\n\n"
	    "Return-Path: <me@example.org>\nMessage-ID: <3@example.org>\n\n"
	    "<not@a.recipient>:\n",
	    J("\"dsn\"", "\"mx.example.com\"", "null", "null",
	    "\"<3@example.org>\"", "", R("\"you@example.com\"", "null",
	    "\"failed\"", "\"5.1.1\"", "\"192.0.2.7 does not like recipient. "
	    "Remote host said: 550 5.1.1 unknown Giving up on 192.0.2.7.\"",
	    "null", "null", "null") "," R("\"them@example.com\"", "null",
	    "\"failed\"", "\"5.1.4\"", "\"Sorry, no mailbox here by that name."
	    " (#5.1.4)\"", "null", "null", "null"), "null") },
	{ "Exim", "X-Failed-Recipients: you@example.com\n"
	    "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\n\n"
	    "This message was created automatically by mail delivery software."
	    "\n\nA message that you sent could not be delivered to one or more"
	    " of its\nrecipients. This is a permanent error. The following "
	    "address(es) failed:\n\n  you@example.com\n"
	    "    (generated from alias@example.org)\n"
	    "    host mail.example.com [192.0.2.1]\n"
	    "    SMTP error from remote mail server after RCPT TO:<you@"
	    "example.com>:\n    550 5.1.1 unknown\n\n"
	    "------ This is a copy of the message, including all the headers."
	    " ------\n\nReturn-path: <me@example.org>\n"
	    "Message-ID: <4@example.org>\n\nhello\n",
	    J("\"dsn\"", "\"mx.example.org\"", "null", "null",
	    "\"<4@example.org>\"", "", R("\"you@example.com\"",
	    "\"alias@example.org\"", "\"failed\"", "\"5.1.1\"",
	    "\"host mail.example.com [192.0.2.1] SMTP error from remote mail "
	    "server after RCPT TO:<you@example.com>: 550 5.1.1 unknown\"",
	    "\"mail.example.com\"", "null", "null"), "null") },
	{ "Exim, delayed", "From: Mailer-Daemon@mx.example.org\n\n"
	    "This message was created automatically by mail delivery software."
	    "\nA message that you sent has not yet been delivered to one or "
	    "more of its\nrecipients after more than 24 hours on the queue.\n\n"
	    "The address to which the message has not yet been delivered is:"
	    "\n\n  you@example.com\n",
	    J("\"dsn\"", "\"mx.example.org\"", "null", "null", "null", "",
	    R("\"you@example.com\"", "null", "\"delayed\"", "null", "null",
	    "null", "null", "null"), "null") },
	{ "Exim, header only", "X-Failed-Recipients: a@b,\n c@d\n\nSorry.\n",
	    J("\"dsn\"", "null", "null", "null", "null", "",
	    FAILED("a@b", "null") "," FAILED("c@d", "null"), "null") },
	{ "Exchange 5.5", "From: System Administrator "
	    "<postmaster@corp.example>\nContent-Type: multipart/mixed; "
	    "boundary=B\n\n--B\nContent-Type: text/plain\n\nYour message\n\n"
	    "  To:      nobody@corp.example\n  Subject: hi\n"
	    "  Sent:    Tue, 1 Jan 2002 10:00:00 +0100\n\n"
	    "did not reach the following recipient(s):\n\n"
	    "nobody@corp.example on Tue, 1 Jan 2002 10:00:05 +0100\n"
	    "    The recipient name is not recognized\n"
	    "\tThe MTS-ID of the original message is: c=us;a= ;p=Corp\n"
	    "    MSEXCH:IMS:Corp:Site:SRV 0 (000C05A6) Unknown Recipient\n\n"
	    "--B\nContent-Type: message/rfc822\n\nMessage-ID: <5@x>\n\nhi\n"
	    "--B--\n",
	    J("\"dsn\"", "\"corp.example\"", "null", "null", "\"<5@x>\"", "",
	    R("\"nobody@corp.example\"", "null", "\"failed\"", "null",
	    "\"The recipient name is not recognized The MTS-ID of the original "
	    "message is: c=us;a= ;p=Corp MSEXCH:IMS:Corp:Site:SRV 0 (000C05A6)"
	    " Unknown Recipient\"", "null", "null", "null"), "null") },

	{ "letter", "From: a@b\nSubject: hi\n\nhello\n", NULL },
	{ "nothing", "", NULL },
	{ "other multipart", "Content-Type: multipart/mixed; boundary=B\n\n"
	    "--B\n\nhi\n--B--\n", NULL },
	{ "report without its part", REPORT("delivery-status") "\n--B--\n",
	    NULL },
	{ "forwarded report", "Content-Type: message/rfc822\n\n" DSN
	    "Final-Recipient: rfc822;a@b\n" COPY, NULL },
};

static int
parse(const char *p, size_t n, struct report *r, struct err *err)
{
	const char *gap = memmem(p, n, "\n\n", 2);
	size_t head = gap != NULL ? (size_t)(gap - p) + 1 : n;
	size_t body = gap != NULL ? head + 1 : n;

	return report_parse(r, (struct slice){ p, head },
	    (struct slice){ p + body, n - body }, err);
}

static void
test_shapes(void **state)
{
	struct report r;
	struct err err;
	struct buf b;
	size_t i;
	int got;

	(void)state;
	buf_init(&b, 1 << 20);
	for (i = 0; i < NELEM(cases); i++) {
		buf_reset(&b);
		err.kind = ERR_NONE;
		got = parse(cases[i].in, strlen(cases[i].in), &r, &err);
		if (got == 0)
			report_json(&r, &b);
		check((got == 0) == (cases[i].want != NULL) &&
		    (got == 0 || err.kind == ERR_DATA) &&
		    (got == -1 || strcmp(buf_str(&b), cases[i].want) == 0),
		    "%s:\n%s", cases[i].name, buf_str(&b));
		report_free(&r);
	}
	buf_free(&b);
}

static void
test_text(void **state)
{
	static const char in[] = DSN "Reporting-MTA: dns;a\x1b[2J\n"
	    "Original-Envelope-Id: 7\n\nFinal-Recipient: rfc822;a@b\n"
	    "Action: failed\nStatus: 5.0.0\n" COPY;
	static const char want[] = "report: delivery\nfrom: a\\x1B[2J\n"
	    "envelope id: 7\nmessage id: <1@example.org>\n\n"
	    "recipient: a@b\naction: failed\nstatus: 5.0.0\n";
	struct report r;
	struct err err;
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	assert_int_equal(parse(in, strlen(in), &r, &err), 0);
	report_text(&r, &b);
	assert_string_equal(buf_str(&b), want);
	report_free(&r);
	report_free(&r);
	buf_free(&b);
}

static void
try(const char *p, size_t n)
{
	struct report r;
	struct err err;
	struct buf b;
	char *copy = malloc(n + 1);
	size_t i;

	/* At the end of its memory, so that ASan sees a step too far. */
	memcpy(copy + 1, p, n);
	buf_init(&b, 1 << 20);
	if (parse(copy + 1, n, &r, &err) == 0) {
		report_json(&r, &b);
		assert_true(text_is_utf8(b.p, b.n));
		for (i = 0; i + 1 < b.n; i++)
			assert_true((unsigned char)b.p[i] >= 0x20);
		buf_reset(&b);
		report_text(&r, &b);
		report_free(&r);
	}
	buf_free(&b);
	free(copy);
}

/* Every beginning of every shape, and each with bytes changed. */
static void
test_hostile(void **state)
{
	struct buf b;
	size_t i, j, k, n;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		n = strlen(cases[i].in);
		for (j = 0; j <= n; j++)
			try(cases[i].in, j);
		for (j = 0; j < 200 && n > 0; j++) {
			buf_init(&b, n);
			buf_add(&b, cases[i].in, n);
			for (k = 0; k < 5; k++)
				b.p[rand_u32() % n] = rand_u32() % 2 == 0 ?
				    (char)rand_u32() :
				    cases[i].in[rand_u32() % n];
			try(b.p, n);
			buf_free(&b);
		}
	}
}

static void
test_bounds(void **state)
{
	int64_t start = clock_tick_ms();
	struct report r;
	struct err err;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 64 << 20);
	buf_adds(&b, DSN "Reporting-MTA: dns;a\n\n");
	for (i = 0; i < REPORT_RCPT_MAX + 10; i++)
		buf_addf(&b, "Final-Recipient: rfc822;%zu@b\nAction: failed\n"
		    "Status: 5.0.0\n\n", i);
	assert_int_equal(parse(b.p, b.n, &r, &err), 0);
	assert_int_equal(r.nrcpts, REPORT_RCPT_MAX);
	assert_string_equal(r.rcpts[REPORT_RCPT_MAX - 1].final, "9999@b");
	assert_string_equal(r.problem, "more recipients than can be read");
	report_free(&r);
	buf_reset(&b);
	buf_adds(&b, DSN "Reporting-MTA: dns;");
	for (i = 0; i < 1000000; i++)
		buf_adds(&b, "(x");
	assert_int_equal(parse(b.p, b.n, &r, &err), 0);
	assert_int_equal(strlen(r.reporting_mta), REPORT_VALUE_MAX - 4);
	report_free(&r);
	buf_reset(&b);
	buf_adds(&b, "X: y\n\nHi. This is the qmail-send program at x.\n\n");
	for (i = 0; i < 300000; i++)
		buf_adds(&b, "<a@b>:\n\n");
	assert_int_equal(parse(b.p, b.n, &r, &err), 0);
	assert_int_equal(r.nrcpts, REPORT_RCPT_MAX);
	report_free(&r);
	buf_free(&b);
	assert_true(clock_tick_ms() - start < 10000);
}

CHECK_MAIN(cmocka_unit_test(test_shapes), cmocka_unit_test(test_text),
    cmocka_unit_test(test_hostile), cmocka_unit_test(test_bounds))
