# SPDX-License-Identifier: ISC
"""sendmail installed set-group-id in a folder of its own, with a queue that
belongs to a user who is nobody else. Needs root. The objects of the build tree
are linked once more with the one file that knows the paths."""
import glob
import os
import shutil
import subprocess
import tempfile

from house import BUILD, TOP, Daemon, Result

OWNER = 64711                   # uid and gid of the queue
ALICE, BOB = 64801, 64802       # callers without a passwd entry


class Private:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sendoff-private.", dir="/tmp")
        os.chmod(self.dir, 0o755)
        self.spool = self.dir + "/spool"
        self.conf = self.dir + "/etc/sendoff/sendoff.conf"
        self.daemons = []
        for d in ("etc/sendoff", "sbin", "run/sendoff", "libexec"):
            os.makedirs(os.path.join(self.dir, d))
        for d, mode in (("spool", 0o750), ("spool/queue", 0o3770),
                        ("spool/corrupt", 0o3770)):
            path = os.path.join(self.dir, d)
            os.mkdir(path)
            os.chown(path, OWNER, OWNER)
            os.chmod(path, mode)
        os.chown(self.dir + "/run/sendoff", OWNER, OWNER)
        self.configure()
        self.link("sendmail", "libqueue.a libsmtp.a libmail.a libbase.a")
        self.link("sendoffd", "libqueue.a libmail.a libbase.a")
        self.link("sendoff-deliver", "libsmtp.a libmail.a libbase.a",
                  "libexec", "-lidn2 -lgsasl -lssl -lcrypto -lresolv")
        os.chown(self.program("sendmail"), 0, OWNER)
        os.chmod(self.program("sendmail"), 0o2755)
        os.symlink("sendmail", self.program("mailq"))

    def link(self, name, archives, folder="sbin", libs=""):
        paths = self.dir + "/paths.o"
        defines = ["-D%s=\"%s/%s\"" % (k, self.dir, v) for k, v in (
            ("SYSCONFDIR", "etc"), ("SPOOLDIR", "spool"), ("RUNDIR", "run"),
            ("SBINDIR", "sbin"), ("LIBEXECDIR", "libexec"))]
        subprocess.run(["cc", "-I" + TOP, "-D_GNU_SOURCE", "-fPIE", *defines,
                        "-c", "-o", paths, TOP + "/core/base/paths.c"],
                       check=True)
        subprocess.run(["cc", "-pie", "-o", "%s/%s/%s" % (
            self.dir, folder, name), *glob.glob(
                "%s/obj/cmd/%s/*.o" % (BUILD, name)), paths, *(
                    "%s/%s" % (BUILD, a) for a in archives.split()), "-linih",
                                        *libs.split()], check=True)

    def configure(self, *lines):
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write("[identity]\nhostname = h.test\ndomain = h.test\n"
                    "[aliases]\nfile = %s/aliases\n[queue]\nmin_free = 0\n"
                    % self.dir)
            if "[log]" not in lines:
                f.write("[log]\ntarget = stderr\n")
            f.write("".join(x + "\n" for x in lines))

    def program(self, name):
        return "%s/sbin/%s" % (self.dir, name)

    def argv(self, uid, name, *args, nnp=False):
        return ["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid,
                "--clear-groups", *(["--no-new-privs"] if nnp else []),
                self.program(name), *args]

    def call(self, uid, name, *args, input=b"", nnp=False, **kw):
        p = subprocess.Popen(self.argv(uid, name, *args, nnp=nnp), cwd="/",
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, **kw)
        out, err = p.communicate(input, 60)
        return Result(p, out, err)

    def daemon(self):
        d = Daemon([self.program("sendoffd")], self.env())
        self.daemons.append(d)
        return d

    def env(self):
        return {"PATH": os.environ["PATH"]}

    def files(self):
        return sorted(os.listdir(self.spool + "/queue"))

    def close(self):
        for d in self.daemons:
            d.stop()
        shutil.rmtree(self.dir)
