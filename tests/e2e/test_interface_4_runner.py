# SPDX-License-Identifier: ISC
"""INTERFACE 4: the runner, its passes, its signals, its log."""
import os
import re
import signal
import socket
import threading
import time

import pytest

from relay import CLOSE, HANG, Relay

LINE = re.compile(
    r"(?P<id>[0-9A-F]{20}): to=<(?P<to>[^>]*)>, (?:orig_to=<(?P<orig>[^>]*)>, )?"
    r"relay=(?P<relay>none|[^\s,]+\[[0-9a-f.:]+\]:\d+), "
    r"delay=(?P<delay>[\d.]+), delays=(?P<a>[\d.]+)/(?P<b>[\d.]+)/"
    r"(?P<c>[\d.]+)/(?P<d>[\d.]+), dsn=(?P<dsn>\d\.\d+\.\d+), "
    r"status=(?P<status>sent|deferred|bounced|expired) \((?P<text>.*)\)$")


def lines(log):
    """Every line about a recipient, parsed."""
    found = [x for x in log.splitlines() if ": to=<" in x]
    got = [LINE.search(x) for x in found]
    assert all(got), found
    return [m.groupdict() for m in got]


def slow(seconds, verb, relay):
    relay.replies[verb] = lambda s, line: time.sleep(seconds)


# --- the log -----------------------------------------------------------------

def test_sent(house, relay):
    house.aliases("root: joe@y.test\n")
    house.submit("-f", "alice@client.test", "root", "x@y.test")
    log = house.once().err
    a, b = lines(log)
    assert (a["to"], a["orig"], a["status"], a["dsn"]) == (
        "joe@y.test", a["orig"], "sent", "2.0.0")
    assert a["orig"].split("@")[0] == "root" and b["orig"] is None
    assert a["relay"] == "127.0.0.1[127.0.0.1]:%d" % relay.port
    assert a["text"] == "250 2.0.0 queued as 1"
    assert re.search(r"%s: from=<alice@client\.test>, size=\d+, nrcpt=2 "
                     r"\(queue active\)$" % a["id"], log, re.M)
    assert re.search(r"%s: removed$" % a["id"], log, re.M)
    order = [log.index(x) for x in ("(queue active)", "status=", ": removed")]
    assert order == sorted(order)


def test_front_logs_uid_and_sender(make_house):
    h = make_house(None)
    h.configure(None, log={"target": "file:" + h.log})
    h.submit("-f", "alice@client.test", "x@y.test")
    name, = h.files()
    assert "%s: uid=%d from=<alice@client.test>" % (name, os.getuid()) in \
        open(h.log).read()


@pytest.mark.parametrize("reply, dsn, status", [
    ("450 4.2.0 later", "4.2.0", "deferred"),
    ("450 later", "4.0.0", "deferred"),
    ("550 5.1.1 nobody", "5.1.1", "bounced"),
    ("550 nobody", "5.0.0", "bounced"),
    ("450 5.1.1 lies", "4.0.0", "deferred"),
    ("550 4.2.0 lies", "5.0.0", "bounced"),
])
def test_the_class_of_dsn_follows_the_status(house, relay, reply, dsn,
                                             status):
    relay.replies["RCPT"] = lambda s, line: reply if s.sender else None
    house.submit("-f", "alice@client.test", "x@y.test")
    first = lines(house.once().err)[0]
    assert first["status"] == status and first["dsn"][0] == dsn[0]
    assert first["text"] == reply


def test_relay_none_before_a_connection(house, relay):
    relay.stop()
    house.submit("x@y.test")
    m, = lines(house.once().err)
    assert m["status"] == "deferred" and m["dsn"][0] == "4"


def test_no_relay_at_all_is_relay_none(make_house):
    h = make_house(None)
    h.submit("x@y.test")
    m, = lines(h.once().err)
    assert m["relay"] == "none" and m["status"] == "deferred"


def test_delays(house, relay):
    """a before the queue manager, b in it, c connection set-up, d transfer."""
    slow(0.4, "GREETING", relay)
    slow(0.6, "DOT", relay)
    house.submit("x@y.test")
    m, = lines(house.once().err)
    a, b, c, d = (float(m[k]) for k in "abcd")
    assert 0.35 <= c <= 1.5 and 0.55 <= d <= 1.7, m
    assert abs(float(m["delay"]) - (a + b + c + d)) <= 0.11, m


def test_what_a_server_says_makes_no_lines(house, relay):
    relay.replies["RCPT"] = lambda s, line: (
        b"450 4.2.0 a\x1b[31m\x07\xff) status=sent\r\n")
    house.submit("x@y.test")
    log = house.once().err
    m, = lines(log)
    assert m["status"] == "deferred"
    assert "\x1b" not in log and "\x07" not in log


# --- passes ------------------------------------------------------------------

def test_once_takes_what_is_due_and_exits(house, relay):
    for i in range(3):
        house.submit("r%d@y.test" % i)
    house.once()
    assert len(relay.messages) == 3 and house.files() == []


def test_once_on_an_empty_queue(house):
    r = house.once()
    assert r.out == ""


def test_once_with_ids(house, relay):
    for i in range(4):
        house.submit("r%d@y.test" % i)
    ids = [m["queue_id"] for m in house.mailq()]
    house.once("--id", ids[1], "--id", ids[3])
    assert sorted(m["rcpts"][0] for m in relay.messages) == [
        "r1@y.test", "r3@y.test"]
    assert house.files() == [ids[0], ids[2]]


@pytest.mark.parametrize("ident", ["", "XYZ", "0661", "../x"])
def test_once_with_no_id(house, relay, ident):
    house.submit("x@y.test")
    r = house.call("sendoffd", "--once", "--id", ident)
    assert r.code == 64 and r.err.count("\n") == 1, r
    assert relay.messages == []


def test_once_with_an_id_that_is_gone(house, relay):
    house.submit("x@y.test")
    house.once("--id", "0123456789ABCDEF0123")
    assert relay.messages == []


def test_reports_are_sent_in_the_same_pass(house, relay):
    relay.replies["RCPT"] = lambda s, line: (
        "550 5.1.1 nobody" if s.sender else None)
    house.submit("-f", "alice@client.test", "x@y.test")
    house.once()
    assert [m["rcpts"] for m in relay.messages] == [["alice@client.test"]]
    assert house.files() == []


def test_drain_tries_until_only_deferred_stay(house, relay):
    relay.replies["RCPT"] = lambda s, line: (
        "450 4.2.0 later" if "later" in line else None)
    house.submit("a@y.test")
    house.submit("later@y.test")
    house.submit("b@y.test")
    r = house.call("sendoffd", "--drain")
    assert r.code == 0, r
    assert len(relay.messages) == 2
    assert [m["recipients"][0]["address"] for m in house.mailq()] == [
        "later@y.test"]


def test_once_beside_a_daemon(house, relay):
    slow(0.3, "DOT", relay)
    d = house.daemon()
    d.wait_line("started")
    for i in range(4):
        house.submit("r%d@y.test" % i)
    house.once()
    house.wait_empty()
    assert sorted(m["rcpts"][0] for m in relay.messages) == [
        "r%d@y.test" % i for i in range(4)]


def test_interval(house, relay):
    """-q: what is not due otherwise is tried that often."""
    house.configure(relay, queue={"retry_min": "1h"})
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    house.submit("x@y.test")
    d = house.daemon("-q", "1s")
    d.wait_line("status=deferred", count=3)


def test_exit_codes(house, relay):
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    house.submit("x@y.test")
    for call in (("sendoffd", "--once"), ("sendmail", "-q"), ("mailq", "-q")):
        assert house.call(*call).code == 0, call
    house.configure(relay, queue={"directory": "/nonexistent/a/b"})
    for call in (("sendoffd", "--once"), ("sendmail", "-q"), ("mailq", "-q"),
                 ("sendoffd",)):
        r = house.call(*call)
        assert r.code == 75 and r.err.count("\n") == 1, (call, r)
    with open(house.conf, "a") as f:
        f.write("[queue]\nnonsense = 1\n")
    for call in (("sendoffd", "--once"), ("sendmail", "-q"), ("mailq", "-q"),
                 ("sendoffd",)):
        r = house.call(*call)
        assert r.code == 78, (call, r)


@pytest.mark.parametrize("args", [["--nonsense"], ["x"], ["-Z"],
                                  ["-q", "soon"], ["--id"]])
def test_usage(house, args):
    r = house.call("sendoffd", *args)
    assert r.code == 64 and r.out == "", r


# --- the daemon --------------------------------------------------------------

def test_one_daemon_a_queue(house):
    d = house.daemon()
    d.wait_line("started")
    r = house.call("sendoffd")
    assert r.code == 75 and r.err.count("\n") == 1, r


def test_readiness_is_told_to_systemd(house, tmp_path):
    from house import Daemon
    path = str(tmp_path / "notify")
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    s.settimeout(20)
    d = Daemon([house.program("sendoffd"), "-C", house.conf],
               house.env(NOTIFY_SOCKET=path))
    house.daemons.append(d)

    def hear(word):
        while word not in s.recv(4096).decode().split("\n"):
            pass
    hear("READY=1")
    d.signal(signal.SIGHUP)
    hear("RELOADING=1")
    hear("READY=1")
    d.signal(signal.SIGTERM)
    hear("STOPPING=1")
    assert d.stop() == 0


def test_term_finishes_what_is_in_hand(house, relay):
    began = threading.Event()

    def dot(s, line):
        began.set()
        time.sleep(1.5)
    relay.replies["DOT"] = dot
    d = house.daemon()
    house.submit("x@y.test")
    assert began.wait(20)
    assert d.stop() == 0
    assert len(relay.messages) == 1 and house.files() == []
    d = house.daemon()
    d.wait_line("started")
    assert d.stop() == 0
    assert len(relay.messages) == 1


def test_term_takes_up_nothing_new(house, relay):
    slow(0.3, "DOT", relay)
    house.configure(relay, relay={"connections": "1"})
    for i in range(20):
        house.submit("-odq", "r%d@y.test" % i)
    d = house.daemon()
    d.wait_line("started")
    d.signal(signal.SIGUSR1)
    relay.wait(1)
    assert d.stop() == 0
    left = len(house.files())
    assert len(relay.messages) + left == 20 and left > 0


def test_term_abandons_after_ten_seconds(make_house):
    """What hangs before its dot is cut off then; what is between its dot and
    the reply has longer."""
    with Relay(replies={"DATA": lambda s, x: HANG}) as hangs, \
            Relay(replies={"DOT": lambda s, x: time.sleep(12)}) as slow:
        h = make_house(hangs, relay_slow={
            "host": "127.0.0.1:%d" % slow.port, "tls": "none",
            "recipient": "@slow.test"})
        d = h.daemon()
        h.submit("x@y.test")
        h.submit("x@slow.test")
        d.wait_line("(queue active)", count=2)
        while not [c for _, c in slow.log + hangs.log if c == "DATA"] or \
                not slow.sessions or not hangs.sessions:
            time.sleep(0.01)
        start = time.monotonic()
        d.signal(signal.SIGTERM)
        d.wait_line("abandoned", timeout=15)
        end = time.monotonic()
        assert d.stop(30) == 0
        assert 9 < end - start < 11.5
        assert 11 < time.monotonic() - start < 16
        assert [m["rcpts"] for m in slow.messages] == [["x@slow.test"]]
        m, = h.mailq()
        assert m["recipients"][0]["address"] == "x@y.test"
        hangs.stop()


def test_hup_reads_the_configuration_again(house, relay):
    d = house.daemon()
    d.wait_line("started")
    with Relay() as other:
        house.configure(other)
        d.signal(signal.SIGHUP)
        d.wait_line("configuration")
        house.submit("x@y.test")
        other.wait(1)
    assert relay.messages == [] and d.stop() == 0


def test_hup_with_a_broken_one_keeps_the_old(house, relay):
    d = house.daemon()
    d.wait_line("started")
    with open(house.conf, "a") as f:
        f.write("[relay]\nport = many\n")
    d.signal(signal.SIGHUP)
    line = d.wait_line("many")
    assert "%s:" % house.conf in line and "port" in line
    house.configure(relay)
    house.submit("x@y.test")
    relay.wait(1)
    assert d.p.poll() is None


def test_usr1_flushes(house, relay):
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    d = house.daemon()
    house.submit("x@y.test")
    d.wait_line("status=deferred")
    relay.replies.clear()
    d.signal(signal.SIGUSR1)
    relay.wait(1)
    house.wait_empty()


def test_odq_waits_for_retry_min_in_a_daemon(house, relay):
    house.configure(relay, queue={"retry_min": "2s", "retry_max": "2s"})
    d = house.daemon()
    d.wait_line("started")
    start = time.time()
    house.submit("-odq", "x@y.test")
    house.submit("y@y.test")
    relay.wait(2)
    first, second = relay.messages
    assert first["rcpts"] == ["y@y.test"]
    assert second["time"] - start >= 1


def test_a_relay_that_is_down_is_no_attempt(house, relay):
    relay.stop()
    house.submit("x@y.test")
    for _ in range(3):
        house.sendmail("-q")
    m, = house.mailq()
    assert m["attempts"] == 0
    assert "refused" in m["recipients"][0]["delay_reason"]


def test_lost_after_the_dot_is_kept_and_goes_nowhere_else(make_house, relay):
    with Relay() as first:
        first.replies["DOT"] = lambda s, line: CLOSE
        h = make_house(None, relay={"tls": "none", "host":
                                    "127.0.0.1:%d, 127.0.0.1:%d"
                                    % (first.port, relay.port)})
        h.submit("x@y.test")
        h.once()
        assert relay.messages == [] and len(h.files()) == 1


def test_round_robin_is_oldest_first(house, relay):
    house.configure(relay, relay={"connections": "1"})
    for i in range(6):
        house.submit("r%d@y.test" % i)
    house.once()
    assert [m["rcpts"][0] for m in relay.messages] == [
        "r%d@y.test" % i for i in range(6)]


def test_never_wants_no_report(house, relay):
    relay.replies["RCPT"] = lambda s, line: "550 5.1.1 nobody"
    house.submit("-f", "alice@client.test", "-N", "never", "x@y.test")
    house.once()
    assert relay.messages == [] and house.files() == []
    assert len([c for _, c in relay.log if c.startswith("MAIL")]) == 1


def test_different_fates_in_one_report(house, relay):
    relay.replies["RCPT"] = lambda s, line: (
        None if not s.sender or "good" in line else
        "450 4.2.0 later" if "later" in line else "550 5.1.1 nobody")
    house.submit("-f", "alice@client.test", "a@y.test", "good@y.test",
                 "later@y.test", "b@y.test")
    house.once()
    sent, report = relay.messages
    assert sent["rcpts"] == ["good@y.test"]
    text = report["data"]
    assert text.count(b"Final-Recipient:") == 2
    assert b"a@y.test" in text and b"b@y.test" in text
    m, = house.mailq()
    assert [r["address"] for r in m["recipients"]] == ["later@y.test"]
