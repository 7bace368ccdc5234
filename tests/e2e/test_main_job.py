# SPDX-License-Identifier: ISC
"""The main job: from standard input to the relay, and what may go wrong."""
import email
import email.policy
import os
import signal
import stat

import pytest

from relay import CLOSE, Relay

MESSAGE = "From: alice@client.test\nTo: bob@example.com\nSubject: hello\n\nbody\n"


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.SMTP)


def test_arrives(house, relay):
    house.submit("-t", "-i", input=MESSAGE)
    house.once()
    m, = relay.messages
    assert m["rcpts"] == ["bob@example.com"]
    got = parse(m["data"])
    assert got["Subject"] == "hello" and got["Message-ID"] and got["Date"]
    assert got.get_all("Received")
    assert m["data"].endswith(b"\r\n\r\nbody\r\n")
    assert house.files() == []


def test_size_is_exact(house, relay):
    house.submit("b@example.com", input="Subject: x\n\n.\n..\nend", )
    house.submit("-i", "b@example.com", input="Subject: x\n\n.\n..\nend")
    house.once()
    for m in relay.messages:
        assert int(m["mail"]["SIZE"]) == len(m["data"])
    assert relay.messages[1]["data"].endswith(b"\r\n\r\n.\r\n..\r\nend\r\n")
    assert relay.messages[0]["data"].endswith(b"\r\n\r\n")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5",
                                       "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_tls_and_auth(make_house, pki, tls, mechanism, tmp_path):
    cert, key = pki.issue("localhost")
    secret = tmp_path / "password"
    secret.write_text("pass word ;#\n")
    secret.chmod(0o600)
    with Relay(tls=tls, cert=cert, key=key, users={"u@x": "pass word ;#"},
               mechanisms=mechanism) as r:
        h = make_house(r, relay={
            "host": "localhost:%d" % r.port, "tls": tls, "user": "u@x",
            "password_file": str(secret), "tls_ca_file": pki.ca})
        h.submit("-t", input=MESSAGE)
        h.once()
        m, = r.messages
        assert m["tls"] and m["user"] == "u@x"


def test_strongest_mechanism(make_house, pki, tmp_path):
    cert, key = pki.issue("localhost")
    secret = tmp_path / "password"
    secret.write_text("p")
    secret.chmod(0o600)
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "p"},
               mechanisms="LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256") as r:
        h = make_house(r, relay={
            "host": "localhost:%d" % r.port, "tls": "starttls", "user": "u",
            "password_file": str(secret), "tls_ca_file": pki.ca})
        h.submit("-t", input=MESSAGE)
        h.once()
        assert [c for _, c in r.log if c.startswith("AUTH SCRAM-SHA-256 ")]
        r.wait(1)


@pytest.mark.parametrize("setup, why", [
    ({"tls_ca_file": None}, "certificate"),
    ({"host": "127.0.0.1"}, "certificate"),
])
def test_unverified_tls_waits(make_house, pki, setup, why):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key) as r:
        values = {"host": "localhost:%d" % r.port, "tls": "starttls",
                  "tls_ca_file": pki.ca}
        if "host" in setup:
            values["host"] = "%s:%d" % (setup["host"], r.port)
        else:
            del values["tls_ca_file"]
        h = make_house(r, relay=values)
        h.submit("-t", input=MESSAGE)
        h.once()
        assert r.messages == [] and not [c for _, c in r.log if "MAIL" in c]
        entry, = h.mailq()
        assert why in entry["recipients"][0]["delay_reason"].lower()


def test_no_starttls_no_mail(make_house):
    with Relay() as r:
        h = make_house(r, relay={"host": "127.0.0.1:%d" % r.port,
                                 "tls": "starttls"})
        h.submit("-t", input=MESSAGE)
        h.once()
        assert r.messages == []
        assert "STARTTLS" in h.mailq()[0]["recipients"][0]["delay_reason"]


def test_relay_down_then_flush(house, relay):
    relay.stop()
    house.submit("-t", input=MESSAGE)
    house.once()
    entry, = house.mailq()
    assert entry["queue_name"] == "deferred"
    assert "refused" in entry["recipients"][0]["delay_reason"]
    text = house.call("mailq").out
    assert "refused" in text and "bob@example.com" in text
    relay.start()
    r = house.call("mailq", "-q")
    assert r.code == 0, r
    relay.wait(1)
    assert house.files() == []
    assert "Mail queue is empty" in house.call("mailq").out


def test_a_flush_tells_the_daemon_that_the_relay_is_back(house, relay):
    d = house.daemon()
    d.wait_line("started")
    relay.stop()
    house.submit("-t", input=MESSAGE)
    d.wait_line("cannot be used")
    relay.start()
    assert house.call("mailq", "-q").code == 0
    relay.wait(1)
    house.submit("-t", input=MESSAGE)
    relay.wait(2, timeout=10)


def test_sendmail_q(house, relay):
    relay.stop()
    house.submit("-t", input=MESSAGE)
    house.once()
    relay.start()
    assert house.sendmail("-q").code == 0
    relay.wait(1)


def test_no_relay_configured(make_house):
    h = make_house(None)
    h.submit("-t", input=MESSAGE)
    h.once()
    assert "no relay" in h.mailq()[0]["recipients"][0]["delay_reason"]


def test_refused_recipient_bounces(house, relay):
    relay.replies["RCPT"] = lambda s, line: (
        "550 5.1.1 no such user" if "nobody" in line else None)
    house.submit("-f", "alice@client.test", "nobody@example.com",
                 "bob@example.com")
    house.once()
    first, report = relay.messages
    assert first["rcpts"] == ["bob@example.com"]
    assert report["sender"] == "" and report["rcpts"] == ["alice@client.test"]
    got = parse(report["data"])
    assert got.get_content_type() == "multipart/report"
    assert got["Auto-Submitted"] == "auto-replied"
    assert b"5.1.1" in report["data"] and b"no such user" in report["data"]
    assert house.files() == []


def test_refused_bounce_is_not_bounced(house, relay):
    relay.replies["MAIL"] = lambda s, line: "550 5.7.1 not from you"
    house.submit("-f", "alice@client.test", "bob@example.com")
    house.once()
    assert relay.messages == []
    assert house.files() == []
    assert len([c for _, c in relay.log if c.startswith("MAIL")]) <= 3


def test_temporary_refusal_waits(house, relay):
    relay.replies["RCPT"] = lambda s, line: (
        "450 4.2.0 greylisted" if "bob" in line else None)
    house.submit("bob@example.com", "carol@example.com")
    house.once()
    assert relay.messages[0]["rcpts"] == ["carol@example.com"]
    entry, = house.mailq()
    assert [r["address"] for r in entry["recipients"]] == ["bob@example.com"]
    relay.replies.clear()
    house.call("mailq", "-q")
    assert [m["rcpts"] for m in relay.messages] == [
        ["carol@example.com"], ["bob@example.com"]]
    assert house.files() == []


def test_lost_reply_is_kept(house, relay):
    relay.replies["DOT"] = lambda s, line: CLOSE
    house.submit("bob@example.com")
    house.once()
    assert len(relay.refused) == 1
    assert len(house.files()) == 1


def test_size_limit_before_the_transfer(make_house):
    with Relay(caps=["PIPELINING", "SIZE 20000"]) as r:
        h = make_house(r)
        h.submit("-f", "a@client.test", "bob@example.com",
                 input="Subject: x\n\n" + ("y" * 70 + "\n") * 500)
        h.once()
        report, = r.messages
        assert report["sender"] == "" and b"5.3.4" in report["data"]


def test_pipelining_one_round_trip(house, relay):
    house.configure(relay, relay={"connections": "1"})
    for i in range(5):
        house.submit("bob%d@example.com" % i)
    house.once()
    assert len(relay.messages) == 5
    assert len(relay.sessions) == 1
    assert not [c for _, c in relay.log if c == "RSET"]


def test_dsn_parameters(house, relay):
    house.submit("-f", "a@client.test", "-N", "success,delay", "-R", "hdrs",
                 "-V", "QQ314159", "bob@example.com")
    house.once()
    m, = relay.messages
    assert m["mail"]["RET"] == "HDRS" and m["mail"]["ENVID"] == "QQ314159"
    (address, params), = m["rcpt"]
    assert set(params["NOTIFY"].split(",")) == {"SUCCESS", "DELAY"}
    assert params["ORCPT"] == "rfc822;bob@example.com"


def test_8bit(house, relay):
    house.submit("bob@example.com", input="Subject: x\n\ngrün\n")
    house.once()
    m, = relay.messages
    assert m["mail"]["BODY"] == "8BITMIME"
    assert "grün".encode() in m["data"]


def test_daemon_notices_at_once(house, relay):
    d = house.daemon()
    d.wait_line("started")
    house.submit("bob@example.com")
    relay.wait(1)
    d.wait_line("status=sent")
    d.wait_line(": removed")
    house.wait_empty()
    assert d.stop() == 0


def test_daemon_log_line(house, relay):
    d = house.daemon()
    house.submit("-f", "alice@client.test", "bob@example.com")
    line = d.wait_line("status=sent")
    assert "to=<bob@example.com>" in line
    assert "relay=127.0.0.1[127.0.0.1]:%d" % relay.port in line
    assert "dsn=2.0.0" in line and "(250 2.0.0 queued" in line
    assert "from=<alice@client.test>, size=" in d.wait_line("(queue active)")


def test_two_daemons_send_once(house, relay):
    a, b = house.daemon(), house.daemon()
    for i in range(40):
        house.submit("-odb", "r%d@example.com" % i)
    relay.wait(40)
    house.wait_empty()
    a.stop()
    b.stop()
    assert sorted(m["rcpts"][0] for m in relay.messages) == sorted(
        "r%d@example.com" % i for i in range(40))


def test_killed_daemon_loses_nothing(house, relay):
    d = house.daemon()
    for i in range(30):
        house.submit("r%d@example.com" % i)
        if i % 10 == 5:
            d.p.kill()
            d.p.wait()
            d = house.daemon()
    relay.wait(30)
    house.wait_empty()
    got = [m["rcpts"][0] for m in relay.messages]
    assert set(got) == {"r%d@example.com" % i for i in range(30)}
    # Each kill may repeat what was in a worker's hands at that moment.
    assert len(got) <= 30 + 3 * 4


def test_broken_reload_keeps_the_old(house, relay):
    d = house.daemon()
    house.submit("a@example.com")
    relay.wait(1)
    good = open(house.conf).read()
    with open(house.conf, "a") as f:
        f.write("[relay]\nport = many\n")
    d.signal(signal.SIGHUP)
    d.wait_line("port")
    house.submit("b@example.com")
    relay.wait(2)
    with open(house.conf, "w") as f:
        f.write(good)
    assert d.stop() == 0


def test_broken_configuration(house):
    with open(house.conf, "a") as f:
        f.write("[relay]\nhots = x\n[queue]\nlifetime = soon\n")
    r = house.call("sendoffd", "--once")
    assert r.code == 78
    assert "hots" in r.err and "lifetime" in r.err
    r = house.call("sendoff", "check")
    assert r.code == 78 and "hots" in r.out + r.err


def test_relay_typo_does_not_lose_mail(house):
    with open(house.conf, "a") as f:
        f.write("[relay]\nhots = x\n")
    house.submit("bob@example.com")
    assert len(house.files()) == 1


def test_queue_full(house):
    house.configure(queue={"min_free": "99999G"})
    r = house.sendmail("bob@example.com", input=MESSAGE)
    assert r.code == 75 and r.err.count("\n") == 1
    assert house.files() == [] or all(
        os.path.getsize(os.path.join(house.queue, "queue", f)) == 0
        for f in house.files())


def test_queue_file_mode(house):
    house.submit("bob@example.com")
    name, = house.files()
    mode = os.stat(os.path.join(house.queue, "queue", name)).st_mode
    assert stat.S_IMODE(mode) == 0o660


def test_corrupt_file_is_put_aside(house, relay):
    house.submit("bob@example.com")
    house.submit("carol@example.com")
    name = house.files()[0]
    path = os.path.join(house.queue, "queue", name)
    data = bytearray(open(path, "rb").read())
    data[-3] ^= 1
    with open(path, "r+b") as f:
        f.write(data)
    house.once()
    assert house.files("corrupt") == [name]
    assert len(relay.messages) == 1


def test_closed_stdin(house):
    r = house.call("sendmail", "bob@example.com", preexec_fn=lambda: os.close(0))
    assert r.code == 74, r
