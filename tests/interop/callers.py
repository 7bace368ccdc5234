# SPDX-License-Identifier: ISC
"""Debian's packages of the programs that call sendmail, and what their tests
share.

Left out: Emacs, which is as large as a third of the others (mblaze is there
in its stead); nagios, icinga, munin and the like, which call mail(1); what
works only under a running systemd (systemd-cron).
"""
import email
import email.policy
import os
import subprocess

from system import USERS

PACKAGES = [
    "cron", "at", "bsd-mailx", "s-nail", "mailutils", "mutt", "alpine",
    "git", "git-email", "php-cli", "php-fpm", "libmime-lite-perl",
    "libemail-sender-perl", "python3-minimal", "ruby-mail", "nodejs",
    "node-nodemailer", "mblaze", "logwatch", "mdadm", "smartmontools", "sudo",
    "fail2ban", "monitoring-plugins-standard", "pflogsumm", "procps", "nmh",
    "procmail", "maildrop", "vacation", "anacron", "php-symfony-mailer",
    "mpack", "mime-construct",
]
# As procmail and its like are handed it.
MAILBOX = ("From x@y.example Mon Jan  1 00:00:00 2024\n"
           "Return-Path: <x@y.example>\nSubject: s\nFrom: x@y.example\n"
           "\nbody\n.\nmore\n")


def parse(m):
    return email.message_from_bytes(m["data"], policy=email.policy.default)


def write(system, path, text, mode=0o644, owner=None):
    full = system.file(path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as f:
        f.write(text)
    os.chmod(full, mode)
    if owner is not None:
        os.chown(full, USERS[owner], USERS[owner])


def one(relay, timeout=30):
    m = relay.wait(1, timeout)[0]
    return m, parse(m)


def stop(p):
    p.kill()
    p.wait()
