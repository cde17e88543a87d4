//! What the syscall rules cost: a worker at its start (compiling them), each run (installing the
//! program), and each call of a program (with and without conditions on its arguments).

use std::hint::black_box;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use judge_core::sandbox::filter::Filter;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sys::filter::install;

fn filter(criterion: &mut Criterion) {
    let rules = ProfileSource::BuiltIn.read("seccomp/program.json");
    let rules = rules.expect("the built-in rules are part of the binary");
    let filter = Filter::compile(&rules).expect("a test compiles the built-in rules");

    let mut group = criterion.benchmark_group("filter");
    group.bench_function("compile", |bencher| {
        bencher.iter(|| Filter::compile(&rules));
    });
    // A filter stays with its thread for good, so each goes on a thread of its own.
    group.bench_function("install", |bencher| {
        bencher.iter_custom(|count| (0..count).map(|_| on_a_thread(|| installing(&filter))).sum());
    });
    // `getppid`, allowed whatever its arguments, and an `ioctl`, looked at each time.
    for (name, call) in [("allowed call", getppid as fn()), ("conditional call", ioctl)] {
        group.bench_function(format!("{name}, without a filter"), |bencher| {
            bencher.iter_custom(|count| on_a_thread(|| calling(call, count)));
        });
        group.bench_function(format!("{name}, with the filter"), |bencher| {
            bencher.iter_custom(|count| {
                on_a_thread(|| {
                    installing(&filter);
                    calling(call, count)
                })
            });
        });
    }
    group.finish();
}

fn on_a_thread(work: impl Send + FnOnce() -> Duration) -> Duration {
    std::thread::scope(|scope| scope.spawn(work).join().expect("it does not panic"))
}

fn installing(filter: &Filter) -> Duration {
    let began = Instant::now();
    install(filter.program()).expect("run as root: others want no_new_privs first");
    began.elapsed()
}

fn calling(call: fn(), count: u64) -> Duration {
    let began = Instant::now();
    (0..count).for_each(|_| call());
    began.elapsed()
}

fn getppid() {
    black_box(std::os::unix::process::parent_id());
}

fn ioctl() {
    black_box(std::io::stdin().is_terminal());
}

criterion_group!(benches, filter);
criterion_main!(benches);
