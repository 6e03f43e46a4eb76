"""The one line of layers, and where third-party headers may enter.

    ledger/base < ledger/crypto < ledger/record < ledger/proof < ledger/store < contracts < api < node

A file includes only from its own folder or from folders to its left; a third-party header enters through the files listed here and no others."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = ["ledger/base", "ledger/crypto", "ledger/record", "ledger/proof", "ledger/store", "contracts", "api", "node"]
DOORS = {
    "jansson.h": {"ledger/base/json.c", "ledger/base/json_read.c", "ledger/base/json_write.c"},
    "sodium.h": {"ledger/crypto/ed25519.c", "ledger/crypto/mac.c", "ledger/crypto/nodekey.c", "ledger/crypto/secret.c", "ledger/crypto/voprf.c"},
    "secp256k1.h": {"ledger/crypto/ecdsa.c"},
    "openssl/": {f"ledger/crypto/{name}.c" for name in ("sha256", "sm3", "evp", "pem", "timestamp")},
    "leveldb/": {"ledger/store/kv.c"},
    "civetweb.h": {"api/server.c"},
    "curl/": {"api/client.c"},
    "cyaml/": {"node/config.c"},
    "yaml.h": {"api/cli/batch_map.c"},
}
# What the core must never ask the operating system for (the store may open files, the API and the node may do all).
CORE = LAYERS[:4] + ["contracts"]
CORE_BANNED = {"stdio.h": "formatting is allowed, files are not", "unistd.h": "", "fcntl.h": "", "sys/socket.h": "", "time.h": "", "sys/time.h": "",
               "sys/stat.h": "", "dirent.h": "", "signal.h": ""}
IO_CALLS = re.compile(r"\b(fopen|open|fread|fwrite|fprintf|printf|puts|perror|getenv|time|clock_gettime|gettimeofday|getrandom|rand|socket|pthread_create)\s*\(")


def layer_of(path):
    best = None
    for layer in LAYERS:
        if path == layer or path.startswith(layer + "/"):
            best = layer
    return best


def main():
    files = sorted(p for layer in ("ledger", "contracts", "api", "node") for p in (ROOT / layer).rglob("*.[ch]"))
    bad = []
    for file in files:
        name = file.relative_to(ROOT).as_posix()
        own = layer_of(name)
        text = file.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            quoted = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            angled = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
            if quoted:
                target = layer_of(quoted[1])
                if target is None and "/" in quoted[1]:
                    bad.append(f"{name}:{number}: {quoted[1]} is in no layer")
                elif target and LAYERS.index(target) > LAYERS.index(own):
                    bad.append(f"{name}:{number}: {own} may not include {quoted[1]}: it stands to the right")
            if angled:
                for door, allowed in DOORS.items():
                    if angled[1] == door or (door.endswith("/") and angled[1].startswith(door)) or (door == "secp256k1.h" and angled[1].startswith("secp256k1")):
                        if name not in allowed:
                            bad.append(f"{name}:{number}: <{angled[1]}> enters only through {', '.join(sorted(allowed))}")
                if own in CORE and angled[1] in CORE_BANNED and angled[1] != "stdio.h":
                    bad.append(f"{name}:{number}: the core does no I/O and reads no clock, so it needs no <{angled[1]}>")
            if own in CORE:
                code = re.sub(r'"(\\.|[^"\\])*"', '""', line.split("//")[0])
                call = IO_CALLS.search(code)
                if call and not re.match(r"\s*(/?\*)", line):
                    bad.append(f"{name}:{number}: {call[1]}() is not for the core")
    for line in bad:
        print("FAIL", line)
    if not bad:
        print(f"ok layers: {len(files)} files keep to the one line")
    sys.exit(bool(bad) or not files)


main()
