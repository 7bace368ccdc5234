# SPDX-License-Identifier: ISC
"""A strict judge of reports: DSNs (RFC 3464, 6522, 6533) and MDNs (RFC 8098).

    report = dsn_validator.check(raw)       # raises Invalid with every fault
    faults = dsn_validator.faults(raw)      # or [] for a good one

It reads bytes by its own rules and shares no code with what it judges, nor
with Python's email package. A Report has kind ("dsn" or "mdn"), header and
fields (lists of (name, value)), recipients (lists of (name, value)), text
and original (bytes of the third part, or None).
"""
import base64
import quopri
import re

DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(?:0?[1-9]|[12]\d|3[01]) "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"(?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60))? [+-]\d{4}"
    r"(?: \([^()]*\))?\Z")
TYPED = re.compile(r"([A-Za-z0-9-]+)\s*;\s*(.+)\Z", re.S)
STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?: *\([^()]*\))?\Z")
MSGID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>\Z")
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DISPOSITION = re.compile(
    r"(manual-action|automatic-action)/(MDN-sent-manually|"
    r"MDN-sent-automatically); ?(displayed|deleted|dispatched|processed)"
    r"(?:/(%s(?:,%s)*))?\Z" % (ATOM, ATOM))
UTF8_XTEXT = re.compile(
    r"(?:[\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]|\\x\{[0-9A-F]{2,6}\})+\Z")
ACTIONS = {"failed": "45", "delayed": "4", "delivered": "2", "relayed": "2",
           "expanded": "2"}
PER_MESSAGE = {"original-envelope-id", "reporting-mta", "dsn-gateway",
               "received-from-mta", "arrival-date"}
PER_RCPT = {"original-recipient", "final-recipient", "action", "status",
            "remote-mta", "diagnostic-code", "last-attempt-date",
            "final-log-id", "will-retry-until"}
MDN_FIELDS = {"reporting-ua", "mdn-gateway", "original-recipient",
              "final-recipient", "original-message-id", "disposition",
              "failure", "error", "warning"}
MDN_MANY = {"failure", "error", "warning"}


class Invalid(AssertionError):
    pass


class Report:
    def __init__(self):
        self.kind = None
        self.header, self.fields, self.recipients = [], [], []
        self.text, self.original = "", None
        self.faults = []

    def fault(self, fmt, *args):
        self.faults.append(fmt % args if args else fmt)

    def value(self, name, fields=None):
        """The only value of that name, or None."""
        found = [v for n, v in (self.header if fields is None else fields)
                 if n.lower() == name.lower()]
        return found[0] if len(found) == 1 else None


def lines_of(r, raw, what):
    """The lines of raw without their CRLF; bare CR and LF are faults."""
    if raw and not raw.endswith(b"\r\n"):
        r.fault("%s: last line without CRLF", what)
    lines = raw.split(b"\r\n")
    if lines and lines[-1] == b"":
        lines.pop()
    for i, line in enumerate(lines):
        if b"\r" in line or b"\n" in line:
            r.fault("%s line %d: bare CR or LF", what, i + 1)
        if b"\0" in line:
            r.fault("%s line %d: NUL", what, i + 1)
        if len(line) > 998:
            r.fault("%s line %d: %d octets", what, i + 1, len(line))
    return lines


def fields_of(r, lines, what, utf8):
    """Header fields, unfolded, in order."""
    fields = []
    for line in lines:
        try:
            s = line.decode("utf-8" if utf8 else "ascii")
        except UnicodeDecodeError:
            r.fault("%s: not %s: %r", what, "UTF-8" if utf8 else "ASCII",
                    line)
            s = line.decode("latin-1")
        if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", s):
            r.fault("%s: control characters in %r", what, s)
        if s[:1] in (" ", "\t"):
            if not s.strip():
                r.fault("%s: a folded line of blanks", what)
            if not fields:
                r.fault("%s: begins with a fold", what)
            else:
                fields[-1] = (fields[-1][0], fields[-1][1] + s)
            continue
        m = re.match(r"([\x21-\x39\x3b-\x7e]+):(.*)\Z", s, re.S)
        if not m:
            r.fault("%s: no field: %r", what, s)
            continue
        fields.append((m.group(1), m.group(2)))
    return [(n, v.strip()) for n, v in fields]


def content_type(r, fields, what):
    """("type/subtype", {parameters}) of a strict Content-Type."""
    value = Report.value(r, "content-type", fields)
    if value is None:
        r.fault("%s: needs one Content-Type", what)
        return "", {}
    pieces = re.findall(r';\s*([A-Za-z0-9-]+)=("(?:[^"\\]|\\.)*"|[^\s;"]+)',
                        value)
    kind = value.split(";")[0].strip().lower()
    shape = r'%s(?:;\s*[A-Za-z0-9-]+=(?:"(?:[^"\\]|\\.)*"|[^\s;"()<>@,:/\[\]?=\\]+))*\Z'
    if not re.match(shape % r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+", value):
        r.fault("%s: malformed Content-Type %r", what, value)
    return kind, {k.lower(): v.strip('"') for k, v in pieces}


def encoding(r, fields, what, allowed):
    values = [v.lower() for n, v in fields
              if n.lower() == "content-transfer-encoding"]
    if len(values) > 1:
        r.fault("%s: two Content-Transfer-Encoding", what)
    value = values[0] if values else "7bit"
    if value not in allowed:
        r.fault("%s: encoding %s has no place here", what, value)
    return value


def parts_of(r, lines, boundary):
    """The bodies between the delimiters, as lists of lines."""
    dash = b"--" + boundary.encode()
    parts, now, closed = [], None, False
    for line in lines:
        bare = line.rstrip(b" \t")
        if bare == dash + b"--":
            closed, now = True, None
        elif bare == dash:
            if closed:
                r.fault("a part behind the closing delimiter")
            now = []
            parts.append(now)
        elif now is not None:
            now.append(line)
        elif closed and line:
            r.fault("text behind the closing delimiter: %r", line)
    if not closed:
        r.fault("no closing delimiter")
    return parts


def split_part(r, lines, what):
    """(fields, body lines). The CRLF in front of the delimiter is its own,
    so the last line of a part is not ended by one; an empty one means that
    the body ends with CRLF."""
    if b"" not in lines:
        r.fault("%s: no empty line behind its header", what)
        return fields_of(r, lines, what, False), []
    i = lines.index(b"")
    return fields_of(r, lines[:i], what, False), lines[i + 1:]


def once(r, fields, name, what, need=True):
    found = [v for n, v in fields if n.lower() == name.lower()]
    if len(found) > 1:
        r.fault("%s: %s stands %d times", what, name, len(found))
    if need and not found:
        r.fault("%s: no %s", what, name)
    return found[0] if found else None


def check_date(r, value, what):
    if value is not None and not DATE.match(value):
        r.fault("%s: no date: %r", what, value)


def check_typed(r, value, what, types=None):
    if value is None:
        return
    m = TYPED.match(value)
    if not m:
        r.fault("%s: no \"type; value\": %r", what, value)
    elif types and m.group(1).lower() not in types:
        r.fault("%s: type %s", what, m.group(1))


def check_address(r, value, what, utf8):
    check_typed(r, value, what)
    m = TYPED.match(value or "")
    if not m:
        return
    if m.group(1).lower() == "utf-8":
        if not utf8 and not UTF8_XTEXT.match(m.group(2)):
            r.fault("%s: no utf-8-addr-xtext: %r", what, m.group(2))
    elif not m.group(2).isascii():
        r.fault("%s: beyond ASCII: %r", what, m.group(2))


def check_dsn_message(r, fields):
    for name, _ in fields:
        if name.lower() not in PER_MESSAGE and \
                not name.lower().startswith("x-"):
            r.fault("per-message field %s is not known", name)
    once(r, fields, "Original-Envelope-Id", "per-message", False)
    check_typed(r, once(r, fields, "Reporting-MTA", "per-message"),
                "Reporting-MTA", {"dns", "x-local-hostname"})
    check_typed(r, once(r, fields, "Received-From-MTA", "per-message", False),
                "Received-From-MTA")
    check_date(r, once(r, fields, "Arrival-Date", "per-message", False),
               "Arrival-Date")


def check_dsn_rcpt(r, fields, utf8):
    for name, _ in fields:
        if name.lower() not in PER_RCPT and \
                not name.lower().startswith("x-"):
            r.fault("per-recipient field %s is not known", name)
    what = "recipient"
    check_address(r, once(r, fields, "Original-Recipient", what, False),
                  "Original-Recipient", utf8)
    check_address(r, once(r, fields, "Final-Recipient", what),
                  "Final-Recipient", utf8)
    action = (once(r, fields, "Action", what) or "").lower()
    if action not in ACTIONS:
        r.fault("Action: %r", action)
    status = once(r, fields, "Status", what) or ""
    m = STATUS.match(status)
    if not m:
        r.fault("Status: %r", status)
    elif m.group(1) not in ACTIONS.get(action, m.group(1)):
        r.fault("Status %s with %s", status, action)
    check_typed(r, once(r, fields, "Remote-MTA", what, False), "Remote-MTA",
                {"dns", "x-local-hostname"})
    diagnostic = once(r, fields, "Diagnostic-Code", what, False)
    check_typed(r, diagnostic, "Diagnostic-Code")
    if diagnostic and re.match(r"smtp\s*;", diagnostic, re.I) and \
            not re.match(r"smtp\s*;\s*[2345]\d\d\b", diagnostic, re.I):
        r.fault("Diagnostic-Code: no SMTP reply: %r", diagnostic)
    check_date(r, once(r, fields, "Last-Attempt-Date", what, False),
               "Last-Attempt-Date")
    until = once(r, fields, "Will-Retry-Until", what, False)
    check_date(r, until, "Will-Retry-Until")
    if until and action != "delayed":
        r.fault("Will-Retry-Until with %s", action)


def check_mdn(r, fields, utf8):
    for name, _ in fields:
        if name.lower() not in MDN_FIELDS and \
                not name.lower().startswith("x-"):
            r.fault("MDN field %s is not known", name)
        if name.lower() not in MDN_MANY:
            once(r, fields, name, "MDN")
    check_address(r, once(r, fields, "Original-Recipient", "MDN", False),
                  "Original-Recipient", utf8)
    check_address(r, once(r, fields, "Final-Recipient", "MDN"),
                  "Final-Recipient", utf8)
    ident = once(r, fields, "Original-Message-ID", "MDN", False)
    if ident is not None and not MSGID.match(ident):
        r.fault("Original-Message-ID: %r", ident)
    disposition = once(r, fields, "Disposition", "MDN") or ""
    m = DISPOSITION.match(disposition)
    if not m:
        r.fault("Disposition: %r", disposition)
        return
    errors = [v for n, v in fields if n.lower() == "error"]
    if errors and "error" not in (m.group(4) or "").split(","):
        r.fault("Error without the modifier \"error\"")


def check_status_part(r, lines, utf8, kind):
    groups, now = [], []
    for line in lines:
        if line == b"":
            if not now:
                r.fault("second part: two empty lines, or one in front")
            groups.append(now)
            now = []
        else:
            now.append(line)
    if now:
        r.fault("second part: last line without CRLF")
        groups.append(now)
    groups = [fields_of(r, g, "second part", utf8) for g in groups]
    if not groups:
        r.fault("second part is empty")
        return
    r.fields, r.recipients = groups[0], groups[1:]
    if kind == "mdn":
        if r.recipients:
            r.fault("an MDN has one group of fields")
        check_mdn(r, r.fields, utf8)
        return
    check_dsn_message(r, r.fields)
    if not r.recipients:
        r.fault("no recipient")
    for g in r.recipients:
        check_dsn_rcpt(r, g, utf8)


def check_text(r, lines):
    fields, body = split_part(r, lines, "first part")
    kind, params = content_type(r, fields, "first part")
    if kind != "text/plain":
        r.fault("first part is %s", kind)
    how = encoding(r, fields, "first part",
                   ("7bit", "8bit", "base64", "quoted-printable"))
    raw = b"\r\n".join(body)
    try:
        if how == "base64":
            raw = base64.b64decode(raw.replace(b"\r\n", b""), validate=True)
        elif how == "quoted-printable":
            raw = quopri.decodestring(raw)
        r.text = raw.decode(params.get("charset", "us-ascii"))
    except ValueError as e:
        r.fault("first part: %s", e)
    if not r.text.strip():
        r.fault("first part says nothing")
    if how == "7bit" and not raw.isascii():
        r.fault("first part: 7bit with octets over 127")


def check_original(r, lines):
    fields, body = split_part(r, lines, "third part")
    kind, _ = content_type(r, fields, "third part")
    whole = kind in ("message/rfc822", "message/global")
    if not whole and kind not in ("text/rfc822-headers",
                                  "message/global-headers"):
        r.fault("third part is %s", kind)
        return
    how = encoding(r, fields, "third part", ("7bit", "8bit", "base64",
                                             "quoted-printable")
                   if kind == "text/rfc822-headers" else ("7bit", "8bit"))
    raw = b"\r\n".join(body)
    if how == "7bit" and not raw.isascii():
        r.fault("third part: 7bit with octets over 127")
    if how == "quoted-printable":
        raw = quopri.decodestring(raw)
    elif how == "base64":
        raw = base64.b64decode(raw)
    if not whole and b"\r\n\r\n" in raw:
        r.fault("third part: more than a header section")
    if raw and not raw.endswith(b"\r\n"):
        r.fault("third part: last line without CRLF")
    r.original = raw


def check_header(r, fields):
    for name in ("From", "To", "Subject", "Date", "Message-ID",
                 "MIME-Version"):
        once(r, fields, name, "header")
    for name in ("Sender", "Reply-To", "Cc", "In-Reply-To", "References",
                 "Auto-Submitted"):
        once(r, fields, name, "header", False)
    check_date(r, r.value("Date"), "Date")
    if r.value("MIME-Version") != "1.0":
        r.fault("MIME-Version: %r", r.value("MIME-Version"))
    for name in ("Message-ID", "In-Reply-To"):
        value = r.value(name)
        if value is not None and not MSGID.match(value):
            r.fault("%s: %r", name, value)
    for name, _ in fields:
        if name.lower() == "disposition-notification-to":
            r.fault("a report asks for a report")


def judge(raw):
    r = Report()
    lines = lines_of(r, raw, "message")
    if b"" not in lines:
        r.fault("no body")
        return r
    head, body = lines[:lines.index(b"")], lines[lines.index(b"") + 1:]
    utf8 = not all(line.isascii() for line in head)
    r.header = fields_of(r, head, "header", utf8)
    check_header(r, r.header)
    kind, params = content_type(r, r.header, "header")
    if kind != "multipart/report":
        r.fault("Content-Type is %s", kind)
        return r
    how = encoding(r, r.header, "header", ("7bit", "8bit"))
    if how == "7bit" and not b"".join(body).isascii():
        r.fault("7bit with octets over 127")
    r.kind = {"delivery-status": "dsn",
              "disposition-notification": "mdn"}.get(
                  params.get("report-type", "").lower())
    if r.kind is None:
        r.fault("report-type %r", params.get("report-type"))
        return r
    auto = r.value("Auto-Submitted")
    if r.kind == "dsn" and auto != "auto-replied":
        r.fault("Auto-Submitted: %r", auto)
    if not 1 <= len(params.get("boundary", "")) <= 70:
        r.fault("boundary %r", params.get("boundary"))
        return r
    parts = parts_of(r, body, params["boundary"])
    if len(parts) not in (2, 3):
        r.fault("%d parts", len(parts))
        return r
    check_text(r, parts[0])
    fields, status = split_part(r, parts[1], "second part")
    kind, _ = content_type(r, fields, "second part")
    name = "delivery-status" if r.kind == "dsn" else \
        "disposition-notification"
    if kind not in ("message/" + name, "message/global-" + name):
        r.fault("second part is %s", kind)
    utf8 = kind.startswith("message/global-")
    how = encoding(r, fields, "second part", ("7bit", "8bit"))
    if how == "7bit" and not b"".join(status).isascii():
        r.fault("second part: 7bit with octets over 127")
    check_status_part(r, status, utf8, r.kind)
    if len(parts) == 3:
        check_original(r, parts[2])
    return r


def faults(raw):
    return judge(raw).faults


def check(raw):
    r = judge(raw)
    if r.faults:
        raise Invalid("; ".join(r.faults))
    return r
