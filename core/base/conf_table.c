/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/conf_table.h"
#include "core/base/paths.h"

enum {
	DAY = 86400,			/* seconds */
	YEARS = 3650 * DAY,
	MANY = 1000000000,
};

#define BYTES_MAX	((int64_t)1 << 50)

const char *const conf_sections[] = { "relay", "identity", "rewrite",
	"aliases", "queue", "bounce", "log", NULL };

static const char *const lookups[] = { "a", "mx", "srv", NULL };
static const char *const tls[] = { "starttls", "implicit", "opportunistic",
	"none", NULL };
static const char *const verifies[] = { "yes", "dane", "no", NULL };
static const char *const tls_mins[] = { "1.2", "1.3", NULL };
static const char *const grants[] = { "refresh_token", "client_credentials",
	NULL };
static const char *const long_lines[] = { "encode", "keep", NULL };
static const char *const lists[] = { "own", "all", NULL };
static const char *const trailers[] = { "both", "sendmail", "postfix", NULL };
static const char *const returns[] = { "headers", "full", NULL };
static const char *const levels[] = { "error", "info", "debug", NULL };
static const char *const keep[] = { "keep", NULL };
static const char *const off[] = { "off", NULL };
static const char *const none[] = { "none", NULL };

#define RELAY(name, type, field, ...)					\
	{ CONF_RELAY, name, CONF_TYPE_##type,				\
	    offsetof(struct conf_relay, field), __VA_ARGS__ }
#define IN(section, name, type, field, ...)				\
	{ CONF_##section, name, CONF_TYPE_##type,			\
	    offsetof(struct conf, field), __VA_ARGS__ }

/* The order is the manual page's. */
const struct conf_key conf_table[] = {
	RELAY("host", HOSTS, hosts, NULL, 0, 0, NULL),
	RELAY("lookup", WORD, lookup, "a", 0, 0, lookups),
	RELAY("port", PORT, port, NULL, 1, 65535, NULL),
	RELAY("tls", WORD, tls, "starttls", 0, 0, tls),
	RELAY("tls_verify", WORD, tls_verify, "yes", 0, 0, verifies),
	RELAY("tls_ca_file", PATH, tls_ca_file, NULL, 0, 0, NULL),
	RELAY("tls_cert_file", PATH, tls_cert_file, NULL, 0, 0, NULL),
	RELAY("tls_key_file", PATH, tls_key_file, NULL, 0, 0, NULL),
	RELAY("tls_fingerprint", PRINTS, tls_fingerprint, NULL, 0, 0, NULL),
	RELAY("tls_min", WORD, tls_min, "1.2", 12, 0, tls_mins),
	RELAY("tls_name", NAMES, tls_name, NULL, 0, 0, NULL),
	RELAY("auth", AUTH, auth, "auto", 0, 0, NULL),
	RELAY("user", TEXT, user, NULL, 0, 0, NULL),
	RELAY("password", SECRET, password, NULL, 0, 0, NULL),
	RELAY("password_file", FILE, password_file, NULL, 0, 0, NULL),
	RELAY("password_command", TEXT, password_command, NULL, 0, 0, NULL),
	RELAY("token_command", TEXT, token_command, NULL, 0, 0, NULL),
	RELAY("oauth_token_url", URL, oauth_token_url, NULL, 0, 0, NULL),
	RELAY("oauth_client_id", TEXT, oauth_client_id, NULL, 0, 0, NULL),
	RELAY("oauth_client_secret_file", FILE, oauth_client_secret_file,
	    NULL, 0, 0, NULL),
	RELAY("oauth_refresh_token_file", FILE, oauth_refresh_token_file,
	    NULL, 0, 0, NULL),
	RELAY("oauth_scope", TEXT, oauth_scope, NULL, 0, 0, NULL),
	RELAY("oauth_grant", WORD, oauth_grant, "refresh_token", 0, 0,
	    grants),
	RELAY("allow_plaintext_auth", BOOL, allow_plaintext_auth, "no", 0, 0,
	    NULL),
	RELAY("helo", HELO, helo, NULL, 0, 0, NULL),
	RELAY("source", IP, source, NULL, 0, 0, NULL),
	RELAY("sender", PATTERNS, sender, NULL, 0, 0, NULL),
	RELAY("recipient", PATTERNS, recipient, NULL, 0, 0, NULL),
	RELAY("long_lines", FLAG, long_lines_keep, "encode", 0, 0,
	    long_lines),
	RELAY("recipients_per_transaction", NUMBER,
	    recipients_per_transaction, "100", 0, MANY, NULL),
	RELAY("messages_per_connection", NUMBER, messages_per_connection,
	    "0", 0, MANY, NULL),
	RELAY("connections", NUMBER, connections, "4", 1, 1000, NULL),
	RELAY("rate", RATE, rate_count, NULL, 1, MANY, NULL),
	RELAY("connect_timeout", TIME, connect_timeout_sec, "30s", 1, DAY,
	    NULL),
	RELAY("timeout", TIME, timeout_sec, "5m", 1, DAY, NULL),
	RELAY("command_timeout", TIME, command_timeout_sec, "30s", 1, DAY,
	    NULL),

	IN(IDENTITY, "hostname", NAME, hostname, NULL, 0, 0, NULL),
	IN(IDENTITY, "domain", DOMAIN, domain, NULL, 0, 0, NULL),
	IN(IDENTITY, "sender", ADDR, sender, NULL, 0, 0, NULL),
	IN(IDENTITY, "from", ADDR_OR, from, "keep", 0, 0, keep),
	IN(IDENTITY, "require_user_from", BOOL, require_user_from, "no", 0,
	    0, NULL),
	IN(IDENTITY, "trusted", LIST, trusted, "root", 0, 0, NULL),

	IN(ALIASES, "file", PATH, aliases_file, "/etc/aliases", 0, 0, NULL),
	IN(ALIASES, "catchall", RCPT, aliases_catchall, NULL, 0, 0, NULL),
	IN(ALIASES, "local", NAMES, aliases_local, NULL, 0, 0, NULL),

	IN(QUEUE, "directory", PATH, queue_dir, paths_spool, 0, 0, NULL),
	IN(QUEUE, "lifetime", TIME, lifetime_sec, "5d", 0, YEARS, NULL),
	IN(QUEUE, "bounce_lifetime", TIME, bounce_lifetime_sec, "1d", 0,
	    YEARS, NULL),
	IN(QUEUE, "warn_after", TIME, warn_after_sec, "4h", 0, YEARS, NULL),
	IN(QUEUE, "retry_min", TIME, retry_min_sec, "1m", 1, YEARS, NULL),
	IN(QUEUE, "retry_max", TIME, retry_max_sec, "1h", 1, YEARS, NULL),
	IN(QUEUE, "max_message_size", SIZE, max_message_size, "50M", 0,
	    BYTES_MAX, NULL),
	IN(QUEUE, "max_header_size", SIZE, max_header_size, "1M", 1024,
	    1024 * 1024 * 1024, NULL),
	IN(QUEUE, "on_demand", BOOL, on_demand, "no", 0, 0, NULL),
	IN(QUEUE, "min_free", SIZE, min_free, "32M", 0, BYTES_MAX, NULL),
	IN(QUEUE, "max_recipients", NUMBER, max_recipients, "10000", 1,
	    200000, NULL),
	IN(QUEUE, "max_hops", NUMBER, max_hops, "50", 1, 10000, NULL),
	IN(QUEUE, "per_user", NUMBER, per_user, "0", 0, MANY, NULL),
	IN(QUEUE, "list", FLAG, list_all, "own", 0, 0, lists),
	IN(QUEUE, "trailer", WORD, trailer, "both", 0, 0, trailers),
	IN(QUEUE, "gate", PATH_OR, gate, NULL, 0, 0, off),
	IN(QUEUE, "history", TIME, history_sec, "30d", 0, YEARS, NULL),

	IN(BOUNCE, "return", WORD, bounce_return, "headers", 0, 0, returns),
	IN(BOUNCE, "postmaster", RCPT_OR, bounce_postmaster, "postmaster", 0,
	    0, none),
	IN(BOUNCE, "sender", RETURN, bounce_sender, "<>", 0, 0, NULL),
	IN(BOUNCE, "from", MAILBOX, bounce_from, NULL, 0, 0, NULL),

	IN(LOG, "target", TARGET, log_target, "syslog", 0, 0, NULL),
	IN(LOG, "level", WORD, log_level, "info", 0, 0, levels),
};

const size_t conf_table_n = NELEM(conf_table);

_Static_assert(NELEM(conf_table) <= CONF_KEYS_MAX, "CONF_KEYS_MAX");

const struct conf_key *
conf_key_find(enum conf_section section, const char *name)
{
	size_t i;

	for (i = 0; i < conf_table_n; i++)
		if (conf_table[i].section == section &&
		    strcmp(conf_table[i].name, name) == 0)
			return &conf_table[i];
	return NULL;
}

void
conf_keys_list(enum conf_section section, struct buf *b)
{
	size_t i, start = b->n;

	for (i = 0; i < conf_table_n; i++)
		if (conf_table[i].section == section)
			buf_addf(b, "%s%s", b->n > start ? ", " : "",
			    conf_table[i].name);
}
