//! Workers that are killed at any moment from their first on, beside one that lives: of the dead
//! nothing stays, and of the living nothing goes.
//!
//! Processes, and with them their mounts, are gone soon by the kernel's hand; cgroups and temporary
//! files at the latest when the next worker has started.

#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/wire.rs"]
mod wire;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rabbit::Rabbit;
use serde_json::json;
use serving::{PATIENCE, Serving, SharedParent};
use wire::Wire;

const SUBMISSIONS: &str = "judge.submissions";
const EVENTS: &str = "events";

/// When a worker is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// As soon as it is a process.
    Birth,
    /// As soon as one of its processes is called so.
    Appears(&'static str),
    /// When it takes submissions.
    Ready,
    /// So long after it was started.
    After(Duration),
}

/// Who is killed.
#[derive(Clone, Copy, Debug)]
enum Whom {
    /// The process that everybody knows of. Its engine is left to itself.
    Front,
    /// All of its processes, as by a service manager that has lost patience.
    All,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_worker_killed_at_any_moment_the_next_one_leaves_nothing_and_the_living_keep_theirs() {
    let parent = SharedParent::new("killed");
    let rabbit = tokio::task::spawn_blocking(Rabbit::start).await.expect("RabbitMQ starts");
    let (temporary, cache) = (tempfile::tempdir(), tempfile::tempdir());
    let (temporary, cache) = (temporary.expect("a folder"), cache.expect("a folder"));
    let problems = packed_problems();
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let mut settings = vec![
        ("JUDGE_AMQP_URL", rabbit.url()),
        ("JUDGE_DATABASE_URL", "sqlite://history.sqlite".to_owned()),
        ("JUDGE_PROBLEMS", path(problems.path())),
        ("TMPDIR", path(temporary.path())),
    ];
    settings.extend(parent.setting());
    let plain: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let folder = path(cache.path());
    // Each of them would begin to prepare compilers.
    let preparing = [("JUDGE_PREPARE_COMPILERS", "true"), ("JUDGE_CACHE_DIR", folder.as_str())];
    let preparing = [&plain[..], &preparing].concat();

    let began = Instant::now();
    let mut living = Serving::start("leo", &plain);
    living.wait_until_ready();
    let to_ready = began.elapsed();
    let wire = Wire::open(&rabbit.url()).await;
    wire.declare_queue(EVENTS).await;
    wire.bind(EVENTS, "judge.events", "#").await;
    // So that it has groups and files of every kind.
    judge_one(&wire, "before").await;
    let (groups, files) = (parent.groups(), entries(temporary.path()));
    assert_eq!(groups.is_empty(), parent.setting().is_none());
    assert_eq!(files.len(), 2, "front and engine: {files:?}");

    for (number, (moment, whom)) in moments(to_ready).into_iter().enumerate() {
        tokio::task::block_in_place(|| {
            let mut victim = Serving::spawn(&format!("victim-{number}"), &preparing);
            wait_until(moment, &mut victim);
            kill_now(whom, &mut victim);
            println!("{moment:?}, {whom:?}");
            victim.expect_no_process_left();
        });
        assert!(parent.groups().is_superset(&groups), "groups of the living one are gone");
    }

    let mut heir = Serving::start("heiner", &plain);
    heir.wait_until_ready();
    heir.note_processes();
    heir.terminate();
    heir.expect_clean_end();
    let (groups_now, files_now) = (parent.groups(), entries(temporary.path()));
    assert_eq!(groups_now.difference(&groups).collect::<Vec<_>>(), Vec::<&PathBuf>::new());
    assert_eq!((groups_now, files_now), (groups, files));

    judge_one(&wire, "after").await;
    living.note_processes();
    living.terminate();
    living.expect_clean_end();
    assert_eq!((parent.groups(), entries(temporary.path())), Default::default());
}

/// Those that have a name, for both, and some that are spread over a start.
fn moments(to_ready: Duration) -> Vec<(Moment, Whom)> {
    let named = [
        Moment::Birth,
        Moment::Appears("judge-worker-engine"),
        Moment::Appears("judge-sandbox-init"),
        Moment::Ready,
        Moment::Appears("cc1plus"),
    ];
    let random = std::collections::hash_map::RandomState::new();
    let share = |number: u32| {
        use std::hash::BuildHasher;
        random.hash_one(number) % 1_000
    };
    let spread = (0..4).map(|number| {
        let share = u32::try_from(share(number)).expect("below 1000");
        (
            Moment::After(to_ready * share / 800),
            if number % 2 == 0 { Whom::Front } else { Whom::All },
        )
    });
    let named = named.into_iter().flat_map(|it| [(it, Whom::Front), (it, Whom::All)]);
    named.chain(spread).collect()
}

fn wait_until(moment: Moment, victim: &mut Serving) {
    let deadline = Instant::now() + PATIENCE;
    let has = |victim: &mut Serving, name: &str| {
        victim.note_processes();
        victim.descendants().iter().any(|(pid, _)| name_of(*pid).ends_with(name))
    };
    match moment {
        Moment::Birth => {}
        Moment::After(time) => sleep(time),
        Moment::Ready => victim.wait_for("serving", |victim| {
            victim.log_lines().any(|line| line["message"] == "serving").then_some(())
        }),
        Moment::Appears(name) => {
            while !has(victim, name) {
                assert!(victim.ended().is_none() && Instant::now() < deadline, "no {name}");
            }
        }
    }
}

fn kill_now(whom: Whom, victim: &mut Serving) {
    victim.note_processes();
    let all = victim.descendants();
    victim.kill9();
    if let Whom::All = whom {
        for (pid, _) in all {
            // One that has ended meanwhile is what is wanted.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// Of the shipped packages, one as an archive, which each process unpacks for itself.
fn packed_problems() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let archive = fs::File::create(dir.path().join("sums.zip")).expect("a new file");
    let mut writer = zip::ZipWriter::new(archive);
    pack(&mut writer, &serving::problems().join("sums"), "");
    writer.finish().expect("an archive");
    dir
}

fn pack(writer: &mut zip::ZipWriter<fs::File>, folder: &Path, below: &str) {
    for entry in fs::read_dir(folder).expect("a package") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_str().expect("UTF-8");
        let name = format!("{below}{name}");
        if path.is_dir() {
            pack(writer, &path, &format!("{name}/"));
        } else {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(name, options).expect("an archive");
            let mut file = fs::File::open(&path).expect("a readable file");
            std::io::copy(&mut file, writer).expect("an archive");
        }
    }
}

/// By whoever is there to do it.
async fn judge_one(wire: &Wire, id: &str) {
    let message = json!({
        "submissionId": id, "problemId": "sums", "language": "python3", "mode": "custom",
        "stdin": "", "source": "print(1)\n",
    });
    wire.publish(SUBMISSIONS, message.to_string().as_bytes()).await;
    loop {
        let event: serde_json::Value =
            serde_json::from_slice(&wire.get(EVENTS).await.body).expect("JSON");
        if event["type"] == "verdict" {
            assert_eq!((&event["submissionId"], &event["verdict"]), (&json!(id), &json!("AC")));
            return;
        }
    }
}

/// As a process calls itself: the first of its arguments.
fn name_of(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(line.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned()
}

fn entries(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of ours");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}
