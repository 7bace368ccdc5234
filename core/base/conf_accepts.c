/* SPDX-License-Identifier: ISC */
/*
 * What each key accepts, in words, for the errors.
 */
#include <assert.h>

#include "core/base/conf_table.h"

static void
add_words(const char *const *words, struct buf *b)
{
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		buf_addf(b, "%s%s", i == 0 ? "" :
		    words[i + 1] == NULL ? " or " : ", ", words[i]);
}

void
conf_value_accepts(const struct conf_key *k, struct buf *b)
{
	static const char *const texts[] = {
		[CONF_TYPE_PATH] = "an absolute path",
		[CONF_TYPE_URL] = "an https:// URL",
		[CONF_TYPE_LIST] = "a list of words",
		[CONF_TYPE_NAMES] = "a list of host names",
		[CONF_TYPE_PATTERNS] =
		    "a list of user@domain, @domain, .domain, <> or *",
		[CONF_TYPE_PRINTS] = "a list of SHA-256 fingerprints, 64 "
		    "hexadecimal digits, after spki: for a public key",
		[CONF_TYPE_HOSTS] =
		    "a list of name, name:port, address or [v6]:port",
		[CONF_TYPE_NAME] = "a host name",
		[CONF_TYPE_HELO] = "a host name or [address]",
		[CONF_TYPE_DOMAIN] = "a domain",
		[CONF_TYPE_IP] = "an IP address",
		[CONF_TYPE_ADDR] = "user@domain",
		[CONF_TYPE_ADDR_OR] = "user@domain",
		[CONF_TYPE_RCPT] = "user@domain or a local name",
		[CONF_TYPE_RCPT_OR] = "user@domain, a local name",
		[CONF_TYPE_RETURN] = "<> or user@domain",
		[CONF_TYPE_MAILBOX] = "user@domain or Name <user@domain>",
		[CONF_TYPE_PATH_OR] = "an absolute path",
		[CONF_TYPE_BOOL] = "yes or no",
		[CONF_TYPE_RATE] = "messages per time such as 100/m or 5/s",
		[CONF_TYPE_AUTH] = "auto, off or a list of "
		    "SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, "
		    "SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN, EXTERNAL, GSSAPI, "
		    "OAUTHBEARER, XOAUTH2",
		[CONF_TYPE_TARGET] = "syslog, stderr or file:/path",
	};

	switch (k->type) {
	case CONF_TYPE_WORD:
	case CONF_TYPE_FLAG:
		add_words(k->words, b);
		break;
	case CONF_TYPE_NUMBER:
	case CONF_TYPE_PORT:
		buf_addf(b, "a number from %jd to %jd", (intmax_t)k->min,
		    (intmax_t)k->max);
		break;
	case CONF_TYPE_TIME:
		buf_addf(b, "a time such as 30s, 5m, 4h or 5d, %s%jdd",
		    k->min > 0 ? "from 1s to " : "at most ",
		    (intmax_t)(k->max / 86400));
		break;
	case CONF_TYPE_SIZE:
		buf_addf(b, "a size in bytes, or such as 64K, 50M or 2G, "
		    "from %jd to %jdG", (intmax_t)k->min,
		    (intmax_t)(k->max >> 30));
		break;
	default:
		assert((size_t)k->type < NELEM(texts));
		buf_adds(b, texts[k->type] != NULL ? texts[k->type] :
		    "one line of text");
		if (k->words != NULL)
			buf_addf(b, " or %s", k->words[0]);
		break;
	}
}
