"""A second verifier of receipts, written from docs/FORMATS.md and the standards that it names, sharing no code with the first.

    verify.py RECEIPT --policy P [--document F] [--tsa PEM] [--audience A --nonce N]     the verdict as JSON, steps and outcome as `qizheng verify --json` has them
    verify.py --lines                                           one request a line, one verdict a line (tests/verifier/lines.c is alike)

Exit status 0 valid, 1 invalid, 2 unchecked. A request is {"receipt": base64, "policy": base64, "document": base64, "tsa": base64,
"key_binding": {"audience", "nonce", "now", "max_age"}}, the last three where there is something to give. It is meant to be read beside the standards, not to be fast."""
import argparse
import base64
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from receipt import Verdict  # noqa: E402

STATUS = {"valid": 0, "invalid": 1, "unchecked": 2}


def read(path):
    if path is None:
        return None
    with open(path, "rb") as source:
        return source.read()


def lines():
    for line in sys.stdin:
        request = json.loads(line)
        asked = {name: base64.b64decode(value) for name, value in request.items() if name != "key_binding"}
        verdict = Verdict(asked["receipt"], asked["policy"], asked.get("document"), asked.get("tsa"), request.get("key_binding"))
        print(json.dumps(verdict.full()), flush=True)
    return 0


def main():
    parser = argparse.ArgumentParser(description="Verify a qizheng receipt, by a second implementation.")
    parser.add_argument("receipt", nargs="?")
    parser.add_argument("--policy")
    parser.add_argument("--document")
    parser.add_argument("--tsa")
    parser.add_argument("--audience")
    parser.add_argument("--nonce")
    parser.add_argument("--lines", action="store_true")
    asked = parser.parse_args()
    if asked.lines:
        return lines()
    if not asked.receipt or not asked.policy:
        parser.error("a receipt and --policy are needed")
    demand = {"audience": asked.audience, "nonce": asked.nonce, "now": int(time.time()), "max_age": 300} if asked.audience else None
    verdict = Verdict(read(asked.receipt), read(asked.policy), read(asked.document), read(asked.tsa), demand)
    print(json.dumps(verdict.full(), indent=1))
    return STATUS[verdict.outcome]


if __name__ == "__main__":
    sys.exit(main())
