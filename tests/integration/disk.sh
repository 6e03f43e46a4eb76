#!/bin/sh
# A disk that fills up, one that may only be read, and one that fails: a small filesystem of its own holds the ledger. Full: writes are refused as disk_full, reads and verification go
# on, and the node resumes by itself when there is room. Read-only: nobody can make it so under a node that runs, and on one that is the node does not start and says why. Failed (ext4
# that aborts its journal under the open files and is read-only from then on, as it does on a failing disk): nothing that was acknowledged is lost.
. tests/lib/ledger.sh
ledger_begin "$1"
build=$(cd "$1" && pwd)
disk=$dir/disk
mkdir "$disk"
truncate -s 420M "$dir/image"
if [ "$(id -u)" != 0 ] || ! mkfs.ext4 -q -m 0 "$dir/image" 2>/dev/null || ! mount -o loop "$dir/image" "$disk" 2>"$dir/mount.log"; then
    echo "skipped: no filesystem can be mounted here: $(tail -n 1 "$dir/mount.log" 2>/dev/null)"
    echo "ok nothing was tried"
    exit 0
fi
trap 'ledger_gone' EXIT
ledger_gone() {
    if [ -n "$node_pid" ]; then kill -9 "$node_pid" 2>/dev/null && wait "$node_pid" 2>/dev/null; fi
    umount "$disk" 2>/dev/null || umount -l "$disk"
    node_pid=""
    ledger_clean
}
post() { curl -s -o "$dir/answer" -w '%{http_code}' -H 'Content-Type: application/jose' --data-binary @"$1" "$url/v1/records"; }
says() { grep -q "\"code\":\"$1\"" "$dir/answer" || { cat "$dir/answer"; false; }; }
pound() { "$build/qizheng-pound" load --url "$url" --ledger "$ledger" --issuer payer --key "$dir/payer.pem" --threads 4 --seconds "$1" --out "$dir/acks"; }
held() { "$build/qizheng-pound" check --url "$url" --policy "$policy" --acks "$dir/acks"; }
soon() { # soon COMMAND...: succeeds within 40 s
    for _ in $(seq 80); do "$@" && return 0; sleep 0.5; done
    return 1
}
ready() { [ "$(curl -s -o /dev/null -w '%{http_code}' "$url/readyz")" = "$1" ]; }

check "the caller is built" make -C "$build" qizheng-pound
"$qizheng" init --dir "$disk/ledger" --listen 127.0.0.1:0 >/dev/null
ln -s "$disk/ledger" "$dir/ledger"
policy=$dir/ledger/policy.txt
check "the node starts" node_start
"$qizheng" key new --out "$dir/payer.pem" >/dev/null
check "a payer is admitted" "$qizheng" participant add --id payer --name 样例社保中心 --uscc 91999999FAKE00013K --role payer --jwk "$dir/payer.jwk" \
    --as registrar --key "$dir/ledger/keys/registrar.pem"
ledger=$(curl -s "$url/v1/status" | python3 -c 'import json, sys; print(json.load(sys.stdin)["ledger"])')
check "it takes load" pound 2
cat >"$dir/record.py" <<'PY'
import sys
sys.path.insert(0, "tests/lib")
from client import Key, contract, jws
print(jws(Key("Ed25519", "disk"), contract(sys.argv[1], "emp-disk")), end="")
PY
python3 -c 'import json, sys; sys.path.insert(0, "tests/lib"); from client import Key; print(json.dumps(Key("Ed25519", "disk").jwk))' >"$dir/disk.jwk"
check "an employer is admitted" employer_admit emp-disk 91999999FAKE00013K "$dir/disk.jwk"
python3 "$dir/record.py" "$ledger" >"$dir/record1"
python3 "$dir/record.py" "$ledger" >"$dir/record2"

# -- less than the reserve is free --

free() { df --output=avail -B 1M "$disk" | tail -n 1 | tr -d ' '; }
fallocate -l $(($(free) - 100))M "$disk/filler"
check "with 100 MiB left a record is refused" [ "$(post "$dir/record1")" = 503 ]
check "as disk_full" says disk_full
check "the node says that it is not ready" ready 503
check "receipts are given and hold" held
check "status answers" curl -sf -o /dev/null "$url/v1/status"
check "the light is not green" sh -c '! "$0" status | grep -q "GREEN"' "$qizheng"

# -- nothing at all is free --

dd if=/dev/zero of="$disk/rest" bs=1M 2>/dev/null
check "with nothing left ($(free) MiB) a record is refused" [ "$(post "$dir/record1")" = 503 ]
sleep 12 # past a heartbeat
check "the node lives" curl -sf -o /dev/null "$url/healthz"
check "and holds to its receipts" held
rm "$disk/rest" "$disk/filler"
check "with room again it is ready by itself" soon ready 200
check "and takes the very record that it refused" [ "$(post "$dir/record1")" = 201 ]
check "load goes on" pound 2
check "all of it stands" held

# -- full while load runs, and the process killed then --

pound 8 >/dev/null &
pounding=$!
sleep 1
fallocate -l $(($(free) - 1))M "$disk/filler"
dd if=/dev/zero of="$disk/rest" bs=64k 2>/dev/null
sleep 1
node_kill
rm "$disk/rest"
check "on a full disk the node does not start with a lie" sh -c '"$0" --config "$1/node.yaml" >"$2/start.log" 2>&1 & pid=$!; sleep 2; if kill -0 $pid 2>/dev/null; then kill $pid; fi; wait $pid; ! grep -qE "corrupt|Segmentation|assert" "$2/start.log"' "$qizhengd" "$dir/ledger" "$dir"
rm "$disk/filler"
wait $pounding
check "with room it starts" node_start
check "and what was acknowledged stands" held

# -- a disk, and a folder of keys, that may only be read --

# start_refused WHY: the node does not start, says why, and ends
start_refused() {
    timeout 20 "$qizhengd" --config "$dir/ledger/node.yaml" >"$dir/start.log" 2>&1 && return 1
    [ $? -lt 124 ] && grep -q "$1" "$dir/start.log" || { cat "$dir/start.log"; return 1; }
}
remount() { mount -o "remount,$1" "$disk" 2>>"$dir/mount.log"; }
check "under a node that runs the disk cannot be made read-only" sh -c '! mount -o remount,ro "$0" 2>/dev/null' "$disk"
check "which takes records as before" pound 1
check "the node stops" node_stop
check "without it the disk becomes read-only" remount ro
check "the node does not start on it and says why" start_refused 'Read-only file system'
check "and changed nothing" remount rw
check "writable again it starts" node_start
check "and what was acknowledged stands" held
check "the node stops" node_stop
mount --bind "$disk/ledger/keys" "$disk/ledger/keys" && mount -o remount,bind,ro "$disk/ledger/keys"
check "with a read-only key folder it does not start and says why" start_refused 'last-signed cannot be opened: Read-only file system'
check "the key folder is writable again" umount "$disk/ledger/keys"
check "and the node starts" node_start
check "fresh records are taken" pound 1
check "all of it stands" held

# -- the disk fails under the open files, and is read-only from then on --

pound 6 >/dev/null &
pounding=$!
sleep 1
mount -o remount,abort "$disk"
sleep 2
check "a failed disk gives no new receipt" sh -c 'code=$(curl -s -o /dev/null -w "%{http_code}" -m 5 -H "Content-Type: application/jose" --data-binary @"$0" "$1/v1/records"); [ "$code" != 201 ] && [ "$code" != 200 ]' "$dir/record2" "$url"
check "the node ends by itself" sh -c 'n=0; while grep -q ") [^Z] " "/proc/$0/stat" 2>/dev/null; do n=$((n + 1)); [ $n -lt 40 ] || exit 1; sleep 0.1; done' "$node_pid"
kill "$pounding" 2>/dev/null
wait $pounding 2>/dev/null
if kill -0 "$node_pid" 2>/dev/null; then node_kill; else wait "$node_pid" 2>/dev/null; node_pid=""; fi
check "it says why" grep -Eq 'error fatal .*(Read-only file system|Input/output error)' "$dir/node.err"
check "it does not start on the failed disk either" start_refused 'Read-only file system'
check "the disk is repaired" sh -c 'umount "$0" && { e2fsck -fy "$1" >"$1.log" 2>&1 || [ $? -lt 4 ]; } && mount -o loop "$1" "$0"' "$disk" "$dir/image"
check "the node starts on what is left" node_start
check "and what was acknowledged stands" held
check "the record that got no receipt can be sent again" sh -c 'code=$(curl -s -o /dev/null -w "%{http_code}" -H "Content-Type: application/jose" --data-binary @"$0" "$1/v1/records"); [ "$code" = 201 ] || [ "$code" = 200 ]' "$dir/record2" "$url"
check "the node stops" node_stop
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
ledger_end
