# SPDX-License-Identifier: ISC
"""What 58 programs were seen to call sendmail with (callers.json: argument
vector, environment and standard input as captured or read in their source),
and what has to be queued for each."""
import base64
import json
import os
import pwd
import subprocess

import pytest

from queued import queued

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "callers.json"), encoding="utf-8") as f:
    CASES = json.load(f)
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def front(make_house):
    return make_house(None, identity={"hostname": "web1.example.net",
                                      "domain": "web1.example.net"})


def prepare(case):
    """The state in which the caller leaves the child."""
    run = case.get("run", {})

    def child():
        for fd in run.get("close_fds", []):
            os.close(fd)
    return {"preexec_fn": child, "restore_signals":
            not run.get("ignore_sigpipe", False)}


def environment(case):
    run = case.get("run", {})
    return dict(run.get("env", {})) if run.get("env_clear") else {
        **os.environ, **run.get("env", {})}


def sender(case):
    """Without -f the sender is who runs the test."""
    want = case["expect"]["envelope_from"]
    given = any(a.startswith(("-f", "-r")) for a in case["argv"])
    if not given and case["expect"]["mode"] == "submit":
        want = ME + "@web1.example.net"
    return "" if want == "<>" else want


def names(header):
    return {x.split(b":")[0].strip().lower().decode("latin-1")
            for x in header.split(b"\r\n") if x[:1] not in (b" ", b"\t", b"")}


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_caller(front, case):
    want = case["expect"]
    p = subprocess.run([case["argv"][0], "-C", front.conf, *case["argv"][1:]],
                       executable=front.program("sendmail"),
                       input=base64.b64decode(case["stdin_sample"]),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       env=environment(case), cwd="/", timeout=30,
                       **prepare(case))
    assert p.returncode == want["exit"], p.stderr
    if want.get("stdout_empty"):
        assert p.stdout == b""
    if want.get("stderr_empty"):
        assert p.stderr == b""
    m = queued(front)[0]
    assert m.sender == sender(case)
    assert sorted(m.addresses) == sorted(want["recipients"])
    for text in want.get("body_contains", []):
        assert text.encode() in m.data.replace(b"\r\n", b"\n")
    for text in want.get("body_lacks", []):
        assert text.encode() not in m.data
    have = names(m.header)
    for name in want.get("headers_absent", []):
        assert name.lower() not in have
    assert {"date", "message-id", "from", "received"} <= have
    assert "bcc" not in have and b"\0" not in m.data
    assert b"\n" not in m.data.replace(b"\r\n", b"")
