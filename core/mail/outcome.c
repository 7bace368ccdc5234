/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/envelope.h"
#include "core/mail/line.h"
#include "core/mail/outcome.h"

static const struct {
	const char	*word;		/* in a packet or a journal */
	const char	*status;	/* in a log */
	char		 class;		/* of the dsn; 0: any */
} verdicts[] = {
	[OUTCOME_NONE] =	{ "none", "deferred", 0 },
	[OUTCOME_SENT] =	{ "sent", "sent", '2' },
	[OUTCOME_DEFERRED] =	{ "deferred", "deferred", '4' },
	[OUTCOME_UNKNOWN] =	{ "unknown", "deferred", '4' },
	[OUTCOME_FAILED] =	{ "failed", "bounced", '5' },
	/* RFC 3463 has 4.4.7 for an expired message, class 4 although it is
	 * over: so do Postfix and the log's readers. */
	[OUTCOME_EXPIRED] =	{ "expired", "expired", '4' },
};

const char *
outcome_status(enum outcome_verdict verdict)
{
	return verdicts[verdict].status;
}

/* Behind "." 1*3DIGIT, or NULL if that does not stand at p. */
static const char *
skip_part(const char *p)
{
	size_t digits;

	if (p == NULL || *p != '.')
		return NULL;
	digits = strspn(p + 1, "0123456789");
	return digits >= 1 && digits <= 3 ? p + 1 + digits : NULL;
}

/* class "." subject "." detail (RFC 3463 2) */
static bool
is_dsn(const char *s)
{
	const char *end;

	if (s[0] != '2' && s[0] != '4' && s[0] != '5')
		return false;
	end = skip_part(skip_part(s + 1));
	return end != NULL && *end == '\0';
}

void
outcome_fix_dsn(struct outcome *o)
{
	char class = verdicts[o->verdict].class;

	if (class == 0)
		class = '4';
	if (is_dsn(o->dsn))
		o->dsn[0] = class;
	else
		(void)snprintf(o->dsn, sizeof(o->dsn), "%c.0.0", class);
}

void
outcome_set(struct outcome *o, enum outcome_verdict verdict, const char *dsn,
    const char *fmt, ...)
{
	char raw[OUTCOME_TEXT_MAX * 2];
	va_list ap;

	o->verdict = verdict;
	(void)snprintf(o->dsn, sizeof(o->dsn), "%s", dsn != NULL ? dsn : "");
	outcome_fix_dsn(o);
	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	(void)text_clean_to(o->text, sizeof(o->text), raw, strlen(raw));
}

void
outcome_write(const struct outcome *o, struct buf *b)
{
	buf_addf(b, "%s %d ", verdicts[o->verdict].word, o->code);
	envelope_encode(b, o->dsn, strlen(o->dsn));
	buf_adds(b, o->dsn_passed ? " dsn " : " - ");
	envelope_encode(b, o->relay, strlen(o->relay));
	buf_addc(b, ' ');
	envelope_encode(b, o->text, strlen(o->text));
	for (size_t i = 0; i < NELEM(o->delay_ms); i++)
		buf_addf(b, " %" PRId32, o->delay_ms[i]);
}

static enum outcome_verdict
read_verdict(struct line *l)
{
	for (size_t i = 0; i < NELEM(verdicts); i++) {
		if (!line_is(l, verdicts[i].word))
			continue;
		(void)line_word(l);
		return (enum outcome_verdict)i;
	}
	l->bad = true;
	return OUTCOME_NONE;
}

void
outcome_read(struct line *l, struct outcome *o)
{
	struct outcome got = { 0 };

	got.verdict = read_verdict(l);
	got.code = (int)line_int(l, 0, 999);
	line_string_to(l, got.dsn, sizeof(got.dsn));
	got.dsn_passed = line_is(l, "dsn");
	line_want(l, got.dsn_passed ? "dsn" : "-");
	line_string_to(l, got.relay, sizeof(got.relay));
	line_string_to(l, got.text, sizeof(got.text));
	for (size_t i = 0; i < NELEM(got.delay_ms); i++)
		got.delay_ms[i] = (int32_t)line_int(l, 0, INT32_MAX);
	/* These two go into log lines and listings as they are. */
	if (!text_is_line(got.relay, strlen(got.relay)) ||
	    !text_is_line(got.text, strlen(got.text)))
		l->bad = true;
	if (got.dsn[0] != '\0' && !is_dsn(got.dsn))
		l->bad = true;
	if (!l->bad)
		*o = got;
}
