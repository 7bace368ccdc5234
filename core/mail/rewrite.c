/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/rewrite.h"

bool
rewrite_is_local(const struct conf *conf, const char *domain)
{
	size_t i;

	for (i = 0; i < conf->aliases_local.n; i++)
		if (text_str_case_eq(conf->aliases_local.v[i], domain))
			return true;
	return false;
}

/* How well a rule fits the address whose domain is behind at; 0: not. */
static int
rank(const struct conf *conf, const char *from, const char *addr,
    const char *at)
{
	size_t local = (size_t)(at - addr);

	if (from[0] == '@')
		return text_str_case_eq(from, at) ? 1 : 0;
	if (addr_at(from) != NULL)
		return addr_eq(from, addr) ? 3 : 0;
	return strlen(from) == local && memcmp(from, addr, local) == 0 &&
	    rewrite_is_local(conf, at + 1) ? 2 : 0;
}

char *
rewrite_addr(const struct conf *conf, const char *addr)
{
	const char *at = addr_at(addr), *to = NULL;
	struct buf b;
	int r, best = 0;
	size_t i;

	if (at == NULL)
		return mem_str(addr);
	for (i = 0; i < conf->nrewrites; i++) {
		r = rank(conf, conf->rewrites[i].from, addr, at);
		if (r > best) {
			best = r;
			to = conf->rewrites[i].to;
		}
	}
	if (to == NULL)
		return mem_str(addr);
	if (to[0] != '@')
		return mem_str(to);
	buf_init(&b, strlen(addr) + strlen(to));
	buf_add(&b, addr, (size_t)(at - addr));
	buf_adds(&b, to);
	return buf_take(&b);
}
