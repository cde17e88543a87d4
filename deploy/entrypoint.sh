#!/bin/sh
# Prepares the container's own cgroup (v2) for a worker that gives each run a group of its own.
#
# An engine mounts it read-only, and the kernel lets a group with processes in it hand no
# controllers to its children. So: make it writable, go into a leaf, then hand the controllers down.
# Where that fails the worker still starts and says itself what its sandbox lacks.
set -eu

root=/sys/fs/cgroup

warn() {
    echo "judge-entrypoint: $1" >&2
}

prepare() {
    if [ ! -w "$root/cgroup.procs" ] && ! mount -o remount,rw "$root"; then
        warn "cannot make $root writable: CAP_SYS_ADMIN, apparmor=unconfined and a private cgroup namespace are needed"
        return
    fi
    # `docker exec` and the health check start in the root group; runc puts them beside pid 1 when
    # the kernel refuses that.
    if ! mkdir -p "$root/worker" || ! echo $$ > "$root/worker/cgroup.procs"; then
        warn "cannot move into $root/worker"
        return
    fi
    for controller in cpu cpuset memory pids; do
        echo "+$controller" > "$root/cgroup.subtree_control" \
            || warn "the engine does not delegate the $controller controller"
    done
}

# On a v1 or hybrid host there is no such file, and the worker looks for itself.
if [ -f "$root/cgroup.controllers" ]; then
    prepare
fi
exec judge-worker "$@"
