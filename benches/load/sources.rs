//! What is submitted: the accepted submissions that come with a problem.

use std::fs;
use std::path::Path;

use judge_benches::Fallible;

/// A solution in one language.
#[derive(Debug)]
pub struct Source {
    /// As submissions name it.
    pub language: String,
    text: String,
    /// What begins a comment that goes to the end of the line.
    comment: &'static str,
}

impl Source {
    /// The first accepted submission, by its file name, of the package in `problem` in `language`.
    pub fn find(problem: &Path, language: &str) -> Fallible<Self> {
        let (extension, comment) = match language {
            "c" => ("c", "//"),
            "java" => ("java", "//"),
            "javascript" => ("js", "//"),
            "python3" => ("py", "#"),
            _ if language.starts_with("cpp") => ("cpp", "//"),
            _ => return Err(format!("{language:?} is none of the built-in languages").into()),
        };
        let folder = problem.join("submissions/accepted");
        let entries = fs::read_dir(&folder)
            .map_err(|error| format!("cannot read the folder {}: {error}", folder.display()))?;
        let mut files: Vec<_> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        files.retain(|file| file.extension().is_some_and(|found| found == extension));
        let file = files.into_iter().min().ok_or_else(|| {
            format!("no accepted submission in {language} lies in {}", folder.display())
        })?;
        Ok(Self { language: language.into(), text: fs::read_to_string(file)?, comment })
    }

    /// The same program, by another text: the compile cache of the workers does not know it.
    pub fn unlike_any_other(&self, room: &str, number: usize) -> String {
        let Self { text, comment, .. } = self;
        format!("{}\n{comment} {room}-{number}\n", text.trim_end())
    }
}
