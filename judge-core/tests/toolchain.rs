//! Compiles and runs programs of every language in real sandboxes, as root.

#[path = "support/slots.rs"]
mod slots;

use std::sync::Arc;
use std::time::Duration;

use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{Cancel, Capture, ProfileName, RunSpec, Slot, SlotConfig, Termination};
use judge_core::sys::fds::SealedFile;
use judge_core::sys::process::Exit;
use judge_core::toolchain::{
    Availability, Compilation, CompileFailure, Language, Languages, Prepared, PreparedFiles,
    SourceFile, compile, compile_with, probe,
};

fn slot() -> (SlotConfig, Slot) {
    let config = slots::config();
    let slot = Slot::start(&config, 0).unwrap();
    (config, slot)
}

fn source(text: &str) -> Vec<SourceFile> {
    vec![SourceFile { name: None, content: text.into() }]
}

/// Compiles and runs with an input; the output.
fn judge(slot: &mut Slot, language: &Arc<Language>, text: &str, input: &str) -> String {
    let compilation = compile(slot, language, &source(text), &Cancel::default()).unwrap();
    let said = String::from_utf8_lossy(&compilation.output).into_owned();
    let program =
        compilation.result.unwrap_or_else(|why| panic!("{}: {why:?}: {said}", language.id));
    let memory = 128 << 20;
    let limits = language.run_limits(Duration::from_secs(20), memory, 1 << 20);
    let spec = RunSpec {
        own_core: true,
        profile: ProfileName::Run,
        argv: &program.argv(memory),
        env: &program.env(),
        limits: &limits,
        stdin: &SealedFile::of_bytes(input.as_bytes()).unwrap(),
        files: &program.files,
        collect: &[],
    };
    let mut output = Capture::default();
    let outcome = slot.run(&spec, &mut output, &Cancel::default()).unwrap();
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(
        (&outcome.termination, outcome.exit),
        (&Termination::OfItself, Exit::Code(0)),
        "{} {outcome:?} {stderr}",
        language.id
    );
    eprintln!("{}: {:?}", language.id, outcome.usage);
    String::from_utf8(output.0).unwrap()
}

/// Adds two numbers, with something of each language's usual run-time machinery.
const SUMS: [(&str, &str); 6] = [
    (
        "c",
        "#include <stdio.h>\nint main(void){long a,b;scanf(\"%ld %ld\",&a,&b);printf(\"%ld\\n\",a+b);}",
    ),
    (
        "cpp17",
        "#include <bits/stdc++.h>\n#include <thread>\nint main(){long a,b;std::cin>>a>>b;std::thread t([&]{a+=b;});t.join();std::cout<<a<<std::endl;}",
    ),
    (
        "cpp20",
        "#include <iostream>\n#include <ranges>\nint main(){long a,b;std::cin>>a>>b;std::cout<<a+b<<'\\n';}",
    ),
    (
        "java",
        "import java.util.*;\npublic class Adder { public static void main(String[] x) { Scanner s = new Scanner(System.in); System.out.println(s.nextLong() + s.nextLong()); } }",
    ),
    (
        "javascript",
        "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(a + b);",
    ),
    ("python3", "import random, os, sys\na, b = map(int, input().split())\nprint(a + b)"),
];

#[test]
fn every_language_is_available_compiles_and_runs() {
    let (_config, mut slot) = slot();
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    assert_eq!(languages.iter().count(), SUMS.len());
    for (id, text) in SUMS {
        let language = languages.find(id).unwrap();
        match probe(&mut slot, language).unwrap() {
            Availability::Available { version } => {
                assert!(version.contains(char::is_numeric), "{version}");
            }
            Availability::Missing { reason } => panic!("{id}: {reason} (`make test` installs it)"),
        }
        assert_eq!(judge(&mut slot, language, text, "20 22"), "42\n", "{id}");
    }
}

#[test]
fn what_does_not_compile_is_refused_with_the_compilers_words() {
    let (_config, mut slot) = slot();
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    for (id, text, said) in [
        ("c", "int main(void){return x;}", "undeclared"),
        ("cpp20", "int main(){return x;}", "not declared"),
        ("java", "class Main { int f() { return \"\"; } }", "incompatible types"),
        ("javascript", "const = 1;", "SyntaxError"),
        ("python3", "def f(:\n  pass", "SyntaxError"),
    ] {
        let language = languages.find(id).unwrap();
        let compilation = compile(&mut slot, language, &source(text), &Cancel::default()).unwrap();
        assert_eq!(compilation.result.unwrap_err(), CompileFailure::Refused, "{id}");
        let output = String::from_utf8_lossy(&compilation.output);
        assert!(output.contains(said), "{id}: {output}");
    }
}

#[test]
fn a_compiler_that_never_ends_is_ended_by_its_limit() {
    let (_config, mut slot) = slot();
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    let mut language = Language::clone(languages.find("cpp20").unwrap());
    language.compile.cpu_seconds = 1;
    let bomb = "template<int N> struct F { static constexpr int v = F<N-1>::v + F<N-2>::v; };\n\
                constexpr long f(long n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\n\
                static_assert(f(60) > 0); int main() {}";
    let text = format!("#pragma GCC optimize(\"O3\")\n{bomb}");
    language.compile.argv.insert(1, "-fconstexpr-ops-limit=1000000000000".into());
    let compilation =
        compile(&mut slot, &Arc::new(language), &source(&text), &Cancel::default()).unwrap();
    assert_eq!(compilation.result.unwrap_err(), CompileFailure::Ended);
    assert_eq!(compilation.outcome.termination, Termination::CpuLimit);
}

/// A slot that shows what is prepared.
struct Prepares {
    slot: Slot,
    files: PreparedFiles,
    _config: SlotConfig,
    _dir: tempfile::TempDir,
}

impl Prepares {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = PreparedFiles::open(dir.path()).unwrap();
        let mut config = slots::config();
        config.profiles.root.binds.push(files.bind());
        let slot = Slot::start(&config, 0).unwrap();
        Self { slot, files, _config: config, _dir: dir }
    }

    fn prepare(&mut self, language: &Language) -> Prepared {
        self.files.make(&mut self.slot, language, "version", &Cancel::default()).unwrap();
        self.files.find(language, "version").unwrap()
    }

    fn compile(
        &mut self,
        language: &Arc<Language>,
        text: &str,
        prepared: Option<&Prepared>,
    ) -> Compilation {
        let cancel = Cancel::default();
        compile_with(&mut self.slot, language, &source(text), prepared, &cancel).unwrap()
    }
}

fn language(id: &str) -> Language {
    let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
    Language::clone(languages.find(id).unwrap())
}

fn first_file(made: &Compilation) -> Vec<u8> {
    let program = made.result.as_ref().unwrap_or_else(|why| panic!("{why:?}: {made:?}"));
    program.files[0].content.read_all().unwrap()
}

#[test]
fn what_is_prepared_changes_no_program_and_no_word_of_the_compiler() {
    let mut prepares = Prepares::new();
    let cpp = "// sum\n#include <bits/stdc++.h>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b; }";
    let warned = "#include <bits/stdc++.h>\n#warning look here\nint main() {}";
    let wrong = "#include <bits/stdc++.h>\nint main() { return std::nothing; }";
    let java =
        "class Main { public static void main(String[] x) { System.out.println(x.length); } }";
    let java_wrong = "class Main { public static void main(String[] x) { int y = z; } }";
    for (id, text) in [("cpp17", [cpp, warned, wrong]), ("java", [java, java, java_wrong])] {
        let language = Arc::new(language(id));
        let prepared = prepares.prepare(&language);
        let [right, warned, wrong] = text;
        for right in [right, warned] {
            let plain = prepares.compile(&language, right, None);
            let with = prepares.compile(&language, right, Some(&prepared));
            assert!(first_file(&plain) == first_file(&with), "{id}: another program");
            assert_eq!(plain.output, with.output, "{id}");
        }
        let plain = prepares.compile(&language, wrong, None);
        let with = prepares.compile(&language, wrong, Some(&prepared));
        assert_eq!(plain.result.unwrap_err(), CompileFailure::Refused, "{id}");
        assert_eq!(with.result.unwrap_err(), CompileFailure::Refused, "{id}");
        assert_eq!(plain.output, with.output, "{id}");
        assert!(!plain.output.is_empty(), "{id}");
    }
}

#[test]
fn a_precompiled_header_is_used_where_it_can_be() {
    let mut prepares = Prepares::new();
    let mut cpp = language("cpp17");
    // A header that holds more than the real one tells whether it is read.
    cpp.compile.prepared.as_mut().unwrap().source.push_str("const int prepared = 1;\n");
    let cpp = Arc::new(cpp);
    let prepared = prepares.prepare(&cpp);
    let first = "/* one */\n#include <bits/stdc++.h>\nint main() { return prepared; }";
    assert!(prepares.compile(&cpp, first, Some(&prepared)).result.is_ok());
    let later = "#include <vector>\n#include <bits/stdc++.h>\nint main() { return prepared; }";
    for (text, prepared) in [(first, None), (later, Some(&prepared))] {
        let failed = prepares.compile(&cpp, text, prepared).result.unwrap_err();
        assert_eq!(failed, CompileFailure::Refused, "{text}");
    }
}

#[test]
fn an_archive_of_the_compiler_s_classes_is_used() {
    let mut prepares = Prepares::new();
    let mut java = language("java");
    let recipe = java.compile.prepared.as_mut().unwrap();
    // With it and without it come to different files; with it, the archive must fit or java ends.
    recipe.arguments.extend(["-J-Xshare:on".to_owned(), "-g:none".to_owned()]);
    let java = Arc::new(java);
    let prepared = prepares.prepare(&java);
    let text =
        "class Main { public static void main(String[] x) { System.out.println(x.length); } }";
    let plain = first_file(&prepares.compile(&java, text, None));
    assert!(plain != first_file(&prepares.compile(&java, text, Some(&prepared))));
    // Classes are laid out otherwise: the archive does not fit, and java goes without.
    let mut other = language("java");
    other.compile.argv[1] = "-J-XX:-UseCompressedClassPointers".into();
    let other = Arc::new(other);
    let without = first_file(&prepares.compile(&other, text, None));
    assert!(without == first_file(&prepares.compile(&other, text, Some(&prepared))));
}
