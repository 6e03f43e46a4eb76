"""Tables for the tests of pay runs, synthetic and the same every time.

    payments.py determinations COUNT                    determinations of the first COUNT persons
    payments.py payments COUNT DUPLICATES [RECEIPTS]    payments; every so often one that repeats an earlier one. RECEIPTS: the folder with the determinations'
                                                        receipts, whose ids then stand beside the payments of those persons
    payments.py planted COUNT DUPLICATES                the lines of that table on which the duplicates stand
"""
import base64
import csv
import hashlib
import json
import os
import sys


def tag(person):
    return base64.urlsafe_b64encode(hashlib.sha256(f"person {person}".encode()).digest()).decode().rstrip("=")


def yuan(person):
    fen = 150000 + person * 7919 % 450000
    return f"{fen // 100}.{fen % 100:02d}"


def people(count, duplicates):
    """The person of each row, and whether the row is a duplicate: person 3 * n comes again right at the end of its part of the table."""
    step, person = count // duplicates, 0
    for row in range(count):
        again = row % step == step - 1 and row // step < duplicates
        yield (row // step * (step - 1) + 3, True) if again else (person, False)
        person += not again


def record_id(path):
    with open(path, encoding="utf-8") as file:
        jws = json.load(file)["record"].split("~")[0]
    return hashlib.sha256(jws.rsplit(".", 1)[0].encode()).hexdigest()


def determinations(count):
    yield ["姓名", "标签", "核定金额", "核定日期"]
    for person in range(count):
        yield [f"样例{person:05d}", tag(person), yuan(person), "20261110"]


def payments(count, duplicates, folder=None):
    yield ["序号", "姓名", "标签", "所属期", "金额", "备注", "核定编号"]
    for row, (person, _) in enumerate(people(count, duplicates)):
        path = f"{folder}/{person + 2}.receipt.json"
        ref = record_id(path) if folder and os.path.exists(path) else ""
        yield [row + 1, f"样例{person:05d}", tag(person), "202611", yuan(person), 'a "note", 备注' if row % 100 == 0 else "", ref]


def main():
    what, numbers = sys.argv[1], [int(text) for text in sys.argv[2:4] if text.isdigit()]
    if what == "planted":
        print(*[row + 2 for row, (_, again) in enumerate(people(*numbers)) if again], sep="\n")
        return
    rows = determinations(*numbers) if what == "determinations" else payments(*numbers, *sys.argv[4:5])
    csv.writer(sys.stdout).writerows(rows)


main()
