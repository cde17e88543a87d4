//! A host that runs out of disk, inodes, descriptors or memory: the worker says of what, keeps what it
//! has in hand, uses up no try of it, and goes on when there is enough again.

#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/wire.rs"]
mod wire;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use rabbit::Rabbit;
use serde_json::{Value, json};
use serving::Serving;
use sqlx::Connection;
use tempfile::TempDir;
use wire::Wire;

const SUBMISSIONS: &str = "judge.submissions";

/// A worker whose database and cache are on a disk of its own, with a private broker.
struct Scene {
    disk: SmallDisk,
    rabbit: Rabbit,
    wire: Wire,
    worker: Serving,
}

impl Scene {
    async fn open(name: &str) -> Self {
        let rabbit = tokio::task::spawn_blocking(Rabbit::start).await.expect("RabbitMQ starts");
        let wire = Wire::open(&rabbit.url()).await;
        let disk = SmallDisk::mount();
        let database = format!("sqlite://{}", disk.path().join("history.db").display());
        let cache = disk.path().join("cache");
        fs::create_dir(&cache).expect("there is room yet");
        let settings = [
            ("JUDGE_AMQP_URL", rabbit.url()),
            ("JUDGE_DATABASE_URL", database),
            ("JUDGE_CACHE_DIR", cache.display().to_string()),
            ("JUDGE_COMPILE_CACHE_MIB", "16".to_owned()),
        ];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut worker = Serving::start(name, &settings);
        worker.wait_until_ready();
        wire.declare_queue("verdicts").await;
        wire.bind("verdicts", "judge.events", "verdict.#").await;
        rabbit.sync_queues();
        Self { disk, rabbit, wire, worker }
    }

    async fn submit(&self, id: &str, language: &str, source: &str) {
        let message = json!({
            "submissionId": id, "problemId": "sums", "language": language, "mode": "custom",
            "stdin": "", "source": source,
        });
        self.wire.publish(SUBMISSIONS, message.to_string().as_bytes()).await;
    }

    async fn expect_accepted(&self, id: &str) -> Value {
        let told = self.wire.get("verdicts").await;
        let told: Value = serde_json::from_slice(&told.body).expect("JSON");
        assert_eq!((&told["requestId"], &told["verdict"]), (&json!(id), &json!("AC")), "{told}");
        told
    }

    /// Waits until the worker says so, in the field `field` of a line of its log.
    fn wait_until_it_says(&mut self, field: &str, words: &str) {
        self.worker.wait_for(words, |worker| {
            let says = |line: &Value| line[field].as_str().is_some_and(|it| it.contains(words));
            worker.log_lines().any(|line| says(&line)).then_some(())
        });
    }

    /// Of each request: its verdict, and how many tries of it failed.
    async fn history(&self) -> Vec<(String, String, i64)> {
        let url = format!("sqlite://{}", self.disk.path().join("history.db").display());
        let mut database = sqlx::SqliteConnection::connect(&url).await.expect("it can be read");
        let select = "SELECT h.request_id, h.verdict, s.failed_tries \
                      FROM judge_history h JOIN judge_submission s USING (request_id) ORDER BY id";
        sqlx::query_as(select).fetch_all(&mut database).await.expect("the history")
    }

    async fn expect_history(&self, ids: &[&str]) {
        let accepted: Vec<_> =
            ids.iter().map(|id| ((*id).to_owned(), "AC".to_owned(), 0)).collect();
        assert_eq!(self.history().await, accepted);
    }

    /// Nothing that was accepted was moved to where nobody judges it.
    fn expect_nothing_dead(&self) {
        let queues = self.rabbit.ctl(&["list_queues", "name", "messages", "--no-table-headers"]);
        let empty = queues.lines().any(|line| line == "judge.dead\t0");
        assert!(empty, "{queues}");
    }

    /// The engine process of the worker.
    fn engine(&self) -> i32 {
        let is_engine = |pid: &i32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.starts_with(b"judge-worker-engine")
        };
        let mut below = self.worker.descendants().into_iter().map(|(pid, _)| pid);
        below.find(is_engine).expect("a serving worker has one")
    }
}

/// A file system of 8 MiB and 300 inodes.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let options = Some("size=8m,nr_inodes=300,mode=700");
        mount(Some("small"), dir.path(), Some("tmpfs"), MsFlags::empty(), options)
            .expect("tests of the worker run as root, as `make test` says");
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes every block that is free, and gives what it took, to be removed.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("ballast");
        let mut ballast = File::create(&path).expect("an inode is free");
        // The last one may have room for less than a chunk.
        for chunk in [1 << 16, 1] {
            let chunk = vec![0; chunk];
            while ballast.write_all(&chunk).is_ok() {}
        }
        path
    }

    /// Takes every inode that is free.
    fn fill_inodes(&self) -> PathBuf {
        let path = self.path().join("many");
        fs::create_dir(&path).expect("an inode is free");
        let full = (0..).find_map(|number| File::create(path.join(number.to_string())).err());
        let errno = full.and_then(|error| error.raw_os_error()).map(Errno::from_raw);
        assert_eq!(errno, Some(Errno::ENOSPC), "there are few");
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Detached: the worker may have files open there.
        let _ = umount2(self.path(), MntFlags::MNT_DETACH);
    }
}

/// Sets a soft limit of a process, by `prlimit(1)`.
fn limit(pid: i32, resource: &str, most: u64) {
    let set = Command::new("prlimit")
        .args([format!("--pid={pid}"), format!("--{resource}={most}:")])
        .status()
        .expect("prlimit is part of Debian's util-linux");
    assert!(set.success());
}

/// The lowest number that is no descriptor of it. As a limit, it leaves none to be had; what is open
/// above it stays.
fn lowest_free_descriptor(pid: i32) -> u64 {
    let is_free = |number: &u64| !Path::new(&format!("/proc/{pid}/fd/{number}")).is_symlink();
    (0..1 << 20).find(is_free).expect("no process here has so many")
}

/// Bytes of address space, from `proc_pid_statm(5)`.
fn address_space(pid: i32) -> u64 {
    let pages = fs::read_to_string(format!("/proc/{pid}/statm")).expect("it lives");
    let pages: u64 = pages.split(' ').next().expect("a field").parse().expect("a number");
    pages * 4096
}

const HELLO: &str = "int main(void) { return 0; }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_keeps_a_submission_waiting_and_full_inodes_keep_nothing_but_the_cache() {
    let mut scene = Scene::open("nadja").await;
    scene.submit("s-0", "python3", "pass").await;
    scene.expect_accepted("s-0").await;

    let ballast = scene.disk.fill();
    scene.submit("s-1", "python3", "pass").await;
    scene.wait_until_it_says("error", "disk is full");
    assert!(scene.wire.try_get("verdicts").await.is_none(), "what is not stored is not told");
    scene.expect_nothing_dead();
    fs::remove_file(ballast).expect("it is ours");
    scene.expect_accepted("s-1").await;

    let many = scene.disk.fill_inodes();
    scene.submit("s-2", "c", HELLO).await;
    let told = scene.expect_accepted("s-2").await;
    assert_eq!(told["compile"]["cached"], false);
    fs::remove_dir_all(many).expect("it is ours");
    scene.submit("s-3", "c", HELLO).await;
    let told = scene.expect_accepted("s-3").await;
    assert_eq!(told["compile"]["cached"], false, "there was no room to keep it");
    scene.submit("s-4", "c", HELLO).await;
    assert_eq!(scene.expect_accepted("s-4").await["compile"]["cached"], true);

    scene.expect_history(&["s-0", "s-1", "s-2", "s-3", "s-4"]).await;
    scene.worker.terminate();
    scene.worker.expect_clean_end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_descriptors_a_submission_is_put_off_and_no_try_is_used_up() {
    let mut scene = Scene::open("olga").await;
    scene.submit("s-0", "python3", "pass").await;
    scene.expect_accepted("s-0").await;

    let (front, engine) = (scene.worker.pid(), scene.engine());
    limit(engine, "nofile", lowest_free_descriptor(engine));
    scene.submit("s-1", "python3", "pass").await;
    scene.wait_until_it_says("cause", "out of file descriptors: raise the limit");
    scene.expect_nothing_dead();
    limit(engine, "nofile", 1024);
    scene.expect_accepted("s-1").await;

    // The front has what it needs for submissions, and says what it has none for.
    limit(front, "nofile", lowest_free_descriptor(front));
    scene.submit("s-2", "python3", "pass").await;
    scene.expect_accepted("s-2").await;
    let unanswered = scene.worker.address.clone();
    let scrape = std::thread::spawn(move || std::net::TcpStream::connect(unanswered).map(drop));
    scene.wait_until_it_says("message", "cannot accept a metrics connection");
    limit(front, "nofile", 1024);
    scrape.join().expect("it does not panic").expect("the kernel keeps it waiting");
    scene.worker.wait_until_ready();

    scene.expect_history(&["s-0", "s-1", "s-2"]).await;
    scene.worker.terminate();
    scene.worker.expect_clean_end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_gets_no_more_memory_costs_its_submission_one_try_at_most() {
    let mut scene = Scene::open("petra").await;
    let engine = scene.engine();
    limit(engine, "as", address_space(engine));
    scene.submit("s-0", "python3", "pass").await;
    // Either it can still say so, or it aborts: then there is another one, without this limit.
    scene.worker.wait_for("words about it", |worker| {
        let log = worker.log();
        let told = ["out of memory", "out of processes or threads", "the engine process is gone"];
        told.iter().any(|words| log.contains(words)).then_some(())
    });
    if Path::new(&format!("/proc/{engine}")).exists() {
        limit(engine, "as", 1 << 40);
    }
    scene.expect_accepted("s-0").await;
    let history = scene.history().await;
    assert!(matches!(&history[..], [(_, _, 0..=1)]), "{history:?}");
    scene.expect_nothing_dead();
    scene.worker.terminate();
    scene.worker.expect_clean_end();
}
