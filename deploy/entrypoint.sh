#!/bin/sh
# Makes the container's own cgroups writable, which an engine mounts read-only, so that the worker
# can give each run a group of its own. The worker does the rest: on v2 it steps aside into a leaf
# and hands the controllers down. (What the engine starts later, the health check, then finds the
# root group closed to processes; runc and crun put it beside pid 1 instead.)
set -eu

# Of a v1 hierarchy only those that runs need. `bind` changes this mount and not the file system,
# which is the host's too. Where it fails the worker starts all the same, and says what it lacks.
while read -r _ point type options _; do
    case $type,$options, in
        cgroup2,ro,* | cgroup,ro,*,memory,* | cgroup,ro,*,pids,* | cgroup,ro,*,cpuacct,*)
            mount -o remount,bind,rw "$point" || echo "judge-entrypoint: cannot make $point" \
                "writable: see the rights of \`worker\` in compose.yml" >&2
            ;;
    esac
done < /proc/self/mounts
exec judge-worker "$@"
