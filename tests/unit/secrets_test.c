/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/smtp/run.h"
#include "core/smtp/sasl.h"
#include "core/smtp/secret.h"

static char dir[64];

static void
world(void)
{
	if (dir[0] != '\0')
		return;
	(void)snprintf(dir, sizeof(dir), "/tmp/secrets_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkdir("conf", 0700), 0);
	assert_int_equal(mkdir("cred", 0700), 0);
}

static void
test_end(void **state)
{
	char cmd[100];

	(void)state;
	world();
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
}

static void
put(const char *name, const char *text, size_t n, mode_t mode)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static int
load(struct conf_relay *r, struct sasl_secrets *x, struct err *err)
{
	char conf[100], cred[100];

	(void)snprintf(conf, sizeof(conf), "%s/conf/sendoff.conf", dir);
	(void)snprintf(cred, sizeof(cred), "%s/cred", dir);
	err->text[0] = '\0';
	return sasl_secrets_load(r, conf, cred, x, err);
}

static void
test_first_line(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *want;	/* NULL: refused */
	} cases[] = {
		{ "secret", 6, "secret" }, { "secret\n", 7, "secret" },
		{ "secret\r\n", 8, "secret" },
		{ "secret\nmore\n", 12, "secret" },
		{ " lead and trail \n", 17, " lead and trail " },
		{ "a\rb\n", 4, "a\rb" }, { "#;\"\\\n", 5, "#;\"\\" },
		{ "\xc3\xa4\n", 3, "\xc3\xa4" }, { "", 0, NULL },
		{ "\n", 1, NULL }, { "\r\n", 2, NULL }, { "\nx", 2, NULL },
		{ "a\0b\n", 4, NULL }, { "a\n\0b", 4, "a" },
	};
	struct sasl_secrets x;
	struct conf_relay r = { .user = (char[]){ "joe" } };
	char name[] = "password";
	struct err err;
	size_t i;
	int ret;

	(void)state;
	world();
	r.password_file = name;
	for (i = 0; i < NELEM(cases); i++) {
		put("conf/password", cases[i].in, cases[i].n, 0600);
		ret = load(&r, &x, &err);
		check(ret == (cases[i].want != NULL ? 0 : -1), "row %zu: %s",
		    i, err.text);
		if (ret == -1)
			continue;
		check(strcmp(buf_str(&x.password), cases[i].want) == 0,
		    "row %zu", i);
		assert_string_equal(x.user, "joe");
		sasl_secrets_wipe(&x);
		sasl_secrets_wipe(&x);
	}
}

static void
test_modes(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
		long uid, gid;		/* -1: ours */
		const char *want;	/* NULL: accepted */
	} cases[] = {
		{ "ours", 0600, -1, -1, NULL },
		{ "read only", 0400, -1, -1, NULL },
		{ "our group's", 0640, -1, -1, NULL },
		{ "world", 0644, -1, -1, "chmod" },
		{ "world only", 0604, -1, -1, "chmod" },
		{ "world may write", 0602, -1, -1, "chmod" },
		{ "group may write", 0660, -1, -1, "chmod" },
		{ "other group", 0640, -1, 12345, "chgrp" },
		{ "other group, not its", 0600, -1, 12345, NULL },
		{ "other owner", 0600, 12345, -1, "belongs to uid 12345" },
	};
	char path[100];
	struct conf_relay r = { .password_file = path };
	struct sasl_secrets x;
	struct err err;
	size_t i;
	int ret;

	(void)state;
	world();
	(void)snprintf(path, sizeof(path), "%s/conf/mode", dir);
	for (i = 0; i < NELEM(cases); i++) {
		if ((cases[i].uid != -1 || cases[i].gid != -1) &&
		    geteuid() != 0)
			continue;
		put("conf/mode", "secret\n", 7, cases[i].mode);
		assert_int_equal(chown("conf/mode", cases[i].uid == -1 ?
		    geteuid() : (uid_t)cases[i].uid, cases[i].gid == -1 ?
		    getegid() : (gid_t)cases[i].gid), 0);
		assert_int_equal(chmod("conf/mode", cases[i].mode), 0);
		ret = load(&r, &x, &err);
		check(ret == (cases[i].want == NULL ? 0 : -1), "%s: %s",
		    cases[i].name, err.text);
		if (ret == 0)
			sasl_secrets_wipe(&x);
		else
			check(strstr(err.text, cases[i].want) != NULL &&
			    strstr(err.text, "secret\n") == NULL, "%s: %s",
			    cases[i].name, err.text);
	}
}

/* Root reads by hand what the runner will read. */
static void
test_the_runners(void **state)
{
	const struct passwd *pw = getpwnam("sendoff");
	char path[100];
	struct conf_relay r = { .password_file = path };
	struct sasl_secrets x;
	struct err err;
	int i;

	(void)state;
	if (geteuid() != 0 || pw == NULL)
		skip();
	world();
	(void)snprintf(path, sizeof(path), "%s/conf/theirs", dir);
	for (i = 0; i < 2; i++) {
		put("conf/theirs", "secret\n", 7, 0640);
		assert_int_equal(chown("conf/theirs", i == 0 ? 0 : pw->pw_uid,
		    pw->pw_gid), 0);
		assert_int_equal(chmod("conf/theirs", 0640), 0);
		check(load(&r, &x, &err) == 0, "%s", err.text);
		sasl_secrets_wipe(&x);
	}
}

static void
test_kinds(void **state)
{
	char path[100];
	struct conf_relay r = { .password_file = path };
	struct sasl_secrets x;
	struct err err;
	struct buf big;
	size_t i;

	(void)state;
	world();
	put("conf/real", "secret\n", 7, 0600);
	assert_int_equal(symlink("real", "conf/link"), 0);
	assert_int_equal(mkfifo("conf/fifo", 0600), 0);
	assert_int_equal(mkdir("conf/folder", 0700), 0);
	buf_init(&big, SECRET_MAX + 1);
	for (i = 0; i <= SECRET_MAX; i++)
		buf_addc(&big, 'x');
	put("conf/big", big.p, big.n, 0600);
	buf_free(&big);
	for (i = 0; i < 5; i++) {
		static const char *const names[] = { "link", "fifo", "folder",
		    "missing", "big" };
		static const char *const want[] = { "symbolic link",
		    "regular", "regular", "No such file", "over" };

		(void)snprintf(path, sizeof(path), "%s/conf/%s", dir,
		    names[i]);
		check(load(&r, &x, &err) == -1, "%s", names[i]);
		check(strstr(err.text, want[i]) != NULL &&
		    strstr(err.text, path) != NULL, "%s", err.text);
		assert_int_equal(err.kind, ERR_TEMP);
	}
	(void)snprintf(path, sizeof(path), "%s/cred/none/../../conf/real", dir);
	assert_int_equal(load(&r, &x, &err), -1);
}

static void
test_credentials(void **state)
{
	char name[] = "pw";
	struct conf_relay r = { .password_file = name };
	struct sasl_secrets x;
	struct err err;

	(void)state;
	world();
	put("conf/pw", "beside\n", 7, 0600);
	assert_int_equal(load(&r, &x, &err), 0);
	assert_string_equal(buf_str(&x.password), "beside");
	sasl_secrets_wipe(&x);
	put("cred/pw", "given\n", 6, 0400);
	assert_int_equal(load(&r, &x, &err), 0);
	assert_string_equal(buf_str(&x.password), "given");
	sasl_secrets_wipe(&x);
	/* One that is there and unfit is an error, not skipped. */
	put("cred/pw", "given\n", 6, 0444);
	assert_int_equal(load(&r, &x, &err), -1);
	assert_int_equal(unlink("cred/pw"), 0);
}

static void
test_commands(void **state)
{
	static const struct {
		const char *command, *want, *error;
	} cases[] = {
		{ "echo secret", "secret", NULL },
		{ "printf 'a b\\nmore\\n'", "a b", NULL },
		{ "printf '%s' \"$SECRET_IN_OUR_ENVIRONMENT\"; echo .", ".",
		    NULL },
		{ "cat; echo eof", "eof", NULL },
		{ "(sleep 1000 & ) ; echo left", "left", NULL },
		{ "echo x; exec >&-; sleep 0.05", "x", NULL },
		{ "kill -0 $$ && echo $PATH | grep -c /bin", "1", NULL },
		{ "exit 3", NULL, "status 3" },
		{ "echo secret; exit 1", NULL, "status 1" },
		{ "no-such-program-here 2>/dev/null", NULL, "not found" },
		{ "true", NULL, "empty" },
		{ "kill -9 $$", NULL, "signal 9" },
		{ "yes", NULL, "over" },
		{ "printf 'a\\000b\\n'", NULL, "NUL" },
	};
	char command[200];
	struct conf_relay r = { .command_timeout_sec = 30 };
	struct sasl_secrets x;
	struct err err;
	int64_t start;
	size_t i;
	int ret;

	(void)state;
	world();
	setenv("SECRET_IN_OUR_ENVIRONMENT", "leak", 1);
	start = clock_tick_ms();
	for (i = 0; i < NELEM(cases) * 2; i++) {
		(void)snprintf(command, sizeof(command), "%s",
		    cases[i / 2].command);
		r.password_command = i % 2 == 0 ? command : NULL;
		r.token_command = i % 2 == 1 ? command : NULL;
		ret = load(&r, &x, &err);
		check(ret == (cases[i / 2].want != NULL ? 0 : -1), "%s: %s",
		    command, err.text);
		if (ret == 0) {
			check(strcmp(buf_str(i % 2 == 0 ? &x.password :
			    &x.token), cases[i / 2].want) == 0, "%s", command);
			sasl_secrets_wipe(&x);
		} else {
			check(strstr(err.text, cases[i / 2].error) != NULL &&
			    strstr(err.text, i % 2 == 0 ? "password_command" :
			    "token_command") != NULL, "%s: %s", command,
			    err.text);
		}
	}
	assert_true(clock_tick_ms() - start < 20000);
	/* Nothing of them is left: neither a zombie nor a sleeper. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
test_command_time(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c",
	    "sleep 1000 & echo $! > pid; wait", NULL };
	struct buf out;
	struct err err;
	int64_t start = clock_tick_ms();
	char text[20] = "";
	FILE *f;
	int64_t pid, left;

	(void)state;
	world();
	secret_init(&out);
	assert_int_equal(run_output(argv, 300, &out, NULL, &err), -1);
	assert_true(strstr(err.text, "in time") != NULL);
	assert_true(clock_tick_ms() - start < 5000);
	/* The whole group is gone, the grandchild too. */
	f = fopen("pid", "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	pid = strtol(text, NULL, 10);
	assert_true(pid > 1);
	for (left = 200; left > 0 && kill((pid_t)pid, 0) == 0; left--)
		(void)usleep(10000);	/* init reaps it */
	if (left == 0) {
		char path[64];

		/* Not reaped where nobody is init; then it is a zombie. */
		(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		f = fopen(path, "r");
		if (f != NULL) {
			char line[200] = "";

			(void)!fgets(line, sizeof(line), f);
			fclose(f);
			check(strstr(line, ") Z ") != NULL, "%s", line);
		}
	}
	buf_wipe(&out);
}

static void
test_refresh(void **state)
{
	char line[400];
	struct conf_relay r = { .command_timeout_sec = 30,
	    .token_command = line };
	struct sasl_secrets x;
	struct err err;

	(void)state;
	world();
	(void)snprintf(line, sizeof(line), "cd %s && test ! -e broken && "
	    "echo x >> count && wc -l < count | tr -d ' '", dir);
	assert_int_equal(load(&r, &x, &err), 0);
	assert_string_equal(buf_str(&x.token), "1");
	assert_int_equal(sasl_secrets_refresh(&r, &x, &err), 0);
	assert_string_equal(buf_str(&x.token), "2");
	put("broken", "", 0, 0600);
	assert_int_equal(sasl_secrets_refresh(&r, &x, &err), -1);
	assert_true(strstr(err.text, "status 1") != NULL);
	assert_string_equal(buf_str(&x.token), "2");
	assert_int_equal(unlink("broken"), 0);
	assert_int_equal(sasl_secrets_refresh(&r, &x, &err), 0);
	assert_string_equal(buf_str(&x.token), "3");
	sasl_secrets_wipe(&x);
	assert_int_equal(sasl_secrets_refresh(&r, &x, &err), -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* What fetches tokens holds nothing of ours open, and ends with us. */
static void
test_fetcher(void **state)
{
	char command[] = "ls /proc/$PPID/fd | tr '\\n' ' '";
	struct conf_relay r = { .command_timeout_sec = 30,
	    .token_command = command };
	struct sasl_secrets x;
	struct err err;
	int fd[2];
	char byte;

	(void)state;
	world();
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(load(&r, &x, &err), 0);
	/* 0 to 2, its socket, the pipe from the command. */
	check(x.token.n <= strlen("0 1 2 3 4 5 "), "%s", buf_str(&x.token));
	close(fd[1]);
	assert_int_equal(read(fd[0], &byte, 1), 0);	/* none holds it */
	close(fd[0]);
	sasl_secrets_wipe(&x);
}

CHECK_MAIN(cmocka_unit_test(test_first_line), cmocka_unit_test(test_modes),
    cmocka_unit_test(test_the_runners), cmocka_unit_test(test_kinds),
    cmocka_unit_test(test_credentials),
    cmocka_unit_test(test_commands), cmocka_unit_test(test_command_time),
    cmocka_unit_test(test_refresh), cmocka_unit_test(test_fetcher),
    cmocka_unit_test(test_end))
