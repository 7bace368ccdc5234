/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "core/smtp/lockdown_filter.h"

enum {
	PROGRAM_MAX = 400,		/* instructions */
};

/* Without a look at the arguments. */
static const int calls[] = {
	/* the descriptors it has */
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_lseek,
	SYS_sendfile, SYS_close, SYS_fstat, SYS_dup, SYS_fadvise64,
	SYS_ppoll, SYS_pselect6, COMPAT_SYS_POLL, COMPAT_SYS_SELECT,
	/* sockets */
	SYS_connect, SYS_bind, SYS_shutdown, SYS_getsockname, SYS_getpeername,
	SYS_getsockopt, SYS_setsockopt, SYS_sendto, SYS_recvfrom, SYS_sendmsg,
	SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg,
	/* names of files; Landlock says which may be read */
	SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2,
	SYS_readlinkat, SYS_getdents64, SYS_getcwd, COMPAT_SYS_STAT,
	COMPAT_SYS_LSTAT, COMPAT_SYS_ACCESS, COMPAT_SYS_READLINK,
	/* memory */
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise,
	/* itself and the time */
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_sigaltstack, SYS_restart_syscall, SYS_exit, SYS_exit_group,
	SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep,
	SYS_nanosleep, SYS_gettimeofday, COMPAT_SYS_TIME, SYS_setitimer,
	SYS_getrandom, SYS_futex, SYS_sched_yield, SYS_getpid, SYS_getppid,
	SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
	SYS_uname, SYS_sysinfo, SYS_getrusage, SYS_set_robust_list,
	SYS_rseq, SYS_sched_getaffinity, SYS_wait4,
};

struct program {
	struct sock_filter	v[PROGRAM_MAX];
	size_t			n;
};

static void
add(struct program *p, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	assert(p->n < PROGRAM_MAX);
	p->v[p->n++] = (struct sock_filter){ code, jt, jf, k };
}

static void
add_return(struct program *p, uint32_t what)
{
	add(p, BPF_RET | BPF_K, 0, 0, what);
}

static void
add_call(struct program *p, long nr)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)nr);
	add_return(p, SECCOMP_RET_ALLOW);
}

/*
 * The call is allowed when the low half of one argument, masked, is one of
 * the values (or with `other`, when it is none of them); otherwise EPERM. The
 * kernel looks at no more than that half of these arguments either.
 */
static void
add_judged(struct program *p, long nr, int arg, uint32_t mask, bool other,
    const uint32_t *values, uint8_t n)
{
	const uint32_t no = SECCOMP_RET_ERRNO | EPERM;
	uint8_t i;

	add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)(n + 4), (uint32_t)nr);
	add(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)
	    (offsetof(struct seccomp_data, args) + 8u * (unsigned)arg));
	add(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
	for (i = 0; i < n; i++)
		add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint8_t)(n - i), 0,
		    values[i]);
	add_return(p, other ? SECCOMP_RET_ALLOW : no);
	add_return(p, other ? no : SECCOMP_RET_ALLOW);
}

static void
add_judgements(struct program *p)
{
	static const uint32_t families[] = { AF_INET, AF_INET6, AF_UNIX };
	static const uint32_t read_only[] = { O_RDONLY };
	static const uint32_t both[] = { PROT_WRITE | PROT_EXEC };
	static const uint32_t nothing[] = { 0 };
	static const uint32_t controls[] = { FIONREAD, TCGETS };
	static const uint32_t flags[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL };
	const uint32_t self[] = { (uint32_t)getpid() };
	const uint32_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND |
	    (O_TMPFILE & ~O_DIRECTORY);

	add_judged(p, SYS_socket, 0, ~0u, false, families, 3);
	add_judged(p, SYS_openat, 2, writing, false, read_only, 1);
	add_judged(p, COMPAT_SYS_OPEN, 1, writing, false, read_only, 1);
	add_judged(p, SYS_mmap, 2, PROT_WRITE | PROT_EXEC, true, both, 1);
	add_judged(p, SYS_mprotect, 2, PROT_EXEC, false, nothing, 1);
	add_judged(p, SYS_ioctl, 1, ~0u, false, controls, 2);
	add_judged(p, SYS_fcntl, 1, ~0u, false, flags, 4);
	/* Only abort() needs it. */
	add_judged(p, SYS_tgkill, 0, ~0u, false, self, 1);
}

int
lockdown_filter(struct err *err)
{
	struct program p = { .n = 0 };
	struct sock_fprog prog;
	size_t i;

	if (COMPAT_AUDIT_ARCH == 0)
		return 0;
	add(&p, BPF_LD | BPF_W | BPF_ABS, 0, 0,
	    offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, COMPAT_AUDIT_ARCH);
	add_return(&p, SECCOMP_RET_KILL_PROCESS);
	add(&p, BPF_LD | BPF_W | BPF_ABS, 0, 0,
	    offsetof(struct seccomp_data, nr));
	for (i = 0; i < NELEM(calls); i++)
		add_call(&p, calls[i]);
	add_judgements(&p);
	add_return(&p, SECCOMP_RET_ERRNO | ENOSYS);
	prog.len = (unsigned short)p.n;
	prog.filter = p.v;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == -1 &&
	    errno != EINVAL && errno != ENOSYS)
		return err_sys(err, "seccomp");
	return 0;
}
