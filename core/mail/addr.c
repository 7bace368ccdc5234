/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"

enum {
	LABEL_MAX = 63,			/* RFC 1035 2.3.4; of an A-label */
	SHOWN_MAX = 160,		/* bytes of an address in an error */
};

bool
addr_is_atext(char c)
{
	return text_is_alnum(c) || (unsigned char)c >= 0x80 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Bytes that may travel: printable ASCII and UTF-8 without C1 controls. */
static bool
is_wire_text(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t i;

	if (!text_is_line(p, n) || !text_is_utf8(p, n))
		return false;
	for (i = 0; i + 1 < n; i++)
		if (u[i] == 0xc2 && u[i + 1] < 0xa0)
			return false;
	return true;
}

/* The Local-part at p: how long it is up to '@' or the end, 0 if it is none. */
static size_t
local_length(const char *p, size_t n)
{
	size_t i;

	if (n > 0 && p[0] == '"') {
		for (i = 1; i < n && p[i] != '"'; i++)
			if (p[i] == '\\' && ++i == n)
				return 0;
		return i < n ? i + 1 : 0;
	}
	for (i = 0; i < n && p[i] != '@'; i++) {
		if (p[i] == '.' && (i == 0 || p[i - 1] == '.'))
			return 0;
		if (p[i] != '.' && !addr_is_atext(p[i]))
			return 0;
	}
	return i > 0 && p[i - 1] != '.' ? i : 0;
}

static bool
is_name(const char *p, size_t n)
{
	size_t i, start = 0;

	for (i = 0; i <= n; i++) {
		if (i < n && p[i] != '.') {
			if (!text_is_alnum(p[i]) && p[i] != '-' &&
			    p[i] != '_' && (unsigned char)p[i] < 0x80)
				return false;
			continue;
		}
		if (i == start || p[start] == '-' || p[i - 1] == '-')
			return false;
		if (i - start > LABEL_MAX &&
		    text_is_ascii(p + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

/* RFC 5321 4.1.3, what stands between the brackets. */
static bool
is_literal(const char *p, size_t n)
{
	unsigned char ip[16];
	char name[64];
	const char *colon = memchr(p, ':', n);
	size_t i, tag;

	if (n == 0 || n >= sizeof(name) || !text_is_ascii(p, n))
		return false;
	(void)snprintf(name, sizeof(name), "%.*s", (int)n, p);
	if (colon == NULL)
		return inet_pton(AF_INET, name, ip) == 1;
	tag = (size_t)(colon - p);
	if (text_case_eq(p, tag, "ipv6", 4))
		return inet_pton(AF_INET6, name + 5, ip) == 1;
	for (i = 0; i < tag; i++)
		if (!text_is_alnum(p[i]) && p[i] != '-')
			return false;
	if (tag == 0 || !text_is_alnum(p[tag - 1]) || tag + 1 == n)
		return false;
	for (i = tag + 1; i < n; i++)
		if (!text_is_print(p[i]) || strchr(" [\\]", p[i]) != NULL)
			return false;
	return true;
}

static bool
is_domain(const char *p, size_t n)
{
	if (n >= 2 && p[0] == '[' && p[n - 1] == ']')
		return is_literal(p + 1, n - 2);
	return is_name(p, n);
}

const struct err *
addr_judge(const char *addr, size_t n, bool bare)
{
	static const struct err
	    text = { ERR_DATA, 0, "5.1.3", "control characters, or not UTF-8" },
	    syntax = { ERR_DATA, 0, "5.1.3", "not a valid local part" },
	    none = { ERR_DATA, 0, "5.1.3", "no domain" },
	    local_long = { ERR_DATA, 0, "5.1.3", "local part over 64 octets" },
	    domain_long = { ERR_DATA, 0, "5.1.3", "domain over 255 octets" },
	    domain = { ERR_DATA, 0, "5.1.3", "not a valid domain" },
	    all_long = { ERR_DATA, 0, "5.1.3", "over 254 octets" };
	size_t local = local_length(addr, n);

	if (!is_wire_text(addr, n))
		return &text;
	if (local == 0 || (local < n && addr[local] != '@'))
		return &syntax;
	if (local == n && !bare)
		return &none;
	if (local > ADDR_LOCAL_MAX)
		return &local_long;
	if (local < n && n - local - 1 > ADDR_DOMAIN_MAX)
		return &domain_long;
	if (local < n && !is_domain(addr + local + 1, n - local - 1))
		return &domain;
	return n > ADDR_MAX ? &all_long : NULL;
}

int
addr_check(const char *addr, struct err *err)
{
	char shown[SHOWN_MAX];
	size_t n = strlen(addr);
	const struct err *why = n > 0 ? addr_judge(addr, n, false) : NULL;

	if (why == NULL)
		return 0;
	return err_set(err, ERR_DATA, "5.1.3", "address %s: %s",
	    text_clean_to(shown, sizeof(shown), addr, n), why->text);
}

const char *
addr_at(const char *addr)
{
	size_t local;

	if (addr[0] != '"')
		return strchr(addr, '@');
	local = local_length(addr, strlen(addr));
	return local > 0 && addr[local] == '@' ? addr + local : NULL;
}

char *
addr_complete(const char *addr, const char *domain)
{
	size_t n, nd;
	char *out;

	if (addr[0] == '\0' || addr_at(addr) != NULL)
		return mem_str(addr);
	n = strlen(addr);
	nd = strlen(domain);
	out = mem_zero(n + nd + 2);
	memcpy(out, addr, n);
	out[n] = '@';
	memcpy(out + n + 1, domain, nd);
	return out;
}

bool
addr_eq(const char *a, const char *b)
{
	const char *at = addr_at(a), *bt = addr_at(b);
	size_t n;

	if (at == NULL || bt == NULL)
		return strcmp(a, b) == 0;
	n = (size_t)(at - a);
	return n == (size_t)(bt - b) && memcmp(a, b, n) == 0 &&
	    text_str_case_eq(at, bt);
}

bool
addr_utf8_local(const char *addr)
{
	const char *at = addr_at(addr);

	return !text_is_ascii(addr, at != NULL ? (size_t)(at - addr) :
	    strlen(addr));
}

bool
addr_match(const char *pattern, const char *addr)
{
	const char *at = addr_at(addr);
	size_t n, np = strlen(pattern);

	if (strcmp(pattern, "*") == 0)
		return true;
	if (strcmp(pattern, "<>") == 0)
		return addr[0] == '\0';
	if (at == NULL)
		return false;
	if (pattern[0] == '@')
		return text_str_case_eq(pattern, at);
	if (pattern[0] != '.')
		return addr_eq(pattern, addr);
	n = strlen(at + 1);
	return n > np && text_case_eq(at + 1 + n - np, np, pattern, np);
}
