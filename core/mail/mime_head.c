/* SPDX-License-Identifier: ISC */
/*
 * mime_head - what a part's header says, and how it is written anew.
 */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/fold.h"
#include "core/mail/header.h"
#include "core/mail/mime_part.h"

/* Behind blanks and comments (which nest). */
static size_t
skip_blanks(const char *p, size_t n, size_t i)
{
	size_t depth = 0;

	for (; i < n; i++) {
		if (p[i] == '\\' && depth > 0 && i + 1 < n)
			i++;
		else if (p[i] == '(')
			depth++;
		else if (p[i] == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !text_is_space(p[i]))
			break;
	}
	return i;
}

/* RFC 2045 5.1; "/" is not part of it. */
static struct slice
take_token(const char *p, size_t n, size_t *i)
{
	size_t start = skip_blanks(p, n, *i), end = start;

	while (end < n && p[end] > ' ' && p[end] < 0x7f &&
	    strchr("()<>@,;:\\\"/[]?=", p[end]) == NULL)
		end++;
	*i = end;
	return (struct slice){ p + start, end - start };
}

/* A token, or what a quoted string says. */
static void
take_value(const char *p, size_t n, size_t *i, struct buf *value)
{
	size_t at = skip_blanks(p, n, *i);

	if (at == n || p[at] != '"') {
		/* Many write signs here that would have to be quoted. */
		while (at < n && p[at] != ';' && !text_is_space(p[at]))
			buf_addc(value, p[at++]);
		*i = at;
		return;
	}
	for (at++; at < n && p[at] != '"'; at++) {
		if (p[at] == '\\' && at + 1 < n)
			at++;
		if (p[at] != '\r' && p[at] != '\n')
			buf_addc(value, p[at]);
	}
	*i = at < n ? at + 1 : n;
}

/* Behind the next ";" that nothing encloses, or n. */
static size_t
next_param(const char *p, size_t n, size_t i)
{
	bool quoted = false;

	for (; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		else if (p[i] == '"')
			quoted = !quoted;
		else if (p[i] == '(' && !quoted)
			i = skip_blanks(p, n, i) - 1;
		else if (p[i] == ';' && !quoted)
			return i + 1;
	}
	return n;
}

static void
read_boundary(struct mime_head *h, const char *p, size_t n, size_t i)
{
	struct slice name;
	struct buf value;

	for (i = next_param(p, n, i); i < n; i = next_param(p, n, i)) {
		name = take_token(p, n, &i);
		i = skip_blanks(p, n, i);
		if (i == n || p[i] != '=' || !slice_case_eq(name, "boundary"))
			continue;
		i++;
		buf_init(&value, MIME_BOUNDARY_MAX);
		take_value(p, n, &i, &value);
		/* Blanks at its end do not survive transport. */
		while (value.n > 0 && text_is_blank(value.p[value.n - 1]))
			buf_cut(&value, value.n - 1);
		if (value.n > 0 && !value.over &&
		    text_is_line(value.p, value.n))
			memcpy(h->boundary, value.p, value.n + 1);
		buf_free(&value);
		return;
	}
}

static void
read_type(struct mime_head *h, const char *p, size_t n)
{
	size_t i = 0;
	struct slice type = take_token(p, n, &i), sub;

	if (i == n || p[i] != '/')
		return;
	i++;
	sub = take_token(p, n, &i);
	h->text = slice_case_eq(type, "text");
	if (slice_case_eq(type, "multipart")) {
		h->multipart = true;
		h->digest = slice_case_eq(sub, "digest");
		read_boundary(h, p, n, i);
		if (slice_case_eq(sub, "signed"))
			h->fixed = "a signed part";
		else if (h->boundary[0] == '\0')
			h->fixed = "a multipart without a boundary";
	} else if (slice_case_eq(type, "message") &&
	    !(sub.n >= 6 && text_case_eq(sub.p, 6, "global", 6))) {
		/* RFC 6532 3.7 lets message/global be encoded. */
		h->fixed = "a nested message";
	}
}

static enum mime_encoding
read_encoding(const char *p, size_t n)
{
	static const struct {
		const char		*name;
		enum mime_encoding	 encoding;
	} names[] = {
		{ "", MIME_ENC_NONE }, { "7bit", MIME_ENC_7BIT },
		{ "8bit", MIME_ENC_8BIT }, { "binary", MIME_ENC_8BIT },
		{ "quoted-printable", MIME_ENC_QP },
		{ "base64", MIME_ENC_BASE64 },
	};
	size_t i = 0, k;
	struct slice token = take_token(p, n, &i);

	for (k = 0; k < NELEM(names); k++)
		if (slice_case_eq(token, names[k].name))
			return names[k].encoding;
	return MIME_ENC_UNKNOWN;
}

void
mime_head_read(struct mime_head *h, const char *p, size_t n, bool in_digest)
{
	struct header_field f;
	bool has_encoding = false;
	size_t pos = 0;

	*h = (struct mime_head){ .text = true };
	while (header_next(p, n, &pos, &f)) {
		if (header_is(&f, "MIME-Version")) {
			h->has_version = true;
		} else if (header_is(&f, "Content-Type") && !h->has_type) {
			h->has_type = true;
			read_type(h, f.body.p, f.body.n);
		} else if (header_is(&f, "Content-Transfer-Encoding") &&
		    !has_encoding) {
			has_encoding = true;
			h->encoding = read_encoding(f.body.p, f.body.n);
		}
	}
	if (!h->has_type && in_digest)
		h->fixed = "a nested message";
	/* Encoded all the same, whatever RFC 2045 6.4 says: then there is
	 * nothing to be seen inside. */
	if (h->encoding == MIME_ENC_QP || h->encoding == MIME_ENC_BASE64) {
		h->multipart = false;
		h->fixed = NULL;
	}
}

bool
mime_head_changes(const char *p, size_t n, unsigned need)
{
	struct buf b;
	bool changes;

	if ((need & MIME_7BIT) && !text_is_ascii(p, n))
		return true;
	if (!(need & MIME_LINES) || fold_check(p, n))
		return false;
	buf_init(&b, 4 * n);
	(void)fold_add(&b, p, n);
	changes = b.n != n;
	buf_free(&b);
	return changes;
}

void
mime_head_write(struct buf *b, const char *p, size_t n,
    const struct mime_head_job *job)
{
	struct header_field f;
	struct buf now;
	size_t pos = 0;

	while (header_next(p, n, &pos, &f)) {
		if (job->encoding != NULL &&
		    header_is(&f, "Content-Transfer-Encoding"))
			continue;
		buf_init(&now, 8 * f.raw.n + 1024);
		if ((job->need & MIME_7BIT) &&
		    !text_is_ascii(f.raw.p, f.raw.n))
			mime_field_add(&now, &f);
		else
			buf_add(&now, f.raw.p, f.raw.n);
		if (job->need & MIME_LINES)
			(void)fold_add(b, buf_str(&now), now.n);
		else
			buf_add(b, buf_str(&now), now.n);
		buf_free(&now);
	}
	if (job->version)
		buf_adds(b, "MIME-Version: 1.0\r\n");
	if (job->charset != NULL)
		buf_addf(b, "Content-Type: text/plain; charset=%s\r\n",
		    job->charset);
	if (job->encoding != NULL)
		buf_addf(b, "Content-Transfer-Encoding: %s\r\n",
		    job->encoding);
}
