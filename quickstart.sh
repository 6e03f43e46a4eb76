#!/bin/sh
# From nothing to a verified contract: `sh quickstart.sh`. On Debian 12 it installs what it needs with apt, builds, makes a one-node ledger, starts it on
# 127.0.0.1:8080, notarizes a synthetic labour contract, verifies it off line, and leaves the node running.
#
#   QIZHENG_DIR   where the ledger is made (default: ./quickstart); an existing one is used again
#   QIZHENG_PORT  port of the node (default 8080)
set -eu
cd "$(dirname "$0")"
. tests/lib/packages.sh

port=${QIZHENG_PORT:-8080}
dir=${QIZHENG_DIR:-$PWD/quickstart}
url=http://127.0.0.1:$port
export QIZHENG_URL=$url
build=build/quickstart
contract=tests/data/contracts
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
stop_with() {
    echo "$*" >&2
    exit 1
}

say "1. Packages 安装依赖"
# shellcheck disable=SC2086
need $BUILD_PACKAGES $QUICKSTART_PACKAGES

say "2. Build 编译"
mkdir -p build
if ! { cmake -S . -B $build -DQIZHENG_TESTS=OFF && make -C $build -j"$(nproc)"; } >build/quickstart.log 2>&1; then
    tail -n 30 build/quickstart.log
    stop_with "The build failed; all of it stands in build/quickstart.log."
fi
qizheng=$PWD/$build/qizheng
qizhengd=$PWD/$build/qizhengd

say "3. A one-node ledger 建立单节点账本"
if [ -f "$dir/node.yaml" ]; then
    echo "Using the ledger in $dir."
else
    "$qizheng" init --dir "$dir" --listen "127.0.0.1:$port"
fi

say "4. Start the node 启动节点"
if [ -f "$dir/node.pid" ] && kill -0 "$(cat "$dir/node.pid")" 2>/dev/null; then
    echo "It is running already (pid $(cat "$dir/node.pid"))."
else
    if curl -s -o /dev/null --max-time 2 "$url/healthz"; then
        stop_with "Something else answers on $url. Stop it, or choose another port: QIZHENG_PORT=8081 sh quickstart.sh"
    fi
    nohup "$qizhengd" --config "$dir/node.yaml" </dev/null >>"$dir/node.log" 2>&1 &
    echo $! >"$dir/node.pid"
fi
waited=0
until curl -sf -o /dev/null --max-time 2 "$url/readyz"; do
    kill -0 "$(cat "$dir/node.pid")" 2>/dev/null || { tail -n 5 "$dir/node.log"; stop_with "The node did not start; its log is $dir/node.log."; }
    waited=$((waited + 1))
    [ $waited -lt 60 ] || stop_with "The node is not ready after 30 s; its log is $dir/node.log."
    sleep 0.5
done
echo "Ready at $url, log in $dir/node.log."

say "5. Admit an employer 登记用人单位"
if [ ! -f "$dir/emp-0001.pem" ]; then
    "$qizheng" key new --out "$dir/emp-0001.pem"
fi
if curl -sf -o /dev/null "$url/v1/participants/emp-0001"; then
    echo "emp-0001 is registered already."
else
    name=$(sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' $contract/employers.json | head -n 1)
    uscc=$(sed -n 's/.*"uscc": *"\([^"]*\)".*/\1/p' $contract/employers.json | head -n 1)
    "$qizheng" participant add --id emp-0001 --name "$name" --uscc "$uscc" --role employer \
        --jwk "$dir/emp-0001.jwk" --as registrar --key "$dir/keys/registrar.pem"
fi

say "6. Notarize a labour contract 存证一份劳动合同"
pdf=$(ls $contract/*.pdf | head -n 1)
base=$(basename "$pdf" .pdf)
work=$dir/contracts
mkdir -p "$work"
cp "$pdf" "$work/$base.pdf"
if [ -f "$work/$base.pdf.receipt.json" ]; then
    echo "$work/$base.pdf has its receipt already."
else
    "$qizheng" notarize "$work/$base.pdf" --claims "$contract/$base.claims.json" --key "$dir/emp-0001.pem" --as emp-0001
fi

say "7. Verify off line 离线验证"
"$qizheng" verify "$work/$base.pdf" --receipt "$work/$base.pdf.receipt.json" --policy "$dir/policy.txt"

say "8. One flipped byte 改动一个字节的副本"
cp "$work/$base.pdf" "$work/flipped.pdf"
byte=$(dd if="$work/flipped.pdf" bs=1 skip=1000 count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
# shellcheck disable=SC2059
printf "\\$(printf '%03o' $((byte ^ 1)))" | dd of="$work/flipped.pdf" bs=1 seek=1000 conv=notrunc 2>/dev/null
if "$qizheng" verify "$work/flipped.pdf" --receipt "$work/$base.pdf.receipt.json" --policy "$dir/policy.txt" >"$work/flipped.txt"; then
    stop_with "A changed file was accepted. This must never happen."
fi
grep -m 1 document "$work/flipped.txt" || true
echo "Refused, as it must be 已拒绝."

cat <<TXT

The node is running. 节点正在运行。
  contract  合同   $work/$base.pdf
  receipt   回执   $work/$base.pdf.receipt.json
  policy    策略   $dir/policy.txt
Next 接下来:
  $build/qizheng status --url $url
  $build/qizheng verify $work/$base.pdf --receipt $work/$base.pdf.receipt.json --policy $dir/policy.txt
  $build/qizheng audit --url $url --policy $dir/policy.txt --state $dir/audit.state
  curl $url/checkpoint
Stop it 停止节点:
  kill \$(cat $dir/node.pid)
TXT
