//! Several workers, each with wires of its own to broker and database; who dies is followed by another.

use std::{
    os::unix::process::ExitStatusExt,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::{
    proxy::{Proxy, Weather},
    random::Random,
    serving::{Serving, SharedParent},
};

/// What goes wrong in a worker by itself, and how often.
const FAILPOINTS: [(&str, f64); 4] =
    [("kill", 0.006), ("stop", 0.002), ("delay", 0.02), ("fail", 0.01)];

/// Where: all of `judge_worker::failpoint::Failpoint`.
const PLACES: [&str; 13] = [
    "received",
    "claimed",
    "judging",
    "renew",
    "before_store",
    "stored",
    "publish",
    "confirmed",
    "before_ack",
    "copied",
    "give_up",
    "bury",
    "relay",
];

/// Longer than a lease, now and then.
const LONGEST_STOP_MS: u64 = 14_000;

/// The shortest lease that settings allow.
const LEASE_SECONDS: &str = "10";

pub struct Fleet {
    members: Vec<Member>,
    random: Random,
    seed: u64,
    started: u64,
    /// Whether failpoints are set in workers that start now.
    pub failing: bool,
    /// How many died of SIGKILL, by themselves or not.
    pub kills: usize,
    pub stops: usize,
    /// In which all make their groups, and their temporary files: what one of them leaves, the next
    /// one removes.
    groups: SharedParent,
    temporary: TempDir,
    next_note: Instant,
}

struct Member {
    place: usize,
    worker: Option<Serving>,
    amqp: Proxy,
    database: Option<Proxy>,
    settings: Vec<(&'static str, String)>,
    stopped_until: Option<Instant>,
    /// Whether its worker has failpoints.
    failing: bool,
}

impl Fleet {
    /// Of so many places, all of them filled, without failpoints yet. `settings` says how to reach
    /// broker and database by way of these two wires.
    pub fn start(
        seed: u64,
        wires: Vec<(Proxy, Option<Proxy>)>,
        settings: impl Fn(&Proxy, Option<&Proxy>) -> Vec<(&'static str, String)>,
    ) -> Self {
        let members = wires.into_iter().enumerate().map(|(place, (amqp, database))| Member {
            place,
            worker: None,
            settings: settings(&amqp, database.as_ref()),
            amqp,
            database,
            stopped_until: None,
            failing: false,
        });
        let mut fleet = Self {
            members: members.collect(),
            random: Random::new(seed, 1),
            seed,
            started: 0,
            failing: false,
            kills: 0,
            stops: 0,
            groups: SharedParent::new(&format!("chaos-{seed}")),
            temporary: tempfile::tempdir().expect("a folder"),
            next_note: Instant::now(),
        };
        fleet.fill();
        for member in &mut fleet.members {
            member.worker.as_mut().expect("just started").wait_until_ready();
        }
        fleet
    }

    /// Lets go on who has stood still for long enough, buries the dead, and fills their places.
    pub fn tend(&mut self) {
        let is_time = self.next_note <= Instant::now();
        if is_time {
            self.next_note = Instant::now() + BETWEEN_NOTES;
        }
        for member in &mut self.members {
            let Some(worker) = &mut member.worker else { continue };
            if let Some(ended) = worker.ended() {
                // Others end when the database is away while they start: that is for a supervisor.
                self.kills += usize::from(ended.signal() == Some(Signal::SIGKILL as i32));
                let worker = member.worker.take().expect("it is there");
                member.stopped_until = None;
                worker.expect_no_process_left();
                continue;
            }
            if is_time {
                worker.note_processes();
            }
            match member.stopped_until {
                Some(until) if until < Instant::now() => {
                    worker.signal(Signal::SIGCONT);
                    member.stopped_until = None;
                }
                None if worker.is_stopped() => {
                    let pause = self.random.millis(500, LONGEST_STOP_MS);
                    member.stopped_until = Some(Instant::now() + pause);
                    self.stops += 1;
                }
                Some(_) | None => {}
            }
        }
        self.fill();
    }

    fn fill(&mut self) {
        for member in self.members.iter_mut().filter(|member| member.worker.is_none()) {
            self.started += 1;
            let name = format!("w{}-{}", member.place, self.started);
            let seed = (self.seed ^ self.started).to_string();
            let failpoints = if self.failing { failpoints() } else { String::new() };
            let mut all = vec![
                ("JUDGE_LEASE_SECONDS", LEASE_SECONDS),
                ("JUDGE_READ_AHEAD", "1"),
                ("JUDGE_FAILPOINTS", &failpoints),
                ("JUDGE_FAILPOINTS_SEED", &seed),
            ];
            let groups = self.groups.setting();
            all.extend(groups.iter().map(|(name, value)| (*name, value.as_str())));
            all.push(("TMPDIR", self.temporary.path().to_str().expect("UTF-8")));
            all.extend(member.settings.iter().map(|(name, value)| (*name, value.as_str())));
            member.worker = Some(Serving::start(&name, &all));
            member.failing = self.failing;
        }
    }

    /// One thing goes wrong with one worker or its wires; gives what.
    pub fn suffer(&mut self) -> String {
        let chosen = self.random.below(self.members.len());
        let member = &mut self.members[chosen];
        let (Some(worker), None) = (&mut member.worker, member.stopped_until) else {
            return format!("{chosen}: spared");
        };
        let (what, wire) = match (self.random.below(12), &member.database) {
            (0..6, _) => {
                worker.note_processes();
                if worker.ended().is_none() {
                    worker.kill9();
                }
                return format!("{chosen}: killed");
            }
            (6 | 7, _) => {
                worker.signal(Signal::SIGSTOP);
                return format!("{chosen}: stopped");
            }
            (8, _) | (10, None) => (Weather::Cut, &member.amqp),
            (9, _) | (_, None) => (Weather::Silent, &member.amqp),
            (10, Some(database)) => (Weather::Cut, database),
            (_, Some(database)) => (Weather::Silent, database),
        };
        let which = if wire.port == member.amqp.port { "broker" } else { "database" };
        let (wire, pause) = (wire.clone(), self.random.millis(100, 9_000));
        wire.set(what);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            wire.set(Weather::Fair);
        });
        format!("{chosen}: {which} {what:?} for {pause:?}")
    }

    /// Has every worker follow that starts without failpoints, and all wires fair.
    pub fn calm_down(&mut self) {
        self.failing = false;
        for member in &mut self.members {
            for wire in [&member.amqp].into_iter().chain(&member.database) {
                wire.set(Weather::Fair);
            }
            if let Some(worker) = &mut member.worker
                && worker.ended().is_none()
            {
                worker.note_processes();
                worker.kill9();
            }
        }
        while self.members.iter().any(|member| member.worker.is_none() || member.failing) {
            std::thread::sleep(TICK);
            self.tend();
        }
    }

    /// Ends all of them in order; nothing of them may be left.
    pub fn finish(self) {
        for member in &self.members {
            member.worker.iter().for_each(Serving::terminate);
        }
        for member in self.members {
            member.worker.into_iter().for_each(Serving::expect_clean_end);
        }
        let groups = self.groups.groups();
        assert!(groups.is_empty(), "groups are left of workers that were killed: {groups:?}");
        let files = std::fs::read_dir(self.temporary.path()).expect("a folder of ours");
        let files: Vec<_> = files.map(|entry| entry.expect("an entry").path()).collect();
        assert!(files.is_empty(), "files are left of workers that were killed: {files:?}");
    }
}

fn failpoints() -> String {
    let rules = PLACES.iter().flat_map(|place| {
        FAILPOINTS.iter().map(move |(what, often)| format!("{place}={what}:{often}"))
    });
    rules.collect::<Vec<_>>().join(",")
}

/// Between two looks at who has which processes, which takes a while.
const BETWEEN_NOTES: Duration = Duration::from_secs(1);

/// Between two looks at the fleet.
pub const TICK: Duration = Duration::from_millis(100);
