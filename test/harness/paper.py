"""Small papers for tests, and what a picture of a page may hold.
SPDX-License-Identifier: Apache-2.0
"""
import struct
import zlib


def pdf(text=b"", pages=1):
    """A small PDF without a table of its objects, which readers make for themselves."""
    kids = b" ".join(b"%d 0 R" % (10 + i) for i in range(pages))
    stream = b"BT /F 6 Tf 20 150 Td (" + text + b") Tj ET"
    parts = [b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[" + kids + b"]/Count %d>>endobj\n" % pages,
             b"3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n",
             b"4 0 obj<</Length %d>>stream\n" % len(stream) + stream + b"\nendstream endobj\n"]
    parts += [b"%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 3 0 R>>>>>>endobj\n" % (10 + i)
              for i in range(pages)]
    return b"".join(parts) + b"trailer<</Root 1 0 R>>\n%%EOF\n"


def letter(*lines):
    """A page of A4 with these lines, typed."""
    text = b"".join(b"(" + line.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b") Tj T*\n" for line in lines)
    stream = b"BT /F 12 Tf 18 TL 60 760 Td\n" + text + b"ET"
    return (b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[5 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>endobj\n"
            b"4 0 obj<</Length %d>>stream\n" % len(stream) + stream + b"\nendstream endobj\n"
            b"5 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 3 0 R>>>>>>endobj\n"
            b"trailer<</Root 1 0 R>>\n%%EOF\n")


def png(width=40, height=20, kind=0):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes(width * (1 if kind == 0 else 3)) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)) +
            chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def chunks(data):
    at, names = 8, []
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        names.append(name)
        at += 12 + size
    return names


def is_plain(picture):
    names = chunks(picture)
    return picture.startswith(b"\x89PNG\r\n\x1a\n") and names[0] == b"IHDR" and names[-1] == b"IEND" and set(names[1:-1]) == {b"IDAT"}
