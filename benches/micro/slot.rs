//! What a run in a slot costs, and what the slot that is reused saves.
//!
//! `side_by_side` measures the same beside others, in rounds; here are parts of it by themselves, to be
//! compared between commits.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use judge_benches::system::{Bare, InSlot, OwnSlot, Runner, System};
use judge_benches::workload::Workload;
use judge_core::sandbox::Slot;
use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::init::become_init_if_asked;

/// Slots that live at one time.
const RUNNING: u32 = 0;
const BUILT: u32 = 1;

fn slot(criterion: &mut Criterion) {
    let cgroups = Cgroups::claim(None).expect("run as root, with cgroups");
    let own = OwnSlot::new(cgroups).expect("the built-in profiles can be read");
    let hello = Workload::hello().expect("gcc and a static libc are installed");
    let touching = Workload::touching().expect("gcc and a static libc are installed");
    let mut group = criterion.benchmark_group("slot");

    let mut bare = Bare.lane(&hello, 0).expect("/dev/null can be opened");
    group.bench_function("bare spawn", |bencher| bencher.iter(|| well(bare.as_mut())));

    // The reset comes at the end of each run and is part of it. After this program there is nothing
    // to reset but the accounts; after the next one, three tmpfs are unmounted and mounted.
    let mut lane = InSlot::start(own.config(), &hello, RUNNING).expect("a slot can be built");
    group.bench_function("run", |bencher| bencher.iter(|| well(&mut lane)));
    drop(lane);
    let mut bare = Bare.lane(&touching, 0).expect("/dev/null can be opened");
    group.bench_function("bare spawn of a program that writes files", |bencher| {
        bencher.iter(|| well(bare.as_mut()));
    });
    let mut lane = InSlot::start(own.config(), &touching, RUNNING).expect("a slot can be built");
    group.bench_function("run of a program that writes files", |bencher| {
        bencher.iter(|| well(&mut lane));
    });

    let start = || Slot::start(own.config(), BUILT).expect("a slot can be built");
    group.bench_function("build", |bencher| {
        bencher.iter_custom(|count| (0..count).map(|_| timed(start).0).sum());
    });
    group.bench_function("drop", |bencher| {
        bencher.iter_custom(|count| {
            let one = || {
                let built = start();
                timed(|| drop(built)).0
            };
            (0..count).map(|_| one()).sum()
        });
    });
    group.finish();
}

fn well(runner: &mut dyn Runner) {
    runner.run().expect("the program ends well");
}

/// How long it took, and what came of it.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let made = work();
    (began.elapsed(), made)
}

criterion_group!(benches, slot);

fn main() {
    become_init_if_asked(); // the init of the slots is this binary
    benches();
    Criterion::default().configure_from_args().final_summary();
}
