/* SPDX-License-Identifier: ISC */
/*
 * The server's side of SMTP: each row is what a client sends, the codes that
 * it is answered, and what the ops were asked to do; at every chunk size.
 */
#include "tests/check.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/smtp/server.h"

enum {
	TEXT_MAX = 1024 * 1024,
};

/* The ops write down what they are asked. */
struct notes {
	struct buf	said;
	const char	*fail;		/* this op fails */
	unsigned	 messages;
};

static int
judge(struct notes *n, const char *op, struct err *err)
{
	if (n->fail == NULL || strncmp(n->fail, op, strlen(op)) != 0)
		return 0;
	if (strstr(n->fail, "full") != NULL)
		return err_set(err, ERR_TEMP, "4.3.1", "no space");
	if (strstr(n->fail, "size") != NULL)
		return err_set(err, ERR_DATA, "5.3.4", "too large");
	if (strstr(n->fail, "many") != NULL)
		return err_set(err, ERR_DATA, "5.5.3", "too many");
	if (strstr(n->fail, "denied") != NULL)
		return err_set(err, ERR_DENIED, "5.7.1", "not you");
	if (strstr(n->fail, "temp") != NULL)
		return err_set(err, ERR_TEMP, "", "broken");
	return err_set(err, ERR_DATA, "5.1.1", "no such");
}

static int
op_mail(void *arg, const struct server_mail *m, struct err *err)
{
	struct notes *n = arg;

	buf_addf(&n->said, "mail(%s", m->sender);
	if (m->size != 0)
		buf_addf(&n->said, " size %lld", (long long)m->size);
	if (m->utf8)
		buf_adds(&n->said, " utf8");
	if (m->ret != RET_NONE)
		buf_addf(&n->said, " ret %d", m->ret);
	if (m->envid != NULL)
		buf_addf(&n->said, " envid %s", m->envid);
	buf_adds(&n->said, ") ");
	return judge(n, "mail", err);
}

static int
op_rcpt(void *arg, const struct server_rcpt *r, struct err *err)
{
	struct notes *n = arg;

	buf_addf(&n->said, "rcpt(%s", r->addr);
	if (r->notify != 0)
		buf_addf(&n->said, " notify %u", r->notify);
	if (r->orcpt != NULL)
		buf_addf(&n->said, " orcpt %s", r->orcpt);
	buf_adds(&n->said, ") ");
	return strcmp(r->addr, "no@b") == 0 ? err_set(err, ERR_DATA, "5.1.1",
	    "no such") : judge(n, "rcpt", err);
}

static int
op_begin(void *arg, struct err *err)
{
	struct notes *n = arg;

	buf_adds(&n->said, "begin ");
	return judge(n, "begin", err);
}

static int
op_write(void *arg, const char *p, size_t len, struct err *err)
{
	struct notes *n = arg;

	buf_add(&n->said, p, len);
	return judge(n, "write", err);
}

static int
op_commit(void *arg, char id[ID_SIZE], struct err *err)
{
	struct notes *n = arg;

	buf_adds(&n->said, "|commit ");
	(void)snprintf(id, ID_SIZE, "ID%u", ++n->messages);
	return judge(n, "commit", err);
}

static void
op_reset(void *arg)
{
	struct notes *n = arg;

	buf_adds(&n->said, "reset ");
}

static int
op_expand(void *arg, const char *addr, struct buf *lines, struct err *err)
{
	struct notes *n = arg;

	if (judge(n, "expand", err) == -1)
		return -1;
	buf_addf(lines, "<%s>\n<x@y>\n", addr);
	return 0;
}

static int
op_flush(void *arg, struct err *err)
{
	struct notes *n = arg;

	buf_adds(&n->said, "flush ");
	return judge(n, "flush", err);
}

static void
op_refused(void *arg, const struct err *why)
{
	struct notes *n = arg;

	buf_addf(&n->said, "refused(%s) ", why->text);
}

static const struct server_ops ops = {
	.mail = op_mail, .rcpt = op_rcpt, .begin = op_begin,
	.write = op_write, .commit = op_commit, .reset = op_reset,
	.expand = op_expand, .flush = op_flush,
};

static const struct server_ops batch_ops = {
	.mail = op_mail, .rcpt = op_rcpt, .begin = op_begin,
	.write = op_write, .commit = op_commit, .reset = op_reset,
	.expand = op_expand, .flush = op_flush, .refused = op_refused,
};

#define HEAD	"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
#define OPEN	"mail(a@b) rcpt(c@d) begin "

static const struct {
	const char	*name, *in, *codes, *said, *fail;
} cases[] = {
	{ "whole", "EHLO me\r\n" HEAD "S: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
	  "220 250 250 250 354 250 221",
	  OPEN "S: x\r\n\r\nhi\r\n|commit reset ", NULL },
	{ "bare LF commands", "HELO me\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"
	  "x\r\n.\r\nQUIT\n", "220 250 250 250 354 250 221",
	  OPEN "x\r\n|commit reset ", NULL },
	{ "no HELO", HEAD ".\r\n", "220 250 250 354 250",
	  OPEN "|commit reset ", NULL },
	{ "two messages", HEAD "1\r\n.\r\n" HEAD "2\r\n.\r\n",
	  "220 250 250 354 250 250 250 354 250",
	  OPEN "1\r\n|commit reset " OPEN "2\r\n|commit reset ", NULL },

	{ "stuffed", HEAD "..\r\n.x\r\n...y\r\n.\r\n", "220 250 250 354 250",
	  OPEN ".\r\nx\r\n..y\r\n|commit reset ", NULL },
	{ "smuggle LF.LF", HEAD "x\n.\ny\r\n.\r\n", "220 250 250 354 250",
	  OPEN "x\n.\ny\r\n|commit reset ", NULL },
	{ "smuggle LF.CRLF", HEAD "x\n.\r\ny\r\n.\r\n", "220 250 250 354 250",
	  OPEN "x\n.\r\ny\r\n|commit reset ", NULL },
	{ "smuggle CRLF.LF", HEAD "x\r\n.\ny\r\n.\r\n", "220 250 250 354 250",
	  OPEN "x\r\n\ny\r\n|commit reset ", NULL },
	{ "smuggle CRLF.CR", HEAD "x\r\n.\ry\r\n.\r\n", "220 250 250 354 250",
	  OPEN "x\r\n\ry\r\n|commit reset ", NULL },
	{ "smuggle CR.CR", HEAD "x\r.\ry\r\n.\r\n", "220 250 250 354 250",
	  OPEN "x\r.\ry\r\n|commit reset ", NULL },
	{ "smuggle CR.CRLF", HEAD "x\r.\r\ny\r\n.\r\n", "220 250 250 354 250",
	  OPEN "x\r.\r\ny\r\n|commit reset ", NULL },
	{ "smuggle CRLF.CRCRLF", HEAD "x\r\n.\r\r\ny\r\n.\r\n",
	  "220 250 250 354 250", OPEN "x\r\n\r\r\ny\r\n|commit reset ", NULL },
	{ "smuggle LFCR.CRLF", HEAD "x\n\r.\r\ny\r\n.\r\n",
	  "220 250 250 354 250", OPEN "x\n\r.\r\ny\r\n|commit reset ", NULL },
	{ "smuggle CRCRLF.CRLF", HEAD "x\r\r\n.\r\nQUIT\r\n",
	  "220 250 250 354 250 221", OPEN "x\r\r\n|commit reset ", NULL },

	{ "chunks", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 3\r\nx\r\n"
	  "BDAT 5 LAST\r\n.\r\ny\n" "NOOP\r\n", "220 250 250 250 250 250",
	  OPEN "x\r\n.\r\ny\n|commit reset ", NULL },
	{ "empty last chunk", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1\r\nx"
	  "bdat 0 last\r\nNOOP\r\n", "220 250 250 250 250 250",
	  OPEN "x|commit reset ", NULL },
	{ "chunk alone", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
	  "BDAT 0 LAST\r\n", "220 250 250 250", OPEN "|commit reset ", NULL },
	{ "chunk that is commands", "BDAT 8\r\nRSET\r\n\r\nNOOP\r\n",
	  "220 503 250", "", NULL },
	{ "chunk without recipient", "MAIL FROM:<a@b>\r\nBDAT 2\r\nxxRSET\r\n",
	  "220 250 554 250", "mail(a@b) reset ", NULL },
	{ "second chunk saves nothing", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
	  "BDAT 1\r\nxBDAT 1 LAST\r\ny", "220 250 250 452 452",
	  OPEN "reset ", "begin full" },
	{ "DATA after BDAT", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1\r\nx"
	  "DATA\r\nRSET\r\n", "220 250 250 250 503 250", OPEN "xreset ", NULL },
	{ "RCPT after BDAT", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1\r\nx"
	  "RCPT TO:<e@f>\r\nMAIL FROM:<>\r\n", "220 250 250 250 503 503",
	  OPEN "x", NULL },
	{ "BDAT no number", "BDAT x\r\nNOOP\r\n", "220 501", "", NULL },
	{ "BDAT negative", "BDAT -1\r\nNOOP\r\n", "220 501", "", NULL },
	{ "BDAT huge", "BDAT 99999999999999999999\r\nNOOP\r\n", "220 501", "",
	  NULL },

	{ "order", "DATA\r\nRCPT TO:<a@b>\r\nMAIL FROM:<a@b>\r\n"
	  "MAIL FROM:<a@b>\r\nDATA\r\n", "220 503 503 250 503 554",
	  "mail(a@b) ", NULL },
	{ "one of two", "MAIL FROM:<a@b>\r\nRCPT TO:<no@b>\r\nRCPT TO:<c@d>\r\n"
	  "DATA\r\n.\r\n", "220 250 550 250 354 250",
	  "mail(a@b) rcpt(no@b) rcpt(c@d) begin |commit reset ", NULL },
	{ "none of two", "MAIL FROM:<a@b>\r\nRCPT TO:<no@b>\r\nDATA\r\n",
	  "220 250 550 554", "mail(a@b) rcpt(no@b) ", NULL },
	{ "RSET", "MAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<c@d>\r\n",
	  "220 250 250 503", "mail(a@b) reset ", NULL },
	{ "EHLO resets", "MAIL FROM:<a@b>\r\nEHLO x\r\nRCPT TO:<c@d>\r\n",
	  "220 250 250 503", "mail(a@b) reset ", NULL },
	{ "QUIT within", "MAIL FROM:<a@b>\r\nQUIT\r\nNOOP\r\n", "220 250 221",
	  "mail(a@b) reset ", NULL },

	{ "mail refused", HEAD "QUIT\r\n", "220 550 503 503 221",
	  "mail(a@b) reset ", "mail denied" },
	{ "mail full", "MAIL FROM:<a@b>\r\n", "220 452", "mail(a@b) reset ",
	  "mail full" },
	{ "rcpt temp", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", "220 250 451",
	  "mail(a@b) rcpt(c@d) ", "rcpt temp" },
	{ "too many", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", "220 250 452",
	  "mail(a@b) rcpt(c@d) ", "rcpt many" },
	{ "begin full", HEAD "QUIT\r\n", "220 250 250 452 221", OPEN "reset ",
	  "begin full" },
	{ "write fails once", HEAD "x\r\n.\r\nNOOP\r\n",
	  "220 250 250 354 552 250", NULL, "write size" },
	{ "commit fails", HEAD "x\r\n.\r\nNOOP\r\n", "220 250 250 354 451 250",
	  OPEN "x\r\n|commit reset ", "commit temp" },
	{ "commit hops", HEAD ".\r\n", "220 250 250 354 554",
	  OPEN "|commit reset ", "commit" },

	{ "null sender", "MAIL FROM:<>\r\n", "220 250", "mail() ", NULL },
	{ "blank behind colon", "MAIL FROM: <a@b>\r\nRCPT TO: <c>\r\n",
	  "220 250 250", "mail(a@b) rcpt(c) ", NULL },
	{ "no brackets", "mail from:a@b SIZE=1\r\nrcpt to:c@d\r\n",
	  "220 250 250", "mail(a@b size 1) rcpt(c@d) ", NULL },
	{ "quoted", "MAIL FROM:<\"a > b\"@c>\r\n", "220 250",
	  "mail(\"a > b\"@c) ", NULL },
	{ "route", "MAIL FROM:<@x,@y:a@b>\r\n", "220 250", "mail(a@b) ", NULL },
	{ "MAIL params", "MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME RET=HDRS "
	  "ENVID=q+2B1 SMTPUTF8\r\n", "220 250",
	  "mail(a@b size 12 utf8 ret 2 envid q+1) ", NULL },
	{ "too large", "MAIL FROM:<a@b> SIZE=1001\r\n", "220 552", "", NULL },
	{ "just fits", "MAIL FROM:<a@b> SIZE=1000\r\n", "220 250",
	  "mail(a@b size 1000) ", NULL },
	{ "bad SIZE", "MAIL FROM:<a@b> SIZE=x\r\n", "220 501", "", NULL },
	{ "bad BODY", "MAIL FROM:<a@b> BODY=BINARYMIME\r\n", "220 501", "",
	  NULL },
	{ "bad RET", "MAIL FROM:<a@b> RET=ALL\r\n", "220 501", "", NULL },
	{ "RET twice", "MAIL FROM:<a@b> RET=FULL RET=FULL\r\n", "220 501", "",
	  NULL },
	{ "bad ENVID", "MAIL FROM:<a@b> ENVID=a+0D+0Ab\r\n", "220 501", "",
	  NULL },
	{ "unknown param", "MAIL FROM:<a@b> X=y\r\n", "220 555", "", NULL },
	{ "AUTH param", "MAIL FROM:<a@b> AUTH=<>\r\n", "220 250", "mail(a@b) ",
	  NULL },
	{ "8-bit sender", "MAIL FROM:<\303\244@b>\r\n", "220 553", "", NULL },
	{ "8-bit sender, asked", "MAIL FROM:<\303\244@b> SMTPUTF8\r\n",
	  "220 250", "mail(\303\244@b utf8) ", NULL },
	{ "8-bit recipient", "MAIL FROM:<a@b>\r\nRCPT TO:<\303\244@b>\r\n",
	  "220 250 553", "mail(a@b) ", NULL },
	{ "garbage behind path", "MAIL FROM:<a@b>x\r\n", "220 553", "", NULL },
	{ "two addresses", "MAIL FROM:<a@b,c@d>\r\n", "220 553", "", NULL },
	{ "no address", "MAIL FROM:\r\nMAIL\r\nMAIL TO:<a@b>\r\n",
	  "220 553 501 501", "", NULL },
	{ "RCPT params", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d> "
	  "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@z\r\n", "220 250 250",
	  "mail(a@b) rcpt(c@d notify 10 orcpt rfc822;x+y@z) ", NULL },
	{ "NOTIFY never", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d> NOTIFY=never\r\n",
	  "220 250 250", "mail(a@b) rcpt(c@d notify 1) ", NULL },
	{ "bad NOTIFY", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d> NOTIFY=NEVER,DELAY"
	  "\r\nRCPT TO:<c@d> NOTIFY=\r\nRCPT TO:<c@d> NOTIFY=SUCCESS,\r\n",
	  "220 250 501 501 501", "mail(a@b) ", NULL },
	{ "bad ORCPT", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d> ORCPT=x\r\n"
	  "RCPT TO:<c@d> ORCPT=rfc822;\r\nRCPT TO:<c@d> ORCPT=rfc822;a+0Ab\r\n",
	  "220 250 501 501 501", "mail(a@b) ", NULL },
	{ "null recipient", "MAIL FROM:<a@b>\r\nRCPT TO:<>\r\n",
	  "220 250 553", "mail(a@b) ", NULL },

	{ "VRFY", "VRFY joe\r\nVRFY\r\n", "220 252 501", "", NULL },
	{ "EXPN", "EXPN joe\r\n", "220 250", "", NULL },
	{ "EXPN none", "EXPN joe\r\n", "220 550", "", "expand" },
	{ "ETRN", "ETRN x\r\nETRN\r\n", "220 250 501", "flush ", NULL },
	{ "ETRN not", "ETRN x\r\n", "220 458", "flush ", "flush" },
	{ "others", "NOOP x\r\nHELP\r\nTURN\r\nAUTH PLAIN\r\nSTARTTLS\r\n"
	  "XYZ\r\n", "220 250 214 502 502 502 500", "", NULL },
	{ "HELO", "HELO\r\nHELO a b\r\nHELO a(b\r\nHELO [127.0.0.1]\r\n"
	  "EHLO [::1]\r\nHELO a_b\r\n", "220 501 501 501 250 250 250", "",
	  NULL },
	{ "blank lines", "\r\n\n  \r\n", "220 500 500 500", "", NULL },
	{ "controls", "NOOP\001\r\nNO\rOP\r\n", "220 500 500", "", NULL },
	{ "arguments where none are", "DATA x\r\nRSET x\r\nQUIT x\r\n",
	  "220 501 501 501", "", NULL },
};

/* The first three digits of every reply's last line, blank-separated. */
static void
take_codes(const struct buf *out, struct buf *codes)
{
	const char *p = buf_str(out);

	while (*p != '\0') {
		const char *end = strstr(p, "\r\n");

		if (end == NULL)
			break;
		if (end - p > 3 && p[3] == ' ')
			buf_addf(codes, "%s%.3s", codes->n != 0 ? " " : "", p);
		p = end + 2;
	}
}

static void
feed_all(struct server *s, const char *p, size_t n, size_t step)
{
	while (n != 0 && s->state != SERVER_CLOSED) {
		size_t part = n < step ? n : step, used;

		used = server_feed(s, p, part);
		check(used == part || s->state == SERVER_CLOSED, "stuck");
		p += part;
		n -= part;
	}
}

static void
run(size_t i, size_t step)
{
	static const struct server_facts facts = { "h.test", 1000, false };
	struct notes n = { .fail = cases[i].fail };
	struct server s;
	struct buf codes;

	buf_init(&n.said, TEXT_MAX);
	buf_init(&codes, TEXT_MAX);
	server_init(&s, &facts, &ops, &n);
	feed_all(&s, cases[i].in, strlen(cases[i].in), step);
	take_codes(&s.out, &codes);
	check(strcmp(buf_str(&codes), cases[i].codes) == 0, "%s, by %zu: %s",
	    cases[i].name, step, buf_str(&s.out));
	check(cases[i].said == NULL ||
	    strcmp(buf_str(&n.said), cases[i].said) == 0, "%s, by %zu: %s",
	    cases[i].name, step, buf_str(&n.said));
	server_free(&s);
	buf_free(&n.said);
	buf_free(&codes);
}

static void
test_dialogues(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		for (size_t step = 1; step <= strlen(cases[i].in); step++)
			run(i, step);
}

static const struct {
	const char	*name, *in, *said, *fail;
} batches[] = {
	{ "two", "HELO x\r\n" HEAD "1\r\n.\r\n" HEAD "2\r\n.\r\nQUIT\r\n",
	  OPEN "1\r\n|commit reset " OPEN "2\r\n|commit reset ", NULL },
	{ "text is never commands", "MAIL FROM:<a@b>\r\nRCPT TO:<no@b>\r\n"
	  "DATA\r\nMAIL FROM:<evil@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n"
	  HEAD ".\r\n", "mail(a@b) rcpt(no@b) refused(no such) "
	  "refused(no valid recipients) reset " OPEN "|commit reset ", NULL },
	{ "MAIL refused", HEAD "x\r\n.\r\n", "mail(a@b) reset refused(not you) "
	  "refused(MAIL comes first) refused(MAIL comes first) ",
	  "mail denied" },
	{ "the next stands for itself", "MAIL FROM:<x@y>\r\n" HEAD ".\r\n",
	  "mail(x@y) reset " OPEN "|commit reset ", NULL },
};

static void
test_batches(void **state)
{
	static const struct server_facts facts = { "h.test", 1000, true };

	(void)state;
	for (size_t i = 0; i < NELEM(batches); i++) {
		for (size_t step = 1; step <= strlen(batches[i].in); step++) {
			struct notes n = { .fail = batches[i].fail };
			struct server s;

			buf_init(&n.said, TEXT_MAX);
			server_init(&s, &facts, &batch_ops, &n);
			feed_all(&s, batches[i].in, strlen(batches[i].in),
			    step);
			check(s.out.n == 0, "%s: it answers", batches[i].name);
			check(strcmp(buf_str(&n.said), batches[i].said) == 0,
			    "%s, by %zu: %s", batches[i].name, step,
			    buf_str(&n.said));
			server_free(&s);
			buf_free(&n.said);
		}
	}
}

static void
test_limits(void **state)
{
	static const struct server_facts facts = { "h.test", 0, false };
	struct notes n = { 0 };
	struct server s;
	char *big = mem_zero(SERVER_LINE_MAX * 4);

	(void)state;
	buf_init(&n.said, TEXT_MAX);
	server_init(&s, &facts, &ops, &n);
	buf_reset(&s.out);
	memset(big, 'x', SERVER_LINE_MAX * 4);
	feed_all(&s, big, SERVER_LINE_MAX * 4, 1000);
	assert_int_equal(s.out.n, 0);
	feed_all(&s, "\nNOOP\n", 6, 6);
	check(strncmp(buf_str(&s.out), "500 ", 4) == 0 &&
	    strstr(buf_str(&s.out), "\r\n250 ") != NULL, "%s",
	    buf_str(&s.out));

	for (int i = 0; i < SERVER_ERRORS_MAX * 2; i++)
		(void)server_feed(&s, "X\n", 2);
	assert_int_equal(s.state, SERVER_CLOSED);
	check(strstr(buf_str(&s.out), "\r\n421 4.7.0 ") != NULL, "no 421");
	server_free(&s);

	/* replies that nobody takes stop the reading, not the memory */
	server_init(&s, &facts, &ops, &n);
	for (int i = 0; i < SERVER_OUT_MAX / 4 && s.out.n <
	    SERVER_OUT_MAX / 2; i++)
		(void)server_feed(&s, "NOOP\n", 5);
	while (server_feed(&s, "NOOP\n", 5) == 5)
		continue;
	assert_false(s.out.over);
	server_free(&s);

	server_init(&s, &facts, &ops, &n);
	assert_false(server_busy(&s));
	feed_all(&s, "MAIL FROM:<a@b>\r\n", 17, 17);
	assert_true(server_busy(&s));
	server_timeout(&s);
	check(strstr(buf_str(&s.out), "\r\n421 4.4.2 ") != NULL, "no 421");
	server_free(&s);
	buf_free(&n.said);
	mem_free(big);
}

CHECK_MAIN(
	cmocka_unit_test(test_dialogues),
	cmocka_unit_test(test_batches),
	cmocka_unit_test(test_limits),
)
