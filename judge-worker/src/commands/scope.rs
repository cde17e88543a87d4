//! On a desktop with systemd: a command that needs cgroups, run again in a group of its own.
//!
//! An ordinary user's shell is in a group with other processes, which nobody may divide. The user's
//! own service manager makes a group that is the user's (`systemd.resource-control(5)`, *Delegate*),
//! and `systemd-run(1)` with `--scope` runs a command there: with our arguments, environment,
//! directory, terminal and exit code, and in our place.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use judge_core::sandbox::cgroup::Cgroups;

use crate::config::Settings;

/// Set in the environment of the second run, which starts no third.
const SECOND_RUN: &str = "JUDGE_SECOND_RUN";

/// What decides whether to run again.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, found in its own place"
)]
struct Situation {
    is_root: bool,
    /// This is the second run.
    is_second: bool,
    /// The operator named a group: then that one is meant.
    is_told: bool,
    /// The group that we are in would do, or another that we may write.
    has_cgroups: bool,
    /// Where `systemd-run` is.
    systemd_run: Option<PathBuf>,
    /// The user's service manager takes calls.
    manager_answers: bool,
}

/// Runs this very command again under the user's service manager, and then never comes back, where
/// the worker could have no cgroups otherwise. To be called before anything is opened or started.
pub fn enter(settings: &Settings) {
    let Some(systemd_run) = Situation::of(settings).wants() else {
        return;
    };
    let Ok(ourselves) = std::env::current_exe() else {
        return;
    };
    tracing::debug!("no cgroups here; running again under systemd-run");
    let argv = argv(ourselves, std::env::args_os().skip(1));
    let error = Command::new(systemd_run).args(argv).env(SECOND_RUN, "1").exec();
    tracing::warn!(%error, "cannot execute systemd-run; going on without a group of our own");
}

impl Situation {
    fn of(settings: &Settings) -> Self {
        let uid = std::fs::metadata("/proc/self").map_or(0, |ourselves| ourselves.uid());
        let parent = settings.cgroup_parent.as_deref();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let runtime_dir = std::env::var_os("XDG_RUNTIME_DIR");
        Self {
            is_root: uid == 0,
            is_second: std::env::var_os(SECOND_RUN).is_some(),
            is_told: parent.is_some(),
            has_cgroups: Cgroups::are_usable(parent),
            systemd_run: std::env::split_paths(&path)
                .map(|dir| dir.join("systemd-run"))
                .find(|file| file.is_file()),
            manager_answers: runtime_dir.is_some_and(|dir| answers(Path::new(&dir))),
        }
    }

    /// The `systemd-run` to be run.
    fn wants(self) -> Option<PathBuf> {
        let Self { is_root, is_second, is_told, has_cgroups, systemd_run, manager_answers } = self;
        let hopeless = is_root || is_second || is_told || has_cgroups || !manager_answers;
        systemd_run.filter(|_| !hopeless)
    }
}

/// Whether somebody listens where `systemd-run --user` calls: the manager itself, or the user's bus
/// (`sd_bus_open_user(3)`).
fn answers(runtime_dir: &Path) -> bool {
    let sockets = ["systemd/private", "bus"];
    sockets.iter().any(|socket| UnixStream::connect(runtime_dir.join(socket)).is_ok())
}

/// The arguments of `systemd-run`.
fn argv(ourselves: PathBuf, arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    // `--collect`: nothing is left to be looked at when it failed; we say why ourselves.
    let scope = ["--user", "--scope", "-p", "Delegate=yes", "--quiet", "--collect", "--"];
    let scope = scope.iter().map(OsString::from);
    scope.chain([ourselves.into_os_string()]).chain(arguments).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn desktop() -> Situation {
        Situation {
            is_root: false,
            is_second: false,
            is_told: false,
            has_cgroups: false,
            systemd_run: Some("/usr/bin/systemd-run".into()),
            manager_answers: true,
        }
    }

    #[test]
    fn on_a_desktop_a_user_s_command_runs_again() {
        assert_eq!(desktop().wants(), Some("/usr/bin/systemd-run".into()));
    }

    #[test]
    fn nothing_runs_again_where_that_is_needless_or_of_no_use() {
        for situation in [
            Situation { is_root: true, ..desktop() },
            Situation { is_second: true, ..desktop() },
            Situation { is_told: true, ..desktop() },
            Situation { has_cgroups: true, ..desktop() },
            Situation { systemd_run: None, ..desktop() },
            Situation { manager_answers: false, ..desktop() },
        ] {
            assert_eq!(situation.clone().wants(), None, "{situation:?}");
        }
    }

    #[test]
    fn the_second_run_is_the_same_command_in_a_delegated_scope() {
        let arguments = ["judge", "sums", "--json", "-p", "x y.c"].map(OsString::from);
        let argv = argv("/opt/judge-worker".into(), arguments.into_iter());
        let expected = [
            "--user",
            "--scope",
            "-p",
            "Delegate=yes",
            "--quiet",
            "--collect",
            "--",
            "/opt/judge-worker",
            "judge",
            "sums",
            "--json",
            "-p",
            "x y.c",
        ];
        assert_eq!(argv, expected.map(OsString::from));
    }

    #[test]
    fn a_manager_answers_where_a_socket_is_listened_to() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!answers(dir.path()));
        let socket = dir.path().join("bus");
        let listener = UnixListener::bind(&socket).unwrap();
        assert!(answers(dir.path()));
        drop(listener);
        assert!(
            socket.exists() && !answers(dir.path()),
            "a socket that nobody listens to any more"
        );
    }
}
