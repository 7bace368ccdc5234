/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/compat.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/date.h"
#include "core/mail/dsn_text.h"

enum {
	PARAGRAPH_MAX = 4096,
};

/* By subject and detail of the status; the first that fits. */
static const struct {
	const char	*status;	/* its rest; any below an open "." */
	const char	*advice;
} advices[] = {
	{ ".1.1", "Check the address for typing errors: the server does not "
	    "know this mailbox." },
	{ ".1.2", "Check the part behind the @: there is no such domain." },
	{ ".1.8", "The server does not accept the sender's address. Ask your "
	    "administrator to set a sender that exists." },
	{ ".1.7", "The server does not accept the sender's address. Ask your "
	    "administrator to set a sender that exists." },
	{ ".1.", "Check the address." },
	{ ".2.1", "The mailbox is closed. Try to reach the recipient in "
	    "another way." },
	{ ".2.2", "The mailbox is full. Tell the recipient in another way, "
	    "and send the message again later." },
	{ ".2.3", "The message is too large. Send it in smaller parts." },
	{ ".3.4", "The message is too large. Send it in smaller parts." },
	{ ".4.7", "Send the message again if it still matters, and tell your "
	    "administrator: \"sendoff check --relay\" shows where it fails." },
	{ ".4.6", "The addresses lead in a circle. Tell your administrator." },
	{ ".6.7", "The relay takes no addresses beyond ASCII. Use another "
	    "address of the recipient." },
	{ ".6.", "The relay cannot carry this kind of content. Send it in "
	    "another form, as an attachment for example." },
	{ ".7.", "The server refused the message by its own rules. Its "
	    "administrator (postmaster at the recipient's domain) can say "
	    "why." },
	{ "", "Ask your administrator, and show this report." },
};

static const struct {
	enum dsn_action	 action;
	const char	*head;
} sections[] = {
	{ DSN_FAILED, "The message could not be delivered to:" },
	{ DSN_DELAYED, "The message has not been delivered yet to:" },
	{ DSN_DELIVERED, "The message was delivered to:" },
	{ DSN_RELAYED, "The message was accepted by a relay that will send "
	    "no further report, for:" },
	{ DSN_EXPANDED, "The message was accepted for the members of a list, "
	    "without further reports, at:" },
};

const char *
dsn_advice(const char *status)
{
	size_t i, n;

	for (i = 0; i + 1 < NELEM(advices); i++) {
		n = strlen(advices[i].status);
		if (status[0] == '\0' ||
		    strncmp(status + 1, advices[i].status, n) != 0)
			continue;
		/* ".1.1" is not ".1.10" */
		if (advices[i].status[n - 1] == '.' || status[1 + n] == '\0')
			return advices[i].advice;
	}
	return advices[i].advice;
}

static void
add_paragraph(struct buf *b, const char *indent, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static void
add_paragraph(struct buf *b, const char *indent, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, PARAGRAPH_MAX);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	part_wrap(b, indent, buf_str(&text), text.n);
	buf_free(&text);
}

static void
add_date(struct buf *b, const struct dsn *d, int64_t sec)
{
	date_add(b, sec * 1000000, d->zone_min);
}

static void
add_rcpt(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	const char *orig = r->rcpt->orig;
	struct buf date;

	buf_addf(b, "\r\n  <%s>", r->rcpt->addr);
	if (orig != NULL && !addr_eq(orig, r->rcpt->addr))
		buf_addf(b, " (you wrote: %s)", orig);
	buf_adds(b, "\r\n");
	if (r->action == DSN_FAILED && r->outcome->verdict == OUTCOME_EXPIRED)
		add_paragraph(b, "    ", "It was tried for as long as "
		    "messages are kept. The last attempt:");
	if (r->outcome->code != 0 && r->outcome->relay[0] != '\0')
		add_paragraph(b, "    ", "%s said: %s", r->outcome->relay,
		    r->outcome->text);
	else if (r->outcome->text[0] != '\0')
		add_paragraph(b, "    ", "%s", r->outcome->text);
	if (r->action == DSN_FAILED)
		add_paragraph(b, "    ", "%s", dsn_advice(r->outcome->dsn));
	if (r->action != DSN_DELAYED || r->retry_until_sec == 0)
		return;
	buf_init(&date, DATE_SIZE);
	add_date(&date, d, r->retry_until_sec);
	add_paragraph(b, "    ", "It is tried again until %s; there is no need "
	    "to send it again.", buf_str(&date));
	buf_free(&date);
}

static void
add_section(struct buf *b, const struct dsn *d, size_t section)
{
	size_t i;
	bool first = true;

	for (i = 0; i < d->nrcpts; i++) {
		if (d->rcpts[i].action != sections[section].action)
			continue;
		if (first) {
			buf_adds(b, "\r\n");
			add_paragraph(b, "", "%s", sections[section].head);
		}
		first = false;
		add_rcpt(b, d, &d->rcpts[i]);
	}
}

void
dsn_text(const struct dsn *d, struct buf *b)
{
	size_t i;

	/* An owner-NAME or a postmaster did not write what is returned. */
	if (addr_eq(d->to, d->env->sender))
		add_paragraph(b, "", "This is the mail system at %s. It "
		    "reports on the message that it took from you on:",
		    d->hostname);
	else
		add_paragraph(b, "", "This is the mail system at %s. It "
		    "reports on a message from <%s> that it took on:",
		    d->hostname, d->env->sender);
	buf_adds(b, "\r\n  ");
	add_date(b, d, d->env->arrival_us / 1000000);
	buf_addf(b, d->env->id[0] != '\0' ? " (%s)\r\n" : "\r\n",
	    d->env->id);
	for (i = 0; i < NELEM(sections); i++)
		add_section(b, d, i);
	buf_addf(b, "\r\n%s\r\n", d->full ? "The message follows." :
	    "The header of the message follows.");
}
