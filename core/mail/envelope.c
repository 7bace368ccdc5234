/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/envelope.h"
#include "core/mail/line.h"

static const struct {
	unsigned	 bit;
	const char	*name;
} notify_names[] = {
	{ NOTIFY_NEVER, "never" },
	{ NOTIFY_SUCCESS, "success" },
	{ NOTIFY_FAILURE, "failure" },
	{ NOTIFY_DELAY, "delay" },
};

void
envelope_init(struct envelope *env)
{
	memset(env, 0, sizeof(*env));
	env->sender = mem_str("");
}

static void
free_rcpt(struct envelope_rcpt *rcpt)
{
	mem_free(rcpt->addr);
	mem_free(rcpt->orig);
	mem_free(rcpt->orcpt);
	mem_free(rcpt->sender);
}

void
envelope_free(struct envelope *env)
{
	for (size_t i = 0; i < env->nrcpts; i++)
		free_rcpt(&env->rcpts[i]);
	mem_free(env->rcpts);
	mem_free(env->sender);
	mem_free(env->envid);
	mem_free(env->tag);
	mem_free(env->message_id);
	memset(env, 0, sizeof(*env));
}

struct envelope_rcpt *
envelope_add_rcpt(struct envelope *env, const char *addr)
{
	struct envelope_rcpt *rcpt;
	size_t n = env->nrcpts;

	/* Room is doubled whenever the count reaches a power of two, so no
	 * capacity has to be kept. */
	if ((n & (n - 1)) == 0)
		env->rcpts = mem_array(env->rcpts, n != 0 ? 2 * n : 1,
		    sizeof(*env->rcpts));
	rcpt = &env->rcpts[env->nrcpts++];
	memset(rcpt, 0, sizeof(*rcpt));
	rcpt->addr = mem_str(addr);
	return rcpt;
}

const char *
envelope_sender(const struct envelope *env, size_t i)
{
	assert(i < env->nrcpts);
	/* What comes from <> makes no reports, to a list's owner either. */
	return env->rcpts[i].sender != NULL && env->sender[0] != '\0' ?
	    env->rcpts[i].sender : env->sender;
}

/* Stands for itself inside a value. */
static bool
is_plain(char c)
{
	return c > 0x20 && c < 0x7f && c != '%' && c != '=';
}

void
envelope_encode(struct buf *b, const char *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i, from = 0;

	if (n == 0) {
		buf_addc(b, '%');
		return;
	}
	for (i = 0; i < n; i++) {
		unsigned char u = (unsigned char)p[i];

		if (is_plain(p[i]))
			continue;
		buf_add(b, p + from, i - from);
		buf_add(b, (const char[]){ '%', digits[u >> 4],
		    digits[u & 15] }, 3);
		from = i + 1;
	}
	buf_add(b, p + from, n - from);
}

/* The byte that "%XX" at p stands for; -1: not as envelope_encode writes. */
static int
decode_byte(const char *p)
{
	int v;

	if (!text_is_hex(p[1]) || !text_is_hex(p[2]) ||
	    text_upper(p[1]) != p[1] || text_upper(p[2]) != p[2])
		return -1;
	v = text_hex_value(p[1]) << 4 | text_hex_value(p[2]);
	return is_plain((char)v) ? -1 : v;
}

bool
envelope_decode(struct buf *b, const char *p, size_t n)
{
	size_t i, from = 0;
	int v;

	if (n == 1 && p[0] == '%')
		return true;
	for (i = 0; i < n; i++) {
		if (is_plain(p[i]))
			continue;
		if (p[i] != '%' || n - i < 3)
			return false;
		v = decode_byte(p + i);
		if (v == -1)
			return false;
		buf_add(b, p + from, i - from);
		buf_addc(b, (char)v);
		i += 2;
		from = i + 1;
	}
	buf_add(b, p + from, n - from);
	return n > 0;
}

static void
write_string(struct buf *b, const char *name, const char *s)
{
	if (s == NULL)
		return;
	buf_adds(b, name);
	envelope_encode(b, s, strlen(s));
}

static void
write_rcpt(struct buf *b, const struct envelope_rcpt *rcpt)
{
	const char *sep = " notify=";

	write_string(b, "rcpt ", rcpt->addr);
	write_string(b, " orig=", rcpt->orig);
	write_string(b, " orcpt=", rcpt->orcpt);
	for (size_t i = 0; i < NELEM(notify_names); i++) {
		if ((rcpt->notify & notify_names[i].bit) == 0)
			continue;
		buf_adds(b, sep);
		buf_adds(b, notify_names[i].name);
		sep = ",";
	}
	write_string(b, " sender=", rcpt->sender);
	buf_addc(b, '\n');
}

void
envelope_write(const struct envelope *env, struct buf *b)
{
	write_string(b, "id ", env->id);
	buf_addf(b, "\narrival %" PRId64 "\nuid %" PRIu32 "\n",
	    env->arrival_us, env->uid);
	write_string(b, "sender ", env->sender);
	if (env->ret != RET_NONE)
		buf_addf(b, "\nret %s",
		    env->ret == RET_FULL ? "full" : "headers");
	write_string(b, "\nenvid ", env->envid);
	if (env->flags != 0)
		buf_addf(b, "\nflags %u", env->flags);
	write_string(b, "\ntag ", env->tag);
	write_string(b, "\nmessage-id ", env->message_id);
	buf_addc(b, '\n');
	for (size_t i = 0; i < env->nrcpts; i++)
		write_rcpt(b, &env->rcpts[i]);
}

/* An address: no byte of it could end a line anywhere. */
static char *
read_addr(struct line *l)
{
	char *s = line_string(l);

	if (s != NULL && !text_is_line(s, strlen(s)))
		l->bad = true;
	return s;
}

/* Names in the order of the table, joined by commas. */
static unsigned
read_notify(struct line *l)
{
	struct slice w = line_word(l);
	unsigned bits = 0;
	size_t i, n, comma;

	for (i = 0; i < NELEM(notify_names) && w.n > 0; i++) {
		comma = bits != 0;
		n = strlen(notify_names[i].name);
		if (w.n < comma + n || (comma != 0 && w.p[0] != ',') ||
		    memcmp(w.p + comma, notify_names[i].name, n) != 0)
			continue;
		bits |= notify_names[i].bit;
		w.p += comma + n;
		w.n -= comma + n;
	}
	if (w.n != 0 || (bits & NOTIFY_NEVER && bits != NOTIFY_NEVER))
		l->bad = true;
	return bits;
}

static bool
read_rcpt(struct line *l, struct envelope *env)
{
	struct envelope_rcpt *rcpt;
	char *addr;

	line_want(l, "rcpt");
	addr = read_addr(l);
	if (addr == NULL || addr[0] == '\0' ||
	    env->nrcpts == ENVELOPE_RCPT_MAX) {
		mem_free(addr);
		return false;
	}
	rcpt = envelope_add_rcpt(env, NULL);
	rcpt->addr = addr;
	if (line_attr(l, "orig"))
		rcpt->orig = read_addr(l);
	if (line_attr(l, "orcpt"))
		rcpt->orcpt = line_string(l);
	if (line_attr(l, "notify"))
		rcpt->notify = read_notify(l);
	if (line_attr(l, "sender"))
		rcpt->sender = read_addr(l);
	return line_end(l);
}

/* Takes a line that may be missing; true if it is there and l is behind its
 * key. */
static bool
take_optional(struct line *l, const char **p, size_t *n, const char *key)
{
	const char *before = *p;
	size_t left = *n;

	if (line_take(l, p, n) && line_is(l, key)) {
		line_want(l, key);
		return true;
	}
	*p = before;
	*n = left;
	return false;
}

/* The lines that are always there. */
static bool
read_fixed(const char **p, size_t *n, struct envelope *env)
{
	static const char *const keys[] = { "id", "arrival", "uid", "sender" };
	struct line l[NELEM(keys)];
	size_t i;

	for (i = 0; i < NELEM(keys); i++) {
		if (!line_take(&l[i], p, n))
			return false;
		line_want(&l[i], keys[i]);
	}
	line_string_to(&l[0], env->id, sizeof(env->id));
	env->arrival_us = line_int(&l[1], 0, INT64_MAX);
	env->uid = (uint32_t)line_int(&l[2], 0, UINT32_MAX);
	env->sender = read_addr(&l[3]);
	for (i = 0; i < NELEM(keys); i++)
		if (!line_end(&l[i]))
			return false;
	return env->id[0] == '\0' || id_check(env->id, strlen(env->id));
}

static bool
read_optional(const char **p, size_t *n, struct envelope *env)
{
	struct line l;
	bool good = true;

	if (take_optional(&l, p, n, "ret")) {
		env->ret = line_is(&l, "full") ? RET_FULL : RET_HDRS;
		line_want(&l, env->ret == RET_FULL ? "full" : "headers");
		good = line_end(&l);
	}
	if (good && take_optional(&l, p, n, "envid")) {
		env->envid = line_string(&l);
		good = line_end(&l);
	}
	if (good && take_optional(&l, p, n, "flags")) {
		env->flags = (unsigned)line_int(&l, 1, INT32_MAX);
		good = line_end(&l);
	}
	if (good && take_optional(&l, p, n, "tag")) {
		env->tag = line_string(&l);
		good = line_end(&l);
	}
	if (good && take_optional(&l, p, n, "message-id")) {
		env->message_id = line_string(&l);
		good = line_end(&l);
	}
	return good;
}

static bool
read_envelope(const char **p, size_t *n, struct envelope *env)
{
	struct line l;

	if (*n > ENVELOPE_TEXT_MAX || !read_fixed(p, n, env) ||
	    !read_optional(p, n, env))
		return false;
	while (line_take(&l, p, n))
		if (!read_rcpt(&l, env))
			return false;
	return *n == 0;
}

int
envelope_parse(const char *p, size_t n, struct envelope *env,
    struct err *err)
{
	size_t all = n;

	memset(env, 0, sizeof(*env));
	if (read_envelope(&p, &n, env))
		return 0;
	envelope_free(env);
	envelope_init(env);
	return err_set(err, ERR_DATA, "5.3.0",
	    "envelope is damaged before byte %zu of %zu", all - n, all);
}
