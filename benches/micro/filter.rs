//! What compiling the syscall rules costs a worker at its start, and turning them back into
//! instructions a run.

use criterion::{Criterion, criterion_group, criterion_main};
use judge_core::sandbox::filter::Filter;
use judge_core::sandbox::profile::ProfileSource;

fn filter(criterion: &mut Criterion) {
    let rules = ProfileSource::BuiltIn.read("seccomp/program.json");
    let rules = rules.expect("the built-in rules are part of the binary");
    let compiled = Filter::compile(&rules).expect("a test compiles the built-in rules");

    let mut group = criterion.benchmark_group("filter");
    group.bench_function("compile", |bencher| {
        bencher.iter(|| Filter::compile(&rules));
    });
    group.bench_function("instructions", |bencher| {
        bencher.iter(|| (compiled.forbid(), compiled.silent().collect::<Vec<_>>()));
    });
    group.finish();
}

criterion_group!(benches, filter);
criterion_main!(benches);
