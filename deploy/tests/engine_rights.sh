#!/bin/bash
# Runs the worker in a container with the rights that compose.yml gives it, and with each of them
# taken away in turn. `image.sh` calls this, on the host and in a guest with nothing but cgroup v2.
#
#   engine_rights.sh [-s] RUNTIME STATE_DIRECTORY ROOT_FILE_SYSTEM
#
# -s: this machine is so slow that starting an interpreter takes longer than a time limit; judge C and
# C++ only. RUNTIME: runc or crun. Podman keeps what it must in STATE_DIRECTORY, which is not to be on an
# overlay. ROOT_FILE_SYSTEM: the image, unpacked. Ends at the first claim that does not hold.
set -euo pipefail

slow=
if [ "$1" = -s ]; then slow=yes && shift; fi
runtime=$1 state=$2 rootfs=$3
deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
own=$(mktemp -d "${TMPDIR:-/tmp}/engine-rights.XXXXXX")
# As on a host where packages and secrets belong to whoever deploys, and are nobody else's to read.
problems=$own/problems
mkdir "$problems"
cp -R "$deploy/../testcases/problems/sums" "$problems"
chmod -R u=rwX,go= "$problems"
chown -R 1234:1234 "$problems"
# So short: limits that the caller may not raise (without CAP_SYS_RESOURCE) stop podman otherwise.
limits=(--ulimit nofile=4096:4096 --ulimit nproc=4096:4096)
engine=(podman --root "$state/root" --runroot "$state/run" --storage-driver vfs --runtime "$runtime"
    --cgroup-manager cgroupfs --events-backend file)
serving=

cleanup() {
    [ -z "$serving" ] || "${engine[@]}" rm --force --time 0 "$serving" > /dev/null 2>&1 || true
    rm -rf "$own"
}
trap cleanup EXIT

fail() {
    printf 'engine_rights: %s\n' "$1" >&2
    [ ! -s "$own/said" ] || tail -n 40 "$own/said" >&2
    exit 1
}

# worker [--without RIGHT | PODMAN_OPTION]… -- ARGUMENT…: the image's entry point, as Compose starts
# it. The data base is a file, for there is no server, and there is no network.
worker() {
    local without=() more=()
    while [ "$1" != -- ]; do
        if [ "$1" = --without ]; then without+=(--without "$2") && shift 2; else more+=("$1") && shift; fi
    done
    shift
    local rights
    rights=$("$deploy/tests/podman_options.py" "$deploy/compose.yml" "${without[@]}")
    mapfile -t rights <<< "$rights"
    "${engine[@]}" run --rm --network none "${limits[@]}" "${rights[@]}" "${more[@]}" \
        --volume "$problems:/problems:ro" --env JUDGE_PROBLEMS=/problems --env JUDGE_QUEUE=stdio \
        --env JUDGE_DATABASE_URL=sqlite:///tmp/history.sqlite --workdir / \
        --rootfs "$rootfs" judge-entrypoint "$@"
}

# Whether this is the control group version 2 alone.
pure_v2() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }

judges() { # judges SOURCE VERDICT
    worker -- judge /problems/sums "/problems/sums/submissions/$1" --json > "$own/said" 2>&1 || true
    local verdict
    verdict=$(python3 -c 'import json, sys; print(json.loads(sys.stdin.read().splitlines()[-1])["verdict"])' \
        < "$own/said") || fail "judging $1 gave no verdict"
    [ "$verdict" = "$2" ] || fail "$1 got $verdict, not $2"
    echo "  $1: $verdict"
}

# Says what became of the worker without $right.
why() {
    local of='s/^│ \(sandbox\|problems\) *┆ missing *┆ \([^┆]*[^ ┆]\) *┆.*/\2/p; /^judge-entrypoint/p'
    echo "  $right: $(sed -n "$of" "$own/said" | head -n 1)"
}

echo "with all rights: doctor finds every wall and every language"
worker -- doctor > "$own/said" 2>&1 || fail "doctor is not content"
cat "$own/said"
! grep -q '┆ less ' "$own/said" || fail "doctor finds less than there should be"

echo "with all rights: submissions get their verdicts"
judges accepted/add.c AC
judges accepted/add_streams.cpp AC
if [ -z "$slow" ]; then
    judges accepted/add_scanner.java AC
    judges accepted/add_lines.py AC
    judges accepted/add_bigint.js AC
fi
judges run_time_error/null_pointer.cpp RTE
judges wrong_answer/narrow_sum.cpp WA
judges rejected/sleeps.py WTL # nothing here may depend on how busy this machine is

echo "without any one of them: the worker does not judge"
rights=(SYS_ADMIN SETPCAP SETUID SETGID DAC_OVERRIDE systempaths=unconfined)
# v1 has no groups to give away.
if pure_v2; then rights+=(CHOWN); fi
for right in "${rights[@]}"; do
    if worker --without "$right" -- doctor > "$own/said" 2>&1; then fail "doctor is content without $right"; fi
    why
done

echo "behind a filter without pivot_root, as Docker's is: the worker does not judge"
python3 - /usr/share/containers/seccomp.json > "$own/filter.json" << 'PYTHON'
import json, sys
rules = json.load(open(sys.argv[1]))
assert any("pivot_root" in rule["names"] for rule in rules["syscalls"])
for rule in rules["syscalls"]:
    rule["names"] = [name for name in rule["names"] if name != "pivot_root"]
print(json.dumps(rules))
PYTHON
right=seccomp=unconfined
if worker --without "$right" --security-opt "seccomp=$own/filter.json" -- doctor > "$own/said" 2>&1; then
    fail "doctor is content without $right"
fi
why

echo "serving: without SYS_ADMIN, healthy, and gone when told"
serving=engine-rights-$$
mkfifo "$own/queue"
worker --name "$serving" --interactive --env JUDGE_HTTP_ADDR=127.0.0.1:9464 -- serve \
    < "$own/queue" > "$own/served" 2> "$own/said" &
started=$!
exec 3> "$own/queue" # end of file would end the worker
healthy="import urllib.request as r; r.urlopen('http://127.0.0.1:9464/healthz', timeout=3)"
tries=0
until "${engine[@]}" exec "$serving" python3 -c "$healthy" > "$own/health" 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -eq 60 ] || ! kill -0 "$started" 2> /dev/null; then
        cat "$own/health" >&2
        fail "the worker does not become healthy"
    fi
    sleep 1
done
echo "  the health check, started by the engine beside the worker, passes"
effective=$("${engine[@]}" exec "$serving" sed -n 's/^Cap\(Eff\|Bnd\):[[:space:]]*//p' /proc/1/status | sort -u)
[ "$effective" = "00000000000000c3" ] || fail "the worker holds the capabilities $effective"
echo "  the worker's capabilities, now and ever: CHOWN, DAC_OVERRIDE, SETGID, SETUID"
"${engine[@]}" stop --time 60 "$serving" > /dev/null
status=0
wait "$started" || status=$?
serving=
[ "$status" -eq 0 ] || fail "the worker ended with $status on SIGTERM"
echo "  SIGTERM: drained, exit status 0"
