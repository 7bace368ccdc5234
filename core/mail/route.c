/* SPDX-License-Identifier: ISC */
#include "core/mail/addr.h"
#include "core/mail/route.h"

static bool
matches(const struct conf_list *patterns, const char *addr)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (addr_match(patterns->v[i], addr))
			return true;
	return false;
}

ssize_t
route_relay(const struct conf *conf, const char *sender, const char *rcpt)
{
	ssize_t by_sender = -1, unnamed = -1;
	size_t i;

	for (i = 0; i < conf->nrelays; i++) {
		const struct conf_relay *relay = &conf->relays[i];

		if (relay->nhosts == 0)
			continue;
		if (matches(&relay->recipient, rcpt))
			return (ssize_t)i;
		if (by_sender == -1 && matches(&relay->sender, sender))
			by_sender = (ssize_t)i;
		if (unnamed == -1 && relay->name[0] == '\0')
			unnamed = (ssize_t)i;
	}
	return by_sender != -1 ? by_sender : unnamed;
}
