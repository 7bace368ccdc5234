/* SPDX-License-Identifier: ISC */
/* Writes one of a few reports to standard output: dsn_dump NAME; without a
 * name, the names. For tests/e2e/test_dsn_unit.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/compat.h"
#include "core/mail/dsn.h"
#include "core/mail/mdn.h"

struct row {
	const char	*addr, *orig, *orcpt;
	enum dsn_action	 action;
	enum outcome_verdict verdict;
	int		 code;
	const char	*dsn, *relay, *text;
};

static const char header[] = "From: me@example.org\r\nTo: you@example.com\r\n"
    "Subject: hi\r\nMessage-ID: <1@example.org>\r\n";
static const char header8[] = "From: me@example.org\r\nSubject: \xc3\xa4\r\n";

/* 500 octets without a blank. */
#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define RELAY "smtp.example.com[192.0.2.1]:587"

static const struct report {
	const char	*name, *to, *from, *envid, *references, *original;
	bool		 lost;		/* not its sender's report */
	bool		 full;
	struct row	 rows[4];
} reports[] = {
	{ "failed", "me@example.org", NULL, NULL, "<1@example.org>", header,
	    false, false, { { "you@example.com", NULL, NULL, DSN_FAILED,
	    OUTCOME_FAILED, 550, "5.1.1", RELAY,
	    "550 5.1.1 <you@example.com>: no such user" } } },
	{ "mixed", "me@example.org", NULL, "124567", "<1@example.org>", header,
	    false, true, {
		{ "user1@example.com", "root@example.org",
		    "rfc822;root@example.org", DSN_FAILED, OUTCOME_EXPIRED,
		    0, "4.4.7", "", "connect to smtp.example.com: refused" },
		{ "user2@example.com", NULL, NULL, DSN_DELAYED,
		    OUTCOME_DEFERRED, 451, "4.7.1", RELAY, "451 4.7.1 later" },
		{ "user3@example.com", NULL, "x400;/C=de/ADMD= /", DSN_RELAYED,
		    OUTCOME_SENT, 250, "2.0.0", RELAY, "250 2.0.0 Ok" },
		{ "user4@example.com", "staff@example.org", NULL, DSN_EXPANDED,
		    OUTCOME_NONE, 0, "", "", "" } } },
	{ "success", "fax=123@example.org", NULL, "+x= y", NULL, header, false,
	    false, { { "page@example.com", NULL, "rfc822;page@example.com",
	    DSN_DELIVERED, OUTCOME_SENT, 250, "2.0.0", RELAY,
	    "250 2.0.0 Ok" } } },
	{ "utf8 recipient", "me@example.org", NULL, NULL, NULL, header8, false,
	    true, { { "\xc3\xa4+x@\xe4\xbe\x8b.example", "\xc3\xa4@example.org",
	    "utf-8;\xc3\xa4@example.org", DSN_FAILED, OUTCOME_FAILED, 553,
	    "5.6.7", RELAY, "553 5.6.7 \xc3\xa4 is not for us" } } },
	{ "utf8 sender", "\xc3\xb6@example.org",
	    "\xc3\x84 Mail <MAILER-DAEMON@example.org>", "\xc3\xa4", NULL,
	    header8, false, false,
	    { { "\xc3\xa4@example.com", NULL, "utf-8;\xc3\xa4@example.com",
	    DSN_FAILED, OUTCOME_FAILED, 553, "5.6.7", "[192.0.2.1]:25",
	    "553 5.6.7 \xc3\xa4" } } },
	{ "postmaster", "postmaster@example.org", NULL, NULL, NULL, header,
	    true, false, { { "gone@example.com", NULL, NULL, DSN_FAILED,
	    OUTCOME_FAILED, 550, "5.7.1", RELAY, "550 5.7.1 no" } } },
	{ "hostile", "me@example.org",
	    "A, B <x@y>, <z@w>", "a\r\nBcc: x@y\r\n\r\n", "<1>\r\nBcc: x@y",
	    header, false, false,
	    { { "a@b", "c@d", "rfc822;a\r\n\r\nAction: delivered",
	    DSN_FAILED, OUTCOME_FAILED, 550, "9.9.9", "x\r\ny", X100 X100
	    X100 X100 X100 "\r\n.\r\nFrom: \x01" },
	    { "\"a b\"@c", NULL, "no type", DSN_DELAYED, OUTCOME_NONE, 0, "",
	    "", "" } } },
};

static size_t
fill(const struct report *r, struct envelope *env, struct outcome *outcomes,
    struct dsn_rcpt *rcpts)
{
	size_t i;

	for (i = 0; i < NELEM(r->rows) && r->rows[i].addr != NULL; i++) {
		const struct row *row = &r->rows[i];
		struct envelope_rcpt *rcpt = envelope_add_rcpt(env, row->addr);
		struct outcome *o = &outcomes[i];

		rcpt->orig = row->orig != NULL ? strdup(row->orig) : NULL;
		rcpt->orcpt = row->orcpt != NULL ? strdup(row->orcpt) : NULL;
		o->verdict = row->verdict;
		o->code = row->code;
		(void)snprintf(o->dsn, sizeof(o->dsn), "%s", row->dsn);
		(void)snprintf(o->relay, sizeof(o->relay), "%s", row->relay);
		(void)snprintf(o->text, sizeof(o->text), "%s", row->text);
	}
	for (size_t j = 0; j < i; j++)
		rcpts[j] = (struct dsn_rcpt){ &env->rcpts[j], &outcomes[j],
		    r->rows[j].action, r->rows[j].verdict != OUTCOME_NONE ?
		    1795501800 : 0, 1795933739 };
	return i;
}

static void
dump(const struct report *r)
{
	struct envelope env;
	struct outcome outcomes[4] = { 0 };
	struct dsn_rcpt rcpts[4];
	struct dsn d = { .env = &env, .rcpts = rcpts, .to = r->to,
	    .id = "0655F2C7E4A1B2C3D4E6", .now_us = 1795501900000000,
	    .zone_min = 60, .hostname = "mail.example.org",
	    .from = r->from != NULL ? r->from :
	    "Mail Delivery System <MAILER-DAEMON@example.org>",
	    .references = r->references, .full = r->full,
	    .original_8bit = r->original == header8 };
	struct buf out;

	envelope_init(&env);
	(void)snprintf(env.id, sizeof(env.id), "0655F2C7E4A1B2C3D4E5");
	if (!r->lost) {
		free(env.sender);
		env.sender = strdup(r->to);
	}
	env.arrival_us = 1795501739000000;
	env.envid = r->envid != NULL ? strdup(r->envid) : NULL;
	d.nrcpts = fill(r, &env, outcomes, rcpts);
	buf_init(&out, 1 << 20);
	dsn_begin(&d, &out);
	buf_adds(&out, r->original);
	if (r->full)
		buf_adds(&out, "\r\nThe body.\r\n");
	dsn_end(&d, &out);
	(void)fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
	envelope_free(&env);
}

static const char page[] = "Return-Path: <fax=123@example.org>\r\n"
    "Received: from inside by outside\r\n"
    "From: fax=123@example.org\r\nTo: page@example.com\r\n"
    "Subject: Fax page\r\nMessage-ID: <77@example.org>\r\n"
    "Date: Tue, 24 Nov 2026 07:00:00 +0100\r\n"
    "Original-Recipient: rfc822;page@example.com\r\n"
    "Disposition-Notification-To: fax=123@example.org\r\n";
static const char letter8[] = "From: me@example.org\r\n"
    "Subject: =?utf-8?q?=C3=A4?= \xc3\xb6\r\n"
    "Disposition-Notification-To: \xc3\xb6@example.org\r\n";

static const struct {
	const char	*name, *header;
	struct mdn	 m;
} notifications[] = {
	{ "mdn displayed", page, { .type = MDN_DISPLAYED,
	    .recipient = "page@example.com" } },
	{ "mdn automatic", page, { .type = MDN_DISPATCHED,
	    .automatic_action = true, .automatic_sent = true,
	    .recipient = "page@example.com", .warning = "only page 1 of 2" } },
	{ "mdn error", page, { .type = MDN_DELETED,
	    .recipient = "page@example.com",
	    .error = "out of paper\r\nBcc: x@y \xff" } },
	{ "mdn denied", page, { .type = MDN_DENIED, .error = "no",
	    .recipient = "page@example.com" } },
	{ "mdn failed", page, { .type = MDN_FAILED,
	    .recipient = "page@example.com" } },
	{ "mdn utf8", letter8, { .type = MDN_PROCESSED,
	    .recipient = "\xc3\xa4@example.com" } },
};

static void
dump_mdn(size_t i)
{
	struct slice h = slice_of(notifications[i].header);
	struct mdn m = notifications[i].m;
	struct mdn_request r;
	struct err err;
	struct buf out;

	m.id = "0655F2C7E4A1B2C3D4E6";
	m.now_us = 1795501900000000;
	m.hostname = "mail.example.com";
	buf_init(&out, 1 << 20);
	if (mdn_request_read(&r, h, &err) == -1 ||
	    mdn_check(&r, &m, &err) == -1) {
		(void)fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	mdn_write(&m, &r, r.to[0], h, &out);
	(void)fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
	mdn_request_free(&r);
}

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < NELEM(notifications); i++) {
		if (argc < 2)
			(void)puts(notifications[i].name);
		else if (strcmp(argv[1], notifications[i].name) == 0)
			dump_mdn(i);
	}

	for (i = 0; i < NELEM(reports); i++) {
		if (argc < 2)
			(void)puts(reports[i].name);
		else if (strcmp(argv[1], reports[i].name) == 0)
			dump(&reports[i]);
	}
	return 0;
}
