#!/bin/sh
# Installs from Debian's packages what is missing of what building and testing need.
#   .ci/needs.sh toolchains   the languages that the worker judges
#   .ci/needs.sh bench        also the servers and the sandboxes of others that benches measure
#   .ci/needs.sh all          also the servers and tools that the tests start
set -eu

missing=
need() { # need EXECUTABLE PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"
}

need /usr/bin/gcc gcc
need /usr/bin/g++ g++
need /usr/bin/javac openjdk-17-jdk-headless
need /usr/bin/python3 python3
need /usr/bin/node nodejs
need /usr/bin/unshare util-linux
need /usr/bin/newuidmap uidmap
if [ "${1:-all}" != toolchains ]; then
    need rabbitmq-server rabbitmq-server
    need mariadbd mariadb-server
fi
if [ "${1:-all}" = bench ]; then
    need bwrap bubblewrap
fi
if [ "${1:-all}" = all ]; then
    need prometheus prometheus
    need promtool prometheus
    need nginx nginx-light
    need openssl openssl
    need curl curl
    /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
fi

[ -z "$missing" ] && exit 0
echo "installing:$missing"
if [ "$(id -u)" != 0 ]; then
    echo "needs root: apt-get install$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word a package
apt-get install -y -qq --no-install-recommends $missing >/dev/null
