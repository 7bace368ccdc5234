# SPDX-License-Identifier: ISC
"""sendoff: the configuration judged, the way walked, the queue looked after."""
import json
import os
import re

import pytest

from relay import Relay


def admin(house, *args, **kw):
    return house.call("sendoff", *args, **kw)


def queued(house):
    r = admin(house, "queue", "--json")
    assert r.code == 0, r
    return [json.loads(x) for x in r.out.splitlines()]


# --- check, probe ------------------------------------------------------------

def test_check_tells_every_error(house):
    with open(house.conf, "a") as f:
        f.write("[relay]\nprot = 25\ntls_min = 9\n[nonsense]\na = b\n")
    r = admin(house, "check")
    assert r.code == 78
    lines = r.err.splitlines()
    assert len(lines) == 3, r
    assert ": prot: unknown key; [relay] has host," in lines[0]
    assert ': tls_min: "9" is not accepted; 1.2 or 1.3 is' in lines[1]
    assert ": [nonsense]: unknown section; there are [relay]," in lines[2]
    for line in lines:
        assert re.match(r"sendoff: %s:\d+: " % re.escape(house.conf), line)


def test_check_says_ok(house):
    r = admin(house, "check")
    assert r.code == 0 and r.out == "%s: no errors\n" % house.conf


def test_check_without_relay(make_house):
    r = admin(make_house(), "check")
    assert r.code == 0 and "no relay is configured" in r.out


def test_missing_file(house):
    r = house.call("sendoff", "-C", house.conf + ".not", "check", conf=False)
    assert r.code == 78 and "No such file" in r.err


@pytest.mark.parametrize("mode, code, why", [
    (0o600, 0, ""), (0o400, 0, ""), (0o640, 0, ""),
    (0o604, 78, "others may read it"), (None, 78, "No such file")])
def test_check_looks_at_secrets(make_house, tmp_path, mode, code, why):
    secret = tmp_path / "password"
    if mode is not None:
        secret.write_text("p\n")
        secret.chmod(mode)
    h = make_house(relay={"host": "127.0.0.1", "user": "u",
                          "password_file": str(secret)})
    r = admin(h, "check")
    assert r.code == code and why in r.err, r


def test_check_relay_walks(make_house, pki, tmp_path):
    cert, key = pki.issue("localhost")
    secret = tmp_path / "password"
    secret.write_text("p\n")
    secret.chmod(0o600)
    with Relay(tls="starttls", cert=cert, key=key, users={"u": "p"}) as r:
        h = make_house(r, relay={
            "host": "localhost:%d" % r.port, "tls": "starttls", "user": "u",
            "password_file": str(secret), "tls_ca_file": pki.ca})
        got = admin(h, "check", "--relay")
        assert got.code == 0, got
        assert "TLSv1." in got.out and "verified" in got.out
        assert "accepted" in got.out
        assert r.messages == []
        got = admin(h, "check", "--send", "me@example.com")
        assert got.code == 0, got
        m, = r.messages
        assert m["rcpts"] == ["me@example.com"]


def test_check_relay_down(house, relay):
    relay.stop()
    r = admin(house, "check", "--relay")
    assert r.code == 69, r
    assert "refused" in r.out + r.err


def test_check_every_relay(make_house):
    with Relay() as one, Relay() as two:
        h = make_house(one, relay_b={
            "host": "127.0.0.1:%d" % two.port, "tls": "none",
            "sender": "@b.example"})
        r = admin(h, "check", "--relay")
        assert r.code == 0, r
        assert "[relay]" in r.out and "[relay b]" in r.out
        assert len(one.sessions) == 1 and len(two.sessions) == 1
        r = admin(h, "check", "--relay", "b")
        assert r.code == 0 and len(two.sessions) == 2
        r = admin(h, "check", "--relay", "c")
        assert r.code == 64 and "[relay c]" in r.err


def test_check_relay_not_over_errors(house, relay):
    with open(house.conf, "a") as f:
        f.write("[queue]\nbogus = 1\n")
    assert admin(house, "check", "--relay").code == 78
    assert relay.sessions == []


def test_probe(house, relay):
    relay.replies["VRFY"] = lambda s, line: "252 2.0.0 perhaps"
    r = admin(house, "probe")
    assert r.code == 0, r
    r = admin(house, "probe", "--verify", "bob@example.com")
    assert r.code == 0 and "perhaps" in r.out, r
    assert any(c.startswith("VRFY bob@example.com") for _, c in relay.log)
    relay.replies["VRFY"] = lambda s, line: "550 5.1.1 nobody"
    r = admin(house, "probe", "--verify", "bob@example.com")
    assert r.code == 69 and "nobody" in r.out + r.err, r


# --- the queue ---------------------------------------------------------------

def three(house):
    house.submit("-f", "a@one.test", "x@example.com")
    house.submit("-f", "b@two.test", "y@sub.example.com")
    house.submit("-f", "", "z@example.org")
    ids = {m["sender"]: m["queue_id"] for m in queued(house)}
    assert len(ids) == 3
    return ids["a@one.test"], ids["b@two.test"], ids["MAILER-DAEMON"]


def test_queue_is_mailq(house):
    three(house)
    assert admin(house, "queue").out == house.call("mailq").out
    assert admin(house, "queue", "--json").out == \
        house.call("mailq", "--json").out


def test_empty_queue(house):
    house.once()
    r = admin(house, "queue")
    assert r.code == 0
    assert r.out.endswith("%s is empty\n\t\tTotal requests: 0\n"
                          "Mail queue is empty\n" % house.queue)
    assert admin(house, "remove", "--all").out == "no message matches\n"


def test_hold_survives_and_release_sends(house, relay):
    one, two, three_ = three(house)
    r = admin(house, "hold", one, three_)
    assert r.code == 0 and r.out == "%s: on hold\n%s: on hold\n" % (one, three_)
    house.once()
    house.call("mailq", "-q")
    assert [m["rcpts"] for m in relay.messages] == [["y@sub.example.com"]]
    assert {m["queue_name"] for m in queued(house)} == {"hold"}
    assert admin(house, "retry", one).out == "%s: due now, but on hold\n" % one
    house.once()
    assert len(relay.messages) == 1
    assert admin(house, "release", one).code == 0
    house.once()
    assert len(relay.messages) == 2
    assert house.files() == [three_]


@pytest.mark.parametrize("words, gone", [
    (["--all"], "abc"), (["--from", "@one.test"], "a"), (["--from", "<>"], "c"),
    (["--from", "*"], "abc"), (["--to", "@example.com"], "a"),
    (["--to", ".example.com"], "b"), (["--to", "z@EXAMPLE.org"], "c"),
    (["--from", "@one.test", "--to", "@example.org"], ""),
    (["--older", "1h"], ""), (["--older", "0"], "abc"),
    (["--older=0", "--from=b@two.test"], "b")])
def test_selectors(house, words, gone):
    ids = dict(zip("abc", three(house)))
    r = admin(house, "remove", *words)
    assert r.code == 0, r
    assert house.files() == sorted(v for k, v in ids.items() if k not in gone)
    if not gone:
        assert r.out == "no message matches\n"


@pytest.mark.parametrize("words", [
    [], [""], ["ABC"], ["--from"], ["--from", "x"], ["--from", ""],
    ["--older", "5"], ["--all", "--from", "*"], ["--nope"],
    ["0661003E6CA47E30EAFC", "--all"], ["0661003e6ca47e30eafc"]])
@pytest.mark.parametrize("command", ["hold", "release", "remove", "retry"])
def test_wrong_selection(house, command, words):
    house.submit("x@example.com")
    before = house.files()
    r = admin(house, command, *words)
    assert r.code == 64 and r.err, r
    assert house.files() == before and queued(house)[0]["queue_name"] != "hold"


def test_missing_id_serves_the_others(house):
    house.submit("x@example.com")
    id, = house.files()
    r = admin(house, "remove", "0" * 20, id)
    assert r.code == 66 and "no such message" in r.err
    assert house.files() == []


def test_show(house, relay):
    relay.replies["RCPT"] = lambda s, line: "450 4.2.0 greylisted"
    house.submit("-f", "a@one.test", "x@example.com", input="Subject: s\n\nhi\n")
    house.once()
    id, = house.files()
    r = admin(house, "show", id)
    assert r.code == 0, r
    assert "<a@one.test>" in r.out and "greylisted" in r.out
    assert "attempt 1" in r.out
    r = admin(house, "show", id, "--message")
    assert r.code == 0 and r.raw.endswith(b"\r\n\r\nhi\r\n")
    assert admin(house, "show", "0" * 20).code == 66
    assert admin(house, "show", id[:8]).code == 64


def test_corrupt(house, relay):
    house.submit("x@example.com")
    id, = house.files()
    path = os.path.join(house.queue, "queue", id)
    with open(path, "r+b") as f:
        f.seek(90)
        byte = f.read(1)
        f.seek(90)
        f.write(bytes([byte[0] ^ 1]))
    house.once()
    assert house.files() == [] and house.files("corrupt") == [id]
    entry, = queued(house)
    assert entry["queue_name"] == "corrupt" and entry["queue_id"] == id
    r = admin(house, "show", id)
    assert r.code == 0 and "envelope is damaged" in r.out
    assert admin(house, "release", "--all").out == "no message matches\n"
    r = admin(house, "release", id)
    assert r.code == 75 and "envelope is damaged" in r.err
    with open(os.path.join(house.queue, "corrupt", id), "r+b") as f:
        f.seek(90)
        f.write(byte)
    assert admin(house, "release", id).code == 0
    house.once()
    assert len(relay.messages) == 1


def test_status(house, relay):
    three(house)
    r = admin(house, "status")
    assert r.code == 0 and "Runner: not running" in r.out
    assert "Messages: 3 incoming" in r.out
    s = json.loads(admin(house, "status", "--json").out)
    assert s["runner_up"] is False and s["messages"]["incoming"] == 3
    house.once()
    s = json.loads(admin(house, "status", "--json").out)
    assert sum(s["messages"].values()) == 0
    d = house.daemon()
    house.submit("x@example.com")
    relay.wait(4)
    house.wait_empty()
    r = admin(house, "status")
    assert "Runner: running, process %d" % d.p.pid in r.out


def test_counters(house, relay):
    three(house)
    house.once()
    r = admin(house, "status", "--metrics")
    assert r.code == 0 and r.out.endswith("# EOF\n")
    assert 'sendoff_recipients_total{relay="default",status="sent"} 3' in r.out
    assert 'sendoff_relay_up{relay="default"} 1' in r.out
    house.submit("x@example.com")
    house.once()                                # the sum of both
    r = admin(house, "status", "--metrics")
    assert 'sendoff_recipients_total{relay="default",status="sent"} 4' in r.out
    assert 'sendoff_attempts_total{relay="default"} 4' in r.out


def test_relay_health(house, relay):
    relay.stop()
    house.submit("x@example.com")
    house.once()
    r = admin(house, "status")
    assert "Relay default: down since" in r.out and "refused" in r.out
    assert "next try:" in r.out
    s = json.loads(admin(house, "status", "--json").out)
    assert s["relays"][0]["up"] is False and s["relays"][0]["next_try"]
    relay.start()
    house.call("mailq", "-q")
    r = admin(house, "status")
    assert "Relay default: up since" in r.out and "1 sent" in r.out


def test_usage(house):
    for words in ([], ["nope"], ["queue", "x"], ["status", "--nope"],
                  ["check", "x"], ["show"]):
        r = house.call("sendoff", *words, conf=False)
        assert r.code == 64 and "usage" in r.err, r
    assert house.call("sendoff", "--help", conf=False).code == 0


# --- trace -------------------------------------------------------------------

def trace(house, *words):
    r = admin(house, "trace", "--json", *words)
    assert r.code == 0, r
    return [json.loads(x) for x in r.out.splitlines()]


def test_trace_from_queue_to_history(house, relay):
    relay.replies["RCPT"] = lambda s, line: (
        "450 4.2.0 later" if "bob" in line else
        "550 5.1.1 nobody" if "carol" in line else None)
    house.submit("-f", "me@client.test", "-V", "env 1", "-N", "never",
                 "alice@example.com", "bob@example.com", "carol@example.com",
                 input="Message-ID: <m1@client.test>\n\nx\n")
    id, = house.files()
    t, = trace(house, id)
    assert t["state"] == "queued" and t["envelope_id"] == "env 1"
    assert {r["status"] for r in t["recipients"]} == {"queued"}
    house.once()
    t, = trace(house, "--envelope-id", "env 1")
    assert {r["address"]: r["status"] for r in t["recipients"]} == {
        "alice@example.com": "sent", "bob@example.com": "deferred",
        "carol@example.com": "bounced"}
    relay.replies.clear()
    house.call("mailq", "-q")
    assert house.files() == []
    for words in ([id], ["--envelope-id", "env 1"],
                  ["--message-id", "m1@client.test"],
                  ["--message-id", "<m1@client.test>"]):
        t, = trace(house, *words)
        assert t["queue_id"] == id and t["state"] == "over"
        assert t["sender"] == "me@client.test"
        got = {r["address"]: (r["status"], r["dsn"]) for r in t["recipients"]}
        assert got["alice@example.com"][0] == "sent"
        assert got["bob@example.com"][0] == "sent"
        assert got["carol@example.com"] == ("bounced", "5.1.1")
    r = admin(house, "trace", id)
    assert "<bob@example.com>: sent" in r.out and "nobody" in r.out


def test_trace_of_removed(house):
    house.submit("x@example.com")
    id, = house.files()
    admin(house, "remove", id)
    t, = trace(house, id)
    assert [r["status"] for r in t["recipients"]] == ["removed"]


def test_trace_nothing(make_house):
    with Relay() as r:
        h = make_house(r, queue={"history": "0"})
        h.submit("x@example.com")
        id, = h.files()
        h.once()
        got = admin(h, "trace", id)
        assert got.code == 66 and "history is 0" in got.err
        assert not [f for f in os.listdir(h.queue) if "trace" in f]
        for words in ([], [id, "--envelope-id", "x"], [id[:5]],
                      ["--message-id", ""], [id, id]):
            assert admin(h, "trace", *words).code == 64, words


def test_old_days_go(house, relay):
    house.once()
    old = os.path.join(house.queue, "trace.20200101")
    open(old, "w").close()
    house.submit("x@example.com")
    house.once()
    assert not os.path.exists(old)
