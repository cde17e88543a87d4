#!/bin/bash
# Shows the main job with no server: verdict tables, a queue on stdin, history rows, metrics.
#   deploy/demo.sh WORKER_BINARY
set -euo pipefail

worker=$(readlink -f "$1")
cd "$(dirname "$0")/.."
problems=$PWD/testcases/problems
work=$(mktemp -d)
serving=
finish() {
    [ -z "$serving" ] || kill "$serving" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

say() { printf '\n== %s\n' "$*"; }
# A verdict other than accepted is an exit code of 1, and no reason to stop.
judge() { "$worker" judge --log error "$@" || [ $? = 1 ]; }

say "A right answer, and three ways to be wrong"
judge "$problems/sums" "$problems/sums/submissions/accepted/add_streams.cpp"
judge "$problems/sums" "$problems/sums/submissions/wrong_answer/drops_signs.py"
judge "$problems/sums" "$problems/sums/submissions/time_limit_exceeded/spins.py"
judge "$problems/sums" "$problems/sums/submissions/rejected/missing_semicolon.c"

say "A queue on stdin: one submission a line in, one event a line out"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export JUDGE_DATABASE_URL=sqlite://$work/history.sqlite JUDGE_PROBLEMS=$problems
mkfifo "$work/in"
"$worker" serve --queue stdio --http-addr "127.0.0.1:$port" --log error <"$work/in" >"$work/out" &
serving=$!
exec 3>"$work/in"
submit() { # submit ID PROBLEM LANGUAGE FILE
    python3 - "$@" >&3 <<'PY'
import json, sys
ident, problem, language, path = sys.argv[1:]
print(json.dumps({"schemaVersion": 1, "submissionId": ident, "problemId": problem,
                  "language": language, "source": open(path).read(), "mode": "submit",
                  "roomId": "room-1", "historyKey": "demo-" + ident}))
PY
}
submit s1 sums java "$problems/sums/submissions/accepted/add_scanner.java"
submit s2 sums c "$problems/sums/submissions/run_time_error/aborts.c"
submit s3 twoaddends python3 "$(ls "$problems"/twoaddends/submissions/accepted/*.py | head -n 1)"
submit s4 nowhere python3 "$problems/sums/submissions/accepted/add_lines.py"
until [ "$(grep -c '"type":"verdict"' "$work/out")" = 4 ]; do
    kill -0 "$serving" || { echo "the worker ended early" >&2; exit 1; }
    sleep 0.2
done
python3 - "$work/out" <<'PY'
import json, sys
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event["type"] == "verdict":
        reason = event["reason"]["text"] if event["reason"] else ""
        print(f'{event["submissionId"]}: {event["verdict"]:3} history row {event["historyId"]}, '
              f'{len(event["tests"])} tests. {reason}')
PY

say "Some of its metrics"
curl -s "http://127.0.0.1:$port/metrics" |
    grep -E '^judge_(submissions_total|build_info|submission_duration_seconds_(sum|count))' | grep -v ' 0$'
exec 3>&-
wait "$serving"
serving=

say "The history rows that it left"
"$worker" history
