# SPDX-License-Identifier: ISC
"""Messages as core/mail/mime re-encodes them, beside Python's MIME parser: it
has to find the same parts with the same content in both, and nothing left of
what the relay does not take."""
import base64
import email
import os
import quopri
import random
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
DUMP = os.path.join(TOP, "build", "lib", "mime_dump")
SEVEN_BIT, LINES = 1, 2
LINES_OF_TEXT = ["hello", "", "", ".", "..", "From me", " lead", "tab\t",
                 "=3D", "äöü " * 9, "ä", "ä =", "--", "- -b1--",
                 ("a" * 70 + "--b1 --b2") * 3] + [
                     "x" * n for n in (75, 76, 77, 997, 998, 999, 2500)]


def some_text(rng):
    text = "\r\n".join(rng.choice(LINES_OF_TEXT)
                       for _ in range(rng.randint(0, 6)))
    return (text + "\r\n" * rng.randint(0, 2)).encode(
        rng.choice(["utf-8", "latin-1"]))


def some_bytes(rng, n):
    return bytes(rng.choice([c for c in range(1, 256) if c not in b"\r\n"])
                 for _ in range(rng.randint(0, n)))


def encoded_leaf(rng):
    if rng.random() < 0.5:
        raw = base64.b64encode(some_bytes(rng, 1500))
        width = rng.choice([76, 5000])
        return (b"Content-Type: image/x\r\n"
                b"Content-Transfer-Encoding: base64\r\n",
                b"\r\n".join(raw[i:i + width]
                             for i in range(0, len(raw), width)))
    raw = quopri.encodestring(some_text(rng).replace(b"\r\n", b"\n"))
    raw = raw.replace(b"\n", b"\r\n")
    if rng.random() < 0.5:
        raw = raw.replace(b"=\r\n", b"")
    if rng.random() < 0.3:
        raw = raw.replace(b"=C3=A4", "ä".encode())
    return (b"Content-Type: text/plain\r\n"
            b"Content-Transfer-Encoding: quoted-printable\r\n", raw)


def leaf(rng):
    kind = rng.randint(0, 4)
    if kind == 0:
        return b"", some_text(rng)
    if kind == 1:
        return b"Content-Type: text/plain; charset=x\r\n", some_text(rng)
    if kind == 2:
        return (b"Content-Type: text/html\r\n"
                b"Content-Transfer-Encoding: 8bit\r\n", some_text(rng))
    if kind == 3:
        return (b"Content-Type: application/octet-stream\r\n"
                b"Content-Transfer-Encoding: binary\r\n",
                some_bytes(rng, 200) + b"\r\n" + some_bytes(rng, 200))
    return encoded_leaf(rng)


def entity(rng, depth):
    if depth == 3 or rng.random() < 0.5:
        return leaf(rng)
    mark = b"b12"[:depth + 1]       # each begins as the outer ones do
    out = rng.choice([b"", b"pre\r\n", "prä\r\n".encode()])
    for _ in range(rng.randint(1, 3)):
        head, body = entity(rng, depth + 1)
        out += (b"--" + mark + rng.choice([b"", b" "]) + b"\r\n" + head +
                b"\r\n" + body + b"\r\n")
    if rng.random() < 0.9:
        out += b"--" + mark + b"--" + rng.choice([b"", b"\r\n", b"\r\nepi"])
    return (b"Content-Type: multipart/mixed; boundary=\"" + mark + b"\"\r\n",
            out)


def message(rng):
    head, body = entity(rng, 0)
    out = (b"Subject: s\r\n" + rng.choice([b"", b"MIME-Version: 1.0\r\n"]) +
           head + b"\r\n" + body)
    return out if out.endswith(b"\r\n") else out + b"\r\n"


def content(part):
    """What a leaf says, whatever way it is said."""
    # pylint: disable=protected-access
    raw = (part._payload or "").encode("ascii", "surrogateescape")
    how = (part["Content-Transfer-Encoding"] or "").lower()
    if how == "base64":
        return base64.b64decode(bytes(
            c for c in raw if c < 128 and (chr(c).isalnum() or c in b"+/=")))
    if how != "quoted-printable":
        return raw
    raw = re.sub(rb"[ \t]+(\r?\n|$)", rb"\1", raw)
    raw = re.sub(rb"=\r?\n", b"", raw)
    return re.sub(rb"=([0-9A-Fa-f]{2})",
                  lambda m: bytes([int(m[1], 16)]), raw)


def parts(raw):
    found = []
    for part in email.message_from_bytes(raw).walk():
        if part.is_multipart():
            found.append((part.get_content_type(), len(part.get_payload())))
        elif part.get_content_maintype() != "multipart":
            found.append((part.get_content_type(), content(part)))
    return found


def convert(jobs):
    """Each message re-encoded; None where nothing has to change."""
    subprocess.run(["make", "-s", "build/lib/mime_dump"], cwd=TOP, check=True)
    out = subprocess.run(
        [DUMP], check=True, stdout=subprocess.PIPE,
        input=b"".join(b"%d %d\n%s\n" % (need, len(raw), raw)
                       for need, raw in jobs)).stdout
    answers, at = [], 0
    while at < len(out):
        end = out.index(b"\n", at)
        size = int(out[at:end])
        assert size != -1, "refused"
        at = end + 1 + max(size, 0)
        answers.append(out[end + 1:at] if size >= 0 else None)
    return answers


def fits(need, raw):
    return (not need & SEVEN_BIT or max(raw) < 128) and (
        not need & LINES or max(map(len, raw.split(b"\r\n"))) <= 998)


def test_says_the_same():
    rng = random.Random(2045)
    jobs = [(rng.randint(1, 3), message(rng)) for _ in range(1000)]
    changed = 0
    answers = convert(jobs)
    assert len(answers) == len(jobs)
    for (need, raw), ours in zip(jobs, answers):
        if ours is None:
            assert fits(need, raw), raw
            continue
        changed += 1
        assert fits(need, ours), raw
        assert parts(ours) == parts(raw), raw
    assert changed > 300
