/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendmail/front.h"
#include "cmd/sendmail/intake.h"
#include "cmd/sendmail/say.h"
#include "core/base/mem.h"

/* A caller may have left standard input non-blocking. */
static ssize_t
read_input(char *p, size_t n)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t r;

	for (;;) {
		r = read(STDIN_FILENO, p, n);
		if (r != -1 || (errno != EINTR && errno != EAGAIN))
			return r;
		if (errno == EAGAIN)
			(void)poll(&pfd, 1, -1);
	}
}

static int
feed_input(struct intake *in, char *block, struct err *err)
{
	ssize_t n;

	while (!intake_ended(in)) {
		n = read_input(block, INTAKE_BLOCK);
		if (n == 0)
			break;
		if (n == -1)
			return err_set(err, ERR_INPUT, NULL,
			    "standard input cannot be read: %s",
			    strerror(errno));
		if (intake_feed(in, block, (size_t)n, err) == -1)
			return -1;
	}
	return 0;
}

/* Behind the lone dot: whoever writes shall not die of it. A person at a
 * terminal has finished with the dot. */
static void
drain_input(char *block)
{
	if (isatty(STDIN_FILENO))
		return;
	while (read_input(block, INTAKE_BLOCK) > 0)
		continue;
}

/* -F, else the environment's NAME, else GECOS; an empty -F is no name. */
static const char *
full_name(const struct front *f)
{
	if (f->options.full_name != NULL)
		return f->options.full_name[0] != '\0' ?
		    f->options.full_name : NULL;
	return f->process.name != NULL ? f->process.name :
	    f->caller.full_name;
}

static int
take_message(struct intake *in, struct err *err)
{
	const struct options *o = &in->front->options;
	char *block = mem_resize(NULL, INTAKE_BLOCK);
	int ret = -1;

	for (size_t i = 0; i < o->nrcpts; i++)
		if (intake_rcpts(in, o->rcpts[i], o->notify, err) == -1)
			goto out;
	/* "sendmail ''" names nobody, and standard input is left alone */
	if (!o->take_rcpts && in->env.nrcpts == 0 &&
	    in->expand.nproblems == 0) {
		(void)err_set(err, ERR_USAGE, NULL, "no recipient is given");
		goto out;
	}
	if (intake_open(in, err) == -1 || feed_input(in, block, err) == -1 ||
	    intake_commit(in, err) == -1)
		goto out;
	if (intake_ended(in))
		drain_input(block);
	ret = 0;
out:
	mem_free(block);
	return ret;
}

static int
check_call(const struct front *f, struct err *err)
{
	if (f->options.nrcpts == 0 && !f->options.take_rcpts)
		return err_set(err, ERR_USAGE, NULL, "no recipient is given, "
		    "and -t is not");
	if (f->process.stdin_closed)
		return err_set(err, ERR_INPUT, NULL,
		    "standard input is closed");
	return 0;
}

/* The others are queued, so this is no reason to exit with an error. */
static void
name_failed(const struct intake *in)
{
	const char *then = in->env.sender[0] != '\0' ?
	    "it is reported to the sender" : "nobody is to be told";
	struct err why;

	for (size_t i = 0; i < in->expand.nproblems; i++) {
		(void)intake_name_problem(in, i, &why);
		say("%s; %s", why.text, then);
	}
}

/*
 * At the gate the runner says who we are: in a user namespace the kernel shows
 * us a number that means nobody, or somebody else, outside.
 */
static int
enter_gate(struct front *f, struct err *err)
{
	uint32_t uid;

	if (!f->drafts.gate)
		return 0;
	if (drafts_get(&f->drafts, &f->draft, err) == -1)
		return -1;
	if (id_uid(f->draft.id, &uid) && uid != f->caller.uid) {
		caller_free(&f->caller);
		caller_load(&f->caller, uid);
	}
	return 0;
}

int
submit_run(struct front *f)
{
	const struct options *o = &f->options;
	struct intake_wish wish = {
		.take_rcpts = o->take_rcpts, .ignore_dots = o->ignore_dots,
		.bounce_is_safe = o->bounce_is_safe, .utf8 = o->utf8,
		.ret = o->ret, .envid = o->envid, .with = o->proto,
		.peer = o->peer,
	};
	struct intake in = { .draft.fd = -1 };
	struct err err = { 0 };
	char *sender = NULL;
	int code = EX_OK;

	if (check_call(f, &err) == -1 ||
	    intake_parse_sender(o, &sender, &err) == -1 ||
	    enter_gate(f, &err) == -1) {
		mem_free(sender);
		return front_refuse(f, &err);
	}
	wish.sender = sender;
	wish.full_name = full_name(f);
	if (intake_start(&in, f, &wish, &err) == -1 ||
	    take_message(&in, &err) == -1) {
		code = front_refuse(f, &err);
	} else {
		name_failed(&in);
		if (o->verbose)
			flush_shown(f, in.id);
		flush_on_demand(f);
	}
	intake_close(&in);
	mem_free(sender);
	return code;
}
