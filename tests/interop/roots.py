# SPDX-License-Identifier: ISC
"""Roots of their own, from Debian's packages, for real peers and callers.

Needs root and debootstrap; installs the latter (and says so). A root is kept
in build/roots and used again.
"""
import os
import re
import shutil
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOTS = os.environ.get("SENDOFF_ROOTS", os.path.join(TOP, "build", "roots"))


def why_not():
    """The reason why no root can be made here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/etc/debian_version"):
        return "needs Debian"
    return None


def apt_sources():
    """(uri, suite) pairs that this machine's own apt uses."""
    found = []
    folder = "/etc/apt/sources.list.d"
    names = ["/etc/apt/sources.list"] + [
        os.path.join(folder, n) for n in sorted(os.listdir(folder))]
    for name in names:
        if not os.path.isfile(name):
            continue
        with open(name, encoding="utf-8") as f:
            text = f.read()
        found += re.findall(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)", text, re.M)
        for block in re.split(r"\n\s*\n", text):
            uri = re.search(r"^URIs:\s*(\S+)", block, re.M)
            suites = re.search(r"^Suites:\s*(.+)$", block, re.M)
            if uri and suites:
                found += [(uri.group(1), s) for s in suites.group(1).split()]
    return found


def run(*argv, **kw):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       stdin=subprocess.DEVNULL, **kw)
    if p.returncode != 0:
        raise RuntimeError("%s: exit %d\n%s" % (
            " ".join(argv), p.returncode, p.stdout.decode()[-2000:]))
    return p.stdout.decode()


def install(path, env, *packages):
    run("chroot", path, "apt-get", "-q", "-y", "--no-install-recommends",
        "install", *packages, env=env)


def apt_env():
    return {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}


def is_ready(path, wanted):
    stamp = os.path.join(path, ".ready")
    if not os.path.exists(stamp):
        return False
    with open(stamp) as f:
        return f.read() == wanted


def set_ready(path, wanted):
    with open(os.path.join(path, ".ready"), "w") as f:
        f.write(wanted)


def base_root():
    """The smallest Debian, from which every root is copied."""
    path = os.path.join(ROOTS, "base")
    if is_ready(path, "base"):
        return path
    if shutil.which("debootstrap") is None:
        print("roots: installing debootstrap")
        run("apt-get", "-q", "update")
        run("apt-get", "-q", "-y", "--no-install-recommends", "install",
            "debootstrap")
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(ROOTS, exist_ok=True)
    uri, suite = next((u, s) for u, s in apt_sources()
                      if "security" not in s and "updates" not in s)
    run("debootstrap", "--variant=minbase", suite, path, uri)
    with open(os.path.join(path, "etc/apt/sources.list"), "w") as f:
        for u, s in apt_sources():
            f.write("deb %s %s main\n" % (u, s))
    policy = os.path.join(path, "usr/sbin/policy-rc.d")
    with open(policy, "w") as f:
        f.write("#!/bin/sh\nexit 101\n")
    os.chmod(policy, 0o755)
    for conf in ("resolv.conf", "apt/apt.conf"):
        if os.path.exists("/etc/" + conf):
            shutil.copy("/etc/" + conf, os.path.join(path, "etc", conf))
    if os.path.isdir("/etc/apt/apt.conf.d"):
        shutil.copytree("/etc/apt/apt.conf.d",
                        os.path.join(path, "etc/apt/apt.conf.d"),
                        dirs_exist_ok=True)
    # nothing here has to outlive a power cut
    with open(os.path.join(path, "etc/dpkg/dpkg.cfg.d/unsafe"), "w") as f:
        f.write("force-unsafe-io\n")
    run("chroot", path, "apt-get", "-q", "update", env=apt_env())
    set_ready(path, "base")
    return path


def make_root(name, packages, setup=None, later=()):
    """The path of a root with these packages; setup(path) runs once, and
    then the packages of `later` are added, one by one: those that cannot be
    are named in the file .missing."""
    path = os.path.join(ROOTS, name)
    wanted = " ".join(sorted(packages) + sorted(later))
    if is_ready(path, wanted):
        return path
    shutil.rmtree(path, ignore_errors=True)
    run("cp", "-a", "--reflink=auto", base_root(), path)
    os.unlink(os.path.join(path, ".ready"))
    install(path, apt_env(), *packages)
    if setup is not None:
        setup(path)
    missing = []
    try:
        if later:
            install(path, apt_env(), *later)
    except RuntimeError:
        for package in later:
            try:
                install(path, apt_env(), package)
            except RuntimeError:
                missing.append(package)
    with open(os.path.join(path, ".missing"), "w") as f:
        f.write("\n".join(missing))
    set_ready(path, wanted)
    return path


def chroot(path, *argv, **kw):
    return run("chroot", path, *argv, **kw)


def inside(path, *argv, who=()):
    """The command line that runs argv in the root, with a /proc and terminals
    that go when its last process does. It becomes argv: the process id
    stays."""
    return ["unshare", "--mount", "sh", "-c",
            'mount -t proc proc "$0/proc" && '
            'mount --bind /dev/pts "$0/dev/pts" && exec chroot "$@"', path,
            *who, path, *argv]
