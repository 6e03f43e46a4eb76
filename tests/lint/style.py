"""Style that a machine can check: banned calls, a header comment in every file, functions of at most 70 lines, no left-over marks, clang-format."""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BANNED = {"strcpy", "strcat", "sprintf", "vsprintf", "gets", "atoi", "atol", "atoll", "atof", "strtok", "alloca", "scanf", "sscanf", "system", "popen", "tmpnam", "mktemp"}
FUNCTION_LINES = 70
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def code_only(text):
    """The text with comments and strings blanked, line numbers kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def long_functions(code):
    """(line, length) of each top-level block that opens with `{` in column 0 of a function."""
    lines = code.splitlines()
    depth, start, is_function = 0, 0, False
    for number, line in enumerate(lines, 1):
        if depth == 0 and "{" in line:
            start, is_function = number, bool(re.search(r"\)\s*\{", line)) and "=" not in line
        depth += line.count("{") - line.count("}")
        if depth == 0 and "}" in line and is_function:
            if number - start + 1 > FUNCTION_LINES:
                yield start, number - start + 1
            is_function = False


def main():
    product = [p for folder in ("ledger", "contracts", "api", "node", "docs") for p in (ROOT / folder).rglob("*.[ch]")]
    tests = list((ROOT / "tests").rglob("*.[ch]"))
    bad = []
    for file in sorted(product + tests):
        name = file.relative_to(ROOT).as_posix()
        text = file.read_text(encoding="utf-8")
        code = code_only(text)
        if not text.startswith("/*"):
            bad.append(f"{name}:1: a file begins with a comment that says why it exists")
        for number, line in enumerate(text.splitlines(), 1):
            if MARKS.search(line):
                bad.append(f"{name}:{number}: a left-over mark")
            if "\t" in line or line != line.rstrip():
                bad.append(f"{name}:{number}: a tab or trailing space")
        for number, line in enumerate(code.splitlines(), 1):
            for call in re.findall(r"\b([a-z]+)\s*\(", line):
                if call in BANNED:
                    bad.append(f"{name}:{number}: {call}() is banned")
        if file in product:
            for number, length in long_functions(code):
                bad.append(f"{name}:{number}: a function of {length} lines, at most {FUNCTION_LINES}")
    for line in bad:
        print("FAIL", line)
    if not bad:
        print(f"ok style: {len(product) + len(tests)} files")
    formatted = check_format(product + tests)
    sys.exit(bool(bad) or not formatted or not product)


def check_format(files):
    tool = shutil.which("clang-format")
    if not tool:
        print("FAIL clang-format is not installed")
        return False
    result = subprocess.run([tool, "--dry-run", "--Werror", *map(str, files)], capture_output=True, text=True, cwd=ROOT)
    names = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "error:" in line})
    for name in names:
        print("FAIL clang-format:", name)
    if not names:
        print("ok clang-format")
    return not names and result.returncode == 0


main()
