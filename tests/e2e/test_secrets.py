# SPDX-License-Identifier: ISC
"""Where a password goes: to the relay, and nowhere else."""
import base64
import glob
import os
import signal
import threading

import pytest

from house import BUILD
from relay import HANG, Relay
from worker import Worker

CANARY = "kanarienvogel-4711-#pw"
OTHER = "another-bird-0815"


def shapes(secret, user="joe"):
    """The secret as it may show up: plain, base64 (alone and as PLAIN has
    it, at each of the three offsets), hexadecimal."""
    raw = secret.encode()
    found = [raw, raw.hex().encode(), raw.hex().upper().encode()]
    for before in (b"", b"x", b"xx", b"\0%s\0" % user.encode()):
        whole = base64.b64encode(before + raw)
        # what the bytes around it have a part in does not count
        found.append(whole[(4 * len(before) + 2) // 3:-4])
    return found


def assert_clean(where, data, secret=CANARY):
    for shape in shapes(secret):
        assert len(shape) > 8
        assert shape not in data, "%s has the password: %r" % (where, shape)


def look_around(folder, *keep):
    """Every file that came into being, but for those that hold it."""
    seen = 0
    for path in glob.glob(folder + "/**", recursive=True):
        if os.path.isfile(path) and path not in keep:
            with open(path, "rb") as f:
                assert_clean(path, f.read())
            seen += 1
    return seen


def test_the_net_has_no_holes():
    """The search finds each shape that it is meant to find."""
    for text in (CANARY, "x" + CANARY, "xx" + CANARY, "\0joe\0" + CANARY):
        with pytest.raises(AssertionError):
            assert_clean("test", base64.b64encode(text.encode()))
    for data in (CANARY.encode(), CANARY.encode().hex().encode()):
        with pytest.raises(AssertionError):
            assert_clean("test", b"..." + data + b"...")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5",
                                       "SCRAM-SHA-256", "XOAUTH2"])
@pytest.mark.parametrize("right", [True, False])
def test_nowhere_else(make_house, pki, tmp_path, mechanism, right):
    """A whole life: sent, refused, deferred, bounced, shown and listed, with
    everything logged that can be."""
    cert, key = pki.issue("relay.test", san="DNS:relay.test,IP:127.0.0.1")
    secret = tmp_path / "secret"
    secret.write_text(CANARY + "\n")
    secret.chmod(0o600)
    how = {"token_command": "cat %s" % secret} if mechanism == "XOAUTH2" \
        else {"password_file": str(secret)}
    with Relay(tls="implicit", cert=cert, key=key, mechanisms=mechanism,
               users={"joe": CANARY if right else OTHER}) as r:
        # A server that gives back what it was told, in its own words.
        r.replies["RCPT"] = lambda s, line: "550 5.1.1 no such user" \
            if "nobody@" in line else None
        h = make_house(r, relay={
            "host": "127.0.0.1:%d" % r.port, "tls": "implicit",
            "tls_ca_file": pki.ca, "user": "joe", "auth": mechanism, **how},
            log={"target": "file:%s/log" % tmp_path, "level": "debug"})
        h.submit("-f", "me@client.test", "a@example.com", "nobody@b.example")
        said = [h.call("sendoffd", "--once", "-v"),
                h.submit("-v", "b@example.com"),
                h.call("sendoffd", "--once"), h.call("mailq"),
                h.call("mailq", "--json"), h.call("sendoff", "status"),
                h.call("sendoff", "check", "--relay"),
                h.call("sendoff", "check", "--relay", "--send",
                       "c@example.com"),
                h.call("sendoff-deliver", "--check", "-v")]
        said += [h.call("sendoff", "show", name) for name in h.files()]
        for one in said:
            assert_clean("output", (one.out + one.err).encode())
        assert any("AUTH" in one.err for one in said)
        for m in r.messages + r.refused:
            assert_clean("a message", m["data"])
        assert (len(r.messages) > 0) == right
        assert look_around(h.folder) + look_around(
            str(tmp_path), str(secret)) > 3


def test_not_in_the_process_table(make_house, pki, tmp_path):
    """Nor in a core: there is none, and nobody may look into the memory."""
    cert, key = pki.issue("relay.test", san="DNS:relay.test,IP:127.0.0.1")
    secret = tmp_path / "secret"
    secret.write_text(CANARY + "\n")
    secret.chmod(0o600)
    seen, looked = {}, threading.Event()

    def look(session, line):
        for pid in (w.p.pid, *children(w.p.pid)):
            for name in ("cmdline", "environ"):
                with open("/proc/%d/%s" % (pid, name), "rb") as f:
                    seen[pid, name] = f.read()
            with open("/proc/%d/limits" % pid) as f:
                seen[pid, "core"] = [x for x in f if "core file" in x][0]
        looked.set()
        return HANG

    with Relay(tls="implicit", cert=cert, key=key, mechanisms="PLAIN",
               users={"joe": CANARY}, replies={"MAIL": look}) as r:
        h = make_house(r, relay={
            "host": "127.0.0.1:%d" % r.port, "tls": "implicit",
            "tls_ca_file": pki.ca, "user": "joe",
            "password_file": str(secret)})
        w = Worker(h)
        w.read()
        w.give("a@example.com")
        w.until("up")
        assert looked.wait(20)
        for (_, name), data in seen.items():
            if name == "core":
                assert data.split()[4:6] == ["0", "0"], data
            else:
                assert_clean(name, data)
        os.kill(w.p.pid, signal.SIGSEGV)
        w.p.wait()
        # a sanitizer has a handler of its own, which exits
        assert w.p.returncode == (1 if "address" in BUILD else
                                  -signal.SIGSEGV)
        assert not glob.glob(h.folder + "/**/core*", recursive=True)
        w.kill()


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(x) for x in f.read().split()]
