# SPDX-License-Identifier: ISC
"""A real Postfix as the relay, with STARTTLS and SASL, in its own root."""
import email
import email.policy
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import roots
from house import House
from pki import Pki

PACKAGES = ["postfix", "libsasl2-modules", "sasl2-bin"]
USER, PASSWORD = "alerts", "secret ;# of alerts"
LIMIT = 30

MAIN = """
compatibility_level = 3.6
myhostname = relay.test
mydestination = relay.test
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks_style = host
mynetworks =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = /etc/postfix/cert.pem
smtpd_tls_key_file = /etc/postfix/key.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = relay.test
smtpd_sasl_security_options = noanonymous
message_size_limit = 30000
mailbox_size_limit = 0
home_mailbox = Maildir/
local_recipient_maps = unix:passwd.byname
default_transport = error:5.1.2 no other domain here
alias_maps =
maillog_file = /var/log/postfix.log
"""
SASL = """pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
"""


def prepare(path):
    for user in ("alice", "bob"):
        roots.chroot(path, "useradd", "-m", user)
    os.makedirs(os.path.join(path, "etc/postfix/sasl"), exist_ok=True)
    with open(os.path.join(path, "etc/postfix/sasl/smtpd.conf"), "w") as f:
        f.write(SASL)
    p = subprocess.run(["chroot", path, "saslpasswd2", "-p", "-c", "-u",
                        "relay.test", USER], input=PASSWORD.encode())
    assert p.returncode == 0
    roots.chroot(path, "chgrp", "postfix", "/etc/sasldb2")
    roots.chroot(path, "chmod", "640", "/etc/sasldb2")


class Postfix:
    def __init__(self, pki):
        self.path = roots.make_root("postfix", PACKAGES, prepare)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        cert, key = pki.issue("localhost")
        for source, name in ((cert, "cert.pem"), (key, "key.pem")):
            target = self.file("etc/postfix/" + name)
            shutil.copy(source, target)
            os.chmod(target, 0o600)
        with open(self.file("etc/postfix/main.cf"), "w") as f:
            f.write(MAIN)
        with open(self.file("etc/postfix/master.cf")) as f:
            lines = [x for x in f.read().splitlines()
                     if not x.startswith(("smtp      inet", "127.0.0.1:"))]
        lines.append("127.0.0.1:%d inet n - n - - smtpd" % self.port)
        if not any(x.startswith("postlog ") for x in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        with open(self.file("etc/postfix/master.cf"), "w") as f:
            f.write("\n".join(lines) + "\n")
        self.wipe()
        self.p = None
        self.start()

    def file(self, name):
        return os.path.join(self.path, name)

    def wipe(self):
        for user in ("alice", "bob"):
            shutil.rmtree(self.file("home/%s/Maildir" % user),
                          ignore_errors=True)

    def start(self):
        self.p = subprocess.Popen(
            ["chroot", self.path, "/usr/sbin/postfix", "start-fg"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + LIMIT
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < end, "postfix does not answer"
                time.sleep(0.1)

    def stop(self):
        subprocess.run(["chroot", self.path, "/usr/sbin/postfix", "stop"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        try:
            self.p.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.p.pid, signal.SIGKILL)

    def log(self):
        with open(self.file("var/log/postfix.log"), errors="replace") as f:
            return f.read()

    def mail(self, user, n=1):
        """The n messages in user's mailbox, oldest first; waits for them."""
        folder = self.file("home/%s/Maildir/new" % user)
        end = time.monotonic() + LIMIT
        while True:
            names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
            if len(names) >= n:
                break
            assert time.monotonic() < end, self.log()[-3000:]
            time.sleep(0.05)
        found = []
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                found.append(email.message_from_bytes(
                    f.read(), policy=email.policy.default))
        return found


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def postfix(pki):
    p = Postfix(pki)
    yield p
    p.stop()


@pytest.fixture
def house(postfix, pki, tmp_path):
    postfix.wipe()
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    h = House(tmp_path, None, relay={
        "host": "localhost:%d" % postfix.port, "user": USER + "@relay.test",
        "password_file": str(secret), "tls_ca_file": pki.ca})
    yield h
    h.close()


def test_sent(house, postfix):
    house.submit("-t", "-i", input="From: alice@relay.test\n"
                 "To: bob@relay.test\nSubject: hello\n\n.\nbody\n")
    house.once()
    m, = postfix.mail("bob")
    assert m["Subject"] == "hello"
    assert m.get_content().replace("\r\n", "\n") == ".\nbody\n"
    assert house.files() == []


def test_a_window_of_messages(house, postfix):
    """By BDAT, some refused in between: each is answered for itself."""
    with open(house.conf, "a") as f:
        f.write("[relay]\nconnections = 1\n")
    for i in range(30):
        house.submit("-f", "", "nosuch@relay.test" if i % 15 == 8 else
                     "bob@relay.test", input="Subject: n%d\n\nx\n" % i)
    r = house.call("sendoffd", "--once", "-v")
    assert r.code == 0
    assert r.err.count("C: BDAT") > 25, r.err
    assert r.err.count("to=<nosuch@relay.test>") == 2
    assert r.err.count("S: 554 5.5.1") >= 2      # to BDAT without recipients
    found = postfix.mail("bob", 28)
    assert sorted(m["Subject"] for m in found) == sorted(
        "n%d" % i for i in range(30) if i % 15 != 8)
    assert house.mailq() == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5",
                                       "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_each_mechanism(house, postfix, mechanism):
    with open(house.conf, "a") as f:
        f.write("[relay]\nauth = %s\n" % mechanism)
    house.submit("-f", "alice@relay.test", "bob@relay.test")
    house.once()
    postfix.mail("bob")
    assert "sasl_method=" + mechanism in postfix.log()


def test_wrong_password_waits(house, postfix, tmp_path):
    (tmp_path / "password").write_text("wrong\n")
    house.submit("-f", "alice@relay.test", "bob@relay.test")
    house.once()
    entry, = house.mailq()
    assert "authentication" in entry["recipients"][0]["delay_reason"].lower()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    assert house.call("mailq", "-q").code == 0
    postfix.mail("bob")


def test_refused_and_bounced(house, postfix):
    house.submit("-f", "alice@relay.test", "stranger@relay.test",
                 "bob@relay.test")
    house.once()
    postfix.mail("bob")
    report, = postfix.mail("alice")
    assert report.get_content_type() == "multipart/report"
    status = report.get_payload(1).as_string()
    assert "Status: 5.1.1" in status
    assert "stranger@relay.test" in re.search(
        r"Final-Recipient: rfc822;(.*)", status).group(1)
    assert "Action: failed" in status


def test_size_limit(house, postfix):
    house.submit("-f", "alice@relay.test", "bob@relay.test",
                 input="Subject: big\n\n" + ("x" * 70 + "\n") * 1000)
    house.once()
    report, = postfix.mail("alice")
    assert "Status: 5.3.4" in report.get_payload(1).as_string()


def test_dsn_success(house, postfix):
    house.submit("-f", "alice@relay.test", "-N", "success", "-V", "ENV1",
                 "-R", "hdrs", "bob@relay.test")
    house.once()
    postfix.mail("bob")
    report, = postfix.mail("alice")
    status = report.get_payload(1).as_string()
    assert "Action: delivered" in status
    assert "Original-Envelope-Id: ENV1" in status


def test_many_in_one_session(house, postfix):
    for i in range(20):
        house.submit("-f", "alice@relay.test", "bob@relay.test",
                     input="Subject: n%d\n\nbody\n" % i)
    before = postfix.log().count("connect from")
    house.once()
    got = postfix.mail("bob", 20)
    assert {m["Subject"] for m in got} == {"n%d" % i for i in range(20)}
    assert postfix.log().count(" connect from") - before <= 5


def test_relay_down_and_back(house, postfix):
    postfix.stop()
    try:
        house.submit("-f", "alice@relay.test", "bob@relay.test")
        house.once()
        assert house.mailq()[0]["queue_name"] == "deferred"
    finally:
        postfix.start()
    assert house.call("mailq", "-q").code == 0
    postfix.mail("bob")
