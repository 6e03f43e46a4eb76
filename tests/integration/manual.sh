#!/bin/sh
# Manual pages and completion: all commands, all options, nothing that the formatters complain about.
. tests/lib/ledger.sh
ledger_begin "$1"
manual=$1/manual

# "command" and "command<tab>--option", as --help tells them.
"$qizheng" --help | sed -n 's/^  \([a-z ]*[a-z]\)  .*/\1/p' >"$dir/commands"
while read -r command; do
    # shellcheck disable=SC2086
    "$qizheng" $command --help | sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p' | sed "s/^/$command	/"
done <"$dir/commands" >"$dir/options"

pages() { # every command has a page, which holds every option of its --help
    while IFS='	' read -r command option; do
        page=$manual/qizheng-$(echo "$command" | tr ' ' -).1
        escaped=$(echo "$option" | sed 's/-/\\\\-/g')
        grep -Eq "^\.BI \"$escaped(\"| \")" "$page" || { echo "$page lacks $option"; return 1; }
        grep -q "qizheng$(echo " $command" | sed 's/ /\\\\-/g') (1)" "$manual/qizheng.1" || { echo "qizheng.1 lacks $command"; return 1; }
    done <"$dir/options"
}
config_options() { # every option that the reader of the configuration knows
    sed -n 's/.*\(CYAML_FIELD_[A-Z_]*\|TEXT\)("\([a-z_]*\)".*/\2/p' node/config.c | sort -u >"$dir/config"
    [ "$(wc -l <"$dir/config")" -ge 10 ] || { cat "$dir/config"; return 1; }
    while read -r option; do
        grep -Eq "^\.B ([a-z]+\.)?$option(\.|\$)|^ *\\\\- $option:" "$manual/qizheng-node.yaml.5" || { echo "no $option"; return 1; }
    done <"$dir/config"
}
quiet() { # succeeds and says nothing
    "$@" >"$dir/quiet" 2>&1 || return 1
    cat "$dir/quiet"
    [ ! -s "$dir/quiet" ]
}
rendered() {
    for page in "$manual"/*.[158]; do
        man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null
    done
}

check "help lists commands and options" [ "$(wc -l <"$dir/options")" -ge 60 ]
check "every command has a page with every option" pages
check "qizhengd(8) has what qizhengd --help says" sh -c '"$0" --help | sed -n "s/^  \(--[a-z0-9-]*\).*/\1/p" | while read -r o; do grep -qF -- "$(echo "$o" | sed "s/-/\\\\-/g")" "$1" || exit 1; done' "$qizhengd" "$manual/qizhengd.8"
check "node.yaml(5) has every option of the configuration" config_options
if command -v mandoc >/dev/null; then
    check "mandoc has nothing against any page" quiet mandoc -Tlint -W warning "$manual"/*.[158]
else
    echo "skipped mandoc: not installed"
fi
if command -v man >/dev/null; then
    check "man formats every page without a warning" quiet rendered
else
    echo "skipped man: not installed"
fi

cat >"$dir/complete.bash" <<'BASH'
source "$1/qizheng.bash"
offers() { # offers WORD... WANTED: with all but the last typed, the last is offered
    COMP_WORDS=("${@:1:$#-1}" "") COMP_CWORD=$(($# - 1))
    _qizheng
    printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "${*: -1}" || { echo "$* is not offered"; exit 1; }
}
while IFS=$'\t' read -r command option; do
    read -ra words <<<"$command"
    offers qizheng "${words[0]}"
    [ ${#words[@]} = 1 ] || offers qizheng "${words[@]}"
    offers qizheng "${words[@]}" "$option"
done <"$2"
offers qizheng status --lang zh
COMP_WORDS=(qizheng key new --out "") COMP_CWORD=4
_qizheng
[ ${#COMPREPLY[@]} = 0 ] || { echo "words where a file belongs"; exit 1; }
BASH
check "bash completes every command and option" bash "$dir/complete.bash" "$manual" "$dir/options"
cat >"$dir/complete.zsh" <<'ZSH'
_arguments() { print -rl -- "$@" >>$out }
_describe() { print -rl -- "${(P@)2}" >>$out }
functions[complete_qizheng]="$(<$1/_qizheng)"
out=$3
offers() { # offers PATTERN WORD...: with those typed, a line that begins so is offered
    local pattern=$1
    shift
    : >$out
    words=("$@" "") CURRENT=$(($# + 1))
    complete_qizheng
    grep -q -- "$pattern" $out || { print -r -- "$* does not offer $pattern"; exit 1 }
}
while IFS=$'\t' read -r command option; do
    typed=(${=command})
    offers "^$typed[1]:" qizheng
    [[ $#typed = 1 ]] || offers "^$typed[2]:" qizheng $typed[1]
    offers "^[*]*$option=*\[" qizheng $typed
    offers "^[*]*$option=*\[" qizheng $typed operand
done <$2
ZSH
if command -v zsh >/dev/null; then
    check "zsh completes every command and option" zsh -f "$dir/complete.zsh" "$manual" "$dir/options" "$dir/offered"
else
    echo "skipped zsh: not installed"
fi
ledger_end
