# SPDX-License-Identifier: ISC
"""sendoff-token against an authorization server, alone and under a worker."""
import glob
import os
import stat
import subprocess
import threading

import pytest

from authserver import AuthServer
from relay import Relay
from worker import Worker, listening_port

SECRET, REFRESH = "client+secret&=%", "refresh-1/+="


def token(access="acc.ess-1", **more):
    return 200, {"access_token": access, "token_type": "Bearer",
                 "expires_in": 3600, **more}


def put(path, text, mode=0o600):
    with open(path, "w", encoding="ascii") as f:
        f.write(text + "\n")
    os.chmod(path, mode)
    return str(path)


class Place:
    """A house whose relay wants tokens of an authorization server."""

    def __init__(self, make_house, pki, folder, server, relay=None, **keys):
        self.secret = put(folder / "secret", SECRET)
        self.refresh = put(folder / "refresh", REFRESH)
        port = relay.port if relay else 1
        section = {
            "host": "127.0.0.1:%d" % port, "tls": "implicit", "user": "joe",
            "tls_ca_file": pki.ca,
            "oauth_token_url": server.url() if server else "",
            "oauth_client_id": "the client", "oauth_scope": "smtp offline",
            "oauth_client_secret_file": self.secret,
            "oauth_refresh_token_file": self.refresh, **keys}
        self.house = make_house(relay, relay={
            k: v for k, v in section.items() if v is not None})
        os.makedirs(self.house.queue, exist_ok=True)

    def run(self, *args):
        r = self.house.call("sendoff-token", *args)
        for hidden in (SECRET, REFRESH):
            assert hidden not in r.out + r.err
        return r


@pytest.fixture
def certs(pki):
    return pki.issue("relay.test", san="DNS:relay.test,IP:127.0.0.1")


@pytest.fixture
def server(certs):
    with AuthServer(*certs) as s:
        yield s


@pytest.fixture
def place(make_house, pki, tmp_path, server):
    def make(**keys):
        return Place(make_house, pki, tmp_path, server, **keys)
    return make


def test_refresh_grant(place, server):
    server.answers = [token()]
    p = place()
    r = p.run()
    assert r.code == 0 and r.out == "token acc.ess-1\n"
    assert server.forms == [("/token", {
        "grant_type": "refresh_token", "client_id": "the client",
        "client_secret": SECRET, "refresh_token": REFRESH,
        "scope": "smtp offline"})]


def test_client_credentials(place, server):
    server.answers = [token()]
    p = place(oauth_grant="client_credentials", oauth_scope="api/.default",
              oauth_refresh_token_file=None)
    assert p.run().out == "token acc.ess-1\n"
    assert server.forms[0][1] == {
        "grant_type": "client_credentials", "client_id": "the client",
        "client_secret": SECRET, "scope": "api/.default"}


def test_cache(place, server):
    server.answers = [token("one"), token("two"), token("three")]
    p = place()
    assert p.run().out == "token one\n"
    assert p.run().out == "token one\n"
    assert len(server.forms) == 1
    cached = os.path.join(p.house.queue, "token-")
    assert stat.S_IMODE(os.stat(cached).st_mode) == 0o600
    assert p.run("--fresh").out == "token two\n"
    assert p.run().out == "token two\n"
    # Another refresh token in the file: another account, perhaps.
    put(p.refresh, "refresh-other")
    assert p.run().out == "token three\n"
    assert server.forms[2][1]["refresh_token"] == "refresh-other"
    assert not glob.glob(cached + ".new")


@pytest.mark.parametrize("spoil", [
    lambda path: os.chmod(path, 0o644),
    lambda path: os.truncate(path, 40),
    lambda path: open(path, "a").write("x y\n"),
    lambda path: (os.unlink(path), os.symlink("/etc/passwd", path)),
    lambda path: (os.unlink(path), os.mkdir(path)),
])
def test_a_spoilt_cache_is_none(place, server, spoil):
    server.answers = [token("one"), token("two")]
    p = place()
    assert p.run().out == "token one\n"
    spoil(os.path.join(p.house.queue, "token-"))
    assert p.run().out == "token two\n"


def test_no_folder_no_cache(place, server):
    server.answers = [token("one"), token("two")]
    p = place()
    os.rmdir(p.house.queue)
    assert p.run().out == "token one\n"
    assert p.run().out == "token two\n"
    assert not os.path.exists(p.house.queue)


def test_expiry(place, server):
    server.answers = [token("short", expires_in=59),
                      token("unknown", expires_in=None), token("long")]
    p = place()
    assert p.run().out == "token short\n"
    assert p.run().out == "token unknown\n"
    assert p.run().out == "token unknown\n"
    assert len(server.forms) == 2


def test_rotation(place, server):
    server.answers = [token("one", refresh_token="refresh-2"),
                      token("two", refresh_token="refresh-3"), token("three"),
                      token("four")]
    p = place()
    for want in ("one", "two", "three", "four"):
        assert p.run("--fresh").out == "token %s\n" % want
    assert [f["refresh_token"] for _, f in server.forms] == [
        REFRESH, "refresh-2", "refresh-3", "refresh-3"]


def test_many_at_once_ask_once(place, server):
    server.answers = [token()]
    p = place()
    results = []
    threads = [threading.Thread(target=lambda: results.append(p.run().out))
               for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == ["token acc.ess-1\n"] * 6
    assert len(server.forms) == 1


@pytest.mark.parametrize("answer,code,words", [
    ((400, {"error": "invalid_grant", "error_description": "it\x1b[2J\r\nis"}),
     77, ["invalid_grant", "it\\x1B[2J is", "sendoff login"]),
    ((401, {"error": "invalid_client"}), 77, ["invalid_client"]),
    ((503, {"error": "temporarily_unavailable"}), 75, ["temporarily"]),
    ((429, b""), 75, ["429"]),
    ((500, b"<html>"), 75, ["500"]),
    ((302, b"https://127.0.0.1:1/"), 75, ["302"]),
    ((204, b""), 75, ["204"]),
    ((200, b"not json"), 75, ["access_token"]),
    ((200, b'{"access_token":"x"'), 75, ["access_token"]),
    ((200, {"access_token": ""}), 75, ["access_token"]),
    ((200, {"access_token": 7}), 75, ["access_token"]),
    ((200, {"access_token": "a b"}), 75, ["access_token"]),
    ((200, {"access_token": "a\r\nb"}), 75, ["access_token"]),
    ((200, {"access_token": "x" * 40000}), 75, ["access_token"]),
    ((200, b"x" * 300000), 75, ["too long"]),
    ((200, {"access_token": "x", "token_type": "mac"}), 75, ["bearer"]),
])
def test_no_token(place, server, answer, code, words):
    server.answers = [answer]
    p = place()
    r = p.run()
    assert r.code == code, r
    assert r.out.startswith("error ") and r.out.count("\n") == 1
    for word in words:
        assert word in r.out
    assert not os.path.exists(os.path.join(p.house.queue, "token-"))


def test_server_troubles(make_house, pki, tmp_path, server, certs):
    # An authority that is not trusted.
    p = Place(make_house, pki, tmp_path, server, tls_ca_file=None)
    r = p.run()
    assert r.code == 75 and "certificate" in r.out
    assert not server.forms
    # A name that is not in the certificate.
    p = Place(make_house, pki, tmp_path, server, oauth_token_url=
              "https://localhost:%d/token" % server.port)
    r = p.run()
    assert r.code == 75 and not server.forms
    # Nobody there.
    p = Place(make_house, pki, tmp_path, server, oauth_token_url=
              "https://127.0.0.1:%d/" % listening_port())
    assert p.run().code == 75
    # Nothing but HTTPS.
    p = Place(make_house, pki, tmp_path, server, oauth_token_url=
              "http://127.0.0.1:%d/" % server.port)
    assert p.run().code in (75, 78)


def test_slow_server(place, server):
    done = threading.Event()

    def hang(form):
        done.wait(20)
        return token()

    server.answers = [hang]
    p = place(command_timeout="1s")
    try:
        r = p.run()
        assert r.code == 75 and "timed out" in r.out.lower()
    finally:
        done.set()


@pytest.mark.parametrize("name,mode,code", [
    ("secret", 0o644, 75), ("refresh", 0o640, 0), ("refresh", 0o604, 75),
])
def test_files(place, server, name, mode, code):
    server.answers = [token()]
    p = place()
    os.chmod(getattr(p, name), mode)
    r = p.run()
    assert r.code == code, r
    assert code == 0 or "chmod" in r.out and not server.forms


def test_missing_refresh_token(place):
    p = place()
    os.unlink(p.refresh)
    r = p.run()
    assert r.code == 75 and "oauth_refresh_token_file" in r.out


# --- under a worker

def work(place, request, n=1):
    w = Worker(place.house)
    request.addfinalizer(w.kill)
    w.read()
    return w


@pytest.mark.parametrize("mech", ["XOAUTH2", "OAUTHBEARER"])
def test_worker(make_house, pki, tmp_path, server, certs, request, mech):
    """The first token has been withdrawn meanwhile: a new one is fetched."""
    server.answers = [token("withdrawn"), token("good")]
    with Relay(tls="implicit", cert=certs[0], key=certs[1],
               users={"joe": "good"}, mechanisms="PLAIN " + mech) as r:
        p = Place(make_house, pki, tmp_path, server, relay=r)
        for _ in range(2):
            w = work(p, request)
            w.until_done(w.give("a@b.test"))
            assert w.verdict(1) == "sent"
            code, err = w.finish()
            assert code == 0 and err == ""
        assert len(server.forms) == 2
        assert [m["user"] for m in r.messages] == ["joe", "joe"]


def test_worker_without_token(place, server, request):
    server.answers = [(400, {"error": "invalid_grant"})]
    w = work(place(), request)
    assert w.said[-1][0] == "down" and w.said[-1][1] == "auth"
    assert "invalid_grant" in w.said[-1][-1]


# --- the device grant

OFFER = (200, {"device_code": "dev/code", "user_code": "ABCD-EFGH",
               "verification_uri": "https://example.com/device",
               "verification_uri_complete": "https://example.com/d?c=ABCD",
               "expires_in": 600, "interval": 1})
PENDING = (400, {"error": "authorization_pending"})


def test_login(place, server):
    server.answers = [OFFER, PENDING, token(refresh_token="the-new-one")]
    p = place()
    os.unlink(p.refresh)
    r = p.run("--login", "--device-url", server.url("/device"))
    assert r.code == 0, r
    for word in ("https://example.com/device", "ABCD-EFGH",
                 "https://example.com/d?c=ABCD", p.refresh):
        assert word in r.out
    assert "the-new-one" not in r.out + r.err
    with open(p.refresh) as f:
        assert f.read() == "the-new-one\n"
    assert stat.S_IMODE(os.stat(p.refresh).st_mode) == 0o600
    assert os.stat(p.refresh).st_uid == os.stat(p.house.queue).st_uid
    assert server.forms[0] == ("/device", {
        "client_id": "the client", "client_secret": SECRET,
        "scope": "smtp offline"})
    assert server.forms[2] == ("/token", {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": "dev/code", "client_id": "the client",
        "client_secret": SECRET})
    server.answers = [token("after")]
    assert p.run().out == "token after\n"
    assert server.forms[-1][1]["refresh_token"] == "the-new-one"


@pytest.mark.parametrize("answers,words", [
    ([OFFER, (400, {"error": "access_denied"})], "access_denied"),
    ([OFFER, (400, {"error": "expired_token"})], "expired_token"),
    ([OFFER, token()], "offline"),
    ([(200, {"device_code": "x"})], "user_code"),
    ([(400, {"error": "invalid_scope"})], "invalid_scope"),
    ([(200, {**OFFER[1], "expires_in": 1}), PENDING], "in time"),
])
def test_login_fails(place, server, answers, words):
    server.answers = answers
    p = place()
    r = p.run("--login", "--device-url", server.url("/device"))
    assert r.code in (75, 77) and words in r.err, r
    with open(p.refresh) as f:
        assert f.read() == REFRESH + "\n"


def test_login_finds_the_way(place, server):
    server.pages["/.well-known/openid-configuration"] = {
        "device_authorization_endpoint": server.url("/there")}
    server.answers = [OFFER, token(refresh_token="new")]
    p = place()
    assert p.run("--login").code == 0
    assert server.forms[0][0] == "/there"
    # By the shape of the token's own URL.
    server.answers = [OFFER, token(refresh_token="new")]
    p = place(oauth_token_url=server.url("/common/oauth2/v2.0/token"))
    assert p.run("--login").code == 0
    assert server.forms[2][0] == "/common/oauth2/v2.0/devicecode"
    server.pages.clear()
    p = place()
    r = p.run("--login")
    assert r.code == 78 and "--device-url" in r.err


def test_sendoff_login(place, server):
    """The administrator's command is the same."""
    server.answers = [OFFER, token(refresh_token="by-sendoff")]
    p = place()
    r = p.house.call("sendoff", "login", "--device-url", server.url("/d"))
    assert r.code == 0 and "ABCD-EFGH" in r.out, r
    with open(p.refresh) as f:
        assert f.read() == "by-sendoff\n"
    assert p.house.call("sendoff", "login", "nosuch").code == 64


def test_usage(place):
    p = place()
    assert p.run("a", "b").code == 64
    assert p.run("nosuch").code == 78
    assert subprocess.run([p.house.program("sendoff-token"), "-C",
                           "/nonexistent"], stdout=subprocess.PIPE
                          ).returncode == 78
