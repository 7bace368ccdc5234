/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/compat.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/date.h"
#include "core/mail/fold.h"
#include "core/mail/header.h"
#include "core/mail/mdn.h"
#include "core/mail/part.h"
#include "core/mail/word.h"

enum {
	TEXT_MAX = 16 * 1024,
	HEADER_MAX = 64 * 1024 * 1024,	/* the caller's limit is lower */
};

static const struct {
	const char	*word;		/* as the caller says it */
	const char	*written;	/* type and modifier of RFC 8098 */
	const char	*subject;
	const char	*text;		/* behind "The message ..." */
} types[] = {
	[MDN_DISPLAYED] = { "displayed", "displayed", "Read: ",
	    "was displayed. This is no promise that it was read or "
	    "understood." },
	[MDN_DELETED] = { "deleted", "deleted", "Deleted: ",
	    "was deleted. Whether it was seen before is not known." },
	[MDN_DISPATCHED] = { "dispatched", "dispatched", "Dispatched: ",
	    "was sent on: printed, faxed or forwarded. It was not "
	    "necessarily displayed before." },
	[MDN_PROCESSED] = { "processed", "processed", "Processed: ",
	    "was processed without being displayed." },
	[MDN_DENIED] = { "denied", "processed/denied", "Denied: ",
	    "arrived. The recipient does not want to say what became of it." },
	[MDN_FAILED] = { "failed", "processed/error", "Failed: ",
	    "arrived. A failure kept a proper notification from being made." },
};

bool
mdn_type_parse(const char *word, enum mdn_type *type)
{
	size_t i;

	for (i = 0; i < NELEM(types); i++) {
		if (text_str_case_eq(word, types[i].word)) {
			*type = (enum mdn_type)i;
			return true;
		}
	}
	return false;
}

bool
mdn_utf8(const struct mdn *m, const char *to)
{
	return !text_is_ascii(to, strlen(to)) ||
	    !text_is_ascii(m->recipient, strlen(m->recipient));
}

/* Says nothing to the sender that he does not know: how the message came
 * to its recipient is the recipient's affair. */
static bool
is_private(const struct header_field *f)
{
	static const char *const names[] = { "Received", "Return-Path",
		"Delivered-To", "X-Original-To", "Authentication-Results" };

	return header_is_any(f, names, NELEM(names));
}

static void
copy_header(struct slice header, struct buf *out)
{
	struct header_field f;
	size_t pos = 0, start;

	while (header_next(header.p, header.n, &pos, &f)) {
		start = out->n;
		if (f.name.n == 0 || is_private(&f))
			continue;
		/* What cannot be folded is left out rather than cut. */
		if (!fold_add(out, f.raw.p, f.raw.n))
			buf_cut(out, start);
	}
}

static void
add_subject(const struct mdn *m, const struct mdn_request *r, struct buf *out)
{
	struct buf s;

	buf_init(&s, TEXT_MAX);
	buf_adds(&s, types[m->type].subject);
	if (r->subject != NULL)
		buf_adds(&s, r->subject);
	buf_adds(out, "Subject: ");
	word_text(out, buf_str(&s), s.n, strlen("Subject: "));
	buf_adds(out, "\r\n");
	buf_free(&s);
}

static void
add_header(const struct mdn *m, const struct mdn_request *r, const char *to,
    const char *boundary, bool is_8bit, struct buf *out)
{
	buf_addf(out, "From: %s\r\nTo: %s\r\n", m->recipient, to);
	add_subject(m, r, out);
	buf_adds(out, "Date: ");
	date_add(out, m->now_us, m->zone_min);
	buf_addf(out, "\r\nMessage-ID: <%s@%s>\r\n", m->id, m->hostname);
	if (r->message_id != NULL)
		buf_addf(out, "In-Reply-To: %s\r\nReferences: %s\r\n",
		    r->message_id, r->message_id);
	if (m->automatic_sent)
		buf_adds(out, "Auto-Submitted: auto-replied\r\n");
	buf_addf(out, "MIME-Version: 1.0\r\nContent-Type: multipart/report; "
	    "report-type=disposition-notification;\r\n\tboundary=\"%s\"\r\n",
	    boundary);
	if (is_8bit)
		buf_adds(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_adds(out, "\r\nThis is a report in MIME format.\r\n");
}

static void
add_text(const struct mdn *m, const struct mdn_request *r, struct buf *out)
{
	struct buf text, s;

	buf_init(&text, TEXT_MAX);
	buf_init(&s, TEXT_MAX);
	buf_addf(&s, "The message that you sent to %s", m->recipient);
	if (r->date != NULL) {
		buf_adds(&s, " on ");
		text_clean(&s, r->date, strlen(r->date), 100);
	}
	if (r->subject != NULL) {
		buf_adds(&s, " with the subject \"");
		text_clean(&s, r->subject, strlen(r->subject), 500);
		buf_addc(&s, '"');
	}
	buf_addf(&s, " %s", types[m->type].text);
	part_wrap(&text, "", buf_str(&s), s.n);
	if (m->error != NULL) {
		buf_reset(&s);
		text_clean(&s, m->error, strlen(m->error), TEXT_MAX / 2);
		buf_adds(&text, "\r\n");
		part_wrap(&text, "", buf_str(&s), s.n);
	}
	part_text(out, &text);
	buf_free(&text);
	buf_free(&s);
}

static void
add_disposition(const struct mdn *m, struct buf *out)
{
	const char *modifier = "";

	if (m->error != NULL && m->type != MDN_FAILED)
		modifier = strchr(types[m->type].written, '/') != NULL ?
		    ",error" : "/error";
	buf_addf(out, "Disposition: %s/%s; %s%s\r\n",
	    m->automatic_action ? "automatic-action" : "manual-action",
	    m->automatic_sent ? "MDN-sent-automatically" :
	    "MDN-sent-manually", types[m->type].written, modifier);
}

static void
add_fields(const struct mdn *m, const struct mdn_request *r, bool utf8,
    struct buf *out)
{
	part_fieldf(out, "Reporting-UA", utf8, "%s; sendoff", m->hostname);
	if (r->orig_rcpt != NULL && strchr(r->orig_rcpt, ';') != NULL)
		part_typed(out, "Original-Recipient", r->orig_rcpt, utf8);
	part_address(out, "Final-Recipient", NULL, m->recipient, utf8);
	if (r->message_id != NULL)
		buf_addf(out, "Original-Message-ID: %s\r\n", r->message_id);
	add_disposition(m, out);
	if (m->error != NULL)
		part_field(out, "Error", m->error, utf8);
	else if (m->type == MDN_FAILED)
		part_field(out, "Error", "no proper notification could be made",
		    utf8);
	if (m->warning != NULL)
		part_field(out, "Warning", m->warning, utf8);
}

void
mdn_write(const struct mdn *m, const struct mdn_request *r, const char *to,
    struct slice header, struct buf *out)
{
	char boundary[PART_BOUNDARY_SIZE];
	struct buf original;
	bool utf8 = mdn_utf8(m, to), is_8bit;

	buf_init(&original, HEADER_MAX);
	copy_header(header, &original);
	is_8bit = !text_is_ascii(buf_str(&original), original.n);
	part_boundary(boundary);
	add_header(m, r, to, boundary, is_8bit || utf8, out);
	part_delimit(out, boundary);
	add_text(m, r, out);
	part_delimit(out, boundary);
	buf_addf(out, "Content-Type: message/%sdisposition-notification\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n", utf8 ? "global-" : "",
	    utf8 ? "8bit" : "7bit");
	add_fields(m, r, utf8, out);
	part_delimit(out, boundary);
	buf_addf(out, "Content-Type: %s\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    is_8bit && utf8 ? "message/global-headers" :
	    "text/rfc822-headers", is_8bit ? "8bit" : "7bit");
	buf_add(out, buf_str(&original), original.n);
	buf_addf(out, "\r\n--%s--\r\n", boundary);
	buf_free(&original);
}
