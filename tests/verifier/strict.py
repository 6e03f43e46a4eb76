"""Strict readings that every part of the verifier shares: base64 in both alphabets, UTF-8 and JSON as docs/FORMATS.md has them.

Whatever departs from the form raises Refused with the reason; nothing is repaired."""
import base64
import json
import re

JSON_DEPTH = 8
JSON_INT = 2**53 - 1
JSON_MARKS = 32767


class Refused(Exception):
    """What was read is not what it has to be. The text says why."""


def need(condition, reason):
    if not condition:
        raise Refused(reason)


def unbase64(text):
    """RFC 4648 section 4: with padding, and with unused bits zero."""
    need(re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text, re.ASCII) and len(text) % 4 == 0, "no strict base64")
    data = base64.b64decode(text)
    need(base64.b64encode(data).decode() == text, "base64 with unused bits or padding that is not needed")
    return data


def unbase64url(text):
    """RFC 4648 section 5 as RFC 7515 uses it: no padding, no other character, unused bits zero."""
    need(re.fullmatch(r"[A-Za-z0-9_-]*", text, re.ASCII) and len(text) % 4 != 1, "no strict base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(base64url(data) == text, "base64url with unused bits")
    return data


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def utf8(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("not UTF-8") from error


def word(value):
    """A lower-case letter, then letters, digits and hyphens, at most 31 of all."""
    return isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9-]{0,30}", value, re.ASCII) is not None


def participant_id(value):
    return isinstance(value, str) and re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,87}", value, re.ASCII) is not None


def hex256(value):
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value, re.ASCII) is not None


# -- JSON --


def _object(pairs):
    made = dict(pairs)
    need(len(made) == len(pairs), "a member name occurs twice")
    return made


def _integer(text):
    need(len(text) < 20 and abs(int(text)) <= JSON_INT, "an integer beyond 2^53 - 1")
    return int(text)


def _no_number(text):
    raise Refused(f"{text[:20]} is no integer")


def _shape(text):
    """Depth and size, before anything is built: what a text nests is told by its brackets outside of strings."""
    depth = marks = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', text, re.S):
        kind = token[0]
        marks += kind in "[{,"
        depth += (kind in "[{") - (kind in "]}")
        need(depth <= JSON_DEPTH, f"more than {JSON_DEPTH} levels deep")
    need(marks <= JSON_MARKS, "too many values")


def _texts(value):
    """Every text in a value, names included: none holds U+0000 or half a surrogate pair."""
    if isinstance(value, str):
        need("\0" not in value and not re.search("[\ud800-\udfff]", value), "a text that is no UTF-8, or has U+0000")
    elif isinstance(value, list):
        for one in value:
            _texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            _texts(name)
            _texts(one)


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_no_number, parse_constant=_no_number, strict=True)


def unjson(data):
    """The value of a strict JSON text (bytes)."""
    text = utf8(data)
    _shape(text)
    try:
        value = _decoder.decode(text)
    except ValueError as error:
        raise Refused(f"no JSON: {error}") from error
    _texts(value)
    return value


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def members(value, required, optional=()):
    """Refuses what is no object with these members and no others."""
    need(isinstance(value, dict), "no object")
    need(set(required) <= set(value), f"a member of {', '.join(required)} is missing")
    need(set(value) <= set(required) | set(optional), "an unknown member")
    return value
