//! `data/`: the tests, in order, and the groups they are in.
//!
//! legacy, *Test data*; 2025-09, *Test data*. In both, tests and groups are used in lexicographic
//! order of their names without extension, within the folder they are in.

use super::{
    FormatVersion, Grading, Group, GroupRules, Kind, Member, PackageError, Points, Testcase,
    Visibility,
    folder::{Entry, Folder},
    metadata::{Metadata, words_of},
    yaml::Keys,
};
use crate::judging::comparison::ComparisonFlags;
use serde_norway::Value;
use std::{ffi::OsStr, path::Path};

/// Arguments of a submission, or of its validator: each test case keeps its own, and a run's request
/// has room for about ten times as much.
const MAX_ARGS: usize = 100;
const MAX_ARGS_BYTES: usize = 4096;

const LEGACY_FILE: &str = "testdata.yaml";
const FILE: &str = "test_group.yaml";

pub(super) struct TestData {
    pub(super) testcases: Vec<Testcase>,
    pub(super) groups: Vec<Group>,
}

/// `default_validator` says whether validator flags are for the default one, and must make sense.
pub(super) fn read(
    folder: &Folder,
    metadata: &Metadata,
    default_validator: bool,
) -> Result<TestData, PackageError> {
    let root = Path::new("data");
    let mut reader = Reader {
        folder,
        metadata,
        default_validator,
        graded: is_graded(folder, metadata.format)?,
        data: TestData { testcases: Vec::new(), groups: Vec::new() },
    };
    let settings = Settings {
        grading: Grading::default(),
        args: Vec::new(),
        validator_flags: metadata.validator_flags.clone(),
    };
    let (root_group, settings) = reader.start_group("data", root, None, &settings)?;
    for part in ["sample", "secret"] {
        let path = root.join(part);
        if part == "secret" || folder.has(&path)? {
            let (group, settings) = reader.start_group(part, &path, Some(root_group), &settings)?;
            reader.read_folder(&path, part, group, &settings)?;
        }
    }
    if !reader.data.testcases.iter().any(|test| test.visibility == Visibility::Hidden) {
        let remedy = "a problem needs at least one secret test case, NAME.in and NAME.ans";
        return Err(PackageError::Missing { path: root.join("secret"), remedy: remedy.into() });
    }
    for entry in folder.list(root)? {
        let newer = ["invalid_input", "invalid_output", "valid_output"];
        let known = ["sample", "secret", LEGACY_FILE, FILE].contains(&&*entry.name);
        if !known && !newer.contains(&&*entry.name) {
            folder.warn(&entry.path, "is in neither sample nor secret and is ignored");
        }
    }
    reader.check_points()?;
    Ok(reader.data)
}

/// Whether groups have the legacy format's graders. A draft of 2023-07 has either kind.
fn is_graded(folder: &Folder, format: FormatVersion) -> Result<bool, PackageError> {
    match format {
        FormatVersion::Legacy => Ok(true),
        FormatVersion::V2025_09 => Ok(false),
        FormatVersion::Draft2023_07 => {
            let files = folder.files_below(Path::new("data"))?;
            Ok(files.iter().any(|path| path.ends_with(LEGACY_FILE)))
        }
    }
}

/// What groups take over from the group around them.
#[derive(Clone)]
struct Settings {
    grading: Grading,
    args: Vec<String>,
    validator_flags: Vec<String>,
}

impl Settings {
    fn check(&self, path: &Path) -> Result<(), PackageError> {
        for args in [&self.args, &self.validator_flags] {
            if MAX_ARGS < args.len() || MAX_ARGS_BYTES < args.iter().map(String::len).sum() {
                let bound =
                    format!("at most {MAX_ARGS} arguments of {MAX_ARGS_BYTES} bytes in all");
                return Err(PackageError::TooLarge { path: path.to_owned(), bound });
            }
        }
        Ok(())
    }
}

struct Reader<'a> {
    folder: &'a Folder,
    metadata: &'a Metadata,
    default_validator: bool,
    graded: bool,
    data: TestData,
}

impl Reader<'_> {
    /// Adds a group with the settings of its file to its parent.
    fn start_group(
        &mut self,
        name: &str,
        path: &Path,
        parent: Option<usize>,
        around: &Settings,
    ) -> Result<(usize, Settings), PackageError> {
        let (file, other) = if self.graded { (LEGACY_FILE, FILE) } else { (FILE, LEGACY_FILE) };
        if self.folder.has(path.join(other))? {
            let text = format!("is ignored; in this package such settings belong in {file}");
            self.folder.warn(&path.join(other), &text);
        }
        let mut settings = around.clone();
        let keys = self.folder.yaml(&path.join(file))?;
        let rules = match (keys, self.graded) {
            (Some(keys), true) => {
                self.read_grading(keys, &mut settings, parent.is_none())?;
                GroupRules::Graded(settings.grading.clone())
            }
            (None, true) => {
                settings.grading.ignore_sample = false;
                GroupRules::Graded(settings.grading.clone())
            }
            (Some(mut keys), false) => {
                let points = Points::read(&mut keys, name, &self.data.groups)?;
                read_args(&mut keys, &mut settings)?;
                keys.ignore(&["full_feedback", "description"]);
                keys.finish();
                GroupRules::Points(points)
            }
            (None, false) => GroupRules::Points(Points::default_of(name)),
        };
        settings.check(path)?;
        let group = self.data.groups.len();
        self.data.groups.push(Group { name: name.into(), parent, members: Vec::new(), rules });
        if let Some(parent) = parent {
            self.data.groups[parent].members.push(Member::Group(group));
        }
        Ok((group, settings))
    }

    /// legacy, *Test data groups*: the keys of `testdata.yaml`. What judging has no use for (input
    /// validators) is accepted.
    fn read_grading(
        &self,
        mut keys: Keys<'_>,
        settings: &mut Settings,
        at_root: bool,
    ) -> Result<(), PackageError> {
        let scoring = self.metadata.kind != Kind::PassFail;
        settings.grading = Grading::read(&mut keys, &settings.grading, scoring, at_root)?;
        let flags = match keys.section_or_value("output_validator_flags") {
            None => None,
            // The name could only tell several validators apart, and there is one.
            Some(Ok(mut map)) => {
                map.ignore(&["name"]);
                let flags = map.text("flags")?;
                map.finish();
                Some(words_of(flags.as_deref()))
            }
            Some(Err(Value::String(flags))) => Some(words_of(Some(&flags))),
            Some(Err(_)) => return Err(keys.invalid("output_validator_flags", "must be a string")),
        };
        if let Some(flags) = flags {
            let problem = self.metadata.validator_flags.iter().cloned();
            settings.validator_flags = problem.chain(flags).collect();
        }
        if self.metadata.format == FormatVersion::Draft2023_07 {
            read_args(&mut keys, settings)?;
        }
        keys.ignore(&["input_validator_flags"]);
        keys.finish();
        Ok(())
    }

    /// Reads the tests in a folder and the folders in it; `name` is its path under `data/`.
    fn read_folder(
        &mut self,
        path: &Path,
        name: &str,
        group: usize,
        settings: &Settings,
    ) -> Result<(), PackageError> {
        let entries = self.folder.list(path)?;
        check_pairs(&entries)?;
        let has_groups = !self.graded && self.has_groups(&entries, name)?;
        let mut items: Vec<_> = entries.iter().filter_map(Item::of).collect();
        items.sort_by_key(|item| (item.name, item.is_folder));
        for pair in items.windows(2) {
            if !self.graded && pair[0].name == pair[1].name {
                return Err(invalid(pair[1].path, "a test case has the same name"));
            }
        }
        for item in items {
            let item_name = format!("{name}/{}", item.name);
            if !item.is_folder {
                if has_groups {
                    return Err(invalid(item.path, "there are test data groups beside it"));
                }
                self.add_testcase(item.path, &item_name, group, settings)?;
            } else if !self.graded && Path::new(item.name).extension() == Some(OsStr::new("files"))
            {
                let feature = "a test case with files".to_owned();
                return Err(PackageError::Unsupported { path: item.path.to_owned(), feature });
            } else if self.graded || has_groups {
                let (inner, settings) =
                    self.start_group(&item_name, item.path, Some(group), settings)?;
                let before = self.data.testcases.len();
                self.read_folder(item.path, &item_name, inner, &settings)?;
                if has_groups && self.data.testcases.len() == before {
                    return Err(invalid(item.path, "a test data group needs a test case"));
                }
            } else {
                self.read_folder(item.path, &item_name, group, settings)?;
            }
        }
        Ok(())
    }

    /// 2025-09, *Test data groups*: whether the folders in this one are groups, which is so in
    /// `secret` alone, and for all of them or none.
    fn has_groups(&self, entries: &[Entry], name: &str) -> Result<bool, PackageError> {
        let mut groups = Vec::new();
        for entry in entries.iter().filter(|entry| entry.is_folder) {
            groups.push((entry, self.folder.has(entry.path.join(FILE))?));
        }
        let Some((first, _)) = groups.iter().find(|(_, is_group)| *is_group) else {
            return Ok(false);
        };
        if name != "secret" {
            return Err(invalid(&first.path, "test data groups may be in data/secret only"));
        }
        if let Some((other, _)) = groups.iter().find(|(_, is_group)| !is_group) {
            let problem =
                format!("it needs a {FILE}, because there are test data groups beside it");
            return Err(invalid(&other.path, &problem));
        }
        Ok(true)
    }

    fn add_testcase(
        &mut self,
        input: &Path,
        name: &str,
        group: usize,
        settings: &Settings,
    ) -> Result<(), PackageError> {
        let mut settings = settings.clone();
        if self.metadata.format != FormatVersion::Legacy
            && let Some(mut keys) = self.folder.yaml(&input.with_extension("yaml"))?
        {
            read_args(&mut keys, &mut settings)?;
            keys.ignore(&["full_feedback", "hint", "description"]);
            keys.finish();
        }
        settings.check(input)?;
        let flags = match self.metadata.format {
            FormatVersion::Legacy => ComparisonFlags::parse_legacy(&settings.validator_flags),
            _ => ComparisonFlags::parse(&settings.validator_flags),
        };
        let comparison = match (self.default_validator, flags) {
            (false, _) => None,
            (true, Ok(flags)) => Some(flags),
            (true, Err(e)) => {
                return Err(invalid(input, &format!("the flags for its output validator: {e}")));
            }
        };
        let index = self.data.testcases.len();
        self.data.testcases.push(Testcase {
            ordinal: u32::try_from(index + 1).expect("a package has far fewer entries"),
            name: name.to_owned(),
            visibility: if name.starts_with("sample/") {
                Visibility::Public
            } else {
                Visibility::Hidden
            },
            group,
            input: self.folder.root().join(input),
            answer: self.folder.root().join(input.with_extension("ans")),
            args: settings.args,
            validator_flags: settings.validator_flags,
            comparison,
        });
        self.data.groups[group].members.push(Member::Testcase(index));
        Ok(())
    }

    /// 2025-09, *Scoring problems*: what must hold between groups.
    fn check_points(&self) -> Result<(), PackageError> {
        use super::PointAggregation::PassFail;
        if self.metadata.kind == Kind::PassFail {
            return Ok(());
        }
        let groups = &self.data.groups;
        for group in groups {
            let GroupRules::Points(points) = &group.rules else {
                return Ok(());
            };
            let file = Path::new("data").join(&group.name).join(FILE);
            let in_secret = group.name.starts_with("secret");
            if in_secret && points.aggregation == PassFail && points.max_score.is_none() {
                return Err(invalid(&file, "max_score: a pass-fail group needs a bound"));
            }
            for &required in &points.require_pass {
                let GroupRules::Points(required) = &groups[required].rules else {
                    continue;
                };
                if required.aggregation != PassFail {
                    let problem = "require_pass: only pass-fail groups can be required";
                    return Err(invalid(&file, problem));
                }
            }
            let Some(GroupRules::Points(around)) = group.parent.map(|p| &groups[p].rules) else {
                continue;
            };
            if in_secret && group.name != "secret" {
                if around.max_score.is_some() && points.max_score.is_none() {
                    return Err(invalid(&file, "max_score: secret has a bound, so this needs one"));
                }
                if around.aggregation == PassFail && points.aggregation != PassFail {
                    return Err(invalid(&file, "score_aggregation: secret's is pass-fail"));
                }
            }
        }
        Ok(())
    }
}

/// A test (its input file) or a folder.
struct Item<'a> {
    name: &'a str,
    path: &'a Path,
    is_folder: bool,
}

impl<'a> Item<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        let name = if entry.is_folder { &*entry.name } else { entry.name.strip_suffix(".in")? };
        Some(Self { name, path: &entry.path, is_folder: entry.is_folder })
    }
}

/// Every input has an answer, and the other way round.
fn check_pairs(entries: &[Entry]) -> Result<(), PackageError> {
    let has = |name: &str| {
        let found = entries.binary_search_by(|entry| entry.name.as_str().cmp(name));
        found.is_ok_and(|index| !entries[index].is_folder)
    };
    for entry in entries.iter().filter(|entry| !entry.is_folder) {
        let (stem, missing, what) = match entry.name.rsplit_once('.') {
            Some((stem, "in")) => (stem, "ans", "this test case has no answer file"),
            Some((stem, "ans")) => (stem, "in", "this answer file has no input"),
            _ => continue,
        };
        if !has(&format!("{stem}.{missing}")) {
            return Err(invalid(&entry.path, &format!("{what}; add {stem}.{missing}")));
        }
    }
    Ok(())
}

/// 2025-09, *Test case configuration*: a file that names a key replaces what is around it.
fn read_args(keys: &mut Keys<'_>, settings: &mut Settings) -> Result<(), PackageError> {
    if let Some(args) = keys.texts("args")? {
        settings.args = args;
    }
    if let Some(args) = keys.texts("output_validator_args")? {
        settings.validator_flags = args;
    }
    keys.ignore(&["input_validator_args", "input_visualizer_args", "output_visualizer_args"]);
    Ok(())
}

fn invalid(path: &Path, problem: &str) -> PackageError {
    PackageError::Invalid { path: path.to_owned(), problem: problem.to_owned() }
}
