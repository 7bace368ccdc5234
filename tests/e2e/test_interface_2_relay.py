# SPDX-License-Identifier: ISC
"""INTERFACE 2: the keys of [relay], each shown by what a relay saw of it."""
import hashlib
import os
import ssl
import subprocess
import time

import pytest

from relay import CLOSE, HANG, Relay, RESET


def reason(house):
    entry, = house.mailq()
    return entry["recipients"][0]["delay_reason"]


def commands(relay, verb):
    return [c for _, c in relay.log if c.upper().startswith(verb)]


def secret(tmp_path, text="p", name="password"):
    path = tmp_path / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return str(path)


def one(house, *rcpts):
    house.submit("-f", "alice@client.test", *(rcpts or ["bob@example.com"]))
    house.once()


# --- host, port, lookup ------------------------------------------------------

@pytest.mark.parametrize("form", ["127.0.0.1:%d", "localhost:%d",
                                  "[127.0.0.1]:%d"])
def test_host_forms(make_house, relay, form):
    one(make_house(None, relay={"host": form % relay.port, "tls": "none"}))
    assert len(relay.messages) == 1


def test_port_key(make_house, relay):
    one(make_house(None, relay={"host": "127.0.0.1", "tls": "none",
                                "port": relay.port}))
    assert len(relay.messages) == 1


def test_ipv6(make_house):
    with Relay(host="::1") as r:
        one(make_house(None, relay={"host": "[::1]:%d" % r.port,
                                    "tls": "none"}))
        assert len(r.messages) == 1


FAILURES = [
    ("refused", None, None),
    ("greeting 4yz", "GREETING", "421 4.3.2 not now"),
    ("greeting 5yz", "GREETING", "554 5.3.2 no service"),
    ("greeting cut", "GREETING", CLOSE),
    ("greeting reset", "GREETING", RESET),
    ("greeting is no SMTP", "GREETING", b"hello\r\n"),
    ("EHLO closes", "EHLO", CLOSE),
    ("EHLO 421", "EHLO", "421 4.3.2 not now"),
    ("EHLO 550", "EHLO", "550 5.7.1 not you"),
    ("421 at MAIL", "MAIL", "421 4.3.2 going down"),
    ("421 at RCPT", "RCPT", "421 4.3.2 going down"),
    ("530 at MAIL", "MAIL", "530 5.7.0 authentication required"),
]


@pytest.mark.parametrize("what, verb, reply", FAILURES,
                         ids=[f[0] for f in FAILURES])
def test_next_host_in_the_same_pass(make_house, relay, what, verb, reply):
    with Relay() as first:
        if verb is None:
            first.stop()
        else:
            first.replies[verb] = lambda s, line: reply
            first.replies["HELO"] = lambda s, line: CLOSE
        h = make_house(None, relay={"tls": "none", "host":
                                    "127.0.0.1:%d, 127.0.0.1:%d"
                                    % (first.port, relay.port)})
        one(h)
        assert [m["rcpts"] for m in relay.messages] == [["bob@example.com"]]
        assert first.messages == [] and h.files() == []


@pytest.mark.parametrize("verb, reply", [
    ("RCPT", "550 5.1.1 nobody"), ("MAIL", "550 5.7.1 not you"),
    ("DATA", "554 5.6.0 no"), ("DOT", "554 5.6.0 no")])
def test_no_next_host_after_5yz(make_house, relay, verb, reply):
    with Relay() as first:
        first.replies[verb] = lambda s, line: (
            None if "<>" in line or s.sender == "" else reply)
        h = make_house(None, relay={"tls": "none", "host":
                                    "127.0.0.1:%d, 127.0.0.1:%d"
                                    % (first.port, relay.port)})
        one(h)
        report, = first.messages
        assert report["sender"] == "" and relay.sessions == []


# --- which relay -------------------------------------------------------------

@pytest.fixture
def four(make_house):
    """The unnamed relay and three named ones, each on its own port."""
    with Relay() as plain, Relay() as a, Relay() as b, Relay() as c:
        def where(r, **more):
            return {"host": "127.0.0.1:%d" % r.port, "tls": "none", **more}
        h = make_house(
            plain,
            relay_a=where(a, sender="joe@client.test, @a.test"),
            relay_b=where(b, sender="@a.test <>", recipient="@b.test"),
            relay_c=where(c, recipient=".c.test bob@b.test"))
        yield h, plain, a, b, c


@pytest.mark.parametrize("sender, rcpt, served", [
    ("alice@client.test", "x@y.test", 0),
    ("joe@client.test", "x@y.test", 1),
    ("joe@CLIENT.test", "x@y.test", 1),
    ("x@a.test", "x@y.test", 1),
    ("x@sub.a.test", "x@y.test", 0),
    ("", "x@y.test", 2),
    ("joe@client.test", "x@b.test", 2),
    ("joe@client.test", "x@sub.b.test", 1),
    ("alice@client.test", "bob@b.test", 2),
    ("alice@client.test", "x@sub.c.test", 3),
    ("alice@client.test", "x@c.test", 0),
])
def test_relay_by_sender_and_recipient(four, sender, rcpt, served):
    h, *relays = four
    h.submit("-f", sender, rcpt)
    h.once()
    assert [len(r.messages) for r in relays] == [
        int(i == served) for i in range(4)]


def test_recipients_of_one_message_go_their_ways(four):
    h, plain, a, b, c = four
    h.submit("-f", "alice@client.test", "x@y.test", "x@b.test", "x@s.c.test")
    h.once()
    assert [[m["rcpts"] for m in r.messages] for r in four[1:]] == [
        [["x@y.test"]], [], [["x@b.test"]], [["x@s.c.test"]]]
    assert h.files() == []


def test_sender_pattern_is_matched_after_rewriting(make_house, relay):
    with Relay() as a:
        h = make_house(relay, relay_a={
            "host": "127.0.0.1:%d" % a.port, "tls": "none",
            "sender": "alerts@wire.test"}, rewrite={"root": "alerts@wire.test"})
        h.submit("-f", "root", "x@y.test")
        h.once()
        assert [m["sender"] for m in a.messages] == ["alerts@wire.test"]


def test_recipient_pattern_is_matched_after_aliases(make_house, relay):
    with Relay() as a:
        h = make_house(relay, relay_a={
            "host": "127.0.0.1:%d" % a.port, "tls": "none",
            "recipient": "@admins.test"})
        h.aliases("root: boss@admins.test\n")
        h.submit("root")
        h.once()
        assert [m["rcpts"] for m in a.messages] == [["boss@admins.test"]]


def test_no_unnamed_relay_and_no_match_waits(make_house, relay):
    h = make_house(None, relay_a={"host": "127.0.0.1:%d" % relay.port,
                                  "tls": "none", "sender": "@a.test"})
    one(h)
    assert relay.sessions == [] and "no relay" in reason(h)


def test_one_relay_down_does_not_hold_the_other(four):
    h, plain, a, b, c = four
    plain.stop()
    h.submit("-f", "alice@client.test", "x@y.test", "x@b.test")
    h.once()
    assert [m["rcpts"] for m in b.messages] == [["x@b.test"]]
    entry, = h.mailq()
    assert [r["address"] for r in entry["recipients"]] == ["x@y.test"]


# --- what a session looks like -----------------------------------------------

def test_helo_is_the_hostname(house, relay):
    one(house)
    assert commands(relay, "EHLO") == ["EHLO client.test"]


def test_helo_key(make_house, relay):
    h = make_house(relay, relay={
        "host": "127.0.0.1:%d" % relay.port, "tls": "none",
        "helo": "mail.other.test"})
    one(h)
    assert commands(relay, "EHLO") == ["EHLO mail.other.test"]


@pytest.mark.parametrize("reply", ["500 5.5.2 what", "502 5.5.1 no"])
def test_helo_where_ehlo_is_not_known(house, relay, reply):
    relay.replies["EHLO"] = lambda s, line: reply
    one(house)
    m, = relay.messages
    assert commands(relay, "HELO") == ["HELO client.test"]
    assert m["mail"] == {} and m["rcpt"] == [("bob@example.com", {})]


def test_source(make_house):
    with Relay() as r:
        peers = []
        r.replies["GREETING"] = lambda s, line: peers.append(
            s.sock.getpeername()[0])
        one(make_house(r, relay={"host": "127.0.0.1:%d" % r.port,
                                 "tls": "none", "source": "127.0.0.9"}))
        assert peers == ["127.0.0.9"] and len(r.messages) == 1


def test_recipients_per_transaction(make_house, relay):
    h = make_house(relay, relay={"host": "127.0.0.1:%d" % relay.port,
                                 "tls": "none",
                                 "recipients_per_transaction": "2"})
    rcpts = ["r%d@example.com" % i for i in range(5)]
    one(h, *rcpts)
    assert [len(m["rcpts"]) for m in relay.messages] == [2, 2, 1]
    assert sum((m["rcpts"] for m in relay.messages), []) == rcpts
    assert h.files() == []


@pytest.mark.parametrize("limit, parts", [
    ("LIMITS RCPTMAX=2", [2, 2, 1]), ("LIMITS RCPTMAX=3", [3, 2])])
def test_limits_of_rfc_9422(make_house, limit, parts):
    with Relay(caps=["PIPELINING", limit]) as r:
        h = make_house(r)
        one(h, *["r%d@example.com" % i for i in range(5)])
        assert [len(m["rcpts"]) for m in r.messages] == parts


@pytest.mark.parametrize("reply", [
    "452 4.5.3 too many recipients", "552 5.5.3 too many recipients",
    "552 too many recipients"])
def test_too_many_recipients_go_in_a_further_transaction(house, relay, reply):
    relay.replies["RCPT"] = lambda s, line: (
        reply if len(s.rcpts) >= 2 else None)
    rcpts = ["r%d@example.com" % i for i in range(5)]
    one(house, *rcpts)
    assert sorted(sum((m["rcpts"] for m in relay.messages), [])) == rcpts
    assert len(relay.messages) == 3 and house.files() == []


def test_552_about_size_is_no_further_transaction(house, relay):
    relay.replies["RCPT"] = lambda s, line: (
        "552 5.2.2 mailbox full" if "bob" in line else None)
    one(house, "bob@example.com", "carol@example.com")
    first, report = relay.messages
    assert first["rcpts"] == ["carol@example.com"]
    assert report["sender"] == "" and b"5.2.2" in report["data"]


@pytest.mark.parametrize("caps", [Relay.CAPS, ("PIPELINING", "CHUNKING"), ()])
def test_messages_per_connection(make_house, caps):
    with Relay(caps=caps) as r:
        h = make_house(r, relay={"host": "127.0.0.1:%d" % r.port,
                                 "tls": "none", "connections": "1",
                                 "messages_per_connection": "2"})
        for i in range(5):
            h.submit("r%d@example.com" % i)
        h.once()
        assert len(r.messages) == 5
        assert max(s.count for s in r.sessions) <= 2


def test_connections(make_house):
    with Relay() as r:
        most, now = [0], set()

        def slow(s, line):
            now.add(s)
            most[0] = max(most[0], len(now))
            time.sleep(0.05)
            now.discard(s)
        r.replies["DOT"] = slow
        h = make_house(r, relay={"host": "127.0.0.1:%d" % r.port,
                                 "tls": "none", "connections": "2"})
        for i in range(12):
            h.submit("r%d@example.com" % i)
        h.once()
        assert len(r.messages) == 12 and most[0] <= 2


def test_rate(make_house, relay):
    h = make_house(relay, relay={"host": "127.0.0.1:%d" % relay.port,
                                 "tls": "none", "rate": "5/s"})
    for i in range(5):
        h.submit("r%d@example.com" % i)
    h.once()
    times = [m["time"] for m in relay.messages]
    assert len(times) == 5, "a pass waits for the rate"
    assert times[-1] - times[0] > 0.7
    assert min(b - a for a, b in zip(times, times[1:])) > 0.1


@pytest.mark.parametrize("verb, key", [
    ("GREETING", "timeout"), ("EHLO", "timeout"), ("MAIL", "timeout"),
    ("DATA", "timeout"), ("DOT", "timeout")])
def test_timeout(make_house, relay, verb, key):
    relay.replies[verb] = lambda s, line: HANG
    h = make_house(relay, relay={"host": "127.0.0.1:%d" % relay.port,
                                 "tls": "none", key: "1s"})
    start = time.monotonic()
    one(h)
    assert time.monotonic() - start < 15
    assert "tim" in reason(h) and len(h.files()) == 1
    relay.stop()


@pytest.mark.parametrize("keep", [False, True])
def test_long_lines(make_house, relay, keep):
    h = make_house(relay, relay={
        "host": "127.0.0.1:%d" % relay.port, "tls": "none",
        "long_lines": "keep" if keep else "encode"})
    h.submit("b@example.com", input="Subject: x\n\n" + "y" * 1200 + "\n")
    h.once()
    m, = relay.messages
    longest = max(len(x) for x in m["data"].split(b"\r\n"))
    assert longest == 1200 if keep else longest <= 998


# --- TLS ---------------------------------------------------------------------

def tls_house(make_house, relay, pki, **more):
    return make_house(None, relay={
        "host": "localhost:%d" % relay.port, "tls": "starttls",
        "tls_ca_file": pki.ca, **more})


def fingerprint(cert, public_key=False):
    der = subprocess.run(
        ["openssl", "x509", "-in", cert, "-outform", "DER"],
        stdout=subprocess.PIPE, check=True).stdout
    if public_key:
        pem = subprocess.run(["openssl", "x509", "-in", cert, "-pubkey",
                              "-noout"], stdout=subprocess.PIPE,
                             check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                             input=pem, stdout=subprocess.PIPE,
                             check=True).stdout
    return ("spki:" if public_key else "") + hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("form", ["leaf", "colons", "spki", "second", "wrong"])
def test_tls_fingerprint(make_house, pki, form):
    cert, key = pki.issue("elsewhere.test")
    wrong = "00" * 32
    print_ = {"leaf": fingerprint(cert).upper(),
              "colons": ":".join(fingerprint(cert)[i:i + 2]
                                 for i in range(0, 64, 2)),
              "spki": fingerprint(cert, True),
              "second": wrong + ", " + fingerprint(cert),
              "wrong": wrong}[form]
    with Relay(tls="starttls", cert=cert, key=key) as r:
        h = make_house(None, relay={"host": "localhost:%d" % r.port,
                                    "tls_fingerprint": print_})
        one(h)
        assert len(r.messages) == (form != "wrong")
        if form == "wrong":
            assert "fingerprint" in reason(h)


def test_tls_name(make_house, pki):
    cert, key = pki.issue("elsewhere.test")
    with Relay(tls="starttls", cert=cert, key=key) as r:
        h = tls_house(make_house, r, pki)
        one(h)
        assert r.messages == [] and len(h.files()) == 1
        h = tls_house(make_house, r, pki, tls_name="elsewhere.test")
        one(h)
        assert len(r.messages) == 1


def test_tls_verify_no(make_house, pki):
    cert, key = pki.issue("elsewhere.test")
    with Relay(tls="starttls", cert=cert, key=key) as r:
        one(make_house(None, relay={"host": "localhost:%d" % r.port,
                                    "tls_verify": "no"}))
        assert r.messages[0]["tls"]


@pytest.mark.parametrize("low", ["1.2", "1.3"])
def test_tls_min(make_house, pki, low):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key) as r:
        r.context.maximum_version = ssl.TLSVersion.TLSv1_2
        h = tls_house(make_house, r, pki, tls_min=low)
        one(h)
        assert [m["tls"] for m in r.messages] == (
            ["TLSv1.2"] if low == "1.2" else [])


def test_opportunistic_without_starttls(make_house, relay):
    one(make_house(None, relay={"host": "127.0.0.1:%d" % relay.port,
                                "tls": "opportunistic"}))
    assert relay.messages[0]["tls"] is None


def test_opportunistic_unverified(make_house, pki, tmp_path):
    """The mail goes over it, a password does not."""
    cert, key = pki.issue("elsewhere.test")
    with Relay(tls="starttls", cert=cert, key=key) as r:
        one(make_house(None, relay={"host": "localhost:%d" % r.port,
                                    "tls": "opportunistic"}))
        assert r.messages[0]["tls"]
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "p"}) as r:
        h = make_house(None, relay={
            "host": "localhost:%d" % r.port, "tls": "opportunistic",
            "user": "u", "password_file": secret(tmp_path)})
        one(h)
        assert r.messages == [] and commands(r, "AUTH") == []
        assert len(h.files()) == 1


def test_client_certificate_and_external(make_house, pki):
    cert, key = pki.issue("localhost")
    mine, my_key = pki.issue("client.test")
    with Relay(tls="starttls", cert=cert, key=key, users={"x": "y"},
               mechanisms="EXTERNAL PLAIN") as r:
        r.context.verify_mode = ssl.CERT_REQUIRED
        r.context.load_verify_locations(pki.ca)

        def external(s, line):
            s.user = s.sock.getpeercert()["subject"]
            return "235 2.7.0 welcome"
        r.replies["AUTH"] = external
        h = tls_house(make_house, r, pki, tls_cert_file=mine,
                      tls_key_file=my_key)
        os.chmod(my_key, 0o600)
        one(h)
        assert len(r.messages) == 1, h.mailq()
        assert commands(r, "AUTH") == ["AUTH EXTERNAL ="]


# --- secrets and AUTH --------------------------------------------------------

def auth_house(make_house, relay, pki, **more):
    return tls_house(make_house, relay, pki, user="u", **more)


@pytest.fixture
def guarded(pki):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key,
               users={"u": "p;# w"}) as r:
        yield r


def test_password_in_the_file(make_house, pki, guarded):
    h = auth_house(make_house, guarded, pki, password="p;# w")
    one(h)
    assert guarded.messages[0]["user"] == "u"


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nsecond line\n"])
def test_password_file_first_line(make_house, pki, guarded, tmp_path, end):
    path = tmp_path / "pw"
    path.write_bytes(b"p;# w" + end.encode())
    path.chmod(0o400)
    one(auth_house(make_house, guarded, pki, password_file=str(path)))
    assert len(guarded.messages) == 1


def test_password_file_beside_the_configuration(make_house, pki, guarded):
    h = auth_house(make_house, guarded, pki, password_file="pw")
    with open(os.path.join(h.folder, "pw"), "w") as f:
        f.write("p;# w\n")
    os.chmod(os.path.join(h.folder, "pw"), 0o600)
    one(h)
    assert len(guarded.messages) == 1


def test_password_file_in_the_credentials_directory(make_house, pki, guarded,
                                                    tmp_path):
    secret(tmp_path, "p;# w", "pw")
    h = auth_house(make_house, guarded, pki, password_file="pw")
    h.submit("bob@example.com")
    r = h.call("sendoffd", "--once",
               env={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert r.code == 0 and len(guarded.messages) == 1, r


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o606])
def test_a_secret_that_others_read_is_no_secret(make_house, pki, guarded,
                                                tmp_path, mode):
    path = secret(tmp_path, "p;# w")
    os.chmod(path, mode)
    h = auth_house(make_house, guarded, pki, password_file=path)
    one(h)
    assert guarded.messages == [] and commands(guarded, "AUTH") == []
    assert path in reason(h)


def test_missing_password_file_waits(make_house, pki, guarded):
    h = auth_house(make_house, guarded, pki, password_file="/nowhere/pw")
    one(h)
    assert "/nowhere/pw" in reason(h)


def test_password_command(make_house, pki, guarded, tmp_path):
    """Through /bin/sh -c, with a clean environment."""
    out = tmp_path / "env"
    h = auth_house(make_house, guarded, pki, password_command=
                   "env > %s; echo 'p;# w'; echo more" % out)
    h.submit("bob@example.com")
    r = h.call("sendoffd", "--once", env={"SECRET_OF_THE_CALLER": "x"})
    assert r.code == 0 and len(guarded.messages) == 1, r
    assert "SECRET_OF_THE_CALLER" not in out.read_text()


@pytest.mark.parametrize("command, why", [
    ("exit 3", "3"), ("true", ""), ("sleep 60", "tim")])
def test_password_command_that_fails(make_house, pki, guarded, command, why):
    h = auth_house(make_house, guarded, pki, password_command=command,
                   command_timeout="1s")
    one(h)
    assert guarded.messages == [] and why in reason(h)
    assert "password_command" in reason(h)


def test_token_command(make_house, pki, tmp_path):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "tok"},
               mechanisms="PLAIN XOAUTH2 OAUTHBEARER") as r:
        one(auth_house(make_house, r, pki, token_command="echo tok"))
        assert len(r.messages) == 1
        assert commands(r, "AUTH")[0].startswith("AUTH OAUTHBEARER ")


def test_a_token_never_goes_without_tls(make_house):
    with Relay(users={"u": "tok"}, mechanisms="XOAUTH2 OAUTHBEARER",
               auth_needs_tls=False) as r:
        h = make_house(r, relay={
            "host": "127.0.0.1:%d" % r.port, "tls": "none", "user": "u",
            "token_command": "echo tok", "allow_plaintext_auth": "yes"})
        one(h)
        assert r.messages == [] and commands(r, "AUTH") == []


@pytest.mark.parametrize("allow, mechanisms, used", [
    ("no", "PLAIN LOGIN", None),
    ("no", "PLAIN LOGIN CRAM-MD5", "CRAM-MD5"),
    ("no", "LOGIN CRAM-MD5 SCRAM-SHA-1", "SCRAM-SHA-1"),
    ("no", "CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256"),
    ("yes", "PLAIN LOGIN", "PLAIN"),
    ("yes", "LOGIN", "LOGIN"),
])
def test_auth_without_tls(make_house, tmp_path, allow, mechanisms, used):
    with Relay(users={"u": "p"}, mechanisms=mechanisms,
               auth_needs_tls=False) as r:
        h = make_house(r, relay={
            "host": "127.0.0.1:%d" % r.port, "tls": "none", "user": "u",
            "password_file": secret(tmp_path), "allow_plaintext_auth": allow})
        one(h)
        assert [c.split()[1] for c in commands(r, "AUTH")] == (
            [used] if used else [])
        assert len(r.messages) == (used is not None)


@pytest.mark.parametrize("offered, used", [
    ("LOGIN PLAIN", "PLAIN"), ("CRAM-MD5 LOGIN", "LOGIN"),
    ("CRAM-MD5", "CRAM-MD5"), ("PLAIN SCRAM-SHA-1", "SCRAM-SHA-1"),
    ("SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256")])
def test_auth_order_over_tls(make_house, pki, tmp_path, offered, used):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "p"},
               mechanisms=offered) as r:
        one(auth_house(make_house, r, pki, password_file=secret(tmp_path)))
        assert [c.split()[1] for c in commands(r, "AUTH")] == [used]
        assert len(r.messages) == 1


def test_auth_list_is_the_order(make_house, pki, tmp_path):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "p"},
               mechanisms="PLAIN LOGIN SCRAM-SHA-256") as r:
        one(auth_house(make_house, r, pki, password_file=secret(tmp_path),
                       auth="LOGIN SCRAM-SHA-256"))
        assert commands(r, "AUTH")[0].startswith("AUTH LOGIN")


def test_auth_off(make_house, pki, tmp_path):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key) as r:
        r.caps.append("AUTH PLAIN")
        one(auth_house(make_house, r, pki, password_file=secret(tmp_path),
                       auth="off"))
        assert commands(r, "AUTH") == [] and len(r.messages) == 1


@pytest.mark.parametrize("reply", ["504 5.5.4 no", "534 5.7.9 too weak"])
def test_a_mechanism_not_taken_leads_to_the_next(make_house, pki, tmp_path,
                                                 reply):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "p"},
               mechanisms="PLAIN LOGIN") as r:
        r.replies["AUTH"] = lambda s, line: (
            reply if "PLAIN" in line else None)
        one(auth_house(make_house, r, pki, password_file=secret(tmp_path)))
        assert [c.split()[1] for c in commands(r, "AUTH")] == [
            "PLAIN", "LOGIN"]
        assert len(r.messages) == 1


def test_wrong_credentials_do_not(make_house, pki, tmp_path):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "right"},
               mechanisms="PLAIN LOGIN CRAM-MD5") as r:
        h = auth_house(make_house, r, pki, password_file=secret(tmp_path))
        one(h)
        assert len(commands(r, "AUTH")) == 1
        assert "535" in reason(h) and len(h.files()) == 1


def test_no_usable_mechanism_waits(make_house, pki, tmp_path):
    cert, key = pki.issue("localhost")
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "p"},
               mechanisms="GS2-KRB5 NTLM") as r:
        h = auth_house(make_house, r, pki, password_file=secret(tmp_path))
        one(h)
        assert r.messages == [] and commands(r, "MAIL") == []
        assert len(h.files()) == 1
