"""Replays the receipt conformance set (tests/vectors/receipts/manifest.json) with both verifiers: conformance.py BUILD.

Each must give the manifest's outcome and the result of every step. One line "ok NAME" or "FAIL NAME" for each verifier and case."""
import base64
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RECEIPTS = os.path.join(HERE, "..", "vectors", "receipts")


def read(name):
    with open(os.path.join(RECEIPTS, name), "rb") as source:
        return source.read()


def request(case):
    made = {name: base64.b64encode(read(case[name])).decode() for name in ("receipt", "policy", "document", "tsa") if name in case}
    if "key_binding" in case:
        made["key_binding"] = case["key_binding"]
    return made


def ask(command, requests):
    """The verdicts of one verifier on all requests."""
    lines = "".join(json.dumps(one) + "\n" for one in requests)
    said = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    answers = [json.loads(line) for line in said.stdout.split("\n")[:-1]]
    assert len(answers) == len(requests), said.stderr
    return answers


def commands(build):
    return {"c": [os.path.join(build, "qizheng-verify-lines")], "python": [sys.executable, os.path.join(HERE, "verify.py"), "--lines"]}


def brief(answer):
    """What two verifiers have to agree on: outcome, results, and how early the record is shown to have existed."""
    time = {name: answer.get("time", {}).get(name) for name in ("leaf_ms", "existed_by_s")}
    return answer["outcome"], {step["step"]: step["result"] for step in answer["steps"]}, time


def differences(answer, case):
    outcome, steps, existed_by = case["outcome"], case["steps"], case.get("existed_by_s")
    found = []
    for step in answer["steps"]:
        if step["result"] != steps.get(step["step"]):
            found.append(f"{step['step']} is {step['result']}, not {steps.get(step['step'])}: {step['reason']}")
    if answer["outcome"] != outcome:
        found.append(f"{answer['outcome']}, not {outcome}")
    if {step["step"] for step in answer["steps"]} != set(steps):
        found.append("another list of steps")
    if existed_by and answer["time"].get("existed_by_s") != existed_by:
        found.append(f"existed by {answer['time'].get('existed_by_s')}, not {existed_by}")
    return found


def main():
    cases = json.loads(read("manifest.json"))["cases"]
    requests, bad = [request(case) for case in cases], 0
    for name, command in commands(sys.argv[1]).items():
        for case, answer in zip(cases, ask(command, requests)):
            found = differences(answer, case)
            bad += bool(found)
            print("FAIL" if found else "ok", f"{name}_{case['name']}", *(f"\n    {one}" for one in found))
    return bool(bad or not cases)


if __name__ == "__main__":
    sys.exit(main())
