//! Judges real submissions against small packages made here, as root.

#[path = "support/slots.rs"]
mod slots;

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use judge_core::judging::package::Package;
use judge_core::judging::{
    AfterFailure, Judge, Judgement, LowerLimits, Mode, Problem, SlotPool, Stage, Task, Verdict,
    View,
};
use judge_core::sandbox::Cancel;
use judge_core::sandbox::cores::{Cores, usable_cores};
use judge_core::sandbox::profile::ProfileSource;
use judge_core::toolchain::{CompileCache, Languages, SourceFile};

fn judge_with(slots: u32) -> Judge {
    let config = slots::config();
    Judge::new(SlotPool::new(config, slots), Languages::load(&ProfileSource::BuiltIn).unwrap())
}

/// Doubles a number: two samples and the given secret inputs.
fn doubling(dir: &Path, secret: &[i64], extra: &[(&str, &str)]) -> Problem {
    let dir = dir.join("doubling");
    let yaml = "name: Doubling\nlimits:\n  memory: 128\n  output: 1\n";
    let write = |path: &str, text: &str| {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("problem.yaml", yaml);
    // Room for a slow machine; a test that means to reach it sets its own.
    write(".timelimit", "20\n");
    write("problem_statement/problem.en.md", "Double it.\n");
    for (index, number) in [1, 2].iter().enumerate() {
        write(&format!("data/sample/{index}.in"), &format!("{number}\n"));
        write(&format!("data/sample/{index}.ans"), &format!("{}\n", 2 * number));
    }
    for (index, number) in secret.iter().enumerate() {
        write(&format!("data/secret/{index:03}.in"), &format!("{number}\n"));
        write(&format!("data/secret/{index:03}.ans"), &format!("{}\n", 2 * number));
    }
    for (path, text) in extra {
        write(path, text);
    }
    Problem::new(Package::read(&dir).unwrap())
}

struct Case<'a> {
    judge: &'a Judge,
    problem: &'a Problem,
    mode: Mode<'a>,
    parallel: bool,
    after_failure: AfterFailure,
}

impl Case<'_> {
    fn python(&self, text: &str) -> Judgement {
        let sources = [SourceFile { name: None, content: text.into() }];
        let task = Task {
            problem: self.problem,
            language: self.judge.languages().find("python3").unwrap(),
            sources: &sources,
            mode: self.mode,
            limits: LowerLimits::default(),
            after_failure: self.after_failure,
            parallel: self.parallel,
        };
        self.judge.judge(&task, &|_| {}, &Cancel::default()).unwrap()
    }
}

fn verdicts(judgement: &Judgement) -> Vec<&'static str> {
    judgement.tests.iter().map(|test| test.run.verdict.code()).collect()
}

#[test]
fn tests_run_in_order_and_stop_at_the_first_failure() {
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[3, 4, -5, 6], &[]);
    let judge = judge_with(2);
    for parallel in [false, true] {
        let mut case = Case {
            judge: &judge,
            problem: &problem,
            mode: Mode::Submit,
            parallel,
            after_failure: AfterFailure::Stop,
        };
        let right = case.python("print(2 * int(input()))");
        assert_eq!(right.verdict, Verdict::Accepted);
        assert_eq!(verdicts(&right), ["AC"; 6]);
        assert_eq!((right.score, right.max_score), (1.0, Some(1.0)));

        let wrong = case.python("print(2 * abs(int(input())))");
        assert_eq!(wrong.verdict, Verdict::WrongAnswer);
        assert_eq!(verdicts(&wrong), ["AC", "AC", "AC", "AC", "WA"], "parallel: {parallel}");
        case.after_failure = AfterFailure::GoOn;
        let wrong = case.python("print(2 * abs(int(input())))");
        assert_eq!(verdicts(&wrong), ["AC", "AC", "AC", "AC", "WA", "AC"], "parallel: {parallel}");
    }
}

#[test]
fn what_was_compiled_is_found_again_until_it_is_spoilt() {
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[3], &[]);
    let judge = judge_with(2);
    let kept = dir.path().join("cache");
    let cache = CompileCache::open(&kept, 64 << 20, judge.pool().config()).unwrap();
    let judge = judge.keeping_compilations(cache);
    let judged = |text: &str| {
        let sources = [SourceFile { name: None, content: text.into() }];
        let task = Task {
            problem: &problem,
            language: judge.languages().find("c").unwrap(),
            sources: &sources,
            mode: Mode::Submit,
            limits: LowerLimits::default(),
            after_failure: AfterFailure::Stop,
            parallel: false,
        };
        judge.judge(&task, &|_| {}, &Cancel::default()).unwrap()
    };
    let right =
        "#include <stdio.h>\nint main(void){int unused,n;scanf(\"%d\",&n);printf(\"%d\",2*n);}";
    let wrong = "int main(void){return x;}";
    let chance = "#include \"/dev/zero\"\n";
    // Two at once are compiled once.
    let twins = std::thread::scope(|scope| {
        let twins = [(); 2].map(|()| scope.spawn(|| judged(right)));
        twins.map(|twin| twin.join().unwrap())
    });
    assert_eq!(twins.iter().filter(|twin| twin.compile.cached).count(), 1);
    assert!(twins.iter().all(|twin| verdicts(twin) == ["AC"; 3]), "{twins:?}");
    for (text, verdict, cached) in [
        (right, Verdict::Accepted, [true, true]),
        (wrong, Verdict::CompileError, [false, true]),
        (chance, Verdict::CompileLimitExceeded, [false, false]),
    ] {
        let both = [judged(text), judged(text)];
        assert_eq!(both.each_ref().map(|it| it.verdict), [verdict; 2], "{text}");
        assert_eq!(both.each_ref().map(|it| it.compile.cached), cached, "{text}");
        if cached[1] {
            let [first, second] = both.map(|it| (it.cause, it.score, it.compile.output));
            assert_eq!(first, second, "{text}");
        }
    }
    for entry in fs::read_dir(kept.join("compile")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    let again = judged(right);
    assert_eq!((again.verdict, again.compile.cached), (Verdict::Accepted, false));
    assert!(judged(right).compile.cached);
}

#[test]
fn parallel_tests_give_the_verdict_of_the_first_failure_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[3, 7, 9, 9, 9, 9], &[]);
    let judge = judge_with(2);
    let case = Case {
        judge: &judge,
        problem: &problem,
        mode: Mode::Submit,
        parallel: true,
        after_failure: AfterFailure::Stop,
    };
    // The earlier failure takes longer than the later ones.
    let text = "import time\nn = int(input())\nif n == 7:\n  time.sleep(0.3)\n  raise SystemExit(3)\n\
                print(0 if n == 9 else 2 * n)";
    for _ in 0..5 {
        let judgement = case.python(text);
        assert_eq!(judgement.verdict, Verdict::RunTimeError);
        assert_eq!(verdicts(&judgement), ["AC", "AC", "AC", "RTE"]);
    }
}

#[test]
fn one_test_that_is_too_slow_is_enough_where_all_others_are_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[3, 7, 8, 9], &[(".timelimit", "2\n")]);
    let judge = judge_with(2);
    let case = Case {
        judge: &judge,
        problem: &problem,
        mode: Mode::Submit,
        parallel: true,
        after_failure: AfterFailure::GoOnUntilTooSlow,
    };
    let text = "n = int(input())\nwhile n > 7: pass\nprint(0 if n == 3 else 2 * n)";
    let judgement = case.python(text);
    assert_eq!(judgement.verdict, Verdict::WrongAnswer);
    let seen = verdicts(&judgement);
    assert_eq!(seen[..4], ["AC", "AC", "WA", "AC"]);
    // On a crowded machine the wall limit may come before that on CPU time.
    assert!(["TLE", "WTL"].contains(&seen[4]), "{seen:?}");
    assert_eq!(seen.len(), 5);
}

#[test]
fn samples_alone_and_own_input_never_touch_hidden_tests() {
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[3], &[]);
    let judge = judge_with(1);
    let case = |mode| Case {
        judge: &judge,
        problem: &problem,
        mode,
        parallel: false,
        after_failure: AfterFailure::Stop,
    };
    let samples = case(Mode::Sample).python("print(2 * int(input()))");
    assert_eq!((samples.verdict, samples.tests.len()), (Verdict::Accepted, 2));
    assert!(samples.tests.iter().all(|test| matches!(test.view, View::Public(_))));

    let own = case(Mode::Custom(b"21\n")).python("print(2 * int(input()))");
    assert_eq!((own.verdict, own.tests.len()), (Verdict::Accepted, 1));
    let View::Public(shown) = &own.tests[0].view else { panic!("their own input is theirs") };
    assert_eq!((shown.actual.bytes.as_slice(), shown.expected.is_none()), (&b"42\n"[..], true));
}

#[test]
fn only_public_tests_carry_data() {
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[777_000_777], &[]);
    let judge = judge_with(1);
    let case = Case {
        judge: &judge,
        problem: &problem,
        mode: Mode::Submit,
        parallel: false,
        after_failure: AfterFailure::GoOn,
    };
    let judgement = case.python("import sys\nn = input()\nprint(n)\nprint(n, file=sys.stderr)");
    let (public, hidden): (Vec<_>, Vec<_>) =
        judgement.tests.iter().partition(|test| matches!(test.view, View::Public(_)));
    assert_eq!((public.len(), hidden.len()), (2, 1));
    assert!(!format!("{judgement:?}").contains("777000777"), "{judgement:?}");
    let View::Public(first) = &public[0].view else { panic!("partitioned") };
    assert_eq!(first.expected.as_ref().unwrap().bytes, b"2\n");
    assert_eq!(first.stderr.bytes, b"1\n");
    assert!(!first.checker_message.is_empty());
}

const VALIDATOR: &str = r#"
import sys
n = int(open(sys.argv[1]).read())
answer = int(open(sys.argv[2]).read())
said = sys.stdin.read().split()
if said == ["crash"]:
    raise SystemExit(1)
if said == ["loop"]:
    while True: pass
right = len(said) == 1 and said[0].lstrip("-").isdigit() and int(said[0]) == answer
with open(sys.argv[3] + "judgemessage.txt", "w") as message:
    message.write("for %d" % n)
raise SystemExit(42 if right else 43)
"#;

#[test]
fn a_custom_validator_decides_and_its_failure_is_nobodys_wrong_answer() {
    let dir = tempfile::tempdir().unwrap();
    let yaml = "name: Doubling\nvalidation: custom\nlimits:\n  validation_time: 5\n";
    let extra = [("problem.yaml", yaml), ("output_validators/check.py", VALIDATOR)];
    let problem = doubling(dir.path(), &[3, 4], &extra);
    let judge = judge_with(2);
    let case = Case {
        judge: &judge,
        problem: &problem,
        mode: Mode::Submit,
        parallel: true,
        after_failure: AfterFailure::Stop,
    };
    assert_eq!(case.python("print(2 * int(input()))").verdict, Verdict::Accepted);
    let wrong = case.python("print(0)");
    assert_eq!(wrong.verdict, Verdict::WrongAnswer);
    let View::Public(first) = &wrong.tests[0].view else { panic!("a sample comes first") };
    assert_eq!(first.checker_message, "for 1");
    assert_eq!(case.python("print('crash')").verdict, Verdict::JudgingError);
    assert_eq!(case.python("print('loop')").verdict, Verdict::JudgingError);
}

#[test]
fn a_submission_may_lower_its_limits_and_progress_only_grows() {
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[3], &[]);
    let judge = judge_with(1);
    let sources = [SourceFile {
        name: None,
        content: b"x = bytearray(40 << 20)\nprint(2 * int(input()))".into(),
    }];
    let stages = Mutex::new(Vec::new());
    let mut task = Task {
        problem: &problem,
        language: judge.languages().find("python3").unwrap(),
        sources: &sources,
        mode: Mode::Submit,
        limits: LowerLimits { memory_bytes: Some(1 << 40), ..LowerLimits::default() },
        after_failure: AfterFailure::Stop,
        parallel: false,
    };
    let observe = |stage| stages.lock().unwrap().push(stage);
    let judgement = judge.judge(&task, &observe, &Cancel::default()).unwrap();
    assert_eq!(judgement.verdict, Verdict::Accepted);
    assert_eq!(judgement.tests[0].run.limits.memory_bytes, 128 << 20, "never above the problem's");
    let running = |done| Stage::Running { done, total: 3 };
    let expected = [Stage::Compiling, running(0), running(1), running(2), running(3)];
    assert_eq!(*stages.lock().unwrap(), expected);

    task.limits.memory_bytes = Some(32 << 20);
    let judgement = judge.judge(&task, &|_| {}, &Cancel::default()).unwrap();
    assert_eq!(judgement.verdict, Verdict::MemoryLimitExceeded);
}

#[test]
fn a_withdrawn_submission_has_no_judgement() {
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[3], &[]);
    let judge = judge_with(1);
    let sources = [SourceFile { name: None, content: b"while True: pass".into() }];
    let task = Task {
        problem: &problem,
        language: judge.languages().find("python3").unwrap(),
        sources: &sources,
        mode: Mode::Submit,
        limits: LowerLimits::default(),
        after_failure: AfterFailure::Stop,
        parallel: true,
    };
    let cancel = Cancel::default();
    let cancel_when_running = |stage| {
        if matches!(stage, Stage::Running { .. }) {
            cancel.cancel();
        }
    };
    let judged = judge.judge(&task, &cancel_when_running, &cancel);
    assert!(matches!(judged, Err(judge_core::judging::JudgeError::Cancelled)));
}

#[test]
fn a_program_stays_on_the_core_of_its_slot() {
    let core = *usable_cores().unwrap().last().unwrap();
    let cores = Ok(Cores::chosen(vec![core], vec![]));
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    let judge = Judge::new(SlotPool::on_cores(slots::config(), 1, cores), languages);
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[3], &[]);
    let case = Case {
        judge: &judge,
        problem: &problem,
        mode: Mode::Custom(b""),
        parallel: false,
        after_failure: AfterFailure::Stop,
    };
    // Then a thread, which has the cores of who started it.
    let text = "import os, threading\n\
                try: os.sched_setaffinity(0, range(os.cpu_count()))\n\
                except PermissionError: pass\n\
                thread = threading.Thread(target=lambda: print(*os.sched_getaffinity(0)))\n\
                thread.start(), thread.join()\n\
                print(*os.sched_getaffinity(0))";
    for _ in 0..2 {
        let judgement = case.python(text);
        let View::Public(shown) = &judgement.tests[0].view else { panic!("it is their own") };
        let said = String::from_utf8_lossy(&shown.actual.bytes);
        assert_eq!(said, format!("{core}\n{core}\n"), "{judgement:?}");
    }
}

#[test]
fn a_run_ends_at_its_first_wrong_output_only_if_so_set() {
    let dir = tempfile::tempdir().unwrap();
    let problem = doubling(dir.path(), &[3], &[]);
    let endless = "while True: print('wrong')";
    let wrong_and_failing = "print('wrong', flush=True)\nraise SystemExit(3)";
    for (end, verdict) in [(false, Verdict::OutputLimitExceeded), (true, Verdict::WrongAnswer)] {
        let judge = judge_with(1).ending_at_mismatch(end);
        let case = Case {
            judge: &judge,
            problem: &problem,
            mode: Mode::Sample,
            parallel: false,
            after_failure: AfterFailure::Stop,
        };
        let judgement = case.python(endless);
        assert_eq!((judgement.verdict, judgement.tests.len()), (verdict, 1), "{judgement:?}");
        if !end {
            assert_eq!(case.python(wrong_and_failing).verdict, Verdict::RunTimeError);
        }
        let right = case.python("print(2 * int(input()))");
        assert_eq!(right.verdict, Verdict::Accepted);
    }
}
