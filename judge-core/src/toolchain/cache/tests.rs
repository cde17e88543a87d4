use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use proptest::prelude::*;

use super::super::compile::CompileFailure;
use super::super::language::{Languages, Program};
use super::*;
use crate::sandbox::cgroup::Cgroups;
use crate::sandbox::profile::ProfileSource;
use crate::sandbox::{InputFile, Outcome, Profiles, Termination, Usage};
use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;

fn config() -> SlotConfig {
    SlotConfig {
        init_binary: "/proc/self/exe".into(),
        profiles: Profiles::load(&ProfileSource::BuiltIn).unwrap(),
        cgroups: Cgroups::none().unwrap(),
    }
}

fn language(id: &str) -> Arc<Language> {
    Arc::clone(Languages::load(&ProfileSource::BuiltIn).unwrap().find(id).unwrap())
}

struct Fixture {
    dir: tempfile::TempDir,
    cache: CompileCache,
    language: Arc<Language>,
}

impl Fixture {
    fn new(max_bytes: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = CompileCache::open(dir.path(), max_bytes, &config()).unwrap();
        Self { dir, cache, language: language("cpp20") }
    }

    fn key(&self, text: &str) -> Key {
        self.cache.key(&self.language, "12.2.0", &[source(None, text)])
    }

    fn put(&self, key: &Key, program: &[&[u8]]) -> bool {
        self.cache.0.folder.put(key, &compiled(&self.language, program))
    }

    /// The first file of the program.
    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let found = self.cache.0.folder.get(key, &self.language)?;
        Some(found.result.unwrap().files[0].content.read_all().unwrap())
    }

    fn file(&self, key: &Key) -> PathBuf {
        self.dir.path().join("compile").join(key.to_string())
    }

    fn bytes_on_disk(&self) -> u64 {
        let files = fs::read_dir(self.dir.path().join("compile")).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len().div_ceil(4096) * 4096).sum()
    }

    fn asking(&self, key: Key, make: impl FnOnce() -> Compilation) -> Compiled {
        let cancel = Cancel::default();
        self.cache.get_or_compile(key, &self.language, &cancel, || Ok(make())).unwrap()
    }
}

fn source(name: Option<&str>, text: &str) -> SourceFile {
    SourceFile { name: name.map(str::to_owned), content: text.into() }
}

fn compiled(language: &Arc<Language>, program: &[&[u8]]) -> Compilation {
    let file = |(number, content): (usize, &&[u8])| InputFile {
        path: format!("{number}.out"),
        content: Arc::new(SealedFile::of_bytes(content).unwrap()),
        executable: number == 0,
    };
    Compilation {
        result: Ok(Program {
            language: Arc::clone(language),
            files: program.iter().enumerate().map(file).collect(),
            main_file: "main.cpp".into(),
            main: "main".into(),
        }),
        output: b"a warning\n".to_vec(),
        outcome: Outcome {
            termination: Termination::OfItself,
            exit: Exit::Code(0),
            usage: Usage { cpu: Duration::from_millis(300), ..Usage::default() },
            stderr: b"warning\n".to_vec(),
            files: vec![],
        },
        limits: language.compile_limits(),
    }
}

fn refused(language: &Arc<Language>, exit: Exit) -> Compilation {
    let mut refused = compiled(language, &[]);
    refused.result = Err(CompileFailure::Refused);
    refused.outcome.exit = exit;
    refused
}

#[test]
fn an_entry_is_the_compilation_that_was_kept() {
    let all = Fixture::new(1 << 20);
    let keep = |text, compilation: Compilation| {
        let before = format!("{compilation:?}");
        all.cache.0.folder.put(&all.key(text), &compilation);
        (before, format!("{:?}", all.cache.0.folder.get(&all.key(text), &all.language).unwrap()))
    };
    // Descriptors have other numbers; all else is the same.
    let plain = |text: String| {
        let parts =
            text.split("fd: OwnedFd { fd: ").map(|part| part.trim_start_matches(char::is_numeric));
        parts.collect::<String>()
    };
    let (before, after) = keep("a", compiled(&all.language, &[b"one", b"", b"three"]));
    assert_eq!(plain(before), plain(after));
    let (before, after) = keep("b", refused(&all.language, Exit::Code(1)));
    assert_eq!(before, after);
}

#[test]
fn what_may_be_chance_is_not_kept() {
    let language = language("java");
    let with = |change: fn(&mut Compilation)| {
        let mut compilation = refused(&language, Exit::Code(1));
        change(&mut compilation);
        entry::is_worth_keeping(&compilation)
    };
    assert!(with(|_| {}));
    assert!(entry::is_worth_keeping(&compiled(&language, &[b"x"])));
    for termination in [
        Termination::CpuLimit,
        Termination::WallLimit,
        Termination::MemoryLimit,
        Termination::OutputLimit,
        Termination::Cancelled,
        Termination::SinkStopped,
        Termination::ForbiddenCall("bpf".into()),
    ] {
        let mut ended = refused(&language, Exit::Code(1));
        ended.result = Err(CompileFailure::Ended);
        ended.outcome.termination = termination.clone();
        assert!(!entry::is_worth_keeping(&ended), "{termination:?}");
    }
    assert!(!with(|it| it.outcome.exit = Exit::Code(3)), "javac: out of memory");
    assert!(!with(|it| it.outcome.exit = Exit::Signal(9)));
    assert!(!with(|it| it.outcome.usage.oom_kills = 1));
    assert!(!with(|it| it.outcome.usage.forks_refused = 1));
    assert!(!with(|it| it.result = Err(CompileFailure::NoProduct)));
}

#[test]
fn an_entry_under_another_name_is_none() {
    let all = Fixture::new(1 << 20);
    let (mine, theirs) = (all.key("mine"), all.key("theirs"));
    assert!(all.put(&mine, &[b"program"]));
    fs::rename(all.file(&mine), all.file(&theirs)).unwrap();
    assert_eq!(all.get(&theirs), None);
    assert!(!all.file(&theirs).exists(), "and goes");
}

#[test]
fn what_lies_there_and_is_no_file_is_no_entry() {
    let all = Fixture::new(1 << 20);
    let elsewhere = Fixture::new(1 << 20);
    let key = all.key("x");
    assert!(elsewhere.put(&key, &[b"program"]));
    symlink(elsewhere.file(&key), all.file(&key)).unwrap();
    assert_eq!(all.get(&key), None, "a link");
    fs::remove_file(all.file(&key)).unwrap();
    fs::create_dir(all.file(&key)).unwrap();
    assert_eq!(all.get(&key), None, "a folder");
    assert!(!all.put(&key, &[b"program"]), "and nothing can be kept in its place");
    fs::remove_dir(all.file(&key)).unwrap();
    assert!(all.put(&key, &[b"program"]));
}

#[test]
fn what_was_not_used_for_longest_goes_when_there_is_too_much() {
    let all = Fixture::new(4 * 4096);
    let keys = ["a", "b", "c", "d", "e"].map(|text| all.key(text));
    for key in &keys[..4] {
        assert!(all.put(key, &[b"program"]));
    }
    assert!(all.get(&keys[0]).is_some());
    assert!(all.put(&keys[4], &[b"program"]));
    assert!(all.get(&keys[0]).is_some(), "used after the others");
    assert!(all.get(&keys[4]).is_some(), "new");
    assert_eq!(all.get(&keys[1]), None);
}

#[test]
fn a_folder_opened_with_a_lower_bound_shrinks_to_it_whatever_lies_in_it() {
    let all = Fixture::new(1 << 20);
    for text in ["a", "b", "c"] {
        assert!(all.put(&all.key(text), &[b"program"]));
    }
    fs::write(all.dir.path().join("compile/17.0.new"), [0; 9000]).unwrap();
    CompileCache::open(all.dir.path(), 2 * 4096, &config()).unwrap();
    assert!(all.bytes_on_disk() <= 2 * 4096);
}

#[test]
fn a_folder_that_others_may_write_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let open = |path: &Path| CompileCache::open(path, 1 << 20, &config()).map(drop);
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let theirs = dir.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    for bad in [0o777, 0o770, 0o702] {
        mode(&theirs, bad);
        assert!(matches!(open(&theirs), Err(CacheError::NotOurs { .. })), "{bad:o}");
    }
    mode(&theirs, 0o711);
    open(&theirs).unwrap();
    assert_eq!(fs::metadata(theirs.join("compile")).unwrap().permissions().mode() & 0o777, 0o700);
    mode(&theirs.join("compile"), 0o755);
    assert!(matches!(open(&theirs), Err(CacheError::NotOurs { .. })), "others may read it");
    let link = dir.path().join("link");
    symlink(dir.path(), &link).unwrap();
    assert!(open(&link).is_err(), "a link is nobody's folder");
}

#[test]
fn equal_submissions_at_once_are_compiled_once() {
    let all = Fixture::new(1 << 20);
    let (key, compiles, together) = (all.key("x"), AtomicU32::new(0), Barrier::new(8));
    let cached: Vec<bool> = std::thread::scope(|scope| {
        let ask = || {
            together.wait();
            let found = all.asking(key, || {
                compiles.fetch_add(1, Ordering::Relaxed);
                compiled(&all.language, &[b"program"])
            });
            found.cached
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(compiles.into_inner(), 1);
    assert_eq!(cached.into_iter().filter(|cached| !cached).count(), 1);
}

#[test]
fn who_waited_for_nothing_compiles_beside_others_who_did() {
    let all = Fixture::new(1 << 20);
    let (key, beside) = (all.key("x"), Barrier::new(2));
    let limit = || {
        let mut ended = refused(&all.language, Exit::Signal(9));
        ended.result = Err(CompileFailure::Ended);
        ended.outcome.termination = Termination::CpuLimit;
        ended
    };
    let Flight::Ours(first) = all.cache.0.flights.join(key, &Cancel::default()) else {
        panic!("nobody else is there");
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            // Both are in here at once, or neither returns.
            scope.spawn(|| {
                all.asking(key, || {
                    beside.wait();
                    limit()
                })
            });
        }
        while !all.cache.0.flights.is_waited_for(&key, 2) {
            std::thread::yield_now();
        }
        drop(first);
    });
    assert!(!all.file(&key).exists());
}

#[test]
fn who_waits_and_is_cancelled_waits_no_longer() {
    let all = Fixture::new(1 << 20);
    let (key, cancel) = (all.key("x"), Cancel::default());
    let _first = all.cache.0.flights.join(key, &Cancel::default());
    cancel.cancel();
    assert!(matches!(all.cache.0.flights.join(key, &cancel), Flight::Lost));
}

#[test]
fn everything_that_compiling_depends_on_is_in_the_key() {
    let all = Fixture::new(1 << 20);
    let sources = [source(None, "int main() {}")];
    let key = |language: &Language, version| all.cache.key(language, version, &sources);
    let base = key(&all.language, "12.2.0");
    assert_eq!(base, key(&all.language, "12.2.0"));
    assert_ne!(base, key(&all.language, "12.2.1"));
    let changes: [fn(&mut Language); 4] = [
        |language| language.compile.argv.push("-O3".into()),
        |language| language.compile.memory_mib += 1,
        |language| drop(language.env.insert("CPATH".into(), "/usr".into())),
        |language| language.default_source = "other.cpp".into(),
    ];
    for change in changes {
        let mut language = Language::clone(&all.language);
        change(&mut language);
        assert_ne!(base, key(&language, "12.2.0"));
    }
    let mut config = config();
    config.profiles.root.binds.pop();
    let other_walls = CompileCache::open(all.dir.path(), 1 << 20, &config).unwrap();
    assert_ne!(base, other_walls.key(&all.language, "12.2.0", &sources));
}

#[test]
fn a_changed_compiler_is_another_one() {
    let all = Fixture::new(1 << 20);
    let compiler = all.dir.path().join("cc");
    let mut language = Language::clone(&all.language);
    language.compile.argv[0] = compiler.to_str().unwrap().to_owned();
    let key = || all.cache.key(&language, "12.2.0", &[]);
    fs::write(&compiler, "one").unwrap();
    let one = key();
    assert_eq!(one, key());
    fs::write(&compiler, "another").unwrap();
    assert_ne!(one, key());
}

fn sources() -> impl Strategy<Value = Vec<(Option<String>, String)>> {
    // Few letters, so that equal ones and shifted ones come often.
    prop::collection::vec((prop::option::of("[ab]{0,3}"), "[ab]{0,3}"), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn keys_are_equal_when_all_names_and_texts_are(one in sources(), other in sources()) {
        let all = Fixture::new(1 << 20);
        let key = |sources: &[(Option<String>, String)]| {
            let files: Vec<_> =
                sources.iter().map(|(name, text)| source(name.as_deref(), text)).collect();
            all.cache.key(&all.language, "", &files)
        };
        prop_assert_eq!(key(&one) == key(&other), one == other);
    }

    #[test]
    fn a_damaged_entry_is_a_miss_and_goes(
        program in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..4),
        at in any::<prop::sample::Index>(),
        damage in 0..4,
    ) {
        let all = Fixture::new(1 << 20);
        let key = all.key("x");
        let parts: Vec<&[u8]> = program.iter().map(Vec::as_slice).collect();
        prop_assert!(all.put(&key, &parts));
        prop_assert_eq!(all.get(&key), program.first().cloned());
        let mut bytes = fs::read(all.file(&key)).unwrap();
        let at = at.index(bytes.len());
        match damage {
            0 => bytes[at] ^= 1,
            1 => bytes.truncate(at),
            2 => bytes.push(0),
            _ => bytes[at..].fill(0xff),
        }
        fs::write(all.file(&key), bytes).unwrap();
        prop_assert_eq!(all.get(&key), None);
        prop_assert!(!all.file(&key).exists());
        prop_assert!(all.put(&key, &parts), "and can be made again");
    }

    #[test]
    fn the_bound_holds_and_what_is_found_is_what_was_kept(
        steps in prop::collection::vec((0..6u8, 0..20_000usize), 1..30),
    ) {
        const BOUND: u64 = 40_000;
        let all = Fixture::new(BOUND);
        let mut kept = HashMap::new();
        for (name, len) in steps {
            let key = all.key(&name.to_string());
            if let Some(found) = all.get(&key) {
                prop_assert_eq!(Some(found.len()), kept.get(&name).copied());
            }
            if all.put(&key, &[&vec![name; len]]) {
                kept.insert(name, len);
                prop_assert_eq!(all.get(&key), Some(vec![name; len]), "the newest stays");
            }
            prop_assert!(all.bytes_on_disk() <= BOUND);
        }
    }
}
