//! A private `RabbitMQ` node for tests: own folder, cookie, node name, ports and epmd, on the
//! loopback only. It is stopped by pid when dropped. Starting takes 5 to 10 s, so tests of one
//! process share a node and keep apart by the prefix of their queue names.
//!
//! A kill -9 within about a second of declaring a quorum queue loses that queue: see
//! [`Rabbit::sync_queues`].

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::{
    fs::{self, File, Permissions},
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tempfile::TempDir;

/// Where Debian keeps the scripts that don't switch to the service's user.
const BIN: &str = "/usr/lib/rabbitmq/bin";

/// Longest wait for the node to start or stop.
const PATIENCE: Duration = Duration::from_mins(2);

const POLL: Duration = Duration::from_millis(50);

/// A running node.
pub struct Rabbit {
    dir: TempDir,
    ports: Ports,
    server: Option<Child>,
}

#[derive(Clone, Copy)]
struct Ports {
    amqp: u16,
    distribution: u16,
    epmd: u16,
    ctl: u16,
}

impl Rabbit {
    /// Starts a fresh node and waits until it accepts connections. Panics with what to do when
    /// `RabbitMQ` is not installed, and with the node's log when it doesn't start.
    pub fn start() -> Self {
        assert!(
            Path::new(BIN).join("rabbitmq-server").exists(),
            "this test needs rabbitmq-server, which is not installed: `make test` installs it"
        );
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut node = Self { ports: free_ports(), dir, server: None };
        node.write_settings();
        node.boot();
        node
    }

    /// Where the node listens, as the default user.
    pub fn url(&self) -> String {
        self.url_as("guest", "guest")
    }

    /// Where the node listens, as somebody else.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        format!("amqp://{user}:{password}@127.0.0.1:{}/%2f", self.ports.amqp)
    }

    /// Has the node write what it knows of its queues to disk, so that a kill -9 right after
    /// declaring one doesn't lose it. By itself it does so within about a second.
    pub fn sync_queues(&self) {
        // The tables by which a quorum queue finds its log, then those of the queues themselves.
        self.ctl(&["eval", "[ok = dets:sync(T) || T <- dets:all()], ok = mnesia:sync_log()."]);
    }

    /// Kills the node like a power cut would, and waits until it is gone.
    pub fn kill9(&mut self) {
        self.kill_group();
    }

    /// Starts the node again, with what was on its disk.
    pub fn restart(&mut self) {
        self.boot();
    }

    /// Runs `rabbitmqctl` against this node; panics when it fails.
    pub fn ctl(&self, args: &[&str]) -> String {
        let output = self.command("rabbitmqctl").arg("--quiet").args(args).output();
        let output = output.expect("rabbitmqctl can be run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "rabbitmqctl {args:?}: {text}{errors}");
        text
    }

    fn boot(&mut self) {
        let log = File::create(self.path("log/out")).expect("a log file");
        let server = self
            .command("rabbitmq-server")
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a log file"))
            .stdout(log)
            // Its own group, so that a Ctrl-C at the test doesn't reach it half-way.
            .process_group(0)
            .spawn()
            .expect("the server script can be run");
        self.server = Some(server);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.ports.amqp)).is_err() {
            let exited = self.server.as_mut().and_then(|server| server.try_wait().ok().flatten());
            if exited.is_some() || deadline < Instant::now() {
                let log = fs::read_to_string(self.path("log/out")).unwrap_or_default();
                panic!("RabbitMQ did not start ({exited:?}):\n{log}");
            }
            sleep(POLL);
        }
    }

    fn write_settings(&self) {
        for folder in ["mnesia", "log", "home"] {
            fs::create_dir(self.path(folder)).expect("a folder");
        }
        let cookie = self.path("home/.erlang.cookie");
        let secret = format!("{:x}", random());
        fs::write(&cookie, secret).expect("the cookie");
        fs::set_permissions(&cookie, Permissions::from_mode(0o400)).expect("the cookie's mode");
        fs::write(self.path("enabled_plugins"), "[].").expect("the plugins");
        let settings = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\n\
             log.console = false\n\
             log.file.level = warning\n\
             disk_free_limit.absolute = 50MB\n\
             vm_memory_high_watermark.absolute = 512MB\n",
            self.ports.amqp
        );
        fs::write(self.path("rabbitmq.conf"), settings).expect("the settings");
    }

    fn command(&self, script: &str) -> Command {
        let Ports { amqp, distribution, epmd, ctl } = self.ports;
        let quiet = "-kernel inet_dist_use_interface {127,0,0,1} \
                     +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none";
        let mut command = Command::new(Path::new(BIN).join(script));
        command
            .env("HOME", self.path("home"))
            .env("RABBITMQ_NODENAME", format!("t{amqp}@localhost"))
            .env("RABBITMQ_DIST_PORT", distribution.to_string())
            .env("ERL_EPMD_PORT", epmd.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_MNESIA_BASE", self.path("mnesia"))
            .env("RABBITMQ_LOG_BASE", self.path("log"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", self.path("enabled_plugins"))
            .env("RABBITMQ_CONFIG_FILE", self.path("rabbitmq.conf"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_PID_FILE", self.path("pid"))
            .env("RABBITMQ_CTL_DIST_PORT_MIN", ctl.to_string())
            .env("RABBITMQ_CTL_DIST_PORT_MAX", ctl.to_string())
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", quiet);
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The script and the node share a process group of their own, which nobody else can have
    /// while the script is our child and not reaped.
    fn kill_group(&mut self) {
        if let Some(mut server) = self.server.take() {
            let group = i32::try_from(server.id()).expect("a pid fits");
            killpg(Pid::from_raw(group), Signal::SIGKILL).expect("the node can be killed");
            server.wait().expect("the script can be reaped");
            while TcpStream::connect(("127.0.0.1", self.ports.amqp)).is_ok() {
                sleep(POLL);
            }
        }
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        // Nothing in it is worth an orderly stop.
        self.kill_group();
        // The epmd that the node started; it has nothing else to serve.
        let epmd = self.ports.epmd.to_string();
        drop(Command::new("epmd").args(["-port", &epmd, "-kill"]).output());
    }
}

fn free_ports() -> Ports {
    // Held together, so that they differ.
    let held = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [amqp, distribution, epmd, ctl] =
        held.map(|listener| listener.local_addr().expect("its address").port());
    Ports { amqp, distribution, epmd, ctl }
}

/// The cookie only has to differ between nodes.
fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
