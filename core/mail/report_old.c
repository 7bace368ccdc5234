/* SPDX-License-Identifier: ISC */
/*
 * report_old - failures as MTAs told them in words: qmail (the QSBMF of
 * cr.yp.to/proto/qsbmf.txt), Exim, and Exchange.
 */
#include <string.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/header.h"
#include "core/mail/report_part.h"

/* Reading line by line, one recipient after the other. */
struct reader {
	struct report		*report;
	struct slice		 rest;		/* not yet read */
	struct report_rcpt	*rcpt;		/* the last one begun; NULL */
	struct slice		 words;		/* the lines about it */
	const char		*action;
};

static bool
take_line(struct slice *rest, struct slice *line)
{
	const char *lf;

	if (rest->n == 0)
		return false;
	lf = memchr(rest->p, '\n', rest->n);
	line->p = rest->p;
	line->n = lf != NULL ? (size_t)(lf - rest->p) : rest->n;
	rest->p += line->n + (lf != NULL);
	rest->n -= line->n + (lf != NULL);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static bool
begins(struct slice s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static const char *
find(struct slice s, const char *words)
{
	return s.n > 0 ? memmem(s.p, s.n, words, strlen(words)) : NULL;
}

static size_t
indent(struct slice line)
{
	size_t n = 0;

	while (n < line.n && text_is_blank(line.p[n]))
		n++;
	return n;
}

/* A status code among other words; NULL: none. "1.2.3.4" is none. */
static char *
find_status(const char *s)
{
	const char *p, *start;
	size_t parts, digits;

	for (p = s; *p != '\0'; p++) {
		if (strchr("245", *p) == NULL || p[1] != '.' ||
		    (p > s && (text_is_alnum(p[-1]) || p[-1] == '.')))
			continue;
		start = p++;
		for (parts = 0; parts < 2 && *p == '.'; parts++) {
			digits = strspn(p + 1, "0123456789");
			if (digits < 1 || digits > 3)
				break;
			p += 1 + digits;
		}
		if (parts == 2 && !text_is_alnum(*p) &&
		    (*p != '.' || !text_is_digit(p[1])))
			return report_value(start, (size_t)(p - start));
		p = start;
	}
	return NULL;
}

/* Exim's "host mx.example.com [192.0.2.1]: 550 ..." */
static char *
find_host(const char *s)
{
	const char *host = strstr(s, "host "), *end;

	if (host == NULL)
		return NULL;
	host += 5;
	end = strchr(host, ' ');
	return end != NULL && end[1] == '[' ?
	    report_value(host, (size_t)(end - host)) : NULL;
}

/* What was said about the last recipient is complete. */
static void
end_rcpt(struct reader *rd)
{
	struct report_rcpt *rcpt = rd->rcpt;

	if (rcpt == NULL)
		return;
	rcpt->action = mem_str(rd->action);
	rcpt->diagnostic = report_value(rd->words.p, rd->words.n);
	if (rcpt->diagnostic != NULL) {
		rcpt->status = find_status(rcpt->diagnostic);
		rcpt->remote_mta = find_host(rcpt->diagnostic);
	}
	rd->rcpt = NULL;
}

static void
begin_rcpt(struct reader *rd, const char *p, size_t n)
{
	end_rcpt(rd);
	rd->rcpt = report_add(rd->report);
	rd->words = (struct slice){ rd->rest.p, 0 };
	if (rd->rcpt != NULL)
		rd->rcpt->final = report_value(p, n);
}

/* A line more about the recipient. */
static void
add_words(struct reader *rd, struct slice line)
{
	if (rd->rcpt == NULL)
		return;
	if (rd->words.n == 0)
		rd->words.p = line.p;
	rd->words.n = (size_t)(line.p + line.n - rd->words.p);
}

/* The copy of the message behind the line that says that it follows. */
static void
take_copy(struct reader *rd)
{
	struct slice line, rest = rd->rest;

	while (take_line(&rest, &line) && line.n == 0)
		rd->rest = rest;
	report_take_message_id(rd->report, report_section(rd->rest));
}

/* "Hi. This is the qmail-send program at HOST." */
static bool
read_qmail(struct reader *rd)
{
	const char *at;
	struct slice line = { "", 0 };
	bool after_empty = false;

	while (line.n == 0 && take_line(&rd->rest, &line))
		;
	if (!begins(line, "Hi. This is the"))
		return false;
	at = find(line, " at ");
	if (at != NULL) {
		at += 4;
		while (line.n > 0 && line.p[line.n - 1] == '.')
			line.n--;
		if (at < line.p + line.n)
			rd->report->reporting_mta = report_value(at,
			    (size_t)(line.p + line.n - at));
	}
	for (; take_line(&rd->rest, &line); after_empty = line.n == 0) {
		if (after_empty && begins(line, "-")) {
			take_copy(rd);
			break;
		}
		if (after_empty && line.n > 3 && line.p[0] == '<' &&
		    line.p[line.n - 2] == '>' && line.p[line.n - 1] == ':')
			begin_rcpt(rd, line.p + 1, line.n - 3);
		else if (line.n == 0)
			end_rcpt(rd);
		else
			add_words(rd, line);
	}
	end_rcpt(rd);
	return true;
}

/* "(generated from root@example.com)" */
static bool
take_origin(struct reader *rd, struct slice line)
{
	static const char words[] = "generated from ";
	const char *from = find(line, words);

	line = text_trim(line.p, line.n);
	if (from == NULL || rd->rcpt == NULL || line.p[0] != '(' ||
	    line.p[line.n - 1] != ')')
		return false;
	from += strlen(words);
	if (rd->rcpt->original == NULL)
		rd->rcpt->original = report_value(from,
		    (size_t)(line.p + line.n - 1 - from));
	return true;
}

/* Addresses behind two blanks, what happened behind four. */
static bool
read_exim(struct reader *rd, struct slice header)
{
	struct header_field f;
	struct addr_list l;
	struct slice line, trimmed;
	size_t i;
	bool failed = header_find(header.p, header.n, "X-Failed-Recipients",
	    &f);

	if (!failed && find(rd->rest, "created automatically by mail delivery "
	    "software") == NULL)
		return false;
	if (find(rd->rest, "not yet been delivered") != NULL)
		rd->action = "delayed";
	while (take_line(&rd->rest, &line)) {
		trimmed = text_trim(line.p, line.n);
		if (begins(line, "------")) {
			take_copy(rd);
			break;
		}
		if (indent(line) == 2 && memchr(trimmed.p, '@', trimmed.n) &&
		    memchr(trimmed.p, ' ', trimmed.n) == NULL)
			begin_rcpt(rd, trimmed.p, trimmed.n -
			    (trimmed.p[trimmed.n - 1] == ':'));
		else if (indent(line) >= 4 && !take_origin(rd, line))
			add_words(rd, line);
	}
	end_rcpt(rd);
	if (rd->report->nrcpts > 0 || !failed)
		return true;
	addr_list_parse(&l, f.body.p, f.body.n);
	for (i = 0; i < l.n; i++)
		if (l.v[i].addr != NULL)
			begin_rcpt(rd, l.v[i].addr, strlen(l.v[i].addr));
	rd->words.n = 0;
	end_rcpt(rd);
	addr_list_free(&l);
	return true;
}

/* "NAME on Tue, 1 Jan 2002 10:00:00 +0100", and what happened indented. */
static bool
read_exchange(struct reader *rd)
{
	static const char words[] = "did not reach the following recipient(s):";
	const char *at = find(rd->rest, words), *on;
	struct slice line;

	if (at == NULL)
		return false;
	at += strlen(words);
	rd->rest = (struct slice){ at, (size_t)(rd->rest.p + rd->rest.n - at) };
	while (take_line(&rd->rest, &line)) {
		on = find(line, " on ");
		if (line.n == 0)
			end_rcpt(rd);
		else if (indent(line) == 0 && on != NULL)
			begin_rcpt(rd, line.p, (size_t)(on - line.p));
		else if (indent(line) > 0)
			add_words(rd, line);
	}
	end_rcpt(rd);
	return true;
}

/* Where the report came from, for those who do not say it in the text. */
static void
take_from(struct report *r, struct slice header)
{
	struct header_field f;
	struct addr_list l;
	const char *at;

	if (r->reporting_mta != NULL ||
	    !header_find(header.p, header.n, "From", &f))
		return;
	addr_list_parse(&l, f.body.p, f.body.n);
	at = l.n > 0 && l.v[0].addr != NULL ? addr_at(l.v[0].addr) : NULL;
	if (at != NULL)
		r->reporting_mta = mem_str(at + 1);
	addr_list_free(&l);
}

bool
report_old(struct report *r, struct slice header, struct slice text)
{
	struct reader rd = { .report = r, .rest = text, .action = "failed" };
	bool known;

	r->kind = REPORT_DSN;
	known = read_qmail(&rd);
	if (!known) {
		rd.rest = text;
		known = read_exim(&rd, header);
	}
	if (!known)
		known = read_exchange(&rd);
	if (!known)
		return false;
	take_from(r, header);
	if (r->nrcpts == 0)
		report_problem(r, "no recipient");
	return true;
}
