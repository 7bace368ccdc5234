/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

static char dir[] = "/tmp/conf_test.XXXXXX";
static char path[64];

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/c", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static void
load_bytes(const char *p, size_t n, struct conf *conf,
    struct conf_problems *problems, mode_t mode)
{
	struct err err = { 0 };
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
	assert_true(fd != -1);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	(void)close(fd);
	check(conf_load(path, conf, problems, &err) == 0, "%s", err.text);
	assert_true(conf->present);
}

static void
load(const char *text, struct conf *conf, struct conf_problems *problems)
{
	load_bytes(text, strlen(text), conf, problems, 0600);
}

/* Every problem as "line: key: beginning" must begin so, and no more. */
static const struct {
	const char *name, *text;
	const char *want[6];		/* "LINE: TEXT", prefixes */
} refused[] = {
	{ "nothing", "", { NULL } },
	{ "only comments", "# a\n; b\n  # c\n\t;d\n\n   \n", { NULL } },
	{ "usual", "[relay]\nhost = smtp.example.com\nuser = a\n"
	    "password_file = /p\n", { NULL } },
	{ "CRLF and BOM", "\xef\xbb\xbf[relay]\r\nhost = a\r\n", { NULL } },
	{ "no newline at the end", "[relay]\nport = x",
	    { "2: port: \"x\" is not accepted; a number from 1 to 65535 is" } },
	{ "all at once", "[relay]\nprot = 25\ntls = yes\n[queue]\n"
	    "lifetime = 5\nbogus\n",
	    { "2: prot: unknown key; [relay] has host, lookup,",
	      "3: tls: \"yes\" is not accepted; starttls, implicit, "
	      "opportunistic or none is",
	      "5: lifetime: \"5\" is not accepted; a time such as",
	      "6: bogus: no value; \"key = value\"" } },
	{ "unknown section, once", "[relays]\nhost = a\nb = c\n",
	    { "1: [relays]: unknown section; there are [relay]," } },
	{ "unknown section without keys", "[x]\n[queue]\n",
	    { "1: [x]: unknown section" } },
	{ "section not closed", "[relay\nhost = a\n",
	    { "1: a section's name without its \"]\"" } },
	{ "text behind a section", "[relay] host = a\n",
	    { "1: text behind a section's \"]\"" } },
	{ "comment behind a section", "[relay] ; x\n[queue]# y\n", { NULL } },
	{ "long section", "[relay a2345678901234567890123456789012345678901]"
	    "\nhost = a\n", { "1: a relay's name has at most 40" } },
	{ "bad relay name", "[relay a b]\n", { "1: a relay's name has" } },
	{ "before a section", "host = a\n[relay]\n",
	    { "1: host: stands before the first section" } },
	{ "duplicate", "[queue]\nmax_hops = 3\nmax_hops = 4\n",
	    { "3: max_hops: set before, on line 2" } },
	{ "duplicate over parts", "[queue]\nmax_hops=\n[log]\n[queue]\n"
	    "max_hops = 4\n", { "5: max_hops: set before, on line 2" } },
	{ "two relays, same key", "[relay]\nport = 1\n[relay b]\nport = 1\n"
	    "host = x\nsender = *\n", { NULL } },
	{ "indented", "[relay]\nhost = a\n  port = 25\n",
	    { "3: port: the line is indented" } },
	{ "indented section", " [relay]\n", { "1: [relay]: the line is" } },
	{ "key without value", "[relay]\nhost\n", { "2: host: no value" } },
	{ "key without value last", "[relay]\nhost", { "2: host: no value" } },
	{ "comment instead of value", "[relay]\nhost ;= a\n",
	    { "2: host: no value" } },
	{ "empty key", "[relay]\n= a\n", { "2: =: unknown key" } },
	{ "upper case key", "[relay]\nHost = a\n", { "2: Host: unknown" } },
	{ "control character", "[relay]\nuser = a\x01" "b\n",
	    { "2: user: a control character in the line" } },
	{ "bare CR", "[relay]\ruser = a\n", { "1: [relay]: a control" } },
	{ "empty is the default", "[relay]\nport =\nhost=\ntls = ; x\n"
	    "tls_min = # y\n", { NULL } },
	{ "two passwords", "[relay]\nuser=u\npassword_file=/a\npassword=b\n",
	    { "4: password: one too many; at most one of" } },
	{ "password without user", "[relay]\npassword_file = x\n",
	    { "2: password_file: needs a user" } },
	{ "blank password end", "[relay]\nuser = u\npassword = a \n",
	    { "3: password: ends in a blank" } },
	{ "oauth and password", "[relay]\nuser=u\npassword_file=/a\n"
	    "oauth_token_url = https://x/\noauth_client_id = i\n"
	    "oauth_refresh_token_file = /r\n",
	    { "3: password_file: excluded by the oauth_ keys" } },
	{ "oauth and token", "[relay]\nuser=u\noauth_token_url = https://x/\n"
	    "oauth_client_id = i\noauth_refresh_token_file = /r\n"
	    "token_command = t\n",
	    { "6: token_command: excluded by the oauth_ keys" } },
	{ "oauth in part", "[relay]\nuser=u\noauth_scope = s\n",
	    { "1: oauth_token_url: missing", "1: oauth_client_id: missing",
	      "1: oauth_refresh_token_file: missing" } },
	{ "oauth client", "[relay]\nuser=u\noauth_token_url=https://x/\n"
	    "oauth_client_id = i\noauth_grant = client_credentials\n",
	    { "1: oauth_client_secret_file: missing" } },
	{ "oauth in clear", "[relay]\nuser=u\noauth_token_url=http://x/\n"
	    "oauth_client_id = i\noauth_refresh_token_file = /r\n",
	    { "3: oauth_token_url: \"http://x/\" is not accepted" } },
	{ "patterns in [relay]", "[relay]\nsender = *\nrecipient = @a\n",
	    { "2: sender: accepted in [relay NAME] only",
	      "3: recipient: accepted in [relay NAME] only" } },
	{ "[relay NAME] alone", "[relay b]\nport = 3\n",
	    { "1: [relay b] without sender or recipient",
	      "1: [relay b] without a host" } },
	{ "said once", "[relay b]\nhost = a b:0\nsender = x\n",
	    { "2: host: \"a b:0\"", "3: sender: \"x\" is not" } },
	{ "key without certificate", "[relay]\ntls_key_file = /k\n",
	    { "2: tls_key_file: needs a tls_cert_file" } },
	{ "retry_min above", "[queue]\nretry_min = 2h\n",
	    { "2: retry_min: above retry_max (3600s)" } },
	{ "retry_max below the default", "[queue]\nretry_max=5s\n", { NULL } },
	{ "warn_after above", "[queue]\nwarn_after = 6d\n",
	    { "2: warn_after: above lifetime" } },
	{ "lifetime below the default", "[queue]\nlifetime=1h\n", { NULL } },
	{ "rewrite", "[rewrite]\nroot = a@b\n@x = @y\nj@x = k@y ; c\n"
	    "\"a b\"@x = k@y # c\n", { NULL } },
	{ "rewrite wrong", "[rewrite]\nroot = b\n@ = @y\na b = c@d\n"
	    "x@y = @\n@x = a@b\n",
	    { "2: root: not an address to rewrite to",
	      "3: @: not an address that can be", "4: a b: not an address",
	      "5: x@y: not an address to" } },
	{ "rewrite twice", "[rewrite]\n@x = @y\n@X = @z\na@x=b@x\na = b@x\n"
	    "A@x = b@x\na@X =\n@x =\n",
	    { "3: @X: set before, on line 2", "7: a@X: set before, on line 4",
	      "8: @x: set before, on line 2" } },
	{ "junk key", "[rewrite]\n\xc2\x9b\xff = a@b\n[log]\n\xff = 1\n",
	    { "2: \\xC2\\x9B\\xFF: not an address", "4: \\xFF: unknown key" } },
};

static void
test_refused(void **state)
{
	struct conf conf;
	struct conf_problems p;
	size_t i, j, n;
	char shown[4000];

	(void)state;
	for (i = 0; i < NELEM(refused); i++) {
		load(refused[i].text, &conf, &p);
		for (n = 0; refused[i].want[n] != NULL; n++)
			continue;
		for (j = 0; j < p.n; j++) {
			(void)snprintf(shown, sizeof(shown), "%s",
			    p.v[j].text + strlen(path) + 1);
			check(j < n && strncmp(shown, refused[i].want[j],
			    strlen(refused[i].want[j])) == 0,
			    "%s: %s", refused[i].name, p.v[j].text);
		}
		check(p.n == n, "%s: %zu of %zu problems", refused[i].name,
		    p.n, n);
		conf_free(&conf);
		conf_problems_free(&p);
	}
}


/* What inih would cut, glue or hide. */
static void
test_lines(void **state)
{
	static const struct {
		size_t value;		/* bytes behind "user = " */
		bool want;
	} cases[] = {
		{ 190, true }, { 191, true }, { 192, false }, { 4000, false },
	};
	static const char nul[] = "[relay]\nuser = a\0b\nport = 26\n";
	struct conf conf;
	struct conf_problems p;
	struct buf b;
	size_t i, j;

	(void)state;
	buf_init(&b, 10000);
	for (i = 0; i < NELEM(cases); i++) {
		buf_reset(&b);
		buf_adds(&b, "[relay]\nuser = ");
		for (j = 0; j < cases[i].value; j++)
			buf_addc(&b, (char)('a' + j % 26));
		buf_adds(&b, "\nport = 26\n");
		load(buf_str(&b), &conf, &p);
		assert_int_equal(conf.relays[0].port, 26);
		if (cases[i].want) {
			assert_int_equal(p.n, 0);
			assert_int_equal(strlen(conf.relays[0].user),
			    cases[i].value);
		} else {
			assert_int_equal(p.n, 1);
			assert_null(conf.relays[0].user);
			assert_non_null(strstr(p.v[0].text, ":2: user: the "
			    "line is too long; at most 198"));
		}
		conf_free(&conf);
		conf_problems_free(&p);
	}
	/* A comment may be as long as it likes. */
	buf_reset(&b);
	buf_adds(&b, "#");
	for (j = 0; j < 500; j++)
		buf_adds(&b, "password = x; ");
	load(buf_str(&b), &conf, &p);
	assert_int_equal(p.n, 0);
	conf_free(&conf);
	conf_problems_free(&p);
	buf_free(&b);

	load_bytes(nul, sizeof(nul) - 1, &conf, &p, 0600);
	assert_int_equal(p.n, 1);
	assert_non_null(strstr(p.v[0].text, ":2: user: a NUL in the line"));
	assert_null(conf.relays[0].user);
	assert_int_equal(conf.relays[0].port, 26);
	conf_free(&conf);
	conf_problems_free(&p);
}

static void
test_password(void **state)
{
	static const struct {
		const char *name, *line, *want;
	} cases[] = {
		{ "semicolon", "password = a ;b", "a ;b" },
		{ "hash", "password = a #b", "a #b" },
		{ "both at once", "password=;# x", ";# x" },
		{ "equal signs", "password = =a=b:", "=a=b:" },
		{ "colon", "password : a=b", "a=b" },
		{ "quotes", "password = \"a\"", "\"a\"" },
		{ "tab", "password\t=\ta\tb", "a\tb" },
		{ "slashes", "password = /a/", "/a/" },
		{ "bytes", "password = \xff\xe4", "\xff\xe4" },
		{ "CR", "password = a\r", "a" },
		{ "empty", "password =", NULL },
		{ "blank", "password = ", NULL },
	};
	struct conf conf;
	struct conf_problems p;
	char text[200];
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		(void)snprintf(text, sizeof(text), "[relay]\nuser=u\n%s\n"
		    "port = 26 ; c\n", cases[i].line);
		load(text, &conf, &p);
		check(p.n == 0, "%s: %s", cases[i].name, p.v[0].text);
		if (cases[i].want == NULL)
			assert_null(conf.relays[0].password);
		else
			assert_string_equal(conf.relays[0].password,
			    cases[i].want);
		assert_int_equal(conf.relays[0].port, 26);
		conf_free(&conf);
		conf_problems_free(&p);
	}
}

/* A password is never shown, whatever is wrong with its line. */
static void
test_password_hidden(void **state)
{
	static const char *const lines[] = { "password = hush\x01",
	    " password = hush", "password = hush ", "password hush",
	    "password = hush\npassword = hush" };
	struct conf conf;
	struct conf_problems p;
	char text[200];
	size_t i, j;

	(void)state;
	for (i = 0; i < NELEM(lines); i++) {
		(void)snprintf(text, sizeof(text), "[relay]\nuser = u\n%s\n",
		    lines[i]);
		load(text, &conf, &p);
		assert_int_equal(p.n, 1);
		for (j = 0; j < p.n; j++)
			check(strstr(p.v[j].text, "hush") == NULL, "%s",
			    p.v[j].text);
		conf_free(&conf);
		conf_problems_free(&p);
	}
}

static void
test_password_mode(void **state)
{
	static const struct { mode_t mode; bool want; } cases[] = {
		{ 0600, true }, { 0640, true }, { 0644, false },
		{ 0604, false }, { 0602, false },
	};
	static const char with[] = "[relay]\nuser = u\npassword = x\n";
	struct conf conf;
	struct conf_problems p;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		load_bytes(with, sizeof(with) - 1, &conf, &p, cases[i].mode);
		check(p.n == (cases[i].want ? 0 : 1), "%03o",
		    (unsigned)cases[i].mode);
		conf_free(&conf);
		conf_problems_free(&p);
		load_bytes("[log]\n", 6, &conf, &p, cases[i].mode);
		assert_int_equal(p.n, 0);
		conf_free(&conf);
		conf_problems_free(&p);
	}
}

static void
test_many_problems(void **state)
{
	struct conf conf;
	struct conf_problems p;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100000);
	buf_adds(&b, "[queue]\n");
	for (i = 0; i < 5000; i++)
		buf_adds(&b, "nonsense = 1\n");
	load(buf_str(&b), &conf, &p);
	assert_int_equal(p.n, CONF_PROBLEMS_MAX + 1);
	assert_non_null(strstr(p.v[CONF_PROBLEMS_MAX].text,
	    ":102: more problems follow"));
	for (i = 0; i < p.n; i++)
		assert_int_equal(p.v[i].section, CONF_QUEUE);
	conf_free(&conf);
	conf_problems_free(&p);
	conf_problems_free(&p);
	buf_free(&b);
}

static void
refuse_file(const char *name, const char *text)
{
	struct conf conf;
	struct conf_problems p;
	struct err err = { 0 };

	assert_int_equal(conf_load(name, &conf, &p, &err), -1);
	assert_int_equal(err.kind, ERR_CONF);
	check(strstr(err.text, text) != NULL, "%s", err.text);
}

static void
test_files(void **state)
{
	struct buf b;
	int fd;

	(void)state;
	(void)unlink(path);
	refuse_file(path, "No such file");
	refuse_file(dir, "not a file");
	assert_int_equal(mkfifo(path, 0600), 0);
	refuse_file(path, "not a file");
	(void)unlink(path);
	assert_int_equal(symlink("c", path), 0);
	refuse_file(path, "symbolic links");
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, CONF_FILE_MAX + 1), 0);
	(void)close(fd);
	refuse_file(path, "over 1048576 bytes");
	buf_init(&b, 100);
	(void)chmod(path, 0);
	if (geteuid() != 0)
		refuse_file(path, "Permission denied");
	buf_free(&b);
	(void)unlink(path);
}

/* Every line of a file cut at every byte: never a crash, never a leak. */
static void
test_cut(void **state)
{
	static const char text[] = "\xef\xbb\xbf[relay]\r\nhost = [::1]:25, "
	    "a:1\nuser = u\npassword = x ;y\n[relay b]\nhost=c\nsender = @d\n"
	    "tls_fingerprint = spki:AA:bb\nrate = 3/10m\n[rewrite]\n"
	    "a = b@c\n[log]\ntarget = file:/x\n[bounce]\nfrom = A <a@b>\n";
	struct conf conf;
	struct conf_problems p;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(text); n++) {
		load_bytes(text, n, &conf, &p, 0600);
		assert_non_null(conf.hostname);
		conf_free(&conf);
		conf_problems_free(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_password_hidden),
		cmocka_unit_test(test_password_mode),
		cmocka_unit_test(test_many_problems),
		cmocka_unit_test(test_files), cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
