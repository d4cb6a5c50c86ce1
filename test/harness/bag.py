"""Packs with packtool and opens the package with stock tools: age, tar, sha256sum. Python reads the rest.
SPDX-License-Identifier: Apache-2.0"""
import json
import pathlib
import re
import subprocess

import tools

ORDER = "W-TEST-0001"
MADE_AT = 1763800000


def line(name, target, **more):
    """A demand line of a scope document that takes everything by delivery."""
    return {"id": name, "category": "CONTENT_COMM", "target_kind": "ACCOUNT", "target": target, "stores": ["main"],
            "folders": ["ALL"], "date_meaning": "delivery", "zone": "UTC", "from_words": "", "until_words": "",
            "from": None, "until": None, "undated": "list", **more}


def store(path, **more):
    return {"name": "main", "kind": "maildir", "path": str(path), "region": "DE", "law": "DE",
            "categories": ["CONTENT_COMM", "MSG_META"], **more}


def identity(folder):
    """A fresh age identity: its file and the recipient."""
    path = folder / "identity.txt"
    subprocess.run(["age-keygen", "-o", str(path)], check=True, capture_output=True)
    return path, re.search(r"age1[a-z0-9]+", path.read_text()).group()


def pack(folder, stores, lines, recipient="age1" + "q" * 58, only_count=False, order=ORDER):
    """(exit status, what packtool printed or None, what it said)."""
    (folder / "stores.json").write_text(json.dumps({"stores_version": "1", "stores": stores}))
    (folder / "scope.json").write_text(json.dumps({"lines": lines}))
    words = [str(tools.program("packtool")), str(folder / "stores.json"), str(folder / "scope.json"), order,
             str(MADE_AT), recipient, str(folder / "out.payload"), str(folder / "out.header")]
    got = subprocess.run(words + (["count"] if only_count else []), capture_output=True, text=True)
    return got.returncode, json.loads(got.stdout) if got.stdout else None, got.stderr


def unpack(folder, key):
    """Decrypts with age, unpacks with tar, checks with sha256sum: the bag's top folder."""
    package, tar = folder / "package.age", folder / "bag.tar"
    package.write_bytes((folder / "out.header").read_bytes() + (folder / "out.payload").read_bytes())
    subprocess.run(["age", "-d", "-i", str(key), "-o", str(tar), str(package)], check=True)
    (folder / "bag").mkdir()
    subprocess.run(["tar", "-C", str(folder / "bag"), "-xf", str(tar)], check=True)
    top = folder / "bag" / ORDER
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        if (top / name).read_text():
            subprocess.run(["sha256sum", "-c", "--strict", "--quiet", name], cwd=top, check=True)
    return top


def bagit_problems(top):
    """RFC 8493: declaration, required tags, Payload-Oxum, every payload file in the manifest and the reverse."""
    wrong = []
    if (top / "bagit.txt").read_bytes() != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
        wrong.append("bagit.txt")
    info = (top / "bag-info.txt").read_text().splitlines()
    labels = [x.split(": ", 1)[0] for x in info]
    if labels != ["Bag-Software-Agent", "Bagging-Date", "External-Identifier", "Payload-Oxum"]:
        wrong.append("bag-info.txt")
    files = {str(p.relative_to(top)): p.stat().st_size for p in (top / "data").rglob("*") if p.is_file()}
    if info[-1].split(": ")[1] != "%d.%d" % (sum(files.values()), len(files)):
        wrong.append("Payload-Oxum")
    manifest = [x.split("  ", 1)[1] for x in (top / "manifest-sha256.txt").read_text().splitlines()]
    if sorted(manifest) != sorted(files) or len(manifest) != len(set(manifest)):
        wrong.append("the manifest and the payload")
    tags = [x.split("  ", 1)[1] for x in (top / "tagmanifest-sha256.txt").read_text().splitlines()]
    if tags != ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "items.jsonl", "undated.jsonl"]:
        wrong.append("the tag manifest")
    if sorted(p.name for p in top.iterdir()) != sorted(tags + ["tagmanifest-sha256.txt"] + (["data"] if files else [])):
        wrong.append("files at the top")
    return wrong


def json_lines(path):
    """The lines of a file, each byte for byte canonical."""
    out = []
    for text in pathlib.Path(path).read_text().splitlines():
        out.append(json.loads(text))
        assert text == json.dumps(out[-1], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return out
