# SPDX-License-Identifier: ISC
"""The runner alone: relays' health, whose turn it is, workers that fail, and
what is told. The delivery process is a stand-in (tests/lib/crew.py)."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from crew import Crew

DOWN = "def down(): return ('connect', '4.4.1', 'connection refused')\n"


@pytest.fixture
def crew(tmp_path):
    c = Crew(tmp_path)
    c.rules()
    yield c
    c.close()


@pytest.fixture
def make_crew(tmp_path):
    made = []

    def make(**sections):
        folder = tmp_path / ("crew%d" % len(made))
        folder.mkdir()
        made.append(Crew(folder, **sections))
        made[-1].rules()
        return made[-1]
    yield make
    for c in made:
        c.close()


def wait_for(what, timeout=20):
    """For states that have no event: files that go, or lines in them."""
    end = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


# --- relays

def test_relay_down_charges_nobody(crew):
    crew.rules(DOWN)
    for i in range(5):
        crew.submit("r%d@x.test" % i)
    r = crew.once()
    assert r.err.count("cannot be used") == 1
    assert r.err.count("relay=none") == 5
    queue = crew.mailq()
    assert len(queue) == 5
    for m in queue:
        assert m["attempts"] == 0 and m["queue_name"] == "deferred"
        assert m["recipients"][0]["delay_reason"] == "connection refused"
    # The same reason once more is not written again, and not logged.
    size = [os.path.getsize(crew.queue + "/queue/" + f)
            for f in crew.files()]
    assert crew.once().err.count("status=deferred") == 0
    assert size == [os.path.getsize(crew.queue + "/queue/" + f)
                    for f in crew.files()]
    crew.rules(DOWN.replace("refused", "timed out"))
    assert crew.once().err.count("connection timed out") == 6
    assert {m["recipients"][0]["delay_reason"] for m in crew.mailq()} == {
        "connection timed out"}


def test_everything_goes_when_the_relay_is_back(crew):
    crew.rules(DOWN)
    d = crew.daemon()
    for i in range(20):
        crew.submit("r%d@x.test" % i)
    d.wait_line("status=deferred", count=20)
    assert sum("cannot be used" in x for x in d.lines) == 1
    crew.rules()
    d.signal(signal.SIGUSR2)
    crew.wait_empty()
    assert len(crew.delivered()) == 20
    d.wait_line("answers again")
    # New mail goes at once again.
    crew.submit("new@x.test")
    d.wait_line("to=<new@x.test>")


def test_one_relay_down_the_other_serves(make_crew):
    c = make_crew(relay_two={"host": "two.test", "recipient": "@two.test"})
    c.rules("""
def start(argv):
    global name
    name = argv[-1]
def down():
    return None if name == "two" else ("connect", "4.4.1", "refused")
""")
    c.submit("a@one.test", "b@two.test", "c@one.test", "d@two.test")
    c.submit("e@one.test")
    c.submit("f@two.test")
    c.once()
    assert c.recipients() == ["b@two.test", "d@two.test", "f@two.test"]
    owed = sorted(r["address"] for m in c.mailq() for r in m["recipients"])
    assert owed == ["a@one.test", "c@one.test", "e@one.test"]
    c.rules()
    c.once()
    assert c.recipients() == sorted(
        "%s@%s.test" % x for x in zip("abcdef", ("one", "two", "one", "two",
                                                 "one", "two")))


def test_relay_is_back_though_others_of_the_message_are_not_due(make_crew):
    c = make_crew(relay_two={"host": "two.test", "recipient": "@two.test"})
    rules = """
def start(argv):
    global name
    name = argv[-1]
def rcpt(a, job):
    if a == "a@one.test": return ("deferred", 451, "4.2.1", "451 greylisted")
"""
    c.rules(rules + """
def down():
    return ("connect", "4.4.1", "refused") if name == "two" else None
""")
    d = c.daemon()
    c.submit("a@one.test", "b@two.test")
    d.wait_line("to=<b@two.test>, relay=none")
    (m,) = c.mailq()
    assert m["attempts"] == 1 and m["next_attempt"] > time.time() + 30
    c.rules(rules)
    d.signal(signal.SIGUSR2)
    d.wait_line("to=<b@two.test>, relay=fake")
    wait_for(lambda: len(c.mailq()[0]["recipients"]) == 1)
    # And that was no reason to try the other one for ever.
    c.submit("z@one.test")
    d.wait_line("to=<z@one.test>")
    assert sum("to=<a@one.test>" in x for x in d.lines) == 2


def test_flush_storm(crew):
    crew.rules("def rcpt(a, job): return ('deferred', 451, '4.3.0', 'x')\n")
    d = crew.daemon()
    crew.submit("r@x.test")
    d.wait_line("status=deferred")
    for _ in range(200):
        d.signal(signal.SIGUSR1)
    d.wait_line("status=deferred", count=2)
    crew.submit("q@x.test")
    d.wait_line("to=<q@x.test>")
    assert sum("to=<r@x.test>" in x for x in d.lines) <= 4


def test_relay_by_sender(make_crew):
    c = make_crew(relay_two={"host": "two.test", "sender": "@s.test"})
    c.rules("""
def start(argv):
    with open(HERE + "/ARGV", "a") as f:
        print(argv[-1] if "two" in argv else "main", file=f)
""")
    c.submit("-f", "a@s.test", "x@x.test")
    c.submit("-f", "a@t.test", "y@x.test")
    c.once()
    with open(c.bin + "/ARGV") as f:
        assert sorted(f.read().split()) == ["main", "two"]


def test_no_relay_serves(make_crew):
    c = make_crew(relay={"host": ""},
                  relay_two={"host": "two.test", "recipient": "@two.test"})
    c.submit("a@one.test", "b@two.test")
    c.once()
    assert c.recipients() == ["b@two.test"]
    (m,) = c.mailq()
    assert "no relay is configured" in m["recipients"][0]["delay_reason"]


def test_worker_that_cannot_start_is_the_sites_fault(crew):
    crew.rules("def start(argv): raise SystemExit(78)\n")
    crew.submit("r@x.test")
    r = crew.once()
    assert "cannot be used" in r.err and "status 78" in r.err
    assert crew.mailq()[0]["attempts"] == 0
    os.unlink(crew.bin + "/sendoff-deliver")
    crew.once()
    assert crew.mailq()[0]["attempts"] == 0


def test_rate(make_crew):
    c = make_crew(relay={"rate": "10/s"})
    for i in range(6):
        c.submit("r%d@x.test" % i)
    start = time.monotonic()
    c.once()
    assert len(c.delivered()) == 6
    assert time.monotonic() - start >= 0.5


def test_second_connection_behind_a_slow_message(crew):
    held, go = crew.word("HELD"), crew.word("GO")
    crew.rules("""
def before(job):
    if "slow@x.test" in job.rcpts:
        open(HERE + "/HELD", "w").close()
        open(HERE + "/GO").read()
""")
    d = crew.daemon()
    crew.submit("first@x.test")
    d.wait_line("to=<first@x.test>")
    crew.submit("slow@x.test")
    held.wait()
    crew.submit("a@x.test")
    crew.submit("b@x.test")
    # Those behind it in the same worker's hands wait, further ones do not.
    for i in range(10):
        crew.submit("r%d@x.test" % i)
    d.wait_line("to=<r9@x.test>")
    go.say()
    crew.wait_empty()
    assert len(crew.delivered()) == 14


# --- outcomes

def test_fates_of_one_message(crew):
    crew.rules("""
def rcpt(addr, job):
    if addr.startswith("bad"): return ("failed", 550, "5.1.1", "550 no")
    if addr.startswith("busy"): return ("deferred", 451, "4.3.0", "451 busy")
    if addr.startswith("lost"): return ("unknown", 0, "4.4.2", "no reply")
""")
    crew.submit("-f", "s@client.test", "good@x.test", "bad1@x.test",
                "busy@x.test", "bad2@x.test", "lost@x.test")
    r = crew.once()
    assert [x for x in crew.recipients()] == ["good@x.test", "s@client.test"]
    assert r.err.count("sender non-delivery notification") == 1
    (m,) = crew.mailq()
    assert [x["address"] for x in m["recipients"]] == [
        "busy@x.test", "lost@x.test"]
    assert m["attempts"] == 1 and m["next_attempt"] > time.time()
    # Not due: nothing happens. Flushed: only what is owed is tried.
    assert crew.once().err == ""
    crew.once("--now")
    assert crew.recipients() == ["good@x.test", "s@client.test"]
    assert crew.mailq()[0]["attempts"] == 2
    crew.rules()
    crew.once("--now")
    assert crew.files() == []
    assert crew.recipients() == ["busy@x.test", "good@x.test", "lost@x.test",
                                 "s@client.test"]


def test_log_lines(crew):
    crew.aliases("root: a@x.test\n")
    crew.submit("-f", "s@client.test", "root")
    lines = crew.once().err.splitlines()
    qid = lines[0].split()[1]
    assert re.fullmatch(r"sendoffd: %s from=<s@client.test>, size=\d+, "
                        r"nrcpt=1 \(queue active\)" % qid, lines[0])
    n = r"[\d.]+"
    assert re.fullmatch(
        r"sendoffd: %s to=<a@x.test>, orig_to=<root@client.test>, "
        r"relay=fake\[127.0.0.1\]:25, delay=%s, delays=%s/%s/%s/%s, "
        r"dsn=2.0.0, status=sent \(250 2.0.0 Ok\)" % (qid, n, n, n, n, n),
        lines[1])
    assert lines[2] == "sendoffd: %s removed" % qid


def test_lifetime_over(make_crew):
    c = make_crew(queue={"lifetime": "1s", "warn_after": "0"})
    c.rules("def rcpt(a, job):\n"
            " if a == 'r@x.test': return ('deferred', 451, '4.2.1', '451 x')\n")
    c.submit("-f", "s@client.test", "r@x.test")
    born = time.time()
    c.once()
    assert len(c.files()) == 1
    wait_for(lambda: time.time() > born + 2.1)
    r = c.once("--now")
    assert "status=expired" in r.err and "dsn=4.4.7" in r.err
    assert c.recipients() == ["s@client.test"] and c.files() == []


def test_lifetime_over_while_the_relay_is_down(make_crew):
    c = make_crew(queue={"lifetime": "1s", "warn_after": "0",
                         "bounce_lifetime": "1h"})
    c.rules(DOWN)
    c.submit("-f", "s@client.test", "r@x.test")
    born = time.time()
    c.once()
    assert len(c.files()) == 1
    wait_for(lambda: time.time() > born + 2.1)
    r = c.once()
    assert r.err.count("status=expired (connection refused)") == 1
    # The bounce waits as the message did.
    (m,) = c.mailq()
    assert m["sender"] == "MAILER-DAEMON"
    assert m["recipients"][0]["address"] == "s@client.test"


def test_delay_warning_once(make_crew):
    c = make_crew(queue={"warn_after": "1s"})
    c.rules("def rcpt(a, job):\n"
            " if a == 'r@x.test': return ('deferred', 451, '4.2.1', '451 x')\n")
    c.submit("-f", "s@client.test", "r@x.test")
    c.submit("-N", "failure", "-f", "t@client.test", "r@x.test")
    born = time.time()
    wait_for(lambda: time.time() > born + 2)
    r = c.once()
    assert r.err.count("sender delay notification") == 1
    assert c.recipients() == ["s@client.test"]
    assert c.once("--now").err.count("notification") == 0
    assert [m["attempts"] for m in c.mailq()] == [2, 2]


def test_notify_success(crew):
    crew.submit("-N", "success", "-f", "s@client.test", "r@x.test")
    assert "sender delivery status notification" in crew.once().err
    assert crew.recipients() == ["r@x.test", "s@client.test"]


@pytest.mark.parametrize("notify", ["never", "success", "delay"])
def test_nobody_hears_of_a_failure_he_did_not_ask_for(crew, notify):
    crew.rules("def rcpt(a, job): return ('failed', 550, '5.1.1', '550 no')\n")
    crew.submit("-N", notify, "-f", "s@client.test", "r@x.test")
    assert "notification" not in crew.once().err
    assert crew.files() == []


def test_report_goes_through_the_aliases(crew):
    crew.aliases("joe: far@away.test, s2@x.test\nowner-joe: boss@x.test\n")
    crew.rules("def rcpt(a, job):\n"
               " if a == 'r@x.test': return ('failed', 550, '5.1.1', 'no')\n")
    crew.submit("-f", "joe@client.test", "r@x.test")
    crew.once()
    assert crew.recipients() == ["far@away.test", "s2@x.test"]


ALL_FAIL = "def rcpt(a, job): return ('failed', 550, '5.1.1', '550 no')\n"


def test_double_bounce_goes_to_the_postmaster_and_ends_there(crew):
    crew.rules(ALL_FAIL)
    crew.submit("-f", "s@client.test", "r@x.test")
    r = crew.once()
    assert r.err.count("sender non-delivery notification") == 1
    assert r.err.count("postmaster non-delivery notification") == 1
    assert "to=<postmaster@client.test>" in r.err
    assert r.err.count("undeliverable report dropped") == 1
    assert crew.files() == []


def test_no_postmaster(make_crew):
    c = make_crew(bounce={"postmaster": "none"})
    c.rules(ALL_FAIL)
    c.submit("-f", "s@client.test", "r@x.test")
    r = c.once()
    assert r.err.count("notification") == 1
    assert r.err.count("undeliverable report dropped") == 1
    assert c.files() == []


def test_null_sender_is_not_answered(crew):
    crew.rules("def rcpt(a, job):\n"
               " if a == 'r@x.test': return ('failed', 550, '5.1.1', 'no')\n")
    crew.submit("-f", "<>", "r@x.test")
    crew.once()
    assert crew.recipients() == ["postmaster@client.test"]


def test_bounce_sender(make_crew):
    c = make_crew(bounce={"sender": "bounces@client.test"})
    c.rules("""
def rcpt(a, job):
    with open(HERE + "/SENDERS", "a") as f:
        print(job.env["sender"], file=f)
    return ('failed', 550, '5.1.1', '550 no')
""")
    c.submit("-f", "s@client.test", "r@x.test")
    r = c.once()
    with open(c.bin + "/SENDERS") as f:
        assert f.read().split() == ["s@client.test"] + \
            2 * ["bounces@client.test"]
    assert "undeliverable report dropped" in r.err and c.files() == []


def test_owner_of_a_list_is_the_sender(crew):
    crew.aliases("list: a@x.test, b@x.test\nowner-list: boss@x.test\n")
    crew.rules("""
def rcpt(a, job):
    with open(HERE + "/SENDERS", "a") as f:
        print(a, job.env["sender"], file=f)
    if a == "b@x.test": return ("failed", 550, "5.1.1", "no")
""")
    crew.submit("-f", "s@client.test", "list", "c@x.test")
    crew.once()
    with open(crew.bin + "/SENDERS") as f:
        sent = dict(x.rsplit(" ", 1) for x in f.read().splitlines()
                    if not x.endswith(" "))
    assert sent == {"a@x.test": "owner-list@client.test",
                    "b@x.test": "owner-list@client.test",
                    "c@x.test": "s@client.test"}
    # The report went to the list's owner.
    assert crew.recipients() == ["a@x.test", "boss@x.test", "c@x.test"]


# --- workers that fail

def test_worker_crash_is_try_later(crew):
    crew.rules("""
def before(job):
    if "kill@x.test" in job.rcpts:
        import os
        os.abort()
""")
    crew.submit("kill@x.test")
    for i in range(5):
        crew.submit("r%d@x.test" % i)
    r = crew.once()
    assert "died of signal 6" in r.err
    left = [m["recipients"][0] for m in crew.mailq()]
    assert "kill@x.test" in [x["address"] for x in left]
    crew.once("--now")
    crew.once("--now")
    # One that kills every worker does not keep the others.
    assert crew.recipients() == ["r%d@x.test" % i for i in range(5)]
    (m,) = crew.mailq()
    assert m["attempts"] == 3


@pytest.mark.parametrize("packet", [
    "gibberish", "rcpt 1 0 sent 250 2.0.0 - % a%0Ab 0 0 0", "done 77",
    "rcpt 1 9 sent 250 2.0.0 - % % 0 0 0", "ready",
    "rcpt 1 0 expired 0 4.4.7 - % % 0 0 0", "", "x" * 8000])
def test_worker_that_talks_nonsense(crew, packet):
    crew.rules("""
def before(job):
    import socket, time
    s = socket.socket(fileno=0)
    s.send(%r)
    time.sleep(600)
""" % packet.encode())
    crew.submit("-f", "s@client.test", "r@x.test")
    r = crew.once()
    assert r.err.count("status=deferred") == 1, r
    assert crew.mailq()[0]["attempts"] == 1
    crew.rules()
    crew.once("--now")
    assert crew.recipients() == ["r@x.test"] and crew.files() == []


def test_recipient_without_a_word_is_tried_again(crew):
    crew.rules("def rcpt(a, job):\n"
               " if a == 'r@x.test': return ('none', 0, '', '')\n")
    crew.submit("r@x.test")
    crew.submit("q@x.test")
    crew.once()
    assert crew.recipients() == ["q@x.test"]
    assert crew.mailq()[0]["attempts"] == 0


def test_worker_knows_nothing_of_our_environment(crew):
    crew.rules("""
def start(argv):
    import json, os
    with open(HERE + "/START", "w") as f:
        json.dump([argv, dict(os.environ), sorted(os.listdir("/proc/self/fd")),
                   os.getpgid(0) == os.getpid()], f)
""")
    crew.submit("r@x.test")
    crew.call("sendoffd", "--once", env={
        "CREDENTIALS_DIRECTORY": "/run/credentials/x", "SECRET": "x",
        "LD_PRELOAD": "", "HOME": "/root"})
    with open(crew.bin + "/START") as f:
        argv, env, fds, leads = json.load(f)
    assert argv == ["-C", crew.conf] and leads
    env.pop("LC_CTYPE", None)          # Python's own
    assert env == {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
                   "CREDENTIALS_DIRECTORY": "/run/credentials/x"}
    # The socket, /dev/null, standard error, and what Python has open.
    assert len(fds) <= 5


# --- runners beside each other, and their end

def test_many_runners_send_once(crew):
    n = 120
    for i in range(n):
        crew.submit("r%d@x.test" % i)
    argv = [crew.program("sendoffd"), "-C", crew.conf]
    crew.daemon()
    ps = [subprocess.Popen(argv + ["--once", "--now"], env=crew.env(),
                           stderr=subprocess.DEVNULL) for _ in range(4)]
    assert [p.wait(60) for p in ps] == [0] * 4
    crew.wait_empty()
    assert sorted(crew.recipients()) == sorted(
        "r%d@x.test" % i for i in range(n))


def test_second_daemon_is_refused(crew):
    d = crew.daemon()
    d.wait_line("started")
    r = crew.call("sendoffd")
    assert r.code == 75 and "another daemon" in r.err


def test_killed_runner_takes_its_workers_with_it(crew):
    held = crew.word("HELD")
    crew.rules("""
def before(job):
    import time
    open(HERE + "/HELD", "w").close()
    time.sleep(600)
""")
    d = crew.daemon()
    for i in range(3):
        crew.submit("r%d@x.test" % i)
    held.wait()
    d.p.kill()
    d.p.wait()
    crew.rules()
    # The lock rides on the worker too: it goes when the last of both is dead.
    wait_for(lambda: crew.once().code == 0 and crew.files() == [])
    assert crew.recipients() == ["r%d@x.test" % i for i in range(3)]


def test_stop_finishes_what_is_in_hand(crew):
    held, go = crew.word("HELD"), crew.word("GO")
    crew.rules("""
def before(job):
    open(HERE + "/HELD", "w").close()
    open(HERE + "/GO").read()
""")
    d = crew.daemon()
    crew.submit("r@x.test")
    held.wait()
    d.signal(signal.SIGTERM)
    d.wait_line("stopping")
    crew.submit("late@x.test")
    go.say()
    assert d.p.wait(20) == 0
    assert crew.recipients() == ["r@x.test"]
    assert len(crew.files()) == 1


def test_stop_abandons_what_does_not_end(crew):
    held = crew.word("HELD")
    crew.rules("""
def before(job):
    import time
    open(HERE + "/HELD", "w").close()
    time.sleep(600)
""")
    d = crew.daemon()
    crew.submit("r@x.test")
    held.wait()
    start = time.monotonic()
    d.signal(signal.SIGTERM)
    assert d.p.wait(30) == 0
    assert 9 < time.monotonic() - start < 20
    assert crew.mailq()[0]["attempts"] == 0 and crew.delivered() == []


def test_reload_takes_the_new_relay(make_crew):
    c = make_crew()
    c.rules(DOWN)
    d = c.daemon()
    c.submit("r@x.test")
    d.wait_line("cannot be used")
    c.rules()
    c.configure(relay={"host": "other.test"})
    d.signal(signal.SIGHUP)
    d.wait_line("configuration read again")
    c.wait_empty()
    assert c.recipients() == ["r@x.test"]
    c.configure(relay={"host": "other.test"}, queue={"directory": "/else"})
    d.signal(signal.SIGHUP)
    d.wait_line("needs a restart")
    c.submit("-oQ" + c.queue, "q@x.test")
    d.wait_line("to=<q@x.test>")


def test_reload_storm(crew):
    d = crew.daemon()
    d.wait_line("started")
    for i in range(30):
        crew.submit("r%d@x.test" % i)
        d.signal(signal.SIGHUP)
        d.signal(signal.SIGUSR1)
    crew.wait_empty()
    assert crew.recipients() == sorted("r%d@x.test" % i for i in range(30))
    assert d.stop() == 0


def test_interval(crew):
    crew.rules("def rcpt(a, job): return ('deferred', 451, '4.3.0', 'x')\n")
    d = crew.daemon("-q", "1s")
    crew.submit("r@x.test")
    d.wait_line("status=deferred", count=3)


def test_drain_takes_what_comes_meanwhile(crew):
    held, go = crew.word("HELD"), crew.word("GO")
    crew.rules("""
def before(job):
    if "first@x.test" in job.rcpts:
        open(HERE + "/HELD", "w").close()
        open(HERE + "/GO").read()
""")
    crew.submit("first@x.test")
    p = subprocess.Popen([crew.program("sendoffd"), "-C", crew.conf,
                          "--drain"], env=crew.env(),
                         stderr=subprocess.DEVNULL)
    held.wait()
    crew.submit("second@x.test")
    go.say()
    assert p.wait(20) == 0
    assert crew.recipients() == ["first@x.test", "second@x.test"]


def test_progress(crew):
    for i in range(4):
        crew.submit("r%d@x.test" % i)
    lines = crew.once("--progress").out.splitlines()
    assert lines == ["%d 4" % (i + 1) for i in range(4)]


def test_queue_only(crew):
    d = crew.daemon()
    crew.submit("-odq", "later@x.test")
    crew.submit("now@x.test")
    d.wait_line("to=<now@x.test>")
    assert crew.recipients() == ["now@x.test"]
    d.signal(signal.SIGUSR1)
    crew.wait_empty()


def test_hold_and_release_are_noticed(crew):
    crew.rules(DOWN)
    crew.submit("r@x.test")
    crew.once()
    (qid,) = crew.files()
    assert crew.call("sendoff", "hold", qid).code == 0
    crew.rules()
    crew.once("--now")
    d = crew.daemon()
    d.wait_line("started")
    d.signal(signal.SIGUSR1)        # the relay that was down, too
    crew.submit("q@x.test")
    d.wait_line("removed")
    assert crew.files() == [qid]
    assert crew.call("sendoff", "release", qid).code == 0
    crew.wait_empty()
    assert crew.recipients() == ["q@x.test", "r@x.test"]


def test_service_manager_hears(crew, tmp_path):
    path = str(tmp_path / "notify")
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    s.settimeout(20)
    env = crew.env(NOTIFY_SOCKET=path, WATCHDOG_USEC="400000")
    p = subprocess.Popen([crew.program("sendoffd"), "-C", crew.conf],
                         env=env, stderr=subprocess.DEVNULL)
    try:
        assert s.recv(100) == b"READY=1"
        assert s.recv(100) == b"WATCHDOG=1"
        p.send_signal(signal.SIGHUP)
        said = [x for x in (s.recv(100) for _ in range(5))
                if x != b"WATCHDOG=1"]
        assert said[0].startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert said[1] == b"READY=1"
        p.send_signal(signal.SIGTERM)
        while s.recv(100) != b"STOPPING=1":
            pass
        assert p.wait(20) == 0
    finally:
        p.kill()


@pytest.mark.parametrize("args,code", [
    (["--bogus"], 64), (["extra"], 64), (["--id", "x"], 64),
    (["--id", "0" * 20], 64), (["-q", "soon"], 64), (["-q", "0"], 64),
    (["--once", "-q", "1m"], 64), (["-C", "/nonexistent"], 78)])
def test_options(crew, args, code):
    r = crew.call("sendoffd", *args, conf=args[0] != "-C")
    assert r.code == code and len(r.err.strip().splitlines()) == 1, r
