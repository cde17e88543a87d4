//! Python with what the clients of the tests need, in a virtual environment below `target/`.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use nix::fcntl::{Flock, FlockArg};

/// The interpreter. Made once, and again when `tests/e2e/requirements.txt` changes.
pub fn interpreter() -> PathBuf {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/requirements.txt");
    let wanted = fs::read(&requirements).expect("the requirements");
    let below = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let venv = below.join("e2e-venv");
    let (python, installed) = (venv.join("bin/python"), venv.join("requirements.txt"));
    // Tests run at one time, in several processes.
    let lock = File::create(below.join("e2e-venv.lock")).expect("a lock file");
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).expect("a lock");
    if fs::read(&installed).is_ok_and(|there| there == wanted) {
        return python;
    }
    let mut make = Command::new("python3");
    run(make.args(["-m", "venv", "--clear"]).arg(&venv));
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    run(install.arg("-r").arg(&requirements));
    fs::write(installed, wanted).expect("the environment is ours"); // last: it says that all is there
    python
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("cannot run {command:?}: {error}; `make test` installs python3 and python3-venv")
    });
    assert!(
        output.status.success(),
        "{command:?} failed; `make test` installs python3 and python3-venv, and PyPI must be in \
         reach once:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
