/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/media.h"

struct walk {
	struct media_part	*out;
	size_t			 n;		/* parts complete */
	char			 boundary[MEDIA_DEPTH][MEDIA_BOUNDARY_SIZE];
	size_t			 depth;		/* multiparts that are open */
	bool			 in_leaf;	/* out[n] has begun */
};

enum delimiter {
	DELIMITER_NONE, DELIMITER_PART, DELIMITER_CLOSE,
};

/* Is this line the delimiter of an open multipart? *level is which. */
static enum delimiter
find_delimiter(const struct walk *w, struct slice line, size_t *level)
{
	size_t i, n;

	if (line.n < 3 || line.p[0] != '-' || line.p[1] != '-')
		return DELIMITER_NONE;
	for (i = w->depth; i-- > 0;) {
		n = strlen(w->boundary[i]);
		if (line.n < 2 + n ||
		    memcmp(line.p + 2, w->boundary[i], n) != 0)
			continue;
		*level = i;
		line = text_trim(line.p + 2 + n, line.n - 2 - n);
		if (line.n == 0)
			return DELIMITER_PART;
		if (slice_eq(line, "--"))
			return DELIMITER_CLOSE;
		return DELIMITER_NONE;
	}
	return DELIMITER_NONE;
}

/* The line at pos, with its end; what is left of it is never nothing. */
static struct slice
line_at(struct slice s, size_t pos)
{
	const char *lf = memchr(s.p + pos, '\n', s.n - pos);

	return (struct slice){ s.p + pos,
	    lf != NULL ? (size_t)(lf - s.p) + 1 - pos : s.n - pos };
}

static bool
is_empty(struct slice line)
{
	return slice_eq(line, "\n") || slice_eq(line, "\r\n");
}

/* A part's header is known: it becomes a leaf, or one multipart more. */
static void
begin_part(struct walk *w, struct slice header, const char *body)
{
	struct media_part *part = &w->out[w->n];
	struct header_field f;
	bool typed = header_find(header.p, header.n, "Content-Type", &f);

	memset(part, 0, sizeof(*part));
	if (typed)
		media_type(&f, part->type);
	else
		memcpy(part->type, "text/plain", sizeof("text/plain"));
	if (strncmp(part->type, "multipart/", 10) == 0) {
		if (w->depth < MEDIA_DEPTH && media_param(&f, "boundary",
		    w->boundary[w->depth], MEDIA_BOUNDARY_SIZE) &&
		    w->boundary[w->depth][0] != '\0')
			w->depth++;
		return;
	}
	part->header = header;
	part->body = (struct slice){ body, 0 };
	w->in_leaf = true;
}

/* end: where the delimiter line begins; the line end before it is its own. */
static void
end_part(struct walk *w, const char *end)
{
	struct media_part *part = &w->out[w->n];

	if (!w->in_leaf)
		return;
	w->in_leaf = false;
	part->body.n = (size_t)(end - part->body.p);
	if (part->body.n > 0 && end[-1] == '\n')
		part->body.n--;
	if (part->body.n > 0 && part->body.p[part->body.n - 1] == '\r')
		part->body.n--;
	w->n++;
}

/* The header section at pos, up to an empty line, a delimiter or the end;
 * returns where what follows begins. */
static size_t
take_header(const struct walk *w, struct slice s, size_t pos,
    struct slice *header)
{
	struct slice line;
	size_t start = pos, empty = 0, level;

	while (pos < s.n) {
		line = line_at(s, pos);
		if (is_empty(line))
			empty = line.n;
		if (empty > 0 ||
		    find_delimiter(w, line, &level) != DELIMITER_NONE)
			break;
		pos += line.n;
	}
	*header = (struct slice){ s.p + start, pos - start };
	return pos + empty;
}

size_t
media_parts(struct slice header, struct slice body,
    struct media_part out[MEDIA_PARTS], bool *open)
{
	struct walk w = { .out = out };
	struct slice line, part_header;
	size_t pos = 0, level = 0;
	enum delimiter what;

	begin_part(&w, header, body.p);
	while (pos < body.n && w.depth > 0 && w.n < MEDIA_PARTS) {
		line = line_at(body, pos);
		what = find_delimiter(&w, line, &level);
		if (what != DELIMITER_NONE) {
			end_part(&w, line.p);
			w.depth = level + (what == DELIMITER_PART);
		}
		pos += line.n;
		if (what != DELIMITER_PART || w.n == MEDIA_PARTS)
			continue;
		pos = take_header(&w, body, pos, &part_header);
		begin_part(&w, part_header, body.p + pos);
	}
	*open = w.depth > 0;
	/* The end of the input ends a part too, its last line whole. */
	if (w.in_leaf) {
		out[w.n].body.n = (size_t)(body.p + body.n -
		    out[w.n].body.p);
		w.n++;
	}
	return w.n;
}

static void
decode_base64(struct buf *b, struct slice s)
{
	struct buf digits;
	size_t i;

	buf_init(&digits, s.n + 1);
	for (i = 0; i < s.n; i++)
		if (!text_is_space(s.p[i]))
			buf_addc(&digits, s.p[i]);
	(void)text_base64_decode(b, buf_str(&digits), digits.n);
	buf_free(&digits);
}

/* How many bytes of white space and line end a soft break at p has; 0: it is
 * none. */
static size_t
soft_break(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && text_is_blank(p[i]))
		i++;
	if (i < n && p[i] == '\r')
		i++;
	return i < n && p[i] == '\n' ? i + 1 : 0;
}

static void
decode_quoted(struct buf *b, struct slice s)
{
	size_t i, n;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] != '=') {
			buf_addc(b, s.p[i]);
			continue;
		}
		n = soft_break(s.p + i + 1, s.n - i - 1);
		if (n > 0) {
			i += n;
		} else if (s.n - i > 2 && text_is_hex(s.p[i + 1]) &&
		    text_is_hex(s.p[i + 2])) {
			buf_addc(b, (char)(text_hex_value(s.p[i + 1]) * 16 +
			    text_hex_value(s.p[i + 2])));
			i += 2;
		} else {
			buf_addc(b, '=');
		}
	}
}

void
media_decode(const struct media_part *part, struct buf *b)
{
	struct header_field f;
	struct slice how = { "", 0 };

	if (header_find(part->header.p, part->header.n,
	    "Content-Transfer-Encoding", &f))
		how = text_trim(f.body.p, f.body.n);
	if (slice_case_eq(how, "base64"))
		decode_base64(b, part->body);
	else if (slice_case_eq(how, "quoted-printable"))
		decode_quoted(b, part->body);
	else
		buf_add(b, part->body.p, part->body.n);
}
