# SPDX-License-Identifier: ISC
"""INTERFACE 2: the configuration file, as the programs read it."""
import os
import re

import pytest


def write(house, text):
    with open(house.conf, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(house.conf, 0o600)


def check(house, text, code=78):
    write(house, text)
    r = house.call("sendoff", "check")
    assert r.code == code, r
    return r


def usual(house, more=""):
    return open(house.conf).read() + more


# --- one error each: file, line, key, what is accepted -----------------------

@pytest.mark.parametrize("text, line, key, accepted", [
    ("[relay]\nhots = a\n", 2, "hots", "host"),
    ("[relais]\nhost = a\n", 1, "[relais]", "[relay]"),
    ("[relay]\nport = 70000\n", 2, "port", "65535"),
    ("[relay]\ntls = ssl\n", 2, "tls", "starttls, implicit, opportunistic"),
    ("[relay]\nlookup = aaaa\n", 2, "lookup", "mx or srv"),
    ("[relay]\ntls_verify = maybe\n", 2, "tls_verify", "dane"),
    ("[relay]\nauth = NTLM\n", 2, "auth", "auto, off"),
    ("[relay]\nrate = fast\n", 2, "rate", "100/m"),
    ("[relay]\nsource = here\n", 2, "source", "IP address"),
    ("[relay]\ntls_fingerprint = abc\n", 2, "tls_fingerprint", "SHA-256"),
    ("[relay]\nconnections = 0\n", 2, "connections", "from 1"),
    ("[relay]\ntls_ca_file = ca.pem\n", 2, "tls_ca_file", "absolute path"),
    ("[relay a]\nhost = b\nsender = joe\n", 3, "sender", "@domain"),
    ("[relay a]\nhost = b\n", 1, "[relay a]", "sender or recipient"),
    ("[queue]\nlifetime = soon\n", 2, "lifetime", "5d"),
    ("[queue]\nlifetime = 5\n", 2, "lifetime", "5d"),
    ("[queue]\nmax_message_size = 5X\n", 2, "max_message_size", "50M"),
    ("[queue]\non_demand = perhaps\n", 2, "on_demand", "yes or no"),
    ("[queue]\nlist = mine\n", 2, "list", "own or all"),
    ("[queue]\ntrailer = exim\n", 2, "trailer", "postfix"),
    ("[queue]\nretry_min = 2h\nretry_max = 1h\n", 2, "retry_min", "retry_max"),
    ("[queue]\nwarn_after = 2d\nlifetime = 1d\n", 2, "warn_after", "lifetime"),
    ("[queue]\ndirectory = spool\n", 2, "directory", "absolute path"),
    ("[queue]\nmax_hops = 3\nmax_hops = 4\n", 3, "max_hops", "line 2"),
    ("[bounce]\nreturn = body\n", 2, "return", "headers or full"),
    ("[log]\ntarget = journal\n", 2, "target", "syslog"),
    ("[log]\nlevel = loud\n", 2, "level", "error, info or debug"),
    ("[identity]\ndomain = a b\n", 2, "domain", "domain"),
    ("[relay]\nuser = " + "u" * 300 + "\n", 2, "user", ""),
    ("[relay]\n host = a\n", 2, "host", "indented"),
    ("[relay]\nhost = a\0b\n", 2, "host", ""),
    ("[relay]\nuser = u\npassword = p\npassword_file = /p\n", 4,
     "password_file", "at most one"),
    ("[relay]\nuser = u\ntoken_command = t\noauth_token_url = https://x/\n"
     "oauth_client_id = c\noauth_refresh_token_file = /r\n", 3,
     "token_command", "oauth_"),
])
def test_error_names_file_line_key_and_what_is_accepted(house, text, line,
                                                        key, accepted):
    r = check(house, text)
    lines = r.err.splitlines()
    assert len(lines) == 1, r
    assert re.match(r"sendoff: %s:%d: " % (re.escape(house.conf), line),
                    lines[0]), r
    assert key in lines[0] and accepted in lines[0], r


def test_every_error_at_once(house):
    r = check(house, "[relay]\nprot = 25\n[nope]\n[queue]\nlifetime = x\n"
              "[log]\nlevel = x\n")
    assert [re.search(r":(\d+):", x)[1] for x in r.err.splitlines()] == [
        "2", "3", "5", "7"]


# --- what is no error --------------------------------------------------------

@pytest.mark.parametrize("text", [
    b"\xef\xbb\xbf[relay]\r\nhost = a\r\n\r\n[queue]\r\nlifetime = 1d\r\n",
    b"# c\n; c\n  # c\n\n[relay] ; c\nhost = a ; c\nport = 25 # c\n",
    b"[queue]\nlifetime = 5d\n[relay]\nhost = a\n[queue]\nwarn_after = 0\n",
    b"[relay]\nhost =\nport =\ntls =\n[queue]\nlifetime =\n",
    b"[relay]\nhost = a, b:25 [::1]:465,192.0.2.1\n",
    b"[relay]\nhost = ::1 [192.0.2.1] [2001:db8::1]:25\n",
    b"[queue]\non_demand = on\n[identity]\nrequire_user_from = FALSE\n",
    b"[queue]\non_demand = 1\n[identity]\nrequire_user_from = true\n",
    b"[queue]\nlifetime = 90s\nwarn_after = 1m\nretry_max = 2h\n",
    b"[queue]\nmax_message_size = 2g\nmin_free = 10K\nmax_header_size = 4096",
    b"[relay]\ntls_fingerprint = " + b"aB" * 32 + b"\n",
    b"[relay]\ntls_fingerprint = spki:" + b"ab" * 32 + b"\n",
    b"[relay]\ntls_fingerprint = " + b":".join([b"AB"] * 32) + b"\n",
    b"[relay a]\nhost = b\nsender = joe@x.test, @y.test .z.test <> *\n",
    b"[rewrite]\nroot = a@b.test\njoe@x.lan = j@x.test\n@x.lan = @x.test\n",
    b"[relay]\nuser = u\npassword = p ;q #r\n",
    b"",
])
def test_accepted(house, text):
    check(house, text, 0)


def test_a_password_that_others_may_read_is_refused(house):
    write(house, "[relay]\nhost = a\nuser = u\npassword = p\n")
    for mode, code in ((0o644, 78), (0o604, 78), (0o640, 0), (0o600, 0)):
        os.chmod(house.conf, mode)
        r = house.call("sendoff", "check")
        assert r.code == code, r
        assert " p\n" not in r.err


# --- which program minds what ------------------------------------------------

def test_the_front_minds_its_own_sections_only(house):
    good = usual(house)
    for text in ("[relay]\nhots = x\n", "[bounce]\nreturn = x\n",
                 "[relay b]\nport = x\n", "[log]\nlevel = x\n"):
        write(house, good + text)
        r = house.sendmail("b@example.com", input="Subject: x\n\ny\n")
        assert r.code == 0, (text, r)
    assert len(house.files()) == 4
    for text in ("[identity]\nhots = x\n", "[rewrite]\na = b\n",
                 "[aliases]\nfiles = x\n", "[queue]\nlifetime = x\n"):
        write(house, good + text)
        r = house.sendmail("b@example.com", input="Subject: x\n\ny\n")
        assert r.code == 78 and r.err.count("\n") == 1, (text, r)
        assert house.conf + ":" in r.err
    assert len(house.files()) == 4


def test_a_broken_relay_is_logged_by_the_front(make_house):
    h = make_house(log={"target": "file:" + os.devnull})
    log = os.path.join(h.folder, "log")
    write(h, open(h.conf).read().replace(os.devnull, log)
          + "[relay]\nhots = x\n")
    r = h.submit("b@example.com")
    assert r.err == ""
    text = open(log).read()
    assert "%s:" % h.conf in text and "hots" in text
    assert re.search(r": [0-9A-F]+: uid=%d from=<" % os.getuid(), text)


@pytest.mark.parametrize("call", [
    ("sendmail", "b@example.com"), ("mailq",), ("newaliases",),
    ("sendoffd", "--once"), ("sendoff", "check"), ("sendoff", "status"),
    ("sendmail", "-bs"), ("sendmail", "-bv", "root"), ("sendmail", "-q")])
def test_a_named_file_that_is_missing_is_78(house, call):
    os.unlink(house.conf)
    r = house.call(*call)
    assert r.code == 78 and r.err.count("\n") == 1, r
    assert house.conf in r.err and "No such file" in r.err


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_78(house):
    os.chmod(house.conf, 0)
    assert house.sendmail("b@example.com").code == 78
    assert house.call("sendoffd", "--once").code == 78


def test_a_directory_is_no_file(house):
    os.unlink(house.conf)
    os.mkdir(house.conf)
    for call in (("sendmail", "b@example.com"), ("sendoffd", "--once")):
        r = house.call(*call)
        assert r.code == 78 and r.err.count("\n") == 1, r


def test_the_environment_never_chooses(house, tmp_path):
    other = tmp_path / "other.conf"
    other.write_text("[nope]\n")
    env = {k: str(other) for k in (
        "SENDOFF_CONF", "SENDOFF_CONFIG", "MAIL_CONFIG", "CONF")}
    env.update(HOME=str(tmp_path), SYSCONFDIR=str(tmp_path))
    assert house.sendmail("b@example.com", env=env,
                          input="Subject: x\n\ny\n").code == 0
