#!/usr/bin/env python3
"""SVG plots of what the bench measured: python3 tests/bench/plot.py RESULTS.json FOLDER. Called at the end of run.py; nothing but Python's own library.

throughput.svg: rates beside the ceiling and the goal. latency.svg: percentiles. growth.svg: rates, latency, memory and disk over the number of records. peers.svg: others with the same payload.
A plot whose figures are not in the results is not drawn. Each mark has its figure as a <title>, so that a reader who points at it sees it, and a test finds it."""
import json
import math
import os
import sys
from xml.sax.saxutils import escape

INK, SOFT, GRID = "#222222", "#666666", "#dddddd"
BLUE, ORANGE, GREEN, RED, PURPLE = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#aa4499"  # told apart by colour-blind readers, too
POST_GOAL, LOOKUP_GOAL, P99_GOAL_US = 70, 30000, 60000  # percent of the ceiling; a second; microseconds at 256 connections


class Svg:
    def __init__(self, width, height, title, note=""):
        self.width, self.height, self.parts = width, height, []
        self.text(16, 26, title, size=17, weight="bold")
        if note:
            self.text(16, 44, note, size=11, colour=SOFT)

    def text(self, x, y, words, size=12, colour=INK, anchor="start", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">{escape(str(words))}</text>')

    def line(self, x1, y1, x2, y2, colour=GRID, width=1.0, dash=""):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"' + (f' stroke-dasharray="{dash}"' if dash else "") + "/>")

    def box(self, x, y, width, height, colour, title, hollow=False):
        look = f'fill="none" stroke="{colour}" stroke-width="1.5"' if hollow else f'fill="{colour}"'
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" {look}><title>{escape(title)}</title></rect>')

    def dot(self, x, y, colour, title, radius=4.0):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"><title>{escape(title)}</title></circle>')

    def path(self, points, colour):
        self.parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="' + " ".join(f"{x:.1f},{y:.1f}" for x, y in points) + '"/>')

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n'
                       f'<rect width="{self.width}" height="{self.height}" fill="white"/>\n' + "\n".join(self.parts) + "\n</svg>\n")
        return path


def grouped(value):
    return f"{value:,.0f}"


def milliseconds(us):
    return f"{us / 1000:.3g} ms" if us < 1e6 else f"{us / 1e6:.3g} s"


def ticks(top, about=5):
    """Round numbers from 0 to a little above top."""
    raw = max(top, 1e-9) / about
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * times for times in (1, 2, 2.5, 5, 10) if size * times >= raw)
    return [step * i for i in range(int(math.ceil(top / step)) + 1)]


def short(value):
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def bars(rows, title, note, unit):
    """rows: (name, value, low, high, ceiling, goal, colour); None where there is none."""
    left, right, top, pitch = 265, 110, 78, 54
    svg = Svg(900, top + pitch * len(rows) + 62, title, note)
    axis = ticks(max(max(row[1], row[3] or 0, row[4] or 0, row[5] or 0) for row in rows))
    scale = (svg.width - left - right) / axis[-1]
    bottom = top + pitch * len(rows)
    for tick in axis:
        svg.line(left + tick * scale, top - 8, left + tick * scale, bottom)
        svg.text(left + tick * scale, bottom + 16, short(tick), anchor="middle", size=11, colour=SOFT)
    svg.text(left + axis[-1] * scale / 2, bottom + 36, unit, anchor="middle", size=12)
    for at, (name, value, low, high, ceiling, goal, colour) in enumerate(rows):
        y = top + pitch * at
        for number, words in enumerate(name.split("\n")):
            svg.text(left - 10, y + 15 + 14 * number, words, anchor="end", size=12 if number == 0 else 10, colour=INK if number == 0 else SOFT)
        svg.box(left, y + 2, value * scale, 22, colour, f"{name}: {grouped(value)}")
        if low is not None:
            svg.line(left + low * scale, y + 13, left + high * scale, y + 13, INK, 1.5)
        if ceiling:
            svg.box(left, y + 2, ceiling * scale, 22, SOFT, f"ceiling of {name}: {grouped(ceiling)}", hollow=True)
        if goal:
            svg.line(left + goal * scale, y - 3, left + goal * scale, y + 29, RED, 2.5)
        said = grouped(value) + (f", {100 * value / ceiling:.0f}% of {grouped(ceiling)}" if ceiling else "") + (f"; goal {grouped(goal)}" if goal else "")
        svg.text(left, y + 39, said, size=10.5, colour=SOFT)
    return svg


def throughput(results):
    rows = []
    for key, name, goal_percent, goal in (("single_256", "Single POSTs, each with its receipt\n256 connections", POST_GOAL, None), ("upload", "Uploads of 10,000\nto the last receipt", POST_GOAL, None),
                                          ("lookup", "Receipts looked up\n64 connections", None, LOOKUP_GOAL)):
        one = results.get(key)
        if one:
            ceiling = one.get("ceiling_per_second")
            rows.append((name, one["per_second"], one.get("per_second_min"), one.get("per_second_max"), ceiling, ceiling * goal_percent / 100 if ceiling and goal_percent else goal, BLUE))
    if not rows:
        return None
    svg = bars(rows, "What a node does a second", "Median of the runs, with the least and the most of them; ceiling: what the parts cost alone, over all cores, in the same run", "records a second")
    svg.box(svg.width - 172, 55, 22, 11, SOFT, "ceiling", hollow=True)
    svg.text(svg.width - 144, 65, "ceiling", size=11, colour=SOFT)
    svg.line(svg.width - 78, 52, svg.width - 78, 68, RED, 2.5)
    svg.text(svg.width - 70, 65, "goal", size=11, colour=RED)
    return svg


PERCENTILES = (("p50_us", "p50"), ("p90_us", "p90"), ("p99_us", "p99"), ("p999_us", "p99.9"), ("max_us", "max"))


def latency(results):
    rows = [(name, results[key] if part is None else results[key][part], goal) for key, part, name, goal in (
        ("http", None, "GET /healthz, 256 connections", None), ("lookup", None, "Receipt looked up, 64 connections", None), ("single_1", None, "Single POST, 1 connection", None),
        ("single_256", None, "Single POST, 256 connections", P99_GOAL_US), ("proof_1", "submit_to_final", "Submit to final, 1 connection", None), ("proof_1", None, "Submit to proof, 1 connection", None),
        ("proof_256", "submit_to_final", "Submit to final, 256 connections", None), ("proof_256", None, "Submit to proof, 256 connections", None)) if key in results]
    if not rows:
        return None
    left, right, top, pitch = 245, 40, 92, 46
    svg = Svg(900, top + pitch * len(rows) + 58, "How long an answer takes", "Final: the POST is answered with its receipt. Proof: anybody gets the record's tlog-proof under a published checkpoint by the public route")
    values = [row[key] for _, row, _ in rows for key, _ in PERCENTILES]
    low, high = math.floor(math.log10(max(min(values), 1))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    at = lambda us: left + (math.log10(max(us, 1)) - low) / (high - low) * (svg.width - left - right)  # noqa: E731
    bottom = top + pitch * len(rows)
    for power in range(low, high + 1):
        svg.line(at(10 ** power), top - 14, at(10 ** power), bottom, "#bbbbbb")
        svg.text(at(10 ** power), bottom + 16, milliseconds(10 ** power), anchor="middle", size=11, colour=SOFT)
        for times in range(2, 10):
            if power < high:
                svg.line(at(times * 10 ** power), top - 14, at(times * 10 ** power), bottom, "#eeeeee")
    svg.text((left + svg.width - right) / 2, bottom + 38, "latency, logarithmic", anchor="middle")
    colours = (BLUE, GREEN, ORANGE, PURPLE, INK)
    for number, ((_, label), colour) in enumerate(zip(PERCENTILES, colours)):
        svg.dot(left + number * 80 + 6, 62, colour, label)
        svg.text(left + number * 80 + 15, 66, label, size=11)
    for number, (name, row, goal) in enumerate(rows):
        y = top + pitch * number + 6
        svg.text(left - 12, y + 4, name, anchor="end")
        svg.line(at(row["p50_us"]), y, at(row["max_us"]), y, "#999999", 2)
        for (key, label), colour in reversed(list(zip(PERCENTILES, colours))):
            svg.dot(at(row[key]), y, colour, f"{name}, {label}: {milliseconds(row[key])}", 5)
        svg.text(at(row["p50_us"]), y + 18, "p50 " + milliseconds(row["p50_us"]) + ", p99 " + milliseconds(row["p99_us"]) + ", max " + milliseconds(row["max_us"]), size=10, colour=SOFT,
                 anchor="start" if at(row["p50_us"]) < svg.width - 250 else "end")
        if goal:
            svg.line(at(goal), y - 13, at(goal), y + 11, RED, 2.5)
            svg.text(at(goal) + 5, y - 8, f"goal for p99: {milliseconds(goal)}", size=10, colour=RED)
    return svg


def panel(svg, x, y, width, height, title, unit, lines, points, goal=None):
    """lines: (name, colour, values). points: records, one for each value."""
    axis = ticks(max([value for _, _, values in lines for value in values] + ([goal[0]] if goal else [])), 4)
    # The first step leaves no room for a line: then it is a row of dots at its place.
    right = ticks(points[-1], 5)
    at_x = lambda records: x + records / right[-1] * width  # noqa: E731
    at_y = lambda value: y + height - value / axis[-1] * height  # noqa: E731
    svg.text(x, y - 12, f"{title} ({unit})", weight="bold", size=12.5)
    for tick in axis:
        svg.line(x, at_y(tick), x + width, at_y(tick))
        svg.text(x - 7, at_y(tick) + 4, short(tick), anchor="end", size=10.5, colour=SOFT)
    for tick in right:
        svg.line(at_x(tick), y + height, at_x(tick), y + height + 4, SOFT)
        svg.text(at_x(tick), y + height + 17, short(tick), anchor="middle", size=10.5, colour=SOFT)
    svg.line(x, y + height, x + width, y + height, SOFT)
    svg.text(x + width / 2, y + height + 33, "records in the ledger", anchor="middle", size=11, colour=SOFT)
    if goal:
        svg.line(x, at_y(goal[0]), x + width, at_y(goal[0]), RED, 1.5, "6 4")
        svg.text(x + width, at_y(goal[0]) - 5, goal[1], anchor="end", size=10.5, colour=RED)
    taken = []
    for name, colour, values in lines:
        places = [(at_x(records), at_y(value)) for records, value in zip(points, values)]
        svg.path(places, colour)
        for (dot_x, dot_y), records, value in zip(places, points, values):
            svg.dot(dot_x, dot_y, colour, f"{name}, {grouped(records)} records: {value:g} {unit}", 2.5)
        label = places[-1][1] + 4
        while any(abs(label - other) < 13 for other in taken):
            label -= 13
        taken.append(label)
        svg.text(places[-1][0] + 8, label, f"{name} {values[-1]:,.4g}" if values[-1] < 1000 else f"{name} {grouped(values[-1])}", size=10.5, colour=colour)


def growth(results):
    lines = results.get("growth")
    if not lines:
        return None
    points = [line["records"] for line in lines]
    of = lambda name, by=1: [line[name] / by for line in lines]  # noqa: E731
    svg = Svg(1100, 720, f"A ledger that grows to {grouped(points[-1])} records", f"{len(points)} steps; uploads, then single POSTs over 256 connections, then look-ups over 64 of all there is")
    goals = results.get("growth_compared", {}).get("goals", {})
    panel(svg, 70, 92, 340, 210, "Rates", "a second", [("uploads", BLUE, of("upload_per_second")), ("single POSTs", ORANGE, of("single_per_second")), ("look-ups", GREEN, of("lookup_per_second"))], points)
    panel(svg, 620, 92, 340, 210, "Latency of single POSTs", "ms", [("p50", BLUE, of("p50_us", 1000)), ("p99", ORANGE, of("p99_us", 1000))], points,
          (lines[0]["p99_us"] * goals["p99_times"] / 1000, f"goal: {goals['p99_times']} x the first p99") if "p99_times" in goals else None)
    own = [("without mapped files", ORANGE, of("rss_own", 1 << 20))] if "rss_own" in lines[0] else []
    panel(svg, 70, 432, 340, 210, "Memory of the node", "MiB", [("RSS", BLUE, of("rss", 1 << 20)), *own], points, (goals["rss_bytes"] / (1 << 20), f"goal: {goals['rss_bytes'] >> 20} MiB") if "rss_bytes" in goals else None)
    panel(svg, 620, 432, 340, 210, "Disk", "bytes a record", [("bytes", BLUE, of("bytes_per_record"))], points)
    start = results.get("start")
    if start:
        svg.text(16, 706, f"Start with {grouped(start['records'])} records: {start['seconds']:g} s", size=11.5)
    return svg


def peers(results):
    if "peers" not in results:
        return None
    rows = []
    if "single_256" in results:
        rows.append(("qizheng, single POSTs\nsigned, checked, proven, receipt in hand", results["single_256"]["per_second"], None, None, None, None, BLUE))
    if "upload" in results:
        rows.append(("qizheng, uploads\nthe same, 10,000 records a request", results["upload"]["per_second"], None, None, None, None, BLUE))
    names = {"postgres": ("PostgreSQL {version} with a hash chain\nno signature, no receipt", ORANGE), "etcd": ("etcd alone, one member\norders and keeps, nothing else", GREEN)}
    for key, one in results["peers"].items():
        name, colour = names.get(key, (key, PURPLE))
        rows.append((name.format(version=str(one.get("version", "")).split(" ")[0]), one["per_second"], None, None, None, None, colour))
    return bars(rows, "Beside others", "The same payload on the same machine in one run, each write synced to the disk", "records a second")


def draw(results, folder):
    """The paths of what was drawn."""
    made = [(name, plot(results)) for name, plot in (("throughput", throughput), ("latency", latency), ("growth", growth), ("peers", peers))]
    return [svg.save(os.path.join(folder, name + ".svg")) for name, svg in made if svg]


if __name__ == "__main__":
    for drawn in draw(json.load(open(sys.argv[1], encoding="utf-8")), sys.argv[2]):
        print(drawn)
