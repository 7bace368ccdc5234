/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/crc32c.h"
#include "core/base/text.h"
#include "core/mail/envelope.h"
#include "core/mail/line.h"
#include "core/mail/outcome.h"
#include "queue/format.h"

enum {
	CRC_LEN = 8,
	HEAD_CRC_AT = FORMAT_HEAD_SIZE - 1 - CRC_LEN,
};

static const char magic[] = "sendoff ";

/* Lower-case hexadecimal of exactly eight digits, as %08x writes it. */
static bool
take_hex(const char *p, size_t n, uint32_t *out)
{
	uint32_t v = 0;
	size_t i;

	if (n != CRC_LEN)
		return false;
	for (i = 0; i < n; i++) {
		if (!text_is_digit(p[i]) && (p[i] < 'a' || p[i] > 'f'))
			return false;
		v = v << 4 | (uint32_t)text_hex_value(p[i]);
	}
	*out = v;
	return true;
}

void
format_head_blank(char out[FORMAT_HEAD_SIZE])
{
	memset(out, ' ', FORMAT_HEAD_SIZE);
	out[FORMAT_HEAD_SIZE - 1] = '\n';
}

void
format_head_write(const struct format_head *h, char out[FORMAT_HEAD_SIZE])
{
	char line[FORMAT_HEAD_SIZE + 64];
	int n;

	n = snprintf(line, sizeof(line), "%s%d queued %08x %010lld %019lld "
	    "%08x %08x ", magic, FORMAT_VERSION, h->flags,
	    (long long)h->env_size, (long long)h->size, h->env_crc, h->crc);
	(void)snprintf(line + n, sizeof(line) - (size_t)n, "%08x\n",
	    crc32c(0, line, (size_t)n));
	memcpy(out, line, FORMAT_HEAD_SIZE);
}

/*
 * Nothing was written there, or not to the end: the line's own checksum,
 * which stands last in it, is still the blanks that were put there first.
 */
static bool
is_draft(const char *p, size_t n)
{
	static const char blanks[CRC_LEN + 1] = "        ";
	size_t i;

	if (n == FORMAT_HEAD_SIZE &&
	    memcmp(p + HEAD_CRC_AT, blanks, CRC_LEN) == 0)
		return true;
	for (i = 0; i < n; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return false;
	return true;
}

/* The fields stand in columns; that they are written as we write them is
 * seen by writing them again. */
static bool
take_head(const char *p, struct format_head *h)
{
	char again[FORMAT_HEAD_SIZE];
	uint32_t flags;

	if (!take_hex(p + 17, 8, &flags) ||
	    !text_to_int(p + 26, 10, 0, ENVELOPE_TEXT_MAX, &h->env_size) ||
	    !text_to_int(p + 37, 19, 0, INT64_MAX / 2, &h->size) ||
	    !take_hex(p + 57, 8, &h->env_crc) ||
	    !take_hex(p + 66, 8, &h->crc))
		return false;
	h->flags = flags;
	format_head_write(h, again);
	return memcmp(p, again, FORMAT_HEAD_SIZE) == 0;
}

enum format_mark
format_head_parse(const char *p, size_t n, struct format_head *h)
{
	struct format_head head;
	const char *end;
	uint32_t crc;
	int64_t version;

	if (n > FORMAT_HEAD_SIZE)
		n = FORMAT_HEAD_SIZE;
	if (is_draft(p, n))
		return FORMAT_DRAFT;
	if (n < FORMAT_HEAD_SIZE || p[n - 1] != '\n' ||
	    memcmp(p, magic, sizeof(magic) - 1) != 0 ||
	    !take_hex(p + HEAD_CRC_AT, CRC_LEN, &crc) ||
	    crc != crc32c(0, p, HEAD_CRC_AT))
		return FORMAT_DAMAGED;
	p += sizeof(magic) - 1;
	end = memchr(p, ' ', 9);
	if (end == NULL ||
	    !text_to_int(p, (size_t)(end - p), 1, INT32_MAX, &version))
		return FORMAT_DAMAGED;
	if (version != FORMAT_VERSION)
		return FORMAT_NEWER;
	if (!take_head(p - (sizeof(magic) - 1), &head))
		return FORMAT_DAMAGED;
	*h = head;
	return FORMAT_QUEUED;
}

void
format_line_write(const char *p, size_t n, struct buf *out)
{
	buf_addf(out, "%08x ", crc32c(0, p, n));
	buf_add(out, p, n);
	buf_addc(out, '\n');
}

bool
format_line_check(const char *p, size_t n, struct slice *text)
{
	uint32_t crc;

	if (n < CRC_LEN + 1 || p[CRC_LEN] != ' ' ||
	    !take_hex(p, CRC_LEN, &crc))
		return false;
	text->p = p + CRC_LEN + 1;
	text->n = n - CRC_LEN - 1;
	return crc == crc32c(0, text->p, text->n);
}

static const char *const kinds[] = {
	[FORMAT_OUTCOME] = "outcome", [FORMAT_TOLD] = "told",
	[FORMAT_WARNED] = "warned", [FORMAT_ATTEMPT] = "attempt",
	[FORMAT_HOLD] = "hold", [FORMAT_DUE] = "due",
	[FORMAT_FINISHED] = "finished",
};

void
format_entry_write(const struct format_entry *e, struct buf *out)
{
	struct buf text;

	buf_init(&text, FORMAT_ENTRY_MAX - CRC_LEN - 2);
	buf_adds(&text, kinds[e->kind]);
	switch (e->kind) {
	case FORMAT_OUTCOME:
		buf_addf(&text, " %" PRIu32 " %" PRId64 " ", e->rcpt, e->sec);
		outcome_write(&e->outcome, &text);
		break;
	case FORMAT_TOLD:
	case FORMAT_WARNED:
		buf_addf(&text, " %" PRIu32, e->rcpt);
		break;
	case FORMAT_ATTEMPT:
		buf_addf(&text, " %" PRIu32 " %" PRId64 " %" PRId64,
		    e->attempts, e->sec, e->next_sec);
		break;
	case FORMAT_HOLD:
		buf_addf(&text, " %d", e->hold);
		break;
	case FORMAT_DUE:
		buf_addf(&text, " %" PRId64, e->next_sec);
		break;
	case FORMAT_FINISHED:
		break;
	}
	/* an outcome's texts are capped: encoded three bytes each they fit */
	assert(!text.over);
	format_line_write(text.p, text.n, out);
	buf_free(&text);
}

static uint32_t
read_u32(struct line *l)
{
	return (uint32_t)line_int(l, 0, UINT32_MAX);
}

static int64_t
read_sec(struct line *l)
{
	return line_int(l, 0, INT64_MAX);
}

static void
read_fields(struct line *l, struct format_entry *e)
{
	switch (e->kind) {
	case FORMAT_OUTCOME:
		e->rcpt = read_u32(l);
		e->sec = read_sec(l);
		outcome_read(l, &e->outcome);
		break;
	case FORMAT_TOLD:
	case FORMAT_WARNED:
		e->rcpt = read_u32(l);
		break;
	case FORMAT_ATTEMPT:
		e->attempts = read_u32(l);
		e->sec = read_sec(l);
		e->next_sec = read_sec(l);
		break;
	case FORMAT_HOLD:
		e->hold = line_int(l, 0, 1) == 1;
		break;
	case FORMAT_DUE:
		e->next_sec = read_sec(l);
		break;
	case FORMAT_FINISHED:
		break;
	}
}

bool
format_entry_parse(const char *p, size_t n, struct format_entry *e)
{
	struct slice text;
	struct line l;

	memset(e, 0, sizeof(*e));
	if (n >= FORMAT_ENTRY_MAX || !format_line_check(p, n, &text))
		return false;
	line_of(&l, text.p, text.n);
	e->kind = (enum format_kind)line_choice(&l, kinds, NELEM(kinds));
	if (l.bad)
		return false;
	read_fields(&l, e);
	return line_end(&l);
}
