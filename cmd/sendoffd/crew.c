/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/rand.h"
#include "queue/runner.h"

#include "cmd/sendoffd/attempt.h"
#include "cmd/sendoffd/crew.h"
#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/tally.h"

/* What the lane's relay said of itself, or what is said of it. */
static void
relay_went_down(struct runner *r, struct lane *lane,
    const struct outcome *why, size_t standing)
{
	struct relay *relay = &lane->relay;
	int64_t tick = clock_tick_ms();
	enum relay_news news;

	news = relay_down(relay, why, standing, clock_wall_sec(), tick,
	    rand_u32());
	if (!relay_is_down(relay))
		return;
	if (news == RELAY_NEWS_DOWN)
		log_error("relay %s cannot be used, mail waits: %s (%s); "
		    "next try in %" PRId64 " s", relay_name(relay), why->text,
		    why->dsn, (relay->probe_tick - tick + 999) / 1000);
	tally_down(r, relay, why);
	attempt_abandon(lane);
	dispatch_review(r);
}

/* How many other workers have a session with the same relay. */
static size_t
others_up(const struct runner *r, const struct worker *w)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nworkers; i++)
		n += r->workers[i] != w && r->workers[i]->lane == w->lane &&
		    r->workers[i]->state == WORKER_UP;
	return n;
}

/*
 * A pass beside a daemon has found a relay at work: one that the daemon
 * still takes for down need not wait for its next probe.
 */
static void
tell_daemon(struct runner *r)
{
	int64_t pid;

	if (r->options->once && !r->told_daemon &&
	    queue_runner_alive(r->queue, &pid) && pid > 0)
		(void)kill((pid_t)pid, SIGUSR2);
	r->told_daemon = true;
}

static void
hear_up(struct worker *w, const struct job_say *say)
{
	struct lane *lane = w->lane;

	tell_daemon(w->owner);
	if (w->njobs > 0)
		lane->setup_ms = clock_tick_ms() - w->jobs[0].given_tick;
	lane->relay.size_max = say->size_max;
	lane->relay.caps = say->caps;
	tally_up(w->owner, &lane->relay);
	if (relay_up(&lane->relay) == RELAY_NEWS_UP)
		log_info("relay %s answers again", relay_name(&lane->relay));
}

static void
hear_down(struct worker *w, enum job_down kind, const struct outcome *why)
{
	(void)kind;
	w->blamed = true;
	relay_went_down(w->owner, w->lane, why, others_up(w->owner, w));
}

static bool
hear_rcpt(struct worker *w, void *part, uint32_t rcpt,
    const struct outcome *o)
{
	(void)w;
	return attempt_rcpt(part, rcpt, o);
}

/* A message is through; given_tick or the end of the one before it, whatever
 * came later, was its beginning. */
static void
hear_done(struct worker *w, void *part, int64_t ms)
{
	struct lane *lane = w->lane;

	if (lane->message_us == 0)
		lane->message_us = ms * 1000 + 1;
	else
		lane->message_us += (ms * 1000 - lane->message_us) / 8;
	attempt_over(part, NULL);
}

static void
hear_returned(struct worker *w, void *part)
{
	(void)w;
	attempt_over(part, NULL);
}

/* It ended before a session stood: that is no message's fault. */
static void
blame_site(struct worker *w, const char *why)
{
	struct runner *r = w->owner;
	struct outcome o = { 0 };

	if (w->blamed || r->stopping)
		return;
	w->blamed = true;
	outcome_set(&o, OUTCOME_DEFERRED, "4.3.5",
	    "the delivery process %s", why);
	relay_went_down(r, w->lane, &o, others_up(r, w));
}

static void
hear_lost(struct worker *w, void *part, const char *why)
{
	struct runner *r = w->owner;

	if (!w->stood)
		blame_site(w, why);
	attempt_over(part, w->stood && !r->stopping ? why : NULL);
}

static bool
has_jobs(const struct runner *r, const struct lane *lane)
{
	for (size_t i = 0; i < r->nworkers; i++)
		if (r->workers[i]->lane == lane && r->workers[i]->njobs > 0)
			return true;
	return false;
}

static void
hear_gone(struct worker *w, const char *why)
{
	struct runner *r = w->owner;
	struct lane *lane = w->lane;
	size_t i;

	if (why != NULL) {
		log_error("delivery process %ld: %s", (long)w->pid, why);
		if (!w->stood)
			blame_site(w, why);
	}
	for (i = 0; r->workers[i] != w;)
		i++;
	r->nworkers--;
	memmove(&r->workers[i], &r->workers[i + 1],
	    (r->nworkers - i) * sizeof(struct worker *));
	if (!has_jobs(r, lane))
		relay_unprobed(&lane->relay);
	site_drop(lane->site);
	mem_free(w);
}

static const struct worker_calls calls = {
	.up = hear_up, .down = hear_down, .rcpt = hear_rcpt,
	.done = hear_done, .returned = hear_returned, .lost = hear_lost,
	.gone = hear_gone,
};

static struct worker *
start(struct runner *r, struct lane *lane, int64_t tick)
{
	struct worker_how how = { r->program, r->options->conf_path,
	    lane->relay.conf->name, r->options->verbose };
	struct worker *w = mem_zero(sizeof(*w));
	struct outcome o = { 0 };
	struct err err = { 0 };

	if (worker_start(w, &how, &calls, tick, &err) == -1) {
		mem_free(w);
		outcome_set(&o, OUTCOME_DEFERRED, "4.3.0", "%s", err.text);
		relay_went_down(r, lane, &o, 0);
		return NULL;
	}
	w->owner = r;
	w->lane = lane;
	(void)site_hold(lane->site);
	r->workers = mem_array(r->workers, r->nworkers + 1,
	    sizeof(struct worker *));
	r->workers[r->nworkers++] = w;
	return w;
}

static bool
is_slow(const struct worker *w, int64_t tick)
{
	return w->njobs > 0 && tick - w->jobs[0].given_tick >= CREW_SLOW_MS;
}

/* What the lane's workers could do. */
struct muster {
	struct worker	*best;		/* takes a job; NULL: none does */
	size_t		 n;		/* that take jobs at all */
	size_t		 room;		/* jobs that they could take */
	bool		 slow;		/* one of them makes others wait */
};

static void
muster(const struct runner *r, const struct lane *lane, int64_t tick,
    struct muster *m)
{
	size_t window = relay_window(&lane->relay);
	struct worker *w;

	*m = (struct muster){ 0 };
	for (size_t i = 0; i < r->nworkers; i++) {
		w = r->workers[i];
		if (w->lane != lane || w->state > WORKER_UP || w->killed ||
		    w->deaf)
			continue;
		m->n++;
		m->slow = m->slow || is_slow(w, tick);
		if (!worker_takes(w, window))
			continue;
		m->room += window - w->njobs;
		if (m->best == NULL || w->njobs < m->best->njobs ||
		    (w->njobs == m->best->njobs &&
		    w->state > m->best->state))
			m->best = w;
	}
}

/* Would what waits take so long that another session pays? */
static bool
pays(const struct lane *lane, const struct muster *m, size_t waiting)
{
	if (m->n == 0 || m->slow)
		return true;
	return waiting > m->room && (int64_t)waiting * lane->message_us /
	    1000 / (int64_t)m->n > 2 * lane->setup_ms;
}

struct worker *
crew_pick(struct runner *r, struct lane *lane, size_t waiting, int64_t tick)
{
	struct muster m;

	muster(r, lane, tick, &m);
	if (m.best != NULL && m.best->njobs == 0)
		return m.best;
	if (m.n < relay_connections(&lane->relay, tick) &&
	    pays(lane, &m, waiting)) {
		/* where that fails the relay is down, and nothing goes */
		return start(r, lane, tick);
	}
	return m.best;
}

bool
crew_has_room(const struct runner *r, const struct lane *lane, int64_t tick)
{
	struct muster m;

	if (lane->nparts > 0 || r->stopping ||
	    !relay_open(&lane->relay, tick))
		return false;
	muster(r, lane, tick, &m);
	return m.best != NULL || (m.n < relay_connections(&lane->relay,
	    tick) && pays(lane, &m, 1));
}

static struct worker *
find_pid(const struct runner *r, pid_t pid)
{
	for (size_t i = 0; i < r->nworkers; i++)
		if (r->workers[i]->pid == pid)
			return r->workers[i];
	return NULL;
}

void
crew_reap(struct runner *r, int64_t tick)
{
	struct worker *w;
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid == -1 && errno == EINTR)
			continue;
		if (pid <= 0)
			return;
		w = find_pid(r, pid);
		if (w != NULL)
			worker_reap(w, status, tick);
	}
}

static bool
is_idle(const struct runner *r, const struct worker *w, int64_t tick)
{
	const struct lane *lane = w->lane;
	size_t waiting = lane->nparts;

	if (w->njobs > 0 || w->state > WORKER_UP)
		return false;
	if (lane->site != r->site || r->stopping)
		return true;
	waiting += backlog_count_lane(r->backlog, lane->index);
	return tick - w->tick >= CREW_IDLE_MS ||
	    (r->options->once && (dispatch_is_idle(r) || (waiting == 0 &&
	    backlog_count(r->backlog, BACKLOG_NEW) == 0)));
}

void
crew_check(struct runner *r, int64_t tick)
{
	for (size_t i = 0; i < r->nworkers; i++) {
		worker_check(r->workers[i], tick);
		if (is_idle(r, r->workers[i], tick))
			worker_finish(r->workers[i], tick);
	}
}

int64_t
crew_tick(const struct runner *r)
{
	int64_t tick = INT64_MAX, t;

	for (size_t i = 0; i < r->nworkers; i++) {
		const struct worker *w = r->workers[i];

		t = worker_deadline_tick(w);
		if (w->njobs == 0 && w->state <= WORKER_UP &&
		    w->tick + CREW_IDLE_MS < t)
			t = w->tick + CREW_IDLE_MS;
		if (t < tick)
			tick = t;
	}
	return tick;
}

void
crew_finish(struct runner *r)
{
	for (size_t i = 0; i < r->nworkers; i++)
		worker_finish(r->workers[i], clock_tick_ms());
}

void
crew_kill(struct runner *r, int sig)
{
	for (size_t i = 0; i < r->nworkers; i++)
		worker_kill(r->workers[i], sig, "was abandoned");
}
