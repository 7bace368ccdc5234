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
	    { "1: unknown section; there are [relay]," } },
	{ "unknown section without keys", "[x]\n[queue]\n",
	    { "1: unknown section" } },
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
	    { "2: host ;: no value" } },
	{ "empty key", "[relay]\n= a\n", { "2: =: unknown key" } },
	{ "upper case key", "[relay]\nHost = a\n", { "2: Host: unknown" } },
	{ "control character", "[relay]\nuser = a\x01" "b\n",
	    { "2: user: a control character in the line" } },
	{ "bare CR", "[relay]\ruser = a\n", { "1: [relay] user: a control" } },
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
	{ "rewrite twice", "[rewrite]\n@x = @y\n@X = @z\n",
	    { "3: @X: set before, on line 2" } },
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

CHECK_MAIN(cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down))
