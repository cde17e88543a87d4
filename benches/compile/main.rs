//! What compiling A+B costs: by the plain compiler outside of any sandbox, in a slot, in a slot with what
//! is prepared, and found in the compile cache.
//!
//! In each round one follows the other, so the figures to keep are the medians of the rounds' ratios.
//! Nothing is asserted about time.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use judge_benches::figures::{median, milliseconds, ratios, three_digits};
use judge_benches::report::{Report, ReportArgs};
use judge_benches::{Fallible, host};
use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::init::become_init_if_asked;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{Cancel, Profiles, Slot, SlotConfig};
use judge_core::toolchain::{
    Compilation, CompileCache, Language, Languages, PreparedFiles, SourceFile, compile_with,
};

/// What compiling costs, and finding what was compiled.
#[derive(Debug, Parser)]
struct Args {
    /// Rounds of each language.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    #[command(flatten)]
    report: ReportArgs,
}

/// A+B, and how whoever has no judge would compile it.
struct Sum {
    id: &'static str,
    file: &'static str,
    text: &'static str,
    plain: &'static [&'static str],
}

const SUMS: [Sum; 2] = [
    Sum {
        id: "cpp20",
        file: "main.cpp",
        text: "#include <bits/stdc++.h>\n\
               int main(){long a,b;std::cin>>a>>b;std::cout<<a+b<<std::endl;}",
        plain: &["g++", "-std=gnu++20", "-O2", "-static", "-o", "program", "main.cpp"],
    },
    Sum {
        id: "java",
        file: "Main.java",
        text: "import java.util.*;\n\
               public class Main { public static void main(String[] x) { Scanner s = new \
               Scanner(System.in); System.out.println(s.nextLong() + s.nextLong()); } }",
        plain: &["javac", "-d", ".", "Main.java"],
    },
];

/// A version that no toolchain has: what is prepared is this bench's own.
const VERSION: &str = "bench";

fn main() -> Fallible<()> {
    become_init_if_asked();
    let args = Args::parse();
    let mut report = Report::new(&args.report)?;
    let folder = tempfile::tempdir()?;
    let files = PreparedFiles::open(folder.path())?;
    let mut profiles = Profiles::load(&ProfileSource::BuiltIn)?;
    profiles.root.binds.push(files.bind());
    let config = SlotConfig {
        init_binary: "/proc/self/exe".into(),
        profiles,
        cgroups: Cgroups::claim(None)?,
    };
    report.say(&host::facts(config.cgroups.mode().as_str()));
    let languages = Languages::load(&ProfileSource::BuiltIn)?;
    let cache = CompileCache::open(folder.path(), 64 << 20, &config)?;
    let mut slot = Slot::start(&config, 0)?;
    let mut rows = Vec::new();
    for sum in SUMS {
        let language = languages.find(sum.id).ok_or("a language is missing")?;
        files.make(&mut slot, language, VERSION, &Cancel::default())?;
        let mut times: [Vec<f64>; 4] = Default::default();
        for round in 0..args.rounds {
            let round = one_round(&mut slot, &cache, &files, language, &sum, round)?;
            times.iter_mut().zip(round).for_each(|(all, one)| all.push(milliseconds(one)));
        }
        let [plain, others @ ..] = &times;
        let mut row = vec![sum.id.to_owned()];
        row.extend(times.iter().map(|all| three_digits(median(all))));
        row.extend(others.iter().map(|all| format!("{:.4}", median(&ratios(all, plain)))));
        rows.push(row);
    }
    report.say(&format!(
        "Compiling A+B, medians of {} rounds: by the plain compiler, in a slot, there with what is prepared, \
         and found in the compile cache.",
        args.rounds
    ));
    let header = [
        "A+B",
        "plain ms",
        "slot ms",
        "prepared ms",
        "found ms",
        "slot by plain",
        "prepared by plain",
        "found by plain",
    ];
    report.table(&header, rows);
    report.write("compile.md")
}

/// What each way took.
fn one_round(
    slot: &mut Slot,
    cache: &CompileCache,
    files: &PreparedFiles,
    language: &Arc<Language>,
    sum: &Sum,
    round: u32,
) -> Fallible<[Duration; 4]> {
    let cancel = Cancel::default();
    let sources = [SourceFile { name: None, content: sum.text.into() }];
    let ready = files.find(language, VERSION).ok_or("what was prepared is gone")?;
    let plain = plain(sum)?;
    let began = Instant::now();
    succeeded(sum, &compile_with(slot, language, &sources, None, &cancel)?)?;
    let in_a_slot = began.elapsed();
    // Another version is another key, so that each round compiles.
    let key = cache.key(language, &round.to_string(), &sources);
    let mut cached = || -> Fallible<(Duration, bool)> {
        let began = Instant::now();
        let got = cache.get_or_compile(key, language, &cancel, || {
            compile_with(slot, language, &sources, Some(&ready), &cancel)
        })?;
        succeeded(sum, &got.compilation)?;
        Ok((began.elapsed(), got.cached))
    };
    match (cached()?, cached()?) {
        ((prepared, false), (found, true)) => Ok([plain, in_a_slot, prepared, found]),
        _ => Err("the first is to be compiled, and the second to be found".into()),
    }
}

fn plain(sum: &Sum) -> Fallible<Duration> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join(sum.file), sum.text)?;
    let mut command = Command::new(sum.plain[0]);
    command.args(&sum.plain[1..]).current_dir(folder.path()).stdin(Stdio::null());
    let began = Instant::now();
    let status = command.status()?;
    let took = began.elapsed();
    if status.success() { Ok(took) } else { Err(format!("{command:?}: {status}").into()) }
}

fn succeeded(sum: &Sum, made: &Compilation) -> Fallible<()> {
    let id = sum.id;
    made.result.as_ref().map(drop).map_err(|why| format!("{id}: {why:?}").into())
}
