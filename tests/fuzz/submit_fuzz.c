/* SPDX-License-Identifier: ISC */
/* Any bytes as a header that is submitted; the first one chooses how. Bcc
 * never survives, no line is smuggled in, what is not ours stays byte for byte
 * and in its order, and recipients are fit for the wire or refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/header.h"
#include "core/mail/message.h"
#include "core/mail/submit.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A configuration owns its strings: these are writable. */
#define STR(s)	((char[]){ s })

static char *local[] = { STR("host.example"), STR("x.example") };
static struct conf_rewrite rules[] = {
	{ STR("root"), STR("alerts@out.example"), 1 },
	{ STR("@inside.lan"), STR("@out.example"), 2 },
};
static struct conf conf = {
	.hostname = STR("host.example"), .domain = STR("x.example"),
	.max_hops = 50, .aliases_local = { local, NELEM(local) },
	.rewrites = rules, .nrewrites = NELEM(rules),
};
static char from[] = "from@out.example";

/* Fields that submit_header may change, move or remove. */
static bool
is_ours(const struct header_field *f)
{
	static const char *const names[] = { "From", "Sender", "Reply-To",
		"To", "Cc", "Bcc", "Resent-From", "Resent-Sender",
		"Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc",
		"Return-Path", "Content-Length", "Disposition-Notification-To",
		"Disposition-Notification-Options" };
	size_t i;

	for (i = 0; i < NELEM(names); i++)
		if (header_is(f, names[i]))
			return true;
	return false;
}

static void
check_kept(struct slice in, const struct buf *out)
{
	struct header_field f, g;
	size_t pos = 0, at = 0;

	while (header_next(in.p, in.n, &pos, &f)) {
		if (is_ours(&f))
			continue;
		do {
			if (!header_next(out->p, out->n, &at, &g))
				abort();
		} while (g.raw.n != f.raw.n ||
		    memcmp(g.raw.p, f.raw.p, f.raw.n) != 0);
	}
}

static void
check_header(const struct buf *b)
{
	struct header_field f;
	size_t pos = 0, i;

	for (i = 0; i < b->n; i++)
		if (b->p[i] == '\0' || (b->p[i] == '\n') !=
		    (i > 0 && b->p[i - 1] == '\r'))
			abort();
	if (b->n == 0 || b->p[b->n - 1] != '\n' ||
	    strncmp(b->p, "Received: ", 10) != 0)
		abort();
	while (header_next(b->p, b->n, &pos, &f))
		if (f.name.n == 0 || header_is(&f, "Bcc") ||
		    header_is(&f, "Resent-Bcc"))
			abort();
}

static void
check_rcpts(const struct submit_result *r)
{
	struct err err;
	char *whole;
	size_t i;

	for (i = 0; i < r->rcpts.n; i++) {
		const struct addr_item *item = &r->rcpts.v[i];

		if (item->text.p < r->given.p ||
		    item->text.p + item->text.n > r->given.p + r->given.n)
			abort();
		if (item->addr == NULL)
			continue;
		whole = addr_complete(item->addr, "x.example");
		if (whole[0] == '\0' || addr_check(whole, &err) == -1)
			abort();
		mem_free(whole);
	}
}

static void
submit(unsigned how, struct slice header)
{
	struct submit_facts facts = {
		.conf = &conf, .id = "00112233445566778899",
		.now_us = 1795498139000000, .uid = 1000, .login = "joe",
		.sender = how & 1 ? "" : NULL, .take_rcpts = how & 2,
		.gateway = how & 4,
	};
	struct submit_result r = { 0 };
	struct err err;
	char *name = mem_dup(header.p, header.n < 200 ? header.n : 200);

	conf.from = how & 8 ? from : NULL;
	if (how & 16)
		facts.full_name = name;
	if (how & 32)
		facts.login = facts.peer = facts.with = name;
	if (submit_header(&facts, header, &r, &err) == 0) {
		check_header(&r.header);
		check_kept(header, &r.header);
		check_rcpts(&r);
	}
	submit_result_free(&r);
	mem_free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct message_opts opts = { .ignore_dots = true,
		.header_max = 100000 };
	struct message m;
	struct buf out;
	struct err err;

	if (n < 1)
		return 0;
	message_init(&m, &opts);
	buf_init(&out, 2 * n + MESSAGE_SLACK);
	if (message_feed(&m, (const char *)data + 1, n - 1, &out,
	    &err) != -1 && message_finish(&m, &out, &err) == 0)
		submit(data[0], buf_slice(&m.header));
	message_free(&m);
	buf_free(&out);
	return 0;
}
