#!/bin/sh
# Makes the container's own cgroups writable, which an engine mounts read-only, so that the worker
# can give each run a group of its own; then gives up the right to do such things, and becomes the
# worker. The worker does the rest: on v2 it steps aside into a leaf and hands the controllers down.
set -eu

# Of a v1 hierarchy only those that runs need. `bind` changes this mount and not the file system,
# which is the host's too; without it the kernel refuses on v1. Where it fails the worker starts all
# the same, and says what it lacks.
while read -r _ point type options _; do
    case $type,$options, in
        cgroup2,ro,* | cgroup,ro,*,memory,* | cgroup,ro,*,pids,* | cgroup,ro,*,cpuacct,*)
            mount -o remount,bind,rw "$point" || echo "judge-entrypoint: cannot make $point" \
                "writable; the rights of \`worker\` in compose.yml would do" >&2
            ;;
    esac
done < /proc/self/mounts

# Nothing after this needs SYS_ADMIN outside of the user namespaces that the worker makes, in which
# it has all rights anyway. setpriv says nothing where it may not touch the bounding set, and then an
# exec would bring the right back: hence the second question. Numbers: linux/capability.h.
held=0x$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
if [ $((held >> 21 & 1)) = 1 ]; then
    if [ $((held >> 8 & 1)) = 0 ]; then
        echo "judge-entrypoint: has CAP_SYS_ADMIN and cannot give it up: add CAP_SETPCAP" >&2
        exit 1
    fi
    set -- setpriv --bounding-set=-sys_admin,-setpcap --inh-caps=-sys_admin,-setpcap judge-worker "$@"
else
    set -- judge-worker "$@"
fi
exec "$@"
