/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/smtp/phase.h"

static const struct {
	enum smtp_phase		 phase;
	int			 code;
	const char		*dsn, *text;
	enum smtp_verdict	 want;
} cases[] = {
	{ SMTP_GREETING, 220, "", "", SMTP_YES },
	{ SMTP_GREETING, 250, "", "", SMTP_WRONG },
	{ SMTP_GREETING, 354, "", "", SMTP_WRONG },
	{ SMTP_GREETING, 421, "", "", SMTP_OVER },
	{ SMTP_GREETING, 450, "", "", SMTP_LATER },
	{ SMTP_GREETING, 521, "", "", SMTP_NO },
	{ SMTP_GREETING, 530, "", "", SMTP_NO },
	{ SMTP_EHLO, 250, "", "", SMTP_YES },
	{ SMTP_EHLO, 220, "", "", SMTP_WRONG },
	{ SMTP_STARTTLS, 220, "", "", SMTP_YES },
	{ SMTP_STARTTLS, 250, "", "", SMTP_WRONG },
	{ SMTP_STARTTLS, 454, "", "", SMTP_LATER },
	{ SMTP_AUTH, 235, "", "", SMTP_YES },
	{ SMTP_AUTH, 250, "", "", SMTP_WRONG },
	{ SMTP_AUTH, 334, "", "", SMTP_YES },
	{ SMTP_AUTH, 535, "", "", SMTP_NO },
	{ SMTP_RSET, 250, "", "", SMTP_YES },
	{ SMTP_RSET, 500, "", "", SMTP_NO },
	{ SMTP_MAIL, 250, "", "", SMTP_YES },
	{ SMTP_MAIL, 299, "", "", SMTP_YES },
	{ SMTP_MAIL, 211, "", "", SMTP_WRONG },
	{ SMTP_MAIL, 214, "", "", SMTP_WRONG },
	{ SMTP_MAIL, 221, "", "", SMTP_WRONG },
	{ SMTP_MAIL, 235, "", "", SMTP_WRONG },
	{ SMTP_MAIL, 354, "", "", SMTP_WRONG },
	{ SMTP_MAIL, 421, "", "", SMTP_OVER },
	{ SMTP_MAIL, 450, "", "", SMTP_LATER },
	{ SMTP_MAIL, 452, "", "", SMTP_LATER },
	{ SMTP_MAIL, 455, "", "", SMTP_LATER },
	{ SMTP_MAIL, 500, "", "", SMTP_NO },
	{ SMTP_MAIL, 501, "", "", SMTP_BARE },
	{ SMTP_MAIL, 503, "", "", SMTP_WRONG },
	{ SMTP_MAIL, 504, "", "", SMTP_BARE },
	{ SMTP_MAIL, 530, "", "", SMTP_DENIED },
	{ SMTP_MAIL, 550, "", "", SMTP_NO },
	{ SMTP_MAIL, 552, "5.5.3", "", SMTP_NO },
	{ SMTP_MAIL, 555, "", "", SMTP_BARE },
	{ SMTP_RCPT, 250, "", "", SMTP_YES },
	{ SMTP_RCPT, 251, "", "", SMTP_YES },
	{ SMTP_RCPT, 252, "", "", SMTP_YES },
	{ SMTP_RCPT, 220, "", "", SMTP_WRONG },
	{ SMTP_RCPT, 334, "", "", SMTP_WRONG },
	{ SMTP_RCPT, 421, "", "", SMTP_OVER },
	{ SMTP_RCPT, 450, "", "", SMTP_LATER },
	{ SMTP_RCPT, 452, "", "", SMTP_FULL },
	{ SMTP_RCPT, 503, "", "", SMTP_LATER },
	{ SMTP_RCPT, 530, "", "", SMTP_DENIED },
	{ SMTP_RCPT, 550, "", "", SMTP_NO },
	{ SMTP_RCPT, 551, "", "", SMTP_NO },
	{ SMTP_RCPT, 552, "", "mailbox full", SMTP_NO },
	{ SMTP_RCPT, 552, "5.2.2", "", SMTP_NO },
	{ SMTP_RCPT, 552, "5.5.3", "", SMTP_FULL },
	{ SMTP_RCPT, 552, "", "TOO MANY recipients!", SMTP_FULL },
	{ SMTP_RCPT, 553, "", "", SMTP_NO },
	{ SMTP_DATA, 354, "", "", SMTP_YES },
	{ SMTP_DATA, 250, "", "", SMTP_WRONG },
	{ SMTP_DATA, 334, "", "", SMTP_WRONG },
	{ SMTP_DATA, 421, "", "", SMTP_OVER },
	{ SMTP_DATA, 451, "", "", SMTP_LATER },
	{ SMTP_DATA, 452, "", "", SMTP_LATER },
	{ SMTP_DATA, 501, "", "", SMTP_NO },
	{ SMTP_DATA, 503, "", "", SMTP_LATER },
	{ SMTP_DATA, 530, "", "", SMTP_DENIED },
	{ SMTP_DATA, 554, "", "", SMTP_NO },
	{ SMTP_DOT, 250, "", "", SMTP_YES },
	{ SMTP_DOT, 251, "", "", SMTP_YES },
	{ SMTP_DOT, 221, "", "", SMTP_WRONG },
	{ SMTP_DOT, 354, "", "", SMTP_WRONG },
	{ SMTP_DOT, 421, "", "", SMTP_OVER },
	{ SMTP_DOT, 452, "", "", SMTP_LATER },
	{ SMTP_DOT, 503, "", "", SMTP_LATER },
	{ SMTP_DOT, 552, "5.5.3", "", SMTP_NO },
	{ SMTP_DOT, 554, "", "", SMTP_NO },
	{ SMTP_QUIT, 221, "", "", SMTP_YES },
	{ SMTP_QUIT, 250, "", "", SMTP_YES },
};

static void
test_judge(void **state)
{
	struct smtp_reply r;
	enum smtp_verdict got;
	size_t i;

	(void)state;
	smtp_reply_init(&r);
	for (i = 0; i < NELEM(cases); i++) {
		smtp_reply_reset(&r);
		r.code = cases[i].code;
		(void)snprintf(r.dsn, sizeof(r.dsn), "%s", cases[i].dsn);
		buf_adds(&r.text, cases[i].text);
		got = smtp_judge(cases[i].phase, &r);
		check(got == cases[i].want, "%d to %s: %d", cases[i].code,
		    smtp_phases[cases[i].phase].name, (int)got);
	}
	smtp_reply_free(&r);
}

/* Only a 2yz to the dot makes a message delivered; no other class ever. */
static void
test_every_code(void **state)
{
	struct smtp_reply r;
	enum smtp_verdict v;
	int code;

	(void)state;
	smtp_reply_init(&r);
	for (code = 200; code < 600; code++) {
		r.code = code;
		v = smtp_judge(SMTP_DOT, &r);
		check(v != SMTP_YES || code / 100 == 2, "dot %d", code);
		check(v != SMTP_NO || code / 100 == 5, "dot %d", code);
		v = smtp_judge(SMTP_DATA, &r);
		check((v == SMTP_YES) == (code == 354), "data %d", code);
		v = smtp_judge(SMTP_RCPT, &r);
		check(v != SMTP_NO || code / 100 == 5, "rcpt %d", code);
	}
	smtp_reply_free(&r);
}

static void
test_timeouts(void **state)
{
	struct conf_relay relay = { .timeout_sec = 300 };
	int i;

	(void)state;
	assert_int_equal(smtp_phase_timeout_ms(SMTP_DOT, &relay), 600000);
	assert_int_equal(smtp_phase_timeout_ms(SMTP_DATA, &relay), 300000);
	relay.timeout_sec = 10;
	assert_int_equal(smtp_phase_timeout_ms(SMTP_GREETING, &relay), 300000);
	relay.timeout_set = true;
	assert_int_equal(smtp_phase_timeout_ms(SMTP_DOT, &relay), 10000);
	assert_int_equal(smtp_phase_timeout_ms(SMTP_QUIT, &relay), 5000);
	for (i = 0; i < SMTP_PHASES; i++)
		check(smtp_phases[i].name != NULL &&
		    smtp_phases[i].timeout_sec > 0, "phase %d", i);
}

CHECK_MAIN(cmocka_unit_test(test_judge), cmocka_unit_test(test_every_code),
    cmocka_unit_test(test_timeouts))
