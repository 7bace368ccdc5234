# SPDX-License-Identifier: ISC
"""Every system call of a submission fails, once at each place where it is
made; or the process is killed there. What was said stays true: exit 0 means
that the message is there and whole, anything else that there is none."""
import collections
import os
import shutil
import subprocess

import pytest

from house import BUILD
from queued import Queued

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="no strace"),
    pytest.mark.skipif("address" in BUILD, reason="not under sanitizers"),
]
TEXT = b"Subject: x\n\n" + b"body\n" * 40000
# What the loader needs before main is not ours; what cannot fail is left out.
CALLS = ("openat read pwrite64 fsync flock fchmod newfstatat fstatfs close "
         "setresgid getresgid fcntl socket connect sendto uname chdir umask "
         "getrandom prlimit64 rt_sigaction setitimer prctl close_range "
         "ftruncate unlinkat").split()
ERRORS = {"openat": "EMFILE EACCES", "read": "EIO",
          "pwrite64": "EIO ENOSPC", "fsync": "EIO",
          "close": "EIO", "fcntl": "EMFILE", "flock": "ENOLCK",
          "getrandom": "ENOSYS"}


@pytest.fixture
def front(make_house):
    h = make_house(None, queue={"min_free": "1K"})
    h.submit("a@b.example")                     # so that the queue is there
    empty(h)
    return h


def empty(house):
    for name in house.files():
        os.unlink(os.path.join(house.queue, "queue", name))


def trace(house, *options):
    p = subprocess.run(["strace", "-f", "-qq", "-o", house.folder + "/trace",
                        *options, house.program("sendmail"), "-C", house.conf,
                        "-i", "a@b.example"], input=TEXT,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return p.returncode, p.stdout, p.stderr


def ours(house):
    """How often each call is made: in all, and before main."""
    code, _, _ = trace(house)
    assert code == 0
    empty(house)
    before, total, started = (collections.Counter(), collections.Counter(),
                              False)
    with open(house.folder + "/trace") as f:
        for line in f:
            name = line.split(None, 1)[-1].split("(")[0]
            started = started or "F_GETFD" in line
            total[name] += 1
            if not started:
                before[name] += 1
    return before, total


def messages(house):
    """The committed ones, whole; a draft is none."""
    found = []
    for name in house.files():
        path = os.path.join(house.queue, "queue", name)
        with open(path, "rb") as f:
            if f.read(84).startswith(b"sendoff 1 queued"):
                found.append(Queued(path))
    return found


def judge(house, code, err, what):
    there = messages(house)
    if code == 0:
        m, = there
        assert m.body == TEXT.split(b"\n\n", 1)[1].replace(b"\n", b"\r\n"), \
            what
    else:
        assert there == [], what
    empty(house)


@pytest.mark.parametrize("call", CALLS)
def test_failing_calls(front, call):
    before, total = ours(front)
    tries = 0
    for n in range(before[call] + 1, total[call] + 1):
        for error in ERRORS.get(call, "EIO").split():
            if call == "rt_sigaction" and n > before[call] + 3:
                break
            tries += 1
            code, out, err = trace(front, "-e", "inject=%s:error=%s:when=%d"
                                   % (call, error, n))
            what = "%s %s at %d: %d %r" % (call, error, n, code, err)
            assert code in (0, 71, 74, 75, 78), what
            assert out == b"" and err.count(b"\n") == (code != 0), what
            judge(front, code, err, what)
    assert tries or total[call] == 0


@pytest.mark.parametrize("call", ["pwrite64", "fsync", "flock", "openat",
                                  "read", "close", "fchmod", "setresgid"])
def test_killed_at_each_call(front, call):
    before, total = ours(front)
    assert total[call] > before[call]
    for n in range(before[call] + 1, total[call] + 1):
        code, _, err = trace(front, "-e", "inject=%s:signal=KILL:when=%d"
                             % (call, n))
        what = "%s killed at %d: %d" % (call, n, code)
        assert code != 0 or n > 0, what
        there = messages(front)
        assert len(there) <= 1, what            # absent, or whole
        empty(front)


def test_interrupted_calls(front):
    for call in ("read", "pwrite64", "openat", "fsync"):
        before, total = ours(front)
        for n in range(before[call] + 1, total[call] + 1):
            if call == "fsync":
                continue
            code, out, err = trace(front, "-e", "inject=%s:error=EINTR:when=%d"
                                   % (call, n))
            what = "%s EINTR at %d: %r" % (call, n, err)
            assert (code, err) == (0, b"") or (call == "openat" and
                                               code in (0, 75, 78)), what
            judge(front, code, err, what)


def test_two_syncs_and_in_order(front):
    """One fsync of the file and one of the directory, nothing written behind
    them, and no fdatasync."""
    _, total = ours(front)
    assert total["fsync"] == 2 and total["fdatasync"] == 0
    with open(front.folder + "/trace") as f:
        names = [x.split(None, 1)[-1].split("(")[0] for x in f]
    first = names.index("fsync")
    assert "pwrite64" not in names[first:]
    assert names.index("fchmod") < names.index("pwrite64") < first
