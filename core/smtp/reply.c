/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/smtp/reply.h"

enum {
	SHOWN_MAX = 80,			/* bytes of a bad line in an error */
};

void
smtp_reply_init(struct smtp_reply *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->text, SMTP_REPLY_MAX);
	buf_init(&r->line, SMTP_REPLY_LINE_MAX);
}

void
smtp_reply_free(struct smtp_reply *r)
{
	buf_free(&r->text);
	buf_free(&r->line);
	memset(r, 0, sizeof(*r));
}

void
smtp_reply_reset(struct smtp_reply *r)
{
	r->code = 0;
	r->dsn[0] = '\0';
	r->lines = 0;
	buf_reset(&r->text);
	buf_reset(&r->line);
}

static enum smtp_reply_state
bad(struct smtp_reply *r, const char *what, struct err *err)
{
	char shown[SHOWN_MAX];

	(void)text_clean_to(shown, sizeof(shown), buf_str(&r->line),
	    r->line.n);
	(void)err_set(err, ERR_PROTO, "4.5.0", "%s: '%s'", what, shown);
	return SMTP_REPLY_BAD;
}

/* Digits of one part of an RFC 3463 code: 1*3DIGIT without leading zeros. */
static size_t
count_digits(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && i < 4 && text_is_digit(p[i]))
		i++;
	return i > 3 || (i > 1 && p[0] == '0') ? 0 : i;
}

/*
 * How many bytes of p[0..n) are an enhanced code that agrees with the reply's
 * class; 0 when there is none. What disagrees is left in the text: the reply
 * code decides (RFC 2034 4), and a reader should see what was sent.
 */
static size_t
dsn_length(const struct smtp_reply *r, const char *p, size_t n)
{
	size_t at = 2, len;

	if (n < 5 || p[0] != '0' + r->code / 100 || p[1] != '.' ||
	    p[0] == '3')
		return 0;
	len = count_digits(p + at, n - at);
	at += len;
	if (len == 0 || at == n || p[at] != '.')
		return 0;
	at++;
	len = count_digits(p + at, n - at);
	at += len;
	return len > 0 && (at == n || p[at] == ' ') ? at : 0;
}

/* The complete line in r->line, its LF removed. */
static enum smtp_reply_state
take_line(struct smtp_reply *r, struct err *err)
{
	const char *p;
	size_t n = r->line.n, i, len;
	int code;

	if (n > 0 && r->line.p[n - 1] == '\r')
		buf_cut(&r->line, --n);
	p = buf_str(&r->line);
	if (n < 3 || p[0] < '2' || p[0] > '5' || !text_is_digit(p[1]) ||
	    !text_is_digit(p[2]) || (n > 3 && p[3] != ' ' && p[3] != '-'))
		return bad(r, "not an SMTP reply", err);
	code = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
	if (r->lines > 0 && code != r->code)
		return bad(r, "reply changes its code", err);
	r->code = code;
	i = n > 3 ? 4 : 3;
	len = dsn_length(r, p + i, n - i);
	if (len > 0 && (r->lines == 0 ||
	    (strlen(r->dsn) == len && memcmp(r->dsn, p + i, len) == 0))) {
		(void)snprintf(r->dsn, sizeof(r->dsn), "%.*s", (int)len,
		    p + i);
		i += len;
		if (i < n)
			i++;
	}
	if (r->lines++ > 0)
		buf_addc(&r->text, '\n');
	buf_add(&r->text, p + i, n - i);
	if (r->text.over)
		return bad(r, "reply is too long", err);
	return n > 3 && p[3] == '-' ? SMTP_REPLY_MORE : SMTP_REPLY_DONE;
}

enum smtp_reply_state
smtp_reply_feed(struct smtp_reply *r, const char *p, size_t n, size_t *used,
    struct err *err)
{
	enum smtp_reply_state state;
	const char *lf;
	size_t len;

	*used = 0;
	while (*used < n) {
		lf = memchr(p + *used, '\n', n - *used);
		len = lf != NULL ? (size_t)(lf - (p + *used)) : n - *used;
		/* The LF itself counts, wherever the network cut. */
		if (r->line.n + len + 1 > SMTP_REPLY_LINE_MAX)
			return bad(r, "reply line is too long", err);
		buf_add(&r->line, p + *used, len);
		*used += len;
		if (lf == NULL) {
			/* Of binary rubbish no line end may ever come. */
			if (r->line.n > 0 && !text_is_print(r->line.p[0]) &&
			    r->line.p[0] != '\r')
				return bad(r, "not an SMTP reply", err);
			return SMTP_REPLY_MORE;
		}
		++*used;
		state = take_line(r, err);
		if (state != SMTP_REPLY_MORE)
			return state;
		buf_reset(&r->line);
	}
	return SMTP_REPLY_MORE;
}

void
smtp_reply_show(const struct smtp_reply *r, struct buf *b, size_t max)
{
	struct buf whole;

	buf_init(&whole, SMTP_REPLY_MAX + 32);
	buf_addf(&whole, "%d%s%s%s", r->code, r->dsn[0] != '\0' ? " " : "",
	    r->dsn, r->text.n > 0 ? " " : "");
	buf_add(&whole, buf_str(&r->text), r->text.n);
	text_clean(b, buf_str(&whole), whole.n, max);
	buf_free(&whole);
}
