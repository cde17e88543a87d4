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

# Nothing after this needs it outside of the user namespaces that the worker makes, in which it has
# all rights anyway.
sys_admin=21 # linux/capability.h
held=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
if [ $((0x$held >> sys_admin & 1)) = 1 ]; then
    set -- setpriv --bounding-set=-sys_admin,-setpcap --inh-caps=-sys_admin,-setpcap judge-worker "$@"
else
    set -- judge-worker "$@"
fi
exec "$@"
