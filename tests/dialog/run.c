/* SPDX-License-Identifier: ISC */
/*
 * run - plays every case of the *.smtp files named on the command line
 * against core/smtp: reply by reply, with replies glued together, and a byte
 * at a time; and where the case begins with "caps:", plain, over STARTTLS,
 * and with TLS from the start. script.h has the files' shape.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/crc32c.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/deliver.h"
#include "tests/dialog/case.h"
#include "tests/dialog/script.h"

enum variant { COMPLETE, PLAIN, STARTTLS, IMPLICIT };

static const char *const variant_names[] = { "complete", "plain", "starttls",
	"implicit" };
static const char *const chunking_names[] = { "by reply", "glued",
	"by byte" };
static const char *const verdict_names[] = { "none", "sent", "deferred",
	"unknown", "failed", "expired" };
static int passed, failed;

struct play {
	const struct test_case	*c;
	struct script		 script;
	struct smtp_message	 msgs[CASE_MAILS_MAX];
	struct outcome		*outcomes[CASE_MAILS_MAX];
	bool			 done[CASE_MAILS_MAX];
	size_t			 next;
	bool			 between;	/* a dot and its reply */
};

static struct smtp_message *
give(void *arg)
{
	struct play *p = arg;

	return p->next < p->c->nmails ? &p->msgs[p->next++] : NULL;
}

static void
take_outcome(void *arg, struct smtp_message *m, size_t i,
    const struct outcome *o)
{
	struct play *p = arg;
	size_t k = (size_t)(m - p->msgs);

	if (p->done[k] || p->outcomes[k][i].verdict != OUTCOME_NONE)
		script_wrong(&p->script, "a second outcome");
	if (!p->between && (o->verdict == OUTCOME_SENT ||
	    o->verdict == OUTCOME_UNKNOWN))
		script_wrong(&p->script, "its dot was not told of");
	p->outcomes[k][i] = *o;
}

static void
take_done(void *arg, struct smtp_message *m)
{
	struct play *p = arg;
	size_t k = (size_t)(m - p->msgs);

	if (p->done[k] || m->open > 0)
		script_wrong(&p->script, "done when it is not");
	p->done[k] = true;
}

static void
take_between(void *arg, bool now)
{
	struct play *p = arg;

	p->between = now;
}

static bool
always(void *arg)
{
	(void)arg;
	return true;
}

static void
say(struct script *s, enum event_kind kind, const char *text)
{
	struct buf b;

	buf_init(&b, 4096);
	buf_adds(&b, text);
	if (kind == EVENT_S)
		buf_adds(&b, "\r\n");
	script_add(s, kind, buf_str(&b), b.n, 0);
	buf_free(&b);
}

/* The EHLO reply of a case: "A|B|C". */
static void
say_caps(struct script *s, const char *caps)
{
	struct buf b;
	const char *p = caps, *bar;

	buf_init(&b, 4096);
	buf_adds(&b, *p != '\0' ? "250-relay\r\n" : "250 relay\r\n");
	while (*p != '\0') {
		bar = strchr(p, '|');
		buf_addf(&b, "250%c%.*s\r\n", bar != NULL ? '-' : ' ',
		    (int)(bar != NULL ? (size_t)(bar - p) : strlen(p)), p);
		if (bar == NULL)
			break;
		p = bar + 1;
	}
	script_add(s, EVENT_S, buf_str(&b), b.n, 0);
	buf_free(&b);
}

static void
say_beginning(struct script *s, enum variant v, const char *caps)
{
	if (v == COMPLETE)
		return;
	if (v == IMPLICIT)
		say(s, EVENT_T_OK, "");
	say(s, EVENT_S, "220 relay ESMTP");
	say(s, EVENT_C, "EHLO client");
	if (v == STARTTLS) {
		/* None of this may be remembered. */
		say_caps(s, "SIZE 1|PIPELINING|DSN|AUTH PLAIN|8BITMIME|"
		    "SMTPUTF8|LIMITS RCPTMAX=1|STARTTLS");
		say(s, EVENT_C, "STARTTLS");
		say(s, EVENT_S, "220 go");
		say(s, EVENT_T_OK, "");
		say(s, EVENT_C, "EHLO client");
	}
	say_caps(s, caps);
}

/* Every message of a case lies at the same place of one file. */
static int
make_file(const struct test_case *c)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	if (fd == -1 || pwrite(fd, c->text.p, c->text.n, 7) !=
	    (ssize_t)c->text.n)
		abort();
	return fd;
}

static void
check_outcome(struct play *p, const struct test_out *w)
{
	size_t k, i;

	for (k = 0; k < p->c->nmails; k++) {
		const struct envelope *env = &p->c->mails[k].env;

		for (i = 0; i < env->nrcpts; i++) {
			const struct outcome *o = &p->outcomes[k][i];

			if (strcmp(env->rcpts[i].addr, w->addr) != 0)
				continue;
			if (strcmp(verdict_names[o->verdict], w->verdict) != 0
			    || (w->dsn[0] != '\0' &&
			    strcmp(o->dsn, w->dsn) != 0) ||
			    strstr(o->text, w->text) == NULL)
				script_wrong(&p->script, "%s: %s %s '%s'",
				    w->addr, verdict_names[o->verdict],
				    o->dsn, o->text);
			return;
		}
	}
	script_wrong(&p->script, "%s: no such recipient", w->addr);
}

static void
check_end(struct play *p, const char *end, const char *text)
{
	const char *want = p->c->end;
	size_t n = strlen(end);

	if (strncmp(want, end, n) != 0 ||
	    (want[n] != '\0' && want[n] != ' ') ||
	    (want[n] == ' ' && strstr(text, want + n + 1) == NULL))
		script_wrong(&p->script, "end: %s '%s'", end, text);
}

static void
deliver(struct play *p, struct smtp_session *s)
{
	const struct smtp_feed feed = { give, take_outcome, take_done, -1,
	    always, p, take_between };
	struct smtp_end end;
	struct err err = { 0 };

	if (smtp_deliver(s, &feed, &end, &err) == -1)
		check_end(p, end.denied ? "denied" : "lost", err.text);
	else
		check_end(p, s->over ? "over" : "idle", "");
	if (p->between)
		script_wrong(&p->script, "still between dot and reply");
	if (p->script.at < p->script.n &&
	    p->script.v[p->script.at].kind == EVENT_C &&
	    strcmp(p->script.v[p->script.at].p, "QUIT") == 0)
		smtp_session_quit(s);
}

static void
trace(void *arg, char who, const char *p, size_t n)
{
	char shown[300];

	(void)arg;
	(void)fprintf(stderr, "%c: %s\n", who,
	    text_clean_to(shown, sizeof(shown), p, n));
}

static void
converse(struct play *p, enum variant v, bool shown)
{
	static const char *const names[] = { "relay.test" };
	struct conf_relay relay = p->c->relay;
	struct sasl_secrets secrets = { .user = relay.user };
	struct smtp_setup setup = { .relay = &relay, .secrets = &secrets,
	    .trace = shown ? trace : NULL,
	    /* The stand-in never looks at it. */
	    .tls = (struct tls_ctx *)p };
	struct smtp_target target = { .host = "relay.test",
	    .address = "192.0.2.1", .port = 587, .names = names, .nnames = 1,
	    .skip_ehlo = p->c->skip_ehlo };
	struct smtp_session s;
	struct stream stream;
	struct err err = { 0 };

	if (v != COMPLETE)
		relay.tls = v == PLAIN ? CONF_TLS_NONE : v == STARTTLS ?
		    CONF_TLS_STARTTLS : CONF_TLS_IMPLICIT;
	buf_init(&secrets.password, 256);
	if (relay.password != NULL)
		buf_adds(&secrets.password, relay.password);
	script_stream(&p->script, &stream);
	if (smtp_session_open(&s, &setup, &target, &stream, 0, &err) == 0) {
		deliver(p, &s);
	} else {
		char text[500];

		(void)snprintf(text, sizeof(text), "%s: %s",
		    smtp_phases[s.phase].name, err.text);
		check_end(p, "closed", text);
	}
	smtp_session_close(&s);
	buf_wipe(&secrets.password);
}

static void
play(const struct test_case *c, enum variant v, enum chunking how, bool shown)
{
	struct play p = { .c = c };
	struct job jobs[CASE_MAILS_MAX];
	size_t i;
	int fd = make_file(c);

	p.script.chunking = how;
	say_beginning(&p.script, v, c->caps);
	for (i = 0; i < c->events.n; i++)
		script_add(&p.script, c->events.v[i].kind, c->events.v[i].p,
		    c->events.v[i].n, c->events.v[i].line);
	for (i = 0; i < c->nmails; i++) {
		jobs[i] = (struct job){ .number = (uint32_t)i, .offset = 7,
		    .size = (int64_t)c->text.n, .env = c->mails[i].env,
		    .crc = crc32c(0, c->text.p, c->text.n) ^
		    (c->mails[i].torn ? 1 : 0) };
		smtp_message_init(&p.msgs[i], &jobs[i], fd);
		p.outcomes[i] = mem_array(NULL, jobs[i].env.nrcpts,
		    sizeof(**p.outcomes));
		memset(p.outcomes[i], 0, jobs[i].env.nrcpts *
		    sizeof(**p.outcomes));
	}
	converse(&p, v, shown);
	script_finish(&p.script);
	for (i = 0; i < c->nouts; i++)
		check_outcome(&p, &c->outs[i]);
	if (p.script.wrong[0] != '\0') {
		(void)printf("%s: %s, %s: %s\n", c->name, variant_names[v],
		    chunking_names[how], p.script.wrong);
		failed++;
	} else {
		passed++;
	}
	for (i = 0; i < c->nmails; i++) {
		smtp_message_free(&p.msgs[i]);
		mem_free(p.outcomes[i]);
	}
	script_free(&p.script);
	(void)close(fd);
}

static void
play_all(const struct test_case *c, bool shown)
{
	enum variant v, first = c->caps != NULL ? PLAIN : COMPLETE,
	    last = c->caps != NULL ? IMPLICIT : COMPLETE;
	enum chunking how;

	for (v = first; v <= last; v++)
		for (how = BY_EVENT; how <= BY_BYTE; how++)
			play(c, v, how, shown);
}

int
main(int argc, char **argv)
{
	struct test_case *cases;
	const char *only = getenv("ONLY");
	size_t n, k;
	int i;

	for (i = 1; i < argc; i++) {
		n = cases_read(argv[i], &cases);
		for (k = 0; k < n; k++)
			if (only == NULL || strstr(cases[k].name, only))
				play_all(&cases[k], only != NULL);
		cases_free(cases, n);
	}
	(void)printf("%d passed, %d failed\n", passed, failed);
	return failed != 0 || passed == 0;
}
