/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/text.h"
#include "core/smtp/caps.h"

enum {
	MECH_MAX = 20,			/* bytes, RFC 4422 3.1 */
	LIMIT_MAX = 999999,		/* RFC 9422: at most six digits */
};

void
smtp_caps_init(struct smtp_caps *c)
{
	memset(c, 0, sizeof(*c));
	buf_init(&c->auth, SMTP_CAPS_AUTH_MAX);
}

void
smtp_caps_free(struct smtp_caps *c)
{
	buf_free(&c->auth);
	memset(c, 0, sizeof(*c));
}

void
smtp_caps_reset(struct smtp_caps *c)
{
	smtp_caps_free(c);
	smtp_caps_init(c);
}

/* Takes the next word off *rest; an empty slice when there is none. */
static struct slice
next_word(struct slice *rest)
{
	struct slice word;
	size_t i = 0;

	while (i < rest->n && text_is_space(rest->p[i]))
		i++;
	word.p = rest->p + i;
	word.n = 0;
	while (i + word.n < rest->n && !text_is_space(word.p[word.n]))
		word.n++;
	rest->p = word.p + word.n;
	rest->n -= i + word.n;
	return word;
}

static void
take_size(struct smtp_caps *c, struct slice rest)
{
	struct slice word = next_word(&rest);
	int64_t v;

	c->bits |= SMTP_CAP_SIZE;
	if (!text_to_int(word.p, word.n, 1, INT64_MAX, &v))
		return;
	if (c->size_max == 0 || v < c->size_max)
		c->size_max = v;
}

static bool
is_mechanism(struct slice w)
{
	size_t i;

	for (i = 0; i < w.n; i++)
		if (!text_is_alnum(w.p[i]) && w.p[i] != '-' && w.p[i] != '_')
			return false;
	return w.n > 0 && w.n <= MECH_MAX;
}

static bool
has_mechanism(const struct smtp_caps *c, struct slice w)
{
	struct slice rest = buf_slice(&c->auth), have;

	for (;;) {
		have = next_word(&rest);
		if (have.n == 0)
			return false;
		if (text_case_eq(have.p, have.n, w.p, w.n))
			return true;
	}
}

static void
take_auth(struct smtp_caps *c, struct slice rest)
{
	struct slice w;
	size_t i;

	c->bits |= SMTP_CAP_AUTH;
	for (w = next_word(&rest); w.n > 0; w = next_word(&rest)) {
		/* Whole mechanisms only: half a name would be another one. */
		if (!is_mechanism(w) || has_mechanism(c, w) ||
		    c->auth.n + w.n + 1 > SMTP_CAPS_AUTH_MAX)
			continue;
		if (c->auth.n > 0)
			buf_addc(&c->auth, ' ');
		for (i = 0; i < w.n; i++)
			buf_addc(&c->auth, text_upper(w.p[i]));
	}
}

/* "NAME=value" into *out, the smallest that was said. */
static void
take_limit(struct slice w, const char *name, int64_t *out)
{
	size_t n = strlen(name);
	int64_t v;

	if (w.n <= n || w.p[n] != '=' || !text_case_eq(w.p, n, name, n) ||
	    !text_to_int(w.p + n + 1, w.n - n - 1, 1, LIMIT_MAX, &v))
		return;
	if (*out == 0 || v < *out)
		*out = v;
}

static void
take_limits(struct smtp_caps *c, struct slice rest)
{
	struct slice w;

	for (w = next_word(&rest); w.n > 0; w = next_word(&rest)) {
		take_limit(w, "RCPTMAX", &c->rcpt_max);
		take_limit(w, "MAILMAX", &c->mail_max);
	}
}

static void
take_keyword(struct smtp_caps *c, struct slice line)
{
	static const struct {
		const char	*name;
		enum smtp_cap	 bit;
	} plain[] = {
		{ "PIPELINING", SMTP_CAP_PIPELINING },
		{ "8BITMIME", SMTP_CAP_8BITMIME },
		{ "SMTPUTF8", SMTP_CAP_SMTPUTF8 },
		{ "DSN", SMTP_CAP_DSN },
		{ "CHUNKING", SMTP_CAP_CHUNKING },
		{ "STARTTLS", SMTP_CAP_STARTTLS },
		{ "ENHANCEDSTATUSCODES", SMTP_CAP_ENHANCED },
	};
	struct slice w = next_word(&line);
	size_t i;

	for (i = 0; i < NELEM(plain); i++)
		if (slice_case_eq(w, plain[i].name))
			c->bits |= plain[i].bit;
	if (slice_case_eq(w, "SIZE")) {
		take_size(c, line);
	} else if (slice_case_eq(w, "AUTH")) {
		take_auth(c, line);
	} else if (w.n > 5 && text_case_eq(w.p, 5, "AUTH=", 5)) {
		/* Servers for old clients; the first word sits behind "=". */
		line.n += w.n - 5;
		line.p -= w.n - 5;
		take_auth(c, line);
	} else if (slice_case_eq(w, "LIMITS")) {
		take_limits(c, line);
	}
}

void
smtp_caps_parse(struct smtp_caps *c, const char *p, size_t n)
{
	struct slice rest = { p, n };
	const char *lf;
	size_t len;
	bool first = true;

	smtp_caps_reset(c);
	while (rest.n > 0) {
		lf = memchr(rest.p, '\n', rest.n);
		len = lf != NULL ? (size_t)(lf - rest.p) : rest.n;
		if (!first)
			take_keyword(c, (struct slice){ rest.p, len });
		first = false;
		len += lf != NULL ? 1 : 0;
		rest.p += len;
		rest.n -= len;
	}
}
