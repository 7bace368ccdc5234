/* SPDX-License-Identifier: ISC */
/*
 * verify - where each recipient would go (-bv); nothing is read or sent.
 */
#include <string.h>
#include <sysexits.h>

#include "cmd/sendmail/front.h"
#include "cmd/sendmail/intake.h"
#include "cmd/sendmail/say.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/route.h"

enum {
	OUT_MAX = 64 * 1024 * 1024,	/* bytes of all lines */
	SHOWN_MAX = 512,		/* bytes of one address */
};

static void
add_route(struct buf *b, const struct intake *in, size_t i)
{
	const struct envelope_rcpt *r = &in->env.rcpts[i];
	const struct conf *conf = &in->front->site.conf;
	ssize_t n = route_relay(conf, envelope_sender(&in->env, i), r->addr);
	const struct conf_relay *relay = n >= 0 ? &conf->relays[n] : NULL;

	if (r->orig != NULL && strcmp(r->orig, r->addr) != 0) {
		text_clean(b, r->orig, strlen(r->orig), SHOWN_MAX);
		buf_adds(b, "... aliased to ");
		text_clean(b, r->addr, strlen(r->addr), SHOWN_MAX);
		buf_addc(b, '\n');
	}
	text_clean(b, r->addr, strlen(r->addr), SHOWN_MAX);
	if (relay == NULL || relay->nhosts == 0)
		buf_adds(b, "... no relay is configured for it");
	else
		buf_addf(b, "... deliverable: mailer relay, host %s, user ",
		    relay->hosts[0].name);
	if (relay != NULL && relay->nhosts != 0)
		text_clean(b, r->addr, strlen(r->addr), SHOWN_MAX);
	buf_addc(b, '\n');
}

static int
resolve(struct intake *in, struct buf *out, struct err *err)
{
	const struct options *o = &in->front->options;

	intake_set_sender(in);
	for (size_t i = 0; i < o->nrcpts; i++)
		if (intake_rcpts(in, o->rcpts[i], 0, err) == -1)
			return -1;
	for (size_t i = 0; i < in->env.nrcpts; i++)
		add_route(out, in, i);
	for (size_t i = 0; i < in->expand.nproblems; i++) {
		const struct expand_problem *p = &in->expand.problems[i];

		text_clean(out, p->addr, strlen(p->addr), SHOWN_MAX);
		buf_addf(out, "... %s\n", p->err.text);
	}
	return 0;
}

int
verify_run(struct front *f)
{
	struct intake in;
	struct intake_wish wish = { 0 };
	struct err err = { 0 };
	struct buf out;
	char *sender = NULL;
	int code = EX_OK;

	if (f->options.nrcpts == 0) {
		(void)err_set(&err, ERR_USAGE, NULL, "no recipient is given");
		return say_err(&err);
	}
	if (intake_parse_sender(&f->options, &sender, &err) == -1)
		return say_err(&err);
	wish.sender = sender;
	buf_init(&out, OUT_MAX);
	if (intake_start(&in, f, &wish, &err) == -1 ||
	    resolve(&in, &out, &err) == -1)
		code = say_err(&err);
	else if (in.expand.nproblems != 0)
		code = EX_DATAERR;
	if (say_out(out.p, out.n) == -1 && code == EX_OK)
		code = EX_IOERR;
	intake_close(&in);
	mem_free(sender);
	buf_free(&out);
	return code;
}
