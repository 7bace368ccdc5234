/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/header.h"
#include "core/mail/mdn.h"
#include "core/mail/media.h"
#include "core/mail/word.h"

enum {
	VALUE_MAX = 998,		/* bytes of a field that we repeat */
};

/* The only or first field of that name, unfolded; NULL: none, or too long. */
static char *
take_field(struct slice header, const char *name)
{
	struct header_field f;
	struct buf b;
	char *value = NULL;

	if (!header_find(header.p, header.n, name, &f))
		return NULL;
	buf_init(&b, VALUE_MAX);
	header_unfold(&f, &b);
	if (!b.over && memchr(buf_str(&b), '\0', b.n) == NULL)
		value = buf_take(&b);
	buf_free(&b);
	return value;
}

static bool
has(const struct mdn_request *r, const char *addr)
{
	size_t i;

	for (i = 0; i < r->nto; i++)
		if (addr_eq(r->to[i], addr))
			return true;
	return false;
}

/* Why nobody can be told at this address; NULL: he can. */
static const char *
judge_item(const struct addr_item *item)
{
	if (item->addr == NULL)
		return "an address that cannot be read";
	if (item->in_group)
		return "a group";
	if (addr_judge(item->addr, strlen(item->addr), false) != NULL)
		return "an address without a domain";
	/* What an alias file would take for a command, a file, a list. */
	if (strchr("|/:", item->addr[item->addr[0] == '"']) != NULL)
		return "a command or file instead of an address";
	return NULL;
}

static void
take_to(struct mdn_request *r, const struct header_field *f)
{
	struct addr_list l;
	size_t i;

	r->fields++;
	addr_list_parse(&l, f->body.p, f->body.n);
	if (l.n == 0)
		r->unclear = "no address";
	for (i = 0; i < l.n && r->unclear == NULL; i++) {
		r->unclear = judge_item(&l.v[i]);
		if (r->unclear != NULL || has(r, l.v[i].addr))
			continue;
		if (r->nto == MDN_TO_MAX) {
			r->unclear = "more addresses than anybody needs";
			continue;
		}
		r->to = mem_array(r->to, r->nto + 1, sizeof(*r->to));
		r->to[r->nto++] = l.v[i].addr;
		l.v[i].addr = NULL;
	}
	addr_list_free(&l);
}

static void
take_return_path(struct mdn_request *r, const struct header_field *f)
{
	struct buf b;
	struct err err;
	char *addr = NULL;

	buf_init(&b, VALUE_MAX);
	header_unfold(f, &b);
	if (!b.over && b.n > 0 &&
	    addr_parse(b.p, b.n, &addr, &err) == -1)
		addr = NULL;
	buf_free(&b);
	/* Of several the topmost is from the last delivery, but a null one
	 * anywhere is reason enough. */
	if (addr != NULL && (r->return_path == NULL || addr[0] == '\0')) {
		mem_free(r->return_path);
		r->return_path = addr;
		return;
	}
	mem_free(addr);
}

/* attribute "=" importance "," value *("," value), several behind ";": we
 * know no attribute, so only "optional" leaves us free. */
static void
take_options(struct mdn_request *r, const struct header_field *f)
{
	const char *p = f->body.p, *end = p + f->body.n, *semi, *eq, *comma;
	struct slice name, importance;

	for (; p < end && r->required == NULL; p = semi + 1) {
		semi = memchr(p, ';', (size_t)(end - p));
		if (semi == NULL)
			semi = end;
		name = text_trim(p, (size_t)(semi - p));
		if (name.n == 0)
			continue;
		eq = memchr(p, '=', (size_t)(semi - p));
		comma = memchr(p, ',', (size_t)(semi - p));
		if (eq != NULL && comma != NULL && eq < comma) {
			name = text_trim(p, (size_t)(eq - p));
			importance = text_trim(eq + 1,
			    (size_t)(comma - eq - 1));
			if (slice_case_eq(importance, "optional"))
				continue;
		}
		r->required = mem_dup(name.p, name.n);
	}
}

static bool
is_report(struct slice header)
{
	struct header_field f;
	char type[MEDIA_TYPE_SIZE];

	if (!header_find(header.p, header.n, "Content-Type", &f))
		return false;
	media_type(&f, type);
	return strcmp(type, "multipart/report") == 0 ||
	    strcmp(type, "message/disposition-notification") == 0 ||
	    strcmp(type, "message/delivery-status") == 0;
}

/* "<" without blanks in it ">" */
static bool
is_message_id(const char *s)
{
	size_t n = strlen(s);

	return n > 2 && s[0] == '<' && strcspn(s, " \t>") == n - 1 &&
	    s[n - 1] == '>' && text_is_line(s, n) && text_is_ascii(s, n);
}

static void
take_texts(struct mdn_request *r, struct slice header)
{
	struct buf b;
	char *s;

	r->message_id = take_field(header, "Message-ID");
	if (r->message_id != NULL && !is_message_id(r->message_id)) {
		mem_free(r->message_id);
		r->message_id = NULL;
	}
	r->orig_rcpt = take_field(header, "Original-Recipient");
	r->date = take_field(header, "Date");
	s = take_field(header, "Subject");
	if (s == NULL)
		return;
	buf_init(&b, 4 * VALUE_MAX);
	word_decode(&b, s, strlen(s));
	mem_free(s);
	r->subject = buf_take(&b);
	buf_free(&b);
}

int
mdn_request_read(struct mdn_request *r, struct slice header, struct err *err)
{
	struct header_field f;
	size_t pos = 0, named = 0;

	*r = (struct mdn_request){ 0 };
	while (header_next(header.p, header.n, &pos, &f)) {
		named += f.name.n > 0;
		if (header_is(&f, "Disposition-Notification-To"))
			take_to(r, &f);
		else if (header_is(&f, "Return-Path"))
			take_return_path(r, &f);
		else if (header_is(&f, "Disposition-Notification-Options"))
			take_options(r, &f);
	}
	if (named == 0)
		return err_set(err, ERR_DATA, "5.6.0",
		    "this is no message: it has no header");
	r->report = is_report(header);
	take_texts(r, header);
	return 0;
}

void
mdn_request_free(struct mdn_request *r)
{
	size_t i;

	for (i = 0; i < r->nto; i++)
		mem_free(r->to[i]);
	mem_free(r->to);
	mem_free(r->return_path);
	mem_free(r->required);
	mem_free(r->message_id);
	mem_free(r->orig_rcpt);
	mem_free(r->subject);
	mem_free(r->date);
	*r = (struct mdn_request){ 0 };
}

static int
deny(struct err *err, const char *why)
{
	return err_set(err, ERR_DENIED, "5.7.1", "no notification: %s", why);
}

int
mdn_check(const struct mdn_request *r, const struct mdn *m, struct err *err)
{
	char shown[100];

	if (r->report)
		return deny(err, "the message is a report itself");
	if (r->fields == 0)
		return deny(err, "the message does not ask for one");
	if (r->return_path != NULL && r->return_path[0] == '\0')
		return deny(err, "the message came from <>");
	if (r->unclear != NULL)
		return err_set(err, ERR_DENIED, "5.7.1", "no notification: "
		    "Disposition-Notification-To holds %s", r->unclear);
	if (r->required != NULL)
		return err_set(err, ERR_DENIED, "5.7.1", "no notification: "
		    "it is asked for with an option that is not supported: %s",
		    text_clean_to(shown, sizeof(shown), r->required,
		    strlen(r->required)));
	if (!m->automatic_sent)
		return 0;
	/* Without consent only the address from which it came is told. */
	if (r->fields > 1 || r->nto > 1)
		return deny(err, "more than one address asks, so the recipient "
		    "must consent (--sent manually)");
	if (r->return_path == NULL)
		return deny(err, "the message has no Return-Path, so the "
		    "recipient must consent (--sent manually)");
	if (!addr_eq(r->return_path, r->to[0]))
		return deny(err, "the address that asks differs from "
		    "Return-Path, so the recipient must consent "
		    "(--sent manually)");
	return 0;
}
