#!/usr/bin/python3
"""Second verifier of a delivered file, written from the formats alone (the contracts for scripts and
courts, and doc/protocol.md): it imports and calls nothing of writ, so that the C verifier is checked
by a reading that is not its own.  pyverify.py FILE [--identity AGEKEYFILE] [--policy FILE]
Exit: 0 all checked and fine, 5 a check failed, 7 no identity or no policy, 2 usage, 3 missing file.
SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import re
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

from pyformats import Bad, Doc, age_header, age_open, age_payload, b64, canonical, cms, document, identities, our_json, \
    reader_of, sha, sshsig, tar_members, timestamp, utc
from pypasskey import same_key, signature

# statement.tsr, where there is one, stands behind statement.p7s.
MEMBERS = ["README.txt", "certificate.pdf", "return.json", "approvals.json", "statement.json", "statement.p7s",
           "release.json", "statement.tlog-proof", "package.age"]
POLICY = {"approvals": "2", "decider_may_approve": "no", "statement_hours": "4", "scope_hours": "72",
          "ticket_hours": "24", "ticket_days": "30", "counts_per_day": "200", "timestamp": "none", "native_approvals": "0"}
YOUNGER = {"native_approvals"}          # names that a founding document from before them does not have
TICK_TOLERANCE_MS = 60000
TSA_TOLERANCE = 60


# --- approvals -------------------------------------------------------------------------------------

class Roster:
    """People and policy as the founding document and the chain make them."""

    def __init__(self, approvals, released):
        self.released = released
        f = document(approvals.text("founding"), "roster")
        self.founding = f
        self.people = f.list("people", dict)
        self.policy = dict(f.obj("policy"))
        if f.get("action") != "found" or f.get("roster_version") != 1 or not set(POLICY) - YOUNGER <= set(self.policy) <= set(POLICY):
            raise Bad("founding-signatures", "not a founding document")
        if "continues" in f:
            check_continues(f["continues"])
        if len(self.signers(approvals.text("founding"), approvals.list("founding_signatures", str), "roster",
                            "founding-signatures")) < 2:
            raise Bad("founding-signatures", "fewer than two people")
        self.version = 1
        for link in approvals.list("chain", dict):
            self.follow(link.text("document"), link.list("signatures", str))

    def person(self, key, check, since, until):
        """The last row of that key, rather one that is live then."""
        rows = [r for r in self.people if r.get("key") == key]
        if not rows:
            raise Bad(check, "signed by a key that no row names")
        return ([r for r in rows if since is None or live(r, since, until)] or rows)[-1]

    def signers(self, text, signatures, kind, check, may=None, since=None, until=None, entitled=None):
        """{name: row} of who signed; they must have been on the list at some time from since to until."""
        names, self.native = {}, set()
        for s in signatures:
            key, verified, native = signature(s, f"writ-{kind}@v1", text.encode(), check)
            row = self.person(key, check, since, until)
            if may and (may not in row.list("may", str) or not live(row, since, until)):
                raise Bad(entitled or check, f"{row.get('name')} may not {may} at that time")
            if row.get("user_verified") is True and not verified:
                raise Bad(check, "the key did not verify its user")
            names[row.text("name")] = row
            if native:
                self.native.add(row.text("name"))
        return names

    def follow(self, text, signatures):
        no = "roster-chain"
        d = document(text, "roster")
        row, version = d.obj("row"), d.num("roster_version")
        if d.get("action") not in ("begin", "end") or version < self.version:
            raise Bad(no, "order of versions")
        self.version = version + 1
        if len(self.signers(text, signatures, "roster", no, "roster", d.when("made_at"), self.released)) < 2:
            raise Bad(no, "fewer than two people with roster")
        if row.get("row") == "policy":
            if row.get("name") not in POLICY:
                raise Bad(no, "no such policy")
            self.policy[row["name"]] = row.text("value") if d["action"] == "begin" else POLICY[row["name"]]
        elif row.get("row") == "person" and d["action"] == "begin":
            if any(same_key(r.text("key"), row.text("key")) and r.get("name") != row.text("name") for r in self.people):
                raise Bad(no, "a key that is another person's")
            self.people.append(row)
        elif row.get("row") == "person":
            for r in self.people:
                if r == row:
                    r["until"] = d["made_at"]


def live(row, since, until):
    return row.when("from") <= until and (row.get("until") is None or since < row.when("until"))


def check_approvals(p, policy):
    a, ret, stm = p["approvals"], p["return"], p["statement"]
    released = stm.when("released_at")
    roster = Roster(a, released)
    text = a.text("statement")
    s = document(text, "approval")
    if sha(canonical(roster.policy)) != s.text("policy_sha256"):
        raise Bad("policy-values", "the policy is not the one of founding document and chain")
    if {"none": False, "required": True}.get(roster.policy.get("timestamp")) != p["stamped"]:
        raise Bad("timestamp", "there must be one, or there must be none")
    if roster.version > s.num("roster_version"):
        raise Bad("roster-chain", "a later roster than the approval statement's")
    document_key = (policy or roster.founding).get("document_key")
    if roster.founding.get("document_key") != document_key:
        raise Bad("document-key", "not the policy's")
    if sshsig(a.text("statement_seal"), "writ-seal@v1", text.encode(), "approval-seal")[0] != document_key:
        raise Bad("approval-seal", "by another key")
    names = roster.signers(text, a.list("signatures", str), "approval", "approval-signatures", "approve", released,
                           released, "approval-people")
    try:
        needed, native = max(2, int(roster.policy["approvals"])), int(roster.policy.get("native_approvals", "0"))
    except (ValueError, TypeError) as e:
        raise Bad("policy-values", "approvals") from e
    if len(names) < needed or len(roster.native) < native:
        raise Bad("approval-people", "too few different people")
    rows = a.list("rows", dict)
    if any(r not in roster.people for r in rows) or any(r not in rows for r in names.values()):
        raise Bad("approval-people", "rows of the signers")
    if not s.when("made_at") <= released < s.when("expires_at"):
        raise Bad("approval-time", "released outside the statement's time")
    p["approval"], p["founding"] = s, roster.founding
    receipt = p["receipt"] = document(ret.text("receipt"), "receipt")
    if sshsig(ret.text("receipt_seal"), "writ-seal@v1", ret["receipt"].encode(), "receipt-seal")[0] != document_key:
        raise Bad("receipt-seal", "by another key")
    if receipt.when("made_at") > s.when("made_at"):
        raise Bad("receipt-seal", "made after the approval statement")
    age_header(b64(receipt.text("header"), "receipt-seal"), "receipt-seal")
    check_numbers(ret, receipt, s, stm, a, p["release"])
    if (policy or roster.founding).get("provider") != roster.founding.text("provider") or \
            ret.text("provider") != roster.founding["provider"]:
        raise Bad("numbers", "provider")


def check_numbers(ret, receipt, s, stm, a, release):
    no = "numbers"

    def same(key, *docs):
        if any(k.get(key) != docs[0].get(key) or k.get(key) is None for k in docs):
            raise Bad(no, key)
    same("order", ret, receipt, s, stm, a, release)
    for key in ("scope_sha256", "manifest_sha256", "tagmanifest_sha256"):
        same(key, ret, receipt, s, stm)
        if not re.fullmatch("[0-9a-f]{64}", ret.text(key)):
            raise Bad(no, key)
    same("ticket", ret, receipt, s, release.obj("body"))
    for key in ("items", "bytes", "undated"):
        same(key, ret, receipt, s)
        ret.num(key)
    same("payload_bytes", receipt, stm)
    same("separation", ret, receipt)
    same("return_sha256", s, stm)
    lines = receipt.list("lines", dict)
    short = [{k: x.get(k) for k in ("id", "store", "account", "items", "bytes")} for x in ret.list("lines", dict)]
    if s.get("lines") != lines or short != lines:
        raise Bad(no, "lines")
    if sum(x.num("items") for x in lines) != receipt["items"] or sum(x.num("bytes") for x in lines) != receipt["bytes"]:
        raise Bad(no, "the lines do not add up")
    to = stm.list("recipients", dict)
    if not to or to != s.get("recipients") or ret.obj("issuer").get("agency") != s.text("agency") or \
            any(x.get("agency") != s["agency"] for x in to):
        raise Bad("recipients", "differ")
    notice = ret.obj("notice")
    if s.get("notice") not in ("sent", "withheld") or notice.get("decision") != s["notice"] or \
            notice.get("gag_until") != s.get("gag_until"):
        raise Bad("notice", "differs")


# --- the log ---------------------------------------------------------------------------------------

def vkey_parse(text, check):
    name, ident, key = (text.split("+", 2) + ["", ""])[:3]
    raw = b64(key, check)
    if len(raw) != 33 or raw[0] != 1 or not name or \
            hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != ident:
        raise Bad(check, "verifier key")
    return name, raw[1:]


def note_open(text, sigs, vkey, no):
    """(size, root) of a checkpoint with exactly one signature, by that key."""
    name, key = vkey_parse(vkey, no)
    try:
        origin, size, root = text.split("\n")
        if origin != name or not re.fullmatch("0|[1-9][0-9]*", size):
            raise Bad(no, "form")
        sig = re.fullmatch("\u2014 ([^ \n]+) ([^ \n]+)\n", sigs)
        blob = b64(sig[2], no) if sig else b""
        ident = hashlib.sha256(name.encode() + b"\n\1" + key).digest()[:4]
        if not sig or sig[1] != name or blob[:4] != ident:
            raise Bad(no, "signed by another log, or by more than the log")
        ed25519.Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], (text + "\n").encode())
    except (ValueError, InvalidSignature) as e:
        raise Bad(no, "form or signature") from e
    return int(size), root


def check_continues(after):
    """The log of a seal that was lost, in a founding document."""
    no = "founding-signatures"
    if not isinstance(after, dict) or set(after) != {"checkpoint", "founding_sha256", "log_vkey"} or \
            not all(isinstance(v, str) for v in after.values()) or after["checkpoint"].count("\n\n") != 1:
        raise Bad(no, "continues nothing")
    note_open(*after["checkpoint"].split("\n\n"), after["log_vkey"], no)


def prove(act, raw, vkey, no="log-proof"):
    """(ms of its tick, index of its tick) of an act in the log of that key."""
    try:
        head, text, sigs = raw.decode().split("\n\n")
        lines = head.split("\n")
        first, extra, index = lines[0], lines[1], lines[2]
    except (ValueError, IndexError) as e:
        raise Bad(no, "form") from e
    if first != "c2sp.org/tlog-proof@v1" or not extra.startswith("extra ") or not re.fullmatch("index (0|[1-9][0-9]*)", index):
        raise Bad(no, "form")
    size, root = note_open(text, sigs, vkey, no)
    extra, index = b64(extra[6:], no), int(index[6:])
    if len(extra) != 555 or extra[0] != 1:
        raise Bad(no, "extra")
    millis, place = struct.unpack(">QH", extra[1:11])
    node = hashlib.sha256(b"writ/act/v1\0" + extra[523:] + act).digest()
    for level in range(16):
        sibling = extra[11 + 32 * level:43 + 32 * level]
        pair = sibling + node if place >> level & 1 else node + sibling
        node = hashlib.sha256(b"\1" + pair).digest()
    node = hashlib.sha256(b"\0\1" + extra[1:9] + node).digest()
    fn, sn = index, size - 1
    for h in [b64(x, no) for x in lines[3:]]:
        if sn == 0 or len(h) != 32:
            raise Bad(no, "inclusion proof")
        if fn & 1 or fn == sn:
            node = hashlib.sha256(b"\1" + h + node).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = hashlib.sha256(b"\1" + node + h).digest()
        fn, sn = fn >> 1, sn >> 1
    if sn or index >= size or node != b64(root, no):
        raise Bad(no, "the act is not in the log")
    return millis, index


def check_proof(p, raw, vkey):
    millis, index = prove(p["release_raw"], raw, vkey)
    body = p["release"].obj("body")
    if not p["approval"].num("last_tick") <= body.num("last_tick") <= index:
        raise Bad("log-time", "order of ticks")
    if millis < p["statement"].when("released_at") * 1000 - TICK_TOLERANCE_MS:
        raise Bad("log-time", "logged before it was released")


# --- the bag ---------------------------------------------------------------------------------------

def quoted(text, keep=b""):
    """Percent-encoded; keep: as it stands for a name that is in the list percent-encoded already."""
    plain = b"" if text.strip(".") == "" else keep + b"A-Za-z0-9._@+-"
    return "".join(chr(b) if plain and re.match(b"[" + plain + b"]", bytes([b])) else f"%{b:02X}" for b in text.encode())


def check_bag(p, src):
    order, receipt = p["return"]["order"], p["receipt"]
    files, items, mtimes = {}, [], set()
    for name, size, mtime, read in tar_members(src, "bag-form"):
        mtimes.add(mtime)
        if not name.startswith(order + "/"):
            raise Bad("bag-form", "a name outside the top folder")
        path = name[len(order) + 1:]
        if path in files or len(mtimes) > 1 or (not files and path != "bagit.txt"):
            raise Bad("bag-form", "order, repeated name or mixed times")
        if path.startswith("data/"):
            if len(files) != 1 + len(items):
                raise Bad("bag-form", "payload after the tag files")
            body = read()
            items.append((path, sha(body), size))
            files[path] = None
            if path.endswith(".json"):
                check_meta(body)
        else:
            files[path] = read()
    tags = ["bag-info.txt", "manifest-sha256.txt", "items.jsonl", "undated.jsonl", "tagmanifest-sha256.txt"]
    if [f for f in files if not f.startswith("data/")] != ["bagit.txt"] + tags:
        raise Bad("bag-form", "not the files of a bag")
    if mtimes.pop() > receipt.when("made_at"):
        raise Bad("bag-form", "made after the receipt")
    if files["bagit.txt"] != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
        raise Bad("bag-form", "bagit.txt")
    if files["manifest-sha256.txt"] != "".join(f"{h}  {n}\n" for n, h, _ in items).encode():
        raise Bad("bag-items", "an item is not what the manifest says")
    if sha(files["manifest-sha256.txt"]) != receipt["manifest_sha256"]:
        raise Bad("bag-manifest", "not the signed manifest")
    covered = ["bagit.txt"] + tags[:-1]
    if files[tags[-1]] != "".join(f"{sha(files[n])}  {n}\n" for n in covered).encode() or \
            sha(files[tags[-1]]) != receipt["tagmanifest_sha256"]:
        raise Bad("bag-tagmanifest", "tag files")
    oxum = f"{sum(n for _, _, n in items)}.{len(items)}"
    if not re.fullmatch(r"Bag-Software-Agent: writ [^\n]+\nBagging-Date: \d{4}-\d\d-\d\d\n"
                        rf"External-Identifier: {re.escape(order)}\nPayload-Oxum: {re.escape(oxum)}\n",
                        info := files["bag-info.txt"].decode("utf-8", "replace"), re.A) or \
            not utc(info.split("\n")[1][14:] + "T00:00:00Z", "bag-info"):
        raise Bad("bag-info", "bag-info.txt")
    check_items(p, items, files)


def check_meta(body):
    if not body.endswith(b"\n"):
        raise Bad("bag-items", "a line of details without its end")
    if set(our_json(body[:-1], "bag-items")) != {"bytes", "bcc", "cc", "date", "delivery", "from", "message_id",
                                                 "received", "to"}:
        raise Bad("bag-items", "details hold more or less than they may")


def json_lines(raw, check):
    if raw and not raw.endswith(b"\n"):
        raise Bad(check, "last line")
    return [Doc(our_json(x, check)) for x in raw.split(b"\n")[:-1]]


def check_items(p, items, files):
    rows, undated = json_lines(files["items.jsonl"], "bag-list"), json_lines(files["undated.jsonl"], "bag-undated")
    if [(r.get("path"), r.get("sha256"), r.get("bytes")) for r in rows] != items:
        raise Bad("bag-list", "items.jsonl is not the payload")
    lines = p["return"].list("lines", dict)
    first = {}
    for x in lines:
        first.setdefault(x["id"], x)
    counts, free, folder, seen, last = {}, [], None, set(), None
    for r in rows:
        ids = r.list("lines", str)
        if not ids or any(i not in first for i in ids) or len(set(ids)) != len(ids):
            raise Bad("bag-list", "lines of an item")
        line = first[ids[0]]
        ext = {"CONTENT_COMM": "eml", "MSG_META": "json"}.get(line.text("category"))
        top = f"data/{quoted(ids[0])}/{quoted(r.text('account'))}/"
        where = top + quoted(r.text("folder")) + "/"
        if not r.text("path").startswith(where):
            where = top + quoted(r["folder"], b"%") + "/"  # a stored name that is no UTF-8
        if where != folder:
            if where in seen or any(x in ("", ".", "..") for x in where[:-1].split("/")):
                raise Bad("bag-list", "a folder twice, or no name")
            folder, number, last = where, 0, None
            seen.add(where)
        number += 1
        if ext is None or r["path"] != f"{where}{number:06d}.{ext}":
            raise Bad("bag-list", "path or number of an item")
        key = (ids[0], r.text("store"), r["account"])
        n, size = counts.get(key, (0, 0))
        counts[key] = (n + 1, size + r["bytes"])
        for i in ids:
            when = r.get(first[i].text("date_meaning"))
            if when is None:
                free.append((i, r["store"], r["account"], r["folder"], r.text("source_id")))
                continue
            when = utc(when if isinstance(when, str) else "", "bag-dates")
            begin, end = (first[i].when(k) if first[i].get(k) is not None else None for k in ("from", "until"))
            if (begin is not None and when < begin) or (end is not None and when >= end):
                raise Bad("bag-dates", "an item outside its line's time")
        mine = r.get(line["date_meaning"])
        rank = (mine is None, mine or "", b"" if "%" in r.text("source_id") else r["source_id"].encode())
        if last and (last if rank[2] and last[2] else last[:2]) > (rank if rank[2] and last[2] else rank[:2]):
            raise Bad("bag-dates", "order of the items")
        last = rank
    want = {(x["id"], x["store"], x["account"]): (x["items"], x["bytes"]) for x in lines if x["items"]}
    if counts != want:
        raise Bad("bag-counts", "counts per line")
    delivered = [tuple(u.text(k) for k in ("line", "store", "account", "folder", "source_id"))
                 for u in undated if u.need("delivered", bool, "bag-undated")]
    if any(u.get("line") not in first or u.get("date_meaning") != first[u["line"]]["date_meaning"] for u in undated) \
            or len(undated) != p["receipt"]["undated"] or sorted(delivered) != sorted(free):
        raise Bad("bag-undated", "undated.jsonl is not consistent with the items")


# --- the whole -------------------------------------------------------------------------------------

def verify(data, identity=None, policy=None):
    """(exit code, id of the failed check or None, words). data: bytes-like; identity, policy: text."""
    keys = identities(identity) if identity is not None else None
    pol = Doc(json.loads(policy)) if policy is not None else None
    try:
        check_all(data, keys, pol)
    except Bad as e:
        return 5, e.check, str(e)
    if keys is None or pol is None:
        return 7, None, "not everything was compared"
    return 0, None, "fine"


def check_all(data, keys, pol):
    p, raw, names, mtimes = {}, {}, [], set()
    for name, _, mtime, read in tar_members(reader_of(data), "form"):
        names.append(name)
        mtimes.add(mtime)
        if name not in MEMBERS + ["statement.tsr"]:
            raise Bad("members", f"{name} does not belong there")
        raw[name] = read()
    p["stamped"] = "statement.tsr" in names
    if names != (MEMBERS[:6] + ["statement.tsr"] + MEMBERS[6:] if p["stamped"] else MEMBERS):
        raise Bad("members", "another order, or a part is missing")
    p["release_raw"] = raw["release.json"]
    for key, kind in (("return", "return"), ("approvals", "approvals"), ("statement", "statement"), ("release", "act")):
        p[key] = document(raw[key + ".json"], kind)
    ret, stm, release = p["return"], p["statement"], p["release"]
    if stm.get("members") != names:
        raise Bad("members", "not those of the statement")
    if mtimes != {stm.when("released_at")}:
        raise Bad("form", "another time than released_at")
    certificate = cms(raw["statement.p7s"], raw["statement.json"])
    if p["stamped"]:
        tsa, at = timestamp(raw["statement.tsr"], raw["statement.p7s"])
        if at < stm.when("released_at") - TSA_TOLERANCE:
            raise Bad("timestamp", "stamped before it was released")
        if pol and tsa not in pol.list("tsa_certificates", str):
            raise Bad("timestamp-certificate", "not the policy's")
    for name in ("return", "approvals"):
        if sha(raw[name + ".json"]) != stm.get(name + "_sha256"):
            raise Bad(name + "-hash", "other bytes than signed")
    told = [(m.get("name"), m.get("sha256"), m.get("bytes")) for m in ret.list("members", dict)]
    if told != [(n, sha(raw[n]), len(raw[n])) for n in MEMBERS[:2]]:
        raise Bad("papers", "other bytes than signed")
    package = raw["package.age"]
    n, _, _, stanzas = age_header(bytes(package[:16384]))
    if n != stm.num("header_bytes") or sha(bytes(package[:n])) != stm.get("header_sha256"):
        raise Bad("header", "other bytes than signed")
    if len(package) - n != stm.num("payload_bytes"):
        raise Bad("payload-length", "other length than signed")
    check_approvals(p, pol)
    founding = p["founding"]
    if certificate not in (pol.list("seal_certificates", str) if pol else [founding.get("certificate_sha256")]):
        raise Bad("certificate", "not the provider's")
    if pol and sha(p["approvals"]["founding"].encode()) != pol.text("founding_sha256"):
        raise Bad("founding", "not the policy's")
    if len(stanzas) != len(stm["recipients"]):
        raise Bad("recipients", "number of stanzas")
    body = release.obj("body")
    if (release.get("act"), release.get("actor"), release.get("made_at"), body.get("roster_version")) != \
            ("released", "seal", stm["released_at"], p["approval"]["roster_version"]) or \
            body.get("statement_sha256") != sha(raw["statement.json"]) or \
            body.get("p7s_sha256") != sha(raw["statement.p7s"]) or release.num("seal_seq") < 1:
        raise Bad("release-act", "speaks of another release")
    vkey = founding.text("log_vkey")
    if pol:
        m = re.fullmatch(r"log ([^\n]+)\nquorum none\n", pol.text("tlog_policy"))
        if not m or m[1] != vkey:
            raise Bad("log-key", "not the policy's")
    check_proof(p, raw["statement.tlog-proof"], vkey)
    if keys is None:
        return
    file_key, key_hash = None, None
    for k in keys:
        try:
            file_key, key_hash = age_open(bytes(package[:n]), k)
            break
        except Bad:
            continue
    if file_key is None:
        raise Bad("opens", "no identity opens it")
    if key_hash not in [r.get("key_sha256") for r in stm["recipients"]]:
        raise Bad("opens", "the identity is not a recipient's")
    check_bag(p, age_payload(file_key, package[n:]))


def main(argv):
    opts, files = {}, []
    it = iter(argv)
    for a in it:
        if a in ("--identity", "--policy"):
            opts[a] = next(it, None)
        else:
            files.append(a)
    if len(files) != 1 or None in opts.values() or files[0].startswith("-"):
        print("usage: pyverify.py FILE [--identity AGEKEYFILE] [--policy FILE]", file=sys.stderr)
        return 2
    try:
        data = open(files[0], "rb").read()
        texts = {k: open(v, encoding="utf-8").read() for k, v in opts.items()}
    except FileNotFoundError as e:
        print(e, file=sys.stderr)
        return 3
    try:
        code, _, words = verify(data, texts.get("--identity"), texts.get("--policy"))
    except (Bad, ValueError) as e:
        print(e, file=sys.stderr)
        return 2
    print(words)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
