//! Where a hostile program runs, and how its end becomes what a first line says.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use judge_core::judging::verdict::{Cause, Ruling, ruling_of, ruling_of_compiling};
use judge_core::sandbox::{
    Cancel, Capture, InputFile, Limits, Outcome, ProfileName, RunSpec, SandboxError, Slot,
    SlotConfig,
};
use judge_core::sys::fds::SealedFile;
use judge_core::toolchain::{Language, Languages, Program, SourceFile, compile};

use super::case::Case;
use super::host::Host;
use super::pace::{KNOWN, MEMORY_BYTES, Pace};
use super::prepared::Prepared;
use super::traces::Groups;

/// Much less is what an honest small program uses; more is what the run before it left.
const NEXT_RUN_BYTES: u64 = 8 << 20;

/// Looks around after each run.
const NEXT_RUN: &str = include_str!("next_run.c");

/// Our own programs, by language.
pub fn honest() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.into_iter().chain([("c", NEXT_RUN)])
}

/// What all yards of a test have in common.
pub struct Ground {
    pub config: SlotConfig,
    pub languages: Languages,
    pub prepared: Option<Prepared>,
    pub pace: Pace,
}

impl Ground {
    /// Measures the pace, in slot 0.
    pub fn new(config: SlotConfig, languages: Languages, prepared: Option<Prepared>) -> Self {
        let mut slot = Slot::start(&config, 0).unwrap();
        let empty = SealedFile::of_bytes(b"").unwrap();
        let pace = Pace::of(|id, source| {
            let language = languages.find(id).unwrap();
            let program = honest_program(&mut slot, language, source, prepared.as_ref());
            // Whatever it takes: its time is asked for.
            let limits = language.run_limits(Duration::from_secs(60), MEMORY_BYTES, 1 << 20);
            let (outcome, _) = run(&mut slot, &program, &limits, &empty).unwrap();
            assert_eq!(ruling_of(&outcome, &limits, None), None, "{id}: {}", summary(&outcome));
            outcome.usage.cpu
        });
        Self { config, languages, prepared, pace }
    }
}

fn honest_program(
    slot: &mut Slot,
    language: &Arc<Language>,
    source: &str,
    prepared: Option<&Prepared>,
) -> Program {
    let sources = source_of(source);
    match prepared {
        Some(prepared) => prepared.get(language, &sources).unwrap(),
        None => compile(slot, language, &sources, &Cancel::default()).unwrap().result.unwrap(),
    }
}

/// A slot, what it is judged by, and the things of the host that its programs are to covet.
pub struct Yard<'a> {
    ground: &'a Ground,
    slot: Slot,
    groups: Groups,
    host: Host,
    next_run: Program,
}

impl<'a> Yard<'a> {
    pub fn new(ground: &'a Ground, number: u32) -> Self {
        let Ground { config, languages, prepared, .. } = ground;
        let mut slot = Slot::start(config, number).unwrap();
        let instance = config.cgroups.instance();
        let groups = Groups::of_slot(Path::new("/sys/fs/cgroup"), instance, number);
        let language = languages.find("c").unwrap();
        let next_run = honest_program(&mut slot, language, NEXT_RUN, prepared.as_ref());
        let host = prepared.as_ref().map(|prepared| Host::at(prepared.places.clone()));
        Self { ground, slot, groups, host: host.unwrap_or_else(Host::new), next_run }
    }

    /// Leaves a file for the next run, as a program should not be able to.
    pub fn leave(&mut self, path: &str) {
        let content = Arc::new(SealedFile::of_bytes(b"x").unwrap());
        self.next_run.files.push(InputFile { path: path.into(), content, executable: false });
    }

    /// Runs the case and then looks around. An error says what went wrong.
    pub fn judge(&mut self, case: &Case) -> Result<(), String> {
        let sources = case.sources(|text| self.host.places.fill_in(text));
        let language = self.ground.pace.hurried(case);
        if let Some(prepared) = &self.ground.prepared
            && !case.is_about_compiling()
        {
            let program = prepared.get(&language, &sources)?;
            return self.run(case, &program);
        }
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
        self.run(case, &program)
    }

    fn run(&mut self, case: &Case, program: &Program) -> Result<(), String> {
        let input = SealedFile::of_bytes(b"an input\n").unwrap();
        for _ in 0..case.runs {
            let limits = self.ground.pace.limits(case);
            let (outcome, output) = run(&mut self.slot, program, &limits, &input)?;
            self.look_around(&[&output, &outcome.stderr])?;
            let marker = case.language.run.out_of_memory_marker.as_deref();
            let happened = match ruling_of(&outcome, &limits, marker) {
                Some(ruling) => described(&ruling),
                None => format!("OK {}", last_line(&output)),
            };
            case.check(&happened).map_err(|what| format!("{what} {}", summary(&outcome)))?;
        }
        Ok(())
    }

    /// Nothing of what ran last may be left: on the host, or for whoever runs next.
    pub fn look_around(&mut self, told: &[&[u8]]) -> Result<(), String> {
        self.host.check(told, self.slot.host_ids())?;
        self.groups.check()?;
        let limits = self.ground.pace.honest_limits(&self.next_run.language);
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

pub fn source_of(text: &str) -> Vec<SourceFile> {
    vec![SourceFile { name: None, content: text.into() }]
}

fn run(
    slot: &mut Slot,
    program: &Program,
    limits: &Limits,
    input: &SealedFile,
) -> Result<(Outcome, Vec<u8>), String> {
    let spec = RunSpec {
        own_core: true,
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
