# SPDX-License-Identifier: ISC
"""The mail libraries of programming languages, from Debian's packages."""
import glob
import os
import socket
import struct
import time

import pytest

from callers import one, parse, stop, write

pytestmark = pytest.mark.long

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
    p = system.start("/usr/sbin/" + os.path.basename(fpm[0]), "-F", "-y",
                     "/tmp/fpm.conf", before=("setpriv", "--no-new-privs"))
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
        stop(p)


SYMFONY = """<?php
require 'Symfony/Component/Mailer/autoload.php';
use Symfony\\Component\\Mailer\\Mailer;
use Symfony\\Component\\Mailer\\Transport;
use Symfony\\Component\\Mime\\Email;
$mailer = new Mailer(Transport::fromDsn($argv[1]));
foreach (['one', 'two'] as $subject)
    $mailer->send((new Email())->from('web@example.org')
        ->to('carol@example.com')->bcc('dave@example.com')
        ->subject($subject)->text("a\\n.\\nb"));
echo "sent";
"""


@pytest.mark.parametrize("dsn", [
    "sendmail://default",
    "sendmail://default?command=/usr/sbin/sendmail%20-t%20-i"])
def test_symfony_mailer(system, relay, dsn):
    """By default SMTP with sendmail -bs, two messages in one session."""
    write(system, "/tmp/symfony.php", SYMFONY)
    r = system.call("php", "/tmp/symfony.php", dsn, user="alice")
    assert r.out == "sent", r
    for m, subject in zip(relay.wait(2), ("one", "two")):
        assert m["sender"] == "web@example.org"
        assert m["rcpts"] == ["carol@example.com", "dave@example.com"]
        assert parse(m)["Subject"] == subject and b"dave@" not in m["data"]
        assert b"a\r\n.\r\nb" in m["data"]


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
    assert got["Subject"] == "grüße" and "hellö" in got.get_content()


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
