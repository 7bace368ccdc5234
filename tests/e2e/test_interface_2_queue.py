# SPDX-License-Identifier: ISC
"""INTERFACE 2: [queue], [bounce] and [log]."""
import email
import email.policy
import os
import re
import time

import pytest

from queued import queued
from relay import Relay

TEXT = "Subject: original\nX-Mine: yes\n\nthe body\n"
QUICK = {"retry_min": "1s", "retry_max": "1s"}


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.SMTP)


def refuse(relay, reply="550 5.1.1 no such user"):
    """Everything but a report is refused."""
    relay.replies["RCPT"] = lambda s, line: reply if s.sender else None


def bs(house, *lines):
    return house.sendmail("-bs", input="".join(x + "\r\n" for x in lines))


# --- [queue] -----------------------------------------------------------------

def test_lifetime(house, relay):
    """One last attempt, then the message bounces as expired."""
    house.configure(relay, queue={"lifetime": "2s", "warn_after": "0",
                                  **QUICK})
    refuse(relay, "450 4.2.0 greylisted")
    d = house.daemon()
    house.submit("-f", "alice@client.test", "bob@example.com", input=TEXT)
    line = d.wait_line("status=expired")
    assert "dsn=4.4.7" in line and "to=<bob@example.com>" in line
    report, = relay.wait(1)
    assert report["sender"] == "" and b"4.4.7" in report["data"]
    assert b"greylisted" in report["data"]
    house.wait_empty()
    tries = [x for x in d.lines if "to=<bob@example.com>" in x]
    assert len(tries) >= 2 and "status=deferred" in tries[0]
    assert tries[-1] == line


def test_the_last_attempt_may_succeed(house, relay):
    """A queue that slept through the lifetime tries before it gives up."""
    house.configure(relay, queue={"lifetime": "1s", "warn_after": "0"})
    house.submit("-odq", "-f", "alice@client.test", "bob@example.com")
    over = int(queued(house)[0].fields["arrival"]) / 1e6 + 2
    time.sleep(max(0, over - time.time()))
    house.once()
    m, = relay.messages
    assert m["rcpts"] == ["bob@example.com"] and house.files() == []


def test_bounce_lifetime(house, relay):
    house.configure(relay, queue={"bounce_lifetime": "2s", **QUICK},
                    bounce={"postmaster": "none"})
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    d = house.daemon()
    house.submit("-f", "", "bob@example.com")
    house.submit("-f", "a@b.test", "carol@example.com")
    assert "bob@" in d.wait_line("status=expired")
    d.stop()
    m, = house.mailq()
    assert m["recipients"][0]["address"] == "carol@example.com"


def test_warn_after(house, relay):
    house.configure(relay, queue={"warn_after": "1s", **QUICK})
    refuse(relay, "450 4.2.0 greylisted")
    d = house.daemon()
    house.submit("-f", "alice@client.test", "bob@example.com", input=TEXT)
    report, = relay.wait(1)
    assert report["rcpts"] == ["alice@client.test"]
    assert b"Action: delayed" in report["data"]
    assert b"Will-Retry-Until: " in report["data"]
    d.wait_line("status=deferred", count=4)
    assert len(relay.messages) == 1, "once"
    assert len(house.mailq()) == 1


def test_retry_min_and_max(house, relay):
    """Backoff: each wait is longer, with jitter, up to the greatest."""
    house.configure(relay, queue={"retry_min": "10s", "retry_max": "30s"})
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    house.submit("bob@example.com")
    waits = []
    for n in range(1, 8):
        assert house.sendmail("-q").code == 0
        m, = house.mailq()
        assert m["attempts"] == n
        waits.append(m["next_attempt"] - m["last_attempt"])
    assert all(10 <= w <= 30 for w in waits), waits
    assert waits[0] <= 13 and waits[-1] >= 22


def test_not_due_is_not_tried(house, relay):
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 later"
    house.submit("bob@example.com")
    house.once()
    relay.replies.clear()
    house.once()
    assert relay.messages == []
    assert house.call("mailq", "-q").code == 0
    assert len(relay.messages) == 1


def test_max_message_size(house):
    house.configure(queue={"max_message_size": "4K"})
    r = house.sendmail("b@y.test", input="Subject: x\n\n" + "y" * 5000)
    assert r.code == 65 and r.err.count("\n") == 1, r
    assert "max_message_size" in r.err and house.files() == []
    r = bs(house, "EHLO x", "MAIL FROM:<a@b.test> SIZE=5000", "QUIT")
    assert "250 SIZE 4096" in r.out and "\n552 5.3.4" in r.out, r
    r = bs(house, "EHLO x", "MAIL FROM:<a@b.test>", "RCPT TO:<b@y.test>",
           "DATA", "Subject: x", "", "y" * 900 + "\r\n" + "z" * 4000, ".",
           "QUIT")
    assert "\n552 5.3.4" in r.out and house.files() == [], r


def test_no_limit(house):
    house.configure(queue={"max_message_size": "0"})
    r = bs(house, "EHLO x", "QUIT")
    assert re.search(r"250[- ]SIZE( 0)?\r", r.out), r


def test_max_header_size(house):
    house.configure(queue={"max_header_size": "2K"})
    r = house.sendmail("b@y.test", input="X: " + "y\n " * 1500 + "\n\nb\n")
    assert r.code == 65 and "max_header_size" in r.err, r
    assert house.files() == []
    house.submit("b@y.test", input="Subject: x\n\n" + "y\n" * 9000)


@pytest.mark.parametrize("hops, code", [(3, 0), (4, 65)])
def test_max_hops(house, hops, code):
    house.configure(queue={"max_hops": "3"})
    text = "Received: by a\n" * hops + "Subject: x\n\ny\n"
    r = house.sendmail("b@y.test", input=text)
    assert r.code == code, r
    if code:
        assert "max_hops" in r.err and r.err.count("\n") == 1
        r = bs(house, "EHLO x", "MAIL FROM:<a@b.test>", "RCPT TO:<b@y.test>",
               "DATA", text.replace("\n", "\r\n") + ".", "QUIT")
        assert "\n554 5.4.6" in r.out, r


def test_max_recipients_over_smtp(house):
    house.configure(queue={"max_recipients": "2"})
    r = bs(house, "EHLO x", "MAIL FROM:<a@b.test>", "RCPT TO:<a@y.test>",
           "RCPT TO:<b@y.test>", "RCPT TO:<A@Y.test>", "RCPT TO:<c@y.test>",
           "RCPT TO:<a@y.test>", "QUIT")
    codes = [x[:3] for x in r.out.splitlines()]
    assert codes.count("452") >= 1 and codes[-2] == "250", r


def test_max_recipients_after_expansion(house):
    house.configure(queue={"max_recipients": "2"})
    house.aliases("l: a@y.test, b@y.test, c@y.test\nd: a@y.test, b@y.test\n")
    r = house.sendmail("l", input=TEXT)
    assert r.code == 65 and "recipients" in r.err and house.files() == []
    house.submit("d", "a@y.test", "b@y.test")


def test_per_user(house):
    """root is exempt, so only somebody else can be refused here."""
    house.configure(queue={"per_user": "2"})
    for _ in range(3):
        r = house.sendmail("b@y.test", input=TEXT)
    if os.getuid() == 0:
        assert r.code == 0 and len(house.files()) == 3
    else:
        assert r.code == 75 and len(house.files()) == 2


def test_min_free_over_smtp(house):
    house.configure(queue={"min_free": "900000G"})
    r = bs(house, "EHLO x", "MAIL FROM:<a@b.test>", "RCPT TO:<a@y.test>",
           "DATA", "QUIT")
    assert "\n452 4.3.1" in r.out, r
    r = house.sendmail("b@y.test", input=TEXT)
    assert r.code == 75 and "min_free" in r.err, r


@pytest.mark.parametrize("trailer, tail", [
    ("both", ["Total requests: 1", "-- "]), ("sendmail", ["Total requests: 1"]),
    ("postfix", ["-- "])])
def test_trailer(house, trailer, tail):
    house.configure(queue={"trailer": trailer})
    empty = house.call("mailq").out.splitlines()
    assert ("Mail queue is empty" in empty) == (trailer != "sendmail")
    assert any("Total requests: 0" in x for x in empty) == (
        trailer != "postfix")
    house.submit("b@y.test")
    lines = house.call("mailq").out.rstrip("\n").split("\n")
    for got, want in zip(lines[-len(tail):], tail):
        assert got.strip().startswith(want), lines
    text = "\n".join(lines)
    assert ("Kbytes in" in text) == (trailer != "sendmail")
    assert ("Total requests" in text) == (trailer != "postfix")


def test_gate_elsewhere_is_off(house):
    d = house.daemon()
    d.wait_line("started")
    assert not [f for _, _, fs in os.walk(house.folder) for f in fs
                if f == "gate"]


def test_history(house, relay):
    relay.replies["RCPT"] = lambda s, line: "550 5.1.1 nobody"
    house.submit("-f", "", "-V", "env-1", "bob@example.com")
    house.once()
    r = house.call("sendoff", "trace", "--envelope-id", "env-1")
    assert r.code == 0 and "bob@example.com" in r.out and "550" in r.out, r


def test_no_history(house, relay):
    house.configure(relay, queue={"history": "0"})
    house.submit("-V", "env-1", "bob@example.com")
    house.once()
    r = house.call("sendoff", "trace", "--envelope-id", "env-1")
    assert r.code == 66, r


# --- [bounce] ----------------------------------------------------------------

@pytest.mark.parametrize("conf, args, full", [
    ({}, [], False), ({"return": "full"}, [], True),
    ({"return": "full"}, ["-R", "hdrs"], False), ({}, ["-R", "full"], True)])
def test_return(house, relay, conf, args, full):
    house.configure(relay, bounce=conf)
    refuse(relay)
    house.submit("-f", "alice@client.test", *args, "b@y.test", input=TEXT)
    house.once()
    report, = relay.messages
    assert (b"the body" in report["data"]) == full
    assert b"X-Mine: yes" in report["data"]
    kinds = [p.get_content_type() for p in parse(report["data"]).walk()]
    assert ("message/rfc822" if full else "text/rfc822-headers") in kinds


def test_double_bounce_goes_to_the_postmaster(house, relay):
    house.aliases("postmaster: boss@corp.test\n")
    relay.replies["RCPT"] = lambda s, line: (
        None if "boss" in line else "550 5.1.1 nobody")
    house.submit("-f", "alice@client.test", "b@y.test", input=TEXT)
    house.once()
    report, = relay.messages
    assert report["sender"] == "" and report["rcpts"] == ["boss@corp.test"]
    assert house.files() == []


def test_double_bounce_dropped(house, relay):
    house.configure(relay, bounce={"postmaster": "none"})
    relay.replies["RCPT"] = lambda s, line: "550 5.1.1 nobody"
    house.submit("-f", "alice@client.test", "b@y.test", input=TEXT)
    r = house.once()
    assert relay.messages == [] and house.files() == []
    assert "undeliverable report dropped" in r.err, r.err


def test_a_refused_double_bounce_ends(house, relay):
    relay.replies["RCPT"] = lambda s, line: "550 5.1.1 nobody"
    house.submit("-f", "alice@client.test", "b@y.test", input=TEXT)
    house.once()
    assert house.files() == []
    assert len([c for _, c in relay.log if c.startswith("MAIL")]) == 3


def test_bounce_sender(house, relay):
    """For relays that refuse <>; a bounce to it is never bounced."""
    house.configure(relay, bounce={"sender": "bounces@corp.test",
                                   "postmaster": "none"})
    relay.replies["MAIL"] = lambda s, line: (
        "501 5.1.7 no null sender" if "<>" in line else None)
    relay.replies["RCPT"] = lambda s, line: (
        None if s.sender == "bounces@corp.test" else "550 5.1.1 nobody")
    house.submit("-f", "alice@client.test", "b@y.test", input=TEXT)
    house.once()
    report, = relay.messages
    assert report["sender"] == "bounces@corp.test"
    assert report["rcpts"] == ["alice@client.test"]
    relay.replies["RCPT"] = lambda s, line: "550 5.1.1 nobody"
    house.submit("-f", "alice@client.test", "b@y.test", input=TEXT)
    house.submit("-f", "bounces@corp.test", "c@y.test", input=TEXT)
    house.once()
    assert len(relay.messages) == 1 and house.files() == []


def test_bounce_from(house, relay):
    house.configure(relay, rewrite={"@corp.test": "@else.test"},
                    bounce={"from": "The Post <post@corp.test>"})
    refuse(relay)
    house.submit("-f", "alice@client.test", "b@y.test", input=TEXT)
    house.once()
    assert parse(relay.messages[0]["data"])["From"] == \
        "The Post <post@corp.test>"


def test_bounce_from_by_default(house, relay):
    refuse(relay)
    house.submit("-f", "alice@client.test", "b@y.test", input=TEXT)
    house.once()
    m = parse(relay.messages[0]["data"])
    assert m["From"] == "Mail Delivery System <MAILER-DAEMON@client.test>"
    assert m["Auto-Submitted"] == "auto-replied"
    assert m["In-Reply-To"]


# --- [log] -------------------------------------------------------------------

def test_log_file(house, relay):
    path = os.path.join(house.folder, "mail.log")
    house.configure(relay, log={"target": "file:" + path})
    house.submit("-f", "a@b.test", "b@y.test")
    assert house.once().err == ""
    text = open(path).read()
    for part in ("uid=%d from=<a@b.test>" % os.getuid(), "status=sent",
                 ": removed"):
        assert part in text, text


@pytest.mark.parametrize("level, has, hasnt", [
    ("error", [], ["status=sent"]),
    ("info", ["status=sent"], ["EHLO client.test"]),
    ("debug", ["status=sent", "EHLO client.test"], [])])
def test_log_level(house, relay, level, has, hasnt):
    house.configure(relay, log={"level": level})
    house.submit("b@y.test")
    text = house.once().err
    for part in has:
        assert part in text, text
    for part in hasnt:
        assert part not in text, text


def test_debug_never_shows_secrets(make_house, pki, tmp_path):
    cert, key = pki.issue("localhost")
    secret = tmp_path / "pw"
    secret.write_text("hush-hush\n")
    secret.chmod(0o600)
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"):
        with Relay(tls="starttls", cert=cert, key=key,
                   users={"u": "hush-hush"}, mechanisms=mechanism) as r:
            h = make_house(None, log={"level": "debug"}, relay={
                "host": "localhost:%d" % r.port, "user": "u",
                "tls_ca_file": pki.ca, "password_file": str(secret)})
            h.submit("b@y.test")
            text = h.once().err
            assert len(r.messages) == 1 and "AUTH " + mechanism in text
            assert "hush" not in text
            assert "aHVzaC1odXNo" not in text and "1c2gtaHVzaA" not in text
