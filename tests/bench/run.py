#!/usr/bin/env python3
"""The bench: one command, figures beside the ceiling of the same run.

    sh tests/run.sh --slow bench                          builds, runs everything below, writes build/bench/results.json and *.svg
    python3 tests/bench/run.py BUILD OUT [--runs 5] [--records 40000] [--dir DIR] [--growth 0] [--peers]

Everything runs on this machine, load generator and node on the same cores. A first run warms up and is not counted; of the others the median stands with minimum and maximum. What a
figure is compared with was measured moments before on the same machine: the machines are noisy, and only such ratios say anything."""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("out")
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--records", type=int, default=40000, help="of one run of single POSTs")
parser.add_argument("--dir", default=None, help="where the ledger is made (a disk, no tmpfs)")
parser.add_argument("--growth", type=int, default=0, help="records to grow to, by uploads, with single POSTs measured on the way")
parser.add_argument("--peers", action="store_true", help="PostgreSQL and etcd beside it (tests/bench/peers.py)")
args = parser.parse_args()
build, results = os.path.abspath(args.build), {"machine": {"cores": os.cpu_count(), "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}}
os.makedirs(args.out, exist_ok=True)


def tool(*command):
    done = subprocess.run([f"{build}/qizheng", *command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"qizheng {command[0]}: {done.stderr}")
    return done.stdout


def bench(name, **options):
    command = [f"{build}/qizheng-bench", name]
    for option, value in options.items():
        command += ["--" + option.replace("_", "-"), str(value)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench {name}: {done.stderr}")
    return json.loads(done.stdout)


class Ledger:
    """A ledger of its own with a running node and a payer."""

    def __init__(self, folder):
        self.folder = folder
        tool("init", "--dir", f"{folder}/ledger", "--listen", "127.0.0.1:0")
        path = f"{folder}/ledger/node.yaml"
        text = re.sub(r"(?m)^  threads: \d+", "  threads: 300", open(path, encoding="utf-8").read())
        open(path, "w", encoding="utf-8").write(text)
        self.start()
        tool("key", "new", "--out", f"{folder}/payer.pem")
        tool("participant", "add", "--id", "payer", "--name", "样例社保中心", "--uscc", "91999999FAKE00013K", "--role", "payer", "--jwk", f"{folder}/payer.jwk", "--as", "registrar",
             "--key", f"{folder}/ledger/keys/registrar.pem", "--url", self.url)
        self.id = json.loads(tool("status", "--json", "--url", self.url))["ledger"]
        self.number = 0

    def start(self):
        began = time.monotonic()
        log = open(f"{self.folder}/node.log", "a+", encoding="utf-8")
        at = log.tell()
        self.process = subprocess.Popen([f"{build}/qizhengd", "--config", f"{self.folder}/ledger/node.yaml"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while True:
            log.seek(at)
            found = re.search(r" started .*port=(\d+)", log.read())
            if found:
                break
            if self.process.poll() is not None:
                sys.exit("the node did not start: " + open(f"{self.folder}/node.log", encoding="utf-8").read())
            time.sleep(0.002)
        self.port, self.url, self.start_s = found[1], f"http://127.0.0.1:{found[1]}", time.monotonic() - began

    def stop(self):
        self.process.terminate()
        if self.process.wait(120):
            sys.exit("the node stopped with a failure")

    def load(self, name, **options):
        self.number += 1
        return bench(name, port=self.port, pid=self.process.pid, ledger=self.id, issuer="payer", key=f"{self.folder}/payer.pem", period="2026-11", batch=f"B{self.number}", **options)

    def bytes(self):
        return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(f"{self.folder}/ledger/data") for name in names)


def runs(what, once):
    """The median run of several, by rate; the first one is not counted."""
    once()
    done = [once() for _ in range(args.runs)]
    done.sort(key=lambda result: result["per_second"])
    middle = dict(done[len(done) // 2])
    middle["per_second_min"], middle["per_second_max"], middle["runs"] = done[0]["per_second"], done[-1]["per_second"], len(done)
    print(f"{what}: {middle['per_second']}/s ({done[0]['per_second']} to {done[-1]['per_second']})", flush=True)
    return middle


def share(result, ceiling):
    result["ceiling_per_second"], result["of_ceiling_percent"] = ceiling, round(100 * result["per_second"] / ceiling)


folder = tempfile.mkdtemp(prefix="qizheng-bench", dir=args.dir)
try:
    ledger = Ledger(folder)
    ids, receipts = f"{folder}/ids", f"{folder}/receipts"
    http = runs("/healthz, 256 connections", lambda: bench("health", port=ledger.port, pid=ledger.process.pid, connections=256, requests=50000))
    ceiling = bench("ceiling", dir=folder, records=500000, http_ns=http["node_cpu_ns_per_unit"] + http["client_cpu_ns_per_unit"])
    results["http"], results["ceiling"] = http, ceiling
    print(f"ceiling: {ceiling['single_per_second']}/s single, {ceiling['upload_per_second']}/s uploaded; {ceiling['cpu_ns']}", flush=True)
    few = max(args.records // 20, 500)
    results["single_1"] = runs("single POSTs, 1 connection", lambda: ledger.load("single", connections=1, records=few))
    results["single_256"] = runs("single POSTs, 256 connections", lambda: ledger.load("single", connections=256, records=args.records, ids_out=ids, receipts_out=receipts, receipts=500))
    share(results["single_256"], ceiling["single_per_second"])
    results["upload"] = runs("uploads of 10,000", lambda: ledger.load("upload", records=args.records))
    share(results["upload"], ceiling["upload_per_second"])
    results["lookup"] = runs("receipts looked up, 64 connections", lambda: bench("lookup", port=ledger.port, pid=ledger.process.pid, connections=64, ids=ids, requests=args.records))
    results["verify"] = bench("verify", receipts=receipts, policy=f"{folder}/ledger/policy.txt", rounds=10)
    print(f"off line: {results['verify']['cpu_ns'] / 1000:.0f} us of CPU, {results['verify']['beyond_signatures_ns'] / 1000:.0f} us beyond its signatures, {results['verify']['with_memory_cpu_ns'] / 1000:.0f} us with a memory; receipt {results['verify']['receipt_bytes']} bytes", flush=True)
    size = json.loads(tool("status", "--json", "--url", ledger.url))["tree_size"]
    rss = results["upload"]["node_rss"]
    ledger.stop()
    results["disk"] = {"records": size, "bytes_per_record": ledger.bytes() // size}
    ledger.start()
    results["start"] = {"records": size, "seconds": round(ledger.start_s, 3)}
    growth = []
    while args.growth > size:
        step = ledger.load("upload", records=min(500000, args.growth - size))
        size += step["units"]
        single = ledger.load("single", connections=256, records=few * 4)
        size += single["units"]
        growth.append({"records": size, "upload_per_second": step["per_second"], "single_per_second": single["per_second"], "p99_us": single["p99_us"], "rss": single["node_rss"],
                       "bytes_per_record": ledger.bytes() // size})
        print(f"{size} records: {growth[-1]}", flush=True)
        json.dump({**results, "growth": growth}, open(f"{args.out}/results.json", "w"), indent=1)
    if growth:
        results["growth"] = growth
        ledger.stop()
        ledger.start()
        results["start"] = {"records": size, "seconds": round(ledger.start_s, 3)}
    ledger.stop()
    print(f"{size} records: {results['disk']['bytes_per_record']} bytes each on disk; RSS {rss >> 20} MiB; started in {results['start']['seconds']} s", flush=True)
finally:
    shutil.rmtree(folder, ignore_errors=True)
if args.peers:
    sys.path.insert(0, here)
    import peers  # noqa: E402
    results["peers"] = peers.measure(build, args.dir)
json.dump(results, open(f"{args.out}/results.json", "w"), indent=1)
print(f"all of it: {args.out}/results.json")
