# SPDX-License-Identifier: ISC
"""INTERFACE 3: mailq, as the programs that read it do."""
import json
import os
import re

import pytest

from relay import HANG

ENTRY = re.compile(r"^(\w+)([!*]?)\s+(\d+)\s+(.{19})\s+(\S+)$")   # apq, ufc
SCRIPTS = re.compile(r"^[A-F0-9]+[*!]?\s")
POSTFIX_TAIL = re.compile(r"^-- ([0-9]+) Kbytes in ([0-9]+) Requests?\.$")
SENDMAIL_TAIL = re.compile(r"^\s+Total requests: ([0-9]+)$")


@pytest.fixture
def waiting(house, relay):
    """A house with one deferred, one held and one new message."""
    relay.replies["RCPT"] = lambda s, line: (
        "450 4.2.0 come back later" if "b@" in line else
        "451 4.3.0 other trouble" if "c@" in line else None)
    house.submit("-f", "alice@client.test", "-V", "env-1",
                 "b@y.test", "b2b@y.test", "c@y.test", "good@y.test")
    house.once()
    house.submit("-f", "", "x@y.test", input="Subject: x\n\n" + "y" * 3000)
    house.aliases("root: z@y.test\n")
    house.submit("root")
    ids = [m["queue_id"] for m in house.mailq()]
    assert house.call("sendoff", "hold", ids[1]).code == 0
    house.ids = ids
    return house


def text(house, *args):
    r = house.call("mailq", *args)
    assert r.code == 0 and r.err == "", r
    return r.out


def test_layout(waiting):
    lines = text(waiting).split("\n")
    assert "sendoffd is not running" in lines[0]
    assert re.fullmatch(r"-+Queue ID-+ --Size-- -+Arrival Time-+ "
                        r"-+Sender/Recipient-+", lines[1])
    entries = [x for x in lines if SCRIPTS.match(x)]
    assert [ENTRY.match(x).group(1, 2, 5) for x in entries] == [
        (waiting.ids[0], "", "alice@client.test"),
        (waiting.ids[1], "!", "MAILER-DAEMON"),
        (waiting.ids[2], "", entries[2].split()[-1])]
    for x in entries:
        assert re.match(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d$",
                        ENTRY.match(x).group(4))
        assert len(x.split()) == 7, "date is fields 3 to 6, sender the last"
    sizes = {m["queue_id"]: m["message_size"] for m in waiting.mailq()}
    assert [int(ENTRY.match(x).group(3)) for x in entries] == [
        sizes[i] for i in waiting.ids]


def test_reasons_and_recipients(waiting):
    """A reason once, in parentheses, before those that share it; only who is
    still owed."""
    block = [x.strip() for x in text(waiting).split("\n\n")[0].split("\n")[3:]]
    assert block == ["(450 4.2.0 come back later)", "b@y.test", "b2b@y.test",
                     "(451 4.3.0 other trouble)", "c@y.test"]
    assert all(x[0] in " (" for x in
               text(waiting).split("\n\n")[0].split("\n")[3:])


def test_blank_line_between_entries(waiting):
    blocks = text(waiting).split("\n\n")
    assert len(blocks) == 4 and all(
        len([x for x in b.split("\n") if SCRIPTS.match(x)]) == 1
        for b in blocks[:3])


def test_trailers(waiting):
    *_, total, last = text(waiting).rstrip("\n").split("\n")
    assert SENDMAIL_TAIL.match(total).group(1) == "3"
    size = sum(m["message_size"] for m in waiting.mailq())
    assert POSTFIX_TAIL.match(last).groups() == (str(size // 1024), "3")


def test_one_request(house):
    house.submit("x@y.test")
    assert text(house).endswith("-- 0 Kbytes in 1 Request.\n")


def test_empty(house):
    house.daemon().wait_line("started")
    assert text(house).split("\n") == [
        "%s is empty" % house.queue, "\t\tTotal requests: 0",
        "Mail queue is empty", ""]


def test_says_when_no_runner_is_alive(house):
    assert "not running" in text(house)
    d = house.daemon()
    d.wait_line("started")
    assert "not running" not in text(house)
    d.stop()
    assert "not running" in text(house)
    assert "not running" not in text(house, "--json")


def test_count(waiting):
    assert text(waiting, "--count") == "3\n"
    assert text(waiting, "--count", "-qRx@") == "1\n"


def test_bp_is_mailq(waiting):
    assert waiting.sendmail("-bp").out == text(waiting)


@pytest.mark.parametrize("option, n", [
    ("-qRb@y", 1), ("-q!Rb@y", 2), ("-qSalice", 1), ("-q!Salice", 2),
    ("-qIFFFFFFFFFF", 0), ("-qRnobody", 0)])
def test_selection(waiting, option, n):
    assert len([x for x in text(waiting, option).split("\n")
                if SCRIPTS.match(x)]) == n


def test_json(waiting):
    lines = text(waiting, "--json").splitlines()
    first, held, new = map(json.loads, lines)
    assert list(first) == [
        "queue_name", "queue_id", "arrival_time", "message_size", "sender",
        "recipients", "uid", "attempts", "last_attempt", "next_attempt",
        "expires", "envelope_id"]
    assert first["queue_name"] == "deferred"
    assert first["sender"] == "alice@client.test"
    assert first["envelope_id"] == "env-1" and first["uid"] == os.getuid()
    assert first["attempts"] == 1
    assert first["arrival_time"] <= first["last_attempt"] < \
        first["next_attempt"] < first["expires"]
    assert first["expires"] - first["arrival_time"] == 5 * 86400
    assert first["recipients"][0] == {
        "address": "b@y.test", "delay_reason": "450 4.2.0 come back later",
        "orig_address": None, "status": "deferred", "dsn": "4.2.0"}
    assert [r["address"] for r in first["recipients"]] == [
        "b@y.test", "b2b@y.test", "c@y.test"]
    assert held["queue_name"] == "hold" and held["sender"] == "MAILER-DAEMON"
    assert held["expires"] - held["arrival_time"] == 86400
    assert new["queue_name"] == "incoming" and new["attempts"] == 0
    assert new["last_attempt"] is None and new["next_attempt"] is None
    assert new["envelope_id"] is None
    rcpt, = new["recipients"]
    assert rcpt["address"] == "z@y.test" and rcpt["status"] is None
    assert rcpt["orig_address"].split("@")[0] == "root"


def test_json_of_an_empty_queue_is_nothing(house):
    assert text(house, "--json") == ""


def test_json_is_ascii_or_utf8_whatever_a_relay_says(house, relay):
    relay.replies["RCPT"] = lambda s, line: b"450 4.2.0 \"\\\xff\x01\t\r\n"
    house.submit("x@y.test")
    house.once()
    reason = house.mailq()[0]["recipients"][0]["delay_reason"]
    assert reason.startswith('450 4.2.0 "\\')
    assert all(c >= " " for c in reason)
    assert "\x01" not in text(house) and "\t" not in text(house).split(
        "Total")[0].rstrip("\t")


def test_active(house, relay):
    relay.replies["DATA"] = lambda s, line: HANG
    d = house.daemon()
    house.submit("x@y.test")
    d.wait_line("(queue active)")
    entry, = [x for x in text(house).split("\n") if SCRIPTS.match(x)]
    assert ENTRY.match(entry).group(2) == "*"
    assert house.mailq()[0]["queue_name"] == "active"
    relay.stop()


def test_corrupt(house):
    house.submit("x@y.test")
    name, = house.files()
    with open(os.path.join(house.queue, "queue", name), "r+b") as f:
        f.seek(100)
        f.write(b"#")
    house.once()
    m, = house.mailq()
    assert m["queue_name"] == "corrupt" and m["queue_id"] == name
    assert m["recipients"] == []
    assert name in text(house)


def test_order_is_by_arrival(house):
    for i in range(5):
        house.submit("r%d@y.test" % i)
    assert [m["recipients"][0]["address"] for m in house.mailq()] == [
        "r%d@y.test" % i for i in range(5)]


def test_a_held_message_survives_a_flush(waiting, relay):
    relay.replies.clear()
    assert waiting.call("mailq", "-q").code == 0
    m, = waiting.mailq()
    assert m["queue_name"] == "hold" and m["queue_id"] == waiting.ids[1]


@pytest.mark.parametrize("args", [["x@y.test"], ["--size"], ["-Z"],
                                  ["--json", "x"]])
def test_usage(house, args):
    r = house.call("mailq", *args)
    assert r.code == 64 and r.out == "" and r.err.count("\n") == 1, r


