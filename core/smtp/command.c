/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/idna.h"
#include "core/mail/xtext.h"
#include "core/smtp/command.h"

enum {
	AUTH_LINE_MAX = 12288,		/* bytes, RFC 4954 4 */
	SHOWN_MAX = 100,		/* bytes of an address in an error */
};

static bool
is_addr_type(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!text_is_alnum(p[i]) && p[i] != '-')
			return false;
	return n > 0;
}

/* " ORCPT=type;address", or nothing where that would be none. */
static void
add_orcpt(struct buf *b, const char *orcpt)
{
	const char *semi = strchr(orcpt, ';');
	struct buf v;

	if (semi == NULL || semi[1] == '\0' ||
	    !is_addr_type(orcpt, (size_t)(semi - orcpt)))
		return;
	buf_init(&v, SMTP_ORCPT_MAX);
	/* RFC 6533 3: the seven-bit form passes every server */
	if (xtext_orcpt(&v, orcpt, false) && !v.over)
		buf_addf(b, " ORCPT=%s", buf_str(&v));
	buf_free(&v);
}

static int
refuse(struct err *err, const char *dsn, const char *what, const char *addr)
{
	char shown[SHOWN_MAX];

	(void)text_clean_to(shown, sizeof(shown), addr, strlen(addr));
	return err_set(err, ERR_PERM, dsn, "address '%s': %s", shown, what);
}

/*
 * Is addr one path, for anyone who reads the line? Inside quotes everything
 * printable stands for itself; outside, a blank or an angle would end it.
 */
static bool
is_path(const char *addr)
{
	bool quoted = false;
	size_t i;

	for (i = 0; addr[i] != '\0'; i++) {
		if (quoted && addr[i] == '\\') {
			if (addr[++i] == '\0')
				return false;
		} else if (addr[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && strchr(" <>", addr[i]) != NULL) {
			return false;
		}
	}
	return !quoted;
}

/* A relay without SMTPUTF8 gets a domain as A-labels; nothing can stand for
 * a local part. */
static int
add_ascii_path(struct buf *b, const char *addr, struct err *err)
{
	char *ascii;

	if (addr_utf8_local(addr))
		return refuse(err, "5.6.7", "the relay does not offer "
		    "SMTPUTF8", addr);
	if (idna_addr(addr, &ascii, err) == -1)
		return -1;
	buf_addf(b, "<%s>", ascii);
	mem_free(ascii);
	return 0;
}

static int
add_path(struct buf *b, const char *addr, bool utf8, const char *dsn,
    struct err *err)
{
	size_t n = strlen(addr);

	if (n + 2 > SMTP_PATH_MAX)
		return refuse(err, dsn, "too long", addr);
	if (!text_is_line(addr, n) || !is_path(addr))
		return refuse(err, dsn, "not fit for SMTP", addr);
	if (!text_is_utf8(addr, n))
		return refuse(err, dsn, "not UTF-8", addr);
	if (!utf8 && !text_is_ascii(addr, n))
		return add_ascii_path(b, addr, err);
	buf_addf(b, "<%s>", addr);
	return 0;
}

/* Ends the line that began at start, or takes it back. */
static int
finish_line(struct buf *b, size_t start, struct err *err)
{
	buf_adds(b, "\r\n");
	if (!b->over)
		return 0;
	buf_cut(b, start);
	return err_set(err, ERR_TEMP, "4.3.0", "command does not fit");
}

int
smtp_command_hello(struct buf *b, const char *verb, const char *helo,
    struct err *err)
{
	size_t start = b->n, n = strlen(helo);

	if (n == 0 || n > SMTP_PATH_MAX || !text_is_line(helo, n) ||
	    !text_is_ascii(helo, n) || strchr(helo, ' ') != NULL)
		return err_set(err, ERR_CONF, "4.3.5",
		    "our own name for %s is not fit for SMTP", verb);
	buf_addf(b, "%s %s", verb, helo);
	return finish_line(b, start, err);
}

int
smtp_command_mail(struct buf *b, const struct smtp_mail *m, struct err *err)
{
	struct buf envid;
	size_t start = b->n;

	buf_adds(b, "MAIL FROM:");
	if (add_path(b, m->sender, m->utf8, "5.1.7", err) == -1) {
		buf_cut(b, start);
		return -1;
	}
	if (m->size >= 0)
		buf_addf(b, " SIZE=%lld", (long long)m->size);
	if (m->body_8bit)
		buf_adds(b, " BODY=8BITMIME");
	if (m->utf8)
		buf_adds(b, " SMTPUTF8");
	if (m->ret != RET_NONE)
		buf_adds(b, m->ret == RET_FULL ? " RET=FULL" : " RET=HDRS");
	if (m->envid != NULL && m->envid[0] != '\0') {
		buf_init(&envid, SMTP_ENVID_MAX);
		xtext_encode(&envid, m->envid, strlen(m->envid));
		if (!envid.over)
			buf_addf(b, " ENVID=%s", buf_str(&envid));
		buf_free(&envid);
	}
	return finish_line(b, start, err);
}

static void
add_notify(struct buf *b, unsigned notify)
{
	static const struct {
		enum envelope_notify	 bit;
		const char		*word;
	} words[] = {
		{ NOTIFY_SUCCESS, "SUCCESS" }, { NOTIFY_FAILURE, "FAILURE" },
		{ NOTIFY_DELAY, "DELAY" },
	};
	const char *comma = "";
	size_t i;

	/* NEVER stands alone (RFC 3461 4.1), and wins. */
	if (notify & NOTIFY_NEVER) {
		buf_adds(b, " NOTIFY=NEVER");
		return;
	}
	if ((notify & (NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY)) == 0)
		return;
	buf_adds(b, " NOTIFY=");
	for (i = 0; i < NELEM(words); i++) {
		if ((notify & words[i].bit) == 0)
			continue;
		buf_addf(b, "%s%s", comma, words[i].word);
		comma = ",";
	}
}

int
smtp_command_rcpt(struct buf *b, const struct smtp_rcpt *r, struct err *err)
{
	size_t start = b->n;

	if (r->addr[0] == '\0')
		return refuse(err, "5.1.3", "empty", r->addr);
	buf_adds(b, "RCPT TO:");
	if (add_path(b, r->addr, r->utf8, "5.1.3", err) == -1) {
		buf_cut(b, start);
		return -1;
	}
	add_notify(b, r->notify);
	if (r->orcpt != NULL)
		add_orcpt(b, r->orcpt);
	return finish_line(b, start, err);
}

int
smtp_command_auth(struct buf *b, const char *mech, const char *initial,
    struct err *err)
{
	size_t start = b->n;

	if (!text_is_line(mech, strlen(mech)) ||
	    !text_is_line(initial, strlen(initial)))
		return err_set(err, ERR_TEMP, "4.7.0",
		    "mechanism is not fit for SMTP");
	/* A credential is never cut; 4 says what to do without room for it. */
	if (strlen(mech) + strlen(initial) + 8 > AUTH_LINE_MAX)
		return err_set(err, ERR_TEMP, "4.7.0",
		    "initial response is too long");
	buf_adds(b, "AUTH ");
	buf_adds(b, mech);
	if (initial[0] != '\0') {
		buf_addc(b, ' ');
		buf_adds(b, initial);
	}
	return finish_line(b, start, err);
}
