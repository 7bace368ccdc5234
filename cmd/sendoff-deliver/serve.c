/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cmd/sendoff-deliver/hands.h"
#include "cmd/sendoff-deliver/route.h"
#include "cmd/sendoff-deliver/serve.h"
#include "core/base/log.h"
#include "core/smtp/deliver.h"

enum {
	IDLE_MS = 20 * 1000,	/* how long a session waits for a further job */
};

struct worker {
	struct smtp_setup	 setup;
	struct hands		 hands;
	struct route		 route;
	struct smtp_session	 session;
	bool			 connected;

	/* A message over which a session died, and why; it goes to the next
	 * address, and pays if there is none that works. */
	struct hand		*suspect;	/* borrowed from hands; NULL */
	struct err		 suspect_err;
	char			 suspect_relay[OUTCOME_RELAY_MAX];
};

static void
say(struct worker *w, enum job_say_kind kind)
{
	struct job_say s = { .kind = kind };

	hands_say(&w->hands, &s);
}

static void
say_up(struct worker *w)
{
	static const struct {
		enum smtp_cap	cap;
		enum job_cap	bit;
	} caps[] = {
		{ SMTP_CAP_PIPELINING, JOB_CAP_PIPELINING },
		{ SMTP_CAP_SIZE, JOB_CAP_SIZE },
		{ SMTP_CAP_8BITMIME, JOB_CAP_8BITMIME },
		{ SMTP_CAP_SMTPUTF8, JOB_CAP_SMTPUTF8 },
		{ SMTP_CAP_DSN, JOB_CAP_DSN },
		{ SMTP_CAP_CHUNKING, JOB_CAP_CHUNKING },
	};
	const struct smtp_session *s = &w->session;
	struct job_say up = { .kind = JOB_SAY_UP };
	size_t i;

	(void)snprintf(up.outcome.relay, sizeof(up.outcome.relay), "%s",
	    s->name);
	up.size_max = s->caps.size_max;
	for (i = 0; i < NELEM(caps); i++)
		if (s->caps.bits & caps[i].cap)
			up.caps |= caps[i].bit;
	if (s->tls)
		up.caps |= JOB_CAP_TLS;
	if (s->authenticated)
		up.caps |= JOB_CAP_AUTH;
	hands_say(&w->hands, &up);
}

static void
say_down(struct worker *w)
{
	const struct route *r = &w->route;
	struct job_say down = { .kind = JOB_SAY_DOWN, .down = r->down };

	smtp_outcome_err(&down.outcome, OUTCOME_DEFERRED, &r->err);
	(void)snprintf(down.outcome.relay, sizeof(down.outcome.relay), "%s",
	    r->relay);
	outcome_fix_dsn(&down.outcome);
	hands_say(&w->hands, &down);
}

static void
hang_up(struct worker *w, bool politely)
{
	if (!w->connected)
		return;
	if (politely)
		smtp_session_quit(&w->session);
	else
		smtp_session_close(&w->session);
	w->connected = false;
}

/* With no job in hand: until one comes. False at the end of jobs. */
static bool
wait_for_job(struct worker *w)
{
	struct pollfd p[2];
	int n;

	for (;;) {
		if (hands_receive(&w->hands))
			return true;
		if (w->hands.ended || w->hands.gone)
			return false;
		p[0] = (struct pollfd){ .fd = w->hands.socket,
		    .events = POLLIN };
		p[1] = (struct pollfd){ .fd = w->connected ?
		    stream_pollfd(&w->session.wire.stream) : -1,
		    .events = POLLIN };
		n = poll(p, 2, w->connected ? IDLE_MS : -1);
		if (n == -1 && errno != EINTR)
			return false;
		if (n == 0 || p[1].revents != 0) {
			/* Idle for long, or the relay has had enough. */
			hang_up(w, true);
			route_restart(&w->route);
			say(w, JOB_SAY_IDLE);
		}
	}
}

/* No address is left for the suspect. */
static void
convict(struct worker *w)
{
	hands_defer(&w->hands, w->suspect, w->suspect_relay, &w->suspect_err);
	w->suspect = NULL;
	route_restart(&w->route);
}

/* The session has died. Which message pays, if any; where do we go on? */
static void
after_death(struct worker *w, const struct smtp_end *end,
    const struct err *err)
{
	struct smtp_session *s = &w->session;
	struct hand *hand = hands_find(&w->hands, end->culprit);

	w->suspect = NULL;
	if (end->no_chunking) {
		/* A new session, which does without. */
		w->setup.no_chunking = true;
		route_restart(&w->route);
		return;
	}
	if (end->denied || (hand == NULL && s->settled == 0)) {
		/* It takes a session and nothing else: as one that fails. */
		route_blame(&w->route, route_down(s->phase, err), s->name,
		    err);
		return;
	}
	if (hand == NULL) {
		/* It served some: idle too long, or a limit of its own. */
		route_restart(&w->route);
		return;
	}
	if (s->completed > 0 && !hand->reconnected) {
		hand->reconnected = true;
		route_restart(&w->route);
		return;
	}
	w->suspect = hand;
	w->suspect_err = *err;
	(void)snprintf(w->suspect_relay, sizeof(w->suspect_relay), "%s",
	    s->name);
	if (hand->msg.refused || !route_has_next(&w->route))
		convict(w);
}

/* Delivers what is in hand, and what comes meanwhile, over one session. */
static void
use_session(struct worker *w)
{
	const struct smtp_feed feed = hands_feed(&w->hands);
	struct smtp_end end;
	struct err err = { 0 };

	hands_restart(&w->hands);
	w->suspect = NULL;
	if (smtp_deliver(&w->session, &feed, &end, &err) == 0) {
		if (w->session.over) {
			hang_up(w, true);
			route_restart(&w->route);
		}
		return;
	}
	log_info("relay=%s: %s", w->session.name, err.text);
	after_death(w, &end, &err);
	hang_up(w, end.denied);
}

/* False: the relay is down, and the runner knows it. */
static bool
connect_relay(struct worker *w)
{
	if (route_connect(&w->route, &w->session) == 0) {
		w->connected = true;
		say_up(w);
		return true;
	}
	if (w->suspect != NULL) {
		/* One address had a session for us: the relay is not down. */
		convict(w);
		return true;
	}
	say_down(w);
	return false;
}

void
serve(int socket, const struct smtp_setup *setup)
{
	struct worker w = { .setup = *setup };

	hands_init(&w.hands, socket);
	route_init(&w.route, &w.setup);
	say(&w, JOB_SAY_READY);
	while (hands_alive(&w.hands) &&
	    (w.hands.n > 0 || wait_for_job(&w))) {
		if (!w.connected && !connect_relay(&w))
			break;
		if (w.connected)
			use_session(&w);
	}
	hang_up(&w, true);
	route_free(&w.route);
	hands_free(&w.hands);
}
