#!/bin/sh
# Makes the container's own cgroup (v2) writable, which an engine mounts read-only, so that the
# worker can give each run a group of its own. The worker does the rest: it steps aside into a leaf
# and hands the controllers down. (What the engine starts later, the health check, then finds the
# root group closed to processes; runc puts it beside pid 1 instead.)
set -eu

root=/sys/fs/cgroup

# On a v1 or hybrid host there is no such file, and the worker looks for itself. Where the remount
# fails it starts all the same, and says what its sandbox lacks.
if [ -f "$root/cgroup.controllers" ] && [ ! -w "$root/cgroup.procs" ]; then
    mount -o remount,rw "$root" || echo "judge-entrypoint: cannot make $root writable:" \
        "CAP_SYS_ADMIN, apparmor=unconfined and a private cgroup namespace are needed" >&2
fi
exec judge-worker "$@"
