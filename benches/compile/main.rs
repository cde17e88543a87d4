//! What compiling A+B costs, and what finding it in the compile cache costs, side by side.
//!
//! Each round compiles in a slot and then finds the same program again, a moment apart; so the figure to
//! keep is the median of the rounds' ratios. Nothing is asserted about time.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::init::become_init_if_asked;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{Cancel, Profiles, Slot, SlotConfig};
use judge_core::toolchain::{CompileCache, Languages, SourceFile, compile};

/// What compiling costs, and finding what was compiled.
#[derive(Debug, Parser)]
struct Args {
    /// Rounds of each language.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

const SUMS: [(&str, &str); 2] = [
    (
        "cpp20",
        "#include <bits/stdc++.h>\nint main(){long a,b;std::cin>>a>>b;std::cout<<a+b<<std::endl;}",
    ),
    (
        "java",
        "import java.util.*;\npublic class Main { public static void main(String[] x) { Scanner s = \
         new Scanner(System.in); System.out.println(s.nextLong() + s.nextLong()); } }",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    become_init_if_asked();
    let args = Args::parse();
    let config = SlotConfig {
        init_binary: "/proc/self/exe".into(),
        profiles: Profiles::load(&ProfileSource::BuiltIn)?,
        cgroups: Cgroups::claim(None)?,
    };
    let languages = Languages::load(&ProfileSource::BuiltIn)?;
    let folder = tempfile::tempdir()?;
    let cache = CompileCache::open(folder.path(), 64 << 20, &config)?;
    let mut slot = Slot::start(&config, 0)?;
    let mut table = comfy_table::Table::new();
    table.set_header(["language", "program", "compiled", "found", "found ÷ compiled"]);
    for (id, text) in SUMS {
        let language = Arc::clone(languages.find(id).ok_or("a language is missing")?);
        let sources = [SourceFile { name: None, content: text.into() }];
        let cancel = Cancel::default();
        let (mut compiled, mut found, mut ratios, mut bytes) = (vec![], vec![], vec![], 0);
        for round in 0..args.rounds {
            // Another version is another key, so that each round compiles.
            let version = round.to_string();
            let mut timed = || -> Result<(Duration, bool), Box<dyn Error>> {
                let began = Instant::now();
                let key = cache.key(&language, &version, &sources);
                let got = cache.get_or_compile(key, &language, &cancel, || {
                    compile(&mut slot, &language, &sources, &cancel)
                })?;
                let took = began.elapsed();
                let program = got.compilation.result.map_err(|why| format!("{id}: {why:?}"))?;
                bytes = program.files.iter().map(|file| file.content.len()).sum();
                Ok((took, got.cached))
            };
            let ((cold, false), (hit, true)) = (timed()?, timed()?) else {
                return Err("the first is to be compiled, and the second to be found".into());
            };
            compiled.push(cold.as_secs_f64());
            found.push(hit.as_secs_f64());
            ratios.push(hit.as_secs_f64() / cold.as_secs_f64());
        }
        table.add_row([
            id.to_owned(),
            format!("{} KiB", bytes >> 10),
            format!("{:.0} ms", median(compiled) * 1e3),
            format!("{:.2} ms", median(found) * 1e3),
            format!("{:.4}", median(ratios)),
        ]);
    }
    println!("{table}");
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
