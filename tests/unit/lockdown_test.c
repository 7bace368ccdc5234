/* SPDX-License-Identifier: ISC */
/*
 * A process locks itself down and then tries what an intruder in it would
 * try: each attempt is a row that has to fail, and beside them stands what
 * has to go on working.
 */
#include "tests/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "core/smtp/lockdown.h"
#include "core/smtp/sasl.h"
#include "core/smtp/tls.h"
#include "tests/unit/dns_fake.h"
#include "tests/unit/tls_pki.h"

static const struct rule rules[] = {
	{ "relay.test", ns_t_a, 0, 0, { "relay.test A 127.0.0.1" } },
	{ "relay.test", ns_t_aaaa, 0, 0, { NULL } },
	{ "mx.test", ns_t_mx, 0, AD, { "mx.test MX 10 relay.test" } },
	{ .name = "" },
};

static struct {
	char	 dir[64], secret[100], fresh[100], readable[100];
	int	 open_port, other_port, secret_fd;
	pid_t	 parent;
} w;

static int
listen_on(int *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(listen(fd, 50), 0);
	*port = ntohs(sa.sin_port);
	return fd;
}

static void
put_files(void)
{
	FILE *f;

	(void)unlink(w.fresh);
	(void)rmdir(w.fresh);
	f = fopen(w.secret, "w");
	assert_non_null(f);
	fputs("another's message\n", f);
	fclose(f);
	f = fopen(w.readable, "w");
	assert_non_null(f);
	fputs("named\n", f);
	fclose(f);
}

static void
world(void)
{
	if (w.dir[0] != '\0')
		return;
	w.parent = getpid();
	(void)snprintf(w.dir, sizeof(w.dir), "/tmp/lockdown_test.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	(void)snprintf(w.secret, sizeof(w.secret), "%s/message", w.dir);
	(void)snprintf(w.fresh, sizeof(w.fresh), "%s/fresh", w.dir);
	(void)snprintf(w.readable, sizeof(w.readable), "%s.ca", w.dir);
	put_files();
	w.secret_fd = open(w.secret, O_RDONLY);
	(void)listen_on(&w.open_port);
	(void)listen_on(&w.other_port);
}

static int
lock(void)
{
	const char *const read[] = { w.readable, "/nonexistent/file" };
	struct lockdown_paths p = { .read = read, .nread = 2,
	    .ports = &w.open_port, .nports = 1 };
	struct err err;

	return lockdown_worker(&p, &err);
}

/* Runs f in a process of its own that has locked itself down; its result,
 * or 1000 + the signal that ended it. */
static int
locked(int (*f)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(20);
		_exit(lock() == 0 ? f() : 99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    1000 + WTERMSIG(status);
}

static int
run(int (*f)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(20);
		_exit(f());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    1000 + WTERMSIG(status);
}

/* Attempts: 0 when they succeed, else errno. */
static int
try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	return fd == -1 ? errno : 0;
}

static int read_shadow(void) { return try_open("/etc/shadow", O_RDONLY); }
static int read_passwd(void) { return try_open("/etc/passwd", O_RDONLY); }
static int read_queue(void) { return try_open(w.secret, O_RDONLY); }
static int write_queue(void) { return try_open(w.secret, O_WRONLY); }
static int make_file(void) { return try_open(w.fresh, O_RDWR | O_CREAT); }
static int make_temp(void) { return try_open("/tmp", O_RDWR | O_TMPFILE); }
static int make_read(void) { return try_open(w.fresh, O_CREAT | O_RDONLY); }
static int write_named(void) { return try_open(w.readable, O_RDWR); }
static int cut_named(void) { return try_open(w.readable, O_TRUNC); }
static int read_environ(void) { return try_open("/proc/1/environ", O_RDONLY); }
static int own_memory(void) { return try_open("/proc/self/mem", O_RDONLY); }

static int
reopen(void)
{
	char path[40];

	/* A descriptor that it has cannot be turned into a better one. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", w.secret_fd);
	return try_open(path, O_RDONLY);
}

static int
list_queue(void)
{
	return opendir(w.dir) == NULL ? errno : 0;
}

static int
unlink_queue(void)
{
	return unlink(w.secret) == -1 ? errno : 0;
}

static int
rename_queue(void)
{
	return rename(w.secret, w.fresh) == -1 ? errno : 0;
}

static int
link_queue(void)
{
	return link(w.secret, w.fresh) == -1 ? errno : 0;
}

static int
chmod_queue(void)
{
	return fchmod(w.secret_fd, 0666) == -1 ? errno : 0;
}

static int
make_dir(void)
{
	return mkdir(w.fresh, 0700) == -1 ? errno : 0;
}

static int
start_program(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };

	(void)execv("/bin/true", argv);
	return errno;
}

static int
start_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid == -1 ? errno : 0;
}

static int
start_vfork(void)
{
	return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == -1 ? errno : 0;
}

static void *
nothing(void *p)
{
	return p;
}

static int
start_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, nothing, NULL);
}

static int
trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, w.parent, NULL, NULL) == -1 ? errno : 0;
}

static int
read_parent(void)
{
	char byte;
	struct iovec mine = { &byte, 1 }, theirs = { &w, 1 };

	return process_vm_readv(w.parent, &mine, 1, &theirs, 1, 0) == -1 ?
	    errno : 0;
}

static int
signal_parent(void)
{
	return kill(w.parent, 0) == -1 ? errno : 0;
}

static int
signal_thread(void)
{
	return syscall(SYS_tgkill, w.parent, w.parent, 0) == -1 ? errno : 0;
}

static int
connect_port(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		return errno;
	return connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1 ?
	    errno : 0;
}

static int other_port(void) { return connect_port(w.other_port); }

static int
listen_here(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return listen(fd, 1) == -1 ? errno : 0;
}

static int
family(int f)
{
	return socket(f, SOCK_RAW, 0) == -1 ? errno : 0;
}

static int netlink(void) { return family(AF_NETLINK); }
static int packet(void) { return family(AF_PACKET); }
static int vsock(void) { return family(AF_VSOCK); }

static int
write_and_run(void)
{
	return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC | PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int
run_written(void)
{
	void *p = mmap(NULL, 4096, PROT_WRITE | PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC) == -1 ? errno : 0;
}

static int
file_in_memory(void)
{
	return memfd_create("x", 0) == -1 ? errno : 0;
}

static int
ring(void)
{
	char params[120] = { 0 };

	return syscall(SYS_io_uring_setup, 1, params) == -1 ? errno : 0;
}

static int
open_how(void)
{
	uint64_t how[3] = { O_RDONLY, 0, 0 };

	return syscall(SYS_openat2, AT_FDCWD, w.secret, how, sizeof(how)) ==
	    -1 ? errno : 0;
}

static int
dump_core(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_CORE, &r) == -1 ? errno : 0;
}

static int
be_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == -1 ? errno : 0;
}

static int
get_back(void)
{
	return setuid(0) == -1 || setgroups(0, NULL) == -1 ? errno : 0;
}

/* Landlock with ports; no sanitizer. Elsewhere a worker locks what it can. */
static bool
lockable(void)
{
	return !COMPAT_SANITIZED &&
	    syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 4;
}

static void
test_refused(void **state)
{
	static const struct {
		const char *what;
		int (*f)(void);
		bool alone;	/* not tried outside: no rights, or harm */
	} rows[] = {
		{ "read /etc/shadow", read_shadow, true },
		{ "read /etc/passwd", read_passwd, false },
		{ "read a message", read_queue, false },
		{ "read it through openat2", open_how, false },
		{ "open a descriptor again", reopen, false },
		{ "write a message", write_queue, false },
		{ "list the queue", list_queue, false },
		{ "unlink", unlink_queue, false },
		{ "rename", rename_queue, false },
		{ "link", link_queue, false }, { "chmod", chmod_queue, false },
		{ "mkdir", make_dir, false }, { "create", make_file, false },
		{ "create for reading", make_read, false },
		{ "create without a name", make_temp, false },
		{ "write what may be read", write_named, false },
		{ "truncate it", cut_named, false },
		{ "read an environment", read_environ,
		    true },
		{ "open its memory", own_memory, false },
		{ "exec", start_program, false },
		{ "fork", start_process, false },
		{ "clone", start_vfork, false },
		{ "thread", start_thread, false },
		{ "ptrace", trace_parent, true },
		{ "process_vm_readv", read_parent, true },
		{ "kill", signal_parent, false },
		{ "tgkill", signal_thread, false },
		{ "connect to another port", other_port, false },
		{ "listen", listen_here, false }, { "netlink", netlink, true },
		{ "packet", packet, true }, { "vsock", vsock, true },
		{ "memory to write and run", write_and_run,
		    true },
		{ "run what was written", run_written, false },
		{ "memfd", file_in_memory, false }, { "io_uring", ring, true },
		{ "core", dump_core, true }, { "dumpable", be_dumpable, false },
		{ "setuid", get_back, true },
	};
	size_t i;
	int r;

	(void)state;
	if (!lockable())
		skip();
	world();
	for (i = 0; i < NELEM(rows); i++) {
		/* Outside it works, so it is the lock that refuses. */
		put_files();
		if (!rows[i].alone)
			check((r = run(rows[i].f)) == 0, "%s: outside %d",
			    rows[i].what, r);
		put_files();
		r = locked(rows[i].f);
		check(r != 0 && r < 99 && r != ECONNREFUSED && r != ENOENT,
		    "%s: %d", rows[i].what, r);
	}
	assert_int_equal(access(w.secret, R_OK), 0);
}

static int
read_named(void)
{
	char byte;

	return try_open(w.readable, O_RDONLY) == 0 &&
	    read(w.secret_fd, &byte, 1) == 1 ? 0 : 1;
}

static int
die_of_abort(void)
{
	abort();
}

static int
reach_relay(void)
{
	struct conf_relay relay = { .lookup = CONF_LOOKUP_MX,
	    .port = w.open_port };
	struct conf_host mx = { .name = (char[]){ "mx.test" } };
	struct conf_host local = { .name = (char[]){ "localhost" } };
	struct __res_state st;
	struct resolve_list l;
	struct err err = { 0 };
	int fd;

	use_dns(&st, true);
	if (resolve_host_with(&st, &relay, &mx, &l, &err) == -1 ||
	    l.n != 1 || !l.v[0].secure)
		return 1;
	if (resolve_connect(&l.v[0], NULL, 5000, &fd, &err) == -1 ||
	    resolve_connect(&l.v[0], "127.0.0.9", 5000, &fd, &err) == -1)
		return 2;
	relay.lookup = CONF_LOOKUP_A;
	if (resolve_host(&relay, &local, &l, &err) == -1)
		return 3;
	return 0;
}

static void
test_allowed(void **state)
{
	struct __res_state st;

	(void)state;
	if (!lockable())
		skip();
	world();
	use_dns(&st, true);		/* starts it, outside */
	assert_int_equal(locked(read_named), 0);
	assert_int_equal(locked(reach_relay), 0);
	assert_int_equal(locked(die_of_abort), 1000 + SIGABRT);
	stop_dns();
}

/* TLS and SASL as a worker does them: contexts before, the rest after. */
static struct {
	struct tls_ctx		*tls;
	struct stream		 stream;
	const char		*text;	/* what the error has to say */
} session;

static int
secure(void)
{
	const char *name = "smtp.example.com";
	struct conf_relay relay = { .auth = CONF_AUTH_AUTO };
	struct sasl_secrets x = { .user = (char[]){ "joe" } };
	struct sasl_facts f = { .relay = &relay, .secrets = &x, .host = name,
	    .tls = true, .tls_verified = true, .stream = &session.stream };
	struct tls_peer peer;
	struct err err = { 0 };
	struct sasl *s;
	struct buf b;
	char byte;

	if (tls_start(session.tls, &session.stream, &name, 1, NULL, 0, false,
	    &peer, &err) == -1)
		return strstr(err.text, session.text) != NULL ? 1 : 2;
	buf_init(&x.password, 100);
	buf_adds(&x.password, "secret");
	buf_init(&b, SASL_LINE_MAX);
	if (sasl_start(&f, "SCRAM-SHA-256-PLUS", &s, &b, &err) == -1)
		return 3;
	if (stream_write(&session.stream, "x", 1, &err) == -1 ||
	    stream_read(&session.stream, &byte, 1, &err) != 1)
		return 4;
	stream_close(&session.stream);
	return 0;
}

static void
test_session(void **state)
{
	struct pki_cert ca, leaf;
	struct conf_relay relay = { .tls_min = 12 };
	struct err err;
	SSL_CTX *server;
	int fd[2], round;
	char byte;
	pid_t pid;
	SSL *ssl;

	(void)state;
	if (!lockable())
		skip();
	world();
	ca = pki_make((struct pki_spec){ .cn = "CA", .ca = true }, NULL);
	leaf = pki_make((struct pki_spec){ .cn = "leaf",
	    .san = "DNS:smtp.example.com" }, &ca);
	server = pki_server(&leaf, NULL);
	for (round = 0; round < 2; round++) {
		/* First with the system's store, which is read lazily. */
		relay.tls_ca_file = round == 0 ? NULL :
		    pki_write(w.dir, "ca.pem", ca.x, NULL);
		assert_int_equal(tls_ctx_open(&relay, &session.tls, &err), 0);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		pid = fork();
		if (pid == 0) {
			close(fd[0]);
			alarm(20);
			ssl = SSL_new(server);
			SSL_set_fd(ssl, fd[1]);
			if (SSL_accept(ssl) == 1)
				while (SSL_read(ssl, &byte, 1) == 1)
					SSL_write(ssl, &byte, 1);
			_exit(0);
		}
		close(fd[1]);
		stream_open_fd(&session.stream, fd[0]);
		stream_set_timeout(&session.stream, 10000);
		session.text = "not trusted here";
		assert_int_equal(locked(secure), round == 0 ? 1 : 0);
		close(fd[0]);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		tls_ctx_close(session.tls);
		free(relay.tls_ca_file);
	}
	SSL_CTX_free(server);
	pki_free(&ca);
	pki_free(&leaf);
}

static struct conf_relay the_relay;

static int
as_relay(void)
{
	struct err err;

	if (lockdown_relay(&the_relay, &err) == -1)
		return 98;
	return connect_port(w.open_port) != 0 ? 1 :
	    connect_port(w.other_port) != 0 ? 2 : 0;
}

static void
test_relay(void **state)
{
	struct conf_host hosts[2] = { { (char[]){ "a" }, 0 },
	    { (char[]){ "b" }, 0 } };

	(void)state;
	if (!lockable())
		skip();
	world();
	the_relay = (struct conf_relay){ .hosts = hosts, .nhosts = 2,
	    .port = w.open_port };
	assert_int_equal(run(as_relay), 2);
	hosts[1].port = w.other_port;
	assert_int_equal(run(as_relay), 0);
	hosts[1].port = 0;
	the_relay.port = w.other_port;
	assert_int_equal(run(as_relay), 1);
	the_relay.lookup = CONF_LOOKUP_SRV;
	assert_int_equal(run(as_relay), 0);
}

static void
test_end(void **state)
{
	char cmd[200];

	(void)state;
	if (w.dir[0] == '\0')
		return;
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s %s", w.dir, w.readable);
	assert_int_equal(system(cmd), 0);
}

CHECK_MAIN(cmocka_unit_test(test_refused), cmocka_unit_test(test_allowed),
    cmocka_unit_test(test_session), cmocka_unit_test(test_relay),
    cmocka_unit_test(test_end))
