# SPDX-License-Identifier: ISC
"""The runner's end of the gate, and callers who mean no good."""
import array
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest
from crew import Crew

NOBODY = 65534


@pytest.fixture
def gated():
    """A runner whose gate strangers can reach."""
    folder = tempfile.mkdtemp(prefix="gate")
    os.chmod(folder, 0o755)
    crew = Crew(folder, queue={"gate": folder + "/gate"})
    crew.rules()
    crew.runner = crew.daemon()
    crew.runner.wait_line("started")
    yield crew
    crew.close()
    shutil.rmtree(folder)


def call(crew):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(20)
    s.connect(crew.folder + "/gate")
    return s


def ask(crew, request, fds=()):
    """The first answer, b"" if there is none; descriptors are closed."""
    with call(crew) as s:
        try:
            s.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                   array.array("i", fds))] if fds else [])
            answer, got, _, _ = socket.recv_fds(s, 5000, 4)
        except (ConnectionResetError, BrokenPipeError):
            return b""
        for fd in got:
            os.close(fd)
        return answer


def as_nobody(crew, program):
    """Python text, run as somebody else; what it prints."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    text = ("import os, socket, sys, time\n"
            "def call():\n"
            " s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
            " s.settimeout(20)\n"
            " s.connect(%r)\n"
            " return s\n" % (crew.folder + "/gate")) + program
    p = subprocess.run([sys.executable, "-c", text], user=NOBODY, group=NOBODY,
                       extra_groups=[], stdout=subprocess.PIPE, timeout=60,
                       cwd="/")
    assert p.returncode == 0
    return p.stdout.decode()


def open_files(crew):
    return len(os.listdir("/proc/%d/fd" % crew.runner.p.pid))


def settle(crew, before):
    """Connections end, an idle worker goes after five seconds."""
    end = time.monotonic() + 15
    while open_files(crew) > before:
        assert time.monotonic() < end, open_files(crew)
        time.sleep(0.05)


def still_works(crew):
    n = len(crew.delivered())
    crew.submit("alive@x.test")
    crew.runner.wait_line("to=<alive@x.test>", count=n + 1)
    assert ask(crew, b"draft").startswith(b"draft ")


def test_nonsense(gated):
    before = open_files(gated)
    rnd = random.Random(7)
    words = [b"", b"x", b"draft ", b"DRAFT", b"draft\0", b"list 1", b"flushed",
             b"no", b"\xff" * 4096, b"y" * 4097, b"z" * 60000]
    words += [rnd.randbytes(rnd.randrange(1, 5000)) for _ in range(200)]
    for w in words:
        assert ask(gated, w) == b"", w[:20]
    still_works(gated)
    settle(gated, before)


def test_descriptors_that_nobody_asked_for(gated):
    before = open_files(gated)
    with open("/dev/null") as f:
        for n in (1, 2, 3, 50):
            ask(gated, b"nonsense", [f.fileno()] * n)
            ask(gated, b"draft", [f.fileno()] * n)
            ask(gated, b"list", [f.fileno()] * n)
    still_works(gated)
    settle(gated, before)


def test_those_who_say_nothing_are_sent_away(gated):
    before = open_files(gated)
    silent = [call(gated) for _ in range(300)]
    # Whoever comes behind them waits until they are gone, and is served.
    start = time.monotonic()
    assert ask(gated, b"draft").startswith(b"draft ")
    assert time.monotonic() - start < 15
    for s in silent:
        assert s.recv(10) == b""
        s.close()
    still_works(gated)
    settle(gated, before)


def test_one_uid_does_not_fill_it(gated):
    assert as_nobody(gated, """
many = [call() for _ in range(60)]
time.sleep(0)
gone = 0
for s in many:
    s.settimeout(0.3)
    try:
        gone += s.recv(10) == b""
    except TimeoutError:
        break
for s in many[::-1]:
    s.settimeout(20)
    if s.recv(10) == b"": gone += 1
    if gone >= 28: break
print("sent away" if gone >= 28 else gone)
""").strip() == "sent away"
    still_works(gated)


def test_allowance_of_drafts(gated):
    out = as_nobody(gated, """
start = time.monotonic()
for i in range(230):
    s = call()
    s.send(b"draft")
    answer, fds, _, _ = socket.recv_fds(s, 100, 2)
    assert answer.startswith(b"draft ") and len(fds) == 1, answer
    assert answer.endswith(b"%08X" % 65534), answer
    os.close(fds[0])
    s.close()
print(time.monotonic() - start)
""")
    # 200 at once, 30 more at 50 a second.
    assert float(out) >= 0.5
    gated.runner.signal(signal.SIGUSR1)
    # Drafts that nobody holds are swept.
    gated.wait_empty()
    still_works(gated)


def test_a_list_that_nobody_reads(gated):
    gated.rules("def rcpt(a, job):\n"
                " if a == 'r@x.test': return ('deferred', 451, '4.3.0', 'x')\n")
    for i in range(150):
        gated.submit("r@x.test")
    gated.runner.wait_line("to=<r@x.test>", count=150)
    lazy = [call(gated) for _ in range(10)]
    for s in lazy:
        s.send(b"list")
    still_works(gated)
    n = 0
    with call(gated) as s:
        s.send(b"list")
        while True:
            answer, fds, _, _ = socket.recv_fds(s, 5000, 4)
            for fd in fds:
                os.close(fd)
            if answer == b"end":
                break
            assert answer.startswith(b"msg ") and len(fds) == 1
            n += 1
    assert n >= 150
    for s in lazy:
        s.close()


def test_others_see_nothing_of_mine(gated):
    gated.rules("def rcpt(a, job): return ('deferred', 451, '4.3.0', 'x')\n")
    gated.submit("r@x.test")
    gated.runner.wait_line("status=deferred")
    assert as_nobody(gated, """
s = call()
s.send(b"list")
print(s.recv(100).decode())
""").strip() == "end"


def test_passes_of_a_user_count_once_in_ten_seconds(gated):
    gated.rules("def rcpt(a, job): return ('deferred', 451, '4.3.0', 'x')\n")
    gated.submit("r@x.test")
    gated.runner.wait_line("status=deferred")
    out = as_nobody(gated, """
for i in range(20):
    s = call()
    s.send(b"flush")
    while s.recv(100) != b"flushed": pass
    s.close()
print("made")
""")
    assert out.strip() == "made"
    # The first one was answered when the pass was made, not before.
    assert sum("status=deferred" in x for x in gated.runner.lines) == 2
    assert ask(gated, b"flush").startswith((b"progress", b"flushed"))
    gated.runner.wait_line("status=deferred", count=3)


def test_flush_waits_for_the_pass(gated):
    held, go = gated.word("HELD"), gated.word("GO")
    gated.rules("""
def before(job):
    open(HERE + "/HELD", "w").close()
    open(HERE + "/GO").read()
def rcpt(a, job): return ('deferred', 451, '4.3.0', 'x')
""")
    gated.submit("-odq", "r@x.test")
    with call(gated) as s:
        s.send(b"flush")
        held.wait()
        s.settimeout(0.3)
        said = []
        with pytest.raises(TimeoutError):
            while True:
                said.append(s.recv(100))
        assert said in ([], [b"progress 0 1"])
        s.settimeout(20)
        go.say()
        while said[-1:] != [b"flushed"]:
            said.append(s.recv(100))
            assert said[-1] != b""


def test_stop_lets_callers_go(gated):
    gated.rules("def down(): return ('connect', '4.4.1', 'refused')\n")
    s = call(gated)
    gated.runner.signal(signal.SIGTERM)
    with contextlib.suppress(ConnectionResetError):
        assert s.recv(10) == b""
    assert gated.runner.p.wait(20) == 0
    assert not os.path.exists(gated.folder + "/gate")
