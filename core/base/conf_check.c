/* SPDX-License-Identifier: ISC */
/*
 * What no key says alone: keys that exclude or need each other, and the
 * defaults that depend on others.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"
#include "core/base/text.h"

struct check {
	struct conf		*conf;
	struct conf_problems	*problems;
	struct conf_relay	*relay;
	const int		*lines;		/* of the relay, or main */
};

/* Where the key was set, rightly or wrongly; 0: nowhere. */
static int
line_of(const struct check *c, enum conf_section section, const char *key)
{
	int line = c->lines[conf_key_find(section, key) - conf_table];

	return line > 0 ? line : 0;
}

static void
relay_problem(const struct check *c, const char *key, const char *text)
{
	int line = line_of(c, CONF_RELAY, key);

	conf_problem_add(c->problems, CONF_RELAY, c->conf->path,
	    line != 0 ? line : c->relay->line, key, "%s", text);
}

static void
missing(const struct check *c, const char *key, const char *who)
{
	char text[100];

	if (line_of(c, CONF_RELAY, key) != 0)
		return;
	(void)snprintf(text, sizeof(text), "missing; %s", who);
	relay_problem(c, key, text);
}

/* The one of the keys that is set and stands last, or NULL; *n counts. */
static const char *
last_set(const struct check *c, const char *const *keys, size_t nkeys,
    size_t *n)
{
	const char *last = NULL;
	int line, most = 0;
	size_t i;

	*n = 0;
	for (i = 0; i < nkeys; i++) {
		const struct conf_key *k = conf_key_find(CONF_RELAY, keys[i]);
		char *const *field = (char *const *)(const void *)
		    ((const char *)c->relay + k->offset);

		if (*field == NULL)
			continue;
		(*n)++;
		line = line_of(c, CONF_RELAY, keys[i]);
		if (line > most) {
			most = line;
			last = keys[i];
		}
	}
	return last;
}

static void
check_oauth(const struct check *c)
{
	static const char *const oauth[] = { "oauth_token_url",
	    "oauth_client_id", "oauth_client_secret_file",
	    "oauth_refresh_token_file", "oauth_scope" };
	static const char *const others[] = { "password", "password_file",
	    "password_command", "token_command" };
	const char *last;
	size_t n;

	(void)last_set(c, oauth, NELEM(oauth), &n);
	if (n == 0)
		return;
	last = last_set(c, others, NELEM(others), &n);
	if (n > 0)
		relay_problem(c, last, "excluded by the oauth_ keys; either "
		    "these or a password or token_command is accepted");
	missing(c, "oauth_token_url", "the other oauth_ keys need it");
	missing(c, "oauth_client_id", "the other oauth_ keys need it");
	if (c->relay->oauth_grant == CONF_GRANT_REFRESH)
		missing(c, "oauth_refresh_token_file",
		    "oauth_grant = refresh_token needs it");
	else
		missing(c, "oauth_client_secret_file",
		    "oauth_grant = client_credentials needs it");
}

static void
check_secrets(const struct check *c, unsigned mode)
{
	static const char *const passwords[] = { "password", "password_file",
	    "password_command" };
	static const char *const needy[] = { "password", "password_file",
	    "password_command", "token_command", "oauth_token_url" };
	const char *last;
	size_t n;

	last = last_set(c, passwords, NELEM(passwords), &n);
	if (n > 1)
		relay_problem(c, last, "one too many; at most one of "
		    "password, password_file and password_command is "
		    "accepted");
	if (c->relay->password != NULL && (mode & S_IRWXO) != 0)
		relay_problem(c, "password", "stands in a file that others "
		    "may read; a password is accepted in password_file, or "
		    "here after chmod o=");
	if (line_of(c, CONF_RELAY, "user") == 0) {
		last = last_set(c, needy, NELEM(needy), &n);
		if (n > 0)
			relay_problem(c, last, "needs a user beside it");
	}
}

static void
check_relay(const struct check *c, unsigned mode)
{
	const struct conf_relay *r = c->relay;

	check_secrets(c, mode);
	check_oauth(c);
	if (r->tls_key_file != NULL &&
	    line_of(c, CONF_RELAY, "tls_cert_file") == 0)
		relay_problem(c, "tls_key_file", "needs a tls_cert_file "
		    "beside it");
	if (r->name[0] == '\0') {
		if (r->sender.n > 0)
			relay_problem(c, "sender", "accepted in [relay NAME] "
			    "only; [relay] serves what no other does");
		if (r->recipient.n > 0)
			relay_problem(c, "recipient", "accepted in [relay "
			    "NAME] only; [relay] serves what no other does");
		return;
	}
	if (line_of(c, CONF_RELAY, "sender") == 0 &&
	    line_of(c, CONF_RELAY, "recipient") == 0)
		conf_problem_add(c->problems, CONF_RELAY, c->conf->path,
		    r->line, NULL, "[relay %s] without sender or recipient "
		    "would serve nothing", r->name);
	if (line_of(c, CONF_RELAY, "host") == 0)
		conf_problem_add(c->problems, CONF_RELAY, c->conf->path,
		    r->line, NULL, "[relay %s] without a host", r->name);
}

/*
 * The lesser of two times must not be above the greater. One that was not set
 * gives way to one that was.
 */
static void
check_times(const struct check *c)
{
	struct conf *conf = c->conf;
	int line = line_of(c, CONF_QUEUE, "retry_min");

	if (conf->retry_min_sec > conf->retry_max_sec) {
		if (line == 0)
			conf->retry_min_sec = conf->retry_max_sec;
		else
			conf_problem_add(c->problems, CONF_QUEUE, conf->path,
			    line, "retry_min", "above retry_max (%jds); at "
			    "most that is accepted",
			    (intmax_t)conf->retry_max_sec);
	}
	line = line_of(c, CONF_QUEUE, "warn_after");
	if (line != 0 && conf->warn_after_sec > conf->lifetime_sec)
		conf_problem_add(c->problems, CONF_QUEUE, conf->path, line,
		    "warn_after", "above lifetime (%jds); at most that is "
		    "accepted", (intmax_t)conf->lifetime_sec);
}

static void
add_local(struct conf *conf, const char *name)
{
	struct conf_list *l = &conf->aliases_local;
	size_t i;

	for (i = 0; i < l->n; i++)
		if (text_str_case_eq(l->v[i], name))
			return;
	l->v = mem_array(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = mem_str(name);
}

static void
fill_main(const struct check *c)
{
	struct conf *conf = c->conf;
	struct buf b;

	if (conf->hostname == NULL)
		conf->hostname = conf_machine_hostname();
	if (conf->domain == NULL)
		conf->domain = conf_machine_mailname();
	if (conf->domain == NULL)
		conf->domain = mem_str(conf->hostname);
	if (conf->aliases_local.n == 0) {
		add_local(conf, conf->hostname);
		add_local(conf, conf->domain);
		add_local(conf, "localhost");
	}
	if (conf->bounce_from == NULL) {
		buf_init(&b, 1024);
		buf_addf(&b, "Mail Delivery System <MAILER-DAEMON@%s>",
		    conf->domain);
		conf->bounce_from = buf_take(&b);
	}
}

static void
fill_relay(const struct check *c)
{
	static const int ports[] = {
		[CONF_TLS_STARTTLS] = 587, [CONF_TLS_IMPLICIT] = 465,
		[CONF_TLS_OPPORTUNISTIC] = 25, [CONF_TLS_NONE] = 25,
	};
	struct conf_relay *r = c->relay;

	if (r->port == 0)
		r->port = ports[r->tls];
	if (r->helo == NULL)
		r->helo = mem_str(c->conf->hostname);
	r->timeout_set = line_of(c, CONF_RELAY, "timeout") != 0;
}

/* The unnamed relay first; the others stay in the file's order. */
static void
order_relays(struct conf *conf)
{
	struct conf_relay unnamed;
	size_t i;

	for (i = 1; i < conf->nrelays; i++) {
		if (conf->relays[i].name[0] != '\0')
			continue;
		unnamed = conf->relays[i];
		memmove(conf->relays + 1, conf->relays,
		    i * sizeof(unnamed));
		conf->relays[0] = unnamed;
	}
}

void
conf_check(struct conf *conf, const struct conf_lines *lines, unsigned mode,
    struct conf_problems *problems)
{
	struct check c = { conf, problems, NULL, lines->main };
	size_t i;

	check_times(&c);
	conf_rewrite_check(conf, problems);
	fill_main(&c);
	for (i = 0; i < conf->nrelays; i++) {
		c.relay = &conf->relays[i];
		c.lines = lines->relay[i];
		check_relay(&c, mode);
		fill_relay(&c);
	}
	order_relays(conf);
}
