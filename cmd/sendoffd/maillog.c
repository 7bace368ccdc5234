/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "core/base/text.h"

#include "cmd/sendoffd/maillog.h"

enum {
	LOG_ADDR_MAX = 320,		/* bytes of an address */
};

static void
add_addr(struct buf *b, const char *name, const char *addr)
{
	buf_addf(b, "%s=<", name);
	text_clean(b, addr, strlen(addr), LOG_ADDR_MAX);
	buf_addc(b, '>');
}

void
maillog_active(struct buf *b, const struct envelope *env, int64_t size)
{
	buf_addf(b, "%s: ", env->id);
	add_addr(b, "from", env->sender);
	buf_addf(b, ", size=%" PRId64 ", nrcpt=%zu (queue active)", size,
	    env->nrcpts);
}

void
maillog_seconds(struct buf *b, int64_t ms)
{
	int64_t hundredths = (ms + 5) / 10;

	if (ms >= 9950)
		buf_addf(b, "%" PRId64, (ms + 500) / 1000);
	else if (ms >= 995 && (ms + 50) % 1000 >= 100)
		buf_addf(b, "%" PRId64 ".%" PRId64, (ms + 50) / 1000,
		    (ms + 50) / 100 % 10);
	else if (ms >= 995)
		buf_addf(b, "%" PRId64, (ms + 50) / 1000);
	else if (hundredths == 0)
		buf_addc(b, '0');
	else if (hundredths % 10 == 0)
		buf_addf(b, "0.%" PRId64, hundredths / 10);
	else
		buf_addf(b, "0.%02" PRId64, hundredths);
}

static int64_t
positive(int64_t v)
{
	return v > 0 ? v : 0;
}

static void
add_delays(struct buf *b, const struct outcome *o, int64_t arrival_us,
    int64_t taken_us, int64_t now_us)
{
	int64_t all = positive(now_us - arrival_us) / 1000;
	int64_t before = all, connect = o->delay_ms[0];
	int64_t send = (int64_t)o->delay_ms[1] + o->delay_ms[2];

	if (taken_us != 0)
		before = positive(taken_us - arrival_us) / 1000;
	buf_adds(b, "delay=");
	maillog_seconds(b, all);
	buf_adds(b, ", delays=");
	maillog_seconds(b, before);
	buf_addc(b, '/');
	maillog_seconds(b, positive(all - before - connect - send));
	buf_addc(b, '/');
	maillog_seconds(b, connect);
	buf_addc(b, '/');
	maillog_seconds(b, send);
}

void
maillog_rcpt(struct buf *b, const struct envelope *env, size_t rcpt,
    const struct outcome *o, int64_t taken_us, int64_t now_us)
{
	const struct envelope_rcpt *r = &env->rcpts[rcpt];

	buf_addf(b, "%s: ", env->id);
	add_addr(b, "to", r->addr);
	if (r->orig != NULL && strcmp(r->orig, r->addr) != 0) {
		buf_adds(b, ", ");
		add_addr(b, "orig_to", r->orig);
	}
	buf_addf(b, ", relay=%s, ", o->relay[0] != '\0' ? o->relay : "none");
	add_delays(b, o, env->arrival_us, taken_us, now_us);
	buf_addf(b, ", dsn=%s, status=%s (%s)", o->dsn,
	    outcome_status(o->verdict), o->text);
}
