# expect: OK refused | wall: mounts | fact: settings of the kernel, the magic key and files of groups are not there to be written
import os

TRIES = {
    "/proc/sysrq-trigger": "h",
    "/proc/sys/kernel/core_pattern": "|/@MARK@",
    "/proc/sys/kernel/hostname": "@MARK@",
    "/proc/sys/kernel/modprobe": "/@MARK@",
    "/proc/sys/vm/overcommit_memory": "1",
    "/proc/sys/net/ipv4/ip_forward": "1",
    "/sys/kernel/uevent_helper": "/@MARK@",
    "/sys/fs/cgroup/memory.max": "max",
    "/sys/fs/cgroup/cgroup.procs": "0",
    "/proc/self/oom_score_adj": "-1000",
    "/proc/self/uid_map": "0 0 1",
    "/proc/self/setgroups": "allow",
    "/proc/self/timens_offsets": "monotonic 1 0",
    "/proc/1/oom_score_adj": "1000",
    "/proc/1/comm": "x",
    "/proc/self/attr/current": "unconfined",
}
reached = []
for path, text in TRIES.items():
    try:
        with open(path, "w") as file:
            file.write(text)
        reached.append(path)
    except OSError:
        pass
for path in ["/sys", "/proc/sys", "/proc/bus", "/proc/irq", "/proc/acpi", "/proc/scsi", "/proc/driver", "/proc/keys", "/proc/sysvipc"]:
    if os.path.exists(path):
        reached.append(path)
print(f"reached {reached}" if reached else "refused")
