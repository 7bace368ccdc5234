# SPDX-License-Identifier: ISC
"""What core/mail/dsn and mdn write, read by the strict validator and by Python."""
import email
import email.policy
import os
import subprocess

import pytest

import dsn_validator

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
DUMP = os.path.join(TOP, "build", "lib", "dsn_dump")


@pytest.fixture(scope="module")
def reports():
    """Every report of the dumper, by name."""
    subprocess.run(["make", "-s", "build/lib/dsn_dump"], cwd=TOP, check=True)
    names = subprocess.run([DUMP], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.splitlines()
    assert len(names) >= 6
    return {n: subprocess.run([DUMP, n], check=True,
                              stdout=subprocess.PIPE).stdout for n in names}


def test_strict(reports):
    for name, raw in reports.items():
        assert dsn_validator.faults(raw) == [], name


def test_python_agrees(reports):
    for name, raw in reports.items():
        m = email.message_from_bytes(raw, policy=email.policy.default)
        assert not m.defects, (name, m.defects)
        assert m.get_content_type() == "multipart/report", name
        parts = list(m.iter_parts())
        assert len(parts) == 3, name
        assert parts[0].get_content_type() == "text/plain"
        ours = dsn_validator.check(raw)
        kind = parts[1].get_content_type()
        assert kind.replace("global-", "") == {
            "dsn": "message/delivery-status",
            "mdn": "message/disposition-notification"}[ours.kind], name
        if kind != "message/delivery-status":
            continue
        groups = parts[1].get_payload()
        assert len(groups) == 1 + len(ours.recipients), name
        for theirs, mine in zip(groups, [ours.fields] + ours.recipients):
            assert [(n, " ".join(v.split())) for n, v in theirs.items()] == \
                [(n, " ".join(v.split())) for n, v in mine], name


def test_failed(reports):
    r = dsn_validator.check(reports["failed"])
    assert r.value("Subject") == "Undelivered Mail Returned to Sender"
    assert r.value("In-Reply-To") == "<1@example.org>"
    assert r.value("References") == "<1@example.org>"
    assert "no such user" in r.text and "you@example.com" in r.text
    assert b"Subject: hi\r\n" in r.original
    (g,) = r.recipients
    assert dict(g) == {
        "Final-Recipient": "rfc822;you@example.com", "Action": "failed",
        "Status": "5.1.1", "Remote-MTA": "dns; smtp.example.com",
        "Diagnostic-Code":
            "smtp; 550 5.1.1 <you@example.com>: no such user",
        "Last-Attempt-Date": "Tue, 24 Nov 2026 07:30:00 +0100"}


def test_mixed(reports):
    r = dsn_validator.check(reports["mixed"])
    assert r.value("Subject") == "Undelivered Mail Returned to Sender"
    assert r.value("Original-Envelope-Id", r.fields) == "124567"
    assert [dict(g)["Action"] for g in r.recipients] == \
        ["failed", "delayed", "relayed", "expanded"]
    assert [dict(g)["Status"] for g in r.recipients] == \
        ["4.4.7", "4.7.1", "2.0.0", "2.0.0"]
    assert dict(r.recipients[0])["Original-Recipient"] == \
        "rfc822;root@example.org"
    assert dict(r.recipients[3])["Original-Recipient"] == \
        "rfc822;staff@example.org"
    assert "Remote-MTA" not in dict(r.recipients[0])
    assert dict(r.recipients[0])["Diagnostic-Code"].startswith("x-sendoff;")
    assert r.original.endswith(b"\r\n\r\nThe body.\r\n")


def test_to_whom_it_speaks(reports):
    """Who did not write the message is not told that it was his."""
    assert "that it took from you" in \
        " ".join(dsn_validator.check(reports["mixed"]).text.split())
    text = " ".join(dsn_validator.check(reports["postmaster"]).text.split())
    assert "a message from <> that it took on" in text


def test_success(reports):
    r = dsn_validator.check(reports["success"])
    assert r.value("Subject") == "Delivery Status Notification (Success)"
    assert r.value("To") == "fax=123@example.org"
    assert dict(r.recipients[0])["Status"] == "2.0.0"


def test_utf8(reports):
    r = dsn_validator.check(reports["utf8 recipient"])
    assert dict(r.recipients[0])["Final-Recipient"] == \
        "utf-8;\\x{E4}\\x{2B}x@\\x{4F8B}.example"
    assert "ä+x@例.example" in r.text
    r = dsn_validator.check(reports["utf8 sender"])
    assert r.value("To") == "ö@example.org"
    assert dict(r.recipients[0])["Final-Recipient"] == "utf-8;ä@example.com"
    assert b"message/global-delivery-status" in reports["utf8 sender"]


def test_hostile(reports):
    raw = reports["hostile"]
    assert b"\nBcc:" not in raw and b"\nAction: delivered" not in raw
    assert b"\r\n.\r\n" not in raw
    assert b"From: Mail Delivery System <MAILER-DAEMON@mail.example.org>" \
        in raw
    assert b"In-Reply-To" not in raw


def test_mdn(reports):
    r = dsn_validator.check(reports["mdn displayed"])
    assert r.kind == "mdn"
    assert r.value("Subject") == "Read: Fax page"
    assert r.value("To") == "fax=123@example.org"
    assert r.value("From") == "page@example.com"
    assert r.value("In-Reply-To") == "<77@example.org>"
    assert r.value("Auto-Submitted") is None
    assert dict(r.fields) == {
        "Reporting-UA": "mail.example.com; sendoff",
        "Original-Recipient": "rfc822;page@example.com",
        "Final-Recipient": "rfc822;page@example.com",
        "Original-Message-ID": "<77@example.org>",
        "Disposition": "manual-action/MDN-sent-manually; displayed"}
    assert b"Subject: Fax page\r\n" in r.original
    assert b"Received:" not in r.original
    assert b"Return-Path:" not in r.original
    assert "displayed" in r.text and "page@example.com" in r.text
    r = dsn_validator.check(reports["mdn automatic"])
    assert r.value("Auto-Submitted") == "auto-replied"
    assert r.value("Disposition", r.fields) == \
        "automatic-action/MDN-sent-automatically; dispatched"
    assert r.value("Warning", r.fields) == "only page 1 of 2"
    for name, disposition in (("error", "deleted/error"),
                              ("denied", "processed/denied,error"),
                              ("failed", "processed/error")):
        r = dsn_validator.check(reports["mdn " + name])
        assert r.value("Disposition", r.fields) == \
            "manual-action/MDN-sent-manually; " + disposition
        assert r.value("Error", r.fields)
    assert b"\nBcc" not in reports["mdn error"]
    r = dsn_validator.check(reports["mdn utf8"])
    assert r.value("Final-Recipient", r.fields) == "utf-8;ä@example.com"
    assert r.value("Subject").startswith("=?utf-8?")


@pytest.mark.parametrize("old, new, word", [
    (b"; displayed", b"; shown", "Disposition"),
    (b"manual-action/", b"", "Disposition"),
    (b"Final-Recipient:", b"X-Recipient:", "no Final-Recipient"),
    (b"Original-Message-ID: <", b"Original-Message-ID: ", "Message-ID"),
    (b"Disposition: ", b"Error: x\r\nDisposition: ", "modifier"),
    (b"Disposition: ", b"\r\nDisposition: ", "one group"),
    (b"To: fax", b"Disposition-Notification-To: x@y\r\nTo: fax",
     "asks for a report"),
])
def test_the_judge_can_refuse_an_mdn(reports, old, new, word):
    raw = reports["mdn displayed"]
    assert old in raw
    found = dsn_validator.faults(raw.replace(old, new))
    assert any(word in f for f in found), found


@pytest.mark.parametrize("old, new, word", [
    (b"\r\n", b"\n", "bare"),
    (b"Reporting-MTA: dns; ", b"Reporting-MTA: ", "Reporting-MTA"),
    (b"Reporting-MTA:", b"X-Reporting:", "no Reporting-MTA"),
    (b"Action: failed", b"Action: lost", "Action"),
    (b"Status: 5.1.1", b"Status: 2.1.1", "Status"),
    (b"Status: 5.1.1", b"Status: 5.1", "Status"),
    (b"Final-Recipient: rfc822;", b"Final-Recipient: ", "Final-Recipient"),
    (b"Action: failed", b"Action: failed\r\nAction: failed", "2 times"),
    (b"Diagnostic-Code: smtp; 550", b"Diagnostic-Code: smtp; no", "reply"),
    (b"Action: failed", b"Action: failed\r\nFoo: bar", "not known"),
    (b"Last-Attempt-Date: Tue, 24", b"Last-Attempt-Date: Tue, 34", "date"),
    (b"auto-replied", b"no", "Auto-Submitted"),
    (b"report-type=delivery-status;", b"", "report-type"),
    (b"MIME-Version: 1.0\r\n", b"", "MIME-Version"),
    (b"no such user", b"no such \xc3\xa4", "octets over 127"),
    (b"--\r\n", b"\r\n", "closing"),
    (b"\r\nFinal-Recipient", b"Final-Recipient", "Final-Recipient"),
    (b"Subject: hi\r\n", b"Subject: hi\r\n\r\n", "header section"),
    (b"Status: 5.1.1", b"Status: 5.1.1\r\nWill-Retry-Until: Tue, 24 Nov "
     b"2026 07:30:00 +0100", "Will-Retry-Until"),
    (b"Subject: hi", b"Subject: " + b"x" * 990, "octets"),
    (b"Final-Recipient: rfc822;", b"Final-Recipient: utf-8;\\",
     "utf-8-addr-xtext"),
])
def test_the_judge_can_say_no(reports, old, new, word):
    raw = reports["failed"]
    assert old in raw
    found = dsn_validator.faults(raw.replace(old, new))
    assert any(word in f for f in found), found
