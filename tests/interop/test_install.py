# SPDX-License-Identifier: ISC
"""make install for real: rights, privilege, and hostile callers."""
import email
import fcntl
import os
import shutil
import smtplib
import socket
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import roots
from relay import Relay
from system import USERS, System

MESSAGE = "To: carol@example.com\nSubject: hello\n\nbody\n"


@pytest.fixture(scope="module")
def system():
    s = System("system")
    yield s
    s.close()


@pytest.fixture
def relay(system):
    with Relay() as r:
        system.configure(r)
        yield r
    system.close()
    system.empty()


def mode(system, path):
    st = os.lstat(system.file(path))
    return stat.S_IMODE(st.st_mode)


def test_modes(system):
    assert mode(system, "/usr/sbin/sendmail") == 0o2755
    assert mode(system, "/var/spool/sendoff") == 0o750
    for path in ("/queue", "/corrupt"):
        assert mode(system, "/var/spool/sendoff" + path) == 0o3770
    for link in ("/usr/bin/mailq", "/usr/bin/newaliases", "/usr/lib/sendmail"):
        assert os.readlink(system.file(link)) == "/usr/sbin/sendmail"


def test_one_setgid_file_and_no_setuid(system):
    found = [p for p in ("/usr/sbin/sendmail", "/usr/sbin/sendoffd",
                         "/usr/sbin/sendoff",
                         "/usr/libexec/sendoff/sendoff-deliver")
             if mode(system, p) & 0o6000]
    assert found == ["/usr/sbin/sendmail"]


def test_user_submits_and_it_arrives(system, relay):
    d = system.daemon()
    d.wait_line("started")
    r = system.call("sendmail", "-t", user="alice", input=MESSAGE)
    assert r.code == 0, r
    m, = relay.wait(1)
    assert m["sender"] == "alice@web1.test"
    d.wait_line(": removed")


def test_noticed_at_once_without_proc(system, relay):
    d = system.daemon(proc=False)
    d.wait_line("started")
    assert system.call("sendmail", "-t", user="alice", input=MESSAGE).code == 0
    relay.wait(1, timeout=5)


def test_files_belong_to_the_caller_and_the_group(system, relay):
    assert system.call("sendmail", "-t", user="alice", input=MESSAGE).code == 0
    name, = system.files()
    st = os.lstat(system.file("/var/spool/sendoff/queue/" + name))
    assert st.st_uid == USERS["alice"]
    assert stat.S_IMODE(st.st_mode) == 0o660


def test_nobody_else_reaches_the_queue(system, relay):
    assert system.call("sendmail", "-t", user="alice", input=MESSAGE).code == 0
    name, = system.files()
    path = "/var/spool/sendoff/queue/" + name
    for user in ("alice", "bob"):
        for argv in (["cat", path], ["ls", "/var/spool/sendoff"],
                     ["rm", "-f", path], ["touch", path]):
            assert system.call(*argv, user=user).code != 0


def test_mailq_shows_a_user_his_own(system, relay):
    assert system.call("sendmail", "-t", user="alice", input=MESSAGE).code == 0
    assert system.call("mailq", "--count", user="alice").out.strip() == "1"
    assert system.call("mailq", "--count", user="bob").out.strip() == "0"
    assert system.call("mailq", "--count").out.strip() == "1"


def test_c_drops_the_privilege(system, relay):
    r = system.call("sendmail", "-C", "/etc/sendoff/sendoff.conf", "-t",
                    user="alice", input=MESSAGE)
    assert r.code == 75, r
    assert system.files() == []


@pytest.mark.parametrize("argv", [
    ["-X/tmp/owned", "-t"], ["-X", "/tmp/owned", "-t"],
    ["-D", "/tmp/owned", "-t"], ["-OQueueDirectory=/tmp", "-t"],
    ["-oQ/tmp", "-t"]])
def test_no_option_writes_a_file(system, relay, argv):
    before = set(os.listdir(system.file("/tmp")))
    system.call("sendmail", *argv, user="alice", input=MESSAGE)
    assert set(os.listdir(system.file("/tmp"))) == before


def test_no_new_privileges_goes_through_the_gate(system, relay):
    d = system.daemon()
    d.wait_line("started")
    start = time.monotonic()
    r = system.call("sendmail", "-t", user="alice", input=MESSAGE,
                    before=("setpriv", "--no-new-privs"))
    assert r.code == 0, r
    assert time.monotonic() - start < 5
    m, = relay.wait(1)
    assert m["sender"] == "alice@web1.test"
    assert "from userid %d)" % USERS["alice"] in m["data"].decode()


def test_no_new_privileges_and_no_runner(system, relay):
    start = time.monotonic()
    r = system.call("sendmail", "-t", user="alice", input=MESSAGE,
                    before=("setpriv", "--no-new-privs"))
    assert r.code == 75 and r.err.count("\n") == 1, r
    assert time.monotonic() - start < 5
    assert system.files() == []


@pytest.fixture
def rc(system, relay):
    def call(verb):
        return system.call("/etc/init.d/sendoffd", verb)
    yield call
    call("stop")


def test_rc_script(system, relay, rc):
    assert rc("status").code == 3
    r = rc("start")
    assert (r.code, r.err) == (0, ""), r
    assert rc("status").code == 0
    first = rc("status").out
    assert "already" in rc("start").out
    assert rc("reload").code == 0
    assert system.call("sendmail", "-t", user="alice", input=MESSAGE).code == 0
    relay.wait(1)
    assert rc("status").out == first
    assert rc("restart").code == 0
    assert rc("status").code == 0 and rc("status").out != first
    assert rc("stop").code == 0
    assert rc("status").code == 3
    assert rc("stop").code == 0
    assert rc("reload").code == 7
    assert rc("sing").code == 2


def test_rc_script_says_why_it_does_not_start(system, relay, rc):
    with open(system.file(system.conf), "a") as f:
        f.write("[relay]\nhots = x\n")
    r = rc("start")
    assert r.code == 78 and "hots" in r.err, r


def test_rc_script_kills_nobody_else(system, relay, rc):
    """The file with the process id belongs to the runner's user."""
    p = subprocess.Popen(["sleep", "60"])
    try:
        with open(system.file("/var/spool/sendoff/runner"), "w") as f:
            fcntl.lockf(f, fcntl.LOCK_EX)
            f.write("%d\n" % p.pid)
            f.flush()
            assert str(p.pid) in rc("status").out
            assert rc("stop").code != 0
        assert p.poll() is None
    finally:
        p.kill()
        p.wait()


@pytest.mark.parametrize("unit", ["sendoffd.service",
                                  "sendoff-smtp@.service"])
def test_units(system, unit):
    """As systemd's own judge sees them; 15 is 1.5 of 10."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    path = system.file("/usr/lib/systemd/system/" + unit)
    with open(path) as f:
        assert "@S" not in f.read()
    p = subprocess.run(["systemd-analyze", "security", "--offline=true",
                        "--threshold=15", path], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    assert p.returncode == 0, p.stdout
    assert "gnoring" not in p.stdout and "Unknown" not in p.stdout


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_port_of_this_machine(system, relay, host):
    """sendmail -bs on a connection, as sendoff-smtp@.service starts it: a
    user that is in no file, without new privileges, through the gate."""
    system.daemon().wait_line("started")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        client = smtplib.SMTP()
        with ThreadPoolExecutor() as pool:
            greeting = pool.submit(client.connect, host,
                                   server.getsockname()[1])
            connection, _ = server.accept()
            p = subprocess.Popen(
                ["setpriv", "--no-new-privs", *roots.inside(
                    system.path, "/usr/sbin/sendmail", "-bs",
                    who=["--userspec=65000:65000"])], env=system.env(),
                stdin=connection, stdout=connection)
            connection.close()
            assert greeting.result(20)[0] == 220
    refused = client.send_message(email.message_from_string(MESSAGE),
                                  "app@example.org",
                                  ["carol@example.com", "dave@example.com"])
    assert refused == {}
    client.quit()
    assert p.wait(20) == 0
    m, = relay.wait(1)
    assert m["sender"] == "app@example.org"
    assert m["rcpts"] == ["carol@example.com", "dave@example.com"]
    assert "(sendoff, from userid 65000)" in m["data"].decode()


def test_secrets_stay_with_the_runner(system, relay):
    secret = system.file("/etc/sendoff/password")
    with open(secret, "w") as f:
        f.write("hush\n")
    os.chmod(secret, 0o600)
    for user in ("alice", "bob"):
        assert system.call("cat", "/etc/sendoff/password", user=user).code != 0


def test_daemon_is_not_root(system, relay):
    d = system.daemon()
    system.call("sendmail", "-t", user="alice", input=MESSAGE)
    relay.wait(1)
    st = os.stat("/proc/%d" % d.p.pid)
    owner = os.stat(system.file("/var/spool/sendoff")).st_uid
    assert owner != 0 and st.st_uid == owner


def test_uninstall_keeps_mail_and_configuration(system, relay):
    assert system.call("sendmail", "-t", user="alice", input=MESSAGE).code == 0
    try:
        r = system.call("sh", "-c", "cd /src && make -s uninstall")
        assert r.code == 0, r
        assert not os.path.exists(system.file("/usr/sbin/sendmail"))
        assert os.path.exists(system.file("/etc/sendoff/sendoff.conf"))
        assert len(system.files()) == 1
    finally:
        system.call("sh", "-c", "cd /src && make -s install")
