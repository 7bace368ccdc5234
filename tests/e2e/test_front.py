# SPDX-License-Identifier: ISC
"""The front alone: what a call queues, says and exits with."""
import os
import pwd
import subprocess

import pytest

from queued import queued

ME = pwd.getpwuid(os.getuid()).pw_name
TEXT = "Subject: x\n\nbody\n"


@pytest.fixture
def front(make_house):
    return make_house(None)


def one(house):
    m, = queued(house)
    return m


def ok(house, *args, input=TEXT, **kw):
    r = house.sendmail(*args, input=input, **kw)
    assert (r.code, r.out, r.err) == (0, "", ""), r
    return one(house)


def refused(house, code, *args, input=TEXT, **kw):
    """One line on standard error, and nothing in the queue."""
    r = house.sendmail(*args, input=input, **kw)
    assert r.code == code and r.out == "", r
    assert r.err.startswith("sendmail: ") and r.err.count("\n") == 1, r
    assert house.files() == []
    return r.err


@pytest.mark.parametrize("args, sender, rcpts", [
    (["a@b.example"], ME + "@client.test", ["a@b.example"]),
    (["joe"], ME + "@client.test", ["joe@client.test"]),
    (["a@b.example,c@d.example", "Joe <e@f.example>"], ME + "@client.test",
     ["a@b.example", "c@d.example", "e@f.example"]),
    (["-f", "x@y.example", "a@b.example"], "x@y.example", ["a@b.example"]),
    (["-fx@y.example", "-r", "z", "a@b.example"], "z@client.test",
     ["a@b.example"]),
    (["-f", "Joe <x@y.example>", "a@b.example"], "x@y.example",
     ["a@b.example"]),
    (["-f", "", "a@b.example"], "", ["a@b.example"]),
    (["-f", "<>", "a@b.example"], "", ["a@b.example"]),
    (["a@b.example", "a@B.Example", "a@b.example"], ME + "@client.test",
     ["a@b.example"]),
    (["--", "a@b.example"], ME + "@client.test", ["a@b.example"]),
    (["-FCronDaemon", "-i", "-B8BITMIME", "-oem", "b@c.example"],
     ME + "@client.test", ["b@c.example"]),
    (["-odi", "-oee", "-Am", "-d0.1", "b@c.example,"], ME + "@client.test",
     ["b@c.example"]),
])
def test_envelope(front, args, sender, rcpts):
    m = ok(front, *args)
    assert m.sender == sender and m.addresses == rcpts
    assert m.fields["uid"] == str(os.getuid())


def test_header_recipients(front):
    m = ok(front, "-t", "-i", "arg@x.example", input=(
        "To: a@b.example,\n Joe\n <c@d.example>\nCc: grp: e@f.example;\n"
        "Bcc: secret@g.example\nSubject: x\n\n.\nend\n"))
    assert set(m.addresses) == {"arg@x.example", "a@b.example", "c@d.example",
                                "e@f.example", "secret@g.example"}
    assert b"secret" not in m.data
    assert m.body == b".\r\nend\r\n"


def test_dsn_wishes(front):
    m = ok(front, "-N", "success,delay", "-R", "hdrs", "-V", "a+20b",
           "a@b.example")
    assert m.fields["ret"] == "headers" and m.fields["envid"] == "a b"
    assert m.rcpts[0][1]["notify"] == "success,delay"
    assert m.rcpts[0][1]["orcpt"] == "rfc822;a@b.example"


def test_full_name(front):
    assert "Joe Doe" in ok(front, "-F", "Joe Doe", "a@b.example").field(
        "From")[0]


def test_full_name_of_environment(front):
    m = ok(front, "a@b.example", env={"NAME": "Env Name", "USER": "evil",
                                      "LOGNAME": "evil"})
    assert "Env Name" in m.field("From")[0] and b"evil" not in m.data


def test_environment_name_is_checked(front):
    m = ok(front, "a@b.example", env={"NAME": "x\nBcc: evil@e.example"})
    assert b"evil" not in m.data


def test_existing_from_stays(front):
    m = ok(front, "-FCron", "-f", "x@y.example", "a@b.example",
           input="From: root (Cron Daemon)\n\nx\n")
    assert len(m.field("From")) == 1 and "Cron Daemon" in m.field("From")[0]
    assert m.sender == "x@y.example"


@pytest.mark.parametrize("input, body", [
    ("Subject: x\n\na\n.\nb\n", b"a\r\n"),
    ("Subject: x\r\n\r\na\r\n.\r\nb\r\n", b"a\r\n"),
    ("Subject: x\n\na\n..\n.b\n", b"a\r\n..\r\n.b\r\n"),
])
def test_lone_dot(front, input, body):
    assert ok(front, "a@b.example", input=input).body == body


def test_input_behind_the_dot_is_read(front):
    """A writer that has more to say must not die of it."""
    p = subprocess.Popen([front.program("sendmail"), "-C", front.conf,
                          "a@b.example"], stdin=subprocess.PIPE)
    p.stdin.write(b"Subject: x\n\na\n.\n")
    p.stdin.flush()
    for _ in range(64):
        p.stdin.write(b"x" * 65536)
    p.stdin.close()
    assert p.wait(20) == 0
    assert one(front).body == b"a\r\n"


def test_large_message_in_little_memory(front):
    block = b"x" * 70 + b"\n"
    data = b"Subject: big\n\n" + block * (30 * 1024 * 1024 // len(block))
    limit = ["/bin/sh", "-c", "ulimit -v 65536; exec \"$@\"", "sh"]
    p = subprocess.run(limit + [front.program("sendmail"), "-C", front.conf,
                                "a@b.example"], input=data)
    if "address" in front.program("sendmail"):
        return                  # shadow memory does not fit
    assert p.returncode == 0
    assert len(one(front).data) > len(data)


@pytest.mark.parametrize("code, args, word", [
    (64, [], "recipient"),
    (64, [""], "recipient"),
    (64, [",", " "], "recipient"),
    (64, ["-Z", "a@b.example"], "Z"),
    (64, ["-bt"], "-b"),
    (64, ["-N", "x", "a@b.example"], "-N"),
    (64, ["a@b.example", "-t"], "-t"),
    (64, ["--help"], "help"),
    (64, ["-q", "user"], "user"),
    (64, ["-bs", "-q"], "-q"),
    (64, ["-V", "caf\u00e9", "a@b.example"], "-V"),
    (65, ["-f", "a b@c", "a@b.example"], "sender"),
    (65, ["-f", "a@b.example -oQ/tmp -X/tmp/x", "a@b.example"], "sender"),
    (65, ["-f", "a@b\nRCPT TO:<x>", "a@b.example"], "sender"),
    (65, ["-f", "x" * 65 + "@b.example", "a@b.example"], "sender"),
    (65, ["x" * 65 + "@b.example"], "recipient"),
    (65, ["a@b\r\nx"], "recipient"),
    (65, ["a@" + "b" * 64 + ".example"], "recipient"),
    (65, ["--", "-oQ/tmp@"], "recipient"),
    (65, ["-t"], "recipient"),
])
def test_refusals(front, code, args, word):
    assert word in refused(front, code, *args)


def test_closed_input(front):
    p = subprocess.run(["/bin/sh", "-c", "exec \"$@\" <&-", "sh",
                        front.program("sendmail"), "-C", front.conf,
                        "a@b.example"], stderr=subprocess.PIPE)
    assert p.returncode == 74 and b"standard input" in p.stderr
    assert front.files() == []


def test_unreadable_input(front):
    d = os.open("/", os.O_RDONLY)
    p = subprocess.run([front.program("sendmail"), "-C", front.conf,
                        "a@b.example"], stdin=d, stderr=subprocess.PIPE)
    os.close(d)
    assert p.returncode == 74
    assert front.files() == []


def test_closed_output(front):
    p = subprocess.run(["/bin/sh", "-c", "exec \"$@\" >&- 2>&-", "sh",
                        front.program("sendmail"), "-C", front.conf,
                        "a@b.example"], input=TEXT.encode())
    assert p.returncode == 0
    assert one(front).body == b"body\r\n"


def test_option_errors_come_first(front):
    """Standard input is not touched: a pipe that never ends is no reason to
    wait."""
    r, w = os.pipe()
    p = subprocess.run([front.program("sendmail"), "-C", front.conf, "-Z",
                        "a@b.example"], stdin=r, stderr=subprocess.DEVNULL,
                       timeout=20)
    os.close(r)
    os.close(w)
    assert p.returncode == 64


@pytest.mark.parametrize("options, input, word", [
    ({"max_message_size": "1K"}, "Subject: x\n\n" + "y\n" * 1024,
     "max_message_size"),
    ({"max_header_size": "1K"}, "X: y\n" * 1024 + "\n", "header"),
    ({"max_hops": "3"}, "Received: x\n" * 4 + "\n", "hops"),
])
def test_limits(make_house, options, input, word):
    refused(make_house(None, queue=options), 65, "a@b.example", input=input)


def test_max_recipients(make_house):
    h = make_house(None, queue={"max_recipients": "2"})
    refused(h, 65, "a@b.example", "c@d.example", "e@f.example")
    assert ok(h, "a@b.example", "c@d.example", "c@D.EXAMPLE").addresses == [
        "a@b.example", "c@d.example"]


def test_own_limit_may_only_be_lowered(front):
    refused(front, 65, "-OMaxMessageSize=100", "a@b.example",
            input="Subject: x\n\n" + "y" * 200)


def test_no_space(make_house):
    h = make_house(None, queue={"min_free": "1000000G"})
    assert "space" in refused(h, 75, "a@b.example")


def test_one_bad_recipient(front):
    r = front.sendmail("good@b.example", "<<bad>", input=TEXT)
    assert r.code == 0 and r.out == ""
    assert "<<bad>" in r.err and r.err.count("\n") == 1
    m = one(front)
    assert "good@b.example" in m.addresses and len(m.addresses) == 2
    assert len(m.journal) == 1 and " failed " in m.journal[0]


def test_bounce_alone_is_safe(front):
    r = front.sendmail("-oee", "-f", "a@b.example", "<<bad>", input=TEXT)
    assert r.code == 0
    assert len(one(front).journal) == 1


@pytest.mark.parametrize("args", [["-X", "{}"], ["-X{}"], ["-D{}"],
                                  ["-D", "{}"]])
def test_no_file_is_written(front, tmp_path, args):
    target = str(tmp_path / "trace")
    ok(front, *[a.format(target) for a in args], "a@b.example")
    assert not os.path.exists(target)


def test_queue_elsewhere(front, tmp_path):
    other = tmp_path / "other"
    r = front.sendmail("-oQ" + str(other), "a@b.example", input=TEXT)
    assert r.code == 0 and front.files() == []
    assert len(os.listdir(other / "queue")) == 1
    r = front.call("mailq", "-oQ" + str(other), "--count")
    assert (r.code, r.out) == (0, "1\n")


def test_relative_names(front, tmp_path):
    p = subprocess.run([front.program("sendmail"), "-C",
                        os.path.basename(front.conf), "-oQrel", "a@b.example"],
                       input=TEXT.encode(), cwd=front.folder)
    assert p.returncode == 0
    assert len(os.listdir(os.path.join(front.folder, "rel", "queue"))) == 1


def test_queue_only(front):
    assert int(ok(front, "-odq", "a@b.example").fields["flags"]) & 16


@pytest.mark.parametrize("text, code", [
    ("[queue]\nlifetime = never\n", 78),
    ("[identity]\nhostnam = x\n", 78),
    ("[relay]\nhots = x\n", 0),
    ("[relay]\ntls = sometimes\n", 0),
])
def test_configuration_errors(front, text, code):
    with open(front.conf, "a", encoding="utf-8") as f:
        f.write(text)
    r = front.sendmail("a@b.example", input=TEXT)
    assert r.code == code, r
    assert len(front.files()) == (1 if code == 0 else 0)


def test_missing_configuration(front):
    r = front.call("sendmail", "-C", "/nonexistent", "a@b.example",
                   conf=False)
    assert r.code == 78 and "/nonexistent" in r.err


def test_queue_cannot_be_made(make_house):
    h = make_house(None, queue={"directory": "/proc/nowhere/spool"})
    refused(h, 75, "a@b.example")


@pytest.mark.parametrize("limit", ["-n 3", "-n 6", "-f 0", "-f 8"])
def test_resource_limits(front, limit):
    """Too little of something: 75 and nothing queued, or a message."""
    ok(front, "a@b.example")
    os.unlink(one(front).path)
    p = subprocess.run(["/bin/sh", "-c", "ulimit %s; exec \"$@\"" % limit,
                        "sh", front.program("sendmail"), "-C", front.conf,
                        "a@b.example"], stderr=subprocess.PIPE,
                       input=b"Subject: x\n\n" + b"y\n" * 50000)
    assert p.returncode in (0, 75, 127), p.stderr     # 127: the loader's
    left = [f for f in front.files() if os.path.getsize(
        os.path.join(front.queue, "queue", f))]
    assert len(left) == (1 if p.returncode == 0 else 0)


@pytest.mark.parametrize("which", range(1, 8))
def test_standard_descriptors_closed(front, which):
    """Every combination; the queue file never becomes one of them."""
    close = " ".join("%d>&-" % fd if fd else "0<&-" for fd in range(3)
                     if which >> fd & 1)
    p = subprocess.run(["/bin/sh", "-c", "exec \"$@\" " + close, "sh",
                        front.program("sendmail"), "-C", front.conf,
                        "a@b.example"], input=TEXT.encode())
    assert p.returncode == (74 if which & 1 else 0)
    if not which & 1:
        assert one(front).body == b"body\r\n"


def test_signals_and_mask(front):
    """Everything ignored and blocked, and an alarm pending."""
    code = ("import os,signal,sys\n"
            "for s in set(range(1,32))-{9,19}: signal.signal(s, signal.SIG_IGN)\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, range(1,32))\n"
            "signal.setitimer(signal.ITIMER_REAL, 0.2)\n"
            "os.umask(0o777)\n"
            "os.execv(sys.argv[1], sys.argv[1:])\n")
    p = subprocess.Popen(["/usr/bin/python3", "-c", code,
                          front.program("sendmail"), "-C", front.conf,
                          "a@b.example"], stdin=subprocess.PIPE)
    p.stdin.write(b"Subject: x\n\n")
    p.stdin.flush()
    try:
        p.wait(0.5)             # longer than the alarm
    except subprocess.TimeoutExpired:
        pass
    p.stdin.write(b"body\n")
    p.stdin.close()
    assert p.wait(20) == 0
    m = one(front)
    assert m.body == b"body\r\n"
    assert os.stat(m.path).st_mode & 0o777 == 0o660


def test_working_directory_gone(front, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    p = subprocess.run(["/bin/sh", "-c", "rmdir ../gone; exec \"$@\"", "sh",
                        front.program("sendmail"), "-C", front.conf,
                        "a@b.example"], input=TEXT.encode(), cwd=str(gone))
    assert p.returncode == 0


@pytest.mark.parametrize("name", ["", "x" * 100000, "a/b\n%n%s",
                                  "/usr/bin/other"])
def test_program_name(front, name):
    p = subprocess.run([name, "-C", front.conf, "a@b.example"],
                       executable=front.program("sendmail"),
                       input=TEXT.encode(), stderr=subprocess.PIPE)
    assert (p.returncode, p.stderr) == (0, b"")


def test_nonblocking_input(front):
    r, w = os.pipe()
    os.set_blocking(r, False)
    p = subprocess.Popen([front.program("sendmail"), "-C", front.conf,
                          "a@b.example"], stdin=r)
    os.close(r)
    os.write(w, b"Subject: x\n\nbo")
    try:
        p.wait(0.2)
    except subprocess.TimeoutExpired:
        pass
    os.write(w, b"dy\n")
    os.close(w)
    assert p.wait(20) == 0
    assert one(front).body == b"body\r\n"


def test_verify(make_house):
    h = make_house(None, relay_x={"host": "mx.example", "recipient": "*"})
    r = h.sendmail("-bv", "a@b.example", "joe")
    assert r.code == 0 and h.files() == []
    assert "a@b.example... deliverable: mailer relay, host mx.example" in r.out
    assert "joe@client.test..." in r.out
    assert h.sendmail("-bv", "<x").code == 65
    assert h.sendmail("-bv").code == 64


def test_newaliases(front):
    front.aliases("root: a@b.example\npipe: |/bin/true\n")
    r = front.call("newaliases")
    assert r.code == 0 and ": 2 aliases, longest " in r.out
    assert "warning" in r.err
    front.aliases("a: b\nb: a\n")
    r = front.sendmail("-bi")
    assert r.code == 65 and "aliases:" in r.err


def test_alias_expansion(front):
    front.aliases("root: a@b.example, c@d.example\n")
    m = ok(front, "root")
    assert m.addresses == ["a@b.example", "c@d.example"]
    assert m.rcpts[0][1]["orig"] == "root@client.test"


def test_mailq_without_a_queue(front):
    """One elsewhere is made by whoever comes first; a folder that is not
    there, such as a file system that is not mounted, is no empty queue."""
    r = front.call("mailq")
    assert r.code == 0 and "Mail queue is empty" in r.out
    front.queue = os.path.join(front.folder, "missing", "spool")
    front.configure(None)
    for args in (["mailq"], ["mailq", "--json"], ["mailq", "-q"]):
        r = front.call(*args)
        assert r.code == 75 and front.queue in r.err, r
        assert (r.out, r.err.count("\n")) == ("", 1)
    assert not os.path.exists(front.queue)


def test_mailq(front):
    front.sendmail("-t", input="")              # refused, but makes the queue
    r = front.call("mailq")
    assert r.code == 0 and r.out.rstrip().endswith("Mail queue is empty")
    ok(front, "-f", "s@t.example", "a@b.example")
    front.submit("c@d.example")
    r = front.call("mailq")
    assert "s@t.example" in r.out and "a@b.example" in r.out
    assert r.out.rstrip().endswith("-- 0 Kbytes in 2 Requests.")
    assert front.call("mailq", "--count").out == "2\n"
    entries = front.mailq()
    assert [e["sender"] for e in entries] == ["s@t.example",
                                              ME + "@client.test"]
    assert entries[0]["uid"] == os.getuid()
    only = front.mailq("-qRc@d")
    assert [e["queue_id"] for e in only] == [entries[1]["queue_id"]]
    assert front.mailq("-q!Rc@d") == entries[:1]
    assert front.call("mailq", "--count", "-qSs@t").out == "1\n"


def test_mailq_to_a_full_disk(front):
    front.submit("a@b.example")
    with open("/dev/full", "wb") as full:
        p = subprocess.run([front.program("mailq"), "-C", front.conf],
                           stdout=full, stderr=subprocess.PIPE)
    assert p.returncode == 74
