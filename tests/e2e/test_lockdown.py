# SPDX-License-Identifier: ISC
"""A worker that serves is a worker that is locked down."""
import pytest

from relay import Relay
from worker import Worker


@pytest.fixture
def start(request):
    def begin(house, *args):
        w = Worker(house, *args)
        request.addfinalizer(w.kill)
        return w
    return begin


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


@pytest.fixture
def tls_relay(pki):
    """A relay with TLS that knows joe by one password or token."""
    cert, key = pki.issue("relay.test", san="DNS:relay.test,IP:127.0.0.1")
    opened = []

    def begin(mechanisms, secret, **more):
        r = Relay(tls="implicit", cert=cert, key=key, users={"joe": secret},
                  mechanisms=mechanisms, **more)
        opened.append(r)
        return r.__enter__()
    yield begin
    for r in opened:
        r.__exit__(None, None, None)


def keys(pki, relay, **more):
    return {"host": "127.0.0.1:%d" % relay.port, "tls": "implicit",
            "tls_ca_file": pki.ca, "user": "joe", **more}


def test_locked_before_the_first_byte(make_house, pki, start, tls_relay):
    with open(make_house().program("sendoff-deliver"), "rb") as f:
        if b"__asan_init" in f.read():
            pytest.skip("a sanitizer's build is not locked down")
    seen = {}

    def greeting(session, line):
        seen.update(status(worker.p.pid))

    r = tls_relay("PLAIN", "secret", replies={"GREETING": greeting})
    worker = start(make_house(r, relay=keys(pki, r, password="secret")))
    worker.read()
    worker.until_done(worker.give("a@b.test"))
    assert worker.verdict(1) == "sent"
    assert worker.finish()[0] == 0
    assert seen["NoNewPrivs"] == "1"
    assert seen["Seccomp"] == "2"


@pytest.mark.parametrize("mech", ["XOAUTH2", "OAUTHBEARER"])
def test_a_token_is_fetched_before(make_house, pki, start, tls_relay, mech):
    r = tls_relay(mech, "tok.en-1")
    worker = start(make_house(r, relay=keys(
        pki, r, token_command="echo tok.$(echo en)-1")))
    worker.read()
    worker.until_done(worker.give("a@b.test"))
    assert worker.verdict(1) == "sent"
    assert r.messages[0]["user"] == "joe"


@pytest.mark.parametrize("mech", ["XOAUTH2", "OAUTHBEARER"])
def test_a_refused_token_is_fetched_anew(make_house, pki, start, tls_relay,
                                         tmp_path, mech):
    """Locked down, through the process that was there before."""
    r = tls_relay(mech, "tok2")
    count = tmp_path / "count"
    worker = start(make_house(r, relay=keys(
        pki, r, token_command="echo x >> %s; echo tok$(wc -l < %s)"
        % (count, count))))
    worker.read()
    worker.until_done(worker.give("a@b.test"))
    assert worker.verdict(1) == "sent"
    assert worker.finish()[0] == 0
    assert count.read_text() == "x\nx\n"


def test_a_refused_token_is_fetched_once(make_house, pki, start, tls_relay,
                                         tmp_path):
    r = tls_relay("XOAUTH2", "never")
    count = tmp_path / "count"
    worker = start(make_house(r, relay=keys(
        pki, r, token_command="echo x >> %s; echo tok" % count)))
    worker.read()
    worker.give("a@b.test")
    down = worker.until("down")
    assert down[1] == "auth" and "535" in down[-1]
    assert worker.finish()[0] == 0
    assert count.read_text() == "x\nx\n"
