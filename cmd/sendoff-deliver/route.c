/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "cmd/sendoff-deliver/route.h"
#include "core/base/clock.h"
#include "core/base/log.h"

void
route_init(struct route *r, const struct smtp_setup *setup)
{
	memset(r, 0, sizeof(*r));
	r->setup = setup;
}

void
route_free(struct route *r)
{
	resolve_free(&r->list);
	memset(r, 0, sizeof(*r));
}

void
route_restart(struct route *r)
{
	resolve_free(&r->list);
	r->host = 0;
	r->at = 0;
	r->failed = false;
	r->relay[0] = '\0';
}

enum job_down
route_down(enum smtp_phase phase, const struct err *err)
{
	if (err->kind == ERR_CONF)
		return JOB_DOWN_CONF;
	switch (phase) {
	case SMTP_STARTTLS:
	case SMTP_HANDSHAKE:
		return JOB_DOWN_TLS;
	case SMTP_AUTH:
		return JOB_DOWN_AUTH;
	default:
		return JOB_DOWN_CONNECT;
	}
}

void
route_blame(struct route *r, enum job_down down, const char *relay,
    const struct err *err)
{
	log_info("relay=%s: %s", relay[0] != '\0' ? relay : "none", err->text);
	/* The enum is in the order of how far one got. */
	if (r->failed && down < r->down)
		return;
	r->failed = true;
	r->down = down;
	r->err = *err;
	(void)snprintf(r->relay, sizeof(r->relay), "%s", relay);
}

bool
route_has_next(const struct route *r)
{
	return r->at < r->list.n || r->host < r->setup->relay->nhosts;
}

/* Moves on to the next address; false when there is none. */
static bool
next_address(struct route *r)
{
	const struct conf_relay *relay = r->setup->relay;
	struct err err = { 0 };

	while (r->at >= r->list.n) {
		if (r->host >= relay->nhosts)
			return false;
		resolve_free(&r->list);
		r->at = 0;
		if (resolve_host(relay, &relay->hosts[r->host++], &r->list,
		    &err) == -1)
			route_blame(r, JOB_DOWN_CONNECT, "", &err);
	}
	r->addr = r->list.v[r->at++];
	return true;
}

/* The names that may stand in the certificate (INTERFACE 2, tls_name). */
static void
fill_names(struct route *r)
{
	const struct conf_relay *relay = r->setup->relay;
	const char *host = relay->hosts[r->host - 1].name;
	size_t i, n = 0;

	if (relay->tls_name.n == 0)
		r->names[n++] = host;
	for (i = 0; i < relay->tls_name.n && n < ROUTE_NAMES_MAX - 1; i++)
		r->names[n++] = relay->tls_name.v[i];
	/* The target of an MX or SRV counts only by a secure answer. */
	if (r->addr.secure && strcmp(r->addr.host, host) != 0)
		r->names[n++] = r->addr.host;
	r->target.names = r->names;
	r->target.nnames = n;
}

/* RFC 7672 8.1: the server is asked for the name that its records are for. */
static void
put_first(struct route *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->target.nnames; i++)
		if (strcmp(r->names[i], name) == 0) {
			r->names[i] = r->names[0];
			r->names[0] = name;
		}
}

/* RFC 7672: an MX counts only if its own record came securely. */
static int
fill_tlsa(struct route *r, struct err *err)
{
	const struct conf_relay *relay = r->setup->relay;
	size_t i, n = RESOLVE_TLSA_MAX;
	bool secure = false;

	if (relay->tls_verify != CONF_VERIFY_DANE ||
	    relay->tls == CONF_TLS_NONE ||
	    (relay->lookup != CONF_LOOKUP_A && !r->addr.secure))
		return 0;
	if (resolve_tlsa(r->addr.host, r->addr.port,
	    relay->connect_timeout_sec, r->records, &n, &secure, err) == -1)
		return -1;
	for (i = 0; secure && i < n; i++)
		r->tlsa[i] = (struct tls_tlsa){ r->records[i].usage,
		    r->records[i].selector, r->records[i].matching,
		    r->records[i].data, r->records[i].n };
	r->target.tlsa = r->tlsa;
	r->target.ntlsa = secure ? n : 0;
	if (r->target.ntlsa > 0)
		put_first(r, r->addr.host);
	return 0;
}

static int
open_once(struct route *r, struct smtp_session *s, enum job_down *down,
    struct err *err)
{
	const struct conf_relay *relay = r->setup->relay;
	int64_t started = clock_tick_ms();
	struct stream stream;
	int fd;

	*down = JOB_DOWN_CONNECT;
	if (resolve_connect(&r->addr, relay->source,
	    relay->connect_timeout_sec * 1000, &fd, err) == -1)
		return -1;
	stream_open_fd(&stream, fd);
	if (smtp_session_open(s, r->setup, &r->target, &stream, started,
	    err) == 0)
		return 0;
	*down = route_down(s->phase, err);
	return -1;
}

/*
 * A second attempt that asks for less, where the configuration allows it:
 * without TLS when a handshake failed (opportunistic), with HELO when the
 * server closes at EHLO.
 */
static bool
asks_less(struct route *r, const struct smtp_session *s,
    const struct err *err)
{
	const struct conf_relay *relay = r->setup->relay;

	if (s->phase == SMTP_HANDSHAKE && !r->target.skip_tls &&
	    relay->tls == CONF_TLS_OPPORTUNISTIC && r->target.ntlsa == 0) {
		r->target.skip_tls = true;
		return true;
	}
	if (s->phase == SMTP_EHLO && !r->target.skip_ehlo && !s->tls &&
	    strcmp(err->dsn, "4.4.2") == 0 && err->kind == ERR_PROTO &&
	    relay->user == NULL && (relay->tls == CONF_TLS_NONE ||
	    relay->tls == CONF_TLS_OPPORTUNISTIC)) {
		r->target.skip_ehlo = true;
		return true;
	}
	return false;
}

int
route_open(struct route *r, struct smtp_session *s, enum job_down *down,
    struct err *err)
{
	memset(s, 0, sizeof(*s));
	memset(&r->target, 0, sizeof(r->target));
	r->target.host = r->addr.host;
	r->target.address = r->addr.text;
	r->target.port = r->addr.port;
	r->target.implicit_tls = r->addr.implicit_tls;
	fill_names(r);
	*down = JOB_DOWN_TLS;
	if (fill_tlsa(r, err) == -1)
		return -1;
	if (open_once(r, s, down, err) == 0)
		return 0;
	while (asks_less(r, s, err)) {
		smtp_session_close(s);
		if (open_once(r, s, down, err) == 0)
			return 0;
	}
	smtp_session_quit(s);
	return -1;
}

int
route_connect(struct route *r, struct smtp_session *s)
{
	char name[OUTCOME_RELAY_MAX];
	struct err err = { 0 };
	enum job_down down;

	while (next_address(r)) {
		if (route_open(r, s, &down, &err) == 0)
			return 0;
		(void)snprintf(name, sizeof(name), "%.240s[%.63s]:%d",
		    r->addr.host, r->addr.text, r->addr.port);
		route_blame(r, down, name, &err);
	}
	if (!r->failed) {
		(void)err_set(&r->err, ERR_TEMP, "4.4.4",
		    "the relay has no address");
		r->failed = true;
		r->down = JOB_DOWN_CONNECT;
		r->relay[0] = '\0';
	}
	return -1;
}
