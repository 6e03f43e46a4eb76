"""What others do with the same payload on the same machine: PostgreSQL with a hash chain, and etcd alone. Real servers, started here on ports and folders of their own, with fsync on.

PostgreSQL: one INSERT a transaction by pgbench; a trigger takes the lock on the chain's head, hashes the body with the hash before it, and stores both. It checks no signature, gives no
receipt and proves nothing to an outsider; what a signature costs stands in the ceiling's table.
etcd: one put a request through its JSON gateway, one member. It orders and keeps; that is all it is asked for."""
import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BODY = 832  # about a record

SCHEMA = f"""
CREATE TABLE head (single boolean PRIMARY KEY DEFAULT true, hash bytea NOT NULL);
INSERT INTO head (hash) VALUES ('\\x00');
CREATE TABLE records (id bigserial PRIMARY KEY, body text NOT NULL, hash bytea);
CREATE FUNCTION chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before bytea;
BEGIN
    SELECT hash INTO before FROM head FOR UPDATE;
    NEW.hash := sha256(before || convert_to(NEW.body, 'UTF8'));
    UPDATE head SET hash = NEW.hash;
    RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION chain();
"""


def port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr[-2000:]}")
    return done.stdout


def postgres(folder, seconds):
    """Inserts a second over 64 connections, and the latency that pgbench says."""
    tools = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
    where, number = f"{folder}/pg", port()
    os.makedirs(where)
    shutil.chown(where, "postgres")
    shutil.chown(folder, "postgres")
    os.chmod(folder, 0o755)
    as_user = ("runuser", "-u", "postgres", "--")
    run(*as_user, f"{tools}/initdb", "-D", f"{where}/data", "-A", "trust", "-E", "UTF8")
    run(*as_user, f"{tools}/pg_ctl", "-D", f"{where}/data", "-w", "-l", f"{where}/log", "-o", f"-p {number} -k {where} -c listen_addresses=127.0.0.1 -c max_connections=100", "start")
    try:
        with open(f"{folder}/insert.sql", "w", encoding="utf-8") as file:
            file.write(f"\\set r random(1, 2000000000)\nINSERT INTO records (body) VALUES (repeat(md5(:r::text), {BODY // 32}));\n")
        at = ("-h", "127.0.0.1", "-p", str(number), "-U", "postgres", "postgres")
        run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-c", SCHEMA, *at)
        said = run(f"{tools}/pgbench", "-n", "-f", f"{folder}/insert.sql", "-c", "64", "-j", "2", "-T", str(seconds), *at)
        version = run("psql", "-qAt", "-c", "SHOW server_version", *at).strip()
    finally:
        run(*as_user, f"{tools}/pg_ctl", "-D", f"{where}/data", "-w", "-m", "fast", "stop")
    return {"per_second": int(float(re.search(r"tps = ([0-9.]+)", said)[1])), "mean_us": int(1000 * float(re.search(r"latency average = ([0-9.]+)", said)[1])), "connections": 64, "version": version}


def etcd(build, folder, count):
    import json
    client, peer = port(), port()
    log = open(f"{folder}/etcd.log", "w", encoding="utf-8")
    process = subprocess.Popen(["etcd", "--name", "one", "--data-dir", f"{folder}/etcd", "--listen-client-urls", f"http://127.0.0.1:{client}", "--advertise-client-urls", f"http://127.0.0.1:{client}",
                                "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}", "--initial-cluster", f"one=http://127.0.0.1:{peer}"],
                               stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        for _ in range(100):
            if subprocess.run(["curl", "-sf", "-o", "/dev/null", f"http://127.0.0.1:{client}/health"]).returncode == 0:
                break
            time.sleep(0.1)
        done = subprocess.run([f"{build}/qizheng-bench", "etcd", "--port", str(client), "--pid", str(process.pid), "--connections", "64", "--requests", str(count), "--bytes", str(BODY)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        return json.loads(done.stdout)
    finally:
        process.terminate()
        process.wait(30)


def measure(build, base):
    folder = tempfile.mkdtemp(prefix="qizheng-peers", dir=base)
    try:
        results = {"etcd": etcd(build, folder, 40000), "postgres": postgres(folder, 15)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"PostgreSQL {results['postgres']['version']} with a hash chain: {results['postgres']['per_second']}/s; etcd alone: {results['etcd']['per_second']}/s", flush=True)
    return results
