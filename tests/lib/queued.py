# SPDX-License-Identifier: ISC
"""A queue file, read by somebody who did not write the program: the
envelope's lines, the message, the journal."""
import os
from urllib.parse import unquote_to_bytes


def plain(value):
    return "" if value == "%" else \
        unquote_to_bytes(value).decode("utf-8", "surrogateescape")


class Queued:
    def __init__(self, path):
        self.path, self.id = path, os.path.basename(path)
        with open(path, "rb") as f:
            raw = f.read()
        head, _, rest = raw.partition(b"\n")
        words = head.split()
        assert words[:3] == [b"sendoff", b"1", b"queued"], head
        env_size, size = int(words[4]), int(words[5])
        text, self.fields, self.rcpts = rest[:env_size].decode(), {}, []
        assert rest[env_size:env_size + 1] == b"\n"
        self.data = rest[env_size + 1:env_size + 1 + size]
        assert len(self.data) == size
        self.journal = rest[env_size + 1 + size:].decode().splitlines()
        for line in text.splitlines():
            key, _, value = line.partition(" ")
            if key != "rcpt":
                self.fields[key] = plain(value)
                continue
            address, *attrs = value.split(" ")
            self.rcpts.append((plain(address), {
                k: plain(v) for k, v in (a.split("=", 1) for a in attrs)}))
        header, _, self.body = self.data.partition(b"\r\n\r\n")
        self.header = header + b"\r\n"

    @property
    def sender(self):
        return self.fields["sender"]

    @property
    def addresses(self):
        return [a for a, _ in self.rcpts]

    def field(self, name):
        """The unfolded bodies of every field of that name."""
        found, mine = [], False
        for line in self.header.split(b"\r\n"):
            if line[:1] in (b" ", b"\t"):
                if mine:
                    found[-1] += line
                continue
            key, _, value = line.partition(b":")
            mine = key.strip().lower() == name.lower().encode()
            if mine:
                found.append(value)
        return [v.strip().decode("utf-8", "surrogateescape") for v in found]


def queued(house):
    """Every message in the house's queue, oldest first."""
    return [Queued(os.path.join(house.queue, "queue", n))
            for n in house.files()]
