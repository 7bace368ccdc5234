/* SPDX-License-Identifier: ISC */
/*
 * What one word of a value may be. Addresses are only looked at from afar:
 * their grammar is core/mail's, which reads them again where they are used.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"
#include "core/base/text.h"

enum {
	NAME_MAX_BYTES = 253,		/* RFC 1035 2.3.4, as text */
	LABEL_MAX_BYTES = 63,
	PRINT_DIGITS = 64,		/* SHA-256 in hexadecimal */
};

bool
conf_is_name(const char *p, size_t n, bool utf8)
{
	size_t i, label = 0;
	bool digits = true, dot = false;

	if (n > 1 && p[n - 1] == '.')
		n--;
	if (n == 0 || n > NAME_MAX_BYTES || !text_is_utf8(p, n))
		return false;
	for (i = 0; i < n; i++) {
		if (p[i] == '.') {
			if (label == 0 || p[i - 1] == '-')
				return false;
			label = 0;
			dot = true;
			continue;
		}
		if (p[i] == '-' && label == 0)
			return false;
		if (!text_is_alnum(p[i]) && p[i] != '-' && p[i] != '_' &&
		    !(utf8 && (unsigned char)p[i] >= 0x80))
			return false;
		if (!text_is_digit(p[i]))
			digits = false;
		if (++label > LABEL_MAX_BYTES)
			return false;
	}
	/* Digits and dots alone are an address, or a mistyped one. */
	return label > 0 && p[n - 1] != '-' && !(digits && dot);
}

bool
conf_is_ip(const char *p, size_t n)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[sizeof(struct in6_addr)];
	const char *zone = memchr(p, '%', n);

	/* fe80::1%eth0: the zone is the system's business. */
	if (zone != NULL) {
		if (memchr(p, ':', n) == NULL || zone + 1 == p + n)
			return false;
		n = (size_t)(zone - p);
	}
	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	if (strlen(text) != n)
		return false;
	return inet_pton(AF_INET, text, bytes) == 1 ||
	    inet_pton(AF_INET6, text, bytes) == 1;
}

static const char *
last_at(const char *p, size_t n)
{
	return n > 0 ? memrchr(p, '@', n) : NULL;
}

/* An address literal: "[192.0.2.1]", "[IPv6:::1]". */
bool
conf_is_literal(const char *p, size_t n)
{
	static const char v6[] = "IPv6:";

	if (n < 3 || p[0] != '[' || p[n - 1] != ']')
		return false;
	p++;
	n -= 2;
	if (n > 5 && text_case_eq(p, 5, v6, 5))
		return conf_is_ip(p + 5, n - 5) && memchr(p + 5, ':', n - 5);
	return conf_is_ip(p, n) && memchr(p, ':', n) == NULL;
}

bool
conf_is_rcpt(const char *p, size_t n)
{
	size_t i;
	bool quoted = false;

	if (n == 0 || !text_is_line(p, n) || !text_is_utf8(p, n))
		return false;
	for (i = 0; i < n; i++) {
		if (p[i] == '"' && (i == 0 || p[i - 1] != '\\'))
			quoted = !quoted;
		if (!quoted && strchr(" <>(),;:\\[]@", p[i]) != NULL)
			return false;
	}
	return !quoted && p[0] != '-';
}

bool
conf_is_addr(const char *p, size_t n)
{
	const char *at = last_at(p, n);
	size_t local, domain;

	if (at == NULL)
		return false;
	local = (size_t)(at - p);
	domain = n - local - 1;
	return conf_is_rcpt(p, local) && (conf_is_name(at + 1, domain, true) ||
	    conf_is_literal(at + 1, domain));
}

bool
conf_is_mailbox(const char *p, size_t n)
{
	const char *open;

	if (n == 0 || !text_is_line(p, n) || !text_is_utf8(p, n))
		return false;
	if (p[n - 1] != '>')
		return conf_is_addr(p, n);
	open = memrchr(p, '<', n);
	return open != NULL && conf_is_addr(open + 1,
	    n - 1 - (size_t)(open + 1 - p));
}

bool
conf_pattern(const char *p, size_t n)
{
	if (n == 1 && p[0] == '*')
		return true;
	if (n == 2 && memcmp(p, "<>", 2) == 0)
		return true;
	if (n > 1 && (p[0] == '@' || p[0] == '.'))
		return conf_is_name(p + 1, n - 1, true) ||
		    (p[0] == '@' && conf_is_literal(p + 1, n - 1));
	return conf_is_addr(p, n);
}

/* scheme, host and then nothing, ":" or "/". */
static bool
is_at(const char *p, size_t n, const char *where)
{
	size_t len = strlen(where);

	return n >= len && text_case_eq(p, len, where, len) &&
	    (n == len || p[len] == ':' || p[len] == '/');
}

bool
conf_is_url(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!text_is_print(p[i]) || p[i] == ' ' || p[i] == '@')
			return false;
	/* A token never goes over a network in clear. */
	return (n > 8 && text_case_eq(p, 8, "https://", 8)) ||
	    is_at(p, n, "http://127.0.0.1") ||
	    is_at(p, n, "http://localhost") || is_at(p, n, "http://[::1]");
}

bool
conf_take_host(const char *p, size_t n, struct conf_host *host)
{
	const char *name = p, *colon = memchr(p, ':', n), *close;
	size_t name_n = n;
	int64_t port = 0, number;
	bool bracket = n > 0 && p[0] == '[';

	if (bracket) {
		close = memchr(p, ']', n);
		if (close == NULL)
			return false;
		name = p + 1;
		name_n = (size_t)(close - name);
		colon = close + 1 < p + n ? close + 1 : NULL;
		if (colon != NULL && *colon != ':')
			return false;
	} else if (colon != NULL && conf_is_ip(p, n)) {
		colon = NULL;			/* "::1" */
	} else if (colon != NULL) {
		name_n = (size_t)(colon - p);
	}
	if (colon != NULL && !text_to_int(colon + 1,
	    n - (size_t)(colon + 1 - p), 1, 65535, &port))
		return false;
	/* A resolver takes a lone number for an address, too. */
	if (!conf_is_ip(name, name_n) && (bracket ||
	    !conf_is_name(name, name_n, false) ||
	    text_to_int(name, name_n, 0, INT64_MAX, &number)))
		return false;
	host->name = mem_dup(name, name_n);
	host->port = (int)port;
	return true;
}

bool
conf_take_print(const char *p, size_t n, struct buf *b)
{
	size_t i, digits = 0;

	if (n > 5 && text_case_eq(p, 5, "spki:", 5)) {
		buf_adds(b, "spki:");
		p += 5;
		n -= 5;
	}
	for (i = 0; i < n; i++) {
		if (p[i] == ':' && digits > 0 && digits % 2 == 0 &&
		    p[i - 1] != ':' && i + 1 < n)
			continue;
		if (!text_is_hex(p[i]))
			return false;
		buf_addc(b, text_lower(p[i]));
		digits++;
	}
	return digits == PRINT_DIGITS;
}

bool
conf_take_mechanism(const char *p, size_t n, struct buf *b)
{
	/* What core/smtp/sasl can do; never what a library happens to know. */
	static const char *const known[] = { "SCRAM-SHA-256-PLUS",
	    "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5",
	    "PLAIN", "LOGIN", "EXTERNAL", "GSSAPI", "OAUTHBEARER",
	    "XOAUTH2" };
	size_t i;

	for (i = 0; i < NELEM(known); i++)
		if (text_case_eq(p, n, known[i], strlen(known[i]))) {
			buf_adds(b, known[i]);
			return true;
		}
	return false;
}
