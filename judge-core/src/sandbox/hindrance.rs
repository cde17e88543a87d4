//! What a host or a container engine withholds that no sandbox can be built without.

use std::fmt;
use std::fs;

use nix::errno::Errno;

use super::InitStep;

/// Why the kernel refused, where that can be told, with what the operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// `AppArmor` lets only programs with a profile use user namespaces (Ubuntu 23.10 and newer).
    AppArmor,
    /// Debian's switch for user namespaces of ordinary users is off.
    UnprivilegedClone,
    /// The number of user namespaces is limited to none.
    NoUserNamespaces,
    /// An engine masks parts of `/proc`.
    MaskedProc,
    /// A system call filter or security module of the engine denies mounts.
    Mounts,
    /// A hard limit of the worker's is below what a run is given.
    HardLimit,
    /// The worker may not map the ids of its slots.
    Ids,
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppArmor => {
                "AppArmor denies user namespaces to programs without a profile: load \
                 deploy/apparmor/judge-worker (it says how), or set \
                 kernel.apparmor_restrict_unprivileged_userns=0 by sysctl"
            }
            Self::UnprivilegedClone => {
                "ordinary users may not make user namespaces here: sysctl \
                 kernel.unprivileged_userns_clone=1"
            }
            Self::NoUserNamespaces => {
                "no user namespace may be made here: sysctl user.max_user_namespaces=10000"
            }
            Self::MaskedProc => {
                "the kernel lets no user namespace mount /proc where parts of it are masked: start \
                 the container with --security-opt systempaths=unconfined (podman: \
                 unmask=ALL; Kubernetes: procMount: Unmasked)"
            }
            Self::Mounts => {
                "the container's system call filter or AppArmor profile denies it: start the \
                 container with --security-opt seccomp=unconfined --security-opt \
                 apparmor=unconfined (every program runs behind a filter of the worker's own)"
            }
            Self::HardLimit => {
                "the worker's own hard limit is lower, and it may not raise it: start it with a \
                 higher one (ulimit -H; systemd: LimitNOFILE=, LimitSTACK=infinity; Docker: ulimits)"
            }
            Self::Ids => {
                "the worker may not map the ids: as root it needs CAP_SETUID and CAP_SETGID, as a \
                 user its own line in /etc/subuid and /etc/subgid and the set-uid helpers of package \
                 uidmap"
            }
        })
    }
}

/// The settings by which kernels and distributions restrict user namespaces, as their files read;
/// `None`: this kernel has no such setting.
#[derive(Debug, Clone, Copy, Default)]
struct Settings {
    apparmor: Option<u64>,
    unprivileged_clone: Option<u64>,
    max_user_namespaces: Option<u64>,
}

impl Settings {
    fn read() -> Self {
        let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse().ok();
        Self {
            apparmor: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
            unprivileged_clone: number("/proc/sys/kernel/unprivileged_userns_clone"),
            max_user_namespaces: number("/proc/sys/user/max_user_namespaces"),
        }
    }

    fn hindrance(self) -> Option<Hindrance> {
        match self {
            Self { max_user_namespaces: Some(0), .. } => Some(Hindrance::NoUserNamespaces),
            Self { unprivileged_clone: Some(0), .. } => Some(Hindrance::UnprivilegedClone),
            Self { apparmor: Some(1..), .. } => Some(Hindrance::AppArmor),
            Self { .. } => None,
        }
    }
}

impl Hindrance {
    /// Why no namespaces could be made, where a setting says so.
    pub(super) fn to_namespaces() -> Option<Self> {
        Settings::read().hindrance()
    }

    /// Why the init failed at `step` with `errno`, where that is known.
    pub(super) fn to_step(step: InitStep, errno: Errno) -> Option<Self> {
        Self::among(step, errno, Settings::read())
    }

    fn among(step: InitStep, errno: Errno, settings: Settings) -> Option<Self> {
        use InitStep as Step;
        let refused = matches!(errno, Errno::EPERM | Errno::EACCES);
        match step {
            // Such an AppArmor lets the namespace come to be, but without any capability in it.
            Step::Identity | Step::Propagation if refused && settings.hindrance().is_some() => {
                settings.hindrance()
            }
            Step::Proc if errno == Errno::EPERM => Some(Self::MaskedProc),
            Step::Propagation
            | Step::Tmpfs
            | Step::Bind
            | Step::Proc
            | Step::Pivot
            | Step::Freeze
                if refused || errno == Errno::ENOSYS =>
            {
                Some(Self::Mounts)
            }
            Step::Rlimit if errno == Errno::EPERM => Some(Self::HardLimit),
            _ => None,
        }
    }
}

/// As the end of a message that told what failed: `; ` and what to do, or nothing.
pub(super) fn hint(step: InitStep, errno: Errno) -> String {
    Hindrance::to_step(step, errno).map_or_else(String::new, |hindrance| format!("; {hindrance}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Settings =
        Settings { apparmor: None, unprivileged_clone: Some(1), max_user_namespaces: Some(96_365) };

    #[test]
    fn each_way_to_restrict_user_namespaces_has_its_remedy() {
        let apparmor = Settings { apparmor: Some(1), ..FREE };
        let debian = Settings { unprivileged_clone: Some(0), ..FREE };
        let none = Settings { max_user_namespaces: Some(0), ..FREE };
        for (settings, said) in [
            (apparmor, "deploy/apparmor/judge-worker"),
            (debian, "kernel.unprivileged_userns_clone=1"),
            (none, "user.max_user_namespaces="),
        ] {
            let hindrance = settings.hindrance().expect("something is restricted");
            assert!(hindrance.to_string().contains(said), "{hindrance}");
        }
        assert_eq!(FREE.hindrance(), None);
        assert_eq!(Settings { apparmor: Some(0), ..FREE }.hindrance(), None);
        assert_eq!(Settings::default().hindrance(), None);
    }

    #[test]
    fn a_refusal_is_explained_by_the_step_that_met_it() {
        let of = |step, errno| Hindrance::among(step, errno, FREE);
        assert_eq!(of(InitStep::Proc, Errno::EPERM), Some(Hindrance::MaskedProc));
        assert_eq!(of(InitStep::Pivot, Errno::ENOSYS), Some(Hindrance::Mounts));
        assert_eq!(of(InitStep::Freeze, Errno::EACCES), Some(Hindrance::Mounts));
        assert_eq!(of(InitStep::Rlimit, Errno::EPERM), Some(Hindrance::HardLimit));
        // Nothing was withheld: the path is missing, the memory is full.
        assert_eq!(of(InitStep::Bind, Errno::ENOENT), None);
        assert_eq!(of(InitStep::Tmpfs, Errno::ENOMEM), None);
    }

    #[test]
    fn a_namespace_without_rights_is_laid_to_apparmor_where_that_restricts_them() {
        let restricted = Settings { apparmor: Some(1), ..FREE };
        for step in [InitStep::Identity, InitStep::Propagation] {
            let found = Hindrance::among(step, Errno::EACCES, restricted);
            assert_eq!(found, Some(Hindrance::AppArmor));
        }
        assert_eq!(
            Hindrance::among(InitStep::Proc, Errno::EPERM, restricted),
            Some(Hindrance::MaskedProc)
        );
    }
}
