"""The bench's plots of a sample: well-formed, with title, axes and units, and every figure that they are of. plots.py FOLDER"""
import os
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import plot  # noqa: E402

folder, failures = sys.argv[1], 0


def ok(name, good, said=""):
    global failures
    print(("ok " if good else "FAIL ") + name + (f": {said}"[:500] if not good else ""))
    failures += not good


def load(rate, scale=1, **more):
    return {"per_second": rate, "per_second_min": rate - 100, "per_second_max": rate + 100, "p50_us": 1100 * scale, "p90_us": 2200 * scale, "p99_us": 3300 * scale, "p999_us": 4400 * scale, "max_us": 5500 * scale, **more}


sample = {
    "http": load(50123), "single_1": load(801), "single_256": load(5416, 20, ceiling_per_second=18980, of_ceiling_percent=29), "upload": {"per_second": 7114, "ceiling_per_second": 31179, "of_ceiling_percent": 23},
    "lookup": load(26241), "proof_1": load(700, submit_to_final=load(0)), "proof_256": load(5001, 30, submit_to_final=load(0, 25)),
    "growth": [{"records": 500000 * n, "upload_per_second": 7000 - 10 * n, "single_per_second": 5000 - 10 * n, "lookup_per_second": 26000 - n, "p50_us": 40000 + n, "p99_us": 60000 + 1000 * n, "rss": (150 + n) << 20,
                "bytes_per_record": 1590 + n} for n in range(1, 11)],
    "growth_compared": {"goals": {"p99_times": 2, "rss_bytes": 512 << 20}}, "start": {"records": 5000000, "seconds": 1.234},
    "peers": {"postgres": {"per_second": 1522, "version": "15.14 (Debian)"}, "etcd": {"per_second": 10727}},
}
wanted = {
    "throughput": ["What a node does a second", "records a second", "5,416", "18,980", "29%", "goal 13,286", "7,114", "31,179", "26,241", "goal 30,000"],
    "latency": ["How long an answer takes", "latency, logarithmic", "p99.9", "p50 1.1 ms", "p99 66 ms", "goal for p99: 60 ms", "Submit to proof, 256 connections, p99.9: 132 ms", "Submit to final, 256 connections, p90: 55 ms", "max 5.5 ms"],
    "growth": ["grows to 5,000,000 records", "records in the ledger", "uploads 6,900", "single POSTs, 500,000 records: 4990 a second", "look-ups 25,990", "p99, 5,000,000 records: 70 ms", "RSS, 1,000,000 records: 152 MiB", "goal: 512 MiB", "goal: 2 x the first p99",
               "bytes 1,600", "Start with 5,000,000 records: 1.234 s"],
    "peers": ["Beside others", "PostgreSQL 15.14 with a hash chain", "1,522", "etcd alone", "10,727", "5,416"],
}
paths = plot.draw(sample, folder)
ok("all four are drawn", [os.path.basename(path) for path in paths] == [name + ".svg" for name in wanted], paths)
for path in paths:
    name = os.path.basename(path)[:-4]
    root = xml.parse(path).getroot()
    said = "\n".join("".join(one.itertext()) for one in root.iter() if one.tag.endswith(("}text", "}title")))
    missing = [words for words in wanted[name] if words not in said]
    ok(f"{name}: title, axes, units and figures", root.tag == "{http://www.w3.org/2000/svg}svg" and not missing, (missing, said))
    width, height = float(root.get("width")), float(root.get("height"))
    places = [(float(one.get(x)), float(one.get(y))) for one in root.iter() for x, y in (("x", "y"), ("cx", "cy"), ("x1", "y1"), ("x2", "y2")) if one.get(x)]
    ok(f"{name}: everything is inside", len(places) > 20 and all(0 <= x <= width and 0 <= y <= height for x, y in places), [place for place in places if not (0 <= place[0] <= width and 0 <= place[1] <= height)])
longest = {one.get("width") for one in xml.parse(paths[0]).getroot().iter() if one.get("fill") == plot.BLUE}
bars = sorted(float(width) for width in longest)
ok("bars are as long as their figures say", abs(bars[0] / bars[2] - 5416 / 26241) < 0.01 and abs(bars[1] / bars[2] - 7114 / 26241) < 0.01, bars)
ok("what was not measured is not drawn", plot.draw({"machine": {}}, folder) == [])
one = plot.draw({"growth": sample["growth"][:1], "single_256": load(100)}, folder)
ok("one step of growth and one figure are enough", [os.path.basename(path) for path in one] == ["throughput.svg", "latency.svg", "growth.svg"] and all(xml.parse(path) for path in one), one)
sys.exit(bool(failures))
