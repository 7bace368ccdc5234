#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A delivery process that does as it is told: stands in for sendoff-deliver
where a test is about the runner alone. It speaks the packets of
core/mail/job.h on fd 0: no network, no SMTP.

The file FAKE (beside this program) is Python; it may define
    start(argv)      called before "ready"
    down()           None, or (KIND, DSN, TEXT): the relay is down
    rcpt(addr, job)  (VERDICT, CODE, DSN, TEXT), or None: sent
    before(job)      called before a job is answered; may sleep or die
    relay            what to call the relay in outcomes
Everything that was delivered is a line "ID ADDR UID" in the file DELIVERED
beside it.
"""
import os
import socket
import sys

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))


def encode(text):
    if text == "":
        return "%"
    return "".join(c if 0x20 < ord(c) < 0x7f and c not in "%=" else
                   "".join("%%%02X" % b for b in c.encode()) for c in text)


def decode(value):
    if value == "%":
        return ""
    out, i = b"", 0
    while i < len(value):
        if value[i] == "%":
            out += bytes([int(value[i + 1:i + 3], 16)])
            i += 3
        else:
            out += value[i].encode()
            i += 1
    return out.decode("utf-8", "surrogateescape")


class Job:
    def __init__(self, msg_fd, job_fd):
        self.fd = msg_fd
        text = os.pread(job_fd, 1 << 26, 0).decode()
        os.close(job_fd)
        lines = text.splitlines()
        self.number = int(lines[0].split()[1])
        self.offset, self.size, self.crc = map(int, lines[1].split()[1:])
        self.index = [int(x) for x in lines[2].split()[1:]]
        self.env = {}
        self.rcpts = []
        for line in lines[3:]:
            key, value = line.split(" ", 1)
            if key == "rcpt":
                self.rcpts.append(decode(value.split(" ")[0]))
            else:
                self.env[key] = decode(value)

    def body(self):
        return os.pread(self.fd, self.size, self.offset)


def main():
    rules = {}
    path = os.path.join(HERE, "FAKE")
    if os.path.exists(path):
        with open(path) as f:
            exec(compile(f.read(), path, "exec"), rules)
    s = socket.socket(fileno=0)

    def say(text):
        s.send(text.encode())

    rules.get("start", lambda argv: None)(sys.argv[1:])
    say("ready")
    up = False
    relay = rules.get("relay", "fake[127.0.0.1]:25")
    while True:
        data, fds, _, _ = socket.recv_fds(s, 4096, 4)
        if not data:
            break
        job = Job(*fds)
        if not up:
            down = rules.get("down", lambda: None)()
            if down:
                say("down %s %s %s %s" % (down[0], down[1], "%",
                                          encode(down[2])))
                while s.recv(4096):
                    pass
                return
            say("up %s 0 7" % encode(relay))
            up = True
        rules.get("before", lambda job: None)(job)
        for i, addr in zip(job.index, job.rcpts):
            verdict, code, dsn, text = rules.get(
                "rcpt", lambda addr, job: None)(addr, job) or \
                ("sent", 250, "2.0.0", "250 2.0.0 Ok")
            if verdict == "sent":
                fd = os.open(os.path.join(HERE, "DELIVERED"),
                             os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                os.write(fd, ("%s %s %s\n" % (job.env["id"], addr,
                                              job.env["uid"])).encode())
                os.close(fd)
            if verdict != "none":
                say("rcpt %d %d %s %d %s - %s %s 0 0 0" % (
                    job.number, i, verdict, code, dsn, encode(relay),
                    encode(text)))
        os.close(job.fd)
        say("done %d" % job.number)


main()
