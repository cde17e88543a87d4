#!/bin/sh
# Checks everything in deploy/ that can be checked without starting it. Nothing is skipped: a tool
# that is missing is a failure. Python tools go into a virtual environment below target/.
# The dashboards' queries are run elsewhere, by the test `deploy_dashboard` of judge-worker.
set -eu

deploy=$(cd "$(dirname "$0")" && pwd)
venv=${CARGO_TARGET_DIR:-$deploy/../target}/deploy-venv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() {
    printf '== %s\n' "$1"
}

for tool in promtool nginx python3 openssl; do
    command -v "$tool" > "$work/where" || {
        echo "$tool is missing; \`make test\` installs it (Debian: prometheus nginx-light python3 python3-venv openssl)" >&2
        exit 1
    }
done

if ! cmp -s "$deploy/tests/requirements.txt" "$venv/requirements.txt"; then
    say "installing the checkers"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$deploy/tests/requirements.txt"
    cp "$deploy/tests/requirements.txt" "$venv/requirements.txt" # last: it says that all is there
fi

say "Prometheus: configuration, rules and their tests"
promtool check config --lint=all --lint-fatal "$deploy/prometheus/prometheus.yml"
promtool check rules --lint=all --lint-fatal "$deploy"/prometheus/rules/*.yml
promtool test rules "$deploy"/prometheus/tests/*.yml

say "Compose file"
"$venv/bin/check-jsonschema" --builtin-schema vendor.compose-spec "$deploy/compose.yml"

say "Dockerfile and scripts"
"$venv/bin/hadolint" --failure-threshold style "$deploy/Dockerfile"
sh -n "$deploy/entrypoint.sh"

say "secrets: made once, kept the second time, behind a closed directory"
"$deploy/init-secrets.sh" "$work/secrets" > "$work/said"
cp -r "$work/secrets" "$work/before"
"$deploy/init-secrets.sh" "$work/secrets" > "$work/said"
diff -r "$work/before" "$work/secrets"
test "$(stat -c %a "$work/secrets")" = 700

say "nginx"
# The paths of the container: names are looked up when used, so none has to resolve here.
nginx -q -t -p "$work" -c "$deploy/nginx/nginx.conf"

say "dashboards: every field is one that Grafana knows"
"$venv/bin/python" "$deploy/tests/check_dashboard_fields.py" "$deploy"/grafana/dashboards/*.json

say "dashboards, settings and services agree"
"$venv/bin/python" "$deploy/tests/check_structure.py" "$deploy"

say "deploy: all checks passed"
