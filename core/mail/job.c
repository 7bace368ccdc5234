/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/job.h"
#include "core/mail/line.h"

static const char *const kinds[] = {
	[JOB_SAY_READY] = "ready",
	[JOB_SAY_UP] = "up",
	[JOB_SAY_DOWN] = "down",
	[JOB_SAY_RCPT] = "rcpt",
	[JOB_SAY_DONE] = "done",
	[JOB_SAY_IDLE] = "idle",
};

static const char *const downs[] = {
	[JOB_DOWN_CONNECT] = "connect",
	[JOB_DOWN_TLS] = "tls",
	[JOB_DOWN_AUTH] = "auth",
	[JOB_DOWN_CONF] = "conf",
};

enum {
	CAPS_ALL = JOB_CAP_AUTH * 2 - 1,
};

void
job_free(struct job *job)
{
	envelope_free(&job->env);
	mem_free(job->index);
	memset(job, 0, sizeof(*job));
}

void
job_write(const struct job *job, struct buf *b)
{
	buf_addf(b, "job %" PRIu32 "\nmessage %" PRId64 " %" PRId64 " %" PRIu32
	    "\nindex", job->number, job->offset, job->size, job->crc);
	for (size_t i = 0; i < job->env.nrcpts; i++)
		buf_addf(b, " %" PRIu32, job->index[i]);
	buf_addc(b, '\n');
	envelope_write(&job->env, b);
}

static uint32_t
read_u32(struct line *l)
{
	return (uint32_t)line_int(l, 0, UINT32_MAX);
}

/* The numbers of an "index" line; *count of them. */
static uint32_t *
read_index(struct line *l, size_t *count)
{
	uint32_t *v = NULL;
	size_t n = 0;

	line_want(l, "index");
	while (!l->bad && !line_end(l)) {
		if ((n & (n - 1)) == 0)
			v = mem_array(v, n != 0 ? 2 * n : 1, sizeof(*v));
		v[n++] = read_u32(l);
		if (n > ENVELOPE_RCPT_MAX)
			l->bad = true;
	}
	*count = n;
	return v;
}

static int
read_job(const char *p, size_t n, struct job *job, struct err *err)
{
	struct line l[3];
	size_t count, i;

	for (i = 0; i < NELEM(l); i++)
		if (!line_take(&l[i], &p, &n))
			return err_set(err, ERR_PROTO, "4.3.0", "job is cut");
	line_want(&l[0], "job");
	job->number = read_u32(&l[0]);
	line_want(&l[1], "message");
	job->offset = line_int(&l[1], 0, INT64_MAX);
	job->size = line_int(&l[1], 0, INT64_MAX);
	job->crc = read_u32(&l[1]);
	job->index = read_index(&l[2], &count);
	for (i = 0; i < NELEM(l); i++)
		if (!line_end(&l[i]))
			return err_set(err, ERR_PROTO, "4.3.0",
			    "job: line %zu is malformed", i + 1);
	if (job->size > INT64_MAX - job->offset)
		return err_set(err, ERR_PROTO, "4.3.0", "job: size");
	if (envelope_parse(p, n, &job->env, err) == -1) {
		err->kind = ERR_PROTO;
		return err_ctx(err, "job");
	}
	if (count != job->env.nrcpts || count == 0)
		return err_set(err, ERR_PROTO, "4.3.0",
		    "job: %zu numbers for %zu recipients", count,
		    job->env.nrcpts);
	return 0;
}

int
job_parse(const char *p, size_t n, struct job *job, struct err *err)
{
	memset(job, 0, sizeof(*job));
	if (read_job(p, n, job, err) == 0)
		return 0;
	job_free(job);
	return -1;
}

static void
add_value(struct buf *b, const char *s)
{
	buf_addc(b, ' ');
	envelope_encode(b, s, strlen(s));
}

void
job_say_write(const struct job_say *say, struct buf *b)
{
	const struct outcome *o = &say->outcome;

	buf_adds(b, kinds[say->kind]);
	switch (say->kind) {
	case JOB_SAY_READY:
	case JOB_SAY_IDLE:
		break;
	case JOB_SAY_UP:
		add_value(b, o->relay);
		buf_addf(b, " %" PRId64 " %u", say->size_max, say->caps);
		break;
	case JOB_SAY_DOWN:
		buf_addf(b, " %s", downs[say->down]);
		add_value(b, o->dsn);
		add_value(b, o->relay);
		add_value(b, o->text);
		break;
	case JOB_SAY_RCPT:
		buf_addf(b, " %" PRIu32 " %" PRIu32 " ", say->number,
		    say->index);
		outcome_write(o, b);
		break;
	case JOB_SAY_DONE:
		buf_addf(b, " %" PRIu32, say->number);
		break;
	}
}

static void
read_down(struct line *l, struct job_say *say)
{
	struct outcome *o = &say->outcome;

	say->down = (enum job_down)line_choice(l, downs, NELEM(downs));
	line_string_to(l, o->dsn, sizeof(o->dsn));
	line_string_to(l, o->relay, sizeof(o->relay));
	line_string_to(l, o->text, sizeof(o->text));
	o->verdict = OUTCOME_DEFERRED;
	outcome_fix_dsn(o);
}

int
job_say_parse(const char *p, size_t n, struct job_say *say, struct err *err)
{
	struct line l;

	memset(say, 0, sizeof(*say));
	line_of(&l, p, n);
	say->kind = (enum job_say_kind)line_choice(&l, kinds, NELEM(kinds));
	switch (say->kind) {
	case JOB_SAY_READY:
	case JOB_SAY_IDLE:
		break;
	case JOB_SAY_UP:
		line_string_to(&l, say->outcome.relay,
		    sizeof(say->outcome.relay));
		say->size_max = line_int(&l, 0, INT64_MAX);
		say->caps = (unsigned)line_int(&l, 0, CAPS_ALL);
		break;
	case JOB_SAY_DOWN:
		read_down(&l, say);
		break;
	case JOB_SAY_RCPT:
		say->number = read_u32(&l);
		say->index = read_u32(&l);
		outcome_read(&l, &say->outcome);
		break;
	case JOB_SAY_DONE:
		say->number = read_u32(&l);
		break;
	}
	if (!line_end(&l) ||
	    !text_is_line(say->outcome.relay, strlen(say->outcome.relay)) ||
	    !text_is_line(say->outcome.text, strlen(say->outcome.text))) {
		memset(say, 0, sizeof(*say));
		return err_set(err, ERR_PROTO, "4.3.0",
		    "a worker's packet is malformed");
	}
	return 0;
}
