/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cmd/sendoff-deliver/check.h"
#include "cmd/sendoff-deliver/route.h"
#include "core/base/clock.h"
#include "core/base/text.h"

enum {
	SHOWN_MAX = 300,		/* bytes of a line from the relay */
	LIST_MAX = 4096,		/* bytes of extensions */
};

/* What the dialogue tells on the way. */
struct walk {
	const struct smtp_setup	*setup;		/* the caller's */
	char			 greeting[SHOWN_MAX];
	struct buf		 extensions;	/* of the last EHLO */
	bool			 in_ehlo;
};

static void
step(const char *name, const char *text)
{
	(void)printf("  %-9s %s\n", name, text);
}

static void
advise(const char *text)
{
	(void)printf("  %-9s do: %s\n", "", text);
}

/* A line of the dialogue: what is worth telling is kept. */
static void
watch(void *arg, char who, const char *p, size_t n)
{
	struct walk *w = arg;

	if (w->setup->trace != NULL)
		w->setup->trace(w->setup->trace_arg, who, p, n);
	if (who == 'C') {
		w->in_ehlo = n > 4 && memcmp(p, "EHLO", 4) == 0;
		if (w->in_ehlo)
			buf_reset(&w->extensions);
	} else if (w->greeting[0] == '\0') {
		(void)text_clean_to(w->greeting, sizeof(w->greeting), p, n);
	} else if (w->in_ehlo && n > 4 && p[0] == '2') {
		if (w->extensions.n > 0)
			buf_adds(&w->extensions, ", ");
		text_clean(&w->extensions, p + 4, n - 4, SHOWN_MAX);
	}
}

static const char *
advice_for(enum job_down down, const struct smtp_session *s,
    const struct err *err)
{
	if (down == JOB_DOWN_CONF)
		return "mend the configuration; \"sendoff check\" shows where";
	if (s->name[0] == '\0' && down == JOB_DOWN_CONNECT)
		return "is [relay] port right, and does a firewall let us "
		    "out? Many networks block port 25; 587 and 465 are "
		    "for submission";
	switch (s->phase) {
	case SMTP_GREETING:
		return err->sys != 0 || strcmp(err->dsn, "4.4.2") == 0 ?
		    "is it an SMTP port, and the right [relay] tls? Port 465 "
		    "wants tls = implicit, 587 tls = starttls" :
		    "the relay does not want us: its operator knows why";
	case SMTP_EHLO:
	case SMTP_HELO:
		return "the relay may not like our name: [relay] helo";
	case SMTP_STARTTLS:
		return "is the port right? 465 wants tls = implicit. tls = "
		    "none only where you trust every wire in between";
	case SMTP_HANDSHAKE:
		return "compare the names and dates above with [relay] host, "
		    "tls_name, tls_ca_file or tls_fingerprint, and this "
		    "machine's clock";
	case SMTP_AUTH:
		return "check [relay] user and the password; some providers "
		    "want a password of its own for each program";
	default:
		return "look at the dialogue with -v";
	}
}

static const char *
step_name(const struct smtp_session *s)
{
	if (s->name[0] == '\0')
		return "connect";
	switch (s->phase) {
	case SMTP_GREETING:
		return "greeting";
	case SMTP_STARTTLS:
	case SMTP_HANDSHAKE:
		return "tls";
	case SMTP_AUTH:
		return "auth";
	default:
		return "ehlo";
	}
}

static void
tell_tls(const struct smtp_session *s)
{
	const struct tls_peer *p = &s->peer;

	if (!s->tls) {
		if (p->subject[0] == '\0') {
			step("tls", "none");
			return;
		}
	} else {
		(void)printf("  %-9s %s, %s\n", "tls", p->version, p->cipher);
	}
	(void)printf("  %-9s certificate of %s\n", "", p->subject);
	(void)printf("  %-9s issued by %s, until %s\n", "", p->issuer,
	    p->not_after);
	(void)printf("  %-9s %s%s\n", "", p->verified ? "verified" :
	    "NOT verified: ", p->verified ? "" : p->verify_text);
}

static void
tell_auth(const struct smtp_session *s)
{
	const struct conf_relay *r = s->setup->relay;
	const char *offered = buf_str(&s->caps.auth);

	(void)printf("  %-9s offered: %s\n", "auth",
	    offered[0] != '\0' ? offered : "nothing");
	if (s->authenticated)
		(void)printf("  %-9s %s accepted%s%s\n", "", s->mech,
		    r->user != NULL ? " for " : "",
		    r->user != NULL ? r->user : "");
	else
		(void)printf("  %-9s not used: %s\n", "",
		    r->auth == CONF_AUTH_OFF ? "[relay] auth is off" :
		    "[relay] user is not set");
}

static void
tell_session(const struct walk *w, const struct smtp_session *s)
{
	step("greeting", w->greeting);
	step("ehlo", w->extensions.n > 0 ? buf_str(&w->extensions) :
	    "not understood; HELO does");
	tell_tls(s);
	tell_auth(s);
	if (s->caps.size_max > 0)
		(void)printf("  %-9s at most %lld bytes a message\n", "size",
		    (long long)s->caps.size_max);
	else
		step("size", "no limit announced");
}

/* One address. 0 with the session open, or what exit code it means. */
static int
walk_address(struct walk *w, struct route *route, struct smtp_session *s)
{
	int64_t started = clock_tick_ms();
	struct err err = { 0 };
	enum job_down down;

	w->greeting[0] = '\0';
	buf_reset(&w->extensions);
	(void)printf("  %-9s %s port %d\n", "address", route->addr.text,
	    route->addr.port);
	if (route_open(route, s, &down, &err) == 0) {
		tell_session(w, s);
		(void)printf("  %-9s a session after %lld ms\n", "ok",
		    (long long)(clock_tick_ms() - started));
		return EX_OK;
	}
	if (w->greeting[0] != '\0')
		step("greeting", w->greeting);
	if (w->extensions.n > 0)
		step("ehlo", buf_str(&w->extensions));
	if (s->peer.subject[0] != '\0')
		tell_tls(s);
	(void)printf("  %-9s FAILED: %s\n", step_name(s), err.text);
	advise(advice_for(down, s, &err));
	return down == JOB_DOWN_CONF ? EX_CONFIG : EX_UNAVAILABLE;
}

/*
 * One configured host, all its addresses. What was asked for is done over
 * the first session; *asked then has its exit code.
 */
static int
walk_host(struct walk *w, struct route *route, const struct conf *conf,
    const struct check *what, int *asked)
{
	const struct conf_relay *relay = route->setup->relay;
	const struct conf_host *host = &relay->hosts[route->host++];
	int status = EX_UNAVAILABLE, got;
	struct smtp_session s;
	struct err err = { 0 };
	size_t i;

	(void)printf("host %s\n", host->name);
	if (resolve_host(relay, host, &route->list, &err) == -1) {
		(void)printf("  %-9s FAILED: %s\n", "dns", err.text);
		advise("check [relay] host and lookup, and this machine's "
		    "resolver (/etc/resolv.conf)");
		return status;
	}
	(void)printf("  %-9s %zu address%s\n", "dns", route->list.n,
	    route->list.n == 1 ? "" : "es");
	for (i = 0; i < route->list.n; i++) {
		route->addr = route->list.v[i];
		got = walk_address(w, route, &s);
		if (got == EX_OK && *asked == -1)
			*asked = check_ask(conf, &s, what);
		if (got == EX_OK)
			smtp_session_quit(&s);
		if (got == EX_OK || status == EX_UNAVAILABLE)
			status = got;
	}
	resolve_free(&route->list);
	return status;
}

int
check_run(const struct conf *conf, const struct smtp_setup *setup,
    const struct check *what)
{
	struct walk w = { .setup = setup };
	struct conf_relay relay = *setup->relay;
	struct smtp_setup watched = *setup;
	struct route route;
	int status = EX_UNAVAILABLE, asked = -1, got;

	/* Somebody is waiting. */
	relay.timeout_sec = relay.connect_timeout_sec;
	relay.timeout_set = true;
	watched.relay = &relay;
	watched.trace = watch;
	watched.trace_arg = &w;
	buf_init(&w.extensions, LIST_MAX);
	route_init(&route, &watched);
	(void)printf("relay %s\n", relay.name[0] != '\0' ? relay.name :
	    "(unnamed)");
	while (route.host < relay.nhosts) {
		got = walk_host(&w, &route, conf, what, &asked);
		if (got == EX_OK || status == EX_UNAVAILABLE)
			status = got;
	}
	route_free(&route);
	buf_free(&w.extensions);
	if (asked > EX_OK)
		status = asked;
	return status;
}
