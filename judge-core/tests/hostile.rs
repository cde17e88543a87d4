//! Compiles and runs every program of `testcases/hostile` in real sandboxes, as root, and looks
//! afterwards whether anything of it is left, inside or on the host.
//!
//! What a program's first line may say stands in `testcases/hostile/README.md`.

#[path = "hostile/case.rs"]
mod case;
#[path = "hostile/host.rs"]
mod host;
#[path = "hostile/need.rs"]
mod need;
#[path = "hostile/pace.rs"]
mod pace;
#[path = "hostile/prepared.rs"]
mod prepared;
#[path = "support/slots.rs"]
mod slots;
#[path = "hostile/tally.rs"]
mod tally;
#[path = "hostile/traces.rs"]
mod traces;
#[path = "hostile/yard.rs"]
mod yard;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use case::{CLASSES, Case, WALLS};
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{Cancel, Capture, Collect, Outcome, ProfileName, RunSpec, Slot};
use judge_core::sys::fds::SealedFile;
use judge_core::sys::process::Exit;
use judge_core::toolchain::{Languages, compile};
use prepared::{FOLDER, Prepared};
use slots::config;
use tally::Tally;
use yard::{Ground, Yard, honest, source_of};

/// Slots that work side by side, where programs were not made for one host.
const SLOTS: u32 = 2;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testcases/hostile")
}

fn languages() -> Languages {
    Languages::load(&ProfileSource::BuiltIn).unwrap()
}

/// Those whose path holds what the environment variable `HOSTILE` says, or all.
fn chosen(languages: &Languages) -> Vec<Case> {
    let mut cases = case::load(&corpus(), languages);
    let only = only();
    cases.retain(|case| case.path().contains(&only));
    assert!(!cases.is_empty(), "no program's path contains {only:?}");
    cases
}

fn only() -> String {
    std::env::var("HOSTILE").unwrap_or_default()
}

/// How many files the classes have, counted without reading them, less those not chosen.
fn files_of_the_corpus() -> usize {
    let only = only();
    let files = CLASSES.iter().flat_map(|class| {
        let entries = fs::read_dir(corpus().join(class)).unwrap();
        entries.map(move |entry| format!("{class}/{}", entry.unwrap().file_name().display()))
    });
    files.filter(|path| path.contains(&only)).count()
}

#[test]
fn no_program_of_the_corpus_does_what_it_is_after_or_leaves_a_trace() {
    let ground = Ground::new(config(), languages(), Prepared::named());
    eprintln!("{:?}", ground.pace);
    // Programs that were made for one host run on that one, one after the other.
    let slots = if ground.prepared.is_some() { 1 } else { SLOTS };
    let cases = Mutex::new(chosen(&ground.languages).into_iter());
    let tally = Mutex::new(Tally::default());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for number in 0..slots {
            let (ground, cases, tally, failures) = (&ground, &cases, &tally, &failures);
            threads.spawn(move || {
                let mut yard = None;
                while let Some(case) = { cases.lock().unwrap().next() } {
                    if let Some(need) = case.needs.filter(|need| !need.is_met()) {
                        tally.lock().unwrap().add_not_tried(&case.path(), need.lacking);
                        continue;
                    }
                    let began = Instant::now();
                    let judged = yard.get_or_insert_with(|| Yard::new(ground, number)).judge(&case);
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
    let tally = tally.into_inner().unwrap();
    // Past the capture of output: a run that went well shows it too.
    write!(std::io::stdout().lock(), "\n{tally}").unwrap();
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert_eq!(tally.all(), files_of_the_corpus(), "attacks, and files of the corpus");
}

/// Fills the folder that the environment variable [`FOLDER`] names, for a run of the others on a
/// machine where compilers are slow: `.ci/v2/test` has its use.
#[test]
#[ignore = "is told by JUDGE_HOSTILE_PROGRAMS for which run to compile"]
fn programs_are_compiled_for_a_run_elsewhere() {
    let folder = std::env::var_os(FOLDER).expect("the environment names the folder");
    let prepared = Prepared::create(Path::new(&folder));
    let languages = languages();
    let ours = honest().map(|(id, text)| (languages.find(id).unwrap().clone(), source_of(text)));
    let cases = chosen(&languages);
    let cases = cases.iter().filter(|case| !case.is_about_compiling());
    let theirs = cases
        .map(|case| (case.language.clone(), case.sources(|text| prepared.places.fill_in(text))));
    let config = config();
    let all = Mutex::new(ours.chain(theirs).collect::<Vec<_>>().into_iter());
    std::thread::scope(|threads| {
        for number in 0..SLOTS {
            let (config, all, prepared) = (&config, &all, &prepared);
            threads.spawn(move || {
                let mut slot = Slot::start(config, number).unwrap();
                while let Some((language, sources)) = { all.lock().unwrap().next() } {
                    let made = compile(&mut slot, &language, &sources, &Cancel::default()).unwrap();
                    let said = String::from_utf8_lossy(&made.output);
                    prepared.put(&sources, &made.result.unwrap_or_else(|_| panic!("{said}")));
                }
            });
        }
    });
}

#[test]
fn every_wall_is_attacked() {
    let languages = languages();
    let cases = case::load(&corpus(), &languages);
    let attacked: BTreeSet<&str> = cases.iter().map(|case| case.wall.as_str()).collect();
    assert_eq!(attacked, BTreeSet::from(WALLS));
    let used: BTreeSet<&str> = cases.iter().map(|case| case.language.id.as_str()).collect();
    assert_eq!(used.len(), 5, "a language without a hostile program: {used:?}");
}

#[test]
fn the_next_run_sees_what_is_left() {
    let ground = Ground::new(config(), languages(), Prepared::named());
    let mut yard = Yard::new(&ground, 0);
    let nothing = yard.look_around(&[]);
    assert_eq!(nothing, Ok(()));
    yard.leave("left");
    let seen = yard.look_around(&[]).unwrap_err();
    assert!(seen.contains("/box/left"), "{seen}");
}

/// Runs a script that litters its working directory, and collects `*.out`.
fn litter(slot: &mut Slot, script: &str) -> Outcome {
    let argv = ["/usr/bin/python3", "-c", script].map(str::to_owned);
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    let limits = languages.find("c").unwrap().compile_limits();
    let spec = RunSpec {
        own_core: true,
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
