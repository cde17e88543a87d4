//! What to change where a wall does not hold.

use judge_core::sandbox::Wall;

/// What whoever runs this host, container or profile can do.
pub fn remedy(wall: Wall) -> &'static str {
    match wall {
        Wall::UserNamespace => {
            "allow user namespaces: sysctl user.max_user_namespaces=10000 (Debian: also \
             kernel.unprivileged_userns_clone=1; Ubuntu 24.04: \
             kernel.apparmor_restrict_unprivileged_userns=0), and run as root or with subordinate \
             ids in /etc/subuid and /etc/subgid"
        }
        Wall::IdRange | Wall::ProgramUid | Wall::ProgramGid | Wall::SupplementaryGroups => {
            "map whole ranges of ids: run as root with CAP_SETUID and CAP_SETGID"
        }
        Wall::NoNewPrivs | Wall::CapabilitySets | Wall::BoundingSet | Wall::Securebits => {
            "grant CAP_SETPCAP to the worker's container, so that its init can give every \
             capability up"
        }
        Wall::HostTree => {
            "take the [[bind]] that shows it out of mounts.toml in the folder of `profiles`; bind \
             the one folder below it that a language needs"
        }
        Wall::ReadOnlyRoot | Wall::NoSetuid | Wall::NoDevices => {
            "use Linux 5.12 or newer with mount_setattr(2), and let the container's seccomp profile \
             allow it (Docker: 20.10.10 or newer)"
        }
        Wall::FewDevices => {
            "take the [[device]] out of mounts.toml in the folder of `profiles`: only null, zero, \
             full, random and urandom are harmless"
        }
        Wall::OwnProc | Wall::ProcSubset | Wall::HiddenPids => {
            "use Linux 5.8 or newer, and leave /proc of the worker's container unmasked (podman: \
             --security-opt unmask=/proc/*; Docker: --security-opt systempaths=unconfined), so \
             that a /proc of its own can be mounted"
        }
        Wall::PidNamespace | Wall::IpcNamespace | Wall::UtsNamespace | Wall::CgroupNamespace => {
            "let the container's seccomp profile allow clone(2), clone3(2) and unshare(2) with \
             namespaces, and sysctl user.max_{pid,ipc,uts,cgroup}_namespaces=10000"
        }
        Wall::NetNamespace => {
            "sysctl user.max_net_namespaces=10000, and use a kernel with CONFIG_NET_NS; never run \
             the worker's slots in the host's network"
        }
        Wall::FreshBox | Wall::FreshTmp | Wall::FreshShm => {
            "allow tmpfs to be mounted in user namespaces (Linux 3.9 or newer, no LSM rule against \
             mount)"
        }
        Wall::Memory => {
            "give the worker a cgroup with the memory controller (v2: Delegate=yes in its unit, or \
             a writable /sys/fs/cgroup in its container; Debian on ARM boards: \
             cgroup_enable=memory), and switch swap off or its accounting on (swapaccount=1)"
        }
        Wall::Processes => {
            "give the worker a cgroup with the pids controller (v2: Delegate=yes in its unit, or a \
             writable /sys/fs/cgroup in its container)"
        }
        Wall::CpuTime | Wall::CpuNet => {
            "give the worker a cgroup whose cpu.stat (v2) or cpuacct (v1) can be read"
        }
        Wall::TmpfsBytes => {
            "set size_mib of every [tmpfs.*] in profiles/*.toml of the folder of `profiles` to 1 or \
             more: 0 means no bound"
        }
        Wall::TmpfsInodes => {
            "set inodes of every [tmpfs.*] in profiles/*.toml of the folder of `profiles` to 1 or \
             more: 0 means no bound"
        }
        Wall::ForeignAbi => {
            "use the filters that are built in, on amd64; the kernel needs CONFIG_SECCOMP_FILTER"
        }
        Wall::UnknownCalls | Wall::RefusedCalls | Wall::ForbiddenCalls => {
            "take the call out of the groups with the action `allow` in seccomp/*.json of the \
             folder of `profiles`, or leave the setting `profiles` empty for those built in"
        }
        Wall::Session
        | Wall::KillAll
        | Wall::SocketsGone
        | Wall::WallTime
        | Wall::Output
        | Wall::OpenFiles
        | Wall::FileSize
        | Wall::Stack
        | Wall::CoreSize
        | Wall::InheritedDescriptors
        | Wall::CloseOnExec
        | Wall::InputMode
        | Wall::InputSeals
        | Wall::InputAccessTime
        | Wall::CollectBeneath
        | Wall::CollectRegular
        | Wall::CollectSize
        | Wall::CollectTotal
        | Wall::ProcessNumbers => {
            "judge on another host, with a plain Linux 5.14 or newer (no gVisor or other stand-in \
             for the kernel), and report this: no host that we know lacks it"
        }
    }
}
