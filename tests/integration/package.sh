#!/bin/sh
# The Debian package: what is in it, and that it installs, runs and goes away again, in a root folder of its own; and the service's hardening.
. tests/lib/ledger.sh
ledger_begin "$1"
build=$(cd "$1" && pwd)
root=$dir/root
unit=configs/systemd/qizhengd.service

if command -v systemd-analyze >/dev/null; then
    check "the service's exposure is rated OK or better" systemd-analyze security --offline=true --threshold=50 --no-pager "$unit"
    sed 's/^\(ProtectSystem\|CapabilityBoundingSet\|SystemCallFilter\|NoNewPrivileges\|PrivateDevices\|RestrictNamespaces\|User\)=.*//' "$unit" >"$dir/weak.service"
    check_not "and a weaker one is not" systemd-analyze security --offline=true --threshold=50 --no-pager "$dir/weak.service"
else
    echo "skipped the service's exposure: no systemd-analyze"
fi
if ! command -v dpkg-shlibdeps >/dev/null || ! command -v file >/dev/null; then
    echo "skipped the package: needs dpkg-dev and file"
    ledger_end
fi

check "cpack makes a package" cpack -G DEB --config "$build/CPackConfig.cmake" -B "$dir/cpack"
deb=$(find "$dir/cpack" -maxdepth 1 -name 'qizheng_*.deb')
dpkg-deb -f "$deb" >"$dir/fields"
dpkg-deb -c "$deb" >"$dir/files"
dpkg-deb -e "$deb" "$dir/control"

depends() { # on every shared library that is not its own
    for library in libc6 libcivetweb1 libcurl libcyaml1 libjansson4 libleveldb1d libsecp256k1 libsodium23 libssl3; do
        grep -q "^Depends:.*$library" "$dir/fields" || { cat "$dir/fields"; return 1; }
    done
}
contains() {
    "$qizheng" --help | sed -n 's/^  \([a-z ]*[a-z]\)  .*/\1/p' | tr ' ' - | sed 's|.*|/usr/share/man/man1/qizheng-&.1.gz|' >"$dir/wanted"
    cat >>"$dir/wanted" <<'FILES'
/usr/bin/qizheng
/usr/sbin/qizhengd
/usr/include/qizheng.h
/usr/lib/libqizheng.so.0
/usr/lib/libqizheng.a
/usr/lib/pkgconfig/qizheng.pc
/usr/lib/systemd/system/qizhengd.service
/usr/lib/sysusers.d/qizheng.conf
/usr/lib/tmpfiles.d/qizheng.conf
/usr/share/bash-completion/completions/qizheng
/usr/share/zsh/vendor-completions/_qizheng
/usr/share/man/man1/qizheng.1.gz
/usr/share/man/man5/qizheng-node.yaml.5.gz
/usr/share/man/man8/qizhengd.8.gz
/usr/share/qizheng/node.yaml
/usr/share/qizheng/prometheus/alerts.yaml
/usr/share/qizheng/grafana/dashboard.json
/usr/share/doc/qizheng/copyright
/usr/share/doc/qizheng/LICENSE
/usr/share/doc/qizheng/changelog.gz
/usr/share/doc/qizheng/OPERATING.md
FILES
    while read -r path; do
        grep -q " \.$path\( ->.*\)\{0,1\}\$" "$dir/files" || { echo "no $path"; return 1; }
    done <"$dir/wanted"
}
modes() { # everything is root's, nobody else may write, nothing is set-uid, and nothing lies outside of /usr
    ! grep -vE '^(-rw-r--r--|-rwxr-xr-x|drwxr-xr-x|lrwxrwxrwx) root/root .* \./(usr/.*)?$' "$dir/files"
}
scripts() {
    for script in postinst prerm postrm; do
        [ -x "$dir/control/$script" ] && sh -n "$dir/control/$script" || return 1
    done
}
check "it depends on the libraries that it links" depends
check "it has programs, library, manual, completion, service and documents" contains
check "its files are root's, and only root may write them" modes
check "its scripts are in order" scripts
check "its checksums are right" sh -c 'mkdir "$1/x" && dpkg-deb -x "$0" "$1/x" && cd "$1/x" && md5sum --quiet -c "$1/control/md5sums"' "$deb" "$dir"

if [ "$(id -u)" != 0 ]; then
    echo "skipped installing: needs root"
    ledger_end
fi

# In a root folder of its own: scripts run outside of it, with DPKG_ROOT, and dependencies are this machine's.
in_root() { dpkg --root="$root" --force-script-chrootless --force-depends --log="$dir/dpkg.log" "$@"; }
owner() { stat -c '%a %u' "$root$1"; }
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/etc"
: >"$root/var/lib/dpkg/status"
: >"$root/var/lib/dpkg/available"
echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
echo root:x:0: >"$root/etc/group"

check "it installs" in_root -i "$deb"
uid=$(sed -n 's/^qizheng:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/passwd")
check "the user is there, without a shell" grep -q '^qizheng:.*nologin$' "$root/etc/passwd"
check "the folder of data is the user's alone" [ "$(owner /var/lib/qizheng)" = "700 $uid" ]
check "so is that of keys" [ "$(owner /var/lib/qizheng-keys)" = "700 $uid" ]
if command -v systemd-analyze >/dev/null; then
    check "the installed unit is right" systemd-analyze verify --root="$root" --man=no --recursive-errors=no "$root/usr/lib/systemd/system/qizhengd.service"
fi
check "the unit starts what is installed" sh -c 'sed -n "s/^ExecStart\(Pre\)\{0,1\}=\([^ ]*\).*/\2/p" "$0/usr/lib/systemd/system/qizhengd.service" | while read -r program; do [ -x "$0$program" ] || exit 1; done' "$root"

qizheng=$root/usr/bin/qizheng
qizhengd=$root/usr/sbin/qizhengd
registrar=$root/var/lib/qizheng-keys/registrar.pem
ln -s "$root/var/lib/qizheng" "$dir/ledger"
check "the installed program makes a ledger" "$qizheng" init --dir "$root/var/lib/qizheng" --keys "$root/var/lib/qizheng-keys" --listen 127.0.0.1:0
check "its keys are not among the data" sh -c '[ -s "$0/qizheng-keys/node.seed" ] && [ ! -e "$0/qizheng/keys" ]' "$root/var/lib"
check "the installed node starts" node_start
check "a key is made" "$qizheng" key new --out "$dir/emp-0001.pem"
check "an employer is admitted" "$qizheng" participant add --id emp-0001 --name 样例 --uscc 91999999FAKE00013K --role employer --jwk "$dir/emp-0001.jwk" --as registrar --key "$registrar"
check "a contract is notarized" notarize fixed-1-year
check "and verified" "$qizheng" verify "$dir/fixed-1-year.pdf" --receipt "$dir/fixed-1-year.pdf.receipt.json" --policy "$root/var/lib/qizheng/policy.txt"
check "an upgrade goes over it while the node runs" in_root -i "$deb"
check "the node still answers" curl -sf -o /dev/null "$url/readyz"
check "it stops" node_stop

find "$root/var/lib/qizheng" "$root/var/lib/qizheng-keys" -type f | sort | xargs sha256sum >"$dir/data"
check "it is removed" in_root -r qizheng
check "and purged, saying what stays" sh -c '"$@" | grep -q "the user qizheng stay"' purge dpkg --root="$root" --force-script-chrootless --log="$dir/dpkg.log" -P qizheng
check "nothing of it is left but data, keys and the user" sh -c '! find "$0" -mindepth 1 ! -type d ! -path "$0/var/lib/dpkg/*" ! -path "$0/var/lib/qizheng/*" ! -path "$0/var/lib/qizheng-keys/*" ! -path "$0/etc/*" | grep . && [ ! -e "$0/usr/share/qizheng" ] && ! find "$0/etc" -name "*qizheng*" | grep .' "$root"
check "data and keys are untouched" sha256sum --quiet -c "$dir/data"
check "installed again" in_root -i "$deb"
check "the node goes on where it was" node_start
check "with its ledger" "$qizheng" receipt "$(python3 -c 'import json, hashlib, sys; print(hashlib.sha256(json.load(open(sys.argv[1]))["record"].split("~")[0].rsplit(".", 1)[0].encode()).hexdigest())' "$dir/fixed-1-year.pdf.receipt.json")"
ledger_end
