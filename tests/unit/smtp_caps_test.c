/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/smtp/caps.h"

#define ALL	(SMTP_CAP_PIPELINING | SMTP_CAP_SIZE | SMTP_CAP_8BITMIME | \
    SMTP_CAP_SMTPUTF8 | SMTP_CAP_DSN | SMTP_CAP_CHUNKING | \
    SMTP_CAP_STARTTLS | SMTP_CAP_AUTH | SMTP_CAP_ENHANCED)

static const struct {
	const char	*name, *in;
	unsigned	 bits;
	int64_t		 size, rcpt, mail;
	const char	*auth;
} cases[] = {
	{ "one line", "host", 0, 0, 0, 0, "" },
	{ "empty", "", 0, 0, 0, 0, "" },
	{ "everything", "host\nPIPELINING\nSIZE 1000\n8BITMIME\nSMTPUTF8\nDSN\n"
	    "CHUNKING\nSTARTTLS\nAUTH PLAIN\nENHANCEDSTATUSCODES",
	    ALL, 1000, 0, 0, "PLAIN" },
	{ "first line is the name", "STARTTLS\nDSN", SMTP_CAP_DSN, 0, 0, 0, "" },
	{ "case and blanks", "h\npipelining\n  Size   77  \ndsn\t\n \n\tauth\tlogin ",
	    SMTP_CAP_PIPELINING | SMTP_CAP_SIZE | SMTP_CAP_DSN | SMTP_CAP_AUTH,
	    77, 0, 0, "LOGIN" },
	{ "no prefixes", "h\nSIZEX 5\nSTARTTLSfoo\nXSTARTTLS\nAUTHX PLAIN\nDSNS\nDS",
	    0, 0, 0, 0, "" },
	{ "size 0", "h\nSIZE 0", SMTP_CAP_SIZE, 0, 0, 0, "" },
	{ "size alone", "h\nSIZE", SMTP_CAP_SIZE, 0, 0, 0, "" },
	{ "size abc", "h\nSIZE abc", SMTP_CAP_SIZE, 0, 0, 0, "" },
	{ "size -1", "h\nSIZE -1", SMTP_CAP_SIZE, 0, 0, 0, "" },
	{ "size too big", "h\nSIZE 99999999999999999999", SMTP_CAP_SIZE, 0, 0, 0, "" },
	{ "size=10", "h\nSIZE=10", 0, 0, 0, 0, "" },
	{ "two sizes", "h\nSIZE 20\nSIZE 10\nSIZE 0", SMTP_CAP_SIZE, 10, 0, 0, "" },
	{ "auth old", "h\nAUTH=LOGIN PLAIN", SMTP_CAP_AUTH, 0, 0, 0, "LOGIN PLAIN" },
	{ "auth twice", "h\nAUTH PLAIN LOGIN\nAUTH=LOGIN CRAM-MD5", SMTP_CAP_AUTH,
	    0, 0, 0, "PLAIN LOGIN CRAM-MD5" },
	{ "auth lower", "h\nauth scram-sha-256 Plain", SMTP_CAP_AUTH, 0, 0, 0,
	    "SCRAM-SHA-256 PLAIN" },
	{ "auth none", "h\nAUTH", SMTP_CAP_AUTH, 0, 0, 0, "" },
	{ "auth rubbish", "h\nAUTH PL(AIN 0123456789012345678901 LOGIN",
	    SMTP_CAP_AUTH, 0, 0, 0, "LOGIN" },
	{ "limits", "h\nLIMITS RCPTMAX=20 MAILMAX=5 RCPTDOMAINMAX=1", 0, 0, 20, 5, "" },
	{ "limits odd", "h\nLIMITS RCPTMAX=0 MAILMAX=x rcptmax=1000000", 0, 0, 0, 0, "" },
	{ "limits twice", "h\nLIMITS RCPTMAX=20\nlimits rcptmax=7 RCPTMAX",
	    0, 0, 7, 0, "" },
};

static void
test_table(void **state)
{
	struct smtp_caps c;
	size_t i;

	(void)state;
	smtp_caps_init(&c);
	for (i = 0; i < NELEM(cases); i++) {
		smtp_caps_parse(&c, cases[i].in, strlen(cases[i].in));
		check(c.bits == cases[i].bits && c.size_max == cases[i].size &&
		    c.rcpt_max == cases[i].rcpt && c.mail_max == cases[i].mail &&
		    strcmp(buf_str(&c.auth), cases[i].auth) == 0,
		    "%s: %x %lld %lld %lld '%s'", cases[i].name, c.bits,
		    (long long)c.size_max, (long long)c.rcpt_max,
		    (long long)c.mail_max, buf_str(&c.auth));
	}
	smtp_caps_reset(&c);
	assert_int_equal(c.bits, 0);
	smtp_caps_free(&c);
}

/* Too many mechanisms: the list holds whole ones only. */
static void
test_long(void **state)
{
	struct smtp_caps c;
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 16384);
	buf_adds(&b, "h\nAUTH");
	for (i = 0; i < 1000; i++)
		buf_addf(&b, " MECH%04d", i);
	smtp_caps_init(&c);
	smtp_caps_parse(&c, buf_str(&b), b.n);
	assert_true(c.auth.n <= SMTP_CAPS_AUTH_MAX);
	assert_int_equal((c.auth.n + 1) % 9, 0);
	smtp_caps_free(&c);
	buf_free(&b);
}

CHECK_MAIN(cmocka_unit_test(test_table), cmocka_unit_test(test_long))
