# SPDX-License-Identifier: ISC
"""A sendoff-deliver process, with this in the runner's place (job.h)."""
import array
import os
import re
import select
import socket
import subprocess
import tempfile
import time
import urllib.parse

TEXT = b"Subject: test\r\n\r\nbody\r\n"


def table():
    out = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
        out.append(i)
    return out


TABLE = table()


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def encode(text):
    return "".join(c if 0x21 <= ord(c) <= 0x7E and c not in "%=" else
                   "".join("%%%02X" % b for b in c.encode())
                   for c in text) or "%"


def decode(text):
    return "" if text == "%" else urllib.parse.unquote(text)


class Worker:
    def __init__(self, house, *args, stderr=subprocess.PIPE):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket, self.number, self.said = ours, 0, []
        self.outcomes, self.done = {}, []
        self.p = subprocess.Popen(
            [house.program("sendoff-deliver"), "-C", house.conf, *args],
            stdin=theirs, stdout=subprocess.DEVNULL, stderr=stderr,
            env=house.env())
        theirs.close()

    def give(self, *rcpts, sender="s@client.test", text=TEXT, crc=None,
             extra="", rcpt_extra=""):
        """Hands a job over; returns its number."""
        self.number += 1
        job = ("job %d\nmessage 5 %d %d\nindex %s\n" % (
            self.number, len(text), crc32c(text) if crc is None else crc,
            " ".join(str(10 + i) for i in range(len(rcpts)))))
        job += "id %020X\narrival %d\nuid 1000\nsender %s%s\n" % (
            self.number, int(time.time() * 1e6), encode(sender), extra)
        job += "".join("rcpt %s%s\n" % (encode(r), rcpt_extra) for r in rcpts)
        with tempfile.TemporaryFile() as message, \
                tempfile.TemporaryFile() as memory:
            message.write(b"xxxxx" + text + b"behind")
            message.flush()
            memory.write(job.encode())
            memory.flush()
            fds = array.array("i", [message.fileno(), memory.fileno()])
            self.socket.sendmsg(
                [b"job %d" % self.number],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        return self.number

    def read(self, timeout=20):
        """The next packet as words, or None at the end."""
        ready, _, _ = select.select([self.socket], [], [], timeout)
        assert ready, "the worker says nothing; so far: %r" % self.said
        packet = self.socket.recv(10000).decode()
        if not packet:
            return None
        words = packet.split()
        self.said.append(words)
        if words[0] == "rcpt":
            key = (int(words[1]), int(words[2]) - 10)
            assert key not in self.outcomes, "a second outcome"
            self.outcomes[key] = {
                "verdict": words[3], "code": int(words[4]),
                "dsn": decode(words[5]), "passed": words[6] == "dsn",
                "relay": decode(words[7]), "text": decode(words[8])}
        elif words[0] == "done":
            self.done.append(int(words[1]))
        return words

    def until(self, word, timeout=20):
        while True:
            words = self.read(timeout)
            assert words is not None, "ended; said: %r" % self.said
            if words[0] == word:
                return words

    def until_done(self, *numbers):
        while not set(numbers) <= set(self.done):
            assert self.read() is not None, "ended; said: %r" % self.said

    def verdict(self, number, rcpt=0):
        return self.outcomes[number, rcpt]["verdict"]

    def finish(self, timeout=20):
        """No more jobs; returns (exit code, standard error)."""
        self.socket.shutdown(socket.SHUT_WR)
        while self.read(timeout) is not None:
            pass
        return self.end(timeout)

    def end(self, timeout=20):
        err = self.p.communicate(timeout=timeout)[1]
        self.socket.close()
        return self.p.returncode, (err or b"").decode("utf-8", "replace")

    def kill(self):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()
        self.socket.close()


def commands(relay, session=None):
    """What the relay heard, without parameters of MAIL and RCPT."""
    return [re.sub(r"(>) .*", r"\1", line) for n, line in relay.log
            if session is None or n == session]


def listening_port():
    """A port on which nobody listens (any more)."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
