# SPDX-License-Identifier: ISC
"""INTERFACE 2, "Which fault is whose": what bounces, what waits, and who is
blamed for it."""
import pytest

from relay import CLOSE, HANG, Relay, RESET


def play(make_house, relay, rules, rcpts=("bob@example.com",), **conf):
    for verb, answer in rules.items():
        relay.replies[verb] = (lambda a: lambda s, line: (
            a if s.sender != "" and "<>" not in line else None))(answer)
    h = make_house(None, relay={"host": "127.0.0.1:%d" % relay.port,
                                "tls": "none", "timeout": "2s", **conf})
    h.submit("-f", "alice@client.test", *rcpts)
    h.log_text = h.once().err
    return h


SITE = {
    "greeting 554": {"GREETING": "554 5.3.2 no service here"},
    "greeting 421": {"GREETING": "421 4.3.2 not now"},
    "greeting garbage": {"GREETING": b"hello there\r\n"},
    "greeting 250": {"GREETING": "250 hello"},
    "greeting cut": {"GREETING": CLOSE},
    "greeting reset": {"GREETING": RESET},
    "greeting flood": {"GREETING": b"220-x\r\n" * 20000},
    "EHLO 550": {"EHLO": "550 5.7.1 not you", "HELO": "550 5.7.1 not you"},
    "EHLO 421": {"EHLO": "421 4.3.2 not now"},
    "EHLO garbage": {"EHLO": b"\x00\x01\x02\r\n"},
    "530 at MAIL": {"MAIL": "530 5.7.0 authentication required"},
    "530 at RCPT": {"RCPT": "530 5.7.0 authentication required"},
}


@pytest.mark.parametrize("rules", SITE.values(), ids=SITE)
def test_the_sites_fault_waits_and_charges_nobody(make_house, relay, rules):
    h = play(make_house, relay, rules)
    m, = h.mailq()
    assert relay.messages == [] and m["attempts"] == 0
    rcpt, = m["recipients"]
    assert rcpt["status"] == "deferred" and rcpt["dsn"][0] == "4"
    assert rcpt["delay_reason"]
    assert "cannot be used, mail waits" in h.log_text


MESSAGE_LATER = {
    "MAIL 451": {"MAIL": "451 4.3.0 later"},
    "RCPT 450": {"RCPT": "450 4.2.0 later"},
    "DATA 451": {"DATA": "451 4.3.0 later"},
    "dot 451": {"DOT": "451 4.3.0 later"},
    "dot cut": {"DOT": CLOSE},
    "dot reset": {"DOT": RESET},
    "dot hangs": {"DOT": HANG},
    "dot garbage": {"DOT": b"ok\r\n"},
    "dot 354": {"DOT": "354 what"},
    "RCPT hangs": {"RCPT": HANG},
    "DATA garbage": {"DATA": b"go\r\n"},
}


@pytest.mark.parametrize("rules", MESSAGE_LATER.values(), ids=MESSAGE_LATER)
def test_the_messages_trouble_waits_and_is_charged(make_house, relay, rules):
    h = play(make_house, relay, rules)
    m, = h.mailq()
    assert relay.messages == [] and m["attempts"] == 1
    assert m["recipients"][0]["dsn"][0] == "4"
    assert m["next_attempt"] > m["last_attempt"]


MESSAGE_NEVER = {
    "MAIL 550": {"MAIL": "550 5.7.1 not from you"},
    "MAIL 501": {"MAIL": "501 5.1.7 bad sender"},
    "RCPT 550": {"RCPT": "550 5.1.1 nobody"},
    "RCPT 553": {"RCPT": "553 5.1.3 syntax"},
    "RCPT 501": {"RCPT": "501 5.1.3 syntax"},
    "RCPT 556": {"RCPT": "556 5.1.10 null MX"},
    "DATA 554": {"DATA": "554 5.6.0 no"},
    "dot 550": {"DOT": "550 5.7.1 spam"},
    "dot 552": {"DOT": "552 5.3.4 too big"},
    "dot 554": {"DOT": "554 5.6.0 no"},
}


@pytest.mark.parametrize("rules", MESSAGE_NEVER.values(), ids=MESSAGE_NEVER)
def test_a_no_bounces(make_house, relay, rules):
    h = play(make_house, relay, rules)
    report, = relay.messages
    assert report["sender"] == "" and report["rcpts"] == ["alice@client.test"]
    code = next(iter(rules.values()))[:3].encode()
    assert b"smtp; " + code in report["data"]
    assert h.files() == [] and "status=bounced" in h.log_text


@pytest.mark.parametrize("verb", ["STARTTLS", "GREETING"])
@pytest.mark.parametrize("reply", ["454 4.7.0 not now", "554 5.7.0 no", CLOSE])
def test_starttls_refused(make_house, pki, verb, reply):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key,
               replies={verb: lambda s, x: reply}) as r:
        h = make_house(None, relay={"host": "localhost:%d" % r.port,
                                    "tls_ca_file": pki.ca})
        h.submit("bob@example.com")
        h.once()
        m, = h.mailq()
        assert m["attempts"] == 0 and r.messages == []
        assert not [c for _, c in r.log if c.startswith("MAIL")]


@pytest.mark.parametrize("reply", [
    "535 5.7.8 wrong", "454 4.7.0 later", "421 4.3.2 bye", "538 5.7.11 tls",
    "500 5.5.1 what", "534 5.7.9 weak", CLOSE, b"334 \r\n" * 50])
def test_auth_refused(make_house, pki, tmp_path, reply):
    cert, key = pki.issue("localhost")
    secret = tmp_path / "pw"
    secret.write_text("p\n")
    secret.chmod(0o600)
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "p"},
               replies={"AUTH": lambda s, x: reply}) as r:
        h = make_house(None, relay={
            "host": "localhost:%d" % r.port, "tls_ca_file": pki.ca,
            "user": "u", "password_file": str(secret), "timeout": "2s"})
        h.submit("bob@example.com")
        h.once()
        m, = h.mailq()
        assert m["attempts"] == 0 and r.messages == []
        assert m["recipients"][0]["dsn"][0] == "4"


@pytest.mark.parametrize("host", ["does-not-exist.invalid", "127.0.0.1:1",
                                  "[::1]:1"])
def test_no_way_to_the_relay(make_house, host):
    h = make_house(None, relay={"host": host, "tls": "none",
                                "connect_timeout": "3s"})
    h.submit("bob@example.com")
    h.once()
    m, = h.mailq()
    assert m["attempts"] == 0
    assert m["recipients"][0]["delay_reason"]


def test_each_recipient_has_its_own_fate(make_house, relay):
    relay.replies["RCPT"] = lambda s, line: (
        None if not s.sender or "good" in line else
        "450 4.2.0 later" if "later" in line else "550 5.1.1 nobody")
    h = make_house(relay)
    h.submit("-f", "alice@client.test", "good1@y.test", "no@y.test",
             "later@y.test", "good2@y.test")
    h.once()
    sent, report = relay.messages
    assert sent["rcpts"] == ["good1@y.test", "good2@y.test"]
    assert report["sender"] == ""
    assert [r["address"] for r in h.mailq()[0]["recipients"]] == [
        "later@y.test"]


def test_the_other_messages_are_unharmed(make_house, relay):
    """A relay that closes at one message's RCPT takes the others."""
    relay.replies["RCPT"] = lambda s, line: CLOSE if "evil" in line else None
    h = make_house(relay)
    for name in ("a", "evil", "b", "c"):
        h.submit("%s@y.test" % name)
    h.once()
    assert sorted(m["rcpts"][0] for m in relay.messages) == [
        "a@y.test", "b@y.test", "c@y.test"]
    m, = h.mailq()
    assert m["recipients"][0]["address"] == "evil@y.test"
    assert m["attempts"] == 1


def test_over_its_size(make_house):
    with Relay(caps=["PIPELINING", "SIZE 5000"]) as r:
        h = make_house(r)
        h.submit("-f", "alice@client.test", "x@y.test",
                 input="Subject: x\n\n" + "y" * 70 + "\n" + "z\n" * 3000)
        h.once()
        report, = r.messages
        assert b"Status: 5.3.4" in report["data"]
        assert not [c for _, c in r.log
                    if c.startswith("MAIL FROM:<alice")], "not even begun"
