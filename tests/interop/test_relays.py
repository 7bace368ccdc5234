# SPDX-License-Identifier: ISC
"""A real Exim, and a real Dovecot submission service in front of it, as
relays, in a root of their own."""
import email
import email.policy
import json
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

pytestmark = pytest.mark.long

PACKAGES = ["exim4-daemon-heavy", "dovecot-submissiond", "dovecot-lmtpd",
            "openssl"]
USER, PASSWORD = "alerts", "secret of alerts"
LIMIT = 10

EXIM = """
primary_hostname = relay.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = %(port)d
log_file_path = /var/log/exim4/%%slog
log_selector = +smtp_connection
tls_certificate = /etc/exim4/cert.pem
tls_privatekey = /etc/exim4/key.pem
tls_advertise_hosts = *
dsn_advertise_hosts = %(dsn)s
chunking_advertise_hosts = %(chunking)s
smtputf8_advertise_hosts = %(utf8)s
accept_8bitmime = %(eight)s
message_size_limit = 30K
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
acl_smtp_predata = accept
begin acl
rcpt:
  accept hosts = %(trusted)s
         verify = recipient
  require message = authentication is needed
          authenticated = *
  require verify = recipient
  accept
begin routers
local:
  driver = accept
  domains = relay.test
  check_local_user
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = /home/$local_part_data/Maildir
  maildir_format
  create_directory
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{%(user)s}}{eq{$auth3}{%(pw)s}}}}
  server_set_id = $auth2
  server_advertise_condition = ${if def:tls_in_cipher}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{%(user)s}}{eq{$auth2}{%(pw)s}}}}
  server_set_id = $auth1
  server_advertise_condition = ${if def:tls_in_cipher}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{%(user)s}{%(pw)s}fail}
  server_set_id = $auth1
"""

DOVECOT = """
protocols = submission
base_dir = /run/dovecot-test
log_path = /var/log/dovecot-test.log
mail_location = maildir:~/Mail
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
passdb {
  driver = passwd-file
  args = scheme=PLAIN /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=1000 gid=1000 home=/home/alice
}
ssl = required
ssl_cert = </etc/dovecot/cert.pem
ssl_key = </etc/dovecot/key.pem
hostname = submission.test
submission_relay_host = 127.0.0.1
submission_relay_port = %(exim)d
submission_relay_ssl = no
submission_relay_trusted = no
service submission-login {
  inet_listener submission {
    address = 127.0.0.1
    port = %(port)d
  }
  chroot =
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
"""


def users(path):
    for user in ("alice", "bob"):
        roots.chroot(path, "useradd", "-m", user)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Peers:
    """The root, and what runs in it. Each test has an Exim of its own."""

    def __init__(self, pki):
        self.path = roots.make_root("relays", PACKAGES, users)
        self.procs = {}
        self.port, self.dovecot_port = free_port(), free_port()
        cert, key = pki.issue("localhost")
        for folder in ("etc/exim4", "etc/dovecot"):
            for source, name in ((cert, "cert.pem"), (key, "key.pem")):
                shutil.copy(source, self.file(folder + "/" + name))
                os.chmod(self.file(folder + "/" + name), 0o644)

    def file(self, name):
        return os.path.join(self.path, name)

    def start(self, name, port, *argv):
        self.procs[name] = subprocess.Popen(
            ["chroot", self.path, *argv], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        end = time.monotonic() + LIMIT
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                assert time.monotonic() < end, name + " does not answer"
                time.sleep(0.05)

    def exim(self, **how):
        self.stop("exim")
        for name in ("home/alice/Maildir", "home/bob/Maildir",
                     "var/spool/exim4/input", "var/log/exim4/mainlog"):
            shutil.rmtree(self.file(name), ignore_errors=True)
            if os.path.exists(self.file(name)):
                os.unlink(self.file(name))
        conf = {"dsn": "*", "chunking": "*", "utf8": "*", "eight": "true",
                "trusted": ":", "port": self.port, "user": USER,
                "pw": PASSWORD, **how}
        with open(self.file("etc/exim4/exim4.conf"), "w") as f:
            f.write(EXIM % conf)
        self.start("exim", self.port, "/usr/sbin/exim4", "-bdf")

    def dovecot(self):
        self.stop("dovecot")
        with open(self.file("etc/dovecot/users"), "w") as f:
            f.write("%s:{PLAIN}%s\n" % (USER, PASSWORD))
        with open(self.file("etc/dovecot/test.conf"), "w") as f:
            f.write(DOVECOT % {"exim": self.port, "port": self.dovecot_port})
        self.start("dovecot", self.dovecot_port, "/usr/sbin/dovecot", "-F",
                   "-c", "/etc/dovecot/test.conf")

    def stop(self, *names):
        for name in names or list(self.procs):
            p = self.procs.pop(name, None)
            if p is None:
                continue
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()

    def log(self):
        with open(self.file("var/log/exim4/mainlog"), errors="replace") as f:
            return f.read()

    def mail(self, user, n=1):
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
def peers(pki):
    p = Peers(pki)
    yield p
    p.stop()


@pytest.fixture
def start(peers, pki, tmp_path):
    """start(dovecot=False, exim's options) -> a House."""
    made = []
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)

    def begin(dovecot=False, auth="auto", **how):
        peers.exim(**how)
        if dovecot:
            peers.dovecot()
        port = peers.dovecot_port if dovecot else peers.port
        made.append(House(tmp_path, None, relay={
            "host": "localhost:%d" % port, "user": USER, "auth": auth,
            "password_file": str(secret), "tls_ca_file": pki.ca}))
        then = time.time() - 60
        os.utime(made[-1].conf, (then, then))
        return made[-1]
    yield begin
    for h in made:
        h.close()


def status(report):
    assert report.get_content_type() == "multipart/report"
    return report.get_payload(1).as_string()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_exim_mechanisms(start, peers, mechanism):
    h = start(auth=mechanism)
    h.submit("-f", "alice@relay.test", "bob@relay.test")
    h.once()
    peers.mail("bob")
    assert "A=%s:%s" % (mechanism.split("-")[0].lower(), USER) in peers.log()


@pytest.mark.parametrize("mechanism", [
    "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_dovecot_mechanisms(start, peers, mechanism):
    h = start(dovecot=True, auth=mechanism, trusted="127.0.0.1")
    h.submit("-f", "alice@relay.test", "bob@relay.test")
    h.once()
    peers.mail("bob")
    assert h.files() == []


def test_check_walks(start):
    for dovecot in (False, True):
        h = start(dovecot=dovecot, trusted="127.0.0.1")
        r = h.call("sendoff", "check", "--relay")
        assert r.code == 0, r
        assert "SIZE" in r.out and "TLSv1.3" in r.out


@pytest.mark.parametrize("dovecot", [False, True])
@pytest.mark.parametrize("chunking", ["*", ""])
def test_many_in_one_session(start, peers, dovecot, chunking):
    h = start(dovecot=dovecot, trusted="127.0.0.1", chunking=chunking)
    for i in range(20):
        h.submit("-i", "-f", "alice@relay.test", "bob@relay.test",
                 input="Subject: n%d\n\n.\nbody %s\n" % (i, "x" * 900))
    log = h.call("sendoffd", "--once", "-v").err
    assert h.files() == [], log
    got = peers.mail("bob", 20)
    assert {m["Subject"] for m in got} == {"n%d" % i for i in range(20)}
    assert all(m.get_content().replace("\r\n", "\n") ==
               ".\nbody %s\n" % ("x" * 900) for m in got)
    assert peers.log().count("SMTP connection from") <= 10
    if not dovecot:
        assert bool(re.search(r"<= .* K ", peers.log())) == (chunking == "*")


def test_refused_recipient(start, peers):
    h = start()
    h.submit("-f", "alice@relay.test", "stranger@relay.test",
             "bob@relay.test")
    h.once()
    peers.mail("bob")
    report, = peers.mail("alice")
    assert "stranger@relay.test" in status(report)
    assert "bob@relay.test" not in status(report)
    assert "Action: failed" in status(report)


def test_dsn(start, peers):
    h = start()
    h.submit("-f", "alice@relay.test", "-N", "success", "-V", "ENV1", "-R",
             "hdrs", "bob@relay.test")
    h.once()
    report, = peers.mail("alice")
    assert "Action: delivered" in status(report)
    assert "ENV1" in status(report)


def test_without_dsn(start, peers):
    h = start(dsn="")
    h.submit("-f", "alice@relay.test", "-N", "success", "-V", "ENV1",
             "bob@relay.test")
    h.once()
    report, = peers.mail("alice")
    assert "Action: relayed" in status(report)
    assert "Original-Envelope-Id: ENV1" in status(report)


@pytest.mark.parametrize("eight", ["true", "false"])
def test_8bit(start, peers, eight):
    h = start(eight=eight)
    h.submit("-f", "alice@relay.test", "bob@relay.test",
             input="Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain;"
             " charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
             "gr\u00fc\u00dfe\n")
    h.once()
    m, = peers.mail("bob")
    assert m.get_content().strip() == "gr\u00fc\u00dfe"
    assert (m["Content-Transfer-Encoding"] == "8bit") == (eight == "true")


@pytest.mark.parametrize("utf8", ["*", ""])
def test_smtputf8(start, peers, utf8):
    h = start(utf8=utf8)
    h.submit("-f", "alice@relay.test", "j\u00f6rg@relay.test",
             "bob@relay.test")
    h.once()
    peers.mail("bob")
    report, = peers.mail("alice")
    # with it the relay itself refuses him
    assert ("5.6.7" in status(report)) == (utf8 == "")
    assert "bob@" not in status(report)


def test_size(start, peers):
    h = start()
    big = "Subject: big\n\n" + ("x" * 70 + "\n") * 1000
    h.submit("-f", "alice@relay.test", "bob@relay.test", input=big)
    h.once()
    report, = peers.mail("alice")
    assert "Status: 5.3.4" in status(report)
    r = h.sendmail("-f", "alice@relay.test", "bob@relay.test", input=big)
    assert r.code == 65 and "30720" in r.err and "localhost" in r.err, r


def test_wrong_password(start, peers, tmp_path):
    h = start()
    (tmp_path / "password").write_text("wrong\n")
    h.submit("-f", "alice@relay.test", "bob@relay.test")
    h.once()
    entry, = h.mailq()
    assert "535" in entry["recipients"][0]["delay_reason"]
    s = json.loads(h.call("sendoff", "status", "--json").out)
    assert s["relays"][0]["up"] is False and "535" in s["relays"][0]["reason"]
