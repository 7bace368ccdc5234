/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/base/clock.h"
#include "core/base/id.h"
#include "core/base/text.h"

#include "cmd/sendoff/admin.h"
#include "cmd/sendoff/track.h"

enum {
	OUT_MAX = 512 * 1024 * 1024,	/* bytes; recipients bound it first */
	SHOWN_MAX = 2000,		/* bytes of one value */
};

static const char usage[] =
    "trace ID | --envelope-id V | --message-id M [--json]";

static void
add(struct buf *b, const char *s)
{
	text_clean(b, s, strlen(s), SHOWN_MAX);
}

static void
named(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_addf(b, ", %s ", name);
	add(b, value);
}

static void
text_rcpt(struct buf *b, const struct track_rcpt *r)
{
	buf_adds(b, "  <");
	add(b, r->addr);
	buf_addc(b, '>');
	if (r->orig != NULL) {
		buf_adds(b, " for ");
		add(b, r->orig);
	}
	buf_addf(b, ": %s", r->status);
	if (r->sec != 0) {
		buf_addc(b, ' ');
		admin_add_time(b, r->sec);
		buf_addf(b, ", %s ", r->outcome.dsn);
		add(b, r->outcome.relay);
		buf_adds(b, r->outcome.relay[0] != '\0' ? " (" : "(");
		add(b, r->outcome.text);
		buf_addc(b, ')');
	}
	buf_addc(b, '\n');
}

static void
text_report(struct buf *b, const struct track_report *r)
{
	buf_adds(b, "  reported ");
	admin_add_time(b, r->sec);
	if (r->addr != NULL) {
		buf_adds(b, ", <");
		add(b, r->addr);
		buf_addc(b, '>');
	}
	named(b, r->type != NULL ? r->type : "report",
	    r->action != NULL ? r->action : "");
	named(b, "status", r->status);
	named(b, "saying", r->text);
	buf_addc(b, '\n');
}

static void
text(struct buf *b, const struct track *t)
{
	size_t i;

	buf_addf(b, "%s:", t->id);
	if (t->known) {
		buf_adds(b, " from <");
		add(b, t->sender);
		buf_adds(b, "> at ");
		admin_add_time(b, t->arrival_sec);
		buf_addf(b, ", uid %u, %jd bytes", (unsigned)t->uid,
		    (intmax_t)t->size);
		named(b, "envelope id", t->envid);
		named(b, "message id", t->message_id);
		buf_adds(b, t->queued ? ", in the queue" : ", over");
	} else {
		buf_adds(b, " older than the history");
	}
	buf_addc(b, '\n');
	for (i = 0; i < t->nrcpts; i++)
		text_rcpt(b, &t->rcpts[i]);
	for (i = 0; i < t->nreports; i++)
		text_report(b, &t->reports[i]);
}

static void
json_text(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "\"%s\":", name);
	if (value != NULL)
		text_json(b, value, strlen(value));
	else
		buf_adds(b, "null");
}

static void
json_rcpt(struct buf *b, const struct track_rcpt *r)
{
	bool tried = r->outcome.verdict != OUTCOME_NONE;

	buf_addc(b, '{');
	json_text(b, "address", r->addr);
	buf_addc(b, ',');
	json_text(b, "orig_address", r->orig);
	buf_addf(b, ",\"status\":\"%s\",", r->status);
	json_text(b, "dsn", tried ? r->outcome.dsn : NULL);
	buf_addc(b, ',');
	json_text(b, "relay", r->outcome.relay[0] != '\0' ?
	    r->outcome.relay : NULL);
	buf_addc(b, ',');
	json_text(b, "reason", tried ? r->outcome.text : NULL);
	if (r->sec != 0)
		buf_addf(b, ",\"time\":%jd}", (intmax_t)r->sec);
	else
		buf_adds(b, ",\"time\":null}");
}

static void
json_report(struct buf *b, const struct track_report *r)
{
	buf_addf(b, "{\"time\":%jd,", (intmax_t)r->sec);
	json_text(b, "kind", r->type);
	buf_addc(b, ',');
	json_text(b, "final_recipient", r->addr);
	buf_addc(b, ',');
	json_text(b, "original_recipient", r->orig);
	buf_addc(b, ',');
	json_text(b, "action", r->action);
	buf_addc(b, ',');
	json_text(b, "status", r->status);
	buf_addc(b, ',');
	json_text(b, "diagnostic", r->text);
	buf_addc(b, '}');
}

static void
json(struct buf *b, const struct track *t)
{
	size_t i;

	buf_addf(b, "{\"queue_id\":\"%s\",\"state\":%s", t->id,
	    !t->known ? "null" : t->queued ? "\"queued\"" : "\"over\"");
	if (t->known)
		buf_addf(b, ",\"arrival_time\":%jd,\"uid\":%u,"
		    "\"message_size\":%jd,", (intmax_t)t->arrival_sec,
		    (unsigned)t->uid, (intmax_t)t->size);
	else
		buf_adds(b, ",\"arrival_time\":null,\"uid\":null,"
		    "\"message_size\":null,");
	json_text(b, "sender", t->sender);
	buf_addc(b, ',');
	json_text(b, "envelope_id", t->envid);
	buf_addc(b, ',');
	json_text(b, "message_id", t->message_id);
	buf_adds(b, ",\"recipients\":[");
	for (i = 0; i < t->nrcpts; i++) {
		buf_adds(b, i > 0 ? "," : "");
		json_rcpt(b, &t->rcpts[i]);
	}
	buf_adds(b, "],\"reports\":[");
	for (i = 0; i < t->nreports; i++) {
		buf_adds(b, i > 0 ? "," : "");
		json_report(b, &t->reports[i]);
	}
	buf_adds(b, "]}\n");
}

static int
show(struct admin *a, const struct track_key *key, bool as_json)
{
	struct tracks found;
	struct err err = { 0 };
	struct buf b;
	size_t i;

	if (tracks_find(a->queue, key, clock_wall_sec() -
	    a->conf.history_sec, &found, &err) == -1)
		return admin_fail(&err);
	buf_init(&b, OUT_MAX);
	for (i = 0; i < found.n; i++) {
		if (as_json)
			json(&b, &found.v[i]);
		else
			text(&b, &found.v[i]);
		admin_put(&b);
	}
	buf_free(&b);
	i = found.n;
	tracks_free(&found);
	if (i > 0)
		return EX_OK;
	return admin_say(EX_NOINPUT, "trace: no such message is known%s",
	    a->conf.history_sec == 0 ? "; [queue] history is 0" : "");
}

/* Without the "<>" that people copy along. */
static void
strip(char *id)
{
	size_t n = strlen(id);

	if (n > 1 && id[0] == '<' && id[n - 1] == '>') {
		memmove(id, id + 1, n - 2);
		id[n - 2] = '\0';
	}
}

int
trace_main(struct admin *a, int argc, char **argv)
{
	const char *envid = NULL, *message_id = NULL;
	bool as_json = false;
	const struct admin_opt opts[] = {
		{ "envelope-id", ADMIN_VALUE, NULL, &envid },
		{ "message-id", ADMIN_VALUE, NULL, &message_id },
		{ "json", ADMIN_FLAG, &as_json, NULL },
	};
	int left = admin_opts(opts, NELEM(opts), argc, argv), status;
	struct track_key key = { .envid = envid };
	char bare[SHOWN_MAX];

	if (left == -1 || left + (envid != NULL) + (message_id != NULL) != 1 ||
	    (envid != NULL && envid[0] == '\0') ||
	    (message_id != NULL && message_id[0] == '\0'))
		return admin_usage(usage);
	if (left == 1) {
		key.id = argv[1];
		if (!id_check(key.id, strlen(key.id)))
			return admin_say(EX_USAGE, "trace: \"%s\" is not a "
			    "whole id", key.id);
	}
	if (message_id != NULL) {
		if (strlen(message_id) >= sizeof(bare))
			return admin_say(EX_USAGE, "trace: the message id is "
			    "too long");
		(void)snprintf(bare, sizeof(bare), "%s", message_id);
		strip(bare);
		key.message_id = bare;
	}
	status = admin_queue(a, QUEUE_READ);
	if (status != EX_OK)
		return status;
	return show(a, &key, as_json);
}
