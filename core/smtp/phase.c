/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/text.h"
#include "core/smtp/phase.h"

enum {
	QUIT_TIMEOUT_SEC = 5,
};

const struct smtp_phase_info smtp_phases[SMTP_PHASES] = {
	[SMTP_GREETING] = { "the greeting", 300 },
	[SMTP_EHLO] = { "the reply to EHLO", 300 },
	[SMTP_HELO] = { "the reply to HELO", 300 },
	[SMTP_STARTTLS] = { "the reply to STARTTLS", 120 },
	[SMTP_HANDSHAKE] = { "the TLS handshake", 120 },
	[SMTP_AUTH] = { "the reply to AUTH", 120 },
	[SMTP_RSET] = { "the reply to RSET", 120 },
	[SMTP_MAIL] = { "the reply to MAIL", 300 },
	[SMTP_RCPT] = { "the reply to RCPT", 300 },
	[SMTP_DATA] = { "the reply to DATA", 120 },
	[SMTP_BODY] = { "the message", 180 },
	[SMTP_DOT] = { "the reply to the message", 600 },
	[SMTP_PROBE] = { "the reply", 300 },
	[SMTP_QUIT] = { "the reply to QUIT", QUIT_TIMEOUT_SEC },
};

int64_t
smtp_phase_timeout_ms(enum smtp_phase phase, const struct conf_relay *relay)
{
	int64_t sec = relay->timeout_sec;

	if (phase == SMTP_QUIT)
		return QUIT_TIMEOUT_SEC * 1000;
	if (!relay->timeout_set && smtp_phases[phase].timeout_sec > sec)
		sec = smtp_phases[phase].timeout_sec;
	return sec * 1000;
}

static bool
in_transaction(enum smtp_phase phase)
{
	return phase == SMTP_MAIL || phase == SMTP_RCPT ||
	    phase == SMTP_DATA || phase == SMTP_DOT;
}

/* RFC 5321 4.5.3.1.10: old servers say 552 where 452 is meant. */
static bool
says_too_many(const struct smtp_reply *r)
{
	static const char words[] = "too many recipients";
	const char *p = buf_str(&r->text);
	size_t n = sizeof(words) - 1, i;

	if (strcmp(r->dsn, "5.5.3") == 0)
		return true;
	for (i = 0; i + n <= r->text.n; i++)
		if (text_case_eq(p + i, n, words, n))
			return true;
	return false;
}

/* 2yz: some of them answer other questions (RFC 5321 4.2.3, 4954 6). */
static enum smtp_verdict
judge_success(enum smtp_phase phase, int code)
{
	switch (phase) {
	case SMTP_GREETING:
	case SMTP_STARTTLS:
		return code == 220 ? SMTP_YES : SMTP_WRONG;
	case SMTP_AUTH:
		return code == 235 ? SMTP_YES : SMTP_WRONG;
	case SMTP_DATA:
		return SMTP_WRONG;
	case SMTP_PROBE:
	case SMTP_QUIT:
		return SMTP_YES;
	default:
		return code == 211 || code == 214 || code == 220 ||
		    code == 221 || code == 235 ? SMTP_WRONG : SMTP_YES;
	}
}

static enum smtp_verdict
judge_refusal(enum smtp_phase phase, const struct smtp_reply *r)
{
	bool address = phase == SMTP_MAIL || phase == SMTP_RCPT;

	if (in_transaction(phase)) {
		if (r->code == 530)
			return SMTP_DENIED;
		/* Out of step: its fault or ours, but not the message's. */
		if (r->code == 503)
			return phase == SMTP_MAIL ? SMTP_WRONG : SMTP_LATER;
		if (phase == SMTP_RCPT && r->code == 552 && says_too_many(r))
			return SMTP_FULL;
		if (address && (r->code == 501 || r->code == 504 ||
		    r->code == 555))
			return SMTP_BARE;
	}
	return SMTP_NO;
}

enum smtp_verdict
smtp_judge(enum smtp_phase phase, const struct smtp_reply *r)
{
	switch (r->code / 100) {
	case 2:
		return judge_success(phase, r->code);
	case 3:
		if (phase == SMTP_DATA && r->code == 354)
			return SMTP_YES;
		return phase == SMTP_AUTH && r->code == 334 ? SMTP_YES :
		    SMTP_WRONG;
	case 4:
		if (r->code == 421)
			return SMTP_OVER;
		if (phase == SMTP_RCPT && r->code == 452)
			return SMTP_FULL;
		return SMTP_LATER;
	default:
		return judge_refusal(phase, r);
	}
}
