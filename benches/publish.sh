#!/bin/sh
# Puts the tables and plots of a report into the README: benches/publish.sh DIR, DIR as all.sh left it.
set -eu

dir=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
cp "$dir/side-by-side.svg" "$dir/load.svg" benches/

block=$(mktemp)
{
    cat "$dir/side-by-side.md"
    printf '\n![The first two tables as a plot](benches/side-by-side.svg)\n'
    printf '\n### With nobody but the two in turn\n\n'
    cat "$dir/alone/side-by-side.md"
    printf '\n### A submission of many short tests\n\n'
    cat "$dir/many-tests.md"
    printf '\n### Compiling\n\n'
    cat "$dir/compile.md"
    printf '\n### A worker with nothing to do\n\n'
    cat "$dir/idle.md"
    printf '\n### Cancelling\n\n'
    cat "$dir/cancel.md"
    printf '\n### Over RabbitMQ\n\n'
    cat "$dir/load.md"
    printf '\n![The same as a plot](benches/load.svg)\n'
} >"$block"

new=$(mktemp)
awk -v block="$block" '
    /^<!-- figures: end -->$/ { inside = 0; ended = 1 }
    !inside { print }
    /^<!-- figures: begin/ { inside = 1; print ""; while ((getline line < block) > 0) print line; print "" }
    END { exit !ended }
' README.md >"$new" || { echo "README.md has no lines that mark its figures" >&2; exit 1; }
cat "$new" >README.md
rm "$block" "$new"
