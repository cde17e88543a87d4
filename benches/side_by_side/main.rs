//! What a run in a slot costs beside a bare one, and beside the sandboxes of others.
//!
//! Everyone runs the same program, in the same rounds, from this process: back to back, as the tests
//! of one submission come; after idle gaps, as on a quiet worker, when caches are cold and cores have
//! to wake up; and as often as it can, with one lane and with two.

mod tables;

use std::time::Duration;

use clap::{Parser, ValueEnum};
use fastrand::Rng;
use judge_benches::system::{
    Bare, Bwrap, GoJudge, Isolate, IsolateEachTime, Nsjail, OwnSlot, Runner, System,
};
use judge_benches::workload::Workload;
use judge_benches::{
    Fallible, host, latency,
    report::{Report, ReportArgs},
    throughput,
};
use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::init::become_init_if_asked;

use tables::Times;

/// Compares sandboxed runs with bare ones, side by side.
#[derive(Debug, Parser)]
struct Args {
    /// Rounds back to back, in each of which every system runs once.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Rounds with idle gaps.
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u32).range(1..))]
    idle_rounds: u32,
    /// Idle time before each run of the second kind, in milliseconds.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..))]
    idle_ms: u64,
    /// Rounds of throughput, in each of which every system has a slice with one lane and one with two.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    slices: u32,
    /// Length of such a slice, in milliseconds.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u64).range(1..))]
    slice_ms: u64,
    /// Nobody else; the bare runs are always there.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Peer>,
    /// Nothing but hello world.
    #[arg(long)]
    hello_only: bool,
    /// Where a go-judge listens, such as `http://127.0.0.1:5050`.
    #[arg(long)]
    go_judge: Option<String>,
    /// The first of four boxes that isolate may overwrite: two lanes each of its two ways.
    #[arg(long, default_value_t = 996)]
    isolate_box: u32,
    /// Of the order within the rounds.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    report: ReportArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Peer {
    Slot,
    GoJudge,
    Bwrap,
    Nsjail,
    Isolate,
    IsolateEachTime,
}

fn main() -> Fallible<()> {
    become_init_if_asked();
    let args = Args::parse();
    let mut report = Report::new(&args.report)?;
    let cgroups = Cgroups::claim(None)?;
    report.say(&host::facts(cgroups.mode().as_str()));

    let hello = Workload::hello()?;
    let systems = systems(&args, cgroups, &hello, &mut report)?;
    let mut random = Rng::with_seed(args.seed);
    let before = host::CpuTimes::now()?;
    let times = times_of(&systems, &hello, &args, 1, &mut random)?;
    let rates = rates_of(&systems, &hello, &args, &mut random)?;
    let stolen = host::CpuTimes::now()?.stolen_since(&before);
    report.say(&format!(
        "A statically linked hello world: {} rounds back to back, {} rounds after {} ms of idling each, {} slices of {} ms \
         with one lane and with two; the hypervisor took {stolen:.1} % of the CPU time.",
        args.rounds, args.idle_rounds, args.idle_ms, args.slices, args.slice_ms
    ));
    let names: Vec<&str> = systems.iter().map(|system| system.name()).collect();
    tables::latency(&mut report, &names, &times);
    tables::throughput(&mut report, &names, &rates);
    report.attach("side-by-side.svg", &tables::plot(&names, &times, &rates))?;

    if !args.hello_only {
        for workload in [Workload::sum_in_cpp()?, Workload::sum_in_python()?] {
            report.say(&format!("{}, a third of the rounds:", workload.name));
            let times = times_of(&systems, &workload, &args, 3, &mut random)?;
            tables::latency(&mut report, &names, &times);
        }
    }
    report.write("side-by-side.md")
}

/// The bare runs first. A peer that doesn't work here is left out, and the report says why; one that
/// was asked for must work.
fn systems(
    args: &Args,
    cgroups: Cgroups,
    hello: &Workload,
    report: &mut Report,
) -> Fallible<Vec<Box<dyn System>>> {
    let first_box = args.isolate_box;
    let mut peers: Vec<(Peer, Box<dyn System>)> = vec![
        (Peer::Slot, Box::new(OwnSlot::new(cgroups)?)),
        (Peer::Bwrap, Box::new(Bwrap)),
        (Peer::Nsjail, Box::new(Nsjail)),
        (Peer::Isolate, Box::new(Isolate { first_box })),
        // Both have lanes at the same time.
        (Peer::IsolateEachTime, Box::new(IsolateEachTime { first_box: first_box + 2 })),
    ];
    if let Some(base) = &args.go_judge {
        peers.insert(1, (Peer::GoJudge, Box::new(GoJudge::at(base))));
    }
    let mut systems: Vec<Box<dyn System>> = vec![Box::new(Bare)];
    let mut left_out = Vec::new();
    for (peer, system) in peers {
        let required = args.only.contains(&peer) || matches!(peer, Peer::Slot | Peer::GoJudge);
        if !args.only.is_empty() && !args.only.contains(&peer) {
            continue;
        }
        let works = system.lane(hello, 0).and_then(|mut lane| lane.run());
        match works {
            Ok(()) => systems.push(system),
            Err(why) if required => return Err(format!("{}: {why}", system.name()).into()),
            Err(why) => left_out.push(format!("{} ({why})", system.name())),
        }
    }
    if args.go_judge.is_none() && args.only.is_empty() {
        left_out.push("go-judge (no `--go-judge URL` says where one listens)".into());
    }
    if !left_out.is_empty() {
        report.say(&format!("Left out: {}.", left_out.join("; ")));
    }
    Ok(systems)
}

/// With so many rounds as were asked for, divided by `divisor`.
fn times_of(
    systems: &[Box<dyn System>],
    workload: &Workload,
    args: &Args,
    divisor: u32,
    random: &mut Rng,
) -> Fallible<Vec<Times>> {
    let mut lanes: Vec<Box<dyn Runner + '_>> =
        systems.iter().map(|system| system.lane(workload, 0)).collect::<Fallible<_>>()?;
    latency::rounds_of(&mut lanes, latency::WARM_UP_ROUNDS, Duration::ZERO, random)?;
    let mut rounds_of = |rounds: u32, idle| {
        latency::rounds_of(&mut lanes, usize::try_from(rounds.div_ceil(divisor))?, idle, random)
    };
    let back_to_back = rounds_of(args.rounds, Duration::ZERO)?;
    let idle = rounds_of(args.idle_rounds, Duration::from_millis(args.idle_ms))?;
    let both = back_to_back.into_iter().zip(idle);
    Ok(both.map(|(back_to_back, idle)| Times { back_to_back, idle }).collect())
}

fn rates_of(
    systems: &[Box<dyn System>],
    workload: &Workload,
    args: &Args,
    random: &mut Rng,
) -> Fallible<Vec<throughput::Rates>> {
    let mut lanes: Vec<throughput::Lanes<'_>> = Vec::new();
    for system in systems {
        lanes.push([system.lane(workload, 0)?, system.lane(workload, 1)?]);
    }
    let slice = Duration::from_millis(args.slice_ms);
    throughput::rounds_of(&mut lanes, 1, slice, random)?;
    throughput::rounds_of(&mut lanes, usize::try_from(args.slices)?, slice, random)
}
