# SPDX-License-Identifier: ISC
"""INTERFACE 7: the queue, as it lies on the disk."""
import os
import re
import signal
import stat
import subprocess

import pytest

from queued import Queued
from worker import crc32c

OLD, NEW = "0000000000000000000A", "FFFFFFFFFFFFFFFFFFFF"


def path(house, name, sub="queue"):
    return os.path.join(house.queue, sub, name)


def one(house, *args, **kw):
    house.submit(*(args or ("x@y.test",)), **kw)
    name, = [n for n in house.files() if n not in (OLD, NEW)]
    return name


def change(house, name, what):
    """what(bytes) -> bytes, in place."""
    with open(path(house, name), "rb") as f:
        data = what(f.read())
    with open(path(house, name), "wb") as f:
        f.write(data)


# --- what is there -----------------------------------------------------------

def test_nobody_else_has_access(house):
    name = one(house)
    for p in (house.queue, path(house, ""), path(house, "", "corrupt"),
              path(house, name)):
        assert stat.S_IMODE(os.stat(p).st_mode) & 0o007 == 0, p
    assert house.files() == [name], "one message is one file"


def test_cat_shows_it(house):
    name = one(house, "-f", "alice@client.test", "-V", "my id", "x@y.test",
               "z@y.test", input="Subject: hello\n\nbody\n")
    with open(path(house, name), "rb") as f:
        data = f.read()
    head, _, message = data.partition(b"\n\n")
    text = head.decode("ascii")
    assert all(c == "\n" or " " <= c <= "~" for c in text)
    for line in ("id " + name, "sender alice@client.test", "envid my%20id",
                 "rcpt x@y.test", "rcpt z@y.test", "uid %d" % os.getuid()):
        assert line in text.split("\n"), line
    assert message.startswith(b"Received: ")
    assert message.endswith(b"Subject: hello\r\n\r\nbody\r\n") or \
        b"Subject: hello\r\n" in message and message.endswith(b"\r\nbody\r\n")


def test_the_message_as_it_will_be_sent(house, relay):
    name = one(house, input="Subject: x\n\n.dot\nl\u00e4nge\n")
    data = Queued(path(house, name)).data
    house.once()
    assert relay.messages[0]["data"] == data


def test_ids_sort_by_time_and_never_repeat(house):
    names = []
    for _ in range(20):
        house.submit("x@y.test")
        new, = set(house.files()) - set(names)
        assert re.fullmatch("[0-9A-F]{20}", new)
        assert names == [] or new > names[-1]
        names.append(new)


# --- what does not parse -----------------------------------------------------

@pytest.mark.parametrize("what", [
    lambda d: d[:-1],
    lambda d: d[:50],
    lambda d: d.replace(b"rcpt x@y.test", b"rcpt z@y.test"),
    lambda d: d.replace(b"body", b"BODY"),
    lambda d: b"sendoff 1 queued" + b" nonsense" * 20,
    lambda d: b"hello\n" * 100,
    lambda d: d + b"no entry\nno entry\n",
], ids=["short", "very short", "envelope", "text", "head", "garbage",
        "journal"])
def test_damaged_is_put_aside_and_nothing_else_stops(house, relay, what):
    name = one(house)
    change(house, name, what)
    house.submit("good@y.test")
    r = house.once()
    assert [m["rcpts"] for m in relay.messages] == [["good@y.test"]]
    assert house.files() == [] and house.files("corrupt") == [name]
    assert len([x for x in r.err.splitlines()
                if name in x and "corrupt/" in x]) == 1, r.err


def test_the_id_must_be_the_name(house, relay):
    name = one(house)
    os.rename(path(house, name), path(house, OLD))
    house.once()
    assert relay.messages == [] and house.files("corrupt") == [OLD]


def test_a_daemon_puts_aside_too(house, relay):
    name = one(house, "-odq", "x@y.test")
    change(house, name, lambda d: d.replace(b"body", b"BODY"))
    d = house.daemon()
    house.submit("good@y.test")
    relay.wait(1)
    d.signal(signal.SIGUSR1)
    assert name in d.wait_line("moved to corrupt/")
    assert len(relay.messages) == 1


def test_a_mended_one_is_taken_back(house, relay):
    name = one(house)
    change(house, name, lambda d: d.replace(b"body", b"BODY"))
    house.once()
    assert house.call("sendoff", "release", name).code != 0
    p = path(house, name, "corrupt")
    data = open(p, "rb").read().replace(b"BODY", b"body")
    open(p, "wb").write(data)
    assert house.call("sendoff", "release", name).code == 0
    house.once()
    assert len(relay.messages) == 1
    assert house.files() == [] and house.files("corrupt") == []


def test_a_newer_format_is_left_alone(house, relay):
    name = one(house)

    def newer(d):
        line = d[:84].replace(b"sendoff 1 ", b"sendoff 2 ")
        return line[:75] + b"%08x\n" % crc32c(line[:75]) + d[84:]
    change(house, name, newer)
    before = open(path(house, name), "rb").read()
    house.submit("good@y.test")
    r = house.once()
    assert len(relay.messages) == 1 and house.files() == [name]
    assert house.files("corrupt") == [] and name in r.err
    assert open(path(house, name), "rb").read() == before


# --- what is no message ------------------------------------------------------

def test_links_and_other_kinds_are_never_sent(house, relay, tmp_path):
    name = one(house)
    elsewhere = str(tmp_path / "elsewhere")
    os.rename(path(house, name), elsewhere)
    os.symlink(elsewhere, path(house, name))
    os.mkfifo(path(house, OLD))
    os.mkdir(path(house, NEW))
    house.submit("good@y.test")
    house.once()
    assert [m["rcpts"] for m in relay.messages] == [["good@y.test"]]
    assert os.path.exists(elsewhere)


def test_a_second_hard_link_is_waited_out(house, relay, tmp_path):
    name = one(house)
    second = str(tmp_path / "second")
    os.link(path(house, name), second)
    r = house.once()
    assert relay.messages == [] and house.files() == [name]
    assert name in r.err
    os.unlink(second)
    house.once()
    assert len(relay.messages) == 1 and house.files() == []


@pytest.mark.parametrize("name", ["readme", ".hidden", "0123", "x" * 200,
                                  "a\nb", "0000000000000000000a"])
def test_other_names_are_not_looked_at(house, relay, name):
    one(house)
    with open(path(house, name), "w") as f:
        f.write("Subject: x\n\ny\n")
    house.once()
    assert len(relay.messages) == 1
    assert house.files() == [name] and house.files("corrupt") == []


# --- litter ------------------------------------------------------------------

def submitting(house):
    """A submitter in the middle of its message."""
    p = subprocess.Popen([house.program("sendmail"), "-C", house.conf,
                          "slow@y.test"], stdin=subprocess.PIPE,
                         env=house.env())
    p.stdin.write(b"Subject: x\n\nfirst\n")
    p.stdin.flush()
    while not house.files():
        pass
    return p


def test_a_slow_submitter_is_protected(house, relay):
    p = submitting(house)
    name, = house.files()
    os.utime(path(house, name), (0, 0))
    house.once()
    assert house.files() == [name] and relay.messages == []
    p.stdin.write(b"second\n")
    p.stdin.close()
    assert p.wait(20) == 0
    house.once()
    assert relay.messages[0]["data"].endswith(b"first\r\nsecond\r\n")


def test_litter_is_swept_once_nobody_holds_it(house, relay):
    p = submitting(house)
    p.kill()
    p.wait()
    p.stdin.close()
    assert len(house.files()) == 1
    house.once()
    assert house.files() == [] and house.files("corrupt") == []
    assert relay.messages == []


def test_a_torn_last_journal_line_is_ignored(house, relay):
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    name = one(house)
    house.once()
    m = Queued(path(house, name))
    assert m.journal
    change(house, name, lambda d: d + m.journal[-1].encode()[:20])
    relay.replies.clear()
    assert house.sendmail("-q").code == 0
    assert len(relay.messages) == 1 and house.files() == []


def test_damage_inside_the_journal_is_corrupt(house, relay):
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    name = one(house, "a@y.test", "b@y.test")
    house.once()
    lines = Queued(path(house, name)).journal
    assert len(lines) > 1
    change(house, name, lambda d: d.replace(
        lines[0].encode(), lines[0].replace("later", "LATER").encode()))
    relay.replies.clear()
    house.sendmail("-q")
    assert relay.messages == [] and house.files("corrupt") == [name]


def test_a_queue_that_others_may_write_to_is_refused(house):
    one(house)
    os.chmod(path(house, ""), 0o777)
    for call in (("sendmail", "x@y.test"), ("sendoffd", "--once")):
        r = house.call(*call, input=b"Subject: x\n\ny\n")
        assert r.code in (75, 78) and r.err.count("\n") == 1, r
        assert "everybody" in r.err
