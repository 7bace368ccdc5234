/* SPDX-License-Identifier: ISC */
/*
 * submit_added - the fields that we add, and the addresses in them.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/date.h"
#include "core/mail/rewrite.h"
#include "core/mail/submit_part.h"
#include "core/mail/word.h"

enum {
	LINE_MAX = 76,			/* RFC 2047 2: with an encoded word */
	LOGIN_MAX = 64,			/* bytes of it in a warning */
	TOKEN_MAX = 255,
};

static void
add_quoted(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *s);
	}
	buf_addc(b, '"');
}

/* The caller's own address, by his name ("AD\joe" is one) or his uid. */
static char *
own_addr(const struct submit_facts *facts)
{
	const char *login = facts->login;
	struct buf b;
	char *bare, *whole;

	buf_init(&b, 2 * ADDR_MAX);
	if (login != NULL && login[0] != '\0') {
		if (addr_judge(login, strlen(login), true) == NULL)
			buf_adds(&b, login);
		else
			add_quoted(&b, login);
	}
	if (b.n == 0 || b.over || addr_judge(b.p, b.n, true) != NULL) {
		buf_reset(&b);
		buf_addf(&b, "%lu", (unsigned long)facts->uid);
	}
	bare = buf_take(&b);
	whole = addr_complete(bare, facts->conf->domain);
	mem_free(bare);
	return whole;
}

/* Who sends, before rewriting; "" is <>. */
static char *
given_sender(const struct submit_facts *facts)
{
	if (facts->sender == NULL)
		return own_addr(facts);
	return addr_complete(facts->sender, facts->conf->domain);
}

char *
submit_sender(const struct submit_facts *facts)
{
	char *given = given_sender(facts), *now;

	if (given[0] != '\0' && facts->conf->sender != NULL)
		now = mem_str(facts->conf->sender);
	else
		now = rewrite_addr(facts->conf, given);
	mem_free(given);
	return now;
}

/* The address that an added From carries; allocated. */
static char *
from_address(const struct submit_facts *facts)
{
	char *given, *now;

	if (facts->conf->from != NULL)
		return mem_str(facts->conf->from);
	given = given_sender(facts);
	if (given[0] == '\0') {
		mem_free(given);
		given = addr_complete("MAILER-DAEMON", facts->conf->domain);
	}
	now = rewrite_addr(facts->conf, given);
	mem_free(given);
	return now;
}

/* A word that somebody else chose, if nothing in it can confuse a reader. */
static const char *
token(const char *s)
{
	size_t i, n = strlen(s);

	for (i = 0; i < n; i++)
		if (!text_is_alnum(s[i]) && strchr("-._:[]", s[i]) == NULL)
			return "unknown";
	return n > 0 && n <= TOKEN_MAX ? s : "unknown";
}

void
submit_add_received(struct buf *b, const struct submit_facts *facts)
{
	buf_adds(b, "Received: ");
	if (facts->peer != NULL)
		buf_addf(b, "from %s\r\n\t", token(facts->peer));
	buf_addf(b, "by %s (sendoff, from userid %lu)", facts->conf->hostname,
	    (unsigned long)facts->uid);
	if (facts->with != NULL)
		buf_addf(b, " with %s", token(facts->with));
	buf_addf(b, "\r\n\tid %s; ", facts->id);
	date_add(b, facts->now_us, facts->zone_min);
	buf_adds(b, "\r\n");
}

void
submit_add_warning(struct buf *b, const struct submit_facts *facts)
{
	buf_addf(b, "X-Authentication-Warning: %s: ", facts->conf->hostname);
	if (facts->login != NULL)
		text_clean(b, facts->login, strlen(facts->login), LOGIN_MAX);
	else
		buf_addf(b, "uid %lu", (unsigned long)facts->uid);
	buf_addf(b, " set sender to\r\n\t%s using -f\r\n",
	    facts->sender[0] != '\0' ? facts->sender : "<>");
}

void
submit_add_date(struct buf *b, const struct submit_facts *facts,
    const char *prefix)
{
	buf_addf(b, "%sDate: ", prefix);
	date_add(b, facts->now_us, facts->zone_min);
	buf_adds(b, "\r\n");
}

void
submit_add_from(struct buf *b, const struct submit_facts *facts,
    const char *prefix)
{
	size_t start = b->n, lf = 0, before;
	const char *p;
	char *from = from_address(facts);
	bool null = facts->sender != NULL && facts->sender[0] == '\0';

	buf_addf(b, "%sFrom: ", prefix);
	before = b->n;
	if (facts->full_name != NULL && !null)
		word_phrase(b, facts->full_name, strlen(facts->full_name),
		    b->n - start);
	if (b->n == before) {
		buf_addf(b, "%s\r\n", from);
	} else {
		p = memrchr(b->p + start, '\n', b->n - start);
		if (p != NULL)
			lf = (size_t)(p - b->p) + 1 - start;
		buf_addf(b, "%s <%s>\r\n", b->n - start - lf + strlen(from) +
		    3 > LINE_MAX ? "\r\n" : "", from);
	}
	mem_free(from);
}

void
submit_add_message_id(struct buf *b, const struct submit_facts *facts,
    const char *prefix)
{
	buf_addf(b, "%sMessage-ID: <%s%s@%s>\r\n", prefix, facts->id,
	    prefix[0] != '\0' ? ".resent" : "", facts->conf->hostname);
}
