//! Several workers, each with wires of its own to broker and database; who dies is followed by another.

use std::{
    os::unix::process::ExitStatusExt,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::{
    proxy::{Proxy, Weather},
    random::Random,
    serving::Serving,
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
}

struct Member {
    place: usize,
    worker: Option<Serving>,
    amqp: Proxy,
    database: Proxy,
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
        wires: Vec<(Proxy, Proxy)>,
        settings: impl Fn(&Proxy, &Proxy) -> Vec<(&'static str, String)>,
    ) -> Self {
        let members = wires.into_iter().enumerate().map(|(place, (amqp, database))| Member {
            place,
            worker: None,
            settings: settings(&amqp, &database),
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
        };
        fleet.fill();
        for member in &mut fleet.members {
            member.worker.as_mut().expect("just started").wait_until_ready();
        }
        fleet
    }

    /// Lets go on who has stood still for long enough, buries the dead, and fills their places.
    pub fn tend(&mut self) {
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
        let (what, wire) = match self.random.below(12) {
            0..6 => {
                worker.note_processes();
                if worker.ended().is_none() {
                    worker.kill9();
                }
                return format!("{chosen}: killed");
            }
            6 | 7 => {
                worker.signal(Signal::SIGSTOP);
                return format!("{chosen}: stopped");
            }
            8 => (Weather::Cut, &member.amqp),
            9 => (Weather::Silent, &member.amqp),
            10 => (Weather::Cut, &member.database),
            _ => (Weather::Silent, &member.database),
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
            member.amqp.set(Weather::Fair);
            member.database.set(Weather::Fair);
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
    }
}

fn failpoints() -> String {
    let rules = PLACES.iter().flat_map(|place| {
        FAILPOINTS.iter().map(move |(what, often)| format!("{place}={what}:{often}"))
    });
    rules.collect::<Vec<_>>().join(",")
}

/// Between two looks at the fleet.
pub const TICK: Duration = Duration::from_millis(100);
