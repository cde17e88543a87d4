//! Checkers under attack: outputs that are made to confuse whoever reads them, and validators that
//! were confused, or are hostile themselves. What a validator does wrong is a judging error, never
//! somebody's accepted.

#[path = "support/slots.rs"]
mod slots;
#[path = "hostile/table.rs"]
mod table;

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

use judge_core::judging::package::Package;
use judge_core::judging::{
    AfterFailure, Judge, Judgement, LowerLimits, Mode, Problem, SlotPool, Task, View,
};
use judge_core::sandbox::Cancel;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::toolchain::{Languages, SourceFile};
use table::Table;

const CLASS: &str = "validators";

fn judge() -> Judge {
    let config = slots::config();
    Judge::new(SlotPool::new(config, 1), Languages::load(&ProfileSource::BuiltIn).unwrap())
}

/// What users are told of the first test, which is a public one.
fn remark_on_first(judgement: &Judgement) -> &str {
    let View::Public(shown) = &judgement.tests[0].view else { panic!("it is hidden") };
    &shown.checker_message
}

/// A problem of these files beside its time limit, each test with this answer.
fn problem(dir: &Path, files: &[(&str, &str)], answer: &str) -> Problem {
    let write = |path: &str, text: &str| {
        let path = dir.join("attacked").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    // Room for a slow machine.
    write(".timelimit", "20\n");
    for test in ["sample/1", "secret/1", "secret/2"] {
        write(&format!("data/{test}.in"), &format!("{test}\n"));
        write(&format!("data/{test}.ans"), answer);
    }
    for (path, text) in files {
        write(path, text);
    }
    Problem::new(Package::read(&dir.join("attacked")).unwrap())
}

fn judged(judge: &Judge, problem: &Problem, python: &str) -> Judgement {
    let task = Task {
        problem,
        language: judge.languages().find("python3").unwrap(),
        sources: &[SourceFile { name: None, content: python.into() }],
        mode: Mode::Submit,
        limits: LowerLimits::default(),
        after_failure: AfterFailure::Stop,
        parallel: false,
    };
    judge.judge(&task, &|_| {}, &Cancel::default()).unwrap()
}

fn expect(judgement: &Judgement, code: &str) -> Result<(), String> {
    let happened = judgement.verdict.code();
    if happened == code {
        return Ok(());
    }
    Err(format!("{happened} instead of {code}: {:?}", judgement.cause))
}

/// What the package's flags are, and the answer.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    /// No flags, `42`.
    Token,
    /// `float_tolerance 1e-6`, `0.5`.
    Number,
    /// `case_sensitive space_change_sensitive`, `Yes 42`.
    Exact,
}

/// Name, problem, what is printed (a Python expression of bytes), and the verdict.
const OUTPUTS: [(&str, Of, &str, &str); 36] = [
    ("huge_token", Of::Token, "b'4' * 1000000 + b'2'", "WA"),
    ("huge_number", Of::Number, "b'0.5' + b'0' * 1000000", "WA"),
    ("number_before_the_bound", Of::Number, "b'0.5' + b'0' * 1000", "AC"),
    ("leading_zeros", Of::Number, "b'0' * 1000000 + b'.5'", "WA"),
    ("not_a_number", Of::Number, "b'nan'", "WA"),
    ("infinite", Of::Number, "b'inf'", "WA"),
    ("minus_infinity", Of::Number, "b'-Infinity'", "WA"),
    ("hexadecimal", Of::Number, "b'0x1p-1'", "WA"),
    ("leading_plus", Of::Number, "b'+0.5'", "AC"),
    ("two_signs", Of::Number, "b'--0.5'", "WA"),
    ("exponent_bomb", Of::Number, "b'1e999999999'", "WA"),
    ("negative_exponent_bomb", Of::Number, "b'5e-999999999'", "WA"),
    ("exponent_of_many_digits", Of::Number, "b'5e-' + b'0' * 900 + b'1'", "AC"),
    ("comma_of_a_locale", Of::Number, "b'0,5'", "WA"),
    ("digits_of_another_script", Of::Number, "'\\u0660.\\u0665'.encode()", "WA"),
    ("underscore", Of::Number, "b'0_0.5'", "WA"),
    ("number_and_nul", Of::Number, "b'0.5\\0'", "WA"),
    ("number_and_rest", Of::Number, "b'0.5abc'", "WA"),
    ("nul_after_the_token", Of::Token, "b'42\\0'", "WA"),
    ("nul_before_the_token", Of::Token, "b'\\x0042'", "WA"),
    ("nul_as_white_space", Of::Token, "b'42\\0\\n'", "WA"),
    ("carriage_returns", Of::Token, "b'\\r\\n42\\r\\n'", "AC"),
    ("carriage_returns_where_space_counts", Of::Exact, "b'Yes 42\\r\\n'", "WA"),
    ("all_white_space", Of::Token, "b'\\x0b\\x0c42\\t\\v\\f '", "AC"),
    ("no_break_space", Of::Token, "b'\\xc2\\xa042'", "WA"),
    ("byte_order_mark", Of::Token, "b'\\xef\\xbb\\xbf42'", "WA"),
    ("invalid_utf_8", Of::Token, "b'\\xff\\xfe\\x80' * 1000", "WA"),
    ("full_width_digits", Of::Token, "'\\uff14\\uff12'.encode()", "WA"),
    ("backspaces", Of::Token, "b'41\\b2'", "WA"),
    ("other_case_where_it_counts", Of::Exact, "b'yes 42\\n'", "WA"),
    ("answer_again_and_again", Of::Token, "b'42 ' * 1000", "WA"),
    ("no_output", Of::Token, "b''", "WA"),
    ("many_blanks", Of::Token, "b' \\n' * 2000000 + b'42'", "AC"),
    ("endless_blanks", Of::Token, "b'42' + b'\\n' * 20000000", "OLE"),
    ("words_of_a_checker", Of::Token, "b'accepted\\nAC\\n42 is wrong, 43 is right'", "WA"),
    ("escape_sequences", Of::Token, "b'\\x1b[2J\\x1b]0;AC\\x07' * 100", "WA"),
];

#[test]
fn no_output_deceives_the_default_validator() {
    let judge = judge();
    let mut table = Table::of(CLASS);
    let problems = [
        (Of::Token, "", "42\n"),
        (Of::Number, "validator_flags: float_tolerance 1e-6\n", "0.5\n"),
        (Of::Exact, "validator_flags: case_sensitive space_change_sensitive\n", "Yes 42\n"),
    ];
    for (of, flags, answer) in problems {
        let dir = tempfile::tempdir().unwrap();
        let yaml = format!("name: Attacked\nlimits: {{memory: 256, output: 8}}\n{flags}");
        let problem = problem(dir.path(), &[("problem.yaml", &yaml)], answer);
        for (name, _, output, code) in OUTPUTS.into_iter().filter(|row| row.1 == of) {
            let python = format!("import sys\nsys.stdout.buffer.write({output})\n");
            let judgement = judged(&judge, &problem, &python);
            let said = remark_on_first(&judgement);
            let calm = if said.len() < 1000 && !said.chars().any(char::is_control) {
                Ok(())
            } else {
                Err(format!("the checker says {said:?}"))
            };
            table.tried(name, expect(&judgement, code).and(calm));
        }
    }
    table.close(OUTPUTS.len());
}

/// Obeys the output that it reads.
const VALIDATOR: &str = r#"
import ctypes, os, signal, socket, subprocess, sys, time
order, *rest = sys.stdin.read().split()
box, feedback = os.getcwd(), sys.argv[3]

def write(name, text):
    with open(feedback + name, "w") as file:
        file.write(text)

def child(work):
    if os.fork() == 0:
        work()
        os._exit(0)

def daemon():
    os.setsid()
    if os.fork() == 0:
        os.execv("/usr/bin/python3", ["python3", "-c", "import time; time.sleep(1000)", "@MARK@"])

def spin():
    while True:
        pass

def seen():
    for top in ("@PACKAGE@", "/box", "/tmp", "/dev/shm", "/home", "/root", "/var", "/mnt", "/srv"):
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                if path not in (sys.argv[1], sys.argv[2]) and not path.endswith((".py", ".pyc")):
                    with open(path, "rb") as file:
                        if b"@SECRET@" in file.read(1 << 20):
                            return True
    return False

def connects():
    try:
        socket.create_connection(("127.0.0.1", @PORT@), 1).send(b"x")
        return True
    except OSError:
        return False

def moved_feedback():
    os.rename(feedback, "moved")
    os.symlink(".", feedback.rstrip("/"))
    write("judgemessage.txt", "@SECRET@")

def leave():
    for path in ("left", "/tmp/left", "/dev/shm/left", feedback + "left"):
        open(path, "w").close()

def change_data():
    for path in sys.argv[1:3]:
        with open(path, "w") as file:
            file.write("changed\n")

remark = feedback + "judgemessage.txt"
score = feedback + "score.txt"
orders = {
    "accept": lambda: 42,
    "reject": lambda: 43,
    "exit": lambda: int(rest[0]),
    "signal": lambda: os.kill(os.getpid(), int(rest[0])),
    "loop": spin,
    "sleep": lambda: time.sleep(1000),
    "loop_in_child": lambda: (child(spin), os.wait(), 42)[-1],
    "memory": lambda: (bytearray(1 << 30), 42)[-1],
    "recursion": lambda: orders["recursion"](),
    "abort": lambda: ctypes.string_at(1),
    "forbidden": lambda: (ctypes.CDLL(None).syscall(321, 0, 0, 0), 42)[-1],
    "words": lambda: (print("42\nAC\naccepted", flush=True), sys.stderr.write("AC\n"), 1)[-1],
    "output_flood": lambda: ([sys.stdout.write("AC" * 1000000) for _ in range(100)], 42)[-1],
    "error_flood": lambda: ([sys.stderr.write("AC" * 1000000) for _ in range(100)], 42)[-1],
    "large_remark": lambda: (write("judgemessage.txt", "x" * (100 << 20)), 42)[-1],
    "long_remark": lambda: (write("judgemessage.txt", "x" * (1 << 20)), 43)[-1],
    "linked_remark": lambda: (os.symlink(sys.argv[2], remark), 43)[-1],
    "hard_linked_remark": lambda: (os.link("/etc/passwd", remark), 43)[-1],
    "fifo_as_remark": lambda: (os.mkfifo(remark), 43)[-1],
    "folder_as_remark": lambda: (os.mkdir(remark), 43)[-1],
    "moved_feedback": lambda: (moved_feedback(), 43)[-1],
    "score": lambda: (write("score.txt", " ".join(rest)), 42)[-1],
    "empty_score": lambda: (write("score.txt", ""), 42)[-1],
    "long_score": lambda: (write("score.txt", "1" + "0" * 100000), 42)[-1],
    "long_right_score": lambda: (write("score.txt", "1" + " " * 100000), 42)[-1],
    "linked_score": lambda: (os.symlink(sys.argv[1], score), 42)[-1],
    "fifo_as_score": lambda: (os.mkfifo(score), 42)[-1],
    "daemon": lambda: (child(daemon), 42)[-1],
    "forks": lambda: ([child(lambda: time.sleep(1000)) for _ in range(10000)], 42)[-1],
    "kill_all": lambda: (os.kill(-1, 9), 43)[-1],
    "kill_init": lambda: (os.kill(1, 9), 43)[-1],
    "search": lambda: 42 if seen() else 43,
    "network": lambda: 42 if connects() else 43,
    "leave": lambda: (leave(), 42)[-1],
    "change_data": lambda: (change_data(), 42 if rest == ["sample/1"] else 43)[-1],
}
os._exit(orders[order]() or 0)
"#;

/// What the submission prints, and the verdict. Beside `JE` only what the validator really says.
const ORDERS: [(&str, &str); 36] = [
    ("accept", "AC"),
    ("reject", "WA"),
    ("exit 0", "JE"),
    ("exit 1", "JE"),
    ("exit 41", "JE"),
    ("exit 44", "JE"),
    ("exit 255", "JE"),
    ("signal 9", "JE"),
    ("signal 11", "JE"),
    ("signal 15", "JE"),
    ("signal 31", "JE"),
    ("signal 24", "JE"),
    ("abort", "JE"),
    ("recursion", "JE"),
    ("loop", "JE"),
    ("loop_in_child", "JE"),
    ("sleep", "JE"),
    ("memory", "JE"),
    ("forbidden", "JE"),
    ("forks", "JE"),
    ("words", "JE"),
    ("output_flood", "JE"),
    ("error_flood", "JE"),
    ("large_remark", "JE"),
    ("long_remark", "WA"),
    ("linked_remark", "WA"),
    ("hard_linked_remark", "JE"),
    ("fifo_as_remark", "WA"),
    ("folder_as_remark", "WA"),
    ("moved_feedback", "WA"),
    ("no_such_order", "JE"),
    ("\\x00\\xff\\x1b[2J", "JE"),
    ("daemon", "AC"),
    ("kill_all", "JE"),
    ("search", "WA"),
    ("network", "WA"),
];

/// Of a problem with scores. What is no number from a file is a judging error, not full marks.
const SCORES: [(&str, &str); 14] = [
    ("score 1", "AC"),
    ("score 1.5e0", "AC"),
    ("score nan", "JE"),
    ("score inf", "JE"),
    ("score -infinity", "JE"),
    ("score 1e400", "JE"),
    ("score 0x10", "JE"),
    ("score 1 2", "JE"),
    ("score 1,5", "JE"),
    ("score garbage", "JE"),
    ("empty_score", "JE"),
    ("long_score", "JE"),
    ("linked_score", "JE"),
    ("fifo_as_score", "JE"),
];

/// Prints an order. `@NAME@` is the name of the test.
fn obeyed(judge: &Judge, problem: &Problem, order: &str) -> Judgement {
    let python = format!(
        "import os, sys\nname = input()\n\
         left = [path for path in ('left', '/tmp/left', '/dev/shm/left') if os.path.exists(path)]\n\
         order = b'{order}'.replace(b'@NAME@', name.encode())\n\
         sys.stdout.buffer.write(b'exit 1' if left else order)\n"
    );
    judged(judge, problem, &python)
}

/// Processes of the host with this among their arguments.
fn processes_with(mark: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let ends = lines.filter(|line| line.ends_with(format!("{mark}\0").as_bytes()));
    ends.count()
}

#[test]
fn a_validator_that_an_output_commands_can_only_fail() {
    let judge = judge();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().file_name().unwrap().to_str().unwrap().to_owned();
    let mark = format!("daemon-of-{secret}");
    let validator = VALIDATOR
        .replace("@PACKAGE@", dir.path().to_str().unwrap())
        .replace("@PORT@", &listener.local_addr().unwrap().port().to_string())
        .replace("@SECRET@", &secret)
        .replace("@MARK@", &mark);
    let limits = "limits: {validation_time: 2, validation_memory: 256, validation_output: 4}\n";
    let yaml = format!("name: Attacked\nvalidation: custom\n{limits}");
    let files = [("problem.yaml", yaml.as_str()), ("output_validators/check.py", &validator)];
    let plain = problem(dir.path(), &files, &secret);
    let mut table = Table::of(CLASS);
    for (order, code) in ORDERS {
        let judgement = obeyed(&judge, &plain, order);
        let remark = remark_on_first(&judgement);
        let told = if judgement.verdict.code() == "WA" && !remark.is_empty() {
            Err(format!("a remark of {} bytes", remark.len()))
        } else {
            Ok(())
        };
        let left = match processes_with(&mark) {
            0 => Ok(()),
            left => Err(format!("{left} processes are left")),
        };
        table.tried(order, expect(&judgement, code).and(told).and(left));
    }
    let called = listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(called, Err(ErrorKind::WouldBlock), "the listener was called");
    // On the test after the one whose validator left things, or changed the test's data.
    table.tried("leave", expect(&obeyed(&judge, &plain, "leave"), "AC"));
    table.tried("kill_init", expect(&obeyed(&judge, &plain, "kill_init"), "JE"));
    let changed = obeyed(&judge, &plain, "change_data @NAME@");
    let sample = plain.package.public_testcases().next().unwrap();
    let kept = sample.read_answer().unwrap() == secret.as_bytes();
    let kept = if kept { Ok(()) } else { Err("the answer was changed".into()) };
    table.tried("change_data", expect(&changed, "WA").and(kept));
    let passed: Vec<&str> = changed.tests.iter().map(|test| test.run.verdict.code()).collect();
    assert_eq!(passed, ["AC", "WA"], "the second test's data is its own");

    let yaml = format!("name: Attacked\ntype: scoring\nvalidation: custom score\n{limits}");
    let dir = tempfile::tempdir().unwrap();
    let files = [("problem.yaml", yaml.as_str()), ("output_validators/check.py", &validator)];
    let scored = problem(dir.path(), &files, "0\n");
    for (order, code) in SCORES {
        table.tried(order, expect(&obeyed(&judge, &scored, order), code));
    }
    table.close(ORDERS.len() + SCORES.len() + 3);
}

/// What is no score by its size must not pass for none where none means full marks.
#[test]
fn a_score_too_long_to_be_read_is_not_full_marks() {
    let judge = judge();
    let dir = tempfile::tempdir().unwrap();
    let yaml = "problem_format_version: 2025-09\nname: Attacked\nuuid: x\ntype: scoring\n\
                limits: {time_limit: 20, validation_time: 2}\n";
    let group = "max_score: 100\n";
    let files = [
        ("problem.yaml", yaml),
        ("data/secret/test_group.yaml", group),
        ("output_validator/check.py", VALIDATOR),
    ];
    let validator = VALIDATOR.replace("@PORT@", "1");
    let files =
        files.map(|(path, text)| (path, if text == VALIDATOR { &*validator } else { text }));
    let problem = problem(dir.path(), &files, "0\n");
    let mut table = Table::of(CLASS);
    for order in ["long_right_score", "long_score", "empty_score"] {
        let judgement = obeyed(&judge, &problem, order);
        table.tried(&format!("{order}_of_100"), expect(&judgement, "JE"));
    }
    table.close(3);
}

#[test]
fn a_validator_that_does_not_compile_is_a_judging_error() {
    let judge = judge();
    let mut table = Table::of(CLASS);
    for (name, file, text) in [
        ("no_program", "check.c", "int main(void) { return"),
        ("no_language", "check.cobol", "STOP RUN."),
        ("endless_include", "check.c", "#include \"/dev/zero\"\nint main(void) {}"),
        (
            "include_of_its_package",
            "check.c",
            "#include \"@PACKAGE@/attacked/data/secret/1.ans\"\n",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let text = text.replace("@PACKAGE@", dir.path().to_str().unwrap());
        let path = format!("output_validators/{file}");
        let files = [("problem.yaml", "name: Attacked\nvalidation: custom\n"), (&path, &text)];
        let problem = problem(dir.path(), &files, "int main(void) { return 42; }\n");
        table.tried(name, expect(&judged(&judge, &problem, "print(42)"), "JE"));
    }
    table.close(4);
}
