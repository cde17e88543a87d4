#!/bin/sh
# Runs every bench, some of them shortened, and leaves tables and plots in a folder: benches/all.sh DIR.
# As root, on a machine that does nothing else. All of them are to take less than ten minutes once they
# are built: the last line says how long they took.
#   JUDGE_GO_JUDGE   where a go-judge listens, to be measured beside the others
set -eu

dir=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}

"$cargo" build --release --quiet --bin judge-worker
worker=$(readlink -f "${CARGO_TARGET_DIR:-target}/release/judge-worker")
"$cargo" bench --quiet -p judge-benches --no-run

began=$(date +%s)
run() { # run BENCH ARGUMENT…
    bench=$1
    shift
    echo "== $bench"
    "$cargo" bench --quiet -p judge-benches --bench "$bench" -- "$@"
}
for bench in message comparison filter slot; do
    run "$bench" --warm-up-time 0.3 --measurement-time 1 --noplot | tee "$dir/$bench.txt"
done
run side_by_side --rounds 200 --idle-rounds 100 --slices 10 --report "$dir" \
    ${JUDGE_GO_JUDGE:+--go-judge "$JUDGE_GO_JUDGE"}
run side_by_side --hello-only --only slot --report "$dir/alone"
run compile --rounds 10 --report "$dir"
run many_tests --pinned --rounds 30 --report "$dir"
run idle --worker "$worker" --slots 1,4 --seconds 10 --report "$dir"
run cancel --worker "$worker" --report "$dir"
run load --worker "$worker" --report "$dir"
echo "All benches took $(($(date +%s) - began)) s; their tables and plots are in $dir."
