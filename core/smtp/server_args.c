/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/xtext.h"
#include "core/smtp/server_args.h"

/* What is still to be read of a command. */
struct cursor {
	const char	*p;
	size_t		 n;
};

struct param {
	struct slice	name, value;
	bool		has_value;
};

static int
bad(int *code, int value, struct err *err, const char *dsn, const char *text)
{
	*code = value;
	return err_set(err, ERR_DATA, dsn, "%s", text);
}

static void
skip(struct cursor *c, size_t n)
{
	c->p += n;
	c->n -= n;
}

static void
skip_blanks(struct cursor *c)
{
	while (c->n != 0 && text_is_blank(*c->p))
		skip(c, 1);
}

static bool
take_word(struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	if (c->n < n || !text_case_eq(c->p, n, word, n))
		return false;
	skip(c, n);
	return true;
}

/* The length of a path: to the ">" outside of quotes, or to a blank. */
static size_t
path_length(const struct cursor *c)
{
	bool bracket = c->n != 0 && *c->p == '<', quoted = false;

	for (size_t i = 0; i < c->n; i++) {
		if (quoted && c->p[i] == '\\')
			i++;
		else if (c->p[i] == '"')
			quoted = !quoted;
		else if (!quoted && bracket && c->p[i] == '>')
			return i + 1;
		else if (!quoted && !bracket && text_is_blank(c->p[i]))
			return i;
	}
	return c->n;
}

static int
take_path(struct cursor *c, char **addr, struct err *err)
{
	size_t n;

	skip_blanks(c);
	n = path_length(c);
	if (n == 0)
		return err_set(err, ERR_DATA, NULL, "there is no address");
	if (addr_parse(c->p, n, addr, err) == -1)
		return -1;
	skip(c, n);
	if (c->n == 0 || text_is_blank(*c->p))
		return 0;
	mem_free(*addr);
	*addr = NULL;
	return err_set(err, ERR_DATA, NULL, "something stands behind the "
	    "address");
}

static bool
take_param(struct cursor *c, struct param *out)
{
	const char *equals;
	size_t n = 0;

	skip_blanks(c);
	if (c->n == 0)
		return false;
	while (n < c->n && !text_is_blank(c->p[n]))
		n++;
	equals = memchr(c->p, '=', n);
	out->has_value = equals != NULL;
	out->name.p = c->p;
	out->name.n = equals != NULL ? (size_t)(equals - c->p) : n;
	out->value.p = equals != NULL ? equals + 1 : "";
	out->value.n = equals != NULL ? n - out->name.n - 1 : 0;
	skip(c, n);
	return true;
}

static int
set_size(const struct param *a, int64_t max, struct server_mail *m, int *code,
    struct err *err)
{
	if (!text_to_int(a->value.p, a->value.n, 0, INT64_MAX, &m->size))
		return bad(code, 501, err, "5.5.4", "SIZE is no number");
	if (max != 0 && m->size > max)
		return bad(code, 552, err, "5.3.4",
		    "the message is over the size limit");
	return 0;
}

static int
set_body(const struct param *a, int *code, struct err *err)
{
	/* What the body holds is seen in the body. */
	if (slice_case_eq(a->value, "7BIT") ||
	    slice_case_eq(a->value, "8BITMIME"))
		return 0;
	return bad(code, 501, err, "5.5.4", "BODY is 7BIT or 8BITMIME");
}

static int
set_ret(const struct param *a, struct server_mail *m, int *code,
    struct err *err)
{
	if (m->ret != RET_NONE)
		return bad(code, 501, err, "5.5.4", "RET stands twice");
	if (slice_case_eq(a->value, "FULL"))
		m->ret = RET_FULL;
	else if (slice_case_eq(a->value, "HDRS"))
		m->ret = RET_HDRS;
	else
		return bad(code, 501, err, "5.5.4", "RET is FULL or HDRS");
	return 0;
}

static bool
is_printable(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!text_is_print(b->p[i]))
			return false;
	return b->n != 0 && !b->over;
}

static int
set_envid(const struct param *a, struct server_mail *m, int *code,
    struct err *err)
{
	struct buf b;

	if (m->envid != NULL)
		return bad(code, 501, err, "5.5.4", "ENVID stands twice");
	buf_init(&b, SERVER_ENVID_MAX);
	if (a->value.n > SERVER_ENVID_MAX ||
	    !xtext_decode(&b, a->value.p, a->value.n) || !is_printable(&b)) {
		buf_free(&b);
		return bad(code, 501, err, "5.5.4",
		    "ENVID is xtext of at most 100 characters");
	}
	m->envid = buf_take(&b);
	return 0;
}

static int
set_mail(const struct param *a, int64_t size_max, struct server_mail *m,
    int *code, struct err *err)
{
	if (slice_case_eq(a->name, "SIZE"))
		return set_size(a, size_max, m, code, err);
	if (slice_case_eq(a->name, "BODY"))
		return set_body(a, code, err);
	if (slice_case_eq(a->name, "RET"))
		return set_ret(a, m, code, err);
	if (slice_case_eq(a->name, "ENVID"))
		return set_envid(a, m, code, err);
	if (slice_case_eq(a->name, "SMTPUTF8") && !a->has_value) {
		m->utf8 = true;
		return 0;
	}
	/* RFC 4954 5: who relays without AUTH may say so, to no effect */
	if (slice_case_eq(a->name, "AUTH"))
		return 0;
	return bad(code, 555, err, "5.5.4", "a parameter that is not known");
}

int
server_args_mail(const char *p, size_t n, int64_t size_max,
    struct server_mail *out, int *code, struct err *err)
{
	struct cursor c = { p, n };
	struct server_mail m = { 0 };
	struct param a;

	if (!take_word(&c, "FROM:"))
		return bad(code, 501, err, "5.5.4",
		    "syntax: MAIL FROM:<address>");
	if (take_path(&c, &m.sender, err) == -1) {
		*code = 553;
		(void)memcpy(err->dsn, "5.1.7", sizeof("5.1.7"));
		return -1;
	}
	while (take_param(&c, &a)) {
		if (set_mail(&a, size_max, &m, code, err) == -1) {
			server_mail_free(&m);
			return -1;
		}
	}
	if (!m.utf8 && !text_is_ascii(m.sender, strlen(m.sender))) {
		server_mail_free(&m);
		return bad(code, 553, err, "5.6.7",
		    "this address needs SMTPUTF8");
	}
	*out = m;
	return 0;
}

static int
set_notify(const struct param *a, struct server_rcpt *r, int *code,
    struct err *err)
{
	static const struct {
		const char	*word;
		unsigned	 bit;
	} words[] = {
		{ "NEVER", NOTIFY_NEVER }, { "SUCCESS", NOTIFY_SUCCESS },
		{ "FAILURE", NOTIFY_FAILURE }, { "DELAY", NOTIFY_DELAY },
	};
	const char *p = a->value.p, *end = p + a->value.n;
	unsigned bits = 0;
	bool known = r->notify == 0;

	while (known) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		struct slice word = { p, (size_t)((comma != NULL ? comma :
		    end) - p) };

		known = false;
		for (size_t i = 0; i < NELEM(words); i++) {
			if (slice_case_eq(word, words[i].word)) {
				bits |= words[i].bit;
				known = true;
			}
		}
		if (comma == NULL)
			break;
		p = comma + 1;
	}
	if (!known || ((bits & NOTIFY_NEVER) != 0 && bits != NOTIFY_NEVER))
		return bad(code, 501, err, "5.5.4", "NOTIFY is NEVER, or a "
		    "list of SUCCESS, FAILURE, DELAY");
	r->notify = bits;
	return 0;
}

static int
set_orcpt(const struct param *a, struct server_rcpt *r, int *code,
    struct err *err)
{
	static const char want[] = "ORCPT is a type, a semicolon and xtext";
	const char *semi = a->value.n != 0 ?
	    memchr(a->value.p, ';', a->value.n) : NULL;
	struct slice type;
	struct buf b;
	bool good;

	if (semi == NULL || semi == a->value.p || r->orcpt != NULL ||
	    a->value.n > SERVER_ORCPT_MAX)
		return bad(code, 501, err, "5.5.4", want);
	type.p = a->value.p;
	type.n = (size_t)(semi - type.p);
	for (size_t i = 0; i < type.n; i++)
		if (!text_is_alnum(type.p[i]) && type.p[i] != '-')
			return bad(code, 501, err, "5.5.4", want);
	buf_init(&b, SERVER_ORCPT_MAX);
	buf_add(&b, type.p, type.n + 1);
	semi++;
	good = slice_case_eq(type, "utf-8") ?
	    xtext_utf8_decode(&b, semi, a->value.n - type.n - 1) :
	    xtext_decode(&b, semi, a->value.n - type.n - 1);
	if (!good || b.over || b.n == type.n + 1 ||
	    !text_is_line(b.p, b.n)) {
		buf_free(&b);
		return bad(code, 501, err, "5.5.4", want);
	}
	r->orcpt = buf_take(&b);
	return 0;
}

static int
set_rcpt(const struct param *a, struct server_rcpt *r, int *code,
    struct err *err)
{
	if (slice_case_eq(a->name, "NOTIFY"))
		return set_notify(a, r, code, err);
	if (slice_case_eq(a->name, "ORCPT"))
		return set_orcpt(a, r, code, err);
	return bad(code, 555, err, "5.5.4", "a parameter that is not known");
}

int
server_args_rcpt(const char *p, size_t n, bool utf8, struct server_rcpt *out,
    int *code, struct err *err)
{
	struct cursor c = { p, n };
	struct server_rcpt r = { 0 };
	struct param a;

	if (!take_word(&c, "TO:"))
		return bad(code, 501, err, "5.5.4",
		    "syntax: RCPT TO:<address>");
	if (take_path(&c, &r.addr, err) == -1) {
		*code = 553;
		(void)memcpy(err->dsn, "5.1.3", sizeof("5.1.3"));
		return -1;
	}
	while (take_param(&c, &a)) {
		if (set_rcpt(&a, &r, code, err) == -1) {
			server_rcpt_free(&r);
			return -1;
		}
	}
	if (r.addr[0] == '\0') {
		server_rcpt_free(&r);
		return bad(code, 553, err, "5.1.3", "<> is no recipient");
	}
	if (!utf8 && !text_is_ascii(r.addr, strlen(r.addr))) {
		server_rcpt_free(&r);
		return bad(code, 553, err, "5.6.7",
		    "this address needs SMTPUTF8");
	}
	*out = r;
	return 0;
}

void
server_mail_free(struct server_mail *m)
{
	mem_free(m->sender);
	mem_free(m->envid);
	*m = (struct server_mail){ 0 };
}

void
server_rcpt_free(struct server_rcpt *r)
{
	mem_free(r->addr);
	mem_free(r->orcpt);
	*r = (struct server_rcpt){ 0 };
}
