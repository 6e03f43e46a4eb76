"""A small PDF 1.7 writer for A4 pages of Chinese text (ISO 32000-1:2008).

Why: the tests notarize real documents. This writes them with the standard library alone, and the
same lines give the same bytes: no compression (zlib's output differs between its versions), no
clock, dates only from the caller.

The font is a predefined CID-keyed one that is not embedded (9.7.5.2): /STSong-Light under
/UniGB-UTF16-H, collection Adobe-GB1. A viewer brings its own Chinese font, and text extraction
knows the encoding without a /ToUnicode map. Strings are UTF-16BE in hexadecimal, so a page can be
read with a text editor.

Happy path: render(lines, banner, info) wraps, paginates and returns the file's bytes.
Failure modes: ValueError for a character outside the basic plane, RuntimeError for a third page.
Invariants
1. Every page carries the banner, above and below the text.
2. A line marked `keep` is on the same page as the one after it.
"""

import hashlib
from typing import NamedTuple

PAGE_WIDTH, PAGE_HEIGHT = 595, 842
MARGIN = 64
TEXT_TOP, TEXT_BOTTOM = 768, 72
PAGES_MAX = 2

NOT_AT_LINE_START = "，。；：、？！）】」》”"
NOT_AT_LINE_END = "（【「《“"

OPENING = b"%PDF-1.7\n%\xe5\x90\x88\xe6\x88\x90\n"  # bytes over 127: a transfer sees it is binary


class Style(NamedTuple):
    size: float
    leading: float
    centred: bool = False
    indent: int = 0  # first line, in characters


STYLES = {
    "title": Style(18, 30, centred=True),
    "subtitle": Style(11, 24, centred=True),
    "heading": Style(12, 25),
    "body": Style(11, 18, indent=2),
    "sign": Style(10.5, 20),
}

# Thousandths of the font size. Wide enough for the Latin letters of the fonts viewers put in place
# of a font that is not embedded; all other characters are one em.
ASCII_WIDTHS = (
    (" ", "/", 320),
    ("0", "9", 550),
    (":", "@", 320),
    ("A", "Z", 680),
    ("[", "`", 320),
    ("a", "z", 540),
    ("{", "~", 320),
)
WIDTHS = {chr(c): w for first, last, w in ASCII_WIDTHS for c in range(ord(first), ord(last) + 1)}
CID_WIDTHS = " ".join(  # Adobe-GB1 has the characters from space to tilde at CID 1 to 95
    f"{ord(first) - 31} {ord(last) - 31} {w}" for first, last, w in ASCII_WIDTHS
)


class Line(NamedTuple):
    style: str
    text: str
    keep: bool = False


def text_width(text):
    """Width in thousandths of the font size, as /W and /DW state it."""
    return sum(WIDTHS.get(c, 1000) for c in text)


def tokens(text):
    """Pieces that a line break does not divide: a run of ASCII without spaces, or one other
    character with the punctuation that may not leave it."""
    pieces = []
    for c in text:
        glued = pieces and (
            c in NOT_AT_LINE_START
            or pieces[-1][-1] in NOT_AT_LINE_END
            or ("!" <= c <= "~" and "!" <= pieces[-1][-1] <= "~")
        )
        if glued:
            pieces[-1] += c
        else:
            pieces.append(c)
    return pieces


def wrap(line):
    """One paragraph as the lines that fit between the margins."""
    style = STYLES[line.style]
    room = (PAGE_WIDTH - 2 * MARGIN) * 1000 / style.size
    rows, used = ["\u3000" * style.indent], style.indent * 1000
    for piece in tokens(line.text):
        width = text_width(piece)
        if used + width > room:
            rows.append("")
            used = 0
        rows[-1] += piece
        used += width
    last = len(rows) - 1
    return [Line(line.style, row, line.keep or i < min(last, 1)) for i, row in enumerate(rows)]


def paginate(lines):
    """Lists of (line, baseline), one list a page."""
    rows = [row for line in lines for row in wrap(line)]
    pages, y = [[]], TEXT_TOP
    for i, row in enumerate(rows):
        needed, j = STYLES[row.style].leading, i
        while rows[j].keep and j + 1 < len(rows):
            j += 1
            needed += STYLES[rows[j].style].leading
        if y - needed < TEXT_BOTTOM and pages[-1]:
            pages.append([])
            y = TEXT_TOP
        y -= STYLES[row.style].leading
        pages[-1].append((row, y))
    if len(pages) > PAGES_MAX:
        raise RuntimeError(f"the text takes {len(pages)} pages, not {PAGES_MAX}: shorten it")
    return pages


def text_hex(text):
    if any(ord(c) > 0xFFFF for c in text):
        raise ValueError("only characters of the basic plane can be written")
    return f"<{text.encode('utf-16-be').hex().upper()}>"


def number(value):
    """A PDF number without exponent or trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def show(text, size, x, y):
    return f"BT /F1 {number(size)} Tf {number(x)} {number(y)} Td {text_hex(text)} Tj ET"


def show_centred(text, size, y):
    return show(text, size, (PAGE_WIDTH - text_width(text) * size / 1000) / 2, y)


def content(page, banner, folio):
    """The content stream of one page."""
    wide = PAGE_WIDTH - 2 * MARGIN
    parts = [
        "q 0.75 0 0 rg 0.75 0 0 RG 1 w",
        f"{MARGIN} 784 {wide} 26 re S",
        show_centred(banner, 12, 793),
        show_centred(banner, 9, 48),
        "Q",
        show_centred(folio, 9, 32),
    ]
    for row, y in page:
        style = STYLES[row.style]
        if style.centred:
            parts.append(show_centred(row.text, style.size, y))
        elif row.text:
            parts.append(show(row.text, style.size, MARGIN, y))
    return ("\n".join(parts) + "\n").encode("ascii")


def objects(streams, info):
    """Bodies of the indirect objects, from number 1. Fonts are 3 to 5, the pages come last."""
    kids = [7 + 2 * i for i in range(len(streams))]
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (zh-CN)"
        " /ViewerPreferences << /DisplayDocTitle true >> >>",
        f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UTF16-H"
        " /Encoding /UniGB-UTF16-H /DescendantFonts [4 0 R] >>",
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >>"
        f" /FontDescriptor 5 0 R /DW 1000 /W [{CID_WIDTHS}] >>",
        "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880]"
        " /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
        "<< " + " ".join(f"/{key} {value}" for key, value in info.items()) + " >>",
    ]
    bodies = [body.encode("ascii") for body in bodies]
    for kid, stream in zip(kids, streams):
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE_WIDTH} {PAGE_HEIGHT}]"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {kid + 1} 0 R >>".encode("ascii")
        )
        bodies.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    return bodies


def assemble(bodies):
    """Header, objects, cross-reference table, trailer. Object 1 is the root, 6 the information."""
    out, offsets = bytearray(OPENING), []
    for i, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (i, body)
    xref, size = len(out), len(bodies) + 1
    identity = hashlib.sha256(out).hexdigest()[:32].upper().encode("ascii")
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R /ID [<%s> <%s>] >>\n" % (
        size,
        identity,
        identity,
    )
    out += b"startxref\n%d\n%%%%EOF\n" % xref
    return bytes(out)


def information(title, subject, stamp):
    """The document information dictionary; `stamp` is a datetime at Asia/Shanghai."""
    date = f"(D:{stamp:%Y%m%d%H%M%S}+08'00')"

    def text(value):
        return "<FEFF" + text_hex(value)[1:]

    return {
        "Title": text(title),
        "Subject": text(subject),
        "Producer": "(make_contracts.py)",
        "CreationDate": date,
        "ModDate": date,
    }


def render(lines, banner, info):
    """The PDF file of these lines; `info` from information()."""
    pages = paginate(lines)
    streams = [
        content(page, banner, f"第 {i} 页　共 {len(pages)} 页") for i, page in enumerate(pages, 1)
    ]
    return assemble(objects(streams, info))
