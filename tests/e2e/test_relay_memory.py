# SPDX-License-Identifier: ISC
"""What is remembered about a relay: that it was down, over restarts, and how
large a message it takes."""
import json
import os
import time

import pytest

from relay import Relay


def fail_once(house):
    """A daemon that finds the relay down, and ends."""
    d = house.daemon()
    d.wait_line("cannot be used")
    d.stop()


def health(house):
    r = house.call("sendoff", "status", "--json")
    return json.loads(r.out)["relays"][0]


def wait_for(what):
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def age(path, sec):
    then = time.time() - sec
    os.utime(path, (then, then))


def test_a_restart_does_not_hammer(house, relay):
    relay.stop()
    house.submit("a@example.com")
    age(house.conf, 60)
    fail_once(house)
    relay.start()
    d = house.daemon()
    line = d.wait_line("was down")
    assert "refused" in line and "next try in" in line
    d.wait_line("started")
    house.submit("b@example.com")
    line = d.wait_line("to=<b@example.com>")        # told why, not tried
    assert "status=deferred" in line and "refused" in line
    assert relay.sessions == []
    assert house.call("mailq", "-q").code == 0      # the word of a person
    relay.wait(2)
    house.submit("c@example.com")                   # the daemon was told
    d.wait_line("answers again")
    relay.wait(3)


def test_the_backoff_goes_on(house, relay):
    relay.stop()
    house.submit("a@example.com")
    age(house.conf, 60)
    waits = []
    for _ in range(3):
        d = house.daemon()
        d.wait_line("started")
        d.signal(10)                                # SIGUSR1
        d.wait_line("sendoff-deliver: relay=")
        d.stop()
        waits.append(health(house)["next_try"] - time.time())
    assert 55 < waits[0] < 80 and 110 < waits[1] < 155
    assert 230 < waits[2] < 305


@pytest.mark.parametrize("what", ["configuration", "password"])
def test_mended_is_tried_at_once(make_house, tmp_path, what):
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    with Relay(users={"joe": "right"}, auth_needs_tls=False) as r:
        h = make_house(r, relay={
            "user": "joe", "password_file": str(secret),
            "allow_plaintext_auth": "yes"})
        age(h.conf, 60)
        age(secret, 60)
        h.submit("a@example.com")
        fail_once(h)
        assert len(r.sessions) == 1
        d = h.daemon()
        d.wait_line("was down")
        d.stop()
        assert len(r.sessions) == 1
        secret.write_text("right\n")
        age(secret, 60 if what == "configuration" else -2)
        age(h.conf, 60 if what == "password" else -2)
        h.daemon()
        r.wait(1)


def test_on_demand_does_not_hammer(make_house, relay):
    h = make_house(relay, queue={"on_demand": "yes"})
    age(h.conf, 60)
    relay.stop()
    h.submit("a@example.com")
    wait_for(lambda: health(h)["up"] is False)
    relay.start()
    h.submit("b@example.com")
    wait_for(lambda: h.mailq()[-1]["queue_name"] == "deferred")
    assert relay.sessions == []


BIG = "Subject: x\n\n" + ("y" * 70 + "\n") * 500


def learn_size(house):
    """The relay is spoken with, long after the configuration was written."""
    age(house.conf, 60)
    house.submit("first@example.com")
    house.once()


def test_size_is_known_to_the_front(make_house):
    with Relay(caps=["PIPELINING", "SIZE 20000"]) as r:
        h = make_house(r)
        learn_size(h)
        s = h.sendmail("b@example.com", input=BIG)
        assert s.code == 65 and "20000" in s.err and "127.0.0.1" in s.err
        assert s.err.count("\n") == 1
        h.once()                                    # the sweep
        assert h.files() == [] and len(r.messages) == 1
        s = h.sendmail("-bs", input=b"EHLO x\r\nMAIL FROM:<a@b> SIZE=20001"
                       b"\r\nQUIT\r\n")
        assert " SIZE 20000\r\n" in s.out and "\n552 5.3.4" in s.out
        assert "takes at most 20000 bytes" in h.call("sendoff", "status").out


def test_size_that_grew_is_learnt(make_house):
    """A change of the configuration, too, makes the front forget it."""
    with Relay(caps=["PIPELINING", "SIZE 20000"]) as r:
        h = make_house(r)
        learn_size(h)
        r.caps = ["PIPELINING", "SIZE 200000"]
        assert h.sendmail("b@example.com", input=BIG).code == 65
        h.submit("c@example.com")
        h.once()
        assert h.sendmail("b@example.com", input=BIG).code == 0
        r.caps = ["PIPELINING"]
        h.configure(r)
        age(h.conf, -5)
        assert h.sendmail("b@example.com", input=BIG * 10).code == 0
        h.once()
        assert len(r.messages) == 4


def test_size_of_one_relay_of_two(make_house):
    """Who can be served is, and the other one is reported."""
    with Relay(caps=["SIZE 20000"]) as small, Relay() as large:
        h = make_house(large, relay_small={
            "host": "127.0.0.1:%d" % small.port, "tls": "none",
            "recipient": "@small.example"})
        age(h.conf, 60)
        h.submit("a@small.example", "b@example.com")
        h.once()
        assert h.sendmail("a@small.example", input=BIG).code == 65
        h.submit("-f", "me@client.test", "a@small.example", "b@example.com",
                 input=BIG)
        h.once()
        assert len(small.messages) == 1
        assert [m["rcpts"] for m in large.messages[1:]] == [
            ["b@example.com"], ["me@client.test"]]
        assert b"5.3.4" in large.messages[2]["data"]
