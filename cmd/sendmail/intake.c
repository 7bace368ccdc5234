/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <time.h>

#include "cmd/sendmail/intake.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/outcome.h"
#include "core/mail/rewrite.h"
#include "core/mail/submit.h"

enum {
	SHOWN_MAX = 256,		/* bytes of a sender in the log */
};

static void
describe(const struct intake *in, struct submit_facts *f)
{
	const struct front *front = in->front;
	const struct conf *conf = &front->site.conf;
	int64_t now_us = clock_wall_us();
	time_t now = (time_t)(now_us / 1000000);
	struct tm tm = { 0 };

	(void)localtime_r(&now, &tm);
	*f = (struct submit_facts){
		.conf = conf, .id = in->draft.id, .now_us = now_us,
		.zone_min = (int)(tm.tm_gmtoff / 60),
		.uid = front->caller.uid, .login = front->caller.login,
		.full_name = in->wish.full_name, .sender = in->wish.sender,
		.sender_trusted = true, .take_rcpts = in->wish.take_rcpts,
		.gateway = front->options.gateway, .with = in->wish.with,
		.peer = in->wish.peer, .hops = front->options.hops,
	};
}

/* Is the sender one that the caller may set, and may he do so silently? */
static int
judge_sender(const struct intake *in, bool *trusted, struct err *err)
{
	const struct conf *conf = &in->front->site.conf;
	const struct caller *caller = &in->front->caller;
	char shown[SHOWN_MAX], *addr;

	*trusted = in->wish.sender == NULL || caller_trusted(caller, conf);
	if (*trusted)
		return 0;
	addr = addr_complete(in->wish.sender, conf->domain);
	*trusted = caller_owns(caller, conf, addr);
	text_clean_to(shown, sizeof(shown), addr, strlen(addr));
	mem_free(addr);
	if (*trusted || !conf->require_user_from)
		return 0;
	return err_set(err, ERR_DENIED, "5.7.1", "sender <%s>: only your own "
	    "address is permitted here ([identity] require_user_from)", shown);
}

int
intake_parse_sender(const struct options *o, char **sender, struct err *err)
{
	*sender = NULL;
	if (o->sender == NULL)
		return 0;
	if (addr_parse(o->sender, strlen(o->sender), sender, err) == -1) {
		err->kind = ERR_DATA;
		return err_ctx(err, "sender (-f)");
	}
	return 0;
}

int
intake_start(struct intake *in, struct front *front,
    const struct intake_wish *wish, struct err *err)
{
	const struct conf *conf = &front->site.conf;
	struct message_opts opts = {
		.ignore_dots = wish->ignore_dots,
		.crlf_strict = wish->crlf_strict,
		.header_max = (size_t)conf->max_header_size,
	};
	bool trusted;

	*in = (struct intake){ .front = front, .wish = *wish };
	in->draft.fd = in->draft.dir_fd = -1;
	envelope_init(&in->env);
	in->expand.conf = conf;
	in->expand.read = site_include;
	message_init(&in->message, &opts);
	buf_init(&in->out, 2 * INTAKE_BLOCK + MESSAGE_SLACK);
	return judge_sender(in, &trusted, err);
}

void
intake_set_sender(struct intake *in)
{
	struct submit_facts f;

	describe(in, &f);
	mem_free(in->env.sender);
	in->env.sender = submit_sender(&f);
}

/* The alias file is read only where it can matter. */
static int
need_aliases(struct intake *in, const char *addr, struct err *err)
{
	const char *at = addr_at(addr);

	if (in->front->options.aliases_off || in->expand.aliases != NULL)
		return 0;
	if (at != NULL && !rewrite_is_local(in->expand.conf, at + 1))
		return 0;
	return site_aliases(&in->front->site, &in->expand.aliases, err);
}

static int
take_rcpt(struct intake *in, const char *addr, unsigned notify,
    const char *orcpt, struct err *err)
{
	if (need_aliases(in, addr, err) == -1)
		return -1;
	return expand_rcpt(&in->expand, &in->env, addr, notify, orcpt, err);
}

static int
take_list(struct intake *in, const struct addr_list *list, unsigned notify,
    struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct addr_item *item = &list->v[i];

		if (item->addr == NULL)
			expand_refuse(&in->expand, item->text.p, item->text.n,
			    item->err);
		else if (take_rcpt(in, item->addr, notify, NULL, err) == -1)
			return -1;
	}
	return 0;
}

int
intake_rcpts(struct intake *in, const char *text, unsigned notify,
    struct err *err)
{
	struct addr_list list;
	struct err why;
	int ret;

	/* in a header these are folding, here they smuggle something */
	if (text[strcspn(text, "\r\n")] != '\0') {
		(void)err_set(&why, ERR_DATA, "5.1.3",
		    "a line end in an address");
		expand_refuse(&in->expand, text, strlen(text), &why);
		return 0;
	}
	addr_list_parse(&list, text, strlen(text));
	ret = take_list(in, &list, notify, err);
	addr_list_free(&list);
	return ret;
}

int
intake_rcpt(struct intake *in, const char *addr, unsigned notify,
    const char *orcpt, struct err *err)
{
	size_t had = in->env.nrcpts, failed = in->expand.nproblems;
	struct expand_problem *p;

	if (take_rcpt(in, addr, notify, orcpt, err) == -1)
		return -1;
	if (in->expand.nproblems == failed || in->env.nrcpts != had)
		return 0;
	/* The answer says it: no report is due. */
	*err = in->expand.problems[failed].err;
	while (in->expand.nproblems > failed) {
		p = &in->expand.problems[--in->expand.nproblems];
		mem_free(p->addr);
	}
	return -1;
}

int
intake_open(struct intake *in, struct err *err)
{
	struct front *front = in->front;

	if (front->draft.fd == -1)
		return drafts_get(&front->drafts, &in->draft, err);
	in->draft = front->draft;
	front->draft = (struct draft){ .fd = -1, .dir_fd = -1 };
	return 0;
}

int
intake_name_problem(const struct intake *in, size_t i, struct err *err)
{
	const char *addr = in->expand.problems[i].addr;
	char shown[SHOWN_MAX];

	*err = in->expand.problems[i].err;
	return err_ctx(err, "recipient \"%s\"", text_clean_to(shown,
	    sizeof(shown), addr, strlen(addr)));
}

/* Is there anything to queue? */
static int
judge_rcpts(const struct intake *in, struct err *err)
{
	if (in->env.nrcpts != 0)
		return 0;
	if (in->expand.nproblems == 0)
		return err_set(err, ERR_DATA, "5.5.3",
		    "no recipient addresses found in the header");
	if (in->wish.bounce_is_safe)
		return 0;
	(void)intake_name_problem(in, 0, err);
	err->kind = ERR_DATA;
	return -1;
}

/* Who cannot be served stands last in the envelope, as failed. */
static void
add_failed(struct intake *in)
{
	in->nfailed = in->expand.nproblems;
	for (size_t i = 0; i < in->nfailed; i++)
		(void)envelope_add_rcpt(&in->env, in->expand.problems[i].addr);
}

static void
fill_envelope(struct intake *in, const struct submit_facts *f,
    struct submit_result *r)
{
	const struct options *o = &in->front->options;
	struct envelope *env = &in->env;

	env->arrival_us = f->now_us;
	env->uid = f->uid;
	mem_free(env->sender);
	env->sender = r->sender;
	r->sender = NULL;
	env->ret = in->wish.ret;
	env->envid = mem_str(in->wish.envid);
	env->tag = mem_str(o->tag);
	env->message_id = r->message_id;
	r->message_id = NULL;
	if (in->wish.utf8)
		env->flags |= ENVELOPE_SMTPUTF8;
	if (o->queue_only)
		env->flags |= ENVELOPE_QUEUE_ONLY;
}

/* The header section is complete: the envelope follows from it. */
static int
begin(struct intake *in, struct err *err)
{
	struct submit_facts f;
	struct submit_result r = { 0 };
	int ret = -1;

	describe(in, &f);
	if (judge_sender(in, &f.sender_trusted, err) == -1 ||
	    submit_header(&f, buf_slice(&in->message.header), &r, err) == -1 ||
	    take_list(in, &r.rcpts, in->front->options.notify, err) == -1 ||
	    judge_rcpts(in, err) == -1)
		goto out;
	add_failed(in);
	fill_envelope(in, &f, &r);
	in->relay_max = limits_message(&in->front->limits, f.conf, &in->env,
	    in->env.nrcpts - in->nfailed, &in->relay);
	in->message.flags |= r.flags;
	if (r.dropped_mdn)
		log_info("%s: no request for a disposition notification "
		    "from <> or in a notification (RFC 8098 2.1); removed",
		    in->draft.id);
	in->begun = true;
	if (draft_begin(&in->draft, &in->env, err) == -1 ||
	    draft_write(&in->draft, r.header.p, r.header.n, err) == -1 ||
	    draft_write(&in->draft, "\r\n", 2, err) == -1)
		goto out;
	ret = 0;
out:
	submit_result_free(&r);
	return ret;
}

static int
judge_size(const struct intake *in, struct err *err)
{
	int64_t max = in->front->site.conf.max_message_size;

	if (max != 0 && in->draft.size > max)
		return err_set(err, ERR_DATA, "5.3.4", "the message is over "
		    "%lld bytes ([queue] max_message_size)", (long long)max);
	if (in->relay_max != 0 && in->draft.size > in->relay_max)
		return err_set(err, ERR_DATA, "5.3.4", "the message is over "
		    "%lld bytes, the most that relay %.100s takes",
		    (long long)in->relay_max, in->relay);
	return 0;
}

static int
pass_on(struct intake *in, struct err *err)
{
	if (!in->begun && in->message.state >= MESSAGE_BODY &&
	    begin(in, err) == -1)
		return -1;
	if (in->out.n != 0 &&
	    draft_write(&in->draft, in->out.p, in->out.n, err) == -1)
		return -1;
	buf_reset(&in->out);
	return judge_size(in, err);
}

int
intake_feed(struct intake *in, const char *p, size_t n, struct err *err)
{
	while (n != 0 && !intake_ended(in)) {
		ssize_t used = message_feed(&in->message, p, n, &in->out, err);

		if (used == -1 || pass_on(in, err) == -1)
			return -1;
		p += used;
		n -= (size_t)used;
	}
	return 0;
}

bool
intake_ended(const struct intake *in)
{
	return in->message.state == MESSAGE_END;
}

static int
record_failed(struct intake *in, struct err *err)
{
	size_t first = in->env.nrcpts - in->nfailed;
	int64_t now = in->env.arrival_us / 1000000;

	for (size_t i = 0; i < in->nfailed; i++) {
		const struct err *why = &in->expand.problems[i].err;
		struct outcome o = { 0 };

		outcome_set(&o, OUTCOME_FAILED, why->dsn[0] != '\0' ?
		    why->dsn : "5.1.3", "%s", why->text);
		if (draft_fail(&in->draft, (uint32_t)(first + i), &o, now,
		    err) == -1)
			return -1;
	}
	return 0;
}

int
intake_commit(struct intake *in, struct err *err)
{
	char shown[SHOWN_MAX];

	if (message_finish(&in->message, &in->out, err) == -1 ||
	    pass_on(in, err) == -1 || record_failed(in, err) == -1)
		return -1;
	memcpy(in->id, in->draft.id, sizeof(in->id));
	if (draft_commit(&in->draft, in->message.flags, err) == -1) {
		in->id[0] = '\0';
		return -1;
	}
	text_clean_to(shown, sizeof(shown), in->env.sender,
	    strlen(in->env.sender));
	log_mail("pickup", "%s: uid=%u from=<%s>", in->id, in->env.uid,
	    shown);
	return 0;
}

void
intake_close(struct intake *in)
{
	draft_abort(&in->draft);
	envelope_free(&in->env);
	expand_free(&in->expand);
	message_free(&in->message);
	buf_free(&in->out);
}
