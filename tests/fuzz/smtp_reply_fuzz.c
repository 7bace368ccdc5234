/* SPDX-License-Identifier: ISC */
/*
 * Replies and capabilities: any bytes, in pieces and whole, must come to the
 * same end, within the caps that the header names.
 */
#include <assert.h>
#include <string.h>

#include "core/smtp/caps.h"
#include "core/smtp/reply.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static enum smtp_reply_state
feed(struct smtp_reply *r, const char *p, size_t n, size_t step, size_t *taken)
{
	enum smtp_reply_state state = SMTP_REPLY_MORE;
	struct err err = { 0 };
	size_t used, len;

	smtp_reply_init(r);
	for (*taken = 0; *taken < n && state == SMTP_REPLY_MORE;) {
		len = n - *taken < step ? n - *taken : step;
		state = smtp_reply_feed(r, p + *taken, len, &used, &err);
		assert(used <= len);
		assert(used == len || state != SMTP_REPLY_MORE);
		*taken += used;
	}
	assert((state == SMTP_REPLY_BAD) == (err.kind != ERR_NONE));
	assert(r->text.n <= SMTP_REPLY_MAX);
	return state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	struct smtp_reply whole, pieces;
	struct smtp_caps caps;
	struct buf shown;
	size_t taken[2];
	enum smtp_reply_state a, b;

	a = feed(&whole, p, n, n + 1, &taken[0]);
	b = feed(&pieces, p, n, n % 7 + 1, &taken[1]);
	assert(a == b);
	if (a == SMTP_REPLY_DONE) {
		assert(taken[0] == taken[1] && whole.code == pieces.code);
		assert(whole.code >= 200 && whole.code <= 599);
		assert(strcmp(whole.dsn, pieces.dsn) == 0);
		assert(whole.text.n == pieces.text.n);
		buf_init(&shown, 512);
		smtp_reply_show(&whole, &shown, 500);
		assert(!shown.over && shown.n <= 500);
		assert(strchr(buf_str(&shown), '\n') == NULL);
		buf_free(&shown);
	}
	smtp_reply_free(&whole);
	smtp_reply_free(&pieces);

	smtp_caps_init(&caps);
	smtp_caps_parse(&caps, p, n);
	assert(caps.size_max >= 0 && caps.rcpt_max >= 0 && caps.mail_max >= 0);
	assert(caps.auth.n <= SMTP_CAPS_AUTH_MAX && !caps.auth.over);
	smtp_caps_free(&caps);
	return 0;
}
