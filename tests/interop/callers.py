# SPDX-License-Identifier: ISC
"""Debian's packages of the programs that call sendmail."""
PACKAGES = [
    "cron", "at", "bsd-mailx", "s-nail", "mailutils", "mutt", "alpine",
    "git", "git-email", "php-cli", "php-fpm", "libmime-lite-perl",
    "libemail-sender-perl", "python3-minimal", "ruby-mail", "node-nodemailer",
    "mblaze", "logwatch", "mdadm", "smartmontools", "sudo", "fail2ban",
    "monitoring-plugins-basic", "pflogsumm", "libcgi-pm-perl", "procps",
    "nmh", "procmail", "vacation", "anacron", "php-symfony-mailer", "mpack",
    "apt-listchanges", "mime-construct", "unattended-upgrades", "debsecan",
    "popularity-contest", "maildrop",
]
