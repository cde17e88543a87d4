//! Workers that serve: the real binary, as processes.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use judge_core::judging::{Judge, SlotPool};
use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{Cancel, Profiles, SlotConfig};
use judge_core::toolchain::{Languages, PreparedFiles, make_cache_folder};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::Fallible;

/// Longest wait for a worker to be ready, which the first time prepares compilers, and to end.
const PATIENCE: Duration = Duration::from_secs(180);

const POLL: Duration = Duration::from_millis(20);

/// Which worker is measured.
#[derive(Debug, clap::Args)]
pub struct WorkerArgs {
    /// The worker's binary; built if not given.
    #[arg(long)]
    worker: Option<PathBuf>,
}

impl WorkerArgs {
    /// The one that was named, or that of this commit.
    pub fn binary(&self) -> Fallible<PathBuf> {
        self.worker.clone().map_or_else(build, Ok)
    }
}

/// The worker of this commit, built in release mode if it is not. By cargo, so that what is measured
/// is never an older one that happens to lie there.
fn build() -> Fallible<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What `cargo bench` tells this process of its own package would have others built anew.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
        .args(["build", "--release", "--quiet", "--bin", "judge-worker"])
        .current_dir(workspace());
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !status.success() {
        return Err(format!("{command:?} failed: {status}").into());
    }
    // Benches are built into `release/deps`, beside which it lies.
    let own = env::current_exe()?;
    let release = own.parent().and_then(Path::parent).ok_or("this bench lies in no folder")?;
    let binary = release.join("judge-worker");
    if binary.is_file() {
        Ok(binary)
    } else {
        Err(format!("{} is not there: name the worker by `--worker`", binary.display()).into())
    }
}

/// Prepares compilers in `cache`, a folder for `JUDGE_CACHE_DIR`, as a worker would after its start: one
/// that finds it done does nothing of it while it is measured. The init of the slot for this is this
/// binary: its `main` must call `become_init_if_asked` first.
pub fn prepare_compilers(cache: &Path) -> Fallible<()> {
    make_cache_folder(cache)?;
    let files = PreparedFiles::open(cache)?;
    let mut profiles = Profiles::load(&ProfileSource::BuiltIn)?;
    profiles.root.binds.push(files.bind());
    let init_binary = "/proc/self/exe".into();
    let config = SlotConfig { init_binary, profiles, cgroups: Cgroups::claim(None)? };
    let languages = Languages::load(&ProfileSource::BuiltIn)?;
    let judge = Judge::new(SlotPool::new(config, 1), languages).with_prepared(files);
    judge.prepare(&Cancel::default());
    Ok(())
}

/// The shipped problem packages.
pub fn problems() -> PathBuf {
    workspace().join("testcases/problems")
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is a folder of the workspace")
}

/// A worker in a folder of its own, with nothing set but what it is given. Ended when dropped.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    dir: TempDir,
    address: String,
}

impl Worker {
    /// Starts `binary serve` with `settings`, environment variables, and waits until it is ready.
    pub fn start(binary: &Path, name: &str, settings: &[(&str, String)]) -> Fallible<Self> {
        let dir = tempfile::tempdir()?;
        let log = File::create(dir.path().join("log"))?;
        let mut command = Command::new(binary);
        for (variable, _) in env::vars_os() {
            if variable.to_string_lossy().starts_with("JUDGE_") {
                command.env_remove(variable);
            }
        }
        command.arg("serve").current_dir(dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command.env("JUDGE_WORKER_NAME", name).env("JUDGE_HTTP_ADDR", "127.0.0.1:0");
        command.env("JUDGE_LOG_FORMAT", "json").env("JUDGE_PROBLEMS", problems());
        command.envs(settings.iter().map(|(name, value)| (name, value))).stderr(log);
        // In the process group of the bench: a Ctrl-C ends both.
        let child = command.spawn();
        let child = child.map_err(|error| format!("cannot run {}: {error}", binary.display()))?;
        let mut worker = Self { child, dir, address: String::new() };
        worker.address = worker.wait_for("its address", Self::logged_address)?;
        worker.wait_for("readiness", |worker| worker.get("/readyz").ok())?;
        Ok(worker)
    }

    /// What it says at `/metrics`.
    pub fn metrics(&self) -> Fallible<String> {
        self.get("/metrics")
    }

    /// Its process, the front; the engine and the inits of slots descend from it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to finish, and waits until it has. Fails when it does not end well.
    pub fn finish(mut self) -> Fallible<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid())?);
        kill(pid, Signal::SIGTERM)?;
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait()? {
                Some(status) => break status,
                None if deadline < Instant::now() => return Err("the worker does not end".into()),
                None => sleep(POLL),
            }
        };
        if status.success() {
            Ok(())
        } else {
            Err(format!("the worker ended with {status}:\n{}", self.log()).into())
        }
    }

    fn get(&self, path: &str) -> Fallible<String> {
        get(&format!("http://{}{path}", self.address))
    }

    fn wait_for<T>(&mut self, what: &str, look: impl Fn(&Self) -> Option<T>) -> Fallible<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return Ok(found);
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || deadline < Instant::now() {
                let log = self.log();
                return Err(format!("no {what} of the worker ({ended:?}); its log:\n{log}").into());
            }
            sleep(POLL);
        }
    }

    fn logged_address(&self) -> Option<String> {
        let log = self.log();
        let line = log.lines().find(|line| line.contains(r#""metrics and health""#))?;
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(line["address"].as_str()?.to_owned())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Both fail only when it is reaped already. Its engine ends when the front is gone.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What is found at `url`, which must answer with a status of success.
pub fn get(url: &str) -> Fallible<String> {
    Ok(ureq::get(url).call()?.body_mut().read_to_string()?)
}
