/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/dot.h"
#include "tests/dialog/case.h"

enum {
	TEXT_MAX = 1 << 20,		/* bytes of a message */
};

static const char short_text[] = "Subject: t\r\n\r\nhello\r\n.dot\r\n";
static const char *file;
static int line_number;

static _Noreturn void
die(const char *what, const char *text)
{
	(void)fprintf(stderr, "%s:%d: %s: %s\n", file, line_number, what,
	    text);
	exit(2);
}

static void
copy_to(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n >= size)
		die("too long", text);
	memcpy(out, text, n + 1);
}

/* Cuts the first word off *p. */
static char *
word(char **p)
{
	char *w = *p + strspn(*p, " ");
	size_t n = strcspn(w, " ");

	*p = w[n] != '\0' ? w + n + 1 : w + n;
	w[n] = '\0';
	return w;
}

static int64_t
number(const char *s)
{
	int64_t v;

	if (!text_to_int(s, strlen(s), 0, INT32_MAX, &v))
		die("no number", s);
	return v;
}

static void
read_conf(struct test_case *c, char *p)
{
	struct conf_relay *r = &c->relay;
	char *key, *value;

	while (*p != '\0') {
		key = word(&p);
		value = strchr(key, '=');
		if (value == NULL)
			die("no value", key);
		*value++ = '\0';
		if (strcmp(key, "tls") == 0)
			r->tls = strcmp(value, "starttls") == 0 ?
			    CONF_TLS_STARTTLS : strcmp(value, "implicit") == 0 ?
			    CONF_TLS_IMPLICIT : strcmp(value, "none") == 0 ?
			    CONF_TLS_NONE : CONF_TLS_OPPORTUNISTIC;
		else if (strcmp(key, "user") == 0)
			r->user = mem_str(value);
		else if (strcmp(key, "password") == 0)
			r->password = mem_str(value);
		else if (strcmp(key, "plaintext") == 0)
			r->allow_plaintext_auth = true;
		else if (strcmp(key, "verify") == 0)
			r->tls_verify = CONF_VERIFY_NO;
		else if (strcmp(key, "rcpts") == 0)
			r->recipients_per_transaction = number(value);
		else if (strcmp(key, "mails") == 0)
			r->messages_per_connection = number(value);
		else if (strcmp(key, "ehlo") == 0)
			c->skip_ehlo = strcmp(value, "no") == 0;
		else if (strcmp(key, "auth") == 0 && strcmp(value, "off") == 0)
			r->auth = CONF_AUTH_OFF;
		else
			die("no such key", key);
	}
}

static void
read_mail(struct test_case *c, char *p)
{
	struct test_mail *m = &c->mails[c->nmails++];
	struct envelope_rcpt *r = NULL;
	char *w = word(&p);
	size_t i, n = strlen(w);
	unsigned notify = 0;

	if (c->nmails > CASE_MAILS_MAX || n < 2 || w[0] != '<')
		die("mail", w);
	w[n - 1] = '\0';
	envelope_init(&m->env);
	mem_free(m->env.sender);
	m->env.sender = mem_str(w + 1);
	while (*p != '\0') {
		w = word(&p);
		if (strncmp(w, "owner=", 6) == 0 && r != NULL)
			r->sender = mem_str(w + 6);
		else if (strncmp(w, "orcpt=", 6) == 0 && r != NULL)
			r->orcpt = mem_str(w + 6);
		else if (strchr(w, '@') != NULL)
			r = envelope_add_rcpt(&m->env, w);
		else if (strcmp(w, "8bit") == 0)
			m->env.flags |= ENVELOPE_8BIT_BODY;
		else if (strcmp(w, "8bit-header") == 0)
			m->env.flags |= ENVELOPE_8BIT_HEADER;
		else if (strcmp(w, "utf8") == 0)
			m->env.flags |= ENVELOPE_SMTPUTF8;
		else if (strcmp(w, "hdrs") == 0)
			m->env.ret = RET_HDRS;
		else if (strcmp(w, "full") == 0)
			m->env.ret = RET_FULL;
		else if (strcmp(w, "torn") == 0)
			m->torn = true;
		else if (strncmp(w, "envid=", 6) == 0)
			m->env.envid = mem_str(w + 6);
		else if (strncmp(w, "notify=", 7) == 0)
			notify = (unsigned)number(w + 7);
		else
			die("mail", w);
	}
	for (i = 0; i < m->env.nrcpts; i++)
		m->env.rcpts[i].notify = notify;
}

static void
make_text(struct test_case *c, int64_t size)
{
	buf_reset(&c->text);
	while ((int64_t)c->text.n < size)
		buf_adds(&c->text, "........................................"
		    "0123456789012345678901234567890123456\r\n");
	if (size > 0)
		buf_cut(&c->text, (size_t)size);
	else
		buf_adds(&c->text, short_text);
}

static void
add_body(struct test_case *c, bool dot)
{
	enum smtp_dot state = SMTP_DOT_LINE;
	struct buf b;

	buf_init(&b, 3 * TEXT_MAX);
	smtp_dot_feed(&state, c->text.p, c->text.n, &b);
	if (dot)
		smtp_dot_finish(&state, &b);
	/* The script compares without the last CRLF. */
	script_add(&c->events, EVENT_C, b.p, b.n - 2, line_number);
	buf_free(&b);
}

static void
add_c(struct test_case *c, const char *p)
{
	if (strcmp(p, "@body") == 0)
		add_body(c, true);
	else if (strcmp(p, "@text") == 0)
		add_body(c, false);
	else if (strcmp(p, "@raw") == 0)
		script_add(&c->events, EVENT_C, c->text.p, c->text.n - 2,
		    line_number);
	else if (strcmp(p, "@some") == 0)
		script_add(&c->events, EVENT_SOME, p, strlen(p), line_number);
	else
		script_add(&c->events, EVENT_C, p, strlen(p), line_number);
}

static void
add_s(struct test_case *c, const char *p, bool raw)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	for (; *p != '\0'; p++) {
		if (!raw || *p != '\\') {
			buf_addc(&b, *p);
		} else if (p[1] == 'x' && text_is_hex(p[2]) &&
		    text_is_hex(p[3])) {
			buf_addc(&b, (char)(text_hex_value(p[2]) << 4 |
			    text_hex_value(p[3])));
			p += 3;
		} else {
			p++;
			buf_addc(&b, *p == 'r' ? '\r' : *p == 'n' ? '\n' :
			    *p == '0' ? '\0' : *p);
		}
	}
	if (!raw)
		buf_adds(&b, "\r\n");
	script_add(&c->events, EVENT_S, buf_str(&b), b.n, line_number);
	buf_free(&b);
}

static void
read_out(struct test_case *c, char *p)
{
	struct test_out *o = &c->outs[c->nouts++];

	if (c->nouts > CASE_OUTS_MAX)
		die("too many", "out");
	copy_to(o->addr, sizeof(o->addr), word(&p));
	copy_to(o->verdict, sizeof(o->verdict), word(&p));
	copy_to(o->dsn, sizeof(o->dsn), word(&p));
	copy_to(o->text, sizeof(o->text), p);
}

static bool
add_bare(struct test_case *c, const char *p)
{
	static const struct { const char *text; enum event_kind kind; } bare[] =
	{
		{ "S close", EVENT_CLOSE }, { "S reset", EVENT_RESET },
		{ "S timeout", EVENT_TIMEOUT }, { "W fail", EVENT_W_FAIL },
		{ "T ok", EVENT_T_OK }, { "T unverified", EVENT_T_UNVERIFIED },
		{ "T fail", EVENT_T_FAIL },
	};
	size_t i;

	for (i = 0; i < NELEM(bare); i++) {
		if (strcmp(p, bare[i].text) != 0)
			continue;
		script_add(&c->events, bare[i].kind, p, strlen(p),
		    line_number);
		return true;
	}
	return false;
}

static bool
begins(const char *p, const char *with)
{
	return strncmp(p, with, strlen(with)) == 0;
}

static void
read_line(struct test_case *c, char *p)
{
	if (begins(p, "conf: ")) {
		read_conf(c, p + 6);
	} else if (begins(p, "caps:")) {
		c->caps = mem_str(p + 5 + strspn(p + 5, " "));
	} else if (begins(p, "size: ")) {
		make_text(c, number(p + 6));
	} else if (begins(p, "mail: ")) {
		read_mail(c, p + 6);
	} else if (begins(p, "C: ")) {
		add_c(c, p + 3);
	} else if (strcmp(p, "C:") == 0) {
		add_c(c, "");
	} else if (begins(p, "S: ")) {
		add_s(c, p + 3, false);
	} else if (begins(p, "S= ")) {
		add_s(c, p + 3, true);
	} else if (begins(p, "end: ")) {
		copy_to(c->end, sizeof(c->end), p + 5);
	} else if (begins(p, "out: ")) {
		read_out(c, p + 5);
	} else if (!add_bare(c, p)) {
		die("not understood", p);
	}
}

static void
begin_case(struct test_case *c, const char *name)
{
	memset(c, 0, sizeof(*c));
	copy_to(c->name, sizeof(c->name), name);
	c->relay.helo = mem_str("client");
	c->relay.timeout_sec = 1;
	c->relay.timeout_set = true;
	buf_init(&c->text, TEXT_MAX);
	make_text(c, 0);
}

size_t
cases_read(const char *path, struct test_case **cases)
{
	char line[4096];
	FILE *f = fopen(path, "re");
	size_t n = 0;

	file = path;
	line_number = 0;
	*cases = NULL;
	if (f == NULL)
		die("cannot be opened", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		line_number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (begins(line, "== ")) {
			if (n > 0 && (*cases)[n - 1].end[0] == '\0')
				die("no end before", line);
			*cases = mem_array(*cases, n + 1, sizeof(**cases));
			begin_case(&(*cases)[n++], line + 3);
		} else if (n == 0) {
			die("no case before", line);
		} else {
			read_line(&(*cases)[n - 1], line);
		}
	}
	(void)fclose(f);
	if (n > 0 && (*cases)[n - 1].end[0] == '\0')
		die("no end", path);
	return n;
}

void
cases_free(struct test_case *cases, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		struct test_case *c = &cases[i];

		mem_free(c->relay.helo);
		mem_free(c->relay.user);
		mem_free(c->relay.password);
		mem_free(c->caps);
		buf_free(&c->text);
		for (k = 0; k < c->nmails; k++)
			envelope_free(&c->mails[k].env);
		script_free(&c->events);
	}
	mem_free(cases);
}
