"""configs/prometheus/alerts.yaml and configs/grafana/dashboard.json against the metrics of a node.

    monitoring.py METRICS       METRICS: what /metrics answered"""
import json
import re
import sys

import yaml

text = open(sys.argv[1], encoding="utf-8").read()
failed = False


def ok(name, bad):
    global failed
    bad = list(bad)
    print(("FAIL " if bad else "ok ") + name, *bad, sep="\n  " if bad else "")
    failed |= bool(bad)


def exposition():
    """What is not the text exposition format 0.0.4: a sample without HELP and TYPE before it, a line that cannot be read, a sample that stands twice."""
    known, seen = {}, set()
    for line in text.splitlines():
        head = re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)", line)
        sample = re.fullmatch(r'([a-z_]+)(\{([a-z_]+="[^"]*",?)*\})? ([0-9.]+)', line)
        if head:
            known.setdefault(head[2], set()).add(head[1])
            if head[1] == "TYPE" and head[3] not in ("counter", "gauge", "histogram"):
                yield line
            if head[1] == "TYPE" and head[3] == "counter" and not head[2].endswith("_total"):
                yield f"{head[2]}: a counter ends in _total"
        elif not sample:
            yield f"not a sample: {line}"
        else:
            base = re.sub(r"_(bucket|sum|count)$", "", sample[1])
            if known.get(sample[1], known.get(base)) != {"HELP", "TYPE"}:
                yield f"no HELP or TYPE before {line}"
            if (sample[1], sample[2]) in seen:
                yield f"twice: {line}"
            seen.add((sample[1], sample[2]))


samples = {}
for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? [0-9.]+$", text, re.M):
    samples.setdefault(name, set()).update(re.findall(r'([a-z_]+)="', labels))
heads = set(re.findall(r"^# TYPE ([a-z_]+) ", text, re.M))
# Put on every sample by whoever scrapes.
SCRAPED = {"instance", "job", "le"}


def judge(expression):
    """Names and labels in an expression that no sample has, and brackets that do not close."""
    for name, labels in re.findall(r"\b(qizheng_[a-z_]+)(\{[^}]*\})?", expression):
        if name not in samples:
            yield f"{name} is no metric: {expression}"
            continue
        for label in re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", labels):
            if label not in samples[name] | SCRAPED:
                yield f"{name} has no label {label}"
    for labels in re.findall(r"\bby \(([^)]*)\)", expression):
        of_names = set().union(*(samples.get(name, set()) for name in re.findall(r"qizheng_[a-z_]+", expression)))
        yield from (f"by ({label}): no metric has it: {expression}" for label in re.split(r",\s*", labels) if label not in of_names | SCRAPED)
    stack = []
    for c in re.sub(r'"[^"]*"', "", expression):
        if c in "([{":
            stack.append({"(": ")", "[": "]", "{": "}"}[c])
        elif c in ")]}" and (not stack or stack.pop() != c):
            yield f"brackets: {expression}"
    if stack:
        yield f"brackets: {expression}"


def alerts():
    rules = [rule for group in yaml.safe_load(open("configs/prometheus/alerts.yaml", encoding="utf-8"))["groups"] for rule in group["rules"]]
    names = [rule["alert"] for rule in rules]
    if len(rules) < 5 or len(set(names)) != len(names):
        yield f"too few alerts, or one stands twice: {names}"
    for rule in rules:
        if set(rule) - {"alert", "expr", "for", "labels", "annotations"} or rule["labels"].get("severity") not in ("page", "ticket") or not {"summary", "description"} <= set(rule["annotations"]):
            yield f"{rule['alert']}: members"
        if "for" in rule and not re.fullmatch(r"\d+[smh]", rule["for"]):
            yield f"{rule['alert']}: for {rule['for']}"
        if "qizheng" not in rule["expr"]:
            yield f"{rule['alert']} is not about a node"
        yield from judge(rule["expr"])


def dashboard():
    board = json.load(open("configs/grafana/dashboard.json", encoding="utf-8"))
    variables = {variable["name"] for variable in board["templating"]["list"]} | {"__rate_interval"}
    ids = [panel["id"] for panel in board["panels"]]
    if len(ids) < 6 or len(set(ids)) != len(ids):
        yield f"too few panels, or an id stands twice: {ids}"
    places = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        if places & cells or at["x"] + at["w"] > 24:
            yield f"{panel['title']} lies over another panel or beside the grid"
        places |= cells
        for target in panel["targets"]:
            yield from judge(target["expr"])
            yield from (f"{panel['title']}: ${name} is no variable" for name in re.findall(r"\$\{?([a-z_]+)", json.dumps(target)) if name not in variables)
    for name in re.findall(r"qizheng_[a-z_]+", json.dumps(board["templating"])):
        if name not in samples:
            yield f"{name} is no metric"


def planted():
    """The judge finds what is wrong."""
    for expression in ("qizheng_frob_total", "rate(qizheng_tree_size[5m]", 'qizheng_tree_size{colour="red"}', "sum by (colour) (qizheng_tree_size)", "qizheng_tree_size)"):
        if not list(judge(expression)):
            yield f"{expression} passes"


ok("metrics are in the exposition format", exposition())
ok("every family has samples once a node has worked", sorted(name for name in heads if name not in samples and name + "_bucket" not in samples))
ok("alerts ask for metrics that exist", alerts())
ok("the dashboard asks for metrics that exist", dashboard())
ok("what does not exist is noticed", planted())
sys.exit(failed)
