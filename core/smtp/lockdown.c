/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/smtp/lockdown.h"
#include "core/smtp/lockdown_filter.h"

/* <linux/landlock.h> of Debian 12 knows neither ports nor scopes. */
enum {
	LL_VERSION = 1,			/* flag: ask for the ABI */
	LL_RULE_PATH = 1,
	LL_RULE_PORT = 2,
	LL_READ_FILE = 1 << 2,
	LL_READ_DIR = 1 << 3,
	LL_CONNECT_TCP = 1 << 1,
	LL_SCOPES = 3,			/* abstract sockets, signals */
	LL_ABI_NET = 4,
	LL_ABI_SCOPE = 6,
	PORT_DNS = 53,
	PORT_KERBEROS = 88,
	PORTS_MAX = 64,
};

struct ll_ruleset {
	uint64_t	fs, net, scoped;
};

struct ll_path {
	uint64_t	allowed;
	int32_t		fd;
} __attribute__((packed));

struct ll_port {
	uint64_t	allowed, port;
};

/* What looking up a name, checking a chain and writing the time need. The
 * libraries are there for the modules of nsswitch.conf, loaded at need. */
static const char *const always[] = { "/etc/resolv.conf", "/etc/hosts",
	"/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
	"/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo",
	"/run/systemd/resolve", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
	"/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
	"/etc/ca-certificates", "/etc/pki/tls", "/etc/pki/ca-trust/extracted",
	"/usr/lib/ssl", "/lib", "/lib64", "/usr/lib", "/usr/lib64" };

/* By ABI: 13 rights over files in the first, then refer, truncate, ioctl. */
static uint64_t
fs_rights(int abi)
{
	int bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;

	return (1ull << bits) - 1;
}

static int
allow_path(int ruleset, const char *path, struct err *err)
{
	struct ll_path rule = { .allowed = LL_READ_FILE };
	struct stat st;
	int ret = 0;

	rule.fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.fd == -1)
		return 0;		/* not there, or not ours to see */
	if (fstat(rule.fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed |= LL_READ_DIR;
	if (syscall(SYS_landlock_add_rule, ruleset, LL_RULE_PATH, &rule, 0)
	    == -1)
		ret = err_sys(err, "landlock: allow %s", path);
	(void)close(rule.fd);
	return ret;
}

static int
allow_port(int ruleset, int port, struct err *err)
{
	struct ll_port rule = { LL_CONNECT_TCP, (uint64_t)port };

	if (syscall(SYS_landlock_add_rule, ruleset, LL_RULE_PORT, &rule, 0)
	    == -1)
		return err_sys(err, "landlock: allow port %d", port);
	return 0;
}

static int
fill(int ruleset, const struct lockdown_paths *p, bool ports,
    struct err *err)
{
	size_t i;

	for (i = 0; i < NELEM(always); i++)
		if (allow_path(ruleset, always[i], err) == -1)
			return -1;
	for (i = 0; i < p->nread; i++)
		if (allow_path(ruleset, p->read[i], err) == -1)
			return -1;
	for (i = 0; ports && i < p->nports; i++)
		if (allow_port(ruleset, p->ports[i], err) == -1)
			return -1;
	return ports ? allow_port(ruleset, PORT_DNS, err) : 0;
}

static int
restrict_files(const struct lockdown_paths *p, struct err *err)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LL_VERSION);
	struct ll_ruleset set = { 0 };
	size_t size = abi >= LL_ABI_SCOPE ? sizeof(set) :
	    abi >= LL_ABI_NET ? offsetof(struct ll_ruleset, scoped) :
	    offsetof(struct ll_ruleset, net);
	bool ports = abi >= LL_ABI_NET && p->nports > 0;
	int fd, ret = -1;

	/* Not in this kernel, switched off, or hidden by a container. */
	if (abi < 1)
		return 0;
	set.fs = fs_rights((int)abi);
	set.net = ports ? LL_CONNECT_TCP : 0;
	set.scoped = abi >= LL_ABI_SCOPE ? LL_SCOPES : 0;
	fd = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
	if (fd == -1)
		return err_sys(err, "landlock");
	if (fill(fd, p, ports, err) == -1)
		goto out;
	if (syscall(SYS_landlock_restrict_self, fd, 0) == -1) {
		err_sys(err, "landlock");
		goto out;
	}
	ret = 0;
out:
	(void)close(fd);
	return ret;
}

static int
restrict_process(struct err *err)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1)
		return err_sys(err, "prctl");
	return 0;
}

int
lockdown_worker(const struct lockdown_paths *p, struct err *err)
{
	if (COMPAT_SANITIZED)
		return 0;
	if (restrict_process(err) == -1 || restrict_files(p, err) == -1 ||
	    lockdown_filter(err) == -1) {
		err->kind = ERR_SYSTEM;
		return err_ctx(err, "lock down");
	}
	return 0;
}

static bool
lists_gssapi(const struct conf_relay *r)
{
	size_t i;

	for (i = 0; r->auth == CONF_AUTH_LIST && i < r->auth_list.n; i++)
		if (text_str_case_eq(r->auth_list.v[i], "GSSAPI"))
			return true;
	return false;
}

int
lockdown_relay(const struct conf_relay *r, struct err *err)
{
	char ccache[64];
	const char *const kerberos[] = { "/etc/krb5.conf", "/etc/krb5.conf.d",
	    "/etc/gssapi_mech.conf", "/etc/gss", ccache };
	struct lockdown_paths p = { .read = kerberos };
	int ports[PORTS_MAX];
	size_t i, n = 0;

	(void)snprintf(ccache, sizeof(ccache), "/tmp/krb5cc_%lu",
	    (unsigned long)geteuid());
	ports[n++] = r->port;
	for (i = 0; i < r->nhosts && n < PORTS_MAX - 1; i++)
		if (r->hosts[i].port != 0)
			ports[n++] = r->hosts[i].port;
	if (lists_gssapi(r)) {
		p.nread = NELEM(kerberos);
		ports[n++] = PORT_KERBEROS;
	}
	p.ports = ports;
	/* SRV names the port later, and a list that is not whole is none. */
	if (r->lookup != CONF_LOOKUP_SRV && i == r->nhosts)
		p.nports = n;
	return lockdown_worker(&p, err);
}
