# SPDX-License-Identifier: ISC
"""sendoff-deliver alone, against relays that behave in many ways."""
import email
import socket
import threading
import time

import pytest

from relay import CLOSE, HANG, RESET, Relay
from worker import TEXT, Worker, commands, listening_port


@pytest.fixture
def start(request):
    def begin(house, *args):
        w = Worker(house, *args)
        request.addfinalizer(w.kill)
        return w
    return begin


def test_one_message(house, relay, start):
    w = start(house)
    assert w.read() == ["ready"]
    n = w.give("a@b.test", "c@d.test", rcpt_extra=" notify=success")
    up = w.until("up")
    assert up[1] == "127.0.0.1[127.0.0.1]:%d" % relay.port
    assert up[2] == "10485760"
    w.until_done(n)
    assert w.outcomes[n, 0] == {
        "verdict": "sent", "code": 250, "dsn": "2.0.0", "passed": True,
        "relay": up[1], "text": "250 2.0.0 queued as 1"}
    assert w.verdict(n, 1) == "sent"
    code, err = w.finish()
    assert code == 0 and err == ""
    m = relay.messages[0]
    assert m["data"] == TEXT and m["sender"] == "s@client.test"
    assert m["mail"]["SIZE"] == str(len(TEXT))
    assert m["rcpt"][0] == ("a@b.test", {"NOTIFY": "SUCCESS",
                                         "ORCPT": "rfc822;a@b.test"})
    assert commands(relay)[-1] == "QUIT"


def test_many_over_one_session(house, relay, start):
    w = start(house)
    w.read()
    for i in range(4):
        w.give("u%d@b.test" % i)
    for i in range(4, 200):
        w.until("done")
        w.give("u%d@b.test" % i)
    w.until_done(200)
    assert w.finish()[0] == 0
    assert [m["rcpts"] for m in relay.messages] == [
        ["u%d@b.test" % i] for i in range(200)]
    assert len(relay.sessions) == 1
    assert "RSET" not in commands(relay)


def test_a_job_given_later(house, relay, start):
    w = start(house)
    w.read()
    w.until_done(w.give("a@b.test"))
    w.until_done(w.give("b@b.test"))
    assert w.finish()[0] == 0
    assert len(relay.sessions) == 1


def test_large_message(house, relay, start):
    text = b"Subject: x\r\n\r\n" + b".dots\r\n..\r\nline\r\n" * 300000
    w = start(house)
    w.read()
    w.until_done(w.give("a@b.test", text=text), w.give("b@b.test"))
    assert w.verdict(1) == "sent"
    assert relay.messages[0]["data"] == text
    assert relay.messages[1]["data"] == TEXT


def test_checksum_wrong(house, relay, start):
    w = start(house)
    w.read()
    w.until_done(w.give("a@b.test", crc=1), w.give("b@b.test"))
    assert w.outcomes[1, 0]["verdict"] == "deferred"
    assert w.outcomes[1, 0]["dsn"] == "4.3.0"
    assert w.verdict(2) == "sent"
    assert len(relay.messages) == 1
    assert len(relay.sessions) == 2


def test_down_refused(make_house, start):
    h = make_house(relay={"host": "127.0.0.1:%d" % listening_port(),
                          "tls": "none"})
    w = start(h)
    w.read()
    w.give("a@b.test")
    down = w.until("down")
    assert down[1] == "connect" and "Connection%20refused" in down[-1]
    assert w.read() is None
    assert w.end()[0] == 0


@pytest.mark.parametrize("greeting", [
    "421 4.3.2 busy", "450 no", "554 5.7.1 no", "250 hi", b"rubbish\r\n",
    CLOSE, RESET, b"\x15\x03\x01\x00\x02\x02\x46"])
def test_next_host(make_house, start, greeting):
    with Relay(replies={"GREETING": lambda s, x: greeting}) as bad, \
            Relay() as good:
        h = make_house(relay={"host": "127.0.0.1:%d, 127.0.0.1:%d, "
                              "127.0.0.1:%d" % (listening_port(), bad.port,
                                                good.port),
                              "tls": "none"})
        w = start(h)
        w.read()
        w.until_done(w.give("a@b.test"))
        assert w.verdict(1) == "sent"
        assert w.outcomes[1, 0]["relay"].endswith(":%d" % good.port)
        assert len(bad.sessions) == 1


def test_421_before_data_goes_to_the_next(make_house, start):
    with Relay(replies={"RCPT": lambda s, x: "421 4.3.2 bye"}) as bad, \
            Relay() as good:
        h = make_house(relay={"host": "127.0.0.1:%d 127.0.0.1:%d"
                              % (bad.port, good.port), "tls": "none"})
        w = start(h)
        w.read()
        w.until_done(w.give("a@b.test"))
        assert w.verdict(1) == "sent"
        assert len(good.messages) == 1


def test_no_next_after_a_refused_recipient(make_house, start):
    def rcpt(session, line):
        return "550 5.1.1 no" if "bad@" in line else "421 4.3.2 bye"
    with Relay(replies={"RCPT": rcpt}) as first, Relay() as second:
        h = make_house(relay={"host": "127.0.0.1:%d 127.0.0.1:%d"
                              % (first.port, second.port), "tls": "none"})
        w = start(h)
        w.read()
        w.until_done(w.give("bad@b.test", "good@b.test"))
        assert w.verdict(1, 0) == "failed"
        assert w.outcomes[1, 1]["verdict"] == "deferred"
        assert "421 4.3.2 bye" in w.outcomes[1, 1]["text"]
        assert not second.messages


@pytest.mark.parametrize("what", [CLOSE, RESET])
def test_lost_after_the_dot_is_unknown(make_house, start, what):
    with Relay(replies={"DOT": lambda s, x: what}) as bad, Relay() as good:
        h = make_house(relay={"host": "127.0.0.1:%d 127.0.0.1:%d"
                              % (bad.port, good.port), "tls": "none"})
        w = start(h)
        w.read()
        w.until_done(w.give("a@b.test"))
        assert w.verdict(1) == "unknown"
        assert not good.messages and not good.sessions


def test_session_limit_is_nobodys_fault(make_house, start):
    """421 to the fourth MAIL of a session: a new session, no penalty."""
    def mail(session, line):
        return "421 4.7.0 enough" if session.count == 3 else None
    with Relay(replies={"MAIL": mail}) as r:
        w = start(make_house(r))
        w.read()
        for i in range(10):
            w.until_done(w.give("u%d@b.test" % i))
            assert w.verdict(i + 1) == "sent"
        assert len(r.sessions) == 4


def test_a_message_that_kills_sessions_pays(make_house, start):
    """The others get through, before and after it."""
    def mail(session, line):
        return CLOSE if "poison@" in line else None
    with Relay(replies={"MAIL": mail}) as r:
        w = start(make_house(r))
        w.read()
        w.give("a@b.test")
        w.give("b@b.test", sender="poison@client.test")
        w.give("c@b.test")
        w.until_done(1, 2, 3)
        assert [w.verdict(n) for n in (1, 2, 3)] == ["sent", "deferred",
                                                     "sent"]


def test_a_relay_that_always_closes_at_mail(make_house, start):
    with Relay(replies={"MAIL": lambda s, x: CLOSE}) as r:
        w = start(make_house(r))
        w.read()
        w.give("a@b.test")
        w.give("b@b.test")
        w.until_done(1, 2)
        assert w.verdict(1) == w.verdict(2) == "deferred"
        assert len(r.sessions) == 2


def test_530_is_the_relays(make_house, start):
    with Relay(users={"joe": "secret"}) as r:
        w = start(make_house(r))
        w.read()
        w.give("a@b.test")
        down = w.until("down")
        assert down[1] == "auth" and "530" in down[-1]
        assert not w.outcomes


def secure(make_house, pki, relay, **more):
    return make_house(relay, relay={
        "host": "127.0.0.1:%d" % relay.port, "tls_ca_file": pki.ca,
        "tls": relay.tls, **more})


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("mech", ["PLAIN", "LOGIN", "CRAM-MD5",
                                  "SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_tls_and_auth(make_house, pki, start, tls, mech):
    cert, key = pki.issue("relay.test", san="DNS:relay.test,IP:127.0.0.1")
    with Relay(tls=tls, cert=cert, key=key, users={"joe": "secret"},
               mechanisms=mech) as r:
        h = secure(make_house, pki, r, user="joe", password="secret")
        w = start(h, "-v")
        w.read()
        w.until_done(w.give("a@b.test"), w.give("b@b.test"))
        assert w.verdict(1) == w.verdict(2) == "sent"
        code, err = w.finish()
        assert code == 0
        assert r.messages[0]["user"] == "joe"
        assert r.messages[0]["tls"] == "TLSv1.3"
        assert "C: EHLO client.test" in err and "S: 354 go on" in err
        assert "secret" not in err and "c2VjcmV0" not in err


def test_no_ticket(make_house, pki, start):
    """GSSAPI is listed first, and there is no Kerberos here."""
    cert, key = pki.issue("relay.test", san="DNS:relay.test,IP:127.0.0.1")
    with Relay(tls="starttls", cert=cert, key=key, users={"joe": "secret"},
               mechanisms="GSSAPI PLAIN") as r:
        for auth, sent in (("GSSAPI PLAIN", True), ("GSSAPI", False)):
            w = start(secure(make_house, pki, r, user="joe",
                             password="secret", auth=auth))
            w.read()
            w.give("a@b.test")
            if sent:
                w.until_done(1)
                assert w.verdict(1) == "sent"
            else:
                assert "GSSAPI" in w.until("down")[-1]
        assert not any("GSSAPI" in c for c in commands(r))


def test_wrong_password(make_house, pki, start):
    cert, key = pki.issue("relay.test", san="DNS:relay.test,IP:127.0.0.1")
    with Relay(tls="starttls", cert=cert, key=key,
               users={"joe": "secret"}) as r:
        h = secure(make_house, pki, r, user="joe", password="wrong")
        w = start(h)
        w.read()
        w.give("a@b.test")
        down = w.until("down")
        assert down[1:3] == ["auth", "4.7.8"] and "535" in down[-1]
        assert not r.messages
        assert sum("AUTH" in c for c in commands(r)) == 1


@pytest.mark.parametrize("san,word", [
    ("DNS:other.test", "127.0.0.1"), (None, "127.0.0.1")])
def test_wrong_name(make_house, pki, start, san, word):
    cert, key = pki.issue("wrong.test", san=san, label="wrong%s" % bool(san))
    with Relay(tls="starttls", cert=cert, key=key,
               users={"joe": "secret"}) as r:
        h = secure(make_house, pki, r, user="joe", password="secret")
        w = start(h)
        w.read()
        w.give("a@b.test")
        down = w.until("down")
        assert down[1] == "tls" and word in down[-1]
        assert "AUTH" not in " ".join(commands(r))


def test_no_starttls(house, make_house, start):
    with Relay() as r:
        h = make_house(r, relay={"tls": "starttls"})
        w = start(h)
        w.read()
        w.give("a@b.test")
        assert w.until("down")[1] == "tls"
        assert commands(r) == ["EHLO client.test", "QUIT"]


def test_injected_plaintext(make_house, pki, start):
    cert, key = pki.issue("relay.test", san="DNS:relay.test,IP:127.0.0.1")
    with Relay(tls="starttls", cert=cert, key=key, replies={
            "STARTTLS": lambda s, x: b"220 go\r\n250 ok\r\n"}) as r:
        w = start(secure(make_house, pki, r))
        w.read()
        w.give("a@b.test")
        down = w.until("down")
        assert down[1] == "tls" and "plain%20text" in down[-1]


def test_opportunistic_refused(make_house, start):
    with Relay(caps=["STARTTLS"], replies={
            "STARTTLS": lambda s, x: "454 4.7.0 not now"}) as r:
        w = start(make_house(r, relay={"tls": "opportunistic"}))
        w.read()
        w.until_done(w.give("a@b.test"))
        assert w.verdict(1) == "sent"


def test_opportunistic_handshake_fails(make_house, start):
    def starttls(session, line):
        session.send("220 go")
        return CLOSE
    with Relay(caps=["STARTTLS"], replies={"STARTTLS": starttls}) as r:
        h = make_house(r, relay={"tls": "opportunistic"})
        w = start(h)
        w.read()
        w.until_done(w.give("a@b.test"))
        assert w.verdict(1) == "sent" and len(r.sessions) == 2


def test_closes_at_ehlo(make_house, start):
    with Relay(replies={"EHLO": lambda s, x: CLOSE}) as r:
        w = start(make_house(r))
        w.read()
        w.until_done(w.give("a@b.test"))
        assert w.verdict(1) == "sent"
        assert commands(r)[:2] == ["EHLO client.test", "HELO client.test"]


def test_one_byte_at_a_time(make_house, start):
    with Relay(split=True) as r:
        w = start(make_house(r))
        w.read()
        w.until_done(w.give("a@b.test"), w.give("b@b.test"))
        assert len(r.messages) == 2


def test_silence(make_house, start):
    """A relay that never answers MAIL: the time-out, and the message pays."""
    with Relay(replies={"MAIL": lambda s, x: HANG}) as r:
        h = make_house(r, relay={"timeout": "1s"})
        w = start(h)
        w.read()
        w.until_done(w.give("a@b.test"))
        assert w.verdict(1) == "deferred"
        assert "timeout" in w.outcomes[1, 0]["text"]


def test_no_configuration(make_house, start):
    w = start(make_house())
    down = w.until("down")
    assert down[1] == "conf"
    assert w.read() is None
    assert w.end()[0] == 78


def test_relay_by_name(make_house, start):
    with Relay() as a, Relay() as b:
        h = make_house(a, relay_other={
            "host": "127.0.0.1:%d" % b.port, "tls": "none", "sender": "*"})
        for args in (["--relay", "other"], ["other"]):
            w = start(h, *args)
            w.read()
            w.until_done(w.give("x@b.test"))
        assert len(b.messages) == 2 and not a.messages


def test_runner_that_dies(house, relay, start):
    """What is not yet at its dot is not finished: nobody would know."""
    gate, reached = threading.Event(), threading.Event()

    def data(session, line):
        reached.set()
        gate.wait(20)
    relay.replies["DATA"] = data
    w = start(house)
    w.read()
    w.give("a@b.test")
    w.give("b@b.test")
    assert reached.wait(20)
    w.socket.close()
    gate.set()
    assert w.p.wait(20) == 0
    assert not relay.messages


def test_a_packet_that_is_no_job(house, relay, start):
    w = start(house)
    w.read()
    w.until_done(w.give("a@b.test"))
    w.socket.send(b"hello")
    while w.read() is not None:
        pass
    code, err = w.end()
    assert code == 0 and "no job" in err
    assert len(relay.messages) == 1


def test_idle_session_closed_by_the_relay(house, relay, start):
    w = start(house)
    w.read()
    w.until_done(w.give("a@b.test"))
    for s in relay.sessions:
        s.sock.shutdown(socket.SHUT_RDWR)
    assert w.until("idle")
    w.until_done(w.give("b@b.test"))
    assert w.verdict(2) == "sent" and len(relay.sessions) == 2


CHUNKING = ["PIPELINING", "SIZE 1000000", "CHUNKING", "8BITMIME"]


def test_window(make_house, start):
    with Relay(caps=CHUNKING) as r:
        w = start(make_house(r))
        w.read()
        for i in range(4):
            w.give("u%d@b.test" % i)
        for i in range(4, 100):
            w.until("done")
            w.give("u%d@b.test" % i)
        w.until_done(100)
        assert w.finish()[0] == 0
        assert [m["rcpts"] for m in r.messages] == [
            ["u%d@b.test" % i] for i in range(100)]
        assert all(m["data"] == TEXT for m in r.messages)
        verbs = [c.split()[0] for c in commands(r)]
        assert verbs.count("DATA") == 1 and verbs.count("BDAT") == 99


def test_window_with_refusals(make_house, start):
    def rcpt(session, line):
        return "550 5.1.1 no" if "bad" in line else None
    with Relay(caps=CHUNKING, replies={"RCPT": rcpt}) as r:
        w = start(make_house(r))
        w.read()
        names = ["%s%d@b.test" % ("bad" if i % 3 else "good", i)
                 for i in range(30)]
        for name in names[:4]:
            w.give(name)
        for name in names[4:]:
            w.until("done")
            w.give(name)
        w.until_done(30)
        assert [w.verdict(i + 1) for i in range(30)] == [
            "failed" if "bad" in n else "sent" for n in names]
        assert [m["rcpts"][0] for m in r.messages] == [
            n for n in names if "good" in n]
        assert len(r.sessions) == 1


def test_window_lost(make_house, start):
    """What was in flight is in doubt: not tried again in this pass."""
    def dot(session, line):
        return CLOSE if session.count == 2 else None
    with Relay(caps=CHUNKING, replies={"DOT": dot}) as r:
        w = start(make_house(r))
        w.read()
        for i in range(4):
            w.give("u%d@b.test" % i)
        w.until_done(1, 2, 3, 4)
        assert [w.verdict(i) for i in (1, 2, 3, 4)] == [
            "sent", "sent", "unknown", "unknown"]
        assert len(r.sessions) == 1


def test_chunking_that_is_none(make_house, start):
    with Relay(caps=CHUNKING, replies={
            "DOT": lambda s, line: "502 5.5.1 unknown"
            if line.startswith("BDAT") else None}) as r:
        w = start(make_house(r))
        w.read()
        w.give("a@b.test")
        w.give("b@b.test")
        w.give("c@b.test")
        w.until_done(1, 2, 3)
        assert w.verdict(2) == w.verdict(3) == "sent"
        assert len(r.sessions) == 2
        assert sum("BDAT" in c for c in commands(r, 1)) == 0


def test_a_job_that_comes_while_we_wait(make_house, start):
    """It goes out behind the dot whose reply is still to come."""
    gate = threading.Event()

    def dot(session, line):
        if session.count == 0:
            gate.wait(20)
    for caps in (CHUNKING, ["PIPELINING"]):
        gate.clear()
        with Relay(caps=caps, replies={"DOT": dot}) as r:
            w = start(make_house(r), "-v")
            w.read()
            w.give("a@b.test")
            shown = iter(w.p.stderr.readline, b"")
            assert any(b"S: 354" in line for line in shown)
            w.give("b@b.test")
            assert any(b"C: RCPT TO:<b@b.test>" in x for x in shown)
            gate.set()
            w.until_done(1, 2)
            assert len(r.messages) == 2
            w.finish()


LATIN = ("Subject: grün\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: 8bit\r\n\r\n"
         ".grün\r\nund blau\r\n").encode()


@pytest.mark.parametrize("caps", [["PIPELINING", "SIZE"],
                                  ["PIPELINING", "CHUNKING", "SIZE"]])
def test_8bit_for_a_relay_without_8bitmime(make_house, start, caps):
    with Relay(caps=caps) as r:
        w = start(make_house(r))
        w.read()
        w.give("a@b.test", text=LATIN, extra="\nflags 3")
        w.give("b@b.test", "c@b.test", text=LATIN, extra="\nflags 3")
        w.until_done(1, 2)
        assert w.verdict(1) == w.verdict(2) == "sent"
        for m in r.messages:
            assert m["data"].isascii() and "BODY" not in m["mail"]
            assert int(m["mail"]["SIZE"]) == len(m["data"])
            got = email.message_from_bytes(m["data"])
            assert got["Content-Transfer-Encoding"] == "quoted-printable"
            assert got.get_payload(decode=True) == LATIN.split(b"\r\n\r\n")[1]


def test_long_lines(make_house, start):
    body = b"x" * 3000 + b"\r\nshort\r\n"
    text = b"Subject: x\r\n\r\n" + body
    for keep, want in ((None, False), ("keep", True)):
        with Relay() as r:
            more = {"long_lines": keep} if keep else {}
            w = start(make_house(r, relay=more))
            w.read()
            w.until_done(w.give("a@b.test", text=text, extra="\nflags 4"))
            assert (r.messages[0]["data"] == text) is want
            got = email.message_from_bytes(r.messages[0]["data"])
            assert got.get_payload(decode=True) == body


def test_8bit_that_must_not_be_touched(make_house, start):
    text = ("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
            "\r\ngrün\r\n--b\r\nContent-Type: application/pgp-signature\r\n"
            "\r\nx\r\n--b--\r\n").encode()
    with Relay(caps=["PIPELINING"]) as r:
        w = start(make_house(r))
        w.read()
        w.until_done(w.give("a@b.test", text=text, extra="\nflags 1"))
        assert w.outcomes[1, 0]["verdict"] == "failed"
        assert w.outcomes[1, 0]["dsn"] == "5.6.3"
        w.until_done(w.give("b@b.test"))
        assert w.verdict(2) == "sent"


def test_flood(make_house, start):
    """A greeting without end: the connection is dropped, memory is flat."""
    def greeting(session, line):
        try:
            while True:
                session.sock.sendall(b"220-" + b"x" * 1000 + b"\r\n")
        except OSError:
            return CLOSE
    with Relay(replies={"GREETING": greeting}) as r:
        w = start(make_house(r))
        w.read()
        w.give("a@b.test")
        assert "too%20long" in w.until("down")[-1]


def test_slow_reply(make_house, start):
    """One deadline for a whole reply: a byte now and then does not help."""
    def ehlo(session, line):
        try:
            for c in b"250-relay.test and some more text":
                session.sock.sendall(bytes([c]))
                session.relay.stopping.wait(0.3)
        except OSError:
            pass
        return CLOSE
    with Relay(replies={"EHLO": ehlo}) as r:
        w = start(make_house(r, relay={"timeout": "1s"}))
        w.read()
        began = time.monotonic()
        w.give("a@b.test")
        assert "timeout" in w.until("down")[-1]
        assert time.monotonic() - began < 5


def test_relay_that_stops_reading(make_house, start):
    def data(session, line):
        session.send("354 go on")
        return HANG
    with Relay(caps=["PIPELINING"], replies={"DATA": data}) as r:
        w = start(make_house(r, relay={"timeout": "1s"}))
        w.read()
        # It never comes to its checksum.
        w.until_done(w.give("a@b.test", crc=1, text=b"Subject: x\r\n\r\n" +
                            b"0123456789abcdef\r\n" * 2000000))
        assert w.verdict(1) == "deferred"
        assert "timeout" in w.outcomes[1, 0]["text"]


def test_a_huge_header_re_encoded(make_house, start):
    """What comes out of one block may be far more than goes in."""
    text = b"".join(b"X-%d: gr\xc3\xbcn\r\n" % i for i in range(60000))
    text += b"\r\nbody\r\n"
    with Relay(caps=["PIPELINING"]) as r:
        w = start(make_house(r))
        w.read()
        w.until_done(w.give("a@b.test", text=text, extra="\nflags 2"))
        assert w.verdict(1) == "sent", w.outcomes
        data = r.messages[0]["data"]
        assert data.isascii() and data.count(b"=?utf-8?") == 60000


@pytest.mark.parametrize("greeting,behind", [
    ("220 relay.test ESMTP", True),
    ("220 relay.test Dovecot (Debian) ready.", False),
])
@pytest.mark.parametrize("more", [[], ["CHUNKING"]])
def test_nothing_behind_a_message(make_house, start, greeting, behind, more):
    """Dovecot's submission service dies of what stands behind a message."""
    seen = []

    def dot(session, line):
        session.sock.settimeout(0.3)
        try:
            session.buffer += session.sock.recv(100)
        except OSError:
            pass                # nothing more comes
        session.sock.settimeout(None)
        seen.append(session.buffer != b"")
        return "451 4.3.0 wait"

    with Relay(caps=["PIPELINING", *more], replies={
            "GREETING": lambda s, line: greeting, "DOT": dot}) as r:
        worker = start(make_house(r))
        worker.read()
        numbers = [worker.give("r%d@b.test" % i) for i in range(3)]
        worker.until_done(*numbers)
        assert worker.finish()[0] == 0
        assert any(seen) == behind and len(seen) == 3
        assert len(r.sessions) == 1
