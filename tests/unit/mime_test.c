/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/fold.h"
#include "core/mail/mime.h"

#define H "Subject: x\r\n"
#define V "MIME-Version: 1.0\r\n"
#define CTE "Content-Transfer-Encoding: "
#define TXT "Content-Type: text/plain; charset=utf-8\r\n"
#define MIX "Content-Type: multipart/mixed; boundary=b\r\n"
#define AE "\xc3\xa4"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

/* want: NULL is "nothing to change"; a text in why is a refusal. */
static const struct row {
	const char	*name;
	unsigned	 need;
	const char	*in, *want, *why;
} rows[] = {
	{ "7-bit", 3, H "\r\nhello\r\n", NULL, NULL },
	{ "no body", 3, H "\r\n", NULL, NULL },
	{ "nothing", 3, "", NULL, NULL },
	{ "8-bit, not needed", MIME_LINES, H "\r\n" AE "\r\n", NULL, NULL },
	{ "plain text", MIME_7BIT, H "\r\nhello w" AE "rld \r\n\r\n.\r\n",
	    H V TXT CTE "quoted-printable\r\n\r\n"
	    "hello w=C3=A4rld=20\r\n\r\n.\r\n", NULL },
	{ "not UTF-8", MIME_7BIT, H "\r\nhello w\xe4rld\r\n",
	    H V "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    CTE "quoted-printable\r\n\r\nhello w=E4rld\r\n", NULL },
	{ "UTF-8 cut off", MIME_7BIT, H "\r\nhello world\xc3\r\n",
	    H V "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    CTE "quoted-printable\r\n\r\nhello world=C3\r\n", NULL },
	{ "typed text", MIME_7BIT,
	    V "Content-Type: text/html; charset=x\r\n" CTE "8bit\r\n" H
	    "\r\na=b" AE LETTERS "\r\n",
	    V "Content-Type: text/html; charset=x\r\n" H
	    CTE "quoted-printable\r\n\r\na=3Db=C3=A4" LETTERS "\r\n", NULL },
	{ "much of it 8-bit", MIME_7BIT, H "\r\n" AE AE AE "\r\n",
	    H V TXT CTE "base64\r\n\r\nw6TDpMOkDQo=\r\n", NULL },
	{ "not text", MIME_7BIT,
	    V "Content-Type: application/x\r\n\r\nabcdefghijkl\xe4\r\n",
	    V "Content-Type: application/x\r\n" CTE "base64\r\n\r\n"
	    "YWJjZGVmZ2hpamts5A0K\r\n", NULL },
	{ "multipart", MIME_7BIT,
	    H V MIX CTE "8bit\r\n\r\npr" AE "\r\n--b\r\n\r\none\r\n"
	    "--b\r\nContent-Type: text/plain\r\n\r\ntwo and some\r\ntw" AE
	    "\r\n\r\n--b \r\nContent-Type: image/x\r\n" CTE "binary\r\n\r\n"
	    "\xff\r\n--b--\r\nep" AE "\r\n",
	    H V MIX CTE "7bit\r\n\r\npr??\r\n--b\r\n\r\none\r\n"
	    "--b\r\nContent-Type: text/plain\r\n" CTE "quoted-printable\r\n\r\n"
	    "two and some\r\ntw=C3=A4\r\n\r\n--b \r\n"
	    "Content-Type: image/x\r\n" CTE "base64\r\n\r\n/w==\r\n"
	    "--b--\r\nep??\r\n", NULL },
	{ "nested multiparts, an outer boundary ends an inner one", MIME_7BIT,
	    V MIX "\r\n--b\r\nContent-Type: multipart/x; boundary=\"b c\"\r\n"
	    "\r\n--b c\r\n\r\n0123456789" AE "\r\n--b\r\n\r\nx\r\n--b--\r\n",
	    V MIX "\r\n--b\r\nContent-Type: multipart/x; boundary=\"b c\"\r\n"
	    "\r\n--b c\r\n" TXT CTE "quoted-printable\r\n\r\n"
	    "0123456789=C3=A4\r\n--b\r\n\r\nx\r\n--b--\r\n", NULL },
	{ "almost boundaries", MIME_7BIT,
	    V MIX "\r\n--b\r\n\r\n--bb\r\n--b x\r\n-- b\r\n --b\r\n-b" AE
	    "\r\n--b--\r\n",
	    V MIX "\r\n--b\r\n" TXT CTE "quoted-printable\r\n\r\n"
	    "--bb\r\n--b x\r\n-- b\r\n --b\r\n-b=C3=A4\r\n--b--\r\n", NULL },
	{ "boundary with comments and case", MIME_7BIT,
	    "content-type: Multipart/Mixed (a;b); x=\"y;boundary=z\";\r\n"
	    "\tBOUNDARY = \"b\" (c)\r\n" V "\r\n--b\r\n\r\n0123456789" AE
	    "\r\n--b--\r\n",
	    "content-type: Multipart/Mixed (a;b); x=\"y;boundary=z\";\r\n"
	    "\tBOUNDARY = \"b\" (c)\r\n" V "\r\n--b\r\n" TXT
	    CTE "quoted-printable\r\n\r\n0123456789=C3=A4\r\n--b--\r\n", NULL },
	{ "part without an empty line", MIME_7BIT,
	    V MIX "\r\n--b\r\ntext here\r\n0123456789" AE "\r\n--b--\r\n",
	    V MIX "\r\n--b\r\n" TXT CTE "quoted-printable\r\n"
	    "text here\r\n0123456789=C3=A4\r\n--b--\r\n", NULL },
	{ "part of a header alone", MIME_7BIT,
	    V MIX "\r\n--b\r\nContent-Type: x/y\r\n--b\r\n\r\n0123456789" AE
	    "\r\n--b--\r\n",
	    V MIX "\r\n--b\r\nContent-Type: x/y\r\n--b\r\n" TXT
	    CTE "quoted-printable\r\n\r\n0123456789=C3=A4\r\n--b--\r\n", NULL },
	{ "cut off", MIME_7BIT, V MIX "\r\n--b\r\n\r\n0123456789" AE "\r\n",
	    V MIX "\r\n--b\r\n" TXT CTE "quoted-printable\r\n\r\n"
	    "0123456789=C3=A4\r\n", NULL },
	{ "no MIME-Version", MIME_7BIT, MIX "\r\n--b\r\n\r\n0123456789" AE
	    "\r\n--b--\r\n",
	    MIX V "\r\n--b\r\n" TXT CTE "quoted-printable\r\n\r\n"
	    "0123456789=C3=A4\r\n--b--\r\n", NULL },
	{ "quoted-printable with 8-bit", MIME_7BIT,
	    V CTE "quoted-printable\r\n\r\na=\r\n=C3" AE " =20 \r\n",
	    V CTE "quoted-printable\r\n\r\na=\r\n=C3=C3=A4 =20 \r\n", NULL },
	{ "base64 with 8-bit", MIME_7BIT,
	    V "Content-Type: text/plain\r\n" CTE "BASE64 (x)\r\n\r\n"
	    "YWJj" AE "\r\nZGVm\r\n",
	    V "Content-Type: text/plain\r\n" CTE "BASE64 (x)\r\n\r\n"
	    "YWJjZGVm\r\n", NULL },
	{ "signed, 7-bit", MIME_7BIT,
	    V MIX "\r\n--b\r\nContent-Type: multipart/signed; boundary=s\r\n"
	    "\r\n--s\r\n" CTE "8bit\r\n\r\nx\r\n--s--\r\n--b\r\n\r\n"
	    "0123456789" AE "\r\n--b--\r\n",
	    V MIX "\r\n--b\r\nContent-Type: multipart/signed; boundary=s\r\n"
	    "\r\n--s\r\n" CTE "8bit\r\n\r\nx\r\n--s--\r\n--b\r\n" TXT
	    CTE "quoted-printable\r\n\r\n0123456789=C3=A4\r\n--b--\r\n", NULL },
	{ "signed, 8-bit", MIME_7BIT,
	    V "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n"
	    AE "\r\n--s--\r\n", NULL,
	    "cannot be converted for this relay: a signed part has 8-bit "
	    "content" },
	{ "signed, 8-bit in a header", MIME_7BIT,
	    V "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n"
	    "X: " AE "\r\n\r\n\r\n--s--\r\n", NULL,
	    "cannot be converted for this relay: a signed part has 8-bit "
	    "content" },
	{ "nested message", MIME_7BIT,
	    V MIX "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "A: b\r\n\r\n" AE "\r\n--b--\r\n", NULL,
	    "cannot be converted for this relay: a nested message has 8-bit "
	    "content" },
	{ "digest", MIME_7BIT,
	    V "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	    "A: " AE "\r\n\r\n\r\n--b--\r\n", NULL,
	    "cannot be converted for this relay: a nested message has 8-bit "
	    "content" },
	{ "message/global may be encoded", MIME_7BIT,
	    V "Content-Type: message/global\r\n\r\nA: " AE "\r\n\r\n",
	    V "Content-Type: message/global\r\n" CTE "base64\r\n\r\n"
	    "QTogw6QNCg0K\r\n", NULL },
	{ "multipart without a boundary", MIME_7BIT,
	    V "Content-Type: multipart/mixed\r\n\r\n" AE "\r\n", NULL,
	    "cannot be converted for this relay: a multipart without a "
	    "boundary has 8-bit content" },
	{ "unknown encoding", MIME_7BIT, V CTE "x-uue\r\n\r\n" AE "\r\n", NULL,
	    "cannot be converted for this relay: a part has an unknown "
	    "encoding" },
	{ "8-bit header, 7-bit body", MIME_7BIT,
	    "Subject: gr\xc3\xbc\xc3\x9f\r\n\t" AE "\r\nX-Y : " AE "\r\n"
	    "From: \"J" AE ", B\" <a@b> (" AE "),\r\n C" AE " <c@d>, e@f\r\n"
	    "\r\nx\r\n",
	    "Subject: =?utf-8?B?Z3LDvMOfIMOk?=\r\n"
	    "X-Y: =?utf-8?B?w6Q=?=\r\n"
	    "From: =?utf-8?Q?J=C3=A4=2C_B?= <a@b> (?" "?),\r\n "
	    "=?utf-8?B?Q8Ok?= <c@d>, e@f\r\n\r\nx\r\n", NULL },
	{ "8-bit file name", MIME_7BIT,
	    V MIX "\r\n--b\r\nContent-Disposition: attachment;\r\n"
	    " filename=\"a " AE "\\\".txt\"; x=\"y\"\r\n\r\nx\r\n--b--\r\n",
	    V MIX "\r\n--b\r\nContent-Disposition: attachment;\r\n"
	    " filename*=utf-8''a%20%C3%A4%22.txt; x=\"y\"\r\n\r\nx\r\n"
	    "--b--\r\n", NULL },
	{ "8-bit header, 8BITMIME there", MIME_LINES, "Subject: " AE "\r\n\r\n",
	    NULL, NULL },
};

/* All passes in pieces of step bytes; -1: refused, 0: unchanged, 1. */
static int
convert(unsigned need, const char *in, size_t n, size_t step, struct buf *out,
    struct err *err)
{
	struct mime m;
	size_t i, k;
	int ret = 0;

	mime_init(&m, need);
	for (int pass = 0; pass < 3 && ret == 0; pass++) {
		if (pass > 0 && !m.changes)
			break;
		if (pass > 0)
			mime_rewind(&m);
		buf_reset(out);
		for (i = 0; i < n && ret == 0; i += k) {
			k = n - i < step ? n - i : step;
			ret = mime_feed(&m, in + i, k, pass > 0 ? out : NULL,
			    err);
		}
		if (ret == 0)
			ret = mime_finish(&m, pass > 0 ? out : NULL, err);
		if (pass > 0)
			assert_int_equal(m.size, out->n);
	}
	if (ret == 0)
		ret = m.changes;
	mime_free(&m);
	return ret;
}

static void
run(const struct row *r, size_t step)
{
	struct buf out;
	struct err err = { 0 };
	int ret;

	buf_init(&out, 1000000);
	ret = convert(r->need, r->in, strlen(r->in), step, &out, &err);
	check(ret == (r->why != NULL ? -1 : r->want != NULL),
	    "%s by %zu: %d %s", r->name, step, ret, err.text);
	if (r->want != NULL)
		check(strcmp(buf_str(&out), r->want) == 0, "%s by %zu:\n%s",
		    r->name, step, buf_str(&out));
	if (r->why != NULL)
		check(strcmp(err.text, r->why) == 0 && err.kind == ERR_PERM &&
		    strcmp(err.dsn, "5.6.3") == 0, "%s by %zu: %s", r->name,
		    step, err.text);
	buf_free(&out);
}

static void
test_rows(void **state)
{
	size_t i, step;

	(void)state;
	for (i = 0; i < NELEM(rows); i++)
		for (step = 1; step <= strlen(rows[i].in) + 1; step++)
			run(&rows[i], step);
}

/* What quoted-printable says, added to b. */
static void
decode_qp(struct buf *b, const char *p)
{
	for (; *p != '\0'; p++) {
		if (*p != '=') {
			buf_addc(b, *p);
		} else if (p[1] == '\r') {
			p += 2;
		} else {
			buf_addc(b, (char)(text_hex_value(p[1]) * 16 +
			    text_hex_value(p[2])));
			p += 2;
		}
	}
}

/* Lines of n letters, around the limit, one by one. */
static void
test_long_lines(void **state)
{
	static const size_t sizes[] = { 997, 998, 999, 1000, 2500 };
	struct buf in, out, back;
	struct err err;
	size_t i, j, step;
	const char *body;

	(void)state;
	for (i = 0; i < NELEM(sizes); i++)
		for (step = 1; step < 3000; step = step * 7 + 1) {
			buf_init(&in, 10000);
			buf_adds(&in, H "\r\nshort\r\n");
			for (j = 0; j < sizes[i]; j++)
				buf_addc(&in, "-=ab "[j % 5]);
			buf_adds(&in, "\r\nend\r\n");
			buf_init(&out, 20000);
			assert_int_equal(convert(MIME_LINES, in.p, in.n, step,
			    &out, &err), sizes[i] > 998);
			if (sizes[i] > 998) {
				assert_true(fold_check(out.p, out.n));
				body = strstr(out.p, "\r\n\r\n") + 4;
				buf_init(&back, 20000);
				decode_qp(&back, body);
				assert_string_equal(back.p,
				    strstr(in.p, "\r\n\r\n") + 4);
				buf_free(&back);
			}
			buf_free(&in);
			buf_free(&out);
		}
}

/* A soft break must not make a boundary of what follows it. */
static void
test_no_new_boundary(void **state)
{
	struct buf in, out;
	struct err err;
	size_t lead;

	(void)state;
	for (lead = 60; lead < 160; lead++) {
		buf_init(&in, 10000);
		buf_adds(&in, V MIX "\r\n--b\r\n\r\n");
		for (size_t j = 0; j < lead; j++)
			buf_addc(&in, 'x');
		buf_adds(&in, "--b\r\n0123456789" AE "\r\n--b--\r\n");
		buf_init(&out, 20000);
		assert_int_equal(convert(MIME_7BIT, in.p, in.n, 100, &out,
		    &err), 1);
		assert_null(strstr(strstr(out.p, "xxx"), "\r\n--b\r\n"));
		buf_free(&in);
		buf_free(&out);
	}
}

/* Long lines that have an encoding, and those of headers and preambles. */
static void
test_wrapped(void **state)
{
	static const struct {
		const char *before, *unit, *after, *why;
	} cases[] = {
		{ V CTE "base64\r\n\r\n", "QUJD", "\r\n", NULL },
		{ V CTE "quoted-printable\r\n\r\n", "=41-", "=\r\nx\r\n", NULL },
		{ V MIX "\r\n", "pre ", "\r\n--b\r\n\r\n--b--\r\n", NULL },
		{ H "X-Long: ", "word ", "end\r\n\r\nbody\r\n", NULL },
		{ V MIX "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nA: ",
		    "word ", "\r\n--b--\r\n", "a nested message has lines "
		    "that are too long" },
	};
	struct buf in, out;
	struct err err;
	size_t i, step;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(cases); i++)
		for (step = 1; step < 5000; step = step * 5 + 2) {
			buf_init(&in, 10000);
			buf_adds(&in, cases[i].before);
			while (in.n < 4000)
				buf_adds(&in, cases[i].unit);
			buf_adds(&in, cases[i].after);
			buf_init(&out, 20000);
			ret = convert(MIME_LINES, in.p, in.n, step, &out,
			    &err);
			if (cases[i].why != NULL) {
				assert_int_equal(ret, -1);
				assert_non_null(strstr(err.text,
				    cases[i].why));
			} else {
				assert_int_equal(ret, 1);
				assert_true(fold_check(out.p, out.n));
			}
			buf_free(&in);
			buf_free(&out);
		}
}

/* A header line without a blank cannot be helped, and is no reason. */
static void
test_unfoldable(void **state)
{
	struct buf in, out;
	struct err err;

	(void)state;
	buf_init(&in, 10000);
	buf_adds(&in, "X:");
	while (in.n < 2000)
		buf_addc(&in, 'x');
	buf_adds(&in, "\r\n\r\nbody\r\n");
	buf_init(&out, 20000);
	assert_int_equal(convert(MIME_LINES, in.p, in.n, 100, &out, &err), 0);
	buf_free(&in);
	buf_free(&out);
}

static void
test_limits(void **state)
{
	struct buf in, out;
	struct err err;
	size_t i;

	(void)state;
	buf_init(&in, 10000000);
	for (i = 0; i <= MIME_DEPTH_MAX; i++)
		buf_addf(&in, "Content-Type: multipart/x; boundary=b%zu\r\n\r\n"
		    "--b%zu\r\n", i, i);
	buf_adds(&in, "\r\n" AE "\r\n");
	buf_init(&out, 10000000);
	assert_int_equal(convert(MIME_7BIT, in.p, in.n, 100, &out, &err), -1);
	assert_non_null(strstr(err.text, "nested too deep"));
	buf_reset(&in);
	buf_adds(&in, MIX "\r\n");
	for (i = 0; i < MIME_PARTS_MAX; i++)
		buf_adds(&in, "--b\r\n\r\n");
	assert_int_equal(convert(MIME_7BIT, in.p, in.n, 10000, &out, &err), -1);
	assert_non_null(strstr(err.text, "too many parts"));
	buf_free(&in);
	buf_free(&out);
}

CHECK_MAIN(
    cmocka_unit_test(test_rows),
    cmocka_unit_test(test_long_lines),
    cmocka_unit_test(test_no_new_boundary),
    cmocka_unit_test(test_wrapped),
    cmocka_unit_test(test_unfoldable),
    cmocka_unit_test(test_limits))
