# SPDX-License-Identifier: ISC
"""The front and the runner: -q, -v, -bd, on_demand."""
import os
import pty
import signal
import subprocess
import time

import pytest


def on_terminal(house, name, *args):
    """The program on a terminal of its own; what it wrote there."""
    try:
        mine, theirs = pty.openpty()
    except OSError as e:
        pytest.skip("no pseudo-terminal: %s" % e)
    p = subprocess.Popen([house.program(name), "-C", house.conf, *args],
                         stdin=subprocess.DEVNULL, stdout=theirs,
                         stderr=subprocess.PIPE)
    os.close(theirs)
    out = b""
    try:
        while True:
            out += os.read(mine, 65536)
    except OSError:                 # EIO: the last writer has closed it
        pass
    os.close(mine)
    err = p.stderr.read()
    return p.wait(20), out.decode(), err.decode()


def test_progress_on_a_terminal(house, relay):
    for i in range(3):
        house.submit("-odq", "a%d@b.example" % i)
    code, out, err = on_terminal(house, "mailq", "-q")
    assert code == 0, err
    assert "[########################################] 3 of 3" in out
    assert len(relay.messages) == 3


def test_no_progress_elsewhere(house, relay):
    house.submit("-odq", "a@b.example")
    r = house.call("mailq", "-q")
    assert (r.code, r.out) == (0, "")
    assert len(relay.messages) == 1


def test_queue_only_waits_for_a_pass(house, relay):
    house.submit("-odq", "a@b.example")
    assert house.sendmail("-q").code == 0
    assert len(relay.messages) == 1


@pytest.mark.parametrize("option, rcpts", [
    ("-qRtwo@", ["two@b.example"]), ("-q!Rtwo@", ["one@b.example"]),
    ("-qSs1@", ["one@b.example"]), ("-qRnobody", []),
])
def test_selections(house, relay, option, rcpts):
    house.submit("-f", "s1@x.example", "one@b.example")
    house.submit("-f", "s2@x.example", "two@b.example")
    r = house.sendmail(option)
    assert (r.code, r.out) == (0, "")
    assert [m["rcpts"][0] for m in relay.messages] == rcpts


def test_selection_by_id(house, relay):
    house.submit("one@b.example")
    house.submit("two@b.example")
    first = house.mailq()[0]["queue_id"]
    assert house.sendmail("-qI" + first).code == 0
    assert [m["rcpts"] for m in relay.messages] == [["one@b.example"]]


def test_verbose_shows_the_dialogue(house, relay):
    r = house.sendmail("-v", "a@b.example", input="Subject: x\n\nhi\n")
    assert r.code == 0 and "RCPT TO:<a@b.example>" in r.err
    assert len(relay.messages) == 1


def test_verbose_does_not_fail(house, relay):
    relay.stop()
    r = house.sendmail("-v", "a@b.example", input="Subject: x\n\nhi\n")
    assert r.code == 0
    assert len(house.files()) == 1


def test_bad_recipient_is_reported(house, relay):
    r = house.sendmail("-f", "me@client.test", "good@b.example", "<<bad>",
                       input="Subject: x\n\nhi\n")
    assert r.code == 0 and "<<bad>" in r.err
    house.once()
    assert sorted(m["rcpts"][0] for m in relay.messages) == [
        "good@b.example", "me@client.test"]
    report, = [m for m in relay.messages if m["sender"] == ""]
    assert b"bad" in report["data"] and b"5.1.3" in report["data"]
    assert house.files() == []


def test_bounce_alone(house, relay):
    assert house.sendmail("-oee", "-f", "me@client.test", "<<bad>",
                          input="Subject: x\n\nhi\n").code == 0
    house.once()
    m, = relay.messages
    assert m["sender"] == "" and m["rcpts"] == ["me@client.test"]
    assert house.files() == []


def test_queue_elsewhere(house, relay, tmp_path):
    other = str(tmp_path / "other")
    house.submit("-oQ" + other, "a@b.example")
    house.once()
    assert relay.messages == []
    assert house.sendmail("-oQ" + other, "-q").code == 0
    assert len(relay.messages) == 1


def test_on_demand(make_house, relay):
    h = make_house(relay, queue={"on_demand": "yes"})
    h.submit("a@b.example")
    relay.wait(1)
    h.wait_empty()


def test_status(house):
    house.submit("-odq", "a@b.example")
    r = house.sendmail("-bh")
    assert r.code == 0 and r.out == house.call("sendoff", "status").out


def test_runner_in_the_foreground(house, relay):
    p = subprocess.Popen([house.program("sendmail"), "-C", house.conf, "-bD",
                          "-q1h"], stderr=subprocess.DEVNULL)
    house.submit("a@b.example")
    relay.wait(1)
    p.terminate()
    assert p.wait(20) == 0


def test_runner_in_the_background(house, relay):
    """The call returns when the queue is its child's, and says if not."""
    house.submit("-odq", "a@b.example")
    r = house.call("sendoffd", "-d")
    assert (r.code, r.out, r.err) == (0, "", ""), r
    with open(os.path.join(house.queue, "runner")) as f:
        pid = int(f.read())
    try:
        with open("/proc/%d/stat" % pid) as f:
            group, session = f.read().split(") ")[1].split()[2:4]
        assert group == session == str(pid)
        assert os.readlink("/proc/%d/cwd" % pid) == "/"
        for fd in range(3):
            assert os.readlink("/proc/%d/fd/%d" % (pid, fd)) == "/dev/null"
        r = house.call("sendoffd", "-d")
        assert r.code == 75 and "another daemon" in r.err, r
        assert r.err.count("\n") == 1
    finally:
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 20
    while "not running" not in house.call("sendoff", "status").out:
        assert time.monotonic() < end
        time.sleep(0.05)
