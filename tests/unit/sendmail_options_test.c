/* SPDX-License-Identifier: ISC */
/*
 * The command line: each row is one call; words are separated by blanks, "_"
 * stands for an empty word, and what was understood is written as one line.
 */
#include "tests/check.h"

#include "cmd/sendmail/look.h"
#include "cmd/sendmail/options.h"
#include "cmd/sendmail/values.h"
#include "core/base/buf.h"
#include "core/base/mem.h"

enum {
	WORDS_MAX = 32,
	SAID_MAX = 65536,
};

static const char *const mode_names[] = {
	"submit", "list", "flush", "aliases", "verify", "smtp", "batch",
	"runner", "status",
};

/* "=" in front of `want`: understood so. Else EX_USAGE, with that text. */
static const struct {
	const char	*call, *want;
} cases[] = {
	{ "sendmail",			"=submit" },
	{ "_",				"=submit" },
	{ "/usr/lib/sendmail a@b",	"=submit rcpts a@b" },
	{ "sendmail.postfix a",		"=submit rcpts a" },
	{ "mailq",			"=list" },
	{ "/usr/bin/mailq",		"=list" },
	{ "newaliases",			"=aliases" },
	{ "../newaliases -v",		"=aliases verbose" },
	{ "notmailq a",			"=submit rcpts a" },

	{ "sendmail -t",		"=submit t" },
	{ "sendmail -ti",		"=submit t i" },
	{ "sendmail -it a b",		"=submit t i rcpts a b" },
	{ "sendmail -t -i -oi -f x@y -t", "=submit t i f x@y" },
	{ "sendmail -i -t -f x -- a b",	"=submit t i f x rcpts a b" },
	{ "sendmail -tif x a",		"=submit t i f x rcpts a" },
	{ "sendmail -tifx a",		"=submit t i f x rcpts a" },
	{ "sendmail -oi a",		"=submit i rcpts a" },
	{ "sendmail -o i a",		"=submit i rcpts a" },
	{ "sendmail -oiTrue a",		"=submit i rcpts a" },
	{ "sendmail -i -oiF a",		"=submit rcpts a" },
	{ "sendmail -OIgnoreDots a",	"=submit i rcpts a" },
	{ "sendmail -O IgnoreDots=yes a", "=submit i rcpts a" },
	{ "sendmail -Oignoredots=1 a",	"=submit i rcpts a" },
	{ "sendmail -i -O IgnoreDots=false a", "=submit rcpts a" },

	{ "sendmail -fx a",		"=submit f x rcpts a" },
	{ "sendmail -f x a",		"=submit f x rcpts a" },
	{ "sendmail -f _ a",		"=submit f  rcpts a" },
	{ "sendmail -f <> a",		"=submit f <> rcpts a" },
	{ "sendmail -r x a",		"=submit f x rcpts a" },
	{ "sendmail -fx -ry a",		"=submit f y rcpts a" },
	{ "sendmail -f -t a",		"=submit f -t rcpts a" },
	{ "sendmail -f",		"option: \"f\": its argument" },
	{ "sendmail -tf",		"option: \"f\": its argument" },
	{ "sendmail -FCronDaemon -i -B8BITMIME -oem alice",
					"=submit i F CronDaemon rcpts alice" },
	{ "sendmail -FCronDaemon -i -odi -oem -oi -t -f alice",
					"=submit t i f alice F CronDaemon" },
	{ "sendmail -F _ a",		"=submit F  rcpts a" },
	{ "sendmail -B 8BITMIME a",	"=submit rcpts a" },
	{ "sendmail -B 7bit a",		"=submit rcpts a" },
	{ "sendmail -B9 a",		"option -B: \"9\"" },
	{ "sendmail -BBINARYMIME a",	"option -B: \"BINARYMIME\"" },

	{ "sendmail a -t",		"argument: \"-t\"" },
	{ "sendmail a -froot",		"argument: \"-froot\"" },
	{ "sendmail a -- b",		"argument: \"--\"" },
	{ "sendmail -- -t",		"=submit rcpts -t" },
	{ "sendmail -- -oQ/tmp a",	"=submit rcpts -oQ/tmp a" },
	{ "sendmail --",		"=submit" },
	{ "sendmail -- -- a",		"=submit rcpts -- a" },
	{ "sendmail -",			"argument: \"-\"" },
	{ "sendmail -i - a",		"argument: \"-\"" },
	{ "sendmail --help",		"option: \"-help\"" },
	{ "sendmail --json",		"option: \"-json\"" },
	{ "sendmail _ a",		"=submit rcpts  a" },

	{ "sendmail -bm a",		"=submit rcpts a" },
	{ "sendmail -b m a",		"=submit rcpts a" },
	{ "sendmail -bp",		"=list" },
	{ "sendmail -bi",		"=aliases" },
	{ "sendmail -I",		"=aliases" },
	{ "sendmail -bv a",		"=verify rcpts a" },
	{ "sendmail -bs",		"=smtp" },
	{ "sendmail -bs -odb -oem",	"=smtp" },
	{ "sendmail -bS",		"=batch" },
	{ "sendmail -bd",		"=runner" },
	{ "sendmail -bD",		"=runner foreground" },
	{ "sendmail -bh",		"=status" },
	{ "sendmail -bH",		"=status" },
	{ "sendmail -bt",		"option -b: \"t\"" },
	{ "sendmail -bP",		"option -b: \"P\"" },
	{ "sendmail -ba",		"option -b: \"a\"" },
	{ "sendmail -be",		"option -b: \"e\"" },
	{ "sendmail -bmx a",		"option -b: \"mx\"" },
	{ "sendmail -b",		"option: \"b\": its argument" },
	{ "sendmail -bs -bm a",		"=submit rcpts a" },
	{ "sendmail -bs a",		"argument: \"a\": no recipient" },
	{ "mailq a",			"argument: \"a\": no recipient" },
	{ "newaliases a",		"argument: \"a\": no recipient" },

	{ "sendmail -q",		"=flush" },
	{ "sendmail -qf",		"=flush" },
	{ "sendmail -qp",		"=flush" },
	{ "sendmail -qGmain",		"=flush" },
	{ "sendmail -q user",		"argument: \"user\": no recipient" },
	{ "sendmail -q -v",		"=flush verbose" },
	{ "sendmail -vq",		"=flush verbose" },
	{ "sendmail -q30m",		"=runner every 1800" },
	{ "sendmail -q30",		"=runner every 1800" },
	{ "sendmail -q1h30m",		"=runner every 5400" },
	{ "sendmail -qp5m",		"=runner every 300" },
	{ "sendmail -bd -q15m",		"=runner every 900" },
	{ "sendmail -bD -q1s",		"=runner foreground every 1" },
	{ "sendmail -q1s -bD",		"=runner foreground every 1" },
	{ "sendmail -bd -q",		"=runner" },
	{ "sendmail -q15x",		"option -q: \"15x\"" },
	{ "sendmail -q0",		"option -q: \"0\": no time" },
	{ "sendmail -q1m2",		"=runner every 180" },
	{ "sendmail -q99999999999999999999d", "option -q:" },
	{ "sendmail -q400d",		"option -q: \"400d\": over a year" },
	{ "sendmail -qIABC",		"=flush [id ABC]" },
	{ "sendmail -q!IABC",		"=flush [id !ABC]" },
	{ "sendmail -qRfoo -qSbar",	"=flush [rcpt foo] [sender bar]" },
	{ "sendmail -qI",		"option -q: \"I\": the text" },
	{ "sendmail -q!R",		"option -q: \"!R\": the text" },
	{ "sendmail -qQ",		"option -q: \"Q\"" },
	{ "sendmail -qL",		"option -q: \"L\"" },
	{ "sendmail -q!",		"option -q: \"!\"" },
	{ "sendmail -bd -qIx",		"option -q: a runner" },
	{ "sendmail -q -oi",		"=flush i" },
	{ "sendmail -bs -q",		"option -q does not go" },
	{ "sendmail -bv -q5m a",	"option -q does not go" },
	{ "mailq -q",			"=flush" },
	{ "mailq -qRx",			"=list [rcpt x]" },
	{ "mailq -q5m",			"option -q: a listing" },
	{ "sendmail -bp -q!Sx",		"=list [sender !x]" },
	{ "mailq -v --json",		"=list json verbose" },
	{ "mailq --count",		"=list count" },
	{ "mailq --size",		"option --: \"size\"" },
	{ "mailq --",			"=list" },
	{ "mailq -Ac -v",		"=list verbose" },

	{ "sendmail -N never a",	"=submit N 1 rcpts a" },
	{ "sendmail -Nnever a",		"=submit N 1 rcpts a" },
	{ "sendmail -N success,delay,failure a", "=submit N 14 rcpts a" },
	{ "sendmail -N FAILURE a",	"=submit N 4 rcpts a" },
	{ "sendmail -N never,delay a",	"option -N: \"never,delay\": never" },
	{ "sendmail -N sometimes a",	"option -N: \"sometimes\"" },
	{ "sendmail -N success, a",	"option -N: \"success,\"" },
	{ "sendmail -N _ a",		"option -N: \"\"" },
	{ "sendmail -R full a",		"=submit R 1 rcpts a" },
	{ "sendmail -Rhdrs a",		"=submit R 2 rcpts a" },
	{ "sendmail -R body a",		"option -R: \"body\"" },
	{ "sendmail -V id-1 a",		"=submit V id-1 rcpts a" },
	{ "sendmail -Va+20b a",		"=submit V a b rcpts a" },
	{ "sendmail -Va+b=c a",		"=submit V a+b=c rcpts a" },
	{ "sendmail -Va+0Ab a",		"=submit V a+0Ab rcpts a" },
	{ "sendmail -V xx a",		"=submit V xx rcpts a" },
	{ "sendmail -V _ a",		"=submit rcpts a" },
	{ "sendmail -V caf\303\251 a",	"option -V: " },
	{ "sendmail -V a\nb a",		"option -V: " },

	{ "sendmail -h 5 a",		"=submit h 5 rcpts a" },
	{ "sendmail -h5 a",		"=submit h 5 rcpts a" },
	{ "sendmail -h x a",		"option -h: \"x\"" },
	{ "sendmail -h -1 a",		"option -h: \"-1\"" },
	{ "sendmail -L tag a",		"=submit L tag rcpts a" },
	{ "sendmail -Ltag a",		"=submit L tag rcpts a" },
	{ "sendmail -L a\nb a",		"option -L: " },
	{ "sendmail -p SMTP:host a",	"=submit p SMTP:host rcpts a" },
	{ "sendmail -pP:H a",		"=submit p P:H rcpts a" },
	{ "sendmail -p SMTP a",		"=submit p SMTP: rcpts a" },
	{ "sendmail -p :h a",		"=submit p :h rcpts a" },
	{ "sendmail -p a\nb a",		"option -p: " },
	{ "sendmail -p a:[::1] a",	"=submit p a:[::1] rcpts a" },
	{ "sendmail -p a:(x a",		"option -p: " },
	{ "sendmail -G -n -U -v -m -s -x -c a",
				"=submit G n U verbose rcpts a" },
	{ "sendmail -Am a",		"=submit rcpts a" },
	{ "sendmail -Ac a",		"=submit rcpts a" },
	{ "sendmail -A c a",		"=submit rcpts c a" },
	{ "sendmail -d0.1 a",		"=submit rcpts a" },
	{ "sendmail -d a",		"=submit rcpts a" },
	{ "sendmail -d0-99.127 a",	"=submit rcpts a" },
	{ "sendmail -T5m a",		"=submit rcpts a" },
	{ "sendmail -M rx a",		"=submit rcpts a" },
	{ "sendmail -e a",		"=submit rcpts a" },
	{ "sendmail -em a",		"=submit rcpts a" },
	{ "sendmail -ee a",		"=submit ee rcpts a" },
	{ "sendmail -oee a",		"=submit ee rcpts a" },
	{ "sendmail -O ErrorMode=e a",	"=submit ee rcpts a" },
	{ "sendmail -oee -oem a",	"=submit rcpts a" },
	{ "sendmail -oep -oeq -oew a",	"=submit rcpts a" },
	{ "sendmail -oex a",		"option ErrorMode" },
	{ "sendmail -odi a",		"=submit rcpts a" },
	{ "sendmail -odb a",		"=submit rcpts a" },
	{ "sendmail -odq a",		"=submit odq rcpts a" },
	{ "sendmail -odd a",		"=submit odq rcpts a" },
	{ "sendmail -O DeliveryMode=q a", "=submit odq rcpts a" },
	{ "sendmail -odq -odi a",	"=submit rcpts a" },
	{ "sendmail -odz a",		"option DeliveryMode" },
	{ "sendmail -oh30 a",		"=submit ohops 30 rcpts a" },
	{ "sendmail -O MaxHopCount=x a", "option MaxHopCount" },
	{ "sendmail -OMaxMessageSize=1000 a", "=submit osize 1000 rcpts a" },
	{ "sendmail -OMaxMessageSize=1M a", "option MaxMessageSize" },
	{ "sendmail -om -or0s -oLx a",	"=submit rcpts a" },
	{ "sendmail -o7 -o8pass a",	"=submit rcpts a" },
	{ "sendmail -O LogLevel=99 -OTimeout.queuereturn=5d a",
					"=submit rcpts a" },
	{ "sendmail -O NoSuchThing=1 a", "option -O (-o): \"NoSuchThing=1\"" },
	{ "sendmail -O _ a",		"option -O (-o): \"\"" },
	{ "sendmail -o _ a",		"option -O (-o): \"\"" },
	{ "sendmail -o! a",		"option -O (-o): \"!\"" },
	{ "sendmail -oQ/tmp/q a",	"=submit rcpts a" },
	{ "sendmail -O QueueDirectory=/q a", "=submit rcpts a" },
	{ "sendmail -oQ a",		"option QueueDirectory" },
	{ "sendmail -C x a",		"=submit rcpts a" },
	{ "sendmail -C _ a",		"option -C" },
	{ "sendmail -X /tmp/x a",	"=submit unwritten /tmp/x rcpts a" },
	{ "sendmail -X/tmp/x a",	"=submit unwritten /tmp/x rcpts a" },
	{ "sendmail -D/tmp/x a",	"=submit unwritten /tmp/x rcpts a" },
	{ "sendmail -f a@x\" -oQ/tmp a", "=submit f a@x\" rcpts a" },
	{ "sendmail -Q a",		"option -Q: \"\": there is no" },
	{ "sendmail -Qspam a",		"option -Q: \"spam\"" },
	{ "sendmail -Z a",		"option: \"Z\"" },
	{ "sendmail -E a",		"option: \"E\"" },
	{ "sendmail -J a",		"option: \"J\"" },
	{ "sendmail -S a",		"option: \"S\"" },
	{ "sendmail -tZ a",		"option: \"Z\"" },
	{ "sendmail -4 a",		"option: \"4\"" },
	{ "sendmail -\377 a",		"option: \"\\xFF\"" },
};

/* Cuts a row into words; returns how many. */
static int
cut(char *copy, char *words[WORDS_MAX])
{
	int n = 0;

	for (char *p = copy; p != NULL && n < WORDS_MAX - 1; ) {
		char *end = strchr(p, ' ');

		if (end != NULL)
			*end++ = '\0';
		words[n] = p;
		if (strcmp(p, "_") == 0)
			*p = '\0';
		n++;
		p = end;
	}
	words[n] = NULL;
	return n;
}

static void
say_text(struct buf *b, const char *what, const char *value)
{
	if (value != NULL)
		buf_addf(b, " %s %s", what, value);
}

static void
say_flag(struct buf *b, const char *what, bool yes)
{
	if (yes)
		buf_addf(b, " %s", what);
}

static void
say_number(struct buf *b, const char *what, int64_t n, int64_t usual)
{
	if (n != usual)
		buf_addf(b, " %s %lld", what, (long long)n);
}

static void
say(const struct options *o, struct buf *b)
{
	static const char *const fields[] = { "id", "rcpt", "sender" };

	buf_addf(b, "=%s", mode_names[o->mode]);
	say_flag(b, "t", o->take_rcpts);
	say_flag(b, "i", o->ignore_dots);
	say_flag(b, "G", o->gateway);
	say_flag(b, "n", o->aliases_off);
	say_flag(b, "U", o->utf8);
	say_flag(b, "odq", o->queue_only);
	say_flag(b, "ee", o->bounce_is_safe);
	say_text(b, "f", o->sender);
	say_text(b, "F", o->full_name);
	say_number(b, "N", o->notify, 0);
	say_number(b, "R", o->ret, RET_NONE);
	say_text(b, "V", o->envid);
	say_number(b, "h", o->hops, 0);
	say_number(b, "ohops", o->hops_max, -1);
	say_number(b, "osize", o->size_max, -1);
	say_text(b, "L", o->tag);
	if (o->proto != NULL || o->peer != NULL)
		buf_addf(b, " p %s:%s", o->proto != NULL ? o->proto : "",
		    o->peer != NULL ? o->peer : "");
	say_text(b, "unwritten", o->unwritten);
	say_flag(b, "json", o->json);
	say_flag(b, "count", o->count);
	say_flag(b, "verbose", o->verbose);
	say_flag(b, "foreground", o->foreground);
	say_number(b, "every", o->interval_sec, 0);
	for (size_t i = 0; i < o->nfilters; i++)
		buf_addf(b, " [%s %s%s]", fields[o->filters[i].field],
		    o->filters[i].except ? "!" : "", o->filters[i].text);
	say_flag(b, "rcpts", o->nrcpts != 0);
	for (size_t i = 0; i < o->nrcpts; i++)
		buf_addf(b, " %s", o->rcpts[i]);
}

static void
test_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char *copy = mem_str(cases[i].call), *words[WORDS_MAX];
		int n = cut(copy, words);
		struct options o;
		struct err err = { 0 };
		struct buf b;

		buf_init(&b, SAID_MAX);
		if (options_parse(n, words, &o, &err) == 0) {
			say(&o, &b);
			check(strcmp(buf_str(&b), cases[i].want) == 0,
			    "%s: %s", cases[i].call, buf_str(&b));
			options_free(&o);
		} else {
			check(strncmp(err.text, cases[i].want,
			    strlen(cases[i].want)) == 0,
			    "%s: %s", cases[i].call, err.text);
			check(err.kind == ERR_USAGE, "%s: kind %d",
			    cases[i].call, err.kind);
		}
		buf_free(&b);
		mem_free(copy);
	}
}

static const struct {
	const char		*call;
	enum options_mode	 mode;
	const char		*conf, *queue;
	bool			 broken;
} looks[] = {
	{ "sendmail a", OPTIONS_SUBMIT, NULL, NULL, false },
	{ "sendmail -FC a -C x", OPTIONS_SUBMIT, NULL, NULL, false },
	{ "sendmail -FCron a", OPTIONS_SUBMIT, NULL, NULL, false },
	{ "sendmail -tiC x a", OPTIONS_SUBMIT, "x", NULL, false },
	{ "sendmail -Cx a", OPTIONS_SUBMIT, "x", NULL, false },
	{ "sendmail -Cx -C y a", OPTIONS_SUBMIT, "y", NULL, false },
	{ "sendmail -f -C a", OPTIONS_SUBMIT, NULL, NULL, false },
	{ "sendmail -oQ/q a", OPTIONS_SUBMIT, NULL, "/q", false },
	{ "sendmail -o Q/q a", OPTIONS_SUBMIT, NULL, "/q", false },
	{ "sendmail -Oqueuedirectory=/q a", OPTIONS_SUBMIT, NULL, "/q",
	    false },
	{ "sendmail -O QueueFactor=/q a", OPTIONS_SUBMIT, NULL, NULL, false },
	{ "sendmail -- -Cx", OPTIONS_SUBMIT, NULL, NULL, false },
	{ "sendmail a -Cx", OPTIONS_SUBMIT, NULL, NULL, false },
	{ "sendmail -q", OPTIONS_FLUSH, NULL, NULL, false },
	{ "sendmail -bs", OPTIONS_SMTP, NULL, NULL, false },
	{ "mailq -oQ/q", OPTIONS_LIST, NULL, "/q", false },
	{ "mailq --json", OPTIONS_LIST, NULL, NULL, false },
	{ "mailq -q", OPTIONS_LIST, NULL, NULL, false },
	{ "newaliases -C c", OPTIONS_ALIASES, "c", NULL, false },
	{ "sendmail -I", OPTIONS_ALIASES, NULL, NULL, false },
	{ "sendmail -Z -Cx", OPTIONS_SUBMIT, "x", NULL, true },
	{ "sendmail -bt", OPTIONS_SUBMIT, NULL, NULL, true },
	{ "sendmail -f", OPTIONS_SUBMIT, NULL, NULL, true },
};

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
test_looks(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(looks); i++) {
		char *copy = mem_str(looks[i].call), *words[WORDS_MAX];
		int n = cut(copy, words);
		struct look look;

		look_take(n, words, &look);
		check(look.mode == looks[i].mode &&
		    look.broken == looks[i].broken &&
		    same(look.conf_file, looks[i].conf) &&
		    same(look.queue_dir, looks[i].queue),
		    "%s: mode %d, %s, %s", looks[i].call, look.mode,
		    look.conf_file, look.queue_dir);
		mem_free(copy);
	}
}

/* argc 0, and words as long and as many as the kernel hands over. */
static void
test_extremes(void **state)
{
	enum { MANY = 100000, LONG = 131072 };
	char *none[] = { NULL };
	char **many = mem_zero((MANY + 1) * sizeof(*many));
	char *big = mem_zero(LONG + 1);
	struct options o;
	struct look look;
	struct err err = { 0 };
	char dash_f[] = "-fx", name[] = "sendmail";

	(void)state;
	look_take(0, none, &look);
	assert_int_equal(look.mode, OPTIONS_SUBMIT);
	assert_int_equal(options_parse(0, none, &o, &err), 0);
	assert_int_equal(o.nrcpts, 0);
	options_free(&o);

	many[0] = name;
	for (size_t i = 1; i < MANY; i++)
		many[i] = dash_f;
	assert_int_equal(options_parse(MANY, many, &o, &err), 0);
	assert_string_equal(o.sender, "x");
	options_free(&o);
	for (size_t i = 1; i < MANY; i++)
		many[i] = name;
	assert_int_equal(options_parse(MANY, many, &o, &err), 0);
	assert_int_equal(o.nrcpts, MANY - 1);
	options_free(&o);

	memset(big, 'Z', LONG);
	big[0] = '-';
	many[1] = big;
	many[2] = NULL;
	assert_int_equal(options_parse(2, many, &o, &err), -1);
	assert_true(strlen(err.text) < 200);
	big[1] = 'V';
	assert_int_equal(options_parse(2, many, &o, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	mem_free(big);
	mem_free(many);
}

/* What the look and the parse must agree on, whatever stands there: a draft
 * is made where a message will be read, and own paths are never missed. */
static void
test_agreement(void **state)
{
	static const char *const pool[] = {
		"-t", "-i", "-bm", "-bs", "-bS", "-bp", "-bi", "-bv", "-bd",
		"-bD", "-bt", "-b", "p", "s", "-q", "-q5m", "-qIx", "-q!Rx",
		"-I", "-f", "-fx", "-C", "-Cx", "-tC", "-oQ/q", "-o", "Q/q",
		"-O", "QueueDirectory=/q", "-OQueueDirectory=/q", "--", "-",
		"", "a@b", "-v", "-tiq", "-N", "never", "-Z", "-oem", "-X",
		"-V", "-h", "5", "-p", "--json", "-d", "-A", "-e", "-L",
	};
	static const char *const names[] = { "sendmail", "mailq",
	    "newaliases" };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		char *words[WORDS_MAX], *copies[WORDS_MAX];
		struct options o;
		struct look look;
		struct err err = { 0 };
		int n;

		seed = seed * 1103515245 + 12345;
		n = 1 + (int)(seed >> 16) % 8;
		for (int i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			copies[i] = words[i] = mem_str(i == 0 ?
			    names[(seed >> 16) % NELEM(names)] :
			    pool[(seed >> 16) % NELEM(pool)]);
		}
		words[n] = NULL;
		look_take(n, words, &look);
		if (options_parse(n, words, &o, &err) == 0) {
			check(!look.broken, "round %d: broken", round);
			check(o.mode != OPTIONS_SUBMIT ||
			    look.mode == OPTIONS_SUBMIT, "round %d", round);
			check((o.mode != OPTIONS_SMTP &&
			    o.mode != OPTIONS_BATCH) || look.mode == o.mode,
			    "round %d", round);
			options_free(&o);
		} else {
			check(err.kind == ERR_USAGE && err.text[0] != '\0',
			    "round %d: no reason", round);
		}
		for (int i = 0; i < n; i++)
			mem_free(copies[i]);
	}
}

CHECK_MAIN(
	cmocka_unit_test(test_calls),
	cmocka_unit_test(test_looks),
	cmocka_unit_test(test_extremes),
	cmocka_unit_test(test_agreement),
)
