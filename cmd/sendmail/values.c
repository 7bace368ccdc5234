/* SPDX-License-Identifier: ISC */
#include <limits.h>
#include <string.h>

#include "cmd/sendmail/options.h"
#include "cmd/sendmail/values.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/xtext.h"

enum {
	SHOWN_MAX = 80,			/* bytes of an argument in an error */
	INTERVAL_MAX = 366 * 86400,	/* seconds */
};

int
values_refuse(struct err *err, const char *what, const char *value,
    const char *want)
{
	char shown[SHOWN_MAX];

	text_clean_to(shown, sizeof(shown), value, strlen(value));
	return err_set(err, ERR_USAGE, NULL, "%s: \"%s\": %s", what, shown,
	    want);
}

bool
values_bool(const char *value)
{
	return value == NULL || *value == '\0' ||
	    strchr("TtYy1", *value) != NULL;
}

static int64_t
unit_sec(char c)
{
	switch (text_lower(c)) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	default:
		return 0;
	}
}

int
values_interval(const char *value, int64_t *sec, struct err *err)
{
	static const char want[] =
	    "a time is digits and s, m, h, d or w, as in 30m";
	const char *p = value;
	int64_t total = 0, n, unit;
	size_t digits;

	do {
		digits = strspn(p, "0123456789");
		if (!text_to_int(p, digits, 0, INTERVAL_MAX, &n))
			return values_refuse(err, "option -q", value, want);
		p += digits;
		unit = *p == '\0' ? 60 : unit_sec(*p++);
		if (unit == 0)
			return values_refuse(err, "option -q", value, want);
		total += n * unit;
		if (total > INTERVAL_MAX)
			return values_refuse(err, "option -q", value,
			    "over a year");
	} while (*p != '\0');
	if (total == 0)
		return values_refuse(err, "option -q", value, "no time at all");
	*sec = total;
	return 0;
}

int
values_number(const char *what, const char *value, int64_t max, int64_t *out,
    struct err *err)
{
	if (text_to_int(value, strlen(value), 0, max, out))
		return 0;
	return values_refuse(err, what, value, "not a number that fits");
}

static unsigned
notify_bit(const char *p, size_t n)
{
	static const struct {
		const char	*word;
		unsigned	 bit;
	} words[] = {
		{ "never", NOTIFY_NEVER }, { "success", NOTIFY_SUCCESS },
		{ "failure", NOTIFY_FAILURE }, { "delay", NOTIFY_DELAY },
	};

	for (size_t i = 0; i < NELEM(words); i++)
		if (text_case_eq(p, n, words[i].word, strlen(words[i].word)))
			return words[i].bit;
	return 0;
}

int
values_notify(const char *value, unsigned *out, struct err *err)
{
	unsigned bits = 0, bit;
	const char *p = value;

	for (;;) {
		size_t n = strcspn(p, ",");
		struct slice word = text_trim(p, n);

		bit = notify_bit(word.p, word.n);
		if (bit == 0)
			return values_refuse(err, "option -N", value,
			    "accepted are never, or a list of success, "
			    "failure, delay");
		bits |= bit;
		if (p[n] == '\0')
			break;
		p += n + 1;
	}
	if ((bits & NOTIFY_NEVER) != 0 && bits != NOTIFY_NEVER)
		return values_refuse(err, "option -N", value,
		    "never stands alone");
	*out = bits;
	return 0;
}

int
values_ret(const char *value, enum envelope_ret *out, struct err *err)
{
	if (text_str_case_eq(value, "full"))
		*out = RET_FULL;
	else if (text_str_case_eq(value, "hdrs"))
		*out = RET_HDRS;
	else
		return values_refuse(err, "option -R", value,
		    "accepted are full and hdrs");
	return 0;
}

static bool
is_printable(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!text_is_print(p[i]))
			return false;
	return true;
}

int
values_envid(const char *value, char **out, struct err *err)
{
	size_t n = strlen(value);
	struct buf b;

	if (n == 0) {
		*out = NULL;
		return 0;
	}
	if (!is_printable(value, n))
		return values_refuse(err, "option -V", value,
		    "only printable ASCII is accepted");
	if (n > OPTIONS_ENVID_MAX)
		return values_refuse(err, "option -V", value,
		    "over 100 characters");
	buf_init(&b, OPTIONS_ENVID_MAX);
	/* "+0A" is good xtext for what no envelope id may hold. */
	if (!xtext_decode(&b, value, n) || !is_printable(b.p, b.n)) {
		buf_reset(&b);
		buf_add(&b, value, n);
	}
	*out = buf_take(&b);
	return 0;
}

/* Fit to stand in a Received field: a token, or a host's name or address. */
static bool
is_word(const char *p, size_t n, const char *also)
{
	if (n > OPTIONS_WORD_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!text_is_alnum(p[i]) && (p[i] == '\0' ||
		    strchr(also, p[i]) == NULL))
			return false;
	return true;
}

int
values_protocol(const char *value, char **proto, const char **peer,
    struct err *err)
{
	size_t n = strcspn(value, ":");
	const char *host = value[n] == ':' ? value + n + 1 : "";

	if (!is_word(value, n, "-+.") ||
	    !is_word(host, strlen(host), "-._:[]@"))
		return values_refuse(err, "option -p", value,
		    "accepted is PROTOCOL:HOST");
	*proto = n != 0 ? mem_dup(value, n) : NULL;
	*peer = *host != '\0' ? host : NULL;
	return 0;
}
