# SPDX-License-Identifier: ISC
"""The runner when the system fails under it: each of its system calls fails
once (strace --inject, the runner alone), and nothing is lost, nothing is sent
twice, and the next pass is as if nothing had been."""
import os
import re
import shutil
import signal
import subprocess

import pytest
from crew import Crew
from house import BUILD

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="no strace"),
    pytest.mark.skipif("address" in BUILD, reason="not under sanitizers"),
]

FAIL = ("def rcpt(a, job):\n"
        " if a == 'bad@x.test': return ('failed', 550, '5.1.1', '550 no')\n"
        " if a == 'busy@x.test': return ('deferred', 451, '4.2.0', '451 x')\n")


@pytest.fixture
def crew(tmp_path):
    c = Crew(tmp_path)
    c.rules(FAIL)
    yield c
    c.close()


def faulty(crew, *inject, args=("--once", "--now"), timeout=60):
    """A pass whose calls fail; only this process, not the workers."""
    argv = ["strace", "-o", crew.folder + "/trace"]
    for i in inject:
        argv += ["-e", "inject=" + i]
    p = subprocess.run(
        argv + [crew.program("sendoffd"), "-C", crew.conf, *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=crew.env(), timeout=timeout)
    return p.returncode, p.stderr.decode("utf-8", "replace")


def clean_passes(crew, n=3):
    for _ in range(n):
        crew.once("--now")


def test_unlink_fails_and_nothing_is_sent_twice(crew):
    crew.submit("r@x.test")
    code, log = faulty(crew, "unlinkat:error=EIO")
    assert code == 0 and "is finished: unlink" in log
    assert len(crew.files()) == 1
    code, log = faulty(crew, "unlinkat:error=EROFS")
    assert crew.recipients() == ["r@x.test"]
    clean_passes(crew, 1)
    assert crew.files() == [] and crew.recipients() == ["r@x.test"]


def test_unlink_and_journal_fail_in_a_daemon(crew):
    """What cannot even be written down is remembered."""
    crew.submit("r@x.test")
    p = subprocess.Popen(
        ["strace", "-o", crew.folder + "/trace",
         "-e", "inject=unlinkat:error=EROFS:when=1..3",
         "-e", "inject=pwrite64:error=EROFS:when=3",
         "-e", "inject=ftruncate:error=EROFS:when=2+",
         crew.program("sendoffd"), "-C", crew.conf],
        stderr=subprocess.PIPE, env=crew.env(), text=True)
    try:
        for line in p.stderr:
            if "is finished" in line:
                break
        with open(crew.queue + "/runner") as f:
            runner = int(f.read())
        os.kill(runner, signal.SIGUSR1)
        crew.submit("q@x.test")
        for line in p.stderr:
            if "to=<q@x.test>" in line:
                break
        os.kill(runner, signal.SIGUSR1)
        os.kill(runner, signal.SIGTERM)
        p.communicate(timeout=30)
        assert crew.recipients().count("r@x.test") == 1
    finally:
        p.kill()


def test_no_process_no_blame(crew):
    crew.submit("r@x.test")
    code, log = faulty(crew, "clone:error=EAGAIN", "clone3:error=EAGAIN",
                       "fork:error=EAGAIN", "vfork:error=EAGAIN")
    assert code == 0 and "start a delivery process" in log
    assert crew.mailq()[0]["attempts"] == 0
    clean_passes(crew, 1)
    assert crew.recipients() == ["r@x.test"]


@pytest.mark.parametrize("inject", [
    "getdents64:error=EIO:when=1", "getdents64:error=EIO:when=2"])
def test_directory_that_cannot_be_read(crew, inject):
    crew.submit("r@x.test")
    code, log = faulty(crew, inject)
    assert code == 75 and "read directory" in log
    assert crew.delivered() == []
    clean_passes(crew, 1)
    assert crew.recipients() == ["r@x.test"]


def test_report_that_cannot_be_stored_keeps_the_original(crew):
    crew.submit("-f", "s@client.test", "bad@x.test")
    # The report's file; the message's own is never created here.
    code, log = faulty(crew, "fchmod:error=ENOSPC")
    assert code == 0 and "kept in hand" in log
    assert len(crew.files()) >= 1 and crew.delivered() == []
    clean_passes(crew, 2)
    assert crew.recipients() == ["s@client.test"] and crew.files() == []


def test_served_recipient_is_not_served_again_when_the_disk_is_full(crew):
    crew.submit("-f", "s@client.test", "good@x.test", "busy@x.test")
    (qid,) = crew.files()
    code, log = faulty(crew, "fdatasync:error=EIO")
    assert code == 0, log
    clean_passes(crew, 2)
    assert crew.recipients() == ["good@x.test"]
    assert [r["address"] for r in crew.mailq()[0]["recipients"]] == [
        "busy@x.test"]


def ordinal(crew, name, part):
    """Which of the calls of that name in the last trace has `part`."""
    with open(crew.folder + "/trace") as f:
        calls = [x for x in f if x.startswith(name + "(")]
    return next(i for i, x in enumerate(calls, 1) if part in x)


def test_nothing_is_attempted_that_could_not_be_recorded(crew):
    crew.submit("r@x.test")
    faulty(crew)
    # The journal is opened for writing before the message is handed out.
    when = ordinal(crew, "openat", "O_WRONLY|O_NOCTTY")
    crew.submit("q@x.test")
    code, log = faulty(crew, "openat:error=EROFS:when=%d" % when)
    assert code == 0 and "Read-only file system" in log
    assert crew.recipients() == ["r@x.test"] and len(crew.files()) == 1
    clean_passes(crew, 1)
    assert crew.recipients() == ["q@x.test", "r@x.test"]


def test_no_memory_for_a_job(crew):
    crew.submit("r@x.test")
    code, log = faulty(crew, "memfd_create:error=ENFILE")
    assert code == 0 and log.count("memory for a job") == 1
    assert crew.mailq()[0]["attempts"] == 0
    clean_passes(crew, 1)
    assert crew.recipients() == ["r@x.test"]


# The calls of a pass, each failing once, the first and a later time. What a
# failure after the delivery can cost is a second delivery only where the
# outcome itself was lost on its way to us.
ERRNO = {"openat": "EMFILE", "socketpair": "EMFILE", "memfd_create": "ENFILE",
         "sendmsg": "ENOBUFS", "poll": "ENOMEM", "recvfrom": "EIO"}
SKIP = {"execve", "brk", "mmap", "munmap", "mprotect", "exit_group",
        "arch_prctl", "set_tid_address", "set_robust_list", "rseq",
        "prlimit64", "getrandom", "clone", "clone3", "wait4", "rt_sigaction",
        "rt_sigprocmask", "restart_syscall", "rt_sigreturn", "getpid",
        "getppid", "geteuid", "getuid", "getgid", "getegid", "gettid", "futex",
        "umask", "readlink", "access", "madvise", "getdents64",
        # a failure of these before main() is the loader's
        "newfstatat", "read", "close", "fstat",
        # of a socket pair it cannot; a worker that is not told would be
        # ended after a minute
        "shutdown"}
LOSES_OUTCOME = {"recvfrom"}


def calls_of_a_pass(crew):
    code, log = faulty(crew)
    assert code == 0, log
    with open(crew.folder + "/trace") as f:
        names = re.findall(r"^(\w+)\(", f.read(), re.M)
    return {n: names.count(n) for n in names if n not in SKIP}


def submit_three(crew):
    crew.submit("-f", "s@client.test", "r1@x.test")
    crew.submit("-f", "s@client.test", "r2@x.test", "bad@x.test")
    crew.submit("-f", "s@client.test", "r3@x.test", "busy@x.test")


def check_fates(crew, what, twice):
    crew.rules(FAIL.replace("451 x", "451 y"))
    clean_passes(crew)
    crew.rules()
    clean_passes(crew, 1)
    got = crew.recipients()
    want = ["busy@x.test", "r1@x.test", "r2@x.test", "r3@x.test",
            "s@client.test"]
    assert sorted(set(got)) == want, (what, got, crew.mailq())
    if not twice:
        extra = [x for x in want if got.count(x) > 1]
        # A report may be made again, never a message delivered again.
        assert extra in ([], ["s@client.test"]), (what, got)
    assert crew.files() == [], what


def test_every_call_fails_once(tmp_path):
    first = tmp_path / "count"
    first.mkdir()
    crew = Crew(first)
    crew.rules(FAIL)
    submit_three(crew)
    calls = calls_of_a_pass(crew)
    # The harness sees what a pass is made of.
    assert {"openat", "flock", "pread64", "pwrite64", "unlinkat", "fsync",
            "sendmsg", "recvfrom", "poll", "write"} <= set(calls), calls
    for name, count in sorted(calls.items()):
        for when in sorted({1, (count + 1) // 2, count}):
            if when > count:
                continue
            folder = tmp_path / ("%s%d" % (name, when))
            folder.mkdir()
            c = Crew(folder)
            c.rules(FAIL)
            submit_three(c)
            what = "%s:error=%s:when=%d" % (name, ERRNO.get(name, "EIO"),
                                            when)
            code, log = faulty(c, what)
            assert code in (0, 71, 75, 78, 127), (what, code, log)
            check_fates(c, what, name in LOSES_OUTCOME)
            shutil.rmtree(folder)


def test_killed_at_every_call(tmp_path):
    """kill -9 at any call: everything is delivered, and only what was in
    flight may be delivered twice."""
    folder = tmp_path / "k0"
    folder.mkdir()
    crew = Crew(folder)
    crew.rules(FAIL)
    submit_three(crew)
    calls = calls_of_a_pass(crew)
    names = ["openat", "pwrite64", "unlinkat", "fsync", "fdatasync",
             "sendmsg", "write", "flock", "rename", "renameat2"]
    for name in [n for n in names if n in calls]:
        count = calls[name]
        for when in sorted({1, (count + 1) // 2, max(count - 1, 1), count}):
            folder = tmp_path / ("k%s%d" % (name, when))
            folder.mkdir()
            c = Crew(folder)
            c.rules(FAIL)
            submit_three(c)
            what = "%s:signal=KILL:when=%d" % (name, when)
            code, log = faulty(c, what)
            check_fates(c, what, True)
            got = c.recipients()
            assert max(got.count(x) for x in got) <= 2, (what, got)
            assert c.files("corrupt") == [], what
            shutil.rmtree(folder)
