"""Power cuts at random moments of one recorded run: after each, the node starts, holds to every receipt that was acknowledged before, and fsck is clean.

    powercut.py BASE OPS ACKS BUILD POLICY CUTS SEED [lying]

BASE: the ledger's folder before the run. Prints ok and FAIL lines; a failing cut is made again by its seed and number. `lying`: of a disk that says it has synced and has not;
then every cut must be found to have lost something, or this test could not fail."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cut import Disk, SYNC, ops  # noqa: E402

base, log, acks, build, policy = sys.argv[1:6]
cuts, seed = int(sys.argv[6]), int(sys.argv[7])
lying = sys.argv[8:] == ["lying"]
everything = [op for op in ops(log) if op[1] != SYNC or not lying]
first_ack = min(int(line.split()[0]) for line in open(acks) if not line.startswith("-"))
start = next(i for i, op in enumerate(everything) if op[0] >= first_ack)
failures = 0


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def node(folder):
    """A started node and its URL, or what it said."""
    text = open(f"{folder}/node.yaml", encoding="utf-8").read()
    open(f"{folder}/node.yaml", "w", encoding="utf-8").write(re.sub(r"(?m)^listen: .*", 'listen: "127.0.0.1:0"', text))
    said = open(f"{folder}/said", "w+", encoding="utf-8")
    process = subprocess.Popen([f"{build}/qizhengd", "--config", f"{folder}/node.yaml"], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    for _ in range(200):
        found = re.search(r" started .*port=(\d+)", open(f"{folder}/said", encoding="utf-8").read())
        if found:
            return process, f"http://127.0.0.1:{found[1]}"
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.kill()
    return None, open(f"{folder}/said", encoding="utf-8").read()


def judge(folder, before):
    process, url = node(folder)
    if process is None:
        return "the node does not start:\n" + url
    code, text = run(f"{build}/qizheng-pound", "check", "--url", url, "--policy", policy, "--acks", acks, "--before", str(before))
    ended = process.poll()
    process.kill()  # stopping in good order takes two seconds, and other tests do it
    process.wait(60)
    if code or ended is not None:
        return f"{text}\nended with {ended}\n" + open(f"{folder}/said", encoding="utf-8").read()
    code, text = run(f"{build}/qizheng", "fsck", "--dir", folder)
    return text if code else None


def moment(number):
    """(after how many changes, strict names, what is kept, chance) of a cut. Half of the cuts come right before or behind a sync: that is where promises are made."""
    chance = random.Random(f"{seed} {number}")
    strict, keep, at = chance.random() < 0.5, chance.choice(["none", "none", "torn", "torn", "all"]), chance.randrange(start, len(everything))
    if lying:
        return len(everything), False, "none", chance
    if chance.random() < 0.5:
        near = [i for i in range(max(start, at - 200), min(len(everything), at + 200)) if everything[i][1] == SYNC]
        at = chance.choice(near) + chance.choice([0, 1]) if near else at
    return at, strict, keep, chance


# In the order of their moments, so that the run is replayed once for each model of names.
disks, applied = {True: Disk(base), False: Disk(base)}, 0
for at, number in sorted((moment(number)[0], number) for number in range(cuts)):
    _, strict, keep, chance = moment(number)
    for op in everything[applied:at]:
        for model, disk in disks.items():
            disk.apply(op, model)
    applied = at
    out = tempfile.mkdtemp(prefix="powercut")
    disks[strict].dump(out, keep, chance)
    wrong = judge(out, everything[at - 1][0])
    if lying and not wrong:
        failures += 1
        print(f"FAIL cut {number} of seed {seed}: nothing was synced, and nothing is missed")
    elif wrong and not lying:
        failures += 1
        print(f"FAIL cut {number} of seed {seed}: after change {at} of {len(everything)}, {'strict' if strict else 'ordered'} names, unsynced data {keep}\n{wrong[-3000:]}")
    shutil.rmtree(out)
if not failures:
    print("ok a disk that lies about its syncs is found out" if lying else f"ok {cuts} power cuts among {len(everything)} changes of the disk: every acknowledged receipt stands, fsck is clean")
sys.exit(bool(failures))
