/* SPDX-License-Identifier: ISC */
/*
 * flush - one pass over the queue: -q, mailq -q, -v.
 *
 * Who may open the queue runs a pass of his own, which takes part in what a
 * daemon does without repeating it; anybody else asks the daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendmail/front.h"
#include "cmd/sendmail/mailq.h"
#include "cmd/sendmail/progress.h"
#include "cmd/sendmail/say.h"
#include "cmd/sendmail/words.h"
#include "core/base/text.h"
#include "queue/gate.h"
#include "queue/list.h"
#include "queue/runner.h"

enum {
	IDS_AT_ONCE = 1000,		/* arguments that fit everywhere */
	LINE_BYTES = 64,		/* of "DONE TOTAL" */
};

static bool
may_run(const struct front *f, const struct queue *q)
{
	return f->caller.uid == 0 || f->caller.uid == queue_owner_uid(q);
}

/* "DONE TOTAL" */
static void
take_line(struct progress *p, const char *line, size_t n)
{
	const char *space = memchr(line, ' ', n);
	int64_t done, total;

	if (space != NULL &&
	    text_to_int(line, (size_t)(space - line), 0, INT64_MAX, &done) &&
	    text_to_int(space + 1, n - (size_t)(space + 1 - line), 0,
	    INT64_MAX, &total))
		progress_show(p, done, total);
}

static void
follow(struct progress *p, int fd)
{
	char line[LINE_BYTES], c;
	size_t n = 0;
	ssize_t r;

	for (;;) {
		r = read(fd, &c, 1);
		if (r == -1 && errno == EINTR)
			continue;
		if (r != 1)
			break;
		if (c == '\n') {
			take_line(p, line, n);
			n = 0;
		} else if (n < sizeof(line)) {
			line[n++] = c;
		}
	}
}

/* The pass, with a bar where somebody looks. */
static int
run_pass(const struct words *w, struct progress *p, int *status,
    struct err *err)
{
	int pair[2] = { -1, -1 }, ret = -1;
	pid_t pid;

	if (p->terminal && pipe2(pair, O_CLOEXEC) == -1)
		return err_sys(err, "pipe");
	if (process_start(w->v, pair[1], &pid, err) == -1)
		goto out;
	if (p->terminal) {
		(void)close(pair[1]);
		pair[1] = -1;
		follow(p, pair[0]);
	}
	ret = process_wait(pid, status, err);
out:
	for (int i = 0; i < 2; i++)
		if (pair[i] != -1)
			(void)close(pair[i]);
	return ret;
}

static void
pass_words(struct words *w, const struct front *f, const struct progress *p)
{
	words_init(w, &f->site, "sendoffd");
	words_add(w, "--once");
	words_add(w, "--now");
	if (p->terminal)
		words_add(w, "--progress");
	if (f->options.verbose)
		words_add(w, "-v");
}

static bool
is_selected(const struct front *f, struct queue *q, const char *id)
{
	struct queue_msg *msg;
	struct listing_msg m;
	struct err err;
	bool yes;

	if (queue_load(q, id, &msg, &err) != QUEUE_OK)
		return false;
	list_fill(&m, msg, &f->site.conf);
	yes = mailq_wanted(&f->options, &m);
	list_free(&m);
	queue_release(msg);
	return yes;
}

/* As many passes as it takes to name every id that is selected. */
static int
run_selected(const struct front *f, struct queue *q, struct words *w,
    struct progress *p, int *status, struct err *err)
{
	struct list_ids ids;
	size_t fixed = w->n, taken = 0;
	int ret = 0;

	if (list_ids(q, &ids, err) == -1)
		return -1;
	for (size_t i = 0; i < ids.n && ret == 0; i++) {
		if (is_selected(f, q, ids.v[i])) {
			words_add(w, "--id");
			words_add(w, ids.v[i]);
			taken++;
		}
		if (taken == IDS_AT_ONCE || (taken != 0 && i + 1 == ids.n)) {
			ret = run_pass(w, p, status, err);
			words_cut(w, fixed);
			taken = 0;
			if (*status != EX_OK)
				break;
		}
	}
	list_ids_free(&ids);
	return ret;
}

static int
run_own(const struct front *f, struct queue *q, struct progress *p,
    int *status, struct err *err)
{
	struct words w;
	int ret;

	pass_words(&w, f, p);
	ret = f->options.nfilters != 0 ?
	    run_selected(f, q, &w, p, status, err) :
	    run_pass(&w, p, status, err);
	words_free(&w);
	return ret;
}

static void
show_progress(int64_t done, int64_t total, void *arg)
{
	progress_show(arg, done, total);
}

static int
ask_runner(const struct front *f, struct progress *p, struct err *err)
{
	const struct conf *conf = &f->site.conf;

	if (f->options.nfilters != 0)
		return err_set(err, ERR_DENIED, NULL,
		    "a selection (-qI, -qR, -qS) is for root and the queue's "
		    "owner");
	if (conf->gate == NULL)
		return err_set(err, ERR_TEMP, NULL, "queue %s is not yours, "
		    "and it has no gate to ask a runner at", conf->queue_dir);
	return gate_flush(conf->gate, show_progress, p, err);
}

static int
pass(struct front *f, int *status, struct err *err)
{
	struct progress p;
	struct queue *q;
	int ret;

	progress_init(&p);
	if (drafts_open_queue(&f->site.conf, QUEUE_READ, &q, err) == -1) {
		if (!drafts_refused(err))
			return -1;
		ret = ask_runner(f, &p, err);
	} else {
		ret = may_run(f, q) ? run_own(f, q, &p, status, err) :
		    ask_runner(f, &p, err);
		queue_close(q);
	}
	progress_end(&p);
	return ret;
}

int
flush_run(struct front *f)
{
	struct err err = { 0 };
	int status = EX_OK;

	if (pass(f, &status, &err) == -1)
		return say_err(&err);
	return status;
}

/* What the runner has made of it, for who may not see its dialogue. */
struct fate {
	const char	*id;
	bool		 queued;
};

static void
show_fate(const char *id, bool active, int fd, void *arg)
{
	struct fate *fate = arg;
	struct queue_msg *msg;
	struct err err;

	(void)active;
	if (strcmp(id, fate->id) != 0) {
		(void)close(fd);
		return;
	}
	if (queue_load_fd(fd, id, &msg, &err) != QUEUE_OK)
		return;
	fate->queued = true;
	for (size_t i = 0; i < msg->env.nrcpts; i++)
		if (msg->rcpts[i].state == QUEUE_RCPT_OWED)
			say("%s: <%s>: %s", id, msg->env.rcpts[i].addr,
			    msg->rcpts[i].last.text[0] != '\0' ?
			    msg->rcpts[i].last.text : "queued");
	queue_release(msg);
}

static void
show_through_runner(const struct front *f, const char *id)
{
	const char *gate = f->site.conf.gate;
	struct fate fate = { .id = id };
	struct err err = { 0 };

	if (gate == NULL) {
		say("%s: queued; there is no gate to ask a runner at", id);
		return;
	}
	if (gate_flush(gate, NULL, NULL, &err) == -1 ||
	    gate_list(gate, show_fate, &fate, &err) == -1)
		say("%s: queued; %s", id, err.text);
	else if (!fate.queued)
		say("%s: the queue is rid of it; see the log", id);
}

/* Whatever comes of it: the message is durable, and exit 0 stays. */
void
flush_shown(struct front *f, const char *id)
{
	struct progress quiet = { 0 };
	struct err err = { 0 };
	struct words w;
	int status = EX_OK;

	if (f->drafts.queue == NULL || !may_run(f, f->drafts.queue)) {
		show_through_runner(f, id);
		return;
	}
	words_init(&w, &f->site, "sendoffd");
	words_add(&w, "--once");
	words_add(&w, "--id");
	words_add(&w, id);
	words_add(&w, "-v");
	if (run_pass(&w, &quiet, &status, &err) == -1)
		say("%s: queued; %s", id, err.text);
	words_free(&w);
}

void
flush_on_demand(struct front *f)
{
	const struct queue *q = f->drafts.queue;
	struct err err = { 0 };
	struct words w;

	if (!f->site.conf.on_demand || q == NULL || !may_run(f, q) ||
	    queue_runner_alive(q, NULL))
		return;
	words_init(&w, &f->site, "sendoffd");
	words_add(&w, "--on-demand");
	if (process_detach(w.v, &err) == -1)
		say("%s", err.text);
	words_free(&w);
}
