# SPDX-License-Identifier: ISC
"""A house whose runner starts tests/lib/fake_worker.py instead of
sendoff-deliver: what a relay does is a few lines of Python, see there."""
import os
import shutil
import threading

from house import BUILD, TOP, House


class Crew(House):
    def __init__(self, folder, **sections):
        self.bin = os.path.join(str(folder), "bin")
        os.mkdir(self.bin)
        shutil.copy(os.path.join(BUILD, "sendoffd"), self.bin)
        worker = os.path.join(self.bin, "sendoff-deliver")
        shutil.copy(os.path.join(TOP, "tests", "lib", "fake_worker.py"),
                    worker)
        os.chmod(worker, 0o755)
        sections.setdefault("relay", {}).setdefault("host", "relay.test")
        super().__init__(folder, None, **sections)

    def program(self, name):
        return os.path.join(self.bin if name == "sendoffd" else BUILD, name)

    def rules(self, text=""):
        """What the workers that start from now on do."""
        new = os.path.join(self.bin, "FAKE.new")
        with open(new, "w") as f:
            f.write("HERE = %r\n" % self.bin + text)
        os.rename(new, os.path.join(self.bin, "FAKE"))

    def delivered(self):
        """Lists of [id, recipient, uid], in the order of delivery."""
        try:
            with open(os.path.join(self.bin, "DELIVERED")) as f:
                return [x.split() for x in f]
        except FileNotFoundError:
            return []

    def recipients(self):
        return sorted(x[1] for x in self.delivered())

    def word(self, name):
        """A FIFO over which a worker tells that it is somewhere, or waits to
        be let go on: say(w) and wait(w) in its rules."""
        path = os.path.join(self.bin, name)
        os.mkfifo(path)
        return Word(path)


class Word:
    """In rules: open(PATH, "w").close() says, open(PATH).read() waits."""

    def __init__(self, path):
        self.path = path

    def wait(self, timeout=20):
        done = threading.Event()

        def read():
            with open(self.path) as f:
                f.read()
            done.set()
        threading.Thread(target=read, daemon=True).start()
        assert done.wait(timeout), "nobody came to %s" % self.path

    def say(self, timeout=20):
        done = threading.Event()

        def write():
            with open(self.path, "w"):
                done.set()
        threading.Thread(target=write, daemon=True).start()
        assert done.wait(timeout), "nobody waits at %s" % self.path
