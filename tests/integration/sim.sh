#!/bin/sh
# The simulator (tests/sim): SCHEDULES (default 3000) from SEED (default 1) on, the same seed twice, and each deliberate fault, which must be found both by who knows the disk
# and by who sees the node from outside alone. A failing schedule names its seed and the command that replays it.
# also: sanitized
build=$(cd "$1" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sim=$build/qizheng-sim

make -C "$build" qizheng-sim >"$dir/make.log" 2>&1 || { tail "$dir/make.log"; echo "FAIL the simulator is built"; exit 1; }
# A sanitized schedule takes five times as long.
schedules=3000
grep -q '^QIZHENG_SANITIZE:BOOL=ON' "$build/CMakeCache.txt" && schedules=400
schedules=${SCHEDULES:-$schedules}
seed=${SEED:-1}
bad=0

if "$sim" --from "$seed" --count "$schedules" >"$dir/run.log" 2>&1; then
    cat "$dir/run.log"
    echo "ok $schedules schedules from seed $seed"
else
    cat "$dir/run.log"
    echo "FAIL a schedule: see above for its seed"
    bad=1
fi

# A schedule is its seed's alone: twice in one program, and in another program with others before it.
digest() { "$sim" "$@" | sed -n "s/.*the last one's digest //p"; }
if "$sim" --count 100 --twice >"$dir/twice.log" 2>&1 && [ -n "$(digest --seed 60)" ] && [ "$(digest --seed 60)" = "$(digest --from 31 --count 30)" ]; then
    echo "ok the same seed gives the same events"
else
    cat "$dir/twice.log"
    echo "FAIL the same seed gives the same events"
    bad=1
fi

# Of rows-late readers would see something for a moment alone: who looks from outside comes too seldom.
for name in $("$sim" --breaks | awk '{ print $1 }'); do
    for look in "" --outside; do
        [ "$name $look" != "rows-late --outside" ] || continue
        # shellcheck disable=SC2086
        if "$sim" --break "$name" $look --count 5000 >"$dir/break.log" 2>&1; then
            echo "ok $(grep '^found' "$dir/break.log" | cut -c1-150)${look:+ (from outside)}"
        else
            echo "FAIL $name is found $look"
            bad=1
        fi
    done
done

# What a failure says leads back to it.
found=$("$sim" --break rollback-unseen 2>/dev/null | sed -n 's/^found rollback-unseen with seed \([0-9]*\) .*/\1/p')
if [ -n "$found" ] && "$sim" --seed "$found" --break rollback-unseen 2>/dev/null | grep -q "^found rollback-unseen with seed $found "; then
    echo "ok a failure is replayed by its seed"
else
    echo "FAIL a failure is replayed by its seed"
    bad=1
fi
exit $bad
