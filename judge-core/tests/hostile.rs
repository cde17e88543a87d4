//! Compiles and runs every program of `testcases/hostile` in real sandboxes, as root, and looks
//! afterwards whether anything of it is left, inside or on the host.
//!
//! What a program's first line may say stands in `testcases/hostile/README.md`.

#[path = "hostile/case.rs"]
mod case;
#[path = "hostile/host.rs"]
mod host;
#[path = "hostile/tally.rs"]
mod tally;
#[path = "hostile/traces.rs"]
mod traces;

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use case::{Case, WALLS};
use host::Host;
use judge_core::judging::verdict::{Cause, Ruling, ruling_of, ruling_of_compiling};
use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{
    Cancel, Capture, Collect, InputFile, Limits, Outcome, ProfileName, Profiles, RunSpec,
    SandboxError, Slot, SlotConfig,
};
use judge_core::sys::fds::SealedFile;
use judge_core::sys::process::Exit;
use judge_core::toolchain::{Language, Languages, Program, SourceFile, compile};
use tally::Tally;
use traces::Groups;

/// The problem's memory limit; a language may add what its own machinery needs.
const MEMORY_BYTES: u64 = 64 << 20;

/// Much less is what an honest small program uses; more is what the run before it left.
const NEXT_RUN_BYTES: u64 = 8 << 20;

/// Slots that work side by side.
const SLOTS: u32 = 2;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testcases/hostile")
}

fn config() -> SlotConfig {
    SlotConfig {
        init_binary: env!("CARGO_BIN_EXE_judge-sandbox-init").into(),
        profiles: Profiles::load(&ProfileSource::BuiltIn).unwrap(),
        cgroups: Cgroups::claim(None).unwrap(),
    }
}

#[test]
fn no_program_of_the_corpus_does_what_it_is_after_or_leaves_a_trace() {
    let config = config();
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    let only = std::env::var("HOSTILE").unwrap_or_default();
    let mut cases = case::load(&corpus(), &languages);
    cases.retain(|case| case.path().contains(&only));
    assert!(!cases.is_empty(), "no program's path contains {only:?}");
    let cases = Mutex::new(cases.into_iter());
    let tally = Mutex::new(Tally::default());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for number in 0..SLOTS {
            let (config, cases, languages) = (&config, &cases, &languages);
            let (tally, failures) = (&tally, &failures);
            threads.spawn(move || {
                let mut yard = None;
                while let Some(case) = { cases.lock().unwrap().next() } {
                    let began = Instant::now();
                    let judged = yard
                        .get_or_insert_with(|| Yard::new(config, number, languages))
                        .judge(&case);
                    eprintln!("{}: {judged:?}, {:.1?}", case.path(), began.elapsed());
                    tally.lock().unwrap().add(case.class, judged.is_err());
                    if let Err(what) = judged {
                        failures.lock().unwrap().push(format!("{}: {what}", case.path()));
                        // Its place must be free before another one takes it.
                        yard = None;
                    }
                }
            });
        }
    });
    // Past the capture of output: a run that went well shows it too.
    write!(std::io::stdout().lock(), "\n{}", tally.into_inner().unwrap()).unwrap();
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_wall_is_attacked() {
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    let cases = case::load(&corpus(), &languages);
    let attacked: BTreeSet<&str> = cases.iter().map(|case| case.wall.as_str()).collect();
    assert_eq!(attacked, BTreeSet::from(WALLS));
    let used: BTreeSet<&str> = cases.iter().map(|case| case.language.id.as_str()).collect();
    assert_eq!(used.len(), 5, "a language without a hostile program: {used:?}");
}

#[test]
fn the_next_run_sees_what_is_left() {
    let config = config();
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    let mut yard = Yard::new(&config, 0, &languages);
    let nothing = yard.look_around(&[]);
    assert_eq!(nothing, Ok(()));
    yard.next_run.files.push(InputFile {
        path: "left".into(),
        content: Arc::new(SealedFile::of_bytes(b"x").unwrap()),
        executable: false,
    });
    let seen = yard.look_around(&[]).unwrap_err();
    assert!(seen.contains("/box/left"), "{seen}");
}

/// A slot, what it is judged by, and the things of the host that its programs are to covet.
struct Yard {
    slot: Slot,
    groups: Groups,
    host: Host,
    next_run: Program,
}

impl Yard {
    fn new(config: &SlotConfig, number: u32, languages: &Languages) -> Self {
        let mut slot = Slot::start(config, number).unwrap();
        let instance = config.cgroups.instance();
        let groups = Groups::of_slot(Path::new("/sys/fs/cgroup"), instance, number);
        let source = include_str!("hostile/next_run.c");
        let language = languages.find("c").unwrap();
        let compilation = compile(&mut slot, language, &source_of(source), &Cancel::default());
        let next_run = compilation.unwrap().result.unwrap();
        Self { slot, groups, host: Host::new(), next_run }
    }

    /// Runs the case and then looks around. An error says what went wrong.
    fn judge(&mut self, case: &Case) -> Result<(), String> {
        let sources = case.sources(|text| self.host.fill_in(text));
        let language = hurried(case);
        let compiled = compile(&mut self.slot, &language, &sources, &Cancel::default());
        if let Err(SandboxError::Start { source, .. }) = &compiled
            && source.kind() == ErrorKind::InvalidInput
        {
            self.look_around(&[])?;
            return case.check("BAD NAME").map_err(|what| format!("{what} {source}"));
        }
        let compilation = compiled.map_err(|error| format!("not a fact: {error:?}"))?;
        self.look_around(&[&compilation.output])?;
        let Ok(program) = compilation.result else {
            let (verdict, cause) = ruling_of_compiling(&compilation.outcome, &compilation.limits);
            let said = beginning(&compilation.output);
            let checked = case.check(verdict.code());
            return checked.map_err(|what| format!("{what} {cause:?} {said}"));
        };
        let input = SealedFile::of_bytes(b"an input\n").unwrap();
        for _ in 0..case.runs {
            let limits = limits(case);
            let (outcome, output) = run(&mut self.slot, &program, &limits, &input)?;
            self.look_around(&[&output, &outcome.stderr])?;
            let marker = language.run.out_of_memory_marker.as_deref();
            let happened = match ruling_of(&outcome, &limits, marker) {
                Some(ruling) => described(&ruling),
                None => format!("OK {}", last_line(&output)),
            };
            case.check(&happened).map_err(|what| format!("{what} {}", summary(&outcome)))?;
        }
        Ok(())
    }

    /// Nothing of what ran last may be left: on the host, or for whoever runs next.
    fn look_around(&mut self, told: &[&[u8]]) -> Result<(), String> {
        self.host.check(told, self.slot.host_ids())?;
        self.groups.check()?;
        let limits = Limits {
            memory_bytes: MEMORY_BYTES,
            ..self.next_run.language.run_limits(Duration::from_secs(2), MEMORY_BYTES, 1 << 20)
        };
        let input = SealedFile::of_bytes(b"").unwrap();
        let (outcome, seen) = run(&mut self.slot, &self.next_run, &limits, &input)?;
        if !seen.is_empty() || ruling_of(&outcome, &limits, None).is_some() {
            let seen = String::from_utf8_lossy(&seen);
            return Err(format!("the next run saw {seen:?}: {}", summary(&outcome)));
        }
        if NEXT_RUN_BYTES < outcome.usage.memory_bytes {
            return Err(format!("the next run was charged {} bytes", outcome.usage.memory_bytes));
        }
        Ok(())
    }
}

fn source_of(text: &str) -> Vec<SourceFile> {
    vec![SourceFile { name: None, content: text.into() }]
}

/// With compile limits that are soon reached; a runtime with a heap of its own keeps its own.
fn hurried(case: &Case) -> Arc<Language> {
    let mut language = Language::clone(&case.language);
    let has_own_heap = language.compile.collect != ["program"];
    if !has_own_heap {
        language.compile.memory_mib = 256;
    }
    if !has_own_heap || case.expects("CTL") {
        language.compile.cpu_seconds = 4;
    }
    Arc::new(language)
}

/// Roomy where they are not what the case is about, so that a crowded machine changes nothing.
fn limits(case: &Case) -> Limits {
    let cpu = Duration::from_secs(if case.expects("TLE") { 1 } else { 4 });
    Limits {
        wall: Duration::from_secs(if case.expects("WTL") { 1 } else { 30 }),
        file_size_bytes: 16 << 20,
        ..case.language.run_limits(cpu, MEMORY_BYTES, 1 << 20)
    }
}

fn run(
    slot: &mut Slot,
    program: &Program,
    limits: &Limits,
    input: &SealedFile,
) -> Result<(Outcome, Vec<u8>), String> {
    let spec = RunSpec {
        profile: ProfileName::Run,
        argv: &program.argv(MEMORY_BYTES),
        env: &program.env(),
        limits,
        stdin: input,
        files: &program.files,
        collect: &[],
    };
    let mut output = Capture::default();
    let outcome = slot.run(&spec, &mut output, &Cancel::default());
    let outcome = outcome.map_err(|error| format!("not a fact: {error:?}"))?;
    Ok((outcome, output.0))
}

/// The facts that explain a surprise.
fn summary(outcome: &Outcome) -> String {
    let Outcome { termination, exit, usage, stderr, .. } = outcome;
    format!("{termination:?} {exit:?} {usage:?} {:?}", beginning(stderr))
}

/// As much of a text as a message can hold.
fn beginning(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(500).collect()
}

/// Runtimes may say something before.
fn last_line(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.lines().last().unwrap_or_default().to_owned()
}

/// As a first line puts it.
fn described((verdict, cause): &Ruling) -> String {
    let code = verdict.code();
    let detail = match cause {
        Cause::ForbiddenCall(call) => call.clone(),
        Cause::Processes { .. } => "processes".to_owned(),
        Cause::FileSize { .. } => "file size".to_owned(),
        Cause::ExitCode(number) => format!("exit {number}"),
        Cause::Signal(number) => format!("signal {number}"),
        _ => return code.to_owned(),
    };
    format!("{code} {detail}")
}

/// Runs a script that litters its working directory, and collects `*.out`.
fn litter(slot: &mut Slot, script: &str) -> Outcome {
    let argv = ["/usr/bin/python3", "-c", script].map(str::to_owned);
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    let limits = languages.find("c").unwrap().compile_limits();
    let spec = RunSpec {
        profile: ProfileName::Compile,
        argv: &argv,
        env: &[],
        limits: &limits,
        stdin: &SealedFile::of_bytes(b"").unwrap(),
        files: &[],
        collect: &[Collect { pattern: "*.out".into(), max_bytes: 64 << 20 }],
    };
    slot.run(&spec, &mut Capture::default(), &Cancel::default()).unwrap()
}

#[test]
fn what_a_hostile_compiler_leaves_can_neither_break_its_slot_nor_fill_our_memory() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    for script in [
        // More files than descriptors fit a message.
        "for i in range(1000): open(f'{i}.out', 'w')",
        // Names that outgrow a message: as JSON, each of these bytes takes six.
        "for i in range(150): open(f'{i:03}' + '\\x01' * 240 + '.out', 'w')",
        // Holes, which cost the program nothing, and 9 GB to copy.
        "for i in range(150): open(f'{i}.out', 'w').truncate(60 << 20)",
    ] {
        let outcome = litter(&mut slot, script);
        assert_eq!(outcome.exit, Exit::Code(0), "{script}: {outcome:?}");
        assert_eq!(outcome.files.len(), 0, "{script}");
    }
    let within = "for i in range(4): open(f'{i}.out', 'w').truncate(64 << 20)";
    assert_eq!(litter(&mut slot, within).files.len(), 4, "inclusive bounds");
}
