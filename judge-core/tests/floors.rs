//! The floors of both crates, as data, and the proof that the sources keep to them.
//!
//! ```text
//! judge-core     sys < sandbox < toolchain < judging
//! judge-worker   message, metrics, config, http, failpoint, scratch < logging, problems, intake, store, outbox
//!                < engine, report < worker < commands < main
//! ```
//!
//! A new arrow is a decision: it stands in one of the tables below, in a change of its own. Sources
//! are read as tokens, so that what stands in a macro's body or in an attribute's string counts too.

#[path = "floors/paths.rs"]
mod paths;
#[path = "floors/unsafety.rs"]
mod unsafety;

use std::fmt;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

/// A module of a crate's top level, and what it may name of its crate beside itself.
#[derive(Debug, Clone, Copy)]
struct Room {
    name: &'static str,
    /// Beginnings of paths below the crate's root: `"intake::amqp"` lets in that and what is
    /// below, and nothing else of `intake`.
    uses: &'static [&'static str],
}

const fn room(name: &'static str, uses: &'static [&'static str]) -> Room {
    Room { name, uses }
}

/// `bin` holds the files of `src/bin`.
const JUDGE_CORE: [Room; 5] = [
    room("sys", &[]),
    room("sandbox", &["sys"]),
    room("toolchain", &["sandbox", "sys"]),
    room("judging", &["toolchain", "sandbox", "sys"]),
    room("bin", &["sandbox"]),
];

/// `main` is `main.rs`, a crate of its own.
const JUDGE_WORKER: [Room; 16] = [
    // Leaves: plain data and plain services.
    room("message", &[]),
    room("metrics", &[]),
    room("config", &["message"]), // refuses names and limits by the message's own rules
    room("http", &["metrics"]),
    room("failpoint", &[]), // does nothing but in tests
    room("scratch", &[]),   // its own temporary files
    room("logging", &["config"]),
    // What judge-core judges against.
    room("problems", &["config", "message", "metrics"]),
    // AMQP and SQL: no decisions, and nothing of each other but the broker's connection.
    room("intake", &["config", "message", "metrics", "failpoint"]),
    room("store", &["config", "message", "metrics"]),
    room("outbox", &["config", "message", "metrics", "intake::amqp"]),
    // judge-core set up, in a process of its own: nothing in it could connect to anything.
    room("engine", &["config", "logging", "problems", "scratch"]),
    // One judgement as a message and as the row that goes with it.
    room("report", &["message", "store"]),
    // What joins them.
    room(
        "worker",
        &[
            "config",
            "message",
            "metrics",
            "http",
            "engine",
            "problems",
            "intake",
            "store",
            "outbox",
            "report",
            "failpoint",
        ],
    ),
    room(
        "commands",
        &[
            "config", "message", "metrics", "http", "engine", "problems", "intake", "store",
            "outbox", "report", "worker", "logging", "scratch",
        ],
    ),
    room("main", &["commands", "engine"]),
];

/// What would let brokers, databases or async into the judging library.
const FORBIDDEN_IN_JUDGE_CORE: [&str; 9] = [
    "axum",
    "futures-util",
    "hyper",
    "judge-worker",
    "lapin",
    "prometheus",
    "sqlx",
    "tokio",
    "tokio-util",
];

/// The only place of `unsafe`.
const UNSAFE_ROOM: &str = "judge-core/src/sys";

/// Something that breaks the rules, and where.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    file: PathBuf,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

/// A source file.
struct Source {
    /// From the top of the workspace.
    file: PathBuf,
    text: String,
    tokens: TokenStream,
}

impl Source {
    fn parse(file: impl Into<PathBuf>, text: String) -> Self {
        let file = file.into();
        let tokens = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self { file, text, tokens }
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate stands in the workspace")
}

/// Every Rust file below `dir`, in no particular order.
fn sources(dir: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut dirs = vec![workspace().join(dir)];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(Source::parse(path.strip_prefix(workspace()).unwrap(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no source in {dir}");
    found
}

fn none(violations: &[Violation]) {
    let told: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert!(violations.is_empty(), "\n{}", told.join("\n"));
}

#[test]
fn no_room_of_judge_core_uses_a_floor_above() {
    let sources = sources("judge-core/src");
    for Room { name, .. } in JUDGE_CORE {
        let dir = Path::new("judge-core/src").join(name);
        assert!(sources.iter().any(|source| source.file.starts_with(&dir)), "no room {name}");
    }
    none(&paths::violations("judge_core", &JUDGE_CORE, &sources));
}

#[test]
fn no_room_of_judge_worker_uses_a_floor_above() {
    none(&paths::violations("judge_worker", &JUDGE_WORKER, &sources("judge-worker/src")));
}

#[test]
fn judge_core_depends_on_no_broker_database_or_runtime() {
    let text = std::fs::read_to_string(workspace().join("judge-core/Cargo.toml")).unwrap();
    assert_eq!(forbidden_dependencies(&text), Vec::<String>::new());
}

#[test]
fn unsafe_stands_in_sys_only_and_says_why_it_is_sound() {
    let crates = ["judge-core", "judge-worker"].map(sources);
    let all: Vec<Violation> = crates
        .iter()
        .flatten()
        .flat_map(|source| unsafety::violations(source, UNSAFE_ROOM))
        .collect();
    none(&all);
    let used = crates[0]
        .iter()
        .any(|source| source.file.starts_with(UNSAFE_ROOM) && source.text.contains("unsafe {"));
    assert!(used, "the check found nothing to check");
}

#[test]
fn judge_worker_forbids_unsafe() {
    for root in ["lib.rs", "main.rs"] {
        let file = Path::new("judge-worker/src").join(root);
        let text = std::fs::read_to_string(workspace().join(&file)).unwrap();
        assert!(unsafety::forbids(&Source::parse(&file, text)), "{}", file.display());
    }
}

/// Dependencies and build dependencies of a manifest, for any target and under any name, that
/// [`FORBIDDEN_IN_JUDGE_CORE`] lists. What only tests use may be anything.
fn forbidden_dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let tables =
        targets.into_iter().flat_map(|targets| targets.values().filter_map(toml::Value::as_table));
    tables
        .chain([&manifest])
        .flat_map(|table| ["dependencies", "build-dependencies"].map(|kind| table.get(kind)))
        .filter_map(|dependencies| dependencies?.as_table())
        .flatten()
        .map(|(name, value)| {
            value.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned()
        })
        .filter(|name| FORBIDDEN_IN_JUDGE_CORE.contains(&name.as_str()))
        .collect()
}

/// The checker itself, on small wrong sources.
mod the_checker {
    use super::*;

    fn paths_in(file: &str, text: &str) -> Vec<String> {
        let source = Source::parse(file, text.to_owned());
        let found = paths::violations("judge_core", &JUDGE_CORE, &[source]);
        found.into_iter().map(|violation| violation.what).collect()
    }

    fn unsafety_in(file: &str, text: &str) -> usize {
        unsafety::violations(&Source::parse(file, text.to_owned()), UNSAFE_ROOM).len()
    }

    #[test]
    fn sees_every_way_to_name_a_floor_above() {
        for text in [
            "use crate::judging::verdict;",
            "use crate::{sys::fds, judging};",
            "use crate::{sys::{self, fds}, judging::{pool as p}};",
            "use crate::judging::{self};",
            "use super::super::judging;",
            "use super::super::{sys, judging::pool};",
            "use self::super::super::judging::pool;",
            "mod tests { use super::super::super::judging; }",
            "fn f() { use crate::judging as j; }",
            "fn f() -> crate::judging::Verdict { todo!() }",
            "fn f() { super::super::judging::judge() }",
            "impl crate::judging::Trait for X {}",
            "type X = Vec<crate::judging::X>;",
            "fn f() { assert_eq!(1, crate::judging::one()); }",
            "macro_rules! m { ($x:ident) => { $crate::judging::$x }; }",
            "macro_rules! m { () => { use $crate::{sys, judging}; }; }",
            "#[derive(Deserialize)] struct X { #[serde(with = \"crate::judging::x\")] x: u8 }",
            "use judge_core::judging;",
            "use ::judge_core::{sys, judging};",
            "pub use crate::judging::*;",
        ] {
            let found = paths_in("judge-core/src/sandbox/slot.rs", text);
            assert_eq!(found, ["`sandbox` may not use `judging`"], "{text}");
        }
    }

    #[test]
    fn lets_nothing_hide_behind_the_root_a_path_or_an_unknown_room() {
        for text in [
            "use crate as root;",
            "use crate::*;",
            "use crate::{self as root};",
            "use super::super as root;",
            "use super::super::*;",
            "extern crate self as root;",
            "use crate::Verdict;",
            "crate::a_macro_of_the_root!();",
            "#[path = \"../judging/pool.rs\"] mod pool;",
            "include!(\"../judging/pool.rs\");",
        ] {
            assert_eq!(paths_in("judge-core/src/sandbox/slot.rs", text).len(), 1, "{text}");
        }
        assert_eq!(
            paths_in("judge-core/src/attic/mod.rs", "").len(),
            1,
            "a room that no table knows"
        );
    }

    #[test]
    fn lets_pass_what_is_below_or_at_home() {
        for text in [
            "use crate::sandbox::slot; use crate::{sys::fds, sandbox::{self, limits}}; use super::profile;",
            "pub(crate) fn f() {} pub(super) mod x { use super::super::profile; pub(in super::super) struct X; }",
            "/// See [`crate::judging`].\nfn f(&self) { self.judging.super_judging(); }",
            "// use crate::judging;\nconst X: &str = \"use crate::judging;\";",
            "use std::collections::BTreeMap; use nix::judging::x; mod judging { } use judging::x;",
        ] {
            assert_eq!(paths_in("judge-core/src/sandbox/slot.rs", text), [""; 0], "{text}");
        }
        let judging = "use crate::{judging, sandbox, sys, toolchain}; use super::super::sys;";
        assert_eq!(paths_in("judge-core/src/judging/package/mod.rs", judging), [""; 0]);
        assert_eq!(
            paths_in("judge-core/src/lib.rs", "pub mod judging; pub use judging::Verdict;"),
            [""; 0]
        );
    }

    #[test]
    fn lets_in_a_part_of_a_room_without_the_rest() {
        let found = |text: &str| {
            let source = Source::parse("judge-worker/src/outbox/lines.rs", text.to_owned());
            paths::violations("judge_worker", &JUDGE_WORKER, &[source]).len()
        };
        assert_eq!(found("use crate::intake::amqp::{self, Broker};"), 0);
        assert_eq!(found("use crate::intake::{amqp, settle};"), 1);
        assert_eq!(found("use crate::intake;"), 1);
    }

    #[test]
    fn sees_every_kind_of_unsafe_outside_of_its_room() {
        for text in [
            "fn f() { unsafe { g() } }",
            "unsafe fn f() {}",
            "pub unsafe extern \"C\" fn f() {}",
            "unsafe impl Send for X {}",
            "unsafe trait X {}",
            "unsafe extern \"C\" { fn f(); }",
            "#[unsafe(no_mangle)] fn f() {}",
            "macro_rules! m { () => { unsafe { g() } }; }",
            "#![allow(unsafe_code)]",
            "#[expect(unsafe_code, reason = \"\")] mod x {}",
        ] {
            assert_eq!(unsafety_in("judge-core/src/sandbox/slot.rs", text), 1, "{text}");
        }
        assert_eq!(unsafety_in("judge-core/src/system.rs", "unsafe fn f() {}"), 1);
        assert_eq!(
            unsafety_in("judge-core/src/judging/x.rs", "// unsafe\nconst X: &str = \"unsafe {}\";"),
            0
        );
    }

    #[test]
    fn wants_a_reason_directly_above_every_unsafe() {
        let in_sys = |text: &str| unsafety_in("judge-core/src/sys/x.rs", text);
        assert_eq!(in_sys("fn f() {\n  // SAFETY: no memory.\n  unsafe { g() }\n}"), 0);
        assert_eq!(
            in_sys(
                "fn f() {\n  // SAFETY: a long\n  // reason.\n  let x = h(\n    1,\n    unsafe { g() },\n  );\n}"
            ),
            0
        );
        assert_eq!(
            in_sys("/// Does.\n///\n/// # Safety\n/// None.\n#[inline]\npub unsafe fn f() {}"),
            0
        );
        assert_eq!(in_sys("fn f() { unsafe { g() } }"), 1);
        assert_eq!(in_sys("// SAFETY: far away.\nfn f() {\n  unsafe { g() }\n}"), 1);
        assert_eq!(
            in_sys(
                "fn f() {\n  // SAFETY: of the first only.\n  unsafe { g() };\n  unsafe { g() };\n}"
            ),
            1
        );
        assert_eq!(in_sys("fn f() {\n  // SAFETY: cut off.\n\n  unsafe { g() }\n}"), 1);
        assert_eq!(in_sys("unsafe impl Send for X {}"), 1);
    }

    #[test]
    fn sees_a_forbidden_dependency_under_any_name() {
        let found = |text: &str| forbidden_dependencies(text).len();
        assert_eq!(found("[dependencies]\ntokio.workspace = true"), 1);
        assert_eq!(found("[dependencies]\nrt = { package = \"tokio\", version = \"1\" }"), 1);
        assert_eq!(found("[build-dependencies]\nsqlx = \"0.9\""), 1);
        assert_eq!(found("[target.'cfg(unix)'.dependencies]\nlapin = \"4\""), 1);
        assert_eq!(found("[dependencies]\nnix = \"0.31\"\n[dev-dependencies]\ntokio = \"1\""), 0);
    }
}
