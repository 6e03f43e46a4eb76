"""Growth: a ledger that becomes larger and larger, measured on the way. Called by run.py.

Each step uploads records, then sends single POSTs over 256 connections, then looks receipts up all over what there is by then, and adds one JSON line to a file. Interrupted, it goes on with
what the ledger holds; a line that was not written whole counts as not written."""
import json
import os
import shutil
import time

SINGLES, LOOKUPS, IDS_EVERY = 20000, 20000, 50
UPLOADED_MAX = 8000000  # a node keeps at most 1,024 uploads of 10,000 for a week; what is in their folder may be lost without harm (docs/OPERATING.md)
GOALS = {"upload_percent": 80, "single_percent": 80, "lookup_percent": 80, "p99_times": 2, "rss_bytes": 512 << 20, "start_seconds": 2}


def lines_of(path):
    """The whole lines of the file; what is behind them is cut off."""
    good, out = 0, []
    if not os.path.exists(path):
        return out
    with open(path, "rb") as file:
        for line in file:
            try:
                out.append(json.loads(line))
            except ValueError:
                break
            if not line.endswith(b"\n"):
                out.pop()
                break
            good += len(line)
    os.truncate(path, good)
    return out


def own_memory(ledger):
    """What the process holds by itself. RSS also counts pages of the database's files, which LevelDB maps and the system takes back when it likes."""
    with open(f"/proc/{ledger.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("RssAnon:"))


def settled(ledger):
    """The size once uploads that an interruption left are worked off."""
    size, still = ledger.size(), 0
    while still < 4:
        time.sleep(0.5)
        now = ledger.size()
        size, still = now, still + 1 if now == size else 0
    return size


def empty_uploads(ledger):
    ledger.stop()
    shutil.rmtree(f"{ledger.folder}/ledger/data/uploads", ignore_errors=True)
    ledger.start()


def step(ledger, size, target, width, bench):
    ids = f"{ledger.folder}/growth.ids"
    records = min(width, target - size)
    singles = min(SINGLES, (records + 4) // 5)
    upload = ledger.load("upload", records=max(1, records - singles), ids_out=ids, ids_every=IDS_EVERY)
    single = ledger.load("single", connections=256, records=singles, ids_out=ids, ids_every=IDS_EVERY)
    lookup = bench("lookup", port=ledger.port, pid=ledger.process.pid, connections=64, ids=ids, requests=LOOKUPS)
    size = ledger.size()
    line = {"records": size, "upload_per_second": upload["per_second"], "upload_node_cpu_ns": upload["node_cpu_ns_per_unit"], "single_per_second": single["per_second"],
            "single_node_cpu_ns": single["node_cpu_ns_per_unit"]}
    line.update({name: single[name] for name in ("p50_us", "p90_us", "p99_us", "p999_us", "max_us")})
    line.update({"lookup_per_second": lookup["per_second"], "lookup_p50_us": lookup["p50_us"], "lookup_p99_us": lookup["p99_us"], "lookup_node_cpu_ns": lookup["node_cpu_ns_per_unit"],
                 "rss": max(upload["node_rss"], single["node_rss"], lookup["node_rss"]), "rss_own": own_memory(ledger), "bytes_per_record": ledger.bytes() // size})
    return line, upload["units"]


def mean(lines, name):
    return sum(line[name] for line in lines) / len(lines)


def compare(lines):
    """The last million beside the first one; where the ledger is smaller than two, the last step beside the first."""
    last = lines[-1]["records"]
    is_large = last >= 2000000
    begin = [line for line in lines if line["records"] <= 1000000] if is_large else lines[:1]
    end = [line for line in lines if line["records"] > last - 1000000] if is_large else lines[-1:]
    begin = begin or lines[:1]
    out = {"records": last, "of": "million" if is_large else "step", "rss_bytes": max(line["rss"] for line in lines), "rss_own_bytes": max(line["rss_own"] for line in lines), "bytes_per_record": lines[-1]["bytes_per_record"]}
    for what in ("upload", "single", "lookup"):
        out[f"{what}_percent"] = round(100 * mean(end, f"{what}_per_second") / mean(begin, f"{what}_per_second"))
    for what in ("p50", "p99"):
        out[f"{what}_times"] = round(mean(end, f"{what}_us") / mean(begin, f"{what}_us"), 2)
    return out


def say(compared):
    at_least = [(f"{what} rate", compared[f"{what}_percent"], GOALS[f"{what}_percent"], "% of the first") for what in ("upload", "single", "lookup")]
    at_most = [("p99 of single POSTs", compared["p99_times"], GOALS["p99_times"], " times the first"), ("memory of the node without mapped files", compared["rss_own_bytes"] >> 20, GOALS["rss_bytes"] >> 20, " MiB"),
               ("start", compared["start_seconds"], GOALS["start_seconds"], " s")]
    print(f"growth to {compared['records']} records, {compared['bytes_per_record']} bytes each on disk; the last {compared['of']} beside the first:")
    for rows, word, is_met in ((at_least, "at least", lambda value, goal: value >= goal), (at_most, "at most", lambda value, goal: value <= goal)):
        for name, value, goal, unit in rows:
            print(f"  {name}: {value}{unit}; goal {word} {goal}: {'met' if is_met(value, goal) else 'MISSED'}", flush=True)


def run(ledger, target, width, path, bench, results, save):
    lines, size, uploaded = lines_of(path), settled(ledger), 0
    if lines:
        print(f"growth goes on at {size} records; measured so far up to {lines[-1]['records']}", flush=True)
    empty_uploads(ledger)
    while size < target:
        line, units = step(ledger, size, target, width, bench)
        size, uploaded = line["records"], uploaded + units
        lines.append(line)
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{size} records: {line}", flush=True)
        results["growth"] = lines
        save()
        if uploaded > UPLOADED_MAX - width:
            empty_uploads(ledger)
            uploaded = 0
    if not lines:
        return
    results["growth"], results["start"] = lines, {"records": size, "seconds": ledger.start_seconds()}
    results["growth_compared"] = {**compare(lines), "start_seconds": results["start"]["seconds"], "goals": GOALS}
    say(results["growth_compared"])
    save()
