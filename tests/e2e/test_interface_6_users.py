# SPDX-License-Identifier: ISC
"""INTERFACE 6: through the gate everything is as it is otherwise."""
import os
import signal
import stat
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
def relay():
    with Relay() as r:
        yield r


@pytest.fixture
def gated(installed, relay):
    """Nobody has the group here: start(line, ...) starts the runner."""
    def start(*lines):
        installed.configure("[relay]", "host = 127.0.0.1:%d" % relay.port,
                            "tls = none", *lines)
        installed.d = installed.daemon()
        installed.d.wait_line("started")
        return installed
    yield start
    for d in installed.daemons:
        d.stop()
    installed.daemons.clear()
    for name in installed.files():
        os.unlink(installed.spool + "/queue/" + name)


def call(h, *args, uid=ALICE, name="sendmail", input=TEXT):
    return h.call(uid, name, *args, input=input, nnp=True)


def only(h):
    name, = [n for n in h.files()
             if os.path.getsize(h.spool + "/queue/" + n)]
    return Queued(h.spool + "/queue/" + name)


def test_the_socket_is_for_everybody(gated):
    h = gated()
    st = os.stat(h.dir + "/run/sendoff/gate")
    assert stat.S_ISSOCK(st.st_mode) and stat.S_IMODE(st.st_mode) == 0o666
    h.d.stop()
    assert call(h, "x@y.test").code == 75


def test_the_same_message(gated, relay):
    """What goes in by the bit and by the gate differs in its id alone."""
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    h = gated()
    args = ["-t", "-f", "joe@b.test", "-N", "failure", "-V", "e", "-R", "full"]
    text = b"To: a@b.test, root\nBcc: c@d.test\nDate: x\nMessage-ID: <1@b>\n\ny"
    seen = []
    for nnp in (False, True):
        r = h.call(ALICE, "sendmail", *args, input=text, nnp=nnp)
        assert (r.code, r.out, r.err) == (0, "", ""), r
        new, = set(h.files()) - {i for i, _ in seen}
        seen.append((new, Queued(h.spool + "/queue/" + new)))
    (a, one), (b, two) = seen
    assert (len(a), len(b)) == (20, 28)
    assert one.rcpts == two.rcpts and one.sender == two.sender
    strip = lambda m: m.data.split(b"\r\n", 2)[2]       # Received: is dated
    assert strip(one) == strip(two)
    for key in ("uid", "ret", "envid", "message-id"):
        assert one.fields[key] == two.fields[key], key
    assert two.fields["uid"] == str(ALICE)


def test_the_same_refusals(gated):
    h = gated("[queue]", "max_message_size = 4K", "max_recipients = 2",
              "[identity]", "require_user_from = yes")
    for code, args, text in (
            (64, ["-Z"], TEXT), (65, ["-t"], TEXT),
            (65, ["x@y.test"], b"Subject: x\n\n" + b"y" * 5000),
            (65, ["a@y.test", "b@y.test", "c@y.test"], TEXT),
            (77, ["-f", "x@else.test", "a@y.test"], TEXT)):
        one = h.call(ALICE, "sendmail", *args, input=text)
        two = call(h, *args, input=text)
        assert (one.code, one.err) == (code, two.err) and two.code == code, (
            one, two)


def test_per_user(gated, relay):
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    h = gated("[queue]", "per_user = 2")
    for _ in range(2):
        assert call(h, "x@y.test").code == 0
    r = call(h, "x@y.test")
    assert r.code == 75 and "2 messages" in r.err and r.err.count("\n") == 1
    assert call(h, "x@y.test", uid=BOB).code == 0


def test_the_queue_is_full(gated):
    h = gated()
    text = open(h.conf).read()
    with open(h.conf, "w") as f:
        f.write(text.replace("min_free = 0", "min_free = 900000G"))
    h.d.signal(signal.SIGHUP)
    h.d.wait_line("read again")
    r = call(h, "x@y.test")
    assert r.code == 75 and "space" in r.err and r.err.count("\n") == 1, r


def test_dialogue(gated, relay):
    h = gated()
    r = call(h, "-bs", input=(
        b"EHLO x\r\n" + b"MAIL FROM:<a@b.test>\r\nRCPT TO:<x@y.test>\r\n"
        b"DATA\r\nSubject: x\r\n\r\ny\r\n.\r\n" * 3 + b"QUIT\r\n"))
    assert r.code == 0 and r.out.count("queued as") == 3, r
    assert {m["sender"] for m in relay.wait(3)} == {"a@b.test"}


def test_ordinary_users_flush_once_in_ten_seconds(gated, relay):
    tries = []
    relay.replies["RCPT"] = lambda s, line: (
        tries.append(time.monotonic()) or "450 4.2.0 later")
    h = gated()
    assert call(h, "x@y.test").code == 0
    h.d.wait_line("status=deferred")
    for _ in range(4):
        r = call(h, "-q", name="mailq")
        assert (r.code, r.out, r.err) == (0, "", ""), r
    h.d.wait_line("status=deferred", count=2)
    assert len(tries) == 2, "the first, and one flush"
    for n in (3, 4):
        while '"deferred","queue_id"' not in h.call(0, "mailq", "--json").out:
            pass                        # the runner has still to let it go
        assert h.call(OWNER, "sendmail", "-q").code == 0
        assert len(tries) == n, "the owner's count each"


def test_mailq_shows_a_user_his_own(gated, relay):
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    h = gated()
    for uid in (ALICE, BOB):
        assert call(h, "u%d@y.test" % uid, uid=uid).code == 0
    h.d.wait_line("status=deferred", count=2)
    for uid, other in ((ALICE, BOB), (BOB, ALICE)):
        out = call(h, name="mailq", uid=uid).out
        assert "u%d@y" % uid in out and "u%d@y" % other not in out
        assert "(450 4.2.0 later)" in out and "not running" not in out
    assert h.call(0, "mailq", "--count").out == "2\n"
    assert call(h, "--count", name="mailq", uid=OWNER).out == "2\n"


def test_list_all(gated, relay):
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    h = gated("[queue]", "list = all")
    assert call(h, "x@y.test").code == 0
    h.d.wait_line("status=deferred")
    for nnp in (True, False):
        assert h.call(BOB, "mailq", "--count", nnp=nnp).out == "1\n"
