//! A private `MariaDB`: its own folder, a free loopback port, gone when it is dropped.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid},
};
use sqlx::{
    ConnectOptions, Connection, Executor,
    mysql::{MySqlConnectOptions, MySqlConnection},
};
use tempfile::TempDir;

/// How long a server may take to answer; a loaded machine needs some seconds.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Between asking for a free port and binding it, somebody else may take it.
const PORTS_TRIED: u32 = 5;

/// A running server with one empty database.
pub struct MariaDb {
    dir: TempDir,
    port: u16,
    server: Child,
}

impl MariaDb {
    /// Installs and starts a server, without strict mode: the worker has to see to that itself.
    pub async fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("judge-mariadb-").tempdir().expect("a folder");
        install(&dir);
        for _ in 0..PORTS_TRIED {
            let port = free_port();
            let mut server = launch(&dir, port);
            if wait_until_ready(&mut server, port).await.is_ok() {
                let started = Self { dir, port, server };
                started.create_database().await;
                return started;
            }
            kill_and_reap(&mut server);
        }
        panic!("mariadbd does not start: {}", log_of(&dir));
    }

    /// Where the worker connects: as a user with the rights it documents, and no others.
    pub fn url(&self) -> String {
        format!("mysql://judge:hidden-password@127.0.0.1:{}/judge", self.port)
    }

    /// A connection that may do anything and has chosen no database.
    pub async fn root(&self) -> MySqlConnection {
        root_at(self.port).connect().await.expect("the server is up")
    }

    /// Kills the server as a power cut would, and reaps it.
    pub fn kill9(&mut self) {
        kill_and_reap(&mut self.server);
    }

    /// Starts a killed server again, on its data and port.
    pub async fn restart(&mut self) {
        self.server = launch(&self.dir, self.port);
        if let Err(why) = wait_until_ready(&mut self.server, self.port).await {
            panic!("mariadbd does not start again: {why}\n{}", log_of(&self.dir));
        }
    }

    /// Stops the server in its tracks: connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
        // A thread that runs on another core stops a moment later, and may answer until then.
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.threads_are_stopped() {
            assert!(Instant::now() < deadline, "the server does not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn threads_are_stopped(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.server.id()));
        tasks.expect("the server is our child and not reaped").flatten().all(|task| {
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            // `PID (NAME) STATE …`, and a name may hold anything (`proc_pid_stat(5)`).
            stat.rsplit(") ").next().is_none_or(|rest| rest.starts_with('T'))
        })
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.server.id()).expect("a pid is an int");
        kill(Pid::from_raw(pid), signal).expect("the server is our child and not reaped");
    }

    async fn create_database(&self) {
        let mut root = root_at(self.port).connect().await.expect("it answered a moment ago");
        for statement in [
            "CREATE DATABASE judge",
            "CREATE USER judge@127.0.0.1 IDENTIFIED BY 'hidden-password'",
            "GRANT CREATE, ALTER, INDEX, REFERENCES, SELECT, INSERT, UPDATE, DELETE \
             ON judge.* TO judge@127.0.0.1",
        ] {
            root.execute(statement).await.expect("root may do anything");
        }
        root.close().await.expect("the server is up");
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        kill_and_reap(&mut self.server); // its data go with the folder
    }
}

fn install(dir: &TempDir) {
    let data = dir.path().join("data");
    let mut install = command("mariadb-install-db", dir);
    install.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
    install.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
    install.arg("--innodb-log-file-size=16M");
    if geteuid().is_root() {
        install.arg("--user=root");
    }
    let installed = install.output().expect("mariadb-install-db can be run");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
}

fn launch(dir: &TempDir, port: u16) -> Child {
    let file = |name: &str| dir.path().join(name).display().to_string();
    let mut server = command("mariadbd", dir);
    server.arg("--no-defaults").args([
        format!("--datadir={}", file("data")),
        format!("--socket={}", file("socket")),
        format!("--pid-file={}", file("pid")),
        format!("--log-error={}", file("log")),
        format!("--port={port}"),
    ]);
    server.args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--sql-mode="]);
    server.args(["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M"]);
    if geteuid().is_root() {
        server.arg("--user=root");
    }
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    server.spawn().expect("mariadbd can be run")
}

async fn wait_until_ready(server: &mut Child, port: u16) -> Result<(), String> {
    let started = Instant::now();
    let root = root_at(port);
    let mut last = String::from("nothing was tried");
    while started.elapsed() < READY_WITHIN {
        if let Some(status) = server.try_wait().expect("a child of ours") {
            return Err(format!("it ended with {status}"));
        }
        let connecting = tokio::time::timeout(READY_WITHIN, root.connect());
        match connecting.await {
            Ok(Ok(connection)) => return connection.close().await.map_err(|e| e.to_string()),
            Ok(Err(e)) => last = e.to_string(),
            Err(_) => last = String::from("it accepts a connection and says nothing"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("it was not ready within {READY_WITHIN:?}: {last}"))
}

fn root_at(port: u16) -> MySqlConnectOptions {
    MySqlConnectOptions::new().host("127.0.0.1").port(port).username("root")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
    listener.local_addr().expect("it is bound").port()
}

fn kill_and_reap(server: &mut Child) {
    // Both fail only when it is reaped already.
    drop(server.kill());
    drop(server.wait());
}

fn log_of(dir: &TempDir) -> String {
    fs::read_to_string(dir.path().join("log")).unwrap_or_else(|e| format!("(no log: {e})"))
}

/// Debian has the server in `/usr/sbin`, which is not in everybody's `PATH`.
///
/// Servers name temporary tables by their pid only, so each needs a `TMPDIR` of its own.
fn command(name: &str, dir: &TempDir) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    let program = found.unwrap_or_else(|| panic!("no {name} here: `make test` installs it"));
    let mut command = Command::new(program);
    command.env("TMPDIR", dir.path());
    command
}
