# Debian packages. Sourced by quickstart.sh and tests/run.sh: `need $BUILD_PACKAGES` installs what is missing, with apt and nothing else.
# shellcheck shell=sh

BUILD_PACKAGES="gcc libc6-dev make cmake pkg-config libsecp256k1-dev libleveldb-dev libsodium-dev libcivetweb-dev
libssl-dev libjansson-dev libcurl4-openssl-dev libcyaml-dev libyaml-dev ca-certificates"
TEST_PACKAGES="libcriterion-dev clang-format python3 curl openssl git binutils faketime nodejs node-jose
python3-cryptography python3-jsonschema python3-yaml poppler-utils poppler-data man-db mandoc zsh systemd dpkg-dev file haproxy e2fsprogs"
# The quick start reads the sample contract's text with none of these; it only needs a PDF.
QUICKSTART_PACKAGES="curl"
# For tests/fuzz/run.sh alone: the normal tests replay the corpora without a fuzzer.
FUZZ_PACKAGES="clang libclang-rt-dev"

need() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    as_root=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            echo "These packages are missing and this user may not install them. As root: apt-get install$missing" >&2
            return 1
        }
        as_root="sudo"
    fi
    echo "Installing with apt:$missing"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null || return 1
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing >/dev/null || {
        echo "apt-get could not install:$missing" >&2
        return 1
    }
}
