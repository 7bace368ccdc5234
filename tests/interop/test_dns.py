# SPDX-License-Identifier: ISC
"""The way to the relay by real DNS: Knot signs the zones, Unbound validates
them, and both live with the relay in a network of their own."""
import ctypes
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import roots
from house import House
from pki import Pki
from relay import Relay
from worker import Worker

LIMIT = 30
LIBC = ctypes.CDLL(None, use_errno=True)

KNOT = """
server:
    listen: 127.0.0.1@5353
    rundir: /run/dnstest
    user: root
log:
  - target: stderr
    any: warning
database:
    storage: /var/lib/dnstest
zone:
  - domain: signed.test
    file: /etc/dnstest/signed.zone
    dnssec-signing: on
  - domain: bogus.test
    file: /etc/dnstest/bogus.zone
    dnssec-signing: on
  - domain: plain.test
    file: /etc/dnstest/plain.zone
"""

UNBOUND = """
server:
    interface: 127.0.0.1
    interface: 192.0.2.53
    access-control: 0.0.0.0/0 allow
    username: ""
    chroot: ""
    directory: /etc/dnstest
    pidfile: /run/dnstest/unbound.pid
    use-syslog: no
    do-not-query-localhost: no
    local-zone: "test." nodefault
    trust-anchor: "%s"
    trust-anchor: "bogus.test. IN DS 1 13 2 %s"
    domain-insecure: plain.test
    local-zone: "_tcp.cut.signed.test." refuse
    module-config: "validator iterator"
remote-control:
    control-enable: no
""" + "".join("""
stub-zone:
    name: %s.test
    stub-addr: 127.0.0.1@5353
""" % z for z in ("signed", "bogus", "plain"))

HEAD = """$TTL 60
@ SOA ns.@ admin.@ 1 3600 600 86400 60
@ NS ns.@
ns.@ A 127.0.0.1
"""

BODY = """
relay.@ A 127.0.0.1
alias.@ CNAME alias2.@
alias2.@ CNAME relay.@
loop.@ CNAME loop2.@
loop2.@ CNAME loop.@
six.@ AAAA 2001:db9::99
six.@ A 127.0.0.1
hole.@ AAAA 2001:db8::98
hole.@ AAAA 2001:db8::97
hole.@ A 127.0.0.1
dead.@ A 127.0.0.77
nodata.@ TXT "nothing else"
mx.@ MX 10 dead.@
mx.@ MX 20 relay.@
mx.@ MX 5 gone.@
null.@ MX 0 .
one.@ MX 10 relay.@
many.@ A 127.0.0.77
_submissions._tcp.implicit.@ SRV 0 0 465 relay.@
_submission._tcp.implicit.@ SRV 0 0 587 dead.@
_submissions._tcp.start.@ SRV 0 0 0 .
_submission._tcp.start.@ SRV 10 0 587 dead.@
_submission._tcp.start.@ SRV 20 0 587 relay.@
_submissions._tcp.none.@ SRV 0 0 0 .
good.@ A 127.0.0.1
wrong.@ A 127.0.0.1
odd.@ A 127.0.0.1
_25._tcp.good.@ TLSA 3 1 1 %(spki)s
_25._tcp.relay.@ TLSA 3 1 1 %(spki)s
_25._tcp.wrong.@ TLSA 3 1 1 %(zero)s
_25._tcp.odd.@ TLSA 1 1 1 %(spki)s
cut.@ A 127.0.0.1
ta.@ A 127.0.0.1
_25._tcp.ta.@ TLSA 2 1 1 %(ca)s
""" + "".join("many.@ MX %d dead.@\n" % i for i in range(100, 400)) \
    + "many.@ MX 1 relay.@\n"


def setns(path, kind):
    fd = os.open(path, os.O_RDONLY)
    try:
        if LIBC.setns(fd, kind) == -1:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(fd)


def spki(cert):
    """SHA-256 of its public key, as TLSA x 1 1 has it."""
    return hashlib.sha256(subprocess.run(
        "openssl x509 -in %s -noout -pubkey | openssl pkey -pubin "
        "-outform DER" % cert, shell=True, check=True,
        stdout=subprocess.PIPE).stdout).hexdigest()


class Net:
    """A network namespace with loopback, a black hole for IPv6, and mounts
    of its own."""

    def __init__(self, folder):
        self.resolv, self.hosts = folder / "resolv.conf", folder / "hosts"
        self.resolv.write_text("nameserver 127.0.0.1\n")
        self.hosts.write_text("127.0.0.1 localhost\n"
                              "127.0.0.1 by-hosts by-hosts.test\n")
        self.p = subprocess.Popen(
            ["unshare", "-n", "-m", "--propagation", "private", "sh", "-ec",
             "ip link set lo up; ip addr add 192.0.2.53/32 dev lo;"
             "ip link add hole type veth peer name far;"
             "ip link set hole up; ip link set far up;"
             "ip addr add 2001:db8::1/64 dev hole nodad;"
             "for i in 97 98; do ip neigh add 2001:db8::$i dev hole"
             " lladdr 02:00:00:00:00:01; done;"
             "mount --bind %s /etc/resolv.conf;"
             "mount --bind %s /etc/hosts; echo ready; exec sleep 1000"
             % (self.resolv, self.hosts)], stdout=subprocess.PIPE)
        assert self.p.stdout.readline() == b"ready\n"
        self.prefix = ["nsenter", "-t", str(self.p.pid), "-n", "-m"]

    def close(self):
        self.p.kill()
        self.p.wait()
        self.p.stdout.close()


class Place:
    """Names, resolver and network; a House whose programs run in there."""

    def __init__(self, folder):
        self.folder, self.procs = folder, []
        self.pki = Pki(str(folder / "pki"))
        self.cert, self.key = self.pki.issue(
            "relay", san="DNS:relay.signed.test,DNS:relay.plain.test,"
            "DNS:one.signed.test,DNS:by-hosts.test")
        other = Pki(str(folder / "other"))
        self.other_cert, self.other_key = other.issue(
            "other", san="DNS:another.test")
        self.other_ca = other.ca
        self.with_ca = str(folder / "with-ca.pem")
        named, self.with_ca_key = other.issue(
            "ta", san="DNS:ta.signed.test")
        with open(self.with_ca, "w") as f:
            f.write(open(named).read() + open(other.ca).read())
        self.root = roots.make_root("dns", ["knot", "unbound"])
        self.net = Net(folder)
        self.write_zones()
        self.start("knotd", "-c", "/etc/dnstest/knot.conf")
        anchor = self.ask_ds()
        self.put("unbound.conf", UNBOUND % (anchor, "0" * 64))
        self.start("unbound", "-d", "-c", "/etc/dnstest/unbound.conf")
        self.wait_port(53)
        bin_dir = folder / "bin"
        bin_dir.mkdir()
        self.bin = str(bin_dir)

    def put(self, name, text):
        path = os.path.join(self.root, "etc/dnstest", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def write_zones(self):
        for name in ("var/lib/dnstest", "run/dnstest"):
            path = os.path.join(self.root, name)
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
        digests = {"spki": spki(self.other_cert), "ca": spki(self.other_ca),
                   "zero": "0" * 64}
        for zone in ("signed", "bogus", "plain"):
            text = HEAD + BODY % digests
            text = re.sub(r"(?m)(?<=[ .])@(?=[\s]|$)|^@(?=\s)",
                          "%s.test." % zone, text)
            self.put(zone + ".zone", text)
        self.put("knot.conf", KNOT)

    def start(self, *argv):
        with open(os.path.join(self.folder, argv[0] + ".log"), "wb") as log:
            p = subprocess.Popen(
                self.net.prefix[:4] + ["chroot", self.root, *argv],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.procs.append(p)
        return p

    def ask_ds(self):
        until = time.monotonic() + LIMIT
        while True:
            p = subprocess.run(
                ["chroot", self.root, "keymgr", "-c",
                 "/etc/dnstest/knot.conf", "signed.test", "ds"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            lines = [x for x in p.stdout.decode().splitlines()
                     if re.search(r" 13 2 ", x)]
            if lines and self.answers(5353):
                return lines[0].replace(" DS ", " IN DS ", 1)
            assert time.monotonic() < until, "knot does not sign"
            time.sleep(0.05)

    def answers(self, port):
        """Does a DNS server answer there?"""
        with self.net_socket(socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            query = b"\1\2\1\0\0\1\0\0\0\0\0\0\6signed\4test\0\0\6\0\1"
            try:
                s.sendto(query, ("127.0.0.1", port))
                return s.recv(4096)[3] & 15 == 0
            except OSError:
                return False

    def net_socket(self, kind, family=socket.AF_INET):
        made = []

        def make():
            setns("/proc/%d/ns/net" % self.net.p.pid, 0x40000000)
            made.append(socket.socket(family, kind))
        t = threading.Thread(target=make)
        t.start()
        t.join()
        return made[0]

    def wait_port(self, port):
        until = time.monotonic() + LIMIT
        while not self.answers(port):
            assert time.monotonic() < until, "no DNS on port %d" % port
            time.sleep(0.05)

    def close(self):
        for p in self.procs:
            p.send_signal(signal.SIGTERM)
        for p in self.procs:
            p.wait()
        self.net.close()


class NetRelay(Relay):
    """Its listener is made in the other network."""

    def __init__(self, place, port, **kw):
        self.place = place
        super().__init__(port=port, **kw)

    def start(self):
        failed = []

        def begin():
            try:
                setns("/proc/%d/ns/net" % self.place.net.p.pid, 0x40000000)
                Relay.start(self)
            except OSError as e:
                failed.append(e)
        t = threading.Thread(target=begin)
        t.start()
        t.join()
        assert not failed, failed
        return self


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    p = Place(tmp_path_factory.mktemp("dns"))
    yield p
    p.close()


class There(House):
    """Its programs run in the other network."""

    def __init__(self, place, folder, **relay):
        self.place = place
        super().__init__(folder, None, relay={
            "tls_ca_file": place.pki.ca, "connect_timeout": "5s", **relay})

    def program(self, name):
        path = os.path.join(self.place.bin, name)
        if not os.path.exists(path):
            with open(path, "w") as f:
                f.write("#!/bin/sh\nexec %s %s \"$@\"\n" % (
                    " ".join(self.place.net.prefix),
                    House.program(self, name)))
            os.chmod(path, 0o755)
        return path


@pytest.fixture
def house(place, tmp_path):
    """house(relay section) in the other network."""
    place.net.resolv.write_text("nameserver 127.0.0.1\n")
    made = []

    def begin(**section):
        made.append(There(place, tmp_path, **section))
        return made[-1]
    yield begin
    for h in made:
        h.close()


@pytest.fixture
def go(house, request):
    """go(relay section) -> a Worker in the other network, that was given one
    message."""
    def begin(**section):
        w = Worker(house(**section))
        request.addfinalizer(w.kill)
        w.read()
        w.give("a@b.test")
        return w
    return begin


@pytest.fixture
def relay(place, request):
    """relay(port, tls): one in the other network; its certificate is another
    one's (other), or comes with the authority (ca)."""
    def begin(port, tls="none", other=False, ca=False):
        cert = place.other_cert if other else place.cert
        key = place.other_key if other else place.key
        if ca:
            cert, key = place.with_ca, place.with_ca_key
        r = NetRelay(place, port, tls=tls, cert=cert, key=key)
        r.start()
        request.addfinalizer(r.stop)
        return r
    return begin


def sent(worker):
    worker.until_done(1)
    assert worker.verdict(1) == "sent"
    return worker.outcomes[1, 0]["relay"]


def down(worker, *words):
    said = worker.until("down", timeout=60)
    for word in words:
        assert word in said[-1], said
    return said


@pytest.mark.parametrize("zone", ["signed", "plain"])
@pytest.mark.parametrize("host,lookup,found", [
    ("relay", "a", "relay"), ("alias", "a", "alias"), ("six", "a", "six"),
    ("mx", "mx", "relay"), ("one", "mx", "relay"), ("relay", "mx", "relay"),
    ("many", "mx", "relay"),
])
def test_found(go, relay, zone, host, lookup, found):
    r = relay(25)
    w = go(host="%s.%s.test" % (host, zone), lookup=lookup, tls="none")
    assert sent(w) == "%s.%s.test[127.0.0.1]:25" % (found, zone)
    assert len(r.messages) == 1


def test_two_hosts(go, relay):
    relay(2525)
    w = go(host="gone.signed.test, dead.signed.test, relay.signed.test:2525",
           tls="none")
    assert sent(w) == "relay.signed.test[127.0.0.1]:2525"


def test_srv(go, relay):
    """The service that is found decides how TLS begins."""
    relay(465, "implicit")
    w = go(host="implicit.signed.test", lookup="srv")
    assert sent(w) == "relay.signed.test[127.0.0.1]:465"
    relay(587, "starttls")
    w = go(host="start.signed.test", lookup="srv")
    assert sent(w) == "relay.signed.test[127.0.0.1]:587"


def test_srv_target_needs_security(go, relay):
    """An answer that anybody may have made does not name the certificate."""
    relay(465, "implicit")
    w = go(host="implicit.plain.test", lookup="srv")
    down(w, "not%20for%20that%20name")


@pytest.mark.parametrize("host,lookup,words", [
    ("gone.signed.test", "a", "no%20address"),
    ("nodata.signed.test", "a", "no%20address"),
    ("loop.signed.test", "a", "SERVFAIL"),
    ("relay.bogus.test", "a", "SERVFAIL"),
    ("relay.nowhere.test", "a", "DNS%20lookup"),
    ("gone.signed.test", "mx", "NXDOMAIN"),
    ("null.signed.test", "mx", "null%20MX"),
    ("one.bogus.test", "mx", "SERVFAIL"),
    ("none.signed.test", "srv", "no%20submission"),
    ("implicit.bogus.test", "srv", "SERVFAIL"),
])
def test_not_found(go, host, lookup, words):
    said = down(go(host=host, lookup=lookup, tls="none"))
    assert said[1] == "connect"
    assert words in said[-1], said


def test_hosts_file(go, relay):
    relay(25)
    assert sent(go(host="by-hosts", tls="none")) == "by-hosts[127.0.0.1]:25"


def test_no_search_list(go, relay, place):
    relay(25)
    place.net.resolv.write_text(
        "nameserver 127.0.0.1\nsearch plain.test\noptions ndots:5\n")
    down(go(host="relay", tls="none"), "DNS%20lookup%20of%20relay:")
    assert sent(go(host="relay.plain.test", tls="none"))


def test_silent_resolver(go, place):
    with place.net_socket(socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.9", 53))
        place.net.resolv.write_text("nameserver 127.0.0.9\n")
        for lookup in ("a", "mx", "srv"):
            begin = time.monotonic()
            w = go(host="relay.plain.test", lookup=lookup, tls="none",
                   connect_timeout="2s")
            down(w, "timeout")
            assert 1.9 < time.monotonic() - begin < 3, lookup


class Slow:
    """A resolver that passes questions on, and answers late."""

    def __init__(self, place, sec):
        self.place, self.sec = place, sec
        self.s = place.net_socket(socket.SOCK_DGRAM)
        self.s.bind(("127.0.0.8", 53))
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            try:
                query, who = self.s.recvfrom(4096)
            except OSError:
                return
            if not query:
                return
            threading.Thread(target=self.answer, daemon=True,
                             args=(query, who)).start()

    def answer(self, query, who):
        with self.place.net_socket(socket.SOCK_DGRAM) as s:
            s.sendto(query, ("127.0.0.1", 53))
            answer = s.recv(4096)
        time.sleep(self.sec)
        try:
            self.s.sendto(answer, who)
        except OSError:
            pass

    def close(self):
        try:
            self.s.shutdown(socket.SHUT_RDWR)       # wakes who waits in it
        except OSError:
            pass
        self.s.close()


@pytest.mark.parametrize("lookup", ["a", "mx"])
def test_slow_resolver(house, relay, place, lookup):
    """An answer that comes after the question was asked a second time."""
    relay(25)
    slow = Slow(place, 1.2)
    try:
        h = house(host="relay.signed.test", lookup=lookup, tls="none")
        place.net.resolv.write_text(
            "nameserver 127.0.0.8\noptions timeout:1 attempts:3\n")
        begin = time.monotonic()
        h.submit("a@b.test")
        h.once()
        assert h.files() == []
        assert time.monotonic() - begin > 1
    finally:
        slow.close()


@pytest.mark.parametrize("timeout,least", [("1s", 1), ("2s", 2)])
def test_black_hole(go, relay, timeout, least):
    """One address that swallows everything costs one connect_timeout."""
    relay(25)
    begin = time.monotonic()
    w = go(host="hole.signed.test", tls="none", connect_timeout=timeout)
    assert sent(w) == "hole.signed.test[127.0.0.1]:25"
    assert least <= time.monotonic() - begin < least + 0.9


@pytest.mark.parametrize("resolv", [
    "nameserver 127.0.0.99\n",		# nobody listens
    "nameserver 198.51.100.1\n",	# no way there
    "nameserver 127.0.0.1\n",		# the name is not known (yet)
])
@pytest.mark.parametrize("lookup", ["a", "mx", "srv"])
def test_trouble_passes(house, relay, place, resolv, lookup):
    """Whatever is wrong with DNS, mail waits, and goes when it is right."""
    relay(25)
    known = "127.0.0.1" not in resolv
    h = house(host="one.signed.test" if known else "gone.signed.test",
              lookup=lookup, port="25", tls="none")
    place.net.resolv.write_text(resolv)
    h.submit("-f", "me@client.test", "a@b.test")
    h.once()
    entry, = h.mailq()
    assert entry["queue_name"] == "deferred"
    reason = entry["recipients"][0]["delay_reason"]
    assert (".signed.test" in reason and entry["attempts"] == 0), reason
    place.net.resolv.write_text("nameserver 127.0.0.1\n")
    h.configure(None, relay={"host": "one.signed.test", "lookup": "mx",
                             "port": "25", "tls": "none"})
    assert h.call("mailq", "-q").code == 0
    assert h.files() == []


def test_check_says_what_is_wrong(house, place):
    """sendoff check --relay, for a name and for a server that is not there."""
    h = house(host="gone.signed.test", tls="none")
    r = h.call("sendoff", "check", "--relay")
    assert r.code == 69 and "dns       FAILED" in r.out, r
    assert "no such name" in r.out
    place.net.resolv.write_text("nameserver 127.0.0.99\n")
    r = h.call("sendoff", "check", "--relay")
    assert r.code == 69 and "dns       FAILED" in r.out, r
    assert "resolv.conf" in r.out


def test_check_walks_over_each_address(house, relay):
    relay(25)
    h = house(host="hole.signed.test", tls="none", connect_timeout="1s")
    r = h.call("sendoff", "check", "--relay")
    assert r.code == 0, r
    assert "2001:db8::9" in r.out and "127.0.0.1 port 25" in r.out
    assert r.out.count("timeout") == 2      # each address is looked at


@pytest.mark.parametrize("resolver,believed", [
    ("nameserver 127.0.0.1\n", True),
    ("nameserver 192.0.2.53\n", False),
    ("nameserver 192.0.2.53\noptions trust-ad\n", True),
    ("nameserver 127.0.0.1\nnameserver 192.0.2.53\n", False),
])
def test_dane(go, relay, place, resolver, believed):
    """Its certificate is nobody's, for no name of ours: TLSA vouches."""
    relay(25, "starttls", other=True)
    place.net.resolv.write_text(resolver)
    w = go(host="good.signed.test", tls="starttls", port="25",
           tls_verify="dane")
    if believed:
        sent(w)
    else:
        assert down(w, "not%20trusted")[1] == "tls"


@pytest.mark.parametrize("host,lookup,words", [
    ("wrong.signed.test", "a", "TLSA"),		# another certificate
    ("odd.signed.test", "a", "not%20trusted"),	# no usable record: as yes
    ("good.plain.test", "a", "not%20trusted"),	# not secure: as yes
    ("one.plain.test", "mx", "not%20trusted"),
])
def test_dane_refuses(go, relay, host, lookup, words):
    relay(25, "starttls", other=True)
    w = go(host=host, lookup=lookup, tls="starttls", port="25",
           tls_verify="dane")
    assert down(w, words)[1] == "tls"


@pytest.mark.parametrize("tls", ["starttls", "opportunistic"])
def test_dane_lookup_fails(go, relay, tls):
    """Whoever keeps the records from us does not get the mail."""
    relay(25, "starttls", other=True)
    w = go(host="cut.signed.test", tls=tls, port="25", tls_verify="dane")
    assert down(w, "_25._tcp.cut", "REFUSED")[1] == "tls"


def test_dane_authority(go, relay):
    """2 1 1: an authority, and then the name counts."""
    relay(25, "starttls", ca=True)
    assert sent(go(host="ta.signed.test", tls="starttls", port="25",
                   tls_verify="dane"))


def test_dane_authority_for_another_name(go, relay):
    relay(25, "starttls", other=True)
    w = go(host="ta.signed.test", tls="starttls", port="25",
           tls_verify="dane")
    assert down(w)[1] == "tls"


def test_dane_by_mx(go, relay):
    """The name that the records are for is asked for (RFC 7672 8.1)."""
    r, asked = relay(25, "starttls", other=True), []
    r.context.sni_callback = lambda s, name, c: asked.append(name)
    assert sent(go(host="one.signed.test", lookup="mx", tls="starttls",
                   port="25", tls_verify="dane"))
    assert asked == ["relay.signed.test"]


def test_dane_opportunistic(go, relay):
    """Records that are there are binding."""
    relay(25, "starttls", other=True)
    w = go(host="wrong.signed.test", tls="opportunistic", tls_verify="dane")
    assert down(w, "TLSA")[1] == "tls"


def test_dane_chain(go, relay):
    """Without records the chain counts."""
    relay(587, "starttls")
    assert sent(go(host="relay.signed.test", tls_verify="dane"))
