//! Where settings come from, which place goes first, and what is said about mistakes.

use std::{collections::BTreeSet, fs, path::Path};

use clap::{Args, Command, FromArgMatches};
use judge_worker::config::{
    ConfigFile, Environment, Kind, LogFormat, SETTINGS, Setting, Settings, SettingsArgs,
    SettingsError,
};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/judge.example.toml");

fn args(flags: &[&str]) -> SettingsArgs {
    let command = SettingsArgs::augment_args(Command::new("judge-worker").no_binary_name(true));
    SettingsArgs::from_arg_matches(&command.get_matches_from(flags)).unwrap()
}

fn resolve(
    flags: &[&str],
    variables: &[(&str, &str)],
    toml: &str,
) -> Result<Settings, SettingsError> {
    let file = ConfigFile::parse(Path::new("judge.toml"), toml)?;
    Settings::resolve(&args(flags), &variables.iter().copied().collect(), Some(&file))
}

fn defaults() -> Settings {
    Settings::resolve(&SettingsArgs::default(), &Environment::default(), None).unwrap()
}

fn mistake(flags: &[&str], variables: &[(&str, &str)], toml: &str) -> String {
    resolve(flags, variables, toml).expect_err("these settings are wrong").to_string()
}

#[test]
fn the_example_has_every_setting_once_at_its_default_with_a_comment() {
    let text = fs::read_to_string(EXAMPLE).unwrap();
    let file = ConfigFile::parse(Path::new(EXAMPLE), &text).unwrap();
    let settings =
        Settings::resolve(&SettingsArgs::default(), &Environment::default(), Some(&file)).unwrap();
    assert_eq!(settings, defaults());

    let table: toml::Table = text.parse().unwrap();
    for setting in SETTINGS {
        let value = setting.key.split('.').try_fold(None, |at: Option<&toml::Value>, key| {
            at.map_or(table.get(key), |at| at.get(key)).map(Some)
        });
        let value = value.flatten().unwrap_or_else(|| panic!("{} is missing", setting.key));
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert_eq!(shown, setting.default, "{}", setting.key);
    }
    for block in text.split("\n\n") {
        assert!(block.starts_with('#'), "a setting without a comment: {block}");
    }
}

#[test]
fn every_setting_has_a_flag_whose_help_names_its_variable() {
    let command = SettingsArgs::augment_args(Command::new("judge-worker"));
    let mut flags = BTreeSet::new();
    for arg in command.get_arguments() {
        let flag = format!("--{}", arg.get_long().unwrap());
        let help = arg.get_help().unwrap().to_string();
        let variable = flag[2..].replace('-', "_").to_uppercase();
        assert!(help.ends_with(&format!("(env: JUDGE_{variable})")), "{flag}: {help}");
        flags.insert(flag);
    }
    let mut expected: BTreeSet<String> = SETTINGS.iter().map(Setting::flag).collect();
    expected.insert("--config".to_owned());
    assert_eq!(flags, expected);
}

#[test]
fn a_flag_goes_before_a_variable_and_a_variable_before_the_file() {
    // A value that differs from the default, for each kind and each place.
    let other = |setting: &Setting, n: usize| match (setting.key, setting.kind) {
        (_, Kind::Switch) => (setting.default != "true").to_string(),
        ("max_message_bytes", _) => (2_000_000 + n).to_string(),
        (_, Kind::Number) => (20 + n).to_string(),
        ("log", _) => ["warn", "error", "debug"][n].to_owned(),
        ("log_format", _) => "json".to_owned(),
        ("queue", _) => "stdio".to_owned(),
        ("pin_slots", _) => "off".to_owned(),
        ("amqp_url", _) => format!("amqp://host-{n}"),
        ("database_url", _) => format!("sqlite://file-{n}"),
        ("http_addr", _) => format!("[::1]:{}", 100 + n),
        _ => format!("text-{n}"),
    };
    for setting in SETTINGS.iter().filter(|setting| !setting.key.ends_with("_file")) {
        let [flag, variable, file] = [0, 1, 2].map(|n| other(setting, n));
        let flag = format!("{}={flag}", setting.flag());
        let name = setting.variable();
        let toml = match setting.kind {
            Kind::Text => format!("{} = \"{file}\"", setting.key),
            Kind::Number | Kind::Switch => format!("{} = {file}", setting.key),
        };
        let variables = [(name.as_str(), variable.as_str())];
        let by_flag = resolve(&[&flag], &[], "").unwrap();
        let by_variable = resolve(&[], &variables, "").unwrap();
        let by_file = resolve(&[], &[], &toml).unwrap();
        for given in [&by_flag, &by_variable, &by_file] {
            assert_ne!(*given, defaults(), "{} has no effect", setting.key);
        }
        assert_eq!(resolve(&[&flag], &variables, &toml).unwrap(), by_flag, "{}", setting.key);
        assert_eq!(resolve(&[], &variables, &toml).unwrap(), by_variable, "{}", setting.key);
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let settings = resolve(&[], &[("JUDGE_LOG_FORMAT", "")], "log_format = \"json\"").unwrap();
    assert_eq!(settings.log_format, LogFormat::Json);
}

#[test]
fn a_switch_is_turned_on_by_its_bare_flag_and_takes_no_argument_from_the_next_word() {
    assert!(resolve(&["--parallel-tests"], &[], "").unwrap().parallel_tests);
    let command = SettingsArgs::augment_args(Command::new("judge").no_binary_name(true))
        .arg(clap::Arg::new("source"));
    let matches = command.get_matches_from(["--parallel-tests", "main.c"]);
    assert_eq!(matches.get_one::<String>("source").unwrap(), "main.c");
}

#[test]
fn a_mistake_is_told_with_its_place_and_what_was_expected() {
    let told = [
        mistake(&["--slots=many"], &[], ""),
        mistake(&[], &[("JUDGE_SLOTS", "257")], ""),
        mistake(&[], &[], "\n\nslots = -1\n"),
        mistake(&[], &[], "slots = \"2\""),
        mistake(&[], &[], "[queues]\ndead = \"amq.dead\""),
        mistake(&[], &[], "log_format = \"yaml\""),
        mistake(&[], &[], "[queues]\nretry = \"judge.dead\""),
        mistake(&[], &[], "max_message_bytes = 2048"),
        mistake(&[], &[], "slots = 1\nslots = 2"),
        mistake(&[], &[], "slots ="),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    assert_eq!(
        mistake(&[], &[], "log = \"info\"\nhttp_adr = \"x\""),
        "judge.toml:2: there is no setting `http_adr`, did you mean `http_addr`?"
    );
    assert_eq!(
        mistake(&[], &[], "[queues]\nsubmission = \"x\""),
        "judge.toml:2: there is no setting `queues.submission`, did you mean `queues.submissions`?"
    );
    assert_eq!(
        mistake(&[], &[], "[colours]\nred = 1"),
        "judge.toml:1: there is no setting `colours`"
    );
}

#[test]
fn no_password_is_shown_whether_the_url_is_right_or_wrong() {
    let url = "amqp://user:hunter2@host:5672/%2f";
    let settings = resolve(&[], &[("JUDGE_AMQP_URL", url)], "").unwrap();
    assert_eq!(settings.amqp_url.expose(), url);
    assert!(!format!("{settings:?}{}", settings.amqp_url).contains("hunter2"));
    let mistakes = [
        mistake(&[], &[("JUDGE_AMQP_URL", "http://user:hunter2@host")], ""),
        mistake(&[], &[], "database_url = \"postgres://user:hunter2@host/db\""),
        mistake(&[], &[], "database_url = \"mysql://user:hunter2@host/db\" oops"),
        mistake(&[], &[], "database_url = [\"mysql://user:hunter2@host/db\"]"),
    ];
    for told in mistakes {
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file_and_the_first_place_still_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    fs::write(&path, "amqp://user:hunter2@in-a-file\n").unwrap();
    let path = path.to_str().unwrap();
    let by_variable = [("JUDGE_AMQP_URL_FILE", path)];

    let settings = resolve(&[], &by_variable, "amqp_url = \"amqp://in-toml\"").unwrap();
    assert_eq!(settings.amqp_url.expose(), "amqp://user:hunter2@in-a-file");
    let settings = resolve(&["--amqp-url=amqp://by-flag"], &by_variable, "").unwrap();
    assert_eq!(settings.amqp_url.expose(), "amqp://by-flag");

    let twice = [("JUDGE_AMQP_URL_FILE", path), ("JUDGE_AMQP_URL", "amqp://host")];
    assert_eq!(
        mistake(&[], &twice, ""),
        "JUDGE_AMQP_URL and JUDGE_AMQP_URL_FILE both give the same setting: leave one of them out"
    );
    let missing = mistake(&["--database-url-file=/nowhere/at/all"], &[], "");
    assert_eq!(missing, "--database-url-file: cannot read \"/nowhere/at/all\"");
}

#[test]
fn a_file_that_is_named_and_not_there_is_an_error() {
    let error = Settings::load(&args(&["--config", "/nowhere/judge.toml"])).unwrap_err();
    assert!(matches!(error, SettingsError::Unreadable { .. }), "{error}");
}
