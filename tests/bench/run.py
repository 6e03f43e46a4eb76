#!/usr/bin/env python3
"""The bench: one command, figures beside the ceiling of the same run.

    sh tests/run.sh --slow bench                          builds, runs everything below, writes build/bench/results.json and *.svg
    python3 tests/bench/run.py BUILD OUT [--runs 5] [--records 40000] [--dir DIR] [--peers]
    python3 tests/bench/run.py BUILD OUT --growth 5000000 --keep DIR          growth alone, in steps; started again it goes on from what is in DIR

Everything runs on this machine, load generator and node on the same cores. A first run warms up and is not counted; of the others the median stands with minimum and maximum. What a
figure is compared with was measured moments before on the same machine: the machines are noisy, and only such ratios say anything."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
import growth  # noqa: E402
import peers  # noqa: E402
import plot  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("out")
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--records", type=int, default=40000, help="of one run of single POSTs")
parser.add_argument("--dir", default=None, help="where the ledger is made (a disk, no tmpfs)")
parser.add_argument("--growth", type=int, default=0, help="records to grow to, by uploads, with single POSTs and look-ups measured on the way")
parser.add_argument("--step", type=int, default=500000, help="records between two measurements of growth")
parser.add_argument("--keep", default=None, help="with --growth: the folder of its ledger and figures, which stays; nothing else is measured")
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
    command = ["setpriv", "--pdeathsig", "TERM", f"{build}/qizheng-bench", name]
    for option, value in options.items():
        command += ["--" + option.replace("_", "-"), str(value)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench {name}: {done.stderr}")
    return json.loads(done.stdout)


class Ledger:
    """A ledger of its own with a running node and a payer; where the folder has one already, that."""

    def __init__(self, folder):
        self.folder, is_new = folder, not os.path.exists(f"{folder}/payer.jwk.admitted")
        if is_new:
            for left in ("ledger", "payer.pem", "payer.jwk"):  # of a beginning that was interrupted
                shutil.rmtree(f"{folder}/{left}") if os.path.isdir(f"{folder}/{left}") else os.path.exists(f"{folder}/{left}") and os.remove(f"{folder}/{left}")
            tool("init", "--dir", f"{folder}/ledger", "--listen", "127.0.0.1:0")
            path = f"{folder}/ledger/node.yaml"
            text = re.sub(r"(?m)^  threads: \d+", "  threads: 300", open(path, encoding="utf-8").read())
            open(path, "w", encoding="utf-8").write(text)
        self.start()
        if is_new:
            tool("key", "new", "--out", f"{folder}/payer.pem")
            tool("participant", "add", "--id", "payer", "--name", "样例社保中心", "--uscc", "91999999FAKE00013K", "--role", "payer", "--jwk", f"{folder}/payer.jwk", "--as", "registrar",
                 "--key", f"{folder}/ledger/keys/registrar.pem", "--url", self.url)
            open(f"{folder}/payer.jwk.admitted", "w", encoding="ascii").close()
        self.id = json.loads(tool("status", "--json", "--url", self.url))["ledger"]
        self.number = 0

    def start(self):
        """The node; one that a run before this one left behind may take its time to go."""
        until = time.monotonic() + 120
        while not self.begin():
            text = open(f"{self.folder}/node.log", encoding="utf-8").read()
            if "error=locked" not in text[-1000:] or time.monotonic() > until:
                sys.exit("the node did not start: " + text)
            time.sleep(0.5)

    def begin(self):
        began = time.monotonic()
        with open(f"{self.folder}/node.log", "a+", encoding="utf-8") as log:
            said = log.seek(0, os.SEEK_END)
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", f"{build}/qizhengd", "--config", f"{self.folder}/ledger/node.yaml"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            while self.process.poll() is None:
                log.seek(said)
                found = re.search(r" started .*port=(\d+)", log.read())
                if found:
                    self.port, self.url, self.start_s = found[1], f"http://127.0.0.1:{found[1]}", time.monotonic() - began
                    return True
                time.sleep(0.002)
        return False

    def stop(self):
        self.process.terminate()
        if self.process.wait(120):
            sys.exit("the node stopped with a failure")

    def start_seconds(self):
        """The median of five starts."""
        took = []
        for _ in range(5):
            self.stop()
            self.start()
            took.append(self.start_s)
        return round(sorted(took)[2], 3)

    def load(self, name, **options):
        self.number += 1
        return bench(name, port=self.port, pid=self.process.pid, ledger=self.id, issuer="payer", key=f"{self.folder}/payer.pem", period="2026-11", batch=f"B{int(time.time())}-{self.number}", **options)

    def size(self):
        return json.loads(tool("status", "--json", "--url", self.url))["tree_size"]

    def bytes(self):
        """On disk, but for uploads, which go by themselves."""
        return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(f"{self.folder}/ledger/data") for name in names if not folder.endswith("/uploads"))


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


def save():
    with open(f"{args.out}/results.json.new", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    os.replace(f"{args.out}/results.json.new", f"{args.out}/results.json")


def measure(folder):
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
    for connections, count in ((1, few), (256, args.records // 2)):
        one = results[f"proof_{connections}"] = runs(f"single POSTs, then their proof by the public route, {connections} connections", lambda: ledger.load("proof", connections=connections, records=count))
        print(f"  submit to final p50 {one['submit_to_final']['p50_us']} us, p99 {one['submit_to_final']['p99_us']}; submit to proof p50 {one['p50_us']} us, p99 {one['p99_us']}", flush=True)
    results["upload"] = runs("uploads of 10,000", lambda: ledger.load("upload", records=args.records))
    share(results["upload"], ceiling["upload_per_second"])
    results["lookup"] = runs("receipts looked up, 64 connections", lambda: bench("lookup", port=ledger.port, pid=ledger.process.pid, connections=64, ids=ids, requests=args.records))
    results["verify"] = bench("verify", receipts=receipts, policy=f"{folder}/ledger/policy.txt", rounds=10)
    print(f"off line: {results['verify']['cpu_ns'] / 1000:.0f} us of CPU, {results['verify']['beyond_signatures_ns'] / 1000:.0f} us beyond its signatures, {results['verify']['with_memory_cpu_ns'] / 1000:.0f} us with a memory; receipt {results['verify']['receipt_bytes']} bytes", flush=True)
    size = ledger.size()
    ledger.stop()
    results["disk"] = {"records": size, "bytes_per_record": ledger.bytes() // size}
    ledger.start()
    results["start"] = {"records": size, "seconds": ledger.start_seconds()}
    if args.growth:
        growth.run(ledger, args.growth, args.step, f"{args.out}/growth.jsonl", bench, results, save)
    ledger.stop()
    print(f"{size} records: {results['disk']['bytes_per_record']} bytes each on disk; RSS {results['upload']['node_rss'] >> 20} MiB; started in {results['start']['seconds']} s", flush=True)


if args.keep:
    os.makedirs(args.keep, exist_ok=True)
    kept = Ledger(os.path.abspath(args.keep))
    try:
        growth.run(kept, args.growth, args.step, f"{kept.folder}/growth.jsonl", bench, results, save)
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on from here")
    finally:
        kept.stop()
else:
    made = tempfile.mkdtemp(prefix="qizheng-bench", dir=args.dir)
    try:
        measure(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)
if args.peers:
    results["peers"] = peers.measure(build, args.dir)
save()
for path in plot.draw(results, args.out):
    print(f"drawn: {path}")
print(f"all of it: {args.out}/results.json")
