//! Places in the worker's protocol at which a test can have it die, stand still, be late or fail.
//!
//! They exist in builds with the feature `failpoints` only, which no delivered binary has. Without it
//! [`reach`] does nothing, and no value of [`Injected`] can exist. With it, a process does what its
//! environment says:
//!
//! ```text
//! JUDGE_FAILPOINTS=stored=kill:0.05,claimed=stop:0.02,publish=fail:0.1   place=what:how often
//! JUDGE_FAILPOINTS_SEED=7
//! ```
//!
//! Whether something happens follows from the seed, the place, and how often it was reached before.

/// A place in the protocol, in the order in which a delivery comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failpoint {
    /// A delivery is in hand, and nothing has been done about it.
    Received,
    /// The claim is granted, and nothing has begun.
    Claimed,
    /// The engine has been asked, and has not answered.
    Judging,
    /// The lease is to be renewed.
    Renew,
    /// The judgement is there, and not stored.
    BeforeStore,
    /// The history transaction has committed, and nothing is told.
    Stored,
    /// The verdict is about to be published.
    Publish,
    /// The verdict is confirmed, and in the outbox still.
    Confirmed,
    /// The verdict is out of the outbox, and the delivery not acked.
    BeforeAck,
    /// The copy for the retry or the dead queue is confirmed, and the original not acked.
    Copied,
    /// The request is about to be given up.
    GiveUp,
    /// The message is about to go to the dead queue.
    Bury,
    /// A verdict that was left over is about to be published.
    Relay,
}

impl Failpoint {
    /// Every place.
    pub const ALL: [Self; 13] = [
        Self::Received,
        Self::Claimed,
        Self::Judging,
        Self::Renew,
        Self::BeforeStore,
        Self::Stored,
        Self::Publish,
        Self::Confirmed,
        Self::BeforeAck,
        Self::Copied,
        Self::GiveUp,
        Self::Bury,
        Self::Relay,
    ];

    /// As the environment names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Claimed => "claimed",
            Self::Judging => "judging",
            Self::Renew => "renew",
            Self::BeforeStore => "before_store",
            Self::Stored => "stored",
            Self::Publish => "publish",
            Self::Confirmed => "confirmed",
            Self::BeforeAck => "before_ack",
            Self::Copied => "copied",
            Self::GiveUp => "give_up",
            Self::Bury => "bury",
            Self::Relay => "relay",
        }
    }
}

pub use switch::{Injected, reach};

#[cfg(not(feature = "failpoints"))]
mod switch {
    use super::Failpoint;

    /// A failure made by a test: in this build there is none.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
    pub enum Injected {}

    const _: () = assert!(size_of::<Result<(), Injected>>() == 0, "Ok is the only value");

    /// Goes on.
    pub async fn reach(_: Failpoint) -> Result<(), Injected> {
        Ok(())
    }
}

#[cfg(feature = "failpoints")]
mod switch {
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use nix::sys::signal::{Signal, raise};

    use super::Failpoint;

    /// A failure made by a test.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
    #[error("the failpoint {} was set to fail", .0.name())]
    pub struct Injected(Failpoint);

    #[derive(Clone, Copy, Debug)]
    enum What {
        Kill,
        Stop,
        Delay,
        Fail,
    }

    /// Long enough for others to get ahead.
    const DELAY: Duration = Duration::from_millis(300);

    struct Plan {
        seed: u64,
        /// What happens at each place, with what probability.
        points: Vec<(Failpoint, What, f64)>,
        reached: [AtomicU64; Failpoint::ALL.len()],
    }

    static PLAN: LazyLock<Plan> = LazyLock::new(Plan::of_environment);

    /// Does what the environment says about this place.
    pub async fn reach(point: Failpoint) -> Result<(), Injected> {
        for what in PLAN.drawn(point) {
            tracing::warn!(failpoint = point.name(), ?what, "a failpoint was reached");
            match what {
                What::Kill => raise(Signal::SIGKILL).expect("one may always kill oneself"),
                What::Stop => raise(Signal::SIGSTOP).expect("one may always stop oneself"),
                What::Delay => tokio::time::sleep(DELAY).await,
                What::Fail => return Err(Injected(point)),
            }
        }
        Ok(())
    }

    impl Plan {
        /// Panics on what makes no sense: a chaos that nobody meant proves nothing.
        fn of_environment() -> Self {
            let variable = |name| std::env::var(name).unwrap_or_default();
            let points = variable("JUDGE_FAILPOINTS");
            let points = points.split(',').filter(|rule| !rule.is_empty());
            Self {
                seed: variable("JUDGE_FAILPOINTS_SEED").parse().unwrap_or_default(),
                points: points
                    .map(|rule| parse(rule).unwrap_or_else(|| panic!("no failpoint: {rule:?}")))
                    .collect(),
                reached: Default::default(),
            }
        }

        /// What happens this time, in the order of the rules.
        fn drawn(&self, point: Failpoint) -> impl Iterator<Item = What> {
            let count = self.reached[point as usize].fetch_add(1, Ordering::Relaxed);
            let rules = self.points.iter().enumerate().filter(move |(_, rule)| rule.0 == point);
            rules.filter_map(move |(index, &(_, what, probability))| {
                let mut hasher = DefaultHasher::new();
                (self.seed, point, count, index).hash(&mut hasher);
                #[expect(clippy::cast_precision_loss, reason = "a share of all numbers")]
                let drawn = hasher.finish() as f64 / u64::MAX as f64;
                (drawn < probability).then_some(what)
            })
        }
    }

    /// `place=what:how often`.
    fn parse(rule: &str) -> Option<(Failpoint, What, f64)> {
        let (place, rest) = rule.split_once('=')?;
        let (what, probability) = rest.split_once(':')?;
        let what = match what {
            "kill" => What::Kill,
            "stop" => What::Stop,
            "delay" => What::Delay,
            "fail" => What::Fail,
            _ => return None,
        };
        let point = Failpoint::ALL.into_iter().find(|point| point.name() == place)?;
        Some((point, what, probability.parse().ok()?))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_seed_draws_the_same_every_time_and_about_as_often_as_it_is_told() {
            let plan = || Plan {
                seed: 3,
                points: vec![(Failpoint::Stored, What::Fail, 0.25)],
                reached: Default::default(),
            };
            let draw = |plan: &Plan| plan.drawn(Failpoint::Stored).count();
            let (one, other) = (plan(), plan());
            let drawn: Vec<_> = (0..1_000).map(|_| draw(&one)).collect();
            assert_eq!(drawn, (0..1_000).map(|_| draw(&other)).collect::<Vec<_>>());
            assert!((150..350).contains(&drawn.iter().sum::<usize>()));
            assert_eq!(one.drawn(Failpoint::Bury).count(), 0);
        }

        #[test]
        fn a_rule_names_a_place_a_deed_and_a_probability() {
            assert!(parse("stored=kill:0.5").is_some());
            for wrong in
                ["stored", "stored=kill", "stored=burn:1", "nowhere=kill:1", "stored=kill:x"]
            {
                assert!(parse(wrong).is_none(), "{wrong}");
            }
        }
    }
}
