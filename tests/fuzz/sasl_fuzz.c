/* SPDX-License-Identifier: ISC */
/*
 * A hostile server's side of AUTH: the first byte chooses the mechanism, each
 * line is a 334. No challenge may crash the library behind it, make an answer
 * over the line's limit, give the password away in an error, or bring SCRAM to
 * its end.
 */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/sasl_impl.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const mechs[] = { "PLAIN", "LOGIN", "CRAM-MD5",
	"SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER", "EXTERNAL" };

static void
converse(struct sasl *s, const char *p, size_t n)
{
	struct err err = { .text = "" };
	struct buf coded, out;
	const char *end;
	size_t len;
	int r;

	while (n > 0) {
		end = memchr(p, '\n', n);
		len = end != NULL ? (size_t)(end - p) : n;
		buf_init(&coded, 4 * n + 8);
		buf_init(&out, SASL_LINE_MAX);
		/* "=" before it: as it is, for what is no base64 */
		if (len > 0 && p[0] == '=')
			buf_add(&coded, p + 1, len - 1);
		else
			text_base64(&coded, p, len);
		r = sasl_step(s, buf_str(&coded), coded.n, &out, &err);
		assert(!out.over);
		/* unless the server guessed it: then it is only quoted */
		assert(r == 0 || strstr(err.text, "hunter2") == NULL ||
		    memmem(p, len, "hunter2", 7) != NULL);
		buf_free(&coded);
		buf_free(&out);
		if (r == -1)
			break;
		p += len + (end != NULL);
		n -= len + (end != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct conf_relay relay = { .auth = CONF_AUTH_AUTO };
	struct sasl_secrets x = { .user = NULL };
	struct sasl_facts f = { .relay = &relay, .secrets = &x,
	    .host = "relay.test", .port = 587, .tls = true,
	    .tls_verified = true };
	struct slice nonce = { "abc", 3 };
	struct err err = { .text = "" };
	struct sasl *s = NULL;
	struct buf b;
	char mech[64];

	if (n == 0)
		return 0;
	x.user = mem_str("joe");
	buf_init(&x.password, 100);
	buf_adds(&x.password, "hunter2");
	buf_init(&x.token, 100);
	buf_adds(&x.token, "hunter2");
	buf_init(&b, SASL_LINE_MAX);
	assert(sasl_start(&f, mechs[data[0] % NELEM(mechs)], &s, &b,
	    &err) == 0);
	converse(s, (const char *)data + 1, n - 1);
	if (strncmp(mechs[data[0] % NELEM(mechs)], "SCRAM", 5) == 0)
		assert(sasl_finish(s, &err) == -1);
	sasl_free(s);
	buf_free(&b);
	(void)sasl_scram_check((const char *)data, n, nonce, &err);
	(void)sasl_scram_nonce((const char *)data, n);
	b.p = mem_dup(data, n);
	(void)sasl_choose(&f, b.p, "", mech, sizeof(mech), &err);
	mem_free(b.p);
	sasl_secrets_wipe(&x);
	return 0;
}
