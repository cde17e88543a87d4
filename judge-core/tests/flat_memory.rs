//! What a program writes is compared as it comes and kept nowhere: judging a gibibyte of it takes no
//! more of our memory than judging a line. A test binary of its own, for the peak is the process's.

#[path = "support/slots.rs"]
mod slots;

use std::fs;
use std::path::Path;

use judge_core::judging::package::Package;
use judge_core::judging::{
    AfterFailure, Judge, Judgement, LowerLimits, Mode, Problem, SlotPool, Task, Verdict,
};
use judge_core::sandbox::Cancel;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::toolchain::{Languages, SourceFile};

const OUTPUT_BYTES: u64 = 1 << 30;

/// Far more than a run's buffers, far less than its output.
const ROOM_BYTES: u64 = 32 << 20;

/// Writes as many lines as its input says.
const WRITER: &str = r#"
#include <stdio.h>
#include <string.h>

int main(void) {
    static char block[1 << 16];
    long lines;
    if (scanf("%ld", &lines) != 1) return 1;
    for (size_t at = 0; at < sizeof block; at += 2) memcpy(block + at, "y\n", 2);
    for (; 0 < lines; lines -= sizeof block / 2) {
        size_t left = 2 * (size_t)lines, now = left < sizeof block ? left : sizeof block;
        if (fwrite(block, 1, now, stdout) != now) return 1;
    }
}
"#;

fn package(dir: &Path, lines: u64) -> Problem {
    let dir = dir.join(format!("lines-{lines}"));
    let write = |path: &str, text: &str| {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("problem.yaml", "name: Lines\nlimits:\n  memory: 64\n  output: 1025\n");
    write(".timelimit", "60\n");
    write("problem_statement/problem.en.md", "As many lines as asked for.\n");
    write("data/secret/1.in", &format!("{lines}\n"));
    write("data/secret/1.ans", "y\n");
    Problem::new(Package::read(&dir).unwrap())
}

/// The most memory that this process ever had, in bytes (`proc_pid_status(5)`).
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn a_gibibyte_of_output_takes_no_more_memory_than_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    let judge = Judge::new(SlotPool::new(slots::config(), 1), languages);
    let sources = [SourceFile { name: None, content: WRITER.into() }];
    let judged = |lines: u64| -> Judgement {
        let task = Task {
            problem: &package(dir.path(), lines),
            language: judge.languages().find("c").unwrap(),
            sources: &sources,
            mode: Mode::Submit,
            limits: LowerLimits::default(),
            after_failure: AfterFailure::Stop,
            parallel: false,
        };
        judge.judge(&task, &|_| {}, &Cancel::default()).unwrap()
    };
    assert_eq!(judged(1).verdict, Verdict::Accepted);
    let before = peak_bytes();
    let long = judged(OUTPUT_BYTES / 2);
    assert_eq!(long.verdict, Verdict::WrongAnswer, "{long:?}");
    assert_eq!(long.tests[0].run.usage.output_bytes, OUTPUT_BYTES);
    let grown = peak_bytes() - before;
    assert!(grown < ROOM_BYTES, "{grown} bytes");
}
