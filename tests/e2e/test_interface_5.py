# SPDX-License-Identifier: ISC
"""sendoff's promises that no other test shows."""
import re
import subprocess
import threading

from relay import Relay


def admin(house, *args, **kw):
    return house.call("sendoff", *args, **kw)


def test_a_message_that_is_being_sent_is_left_alone(make_house):
    go, there = threading.Event(), threading.Event()

    def wait(session, line):
        there.set()
        go.wait(20)
    with Relay(replies={"DATA": wait}) as r:
        house = make_house(r)
        house.submit("x@example.com")
        ident, = house.files()
        house.daemon()
        assert there.wait(20)
        try:
            for word in ("remove", "hold"):
                out = admin(house, word, ident)
                assert out.code == 75 and "just being sent" in out.err, out
        finally:
            go.set()
        r.wait(1)
        house.wait_empty()


def test_release_and_retry_wake_the_runner(house, relay):
    relay.replies["RCPT"] = lambda s, line: "451 4.3.0 later"
    house.submit("x@example.com")
    house.submit("y@example.com")
    house.once()
    one, two = house.files()
    assert admin(house, "hold", one).code == 0
    relay.replies.clear()
    house.daemon().wait_line("started")
    assert admin(house, "retry", two).code == 0
    relay.wait(1)
    assert admin(house, "release", one).code == 0
    relay.wait(2)
    house.wait_empty()


def test_all_leaves_corrupt_alone(house):
    house.submit("x@example.com")
    ident, = house.files()
    with open(house.queue + "/queue/" + ident, "r+b") as f:
        f.seek(90)
        f.write(b"\0\0")
    house.once()
    assert house.files("corrupt") == [ident]
    for word in ("hold", "retry", "release", "remove"):
        r = admin(house, word, "--all")
        assert r.code == 0 and "no message matches" in r.out
    assert house.files("corrupt") == [ident]
    assert admin(house, "remove", ident).code == 0
    assert house.files("corrupt") == []


def test_probe_asks_everything(house, relay):
    r = admin(house, "probe", "--verify", "joe", "--expand", "list",
              "--help-text", "--noop")
    assert r.code == 69 and "EXPN      502" in r.out
    got = [c for _, c in relay.log if c.split()[0] in (
        "VRFY", "EXPN", "HELP", "NOOP")]
    assert got == ["VRFY joe", "EXPN list", "HELP", "NOOP"]


SAMPLE = re.compile(r'([a-z_]+)(\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? '
                    r'(-?[0-9.e+]+)')


def test_metrics_are_openmetrics(house, relay):
    """Each family whole and once, with its type; every name that is
    promised; the end."""
    relay.replies["RCPT"] = lambda s, line: "550 5.1.1 no" if "no@" in line \
        else None
    house.submit("-f", "", "x@example.com", "no@example.com")
    house.once()
    lines = admin(house, "status", "--metrics").out.splitlines()
    assert lines.pop() == "# EOF"
    family, seen, names = None, set(), set()
    for line in lines:
        if line.startswith("# TYPE "):
            family, kind = line.split()[2:]
            assert family not in seen
            seen.add(family)
        elif not line.startswith(("# HELP ", "# UNIT ")):
            name = SAMPLE.fullmatch(line).group(1)
            assert name == family + ("_total" if kind == "counter" else "")
            names.add(name)
        assert line[0] != "#" or line.split()[2] == family
    assert names == {
        "sendoff_messages", "sendoff_recipients_total",
        "sendoff_attempts_total", "sendoff_oldest_message_seconds",
        "sendoff_queue_bytes", "sendoff_relay_up", "sendoff_runner_up",
        "sendoff_last_delivery_timestamp_seconds"}
    assert 'sendoff_recipients_total{relay="default",status="bounced"} 1' \
        in lines


def test_status_watches(house):
    house.once()
    p = subprocess.Popen([house.program("sendoff"), "-C", house.conf,
                          "status", "--watch"], stdout=subprocess.PIPE,
                         env=house.env())
    try:
        seen = 0
        for line in p.stdout:
            seen += line.startswith(b"Runner:")
            if seen == 2:
                break
        assert seen == 2
    finally:
        p.kill()
        p.wait()
        p.stdout.close()


def test_every_orcpt_goes_on(house, relay):
    """To every relay that offers DSN; an alias's targets carry the alias."""
    house.aliases("team: one@example.com, two@example.com\n")
    house.submit("team", "plain+x@example.com")
    house.once()
    m, = relay.messages
    assert {a: p["ORCPT"] for a, p in m["rcpt"]} == {
        "one@example.com": "rfc822;team@client.test",
        "two@example.com": "rfc822;team@client.test",
        "plain+x@example.com": "rfc822;plain+2Bx@example.com"}


def test_status_of_a_queue_that_nobody_used_yet(make_house):
    h = make_house(None)
    r = h.call("sendoff", "status")
    assert r.code == 0 and "not running" in r.out, r
    assert h.call("sendoff", "queue").code == 0
