/* SPDX-License-Identifier: ISC */
/*
 * addr - addresses: one, or lists of them as headers and callers write them.
 *
 * An address here is "local@domain" as RFC 5321 has a Mailbox (the local
 * part a Dot-string or a Quoted-string in its shortest form, the domain
 * names or a literal), or a bare "local" that is yet to be completed, or
 * "" for the null path.
 *
 * Shape	RFC 5322 3.4 with 4.4's obsolete forms (routes are dropped),
 *		UTF-8 as RFC 6532 allows
 * Limits	RFC 5321 4.5.3.1: local part 64, domain 255, path 256 octets
 * Errors	ERR_DATA, "5.1.3" (recipient) or "5.1.7" left to the caller
 * Pure		linear in n, no recursion
 */
#ifndef CORE_MAIL_ADDR_H
#define CORE_MAIL_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	ADDR_LOCAL_MAX = 64,
	ADDR_DOMAIN_MAX = 255,
	ADDR_MAX = 254,			/* RFC 3696 erratum 1690 */
};

/* One mailbox found in a list. */
struct addr_item {
	char		*addr;		/* owned; NULL: could not be read */
	struct slice	 text;		/* in the input: the whole mailbox */
	struct slice	 spec;		/* in the input: the addr-spec in it */
	struct slice	 phrase;	/* in the input: before the "<" */
	const struct err *err;		/* static; when addr is NULL */
	bool		 in_group;
};

struct addr_list {
	struct addr_item	*v;
	size_t			 n;
};

/*
 * Every mailbox of a header value or an argument (comma list, groups,
 * comments, quoted strings, folding). Always succeeds: a member that cannot
 * be read is an item with addr NULL and err set, the good ones stand; what is
 * unclear is never guessed (an open bracket or quote takes the rest with it,
 * an open group its members). "<>" is an item with addr "". slices borrow p.
 * Line ends count as folding here; who parses an argument refuses them first.
 */
void	addr_list_parse(struct addr_list *, const char *p, size_t n);
void	addr_list_free(struct addr_list *);

/* One address as -f takes it: "a@b", "<a@b>", "Name <a@b>", "joe", "", "<>".
 * A control character anywhere, or anything but one address, is an error.
 * On 0 *out is allocated. */
int	addr_parse(const char *p, size_t n, char **out, struct err *);

/* Completes a bare local part; returns an allocated string. "" stays "". */
char	*addr_complete(const char *addr, const char *domain);

/* Fit for the wire: "", or complete and of the form above; syntax, limits, no
 * control characters. */
int	addr_check(const char *addr, struct err *);

/* The same without words about which one: NULL when it is fit, else a static
 * reason. bare: a local part alone is fit too. */
const struct err	*addr_judge(const char *addr, size_t n, bool bare);

/* RFC 5322 3.2.3 with RFC 6532: a byte of an atom. */
bool	addr_is_atext(char);

/* Where the '@' of the domain is, or NULL for a bare local part. */
const char	*addr_at(const char *addr);

/* The same mailbox: local part exact, domain without ASCII case. */
bool	addr_eq(const char *a, const char *b);

/* Needs SMTPUTF8: an octet over 127 in the local part. */
bool	addr_utf8_local(const char *addr);

/* Matches a pattern of [relay] sender: "user@dom", "@dom", ".dom" (below dom
 * only), "<>" (the null path), "*" (everything). */
bool	addr_match(const char *pattern, const char *addr);

#endif
