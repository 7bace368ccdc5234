# SPDX-License-Identifier: ISC
"""Real programs from Debian's packages that call sendmail, with their own
configuration, and what arrived at the relay."""
import email
import email.policy
import glob
import os
import socket
import struct
import subprocess
import time

import pytest

import callers
from relay import Relay
from system import System

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def system():
    s = System("callers", callers.PACKAGES)
    os.makedirs(s.file("/etc/cron.d"), exist_ok=True)
    with open(s.file("/etc/aliases"), "w") as f:
        f.write("root: admin@example.com\n")
    yield s
    s.close()


@pytest.fixture
def relay(system):
    with Relay() as r:
        system.configure(r)
        d = system.daemon()
        d.wait_line("started")
        yield r
    system.close()
    for name in system.files():
        os.unlink(system.file("/var/spool/sendoff/queue/" + name))


def needs(system, package):
    with open(system.file("/.missing")) as f:
        if package in f.read().split():
            pytest.skip("%s could not be installed" % package)


def parse(m):
    return email.message_from_bytes(m["data"], policy=email.policy.default)


def write(system, path, text, mode=0o644):
    full = system.file(path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as f:
        f.write(text)
    os.chmod(full, mode)


def one(relay, timeout=30):
    m = relay.wait(1, timeout)[0]
    return m, parse(m)


def in_background(system, *argv, **kw):
    return subprocess.Popen(["chroot", system.path, *argv],
                            stdin=subprocess.DEVNULL, env=system.env(),
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, **kw)


def test_cron(system, relay):
    write(system, "/etc/cron.d/test", "* * * * * alice echo grüße; echo .\n")
    p = in_background(system, "cron", "-f")
    try:
        m, got = one(relay, 100)
    finally:
        p.kill()
        p.wait()
        os.unlink(system.file("/etc/cron.d/test"))
    assert m["rcpts"] == ["alice@web1.test"]
    assert "Cron" in got["Subject"] and "alice" in str(got["From"])
    assert "grüße".encode() in m["data"] and b"\r\n..\r\n" not in m["data"]
    assert m["data"].rstrip().endswith(b"\r\n.")


def test_at(system, relay):
    p = in_background(system, "atd", "-f")
    try:
        r = system.call("at", "now", user="alice", input="echo from at\n")
        assert r.code == 0, r
        m, got = one(relay, 100)
    finally:
        p.kill()
        p.wait()
    assert m["rcpts"] == ["alice@web1.test"] and b"from at" in m["data"]


def test_bsd_mailx(system, relay):
    r = system.call("bsd-mailx", "-s", "subject one", "-c", "dave@example.com",
                    "carol@example.com", user="alice", input="body\n.\nmore\n")
    assert r.code == 0, r
    m, got = one(relay)
    assert sorted(m["rcpts"]) == ["carol@example.com", "dave@example.com"]
    assert got["Subject"] == "subject one" and got["From"] and got["Date"]


def test_s_nail(system, relay):
    r = system.call("s-nail", "-n", "-s", "subject", "-b", "dave@example.com",
                    "carol@example.com", user="alice", input="body\n")
    assert r.code == 0, r
    m, got = one(relay)
    assert "dave@example.com" in m["rcpts"] and b"dave@" not in m["data"]


def test_mailutils(system, relay):
    r = system.call("mail.mailutils", "-s", "subject", "carol@example.com",
                    user="alice", input="body\n")
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["carol@example.com"]


def test_mutt(system, relay):
    r = system.call("mutt", "-e", "set copy=no", "-s", "grüße",
                    "-b", "dave@example.com", "--", "carol@example.com",
                    user="alice", input="body\n")
    assert r.code == 0, r
    m, got = one(relay)
    assert sorted(m["rcpts"]) == ["carol@example.com", "dave@example.com"]
    assert got["Subject"] == "grüße" and b"dave@" not in m["data"]


def test_git_send_email(system, relay):
    r = system.call("sh", "-ec", """
        cd /home/alice; rm -rf repo; git init -q repo; cd repo
        git config user.name Alice; git config user.email alice@example.org
        git config sendemail.confirm never
        printf 'a\\n.\\nb\\n' > f; git add f; git commit -qm 'add f'
        git send-email --to=carol@example.com --root -1 HEAD
    """, user="alice", env={"HOME": "/home/alice"})
    assert r.code == 0, r
    m, got = one(relay)
    assert m["sender"] == "alice@example.org"
    assert "[PATCH] add f" in got["Subject"] and b"\r\n+.\r\n" in m["data"]


PHP = """<?php
$ok = mail("carol@example.com", "from php", "line one\\n.\\nline two",
    "From: web@example.org\\r\\nBcc: dave@example.com", "-fweb@example.org");
echo $ok ? "sent" : "failed";
"""


def test_php_cli(system, relay):
    write(system, "/tmp/mail.php", PHP)
    r = system.call("php", "/tmp/mail.php", user="alice")
    assert r.out == "sent", r
    m, got = one(relay)
    assert m["sender"] == "web@example.org"
    assert sorted(m["rcpts"]) == ["carol@example.com", "dave@example.com"]
    assert b"dave@" not in m["data"] and b"\r\n.\r\nline two" in m["data"]


def fastcgi(path, script):
    """One request to a FastCGI server; what it printed."""
    def record(kind, body):
        return struct.pack("!BBHHBB", 1, kind, 1, len(body), 0, 0) + body
    params = b""
    for k, v in {"SCRIPT_FILENAME": script, "REQUEST_METHOD": "GET",
                 "SCRIPT_NAME": script, "QUERY_STRING": ""}.items():
        params += bytes([len(k), len(v)]) + k.encode() + v.encode()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(path)
        s.sendall(record(1, struct.pack("!HB5x", 1, 0)) + record(4, params)
                  + record(4, b"") + record(5, b""))
        got = b""
        while True:
            more = s.recv(65536)
            if not more:
                return got
            got += more


def test_php_fpm_without_new_privileges(system, relay):
    fpm = glob.glob(system.file("/usr/sbin/php-fpm*"))
    assert fpm
    write(system, "/tmp/mail.php", PHP)
    write(system, "/tmp/fpm.conf", "[global]\nerror_log = /tmp/fpm.log\n"
          "[www]\nuser = alice\ngroup = alice\nlisten = /tmp/fpm.sock\n"
          "pm = static\npm.max_children = 1\n")
    p = subprocess.Popen(["setpriv", "--no-new-privs", "chroot", system.path,
                          "/usr/sbin/" + os.path.basename(fpm[0]), "-F", "-y",
                          "/tmp/fpm.conf"], env=system.env(),
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while not os.path.exists(system.file("/tmp/fpm.sock")):
            assert time.monotonic() < end and p.poll() is None
            time.sleep(0.05)
        out = fastcgi(system.file("/tmp/fpm.sock"), "/tmp/mail.php")
        assert b"sent" in out, out
        m, got = one(relay)
        assert m["sender"] == "web@example.org"
        assert sorted(m["rcpts"]) == ["carol@example.com", "dave@example.com"]
    finally:
        p.kill()
        p.wait()


def test_perl_mime_lite(system, relay):
    r = system.call("perl", "-e", """
        use MIME::Lite;
        MIME::Lite->new(From => 'alice@example.org', To => 'carol@example.com',
            Cc => 'dave@example.com', Subject => 'lite', Data => "hello\\n",
        )->send or die;
    """, user="alice")
    assert r.code == 0, r
    m, got = one(relay)
    assert sorted(m["rcpts"]) == ["carol@example.com", "dave@example.com"]


def test_perl_email_sender(system, relay):
    r = system.call("perl", "-e", """
        use Email::Sender::Simple qw(sendmail);
        use Email::Sender::Transport::Sendmail;
        sendmail("From: alice\\@example.org\\nTo: carol\\@example.com\\n" .
            "Subject: x\\n\\nhello\\n", { from => 'bounce@example.org',
            to => ['carol@example.com'],
            transport => Email::Sender::Transport::Sendmail->new });
    """, user="alice")
    assert r.code == 0, r
    m, got = one(relay)
    assert m["sender"] == "bounce@example.org"


def test_python(system, relay):
    r = system.call("python3", "-c", """
import subprocess
from email.message import EmailMessage
m = EmailMessage()
m['From'], m['To'], m['Subject'] = 'a@example.org', 'carol@example.com', 'grüße'
m.set_content('hellö')
subprocess.run(['/usr/sbin/sendmail', '-t', '-oi'], input=bytes(m), check=True)
""", user="alice")
    assert r.code == 0, r
    m, got = one(relay)
    assert got["Subject"] == "grüße" and got.get_content() == "hellö\n"


def test_ruby(system, relay):
    r = system.call("ruby", "-e", """
        require 'mail'
        Mail.defaults { delivery_method :sendmail }
        Mail.deliver { from 'a@example.org'; to 'carol@example.com'
            bcc 'dave@example.com'; subject 'ruby'; body 'hello' }
    """, user="alice")
    assert r.code == 0, r
    m, got = one(relay)
    assert sorted(m["rcpts"]) == ["carol@example.com", "dave@example.com"]
    assert b"dave@" not in m["data"]


def test_nodemailer(system, relay):
    r = system.call("node", "-e", """
        const t = require('nodemailer').createTransport({sendmail: true,
            path: '/usr/sbin/sendmail', newline: 'unix'});
        t.sendMail({from: 'a@example.org', to: 'carol@example.com',
            bcc: 'dave@example.com', subject: 'node', text: 'hello'},
            e => { if (e) { console.error(e); process.exit(1); } });
    """, user="alice", env={"NODE_PATH": "/usr/share/nodejs"})
    assert r.code == 0, r
    m, got = one(relay)
    assert sorted(m["rcpts"]) == ["carol@example.com", "dave@example.com"]
    assert b"dave@" not in m["data"]


def test_mblaze(system, relay):
    r = system.call("sh", "-ec", """
        printf 'To: carol@example.com\\nSubject: grüße\\n\\nhellö\\n' |
            mmime | /usr/sbin/sendmail -t -i
    """, user="alice")
    assert r.code == 0, r
    m, got = one(relay)
    assert got["Subject"] == "grüße" and "hellö" in got.get_content()


def test_logwatch(system, relay):
    os.makedirs(system.file("/var/cache/logwatch"), exist_ok=True)
    r = system.call("logwatch", "--output", "mail", "--mailto", "root",
                    "--service", "disk_space", "--range", "today", "--detail",
                    "low")
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"] and "Logwatch" in got["Subject"]


def test_smartd_warning(system, relay):
    r = system.call("/usr/share/smartmontools/smartd_warning.sh", env={
        "SMARTD_MAILER": "/usr/bin/bsd-mailx", "SMARTD_ADDRESS": "root",
        "SMARTD_MESSAGE": "disk fails", "SMARTD_FAILTYPE": "EmailTest",
        "SMARTD_TFIRST": "now", "SMARTD_TFIRSTEPOCH": "0",
        "SMARTD_DEVICE": "/dev/sda", "SMARTD_DEVICESTRING": "/dev/sda",
        "SMARTD_DEVICETYPE": "auto", "SMARTD_FULLMESSAGE": "disk fails",
        "SMARTD_SUBJECT": "SMART error", "SMARTD_PREVCNT": "0",
        "SMARTD_NEXTDAYS": "0", "SMARTD_DEVICEINFO": "disk"})
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"] and b"disk fails" in m["data"]


def test_sudo(system, relay):
    write(system, "/etc/sudoers.d/mail", "Defaults mail_no_user\n", 0o440)
    system.call("setsid", "sudo", "-n", "true", user="alice")
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"]
    assert "SECURITY" in got["Subject"] and b"alice" in m["data"]


def test_fail2ban(system, relay):
    write(system, "/tmp/f2b.py", """
import sys
sys.path.insert(0, '/usr/lib/python3/dist-packages')
from fail2ban.client.actionreader import ActionReader
from fail2ban.server.action import CommandAction
r = ActionReader('sendmail', 'test', {'name': 'test', 'dest': 'root',
    'sender': 'fail2ban@web1.test'}, basedir='/etc/fail2ban')
r.read(); r.getOptions({})
for step in r.convert():
    if 'actionstart' in str(step):
        values = step[3] if isinstance(step[3], list) else [step[3:5]]
        for name, value in values:
            if name == 'actionstart':
                command = value
opts = r.getCombined() if hasattr(r, 'getCombined') else {}
print(CommandAction.replaceTag(opts['actionstart'], opts))
""")
    r = system.call("python3", "/tmp/f2b.py")
    if r.code != 0:
        pytest.skip("fail2ban's action reader: " + r.err[-200:])
    r = system.call("sh", "-c", r.out)
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"]
    assert "Fail2Ban" in got["Subject"]


@pytest.mark.parametrize("mode", ["sendmail", "postfix"])
def test_check_mailq(system, relay, mode):
    plugin = "/usr/lib/nagios/plugins/check_mailq"
    r = system.call(plugin, "-M", mode, "-w", "2", "-c", "4")
    assert r.code == 0, r
    relay.stop()
    for i in range(3):
        assert system.call("sendmail", "carol@example.com", user="alice",
                           input="Subject: x\n\nx\n").code == 0
    r = system.call(plugin, "-M", mode, "-w", "2", "-c", "4")
    assert r.code == 1 and "3" in r.out, r


def test_pflogsumm(system, relay):
    assert system.call("sendmail", "carol@example.com", user="alice",
                       input="Subject: x\n\nx\n").code == 0
    d = system.daemons[0]
    d.wait_line(": removed")
    text = "".join("Nov 24 10:00:00 web1 sendoffd[1]: %s\n"
                   % line for line in d.lines)
    write(system, "/tmp/mail.log", text.replace("sendoffd[1]",
                                                "postfix/smtp[1]"))
    r = system.call("pflogsumm", "/tmp/mail.log")
    assert r.code == 0 and "1   delivered" in r.out, r
