# SPDX-License-Identifier: ISC
"""A throw-away certification authority, by the openssl program."""
import os
import subprocess


def openssl(*args, **kw):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, **kw)


class Pki:
    """ca.pem in `folder`, and certificates issued by it."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.ca, self.ca_key = self.path("ca.pem"), self.path("ca.key")
        if not os.path.exists(self.ca):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                    "-subj", "/CN=Test CA", "-keyout", self.ca_key,
                    "-out", self.ca)

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, san=None, days=30, label=None):
        """(certificate, key) for `name`; san is openssl's list."""
        label = label or name
        cert, key, csr = (self.path(label + e) for e in (".pem", ".key", ".csr"))
        if os.path.exists(cert):
            return cert, key
        ext = self.path(label + ".ext")
        with open(ext, "w", encoding="ascii") as f:
            f.write("subjectAltName=%s\n" % (san or "DNS:" + name))
        openssl("req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                "/CN=" + name, "-keyout", key, "-out", csr)
        openssl("x509", "-req", "-in", csr, "-CA", self.ca, "-CAkey",
                self.ca_key, "-CAcreateserial", "-days", str(days),
                "-extfile", ext, "-out", cert)
        os.chmod(key, 0o600)
        return cert, key
