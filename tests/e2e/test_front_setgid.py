# SPDX-License-Identifier: ISC
"""The front with its set-group-id bit, as users without any right call it."""
import os
import subprocess
import time

import pytest

from house import BUILD
from private import ALICE, BOB, OWNER, Private
from queued import Queued
from relay import Relay

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="needs root"),
    pytest.mark.skipif("address" in BUILD, reason="not under sanitizers"),
]
TEXT = b"Subject: x\n\nbody\n"


@pytest.fixture(scope="module")
def installed():
    p = Private()
    yield p
    p.close()


@pytest.fixture
def private(installed):
    installed.configure()
    for name in installed.files():
        os.unlink(installed.spool + "/queue/" + name)
    return installed


def one(private):
    """The message; what was refused may have left an empty draft."""
    name, = [f for f in private.files() if os.path.getsize(
        private.spool + "/queue/" + f)]
    return Queued(private.spool + "/queue/" + name)


def wait_for(what, timeout=20):
    end = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_submission(private):
    r = private.call(ALICE, "sendmail", "a@b.example", input=TEXT)
    assert (r.code, r.out, r.err) == (0, "", "")
    m = one(private)
    st = os.stat(m.path)
    assert (st.st_uid, st.st_gid, st.st_mode & 0o7777) == (ALICE, OWNER, 0o660)
    assert m.fields["uid"] == str(ALICE)


def test_group_is_given_back(private):
    """While the caller's bytes are awaited, nothing is left of the group."""
    p = subprocess.Popen(private.argv(ALICE, "sendmail", "a@b.example"),
                         stdin=subprocess.PIPE)

    def groups():
        with open("/proc/%d/status" % p.pid) as f:
            return [x for x in f if x.startswith("Gid:")][0].split()[1:]
    wait_for(private.files)
    wait_for(lambda: groups() == [str(ALICE)] * 4)
    p.communicate(TEXT)
    assert p.returncode == 0


def test_nobody_looks_inside(private):
    p = subprocess.Popen(private.argv(ALICE, "sendmail", "a@b.example"),
                         stdin=subprocess.PIPE)
    wait_for(private.files)
    for name in ("environ", "mem", "maps", "fd/0", "stack"):
        r = subprocess.run(["setpriv", "--reuid=%d" % ALICE, "--regid=%d" %
                            ALICE, "--clear-groups", "--inh-caps=-all",
                            "head", "-c1", "/proc/%d/%s" % (p.pid, name)],
                           stderr=subprocess.PIPE)
        assert r.returncode != 0, name
    p.communicate(TEXT)
    assert p.returncode == 0


@pytest.mark.parametrize("args", [
    ["-C", "{}/etc/sendoff/sendoff.conf"], ["-oQ{}/spool"],
    ["-O", "QueueDirectory={}/spool"], ["-tiC{}/etc/sendoff/sendoff.conf"],
    ["-o", "Q{}/spool"], ["-bm", "-OqueueDIRECTORY={}/spool"],
])
def test_own_paths_drop_the_group(private, args):
    r = private.call(ALICE, "sendmail", *[a.format(private.dir) for a in args],
                     "a@b.example", input=TEXT)
    assert r.code == 75 and private.files() == [], r


def test_root_may_name_them(private):
    r = private.call(0, "sendmail", "-C", private.conf, "a@b.example",
                     input=TEXT)
    assert r.code == 0, r
    assert os.stat(one(private).path).st_gid == OWNER


def test_own_configuration_is_read_without_the_group(private, tmp_path):
    """A file of the queue's group does not become readable by -C."""
    secret = private.dir + "/secret"
    with open(secret, "w") as f:
        f.write("[queue]\nsecret words\n")
    os.chown(secret, 0, OWNER)
    os.chmod(secret, 0o640)
    r = private.call(ALICE, "sendmail", "-C", secret, "a@b.example")
    assert r.code == 78 and "ermission denied" in r.err and "words" not in r.err


def test_without_the_bit_and_without_a_runner(private):
    start = time.monotonic()
    r = private.call(ALICE, "sendmail", "a@b.example", input=TEXT, nnp=True)
    assert r.code == 75 and time.monotonic() - start < 1.5, r
    assert "sendoffd" in r.err and "set-group-id" in r.err
    assert r.err.count("\n") == 1


def test_without_the_bit_through_the_gate(private):
    with open(private.program("sendoffd"), "rb") as f:
        if b"gate_listen" not in f.read():
            pytest.skip("this sendoffd opens no gate")
    private.configure("[relay]", "host = 127.0.0.1:1", "tls = none")
    d = private.daemon()
    wait_for(lambda: os.path.exists(private.dir + "/run/sendoff/gate"))
    r = private.call(ALICE, "sendmail", "a@b.example", input=TEXT, nnp=True)
    assert (r.code, r.err) == (0, "")
    m = one(private)
    assert len(m.id) == 28 and int(m.id[20:], 16) == ALICE
    assert m.fields["uid"] == str(ALICE)
    for nnp in (True, False):
        assert private.call(ALICE, "mailq", "--count", nnp=nnp).out == "1\n"
        assert private.call(BOB, "mailq", "--count", nnp=nnp).out == "0\n"
    assert private.call(ALICE, "mailq", "-q").code == 0
    r = private.call(BOB, "sendmail", "-v", "a@b.example", input=TEXT)
    assert r.code == 0 and "<a@b.example>" in r.err, r
    private.daemons.remove(d)
    assert d.stop() == 0


def forget(private):
    """What a runner learnt about the relay."""
    if os.path.exists(private.spool + "/stats"):
        os.unlink(private.spool + "/stats")


def test_size_of_the_relay(private):
    with Relay(caps=["SIZE 20000"]) as r:
        private.configure("[relay]", "host = 127.0.0.1:%d" % r.port,
                          "tls = none")
        then = time.time() - 60
        os.utime(private.conf, (then, then))
        forget(private)
        d = private.daemon()
        assert private.call(ALICE, "sendmail", "a@b", input=TEXT).code == 0
        r.wait(1)
        private.daemons.remove(d)
        assert d.stop() == 0
        big = TEXT + b"x\n" * 10000
        p = private.call(ALICE, "sendmail", "a@b", input=big)
        assert p.code == 65 and "20000" in p.err and "127.0.0.1" in p.err
        forget(private)


def test_mailq_shows_a_user_his_own(private):
    for uid in (ALICE, BOB, ALICE):
        assert private.call(uid, "sendmail", "-f", "u%d@x.example" % uid,
                            "a@b.example", input=TEXT).code == 0
    assert private.call(ALICE, "mailq", "--count").out == "2\n"
    r = private.call(BOB, "mailq")
    assert "u%d@" % BOB in r.out and "u%d@" % ALICE not in r.out
    assert private.call(0, "mailq", "--count").out == "3\n"
    private.configure("[queue]", "list = all")
    assert private.call(BOB, "mailq", "--count").out == "3\n"
    r = private.call(BOB, "mailq", "-oQ" + private.spool)
    assert r.code == 75, r


def test_dialogue(private):
    text = (b"EHLO x\r\n" + b"MAIL FROM:<a@b.example>\r\n"
            b"RCPT TO:<c@d.example>\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\n"
            * 2 + b"QUIT\r\n")
    r = private.call(ALICE, "sendmail", "-bs", input=text)
    assert r.code == 0 and r.out.count("queued as") == 2, r
    assert len(private.files()) == 2
    for name in private.files():
        m = Queued(private.spool + "/queue/" + name)
        assert os.stat(m.path).st_uid == ALICE and m.addresses == [
            "c@d.example"]


def test_dialogue_cut_off(private):
    """A client that is gone in DATA leaves no message and no process."""
    r = private.call(ALICE, "sendmail", "-bs", input=(
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
        b"Subject: x\r\n\r\nhi\r\n"))
    assert r.code == 74, r
    assert [f for f in private.files() if os.path.getsize(
        private.spool + "/queue/" + f)] == []


def test_killed_while_reading(private):
    p = subprocess.Popen(private.argv(ALICE, "sendmail", "a@b.example"),
                         stdin=subprocess.PIPE)
    p.stdin.write(b"Subject: x\n\n" + b"y\n" * 100000)
    p.stdin.flush()
    p.kill()
    p.wait()
    p.stdin.close()
    for name in private.files():
        with open(private.spool + "/queue/" + name, "rb") as f:
            assert b"queued" not in f.read(84)


def test_per_user(private):
    private.configure("[queue]", "per_user = 2")
    for _ in range(2):
        assert private.call(ALICE, "sendmail", "a@b.example",
                            input=TEXT).code == 0
    r = private.call(ALICE, "sendmail", "a@b.example", input=TEXT)
    assert r.code == 75 and "per_user" in r.err
    assert private.call(BOB, "sendmail", "a@b.example", input=TEXT).code == 0
    assert private.call(0, "sendmail", "a@b.example", input=TEXT).code == 0


def test_senders(private):
    private.configure("[identity]", "require_user_from = yes",
                      "trusted = root, nobody")
    r = private.call(ALICE, "sendmail", "-f", "x@y.example", "a@b.example",
                     input=TEXT)
    assert r.code == 77 and "require_user_from" in r.err
    assert private.call(65534, "sendmail", "-f", "x@y.example", "a@b.example",
                        input=TEXT).code == 0
    assert one(private).field("X-Authentication-Warning") == []


def test_foreign_sender_is_noted(private):
    assert private.call(ALICE, "sendmail", "-f", "x@y.example", "a@b.example",
                        input=TEXT).code == 0
    m = one(private)
    assert m.sender == "x@y.example"
    assert len(m.field("X-Authentication-Warning")) == 1


def test_usage_errors_leave_nothing(private):
    for args in (["-Z"], ["-bt"], ["-f"]):
        assert private.call(ALICE, "sendmail", *args, input=TEXT).code == 64
        assert private.files() == []


def test_log_file_is_the_runners(private):
    """One that a caller had made would be closed to the runner."""
    folder = private.dir + "/log"
    os.mkdir(folder)
    os.chown(folder, OWNER, OWNER)
    os.chmod(folder, 0o770)
    private.configure("[relay]", "host = 127.0.0.1:1", "tls = none", "[log]",
                      "target = file:%s/mail" % folder)
    for uid in (ALICE, 0):
        r = private.call(uid, "sendmail", "a@b.example", input=TEXT)
        assert (r.code, r.err) == (0, "")
    assert os.listdir(folder) == []
    d = private.daemon()
    wait_for(lambda: os.listdir(folder) == ["mail"])
    assert os.stat(folder + "/mail").st_uid == OWNER
    private.daemons.remove(d)
    assert d.stop() == 0
