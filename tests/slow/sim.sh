#!/bin/sh
# The simulator for SCHEDULES schedules (default a million, about half an hour of one processor) from SEED on (default: the day, times ten million), shared out to as many
# programs as there are processors; JOBS sets another number. A failure names its seed.
build=$(cd "$1" && pwd)
make -C "$build" qizheng-sim >build/sim.log 2>&1 || { tail build/sim.log; echo "FAIL the simulator is built"; exit 1; }
schedules=${SCHEDULES:-1000000}
seed=${SEED:-$(($(date +%s) / 86400 * 10000000))}
jobs=${JOBS:-$(nproc)}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
each=$(((schedules + jobs - 1) / jobs))
bad=0
job=0
pids=""
while [ $job -lt "$jobs" ]; do
    "$build/qizheng-sim" --from $((seed + job * each)) --count $each >"$dir/$job.log" 2>&1 &
    pids="$pids $!"
    job=$((job + 1))
done
job=0
for pid in $pids; do
    if wait "$pid"; then
        grep 'the last one' "$dir/$job.log"
        echo "ok $each schedules from seed $((seed + job * each))"
    else
        cat "$dir/$job.log"
        echo "FAIL a schedule: see above for its seed"
        bad=1
    fi
    job=$((job + 1))
done
exit $bad
