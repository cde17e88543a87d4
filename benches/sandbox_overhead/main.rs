//! What a sandboxed run costs over a bare one, measured side by side.
//!
//! ```text
//! round:  bare → slot → bwrap → isolate     (the order turns and reverses)
//!         └─ each time over that of bare in the same round ─┘
//! ```
//!
//! On a shared machine a millisecond of today is not one of yesterday. What two contenders need in
//! the same round, a moment apart, compares well; so the figure to keep is the median of the rounds'
//! ratios. Nothing is asserted about time.

mod contender;
mod figures;
mod host;

use std::error::Error;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Parser;
use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::init::become_init_if_asked;

use contender::{Bare, Commands, Contender, HelloWorld, Sandboxed};

/// Rounds before those that count: caches fill, and each contender proves that it works.
const WARM_UP_ROUNDS: usize = 10;

/// What a sandboxed run costs over a bare one, measured side by side.
#[derive(Debug, Parser)]
struct Args {
    /// Rounds of each measurement, in each of which every contender runs once.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Idle time before each run of the second measurement, in milliseconds.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..))]
    idle_ms: u64,
    /// The box that isolate may overwrite.
    #[arg(long, default_value_t = 999)]
    isolate_box: u32,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    become_init_if_asked();
    let args = Args::parse();
    let hello = HelloWorld::compile()?;
    let cgroups = Cgroups::claim(None)?;
    host::print_facts(cgroups.mode());

    let mut contenders: Vec<Box<dyn Contender>> =
        vec![Box::new(Bare::new(&hello)), Box::new(Sandboxed::start(&hello, cgroups)?)];
    for mut peer in [Commands::bwrap(&hello), Commands::isolate(&hello, args.isolate_box)] {
        match peer.run() {
            Ok(()) => contenders.push(Box::new(peer)),
            Err(why) => println!("{} is left out: {why}", peer.name()),
        }
    }

    let rounds = usize::try_from(args.rounds)?;
    rounds_of(&mut contenders, WARM_UP_ROUNDS, Duration::ZERO)?;
    for idle in [Duration::ZERO, Duration::from_millis(args.idle_ms)] {
        let before = host::CpuTimes::now()?;
        let times = rounds_of(&mut contenders, rounds, idle)?;
        let stolen = host::CpuTimes::now()?.stolen_since(&before);
        let when = if idle.is_zero() {
            "back to back".to_owned()
        } else {
            format!("after {} ms of idling each", idle.as_millis())
        };
        println!("\n{rounds} rounds, {when}; the hypervisor took {stolen:.1} % of the CPU time");
        let names = contenders.iter().map(|contender| contender.name());
        println!("{}", figures::table(names, &times));
    }
    Ok(())
}

/// The wall times of each contender, in the order of the rounds. Their order within a round turns
/// and reverses, so that none always runs on what the same other one has left in the caches.
fn rounds_of(
    contenders: &mut [Box<dyn Contender>],
    rounds: usize,
    idle: Duration,
) -> Result<Vec<Vec<Duration>>, Box<dyn Error>> {
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..rounds {
        for place in 0..contenders.len() {
            let turned = (round / 2 + place) % contenders.len();
            let which = if round % 2 == 0 { turned } else { contenders.len() - 1 - turned };
            sleep(idle);
            let began = Instant::now();
            contenders[which].run()?;
            times[which].push(began.elapsed());
        }
    }
    Ok(times)
}
