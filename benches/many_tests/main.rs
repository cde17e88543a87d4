//! What a submission of many short tests costs beside bare runs of the same program.
//!
//! One after the other on one core or slot, and on two at once. The bare runs take the next test as soon
//! as they have done with one, like the judge's slots, but limit, measure, compare and report nothing.

mod problem;

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use fastrand::Rng;
use judge_benches::figures::{median, milliseconds, percentile, ratios, three_digits};
use judge_benches::system::{Bare, Runner, System};
use judge_benches::workload::Workload;
use judge_benches::{
    Fallible, host,
    report::{Report, ReportArgs},
};
use judge_core::judging::{
    AfterFailure, Judge, LowerLimits, Mode, Problem, SlotPool, Task, Verdict,
};
use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::cores::{Cores, Unpinned, usable_cores};
use judge_core::sandbox::init::become_init_if_asked;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{Cancel, Profiles, SlotConfig};
use judge_core::toolchain::{CompileCache, Languages, SourceFile};

/// Compares judging many tests with bare runs.
#[derive(Debug, Parser)]
struct Args {
    /// Rounds, in each of which each way runs all tests once.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Tests of the problem.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    tests: u32,
    /// CPU time of the program on one test, about, in milliseconds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1000))]
    busy_ms: u64,
    /// The most lanes and slots: one, then as many.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    lanes: u32,
    /// Also with as many slots as there are lanes, each on a core of its own.
    #[arg(long)]
    pinned: bool,
    /// Of the order within the rounds.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    report: ReportArgs,
}

fn main() -> Fallible<()> {
    become_init_if_asked();
    let args = Args::parse();
    let mut report = Report::new(&args.report)?;
    let (workload, source) = Workload::busy(Duration::from_millis(args.busy_ms))?;
    let folder = tempfile::tempdir()?;
    let problem = problem::write(folder.path(), args.tests, workload.stdout)?;

    let mut counts = vec![1, args.lanes];
    counts.dedup();
    let mut ways: Vec<Way<'_>> = Vec::new();
    for &count in &counts {
        let lanes = (0..count).map(|lane| Bare.lane(&workload, lane)).collect::<Fallible<_>>()?;
        ways.push(Way::Bare { lanes, tests: args.tests });
    }
    for &count in &counts {
        let judging = Judging::start(count, Err(Unpinned::Off), &problem, &source, folder.path())?;
        if count == 1 {
            let config = judging.judge.pool().config();
            report.say(&host::facts(config.cgroups.mode().as_str()));
        }
        ways.push(Way::Judge(judging));
    }
    if args.pinned {
        let cores = Ok(Cores::claim(&usable_cores()?, args.lanes)?);
        let judging = Judging::start(args.lanes, cores, &problem, &source, folder.path())?;
        ways.push(Way::Judge(judging));
    }
    let names: Vec<String> = ways.iter().map(Way::name).collect();
    // The bare runs come first, one way for each count.
    let bare_of = |way: &Way<'_>| counts.iter().position(|count| *count as usize == way.lanes());
    let bares: Vec<usize> = ways.iter().filter_map(bare_of).collect();

    let mut random = Rng::with_seed(args.seed);
    rounds_of(&mut ways, 2, &mut random)?;
    let before = host::CpuTimes::now()?;
    let times = rounds_of(&mut ways, args.rounds, &mut random)?;
    let stolen = host::CpuTimes::now()?.stolen_since(&before);
    report.say(&format!(
        "{} tests of about {} ms of CPU time each; {} rounds; the hypervisor took {stolen:.1} % of \
         the CPU time.",
        args.tests, args.busy_ms, args.rounds
    ));
    let header = ["all tests", "median ms", "p99 ms", "by bare", "p99 of that"];
    let rows = names.iter().zip(&times).zip(&bares).map(|((name, times_of_way), bare)| {
        let by_bare = ratios(times_of_way, &times[*bare]);
        let figures = [
            median(times_of_way),
            percentile(times_of_way, 99.0),
            median(&by_bare),
            percentile(&by_bare, 99.0),
        ];
        std::iter::once(name.clone()).chain(figures.map(three_digits)).collect()
    });
    report.table(&header, rows.collect());
    report.write("many-tests.md")
}

/// The milliseconds of each way, in the order of the rounds; in each round all of them, in an order of
/// its own.
fn rounds_of(ways: &mut [Way<'_>], rounds: u32, random: &mut Rng) -> Fallible<Vec<Vec<f64>>> {
    let mut times = vec![Vec::new(); ways.len()];
    let mut order: Vec<usize> = (0..ways.len()).collect();
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for &which in &order {
            times[which].push(milliseconds(ways[which].run_all()?));
        }
    }
    Ok(times)
}

/// A way to run all tests.
enum Way<'a> {
    /// Bare runs, a thread for each lane.
    Bare { lanes: Vec<Box<dyn Runner + 'a>>, tests: u32 },
    /// As the worker does it.
    Judge(Judging<'a>),
}

impl Way<'_> {
    fn name(&self) -> String {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        match self {
            Self::Bare { lanes, .. } => {
                format!("bare, {} lane{}", lanes.len(), plural(lanes.len()))
            }
            Self::Judge(judging) => {
                let slots = self.lanes();
                let pinned = if judging.judge.pool().cores().is_ok() { ", pinned" } else { "" };
                format!("judged, {slots} slot{}{pinned}", plural(slots))
            }
        }
    }

    /// How many tests it runs at the same time.
    fn lanes(&self) -> usize {
        match self {
            Self::Bare { lanes, .. } => lanes.len(),
            Self::Judge(judging) => judging.judge.pool().size() as usize,
        }
    }

    /// How long all tests take.
    fn run_all(&mut self) -> Fallible<Duration> {
        match self {
            Self::Bare { lanes, tests } => bare(lanes, *tests),
            Self::Judge(judging) => judging.run_all(),
        }
    }
}

fn bare(lanes: &mut [Box<dyn Runner + '_>], tests: u32) -> Fallible<Duration> {
    let next = AtomicU32::new(0);
    let began = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = lanes
            .iter_mut()
            .map(|lane| {
                scope.spawn(|| -> Fallible<()> {
                    while next.fetch_add(1, Ordering::Relaxed) < tests {
                        lane.run()?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("lanes don't panic"))
    })?;
    Ok(began.elapsed())
}

/// A judge with slots of its own.
struct Judging<'a> {
    judge: Judge,
    problem: &'a Problem,
    source: SourceFile,
}

impl<'a> Judging<'a> {
    /// Compiles the program, too: later rounds find it in `cache`.
    fn start(
        slots: u32,
        cores: Result<Cores, Unpinned>,
        problem: &'a Problem,
        source: &str,
        cache: &std::path::Path,
    ) -> Fallible<Self> {
        let profiles = Profiles::load(&ProfileSource::BuiltIn)?;
        let cgroups = Cgroups::claim(None)?;
        let config = SlotConfig { init_binary: "/proc/self/exe".into(), profiles, cgroups };
        let cache = CompileCache::open(cache, 16 << 20, &config)?;
        let languages = Languages::load(&ProfileSource::BuiltIn)?;
        let judge = Judge::new(SlotPool::on_cores(config, slots, cores), languages)
            .keeping_compilations(cache);
        let source = SourceFile { name: None, content: source.into() };
        let judging = Self { judge, problem, source };
        judging.run_all()?;
        Ok(judging)
    }

    /// What running took, of a judgement that must be accepted.
    fn run_all(&self) -> Fallible<Duration> {
        let language = self.judge.languages().find("c").ok_or("there is no C")?;
        let task = Task {
            problem: self.problem,
            language,
            sources: std::slice::from_ref(&self.source),
            mode: Mode::Submit,
            limits: LowerLimits::default(),
            after_failure: AfterFailure::Stop,
            parallel: true,
        };
        let judgement = self.judge.judge(&task, &|_| (), &Cancel::default())?;
        let ran = judgement.tests.len();
        if judgement.verdict == Verdict::Accepted && ran == self.problem.package.testcases.len() {
            return Ok(judgement.phases.run);
        }
        Err(format!("{:?} after {ran} tests: {:?}", judgement.verdict, judgement.cause).into())
    }
}
