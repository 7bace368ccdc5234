# SPDX-License-Identifier: ISC
"""sendoff-deliver --check: the way to the relay, step by step."""
import pytest

from relay import Relay
from worker import commands, listening_port


def check(house, *args):
    return house.call("sendoff-deliver", "--check", *args)


def test_plain(house, relay):
    r = check(house)
    assert r.code == 0 and r.err == ""
    for part in ("dns       1 address", "greeting  220 relay.test ESMTP",
                 "PIPELINING", "tls       none", "[relay] user is not set",
                 "size      at most 10485760 bytes"):
        assert part in r.out, r.out
    assert commands(relay) == ["EHLO client.test", "QUIT"]


def test_tls_and_auth(make_house, pki):
    cert, key = pki.issue("relay.test", san="DNS:relay.test,IP:127.0.0.1")
    with Relay(tls="starttls", cert=cert, key=key,
               users={"joe": "secret"}) as relay:
        conf = {"host": "127.0.0.1:%d" % relay.port, "tls_ca_file": pki.ca,
                "tls": "starttls", "user": "joe", "password": "secret"}
        r = check(make_house(relay, relay=conf))
        assert r.code == 0, r
        for part in ("TLSv1.3", "verified", "issued by", "Test CA",
                     "offered: PLAIN LOGIN", "PLAIN accepted for joe"):
            assert part in r.out, r.out
        assert "secret" not in r.out
        r = check(make_house(relay, relay={**conf, "password": "wrong"}))
        assert r.code == 69
        assert "AUTH PLAIN is refused: 535" in r.out
        assert "do: check [relay] user" in r.out
        r = check(make_house(relay, relay={**conf, "tls_name": "x.test"}))
        assert r.code == 69 and "tls       FAILED" in r.out
        assert "relay.test" in r.out and "do: compare" in r.out


@pytest.mark.parametrize("replies,step,advice", [
    ({"GREETING": lambda s, x: "554 no"}, "greeting  FAILED", "operator"),
    ({"EHLO": lambda s, x: "451 no"}, "ehlo      FAILED", "helo")])
def test_refused(make_house, replies, step, advice):
    with Relay(replies=replies) as relay:
        r = check(make_house(relay))
        assert r.code == 69 and step in r.out and advice in r.out, r


def test_nobody_listens(make_house):
    r = check(make_house(None, relay={
        "host": "127.0.0.1:%d" % listening_port(), "tls": "none"}))
    assert r.code == 69 and "connect   FAILED" in r.out
    assert "firewall" in r.out


def test_silence(make_house):
    from relay import HANG
    with Relay(replies={"GREETING": lambda s, x: HANG}) as relay:
        r = check(make_house(relay, relay={"connect_timeout": "1s"}))
        assert r.code == 69 and "timeout" in r.out


def test_no_name(make_house):
    r = check(make_house(None, relay={"host": "nowhere.invalid"}))
    assert r.code == 69 and "dns       FAILED" in r.out
    assert "resolver" in r.out


def test_first_host_dead(make_house, relay):
    r = check(make_house(None, relay={"host": "127.0.0.1:%d 127.0.0.1:%d" % (
        listening_port(), relay.port), "tls": "none"}))
    assert r.code == 0 and "FAILED" in r.out and "a session after" in r.out


def test_send(house, relay):
    r = check(house, "--send", "a@b.test")
    assert r.code == 0, r
    assert "send      250 2.0.0 queued as 1" in r.out
    m = relay.messages[0]
    assert m["rcpts"] == ["a@b.test"] and m["sender"] == "root@client.test"
    assert b"\r\nSubject: Test of sendoff on client.test\r\n" in m["data"]


@pytest.mark.parametrize("answer,code,word", [
    ("550 5.1.1 no", 69, "REFUSED: 550 5.1.1 no"),
    ("450 4.2.1 later", 75, "LATER: 450 4.2.1 later")])
def test_send_refused(make_house, answer, code, word):
    with Relay(replies={"RCPT": lambda s, x: answer}) as relay:
        r = check(make_house(relay), "--send", "a@b.test")
        assert r.code == code and word in r.out, r


def test_probe(house, relay):
    r = check(house, "--verify", "joe")
    assert r.code == 0 and "VRFY      252 2.5.0 will try" in r.out
    r = check(house, "--expand", "list")
    assert r.code == 69 and "EXPN      502 5.5.1 no" in r.out
    assert check(house, "--help-text").code == 0
    assert check(house, "--noop").code == 0
    assert "VRFY joe" in commands(relay)


@pytest.mark.parametrize("args", [
    ("--send", "joe"), ("--send", "a@b\r\nDATA"), ("--verify", "a\nQUIT"),
    ("--verify", ""), ("--nonsense",)])
def test_usage(house, relay, args):
    r = check(house, *args)
    assert r.code == 64 and not relay.sessions


def test_not_configured(make_house):
    r = check(make_house())
    assert r.code == 78 and "no relay is configured" in r.err
