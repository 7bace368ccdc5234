/* SPDX-License-Identifier: ISC */
#include <limits.h>
#include <string.h>

#include "cmd/sendmail/args.h"
#include "cmd/sendmail/names.h"
#include "cmd/sendmail/options.h"
#include "cmd/sendmail/values.h"
#include "core/base/mem.h"
#include "core/base/text.h"

/* What options_parse has gathered before it knows the mode. */
struct parse {
	struct options	*o;
	struct err	*err;
	bool		 pass;		/* -q, -qf, -qG */
};

static int
set_delivery(struct parse *p, const char *value)
{
	if (*value == '\0' || strchr("ibqd", *value) != NULL) {
		p->o->queue_only = *value == 'q' || *value == 'd';
		return 0;
	}
	return values_refuse(p->err, "option DeliveryMode (-od)", value,
	    "accepted are i, b, q and d");
}

static int
set_errors(struct parse *p, const char *value)
{
	if (value == NULL || *value == '\0' ||
	    strchr("mpqwe", *value) != NULL) {
		p->o->bounce_is_safe = value != NULL && *value == 'e';
		return 0;
	}
	return values_refuse(p->err, "option ErrorMode (-e, -oe)", value,
	    "accepted are m, p, q, w and e");
}

static int
set_named(struct parse *p, enum names_act act, const char *whole,
    const char *value)
{
	switch (act) {
	case NAMES_UNKNOWN:
		return values_refuse(p->err, "option -O (-o)", whole,
		    "sendmail has no option of that name");
	case NAMES_DOTS:
		p->o->ignore_dots = values_bool(value);
		return 0;
	case NAMES_DELIVERY:
		return set_delivery(p, value);
	case NAMES_ERRORS:
		return set_errors(p, value);
	case NAMES_HOPS:
		return values_number("option MaxHopCount (-oh)", value,
		    INT_MAX, &p->o->hops_max, p->err);
	case NAMES_SIZE:
		return values_number("option MaxMessageSize", value,
		    INT64_MAX, &p->o->size_max, p->err);
	case NAMES_QUEUE:	/* look_take has it */
		if (*value == '\0')
			return values_refuse(p->err, "option QueueDirectory",
			    value, "a directory is missing");
		return 0;
	case NAMES_NOTHING:
		break;
	}
	return 0;
}

static int
set_long(struct parse *p, const char *value)
{
	size_t n = strcspn(value, "=");
	enum names_act act = names_word(value, n);

	return set_named(p, act, value, value[n] == '=' ? value + n + 1 :
	    value + n);
}

static void
add_filter(struct options *o, enum options_field field, bool except,
    const char *text)
{
	o->filters = mem_array(o->filters, o->nfilters + 1,
	    sizeof(*o->filters));
	o->filters[o->nfilters++] = (struct options_filter){
	    .field = field, .except = except, .text = text };
}

static int
set_pass(struct parse *p, const char *value)
{
	static const char fields[] = "IRS";
	bool except;
	const char *at;

	if (value == NULL || strcmp(value, "f") == 0 || value[0] == 'G' ||
	    strcmp(value, "p") == 0) {
		p->pass = true;
		return 0;
	}
	if (text_is_digit(value[0]))
		return values_interval(value, &p->o->interval_sec, p->err);
	if (value[0] == 'p')
		return values_interval(value + 1, &p->o->interval_sec, p->err);
	except = value[0] == '!';
	at = value[except] != '\0' ? strchr(fields, value[except]) : NULL;
	if (at == NULL)
		return values_refuse(p->err, "option -q", value, "accepted are "
		    "a time, f, p, G, and I, R or S with a text");
	if (value[except + 1] == '\0')
		return values_refuse(p->err, "option -q", value,
		    "the text to look for is missing");
	add_filter(p->o, (enum options_field)(at - fields), except,
	    value + except + 1);
	return 0;
}

static int
set_mode(struct parse *p, const char *value)
{
	if (!look_mode_letter(value, &p->o->mode))
		return values_refuse(p->err, "option -b", value,
		    "accepted are m, p, i, v, s, S, d, D, h and H");
	p->o->foreground = value[0] == 'D';
	return 0;
}

static int
set_body(struct parse *p, const char *value)
{
	/* Whether there are 8-bit octets is seen in the message itself. */
	if (text_str_case_eq(value, "7BIT") ||
	    text_str_case_eq(value, "8BITMIME"))
		return 0;
	return values_refuse(p->err, "option -B", value,
	    "accepted are 7BIT and 8BITMIME");
}

static int
set_tag(struct parse *p, const char *value)
{
	size_t n = strlen(value);

	if (n > OPTIONS_TAG_MAX || !text_is_line(value, n) ||
	    !text_is_ascii(value, n))
		return values_refuse(p->err, "option -L", value,
		    "accepted are at most 64 printable ASCII characters");
	p->o->tag = n != 0 ? value : NULL;
	return 0;
}

static int
set_word(struct parse *p, const char *value)
{
	if (strcmp(value, "json") == 0)
		p->o->json = true;
	else if (strcmp(value, "count") == 0)
		p->o->count = true;
	else
		return values_refuse(p->err, "option --", value,
		    "accepted are --json and --count");
	return 0;
}

/* The letters whose argument is more than kept. */
static int
set_valued(struct parse *p, int letter, const char *value)
{
	struct options *o = p->o;

	switch (letter) {
	case 'B':
		return set_body(p, value);
	case 'C':
		if (*value == '\0')
			return values_refuse(p->err, "option -C", value,
			    "a file is missing");
		return 0;
	case 'L':
		return set_tag(p, value);
	case 'N':
		return values_notify(value, &o->notify, p->err);
	case 'O':
		return set_long(p, value);
	case 'R':
		return values_ret(value, &o->ret, p->err);
	case 'V':
		mem_free(o->envid);
		o->envid = NULL;
		return values_envid(value, &o->envid, p->err);
	case 'b':
		return set_mode(p, value);
	case 'e':
		return set_errors(p, value);
	case 'h':
		return values_number("option -h", value, INT_MAX, &o->hops,
		    p->err);
	case 'o':
		return set_named(p, names_letter(value[0]), value,
		    value[0] != '\0' ? value + 1 : value);
	case 'p':
		mem_free(o->proto);
		o->proto = NULL;
		return values_protocol(value, &o->proto, &o->peer, p->err);
	case 'q':
		return set_pass(p, value);
	case 'Q':
		return values_refuse(p->err, "option -Q",
		    value != NULL ? value : "",
		    "there is no quarantine; see sendoff hold");
	case ARGS_LONG:
		return set_word(p, value);
	case ARGS_MISSING:
		return values_refuse(p->err, "option", value,
		    "its argument is missing");
	case ARGS_UNKNOWN:
		return values_refuse(p->err, "option", value,
		    "sendmail has none of that letter");
	default:		/* A, M, T, c, d, m, s, x: without effect */
		return 0;
	}
}

static int
set_option(struct parse *p, int letter, const char *value)
{
	struct options *o = p->o;

	switch (letter) {
	case 'D':
	case 'X':
		o->unwritten = value;
		return 0;
	case 'F':
		o->full_name = value;
		return 0;
	case 'G':
		o->gateway = true;
		return 0;
	case 'I':
		o->mode = OPTIONS_ALIASES;
		return 0;
	case 'U':
		o->utf8 = true;
		return 0;
	case 'f':
	case 'r':
		o->sender = value;
		return 0;
	case 'i':
		o->ignore_dots = true;
		return 0;
	case 'n':
		o->aliases_off = true;
		return 0;
	case 't':
		o->take_rcpts = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	default:
		return set_valued(p, letter, value);
	}
}

/* -q may make another mode of what the other options say. */
static int
settle_mode(struct parse *p)
{
	struct options *o = p->o;

	if (!p->pass && o->interval_sec == 0 && o->nfilters == 0)
		return 0;
	switch (o->mode) {
	case OPTIONS_SUBMIT:
		o->mode = o->interval_sec != 0 ? OPTIONS_RUNNER :
		    OPTIONS_FLUSH;
		break;
	case OPTIONS_LIST:
		if (o->interval_sec != 0)
			return err_set(p->err, ERR_USAGE, NULL,
			    "option -q: a listing is made once");
		if (p->pass)
			o->mode = OPTIONS_FLUSH;
		break;
	case OPTIONS_RUNNER:
		break;
	default:
		return err_set(p->err, ERR_USAGE, NULL,
		    "option -q does not go with another mode");
	}
	if (o->mode == OPTIONS_RUNNER && o->nfilters != 0)
		return err_set(p->err, ERR_USAGE, NULL,
		    "option -q: a runner takes no selection");
	return 0;
}

static int
take_operands(struct parse *p, const struct args *a)
{
	struct options *o = p->o;

	o->rcpts = a->argv + a->next;
	o->nrcpts = a->next < a->argc ? (size_t)(a->argc - a->next) : 0;
	if (o->nrcpts != 0 && o->mode != OPTIONS_SUBMIT &&
	    o->mode != OPTIONS_VERIFY)
		return values_refuse(p->err, "argument", o->rcpts[0],
		    "no recipient is taken here");
	for (size_t i = 0; !a->dashed && i < o->nrcpts; i++)
		if (o->rcpts[i][0] == '-')
			return values_refuse(p->err, "argument", o->rcpts[i],
			    "an option stands before the first recipient, an "
			    "address with a dash behind --");
	return 0;
}

int
options_parse(int argc, char **argv, struct options *o, struct err *err)
{
	struct parse p = { .o = o, .err = err };
	struct args a;
	const char *value;
	int letter;

	*o = (struct options){ .name = look_name(argc, argv), .hops_max = -1,
	    .size_max = -1 };
	o->mode = look_mode(o->name);
	args_init(&a, argc, argv, o->name == OPTIONS_MAILQ);
	for (;;) {
		letter = args_next(&a, &value);
		if (letter == ARGS_END)
			break;
		if (set_option(&p, letter, value) == -1)
			goto bad;
	}
	if (settle_mode(&p) == -1 || take_operands(&p, &a) == -1)
		goto bad;
	return 0;
bad:
	options_free(o);
	return -1;
}

void
options_free(struct options *o)
{
	mem_free(o->envid);
	mem_free(o->proto);
	mem_free(o->filters);
	*o = (struct options){ 0 };
}
