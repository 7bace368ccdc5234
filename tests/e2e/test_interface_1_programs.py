# SPDX-License-Identifier: ISC
"""INTERFACE 1: the programs, their names, and how they find each other."""
import os
import stat
import subprocess

import pytest

from house import BUILD

PROGRAMS = ["sendmail", "mailq", "newaliases", "sendoffd", "sendoff",
            "sendoff-deliver"]


def run(house, argv, exe=None, input=b"", **env):
    return subprocess.run(argv, executable=exe, input=input,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=house.env(**env), timeout=60)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_build_leaves_it(name):
    assert os.access(os.path.join(BUILD, name), os.X_OK)


def test_one_program_with_three_names():
    real = os.path.join(BUILD, "sendmail")
    for name in ("mailq", "newaliases"):
        assert os.path.realpath(os.path.join(BUILD, name)) == \
            os.path.realpath(real)


@pytest.mark.skipif("address" in BUILD, reason="not under sanitizers")
@pytest.mark.parametrize("name", ["sendmail", "sendoffd", "sendoff"])
def test_maps_no_crypto(name):
    out = subprocess.run(["ldd", os.path.join(BUILD, name)],
                         stdout=subprocess.PIPE).stdout.decode()
    libs = {x.split()[0].split(".so")[0].split("/")[-1]
            for x in out.splitlines() if x.strip()}
    assert libs <= {"linux-vdso", "linux-gate", "libinih", "libc",
                    "ld-linux-x86-64", "ld-linux-aarch64", "ld-linux"}, libs


@pytest.mark.parametrize("argv0", ["mailq", "/usr/bin/mailq", "./mailq",
                                   "../x/mailq"])
def test_the_last_component_is_the_personality(house, argv0):
    house.submit("x@y.test")
    p = run(house, [argv0, "-C", house.conf, "--count"],
            os.path.join(BUILD, "sendmail"))
    assert (p.returncode, p.stdout) == (0, b"1\n"), p


def test_newaliases_by_name(house):
    house.aliases("root: a@b.test\n")
    p = run(house, ["/x/newaliases", "-C", house.conf],
            os.path.join(BUILD, "sendmail"))
    assert p.returncode == 0 and b": 1 aliases," in p.stdout, p


@pytest.mark.parametrize("argv0", ["sendmail", "/usr/lib/sendmail", "x", ""])
def test_any_other_name_is_sendmail(house, argv0):
    p = run(house, [argv0, "-C", house.conf, "x@y.test"],
            os.path.join(BUILD, "sendmail"), b"Subject: x\n\ny\n")
    assert p.returncode == 0 and len(house.files()) == 1, p


def test_links_elsewhere(house, tmp_path):
    """As /usr/lib/sendmail and /usr/bin/mailq are."""
    for name in ("sendmail", "mailq", "newaliases"):
        os.symlink(os.path.join(BUILD, "sendmail"), tmp_path / name)
    p = run(house, [str(tmp_path / "sendmail"), "-C", house.conf, "x@y.test"],
            input=b"Subject: x\n\ny\n")
    assert p.returncode == 0, p
    p = run(house, [str(tmp_path / "mailq"), "-C", house.conf, "--count"])
    assert p.stdout == b"1\n", p


def test_siblings_are_found_through_a_link(house, relay, tmp_path):
    os.symlink(os.path.join(BUILD, "sendmail"), tmp_path / "mailq")
    house.submit("x@y.test")
    p = run(house, [str(tmp_path / "mailq"), "-C", house.conf, "-q"])
    assert p.returncode == 0 and len(relay.messages) == 1, p


def test_siblings_are_never_found_through_path(house, relay, tmp_path):
    trap = tmp_path / "trap"
    for name in ("sendoffd", "sendoff-deliver", "sendoff", "sendmail"):
        script = tmp_path / name
        script.write_text("#!/bin/sh\n: > %s\nexit 1\n" % trap)
        script.chmod(0o755)
    house.submit("x@y.test")
    for argv in (["sendmail", "-q"], ["sendoffd", "--once"],
                 ["sendoff", "check", "--relay"], ["sendmail", "-bh"]):
        p = run(house, [os.path.join(BUILD, argv[0]), "-C", house.conf,
                        *argv[1:]], PATH=str(tmp_path), cwd=str(tmp_path))
        assert p.returncode == 0, p
    assert not trap.exists() and len(relay.messages) == 1


def test_everything_works_without_installation(house, relay):
    """With -C, and a queue that the caller owns."""
    house.submit("x@y.test")
    st = os.stat(house.queue)
    assert st.st_uid == os.getuid() and stat.S_IMODE(st.st_mode) & 0o7 == 0
    d = house.daemon()
    relay.wait(1)
    house.wait_empty()
    assert house.call("sendoff", "status").code == 0
    assert d.stop() == 0
