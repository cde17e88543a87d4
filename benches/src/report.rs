//! What a bench says: on standard output, and as files that a document can take in.

use std::fs;
use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets};

use crate::Fallible;

/// What every bench takes.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// A folder for what is said, and for plots.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A report in the making, in Markdown. What is said is printed at once.
#[derive(Debug)]
pub struct Report {
    dir: Option<PathBuf>,
    text: String,
}

impl Report {
    /// Where it was asked for; see [`Report::in_folder`].
    pub fn new(args: &ReportArgs) -> Fallible<Self> {
        Self::in_folder(args.report.as_deref())
    }

    /// With `dir`, which is made if it is not there, files are written into it.
    pub fn in_folder(dir: Option<&Path>) -> Fallible<Self> {
        if let Some(dir) = dir {
            fs::create_dir_all(dir)
                .map_err(|error| format!("cannot make the folder {}: {error}", dir.display()))?;
        }
        Ok(Self { dir: dir.map(Into::into), text: String::new() })
    }

    /// One paragraph.
    pub fn say(&mut self, paragraph: &str) {
        println!("{paragraph}\n");
        self.text.push_str(paragraph);
        self.text.push_str("\n\n");
    }

    /// A table whose first column holds names and whose others hold figures.
    pub fn table(&mut self, header: &[&str], rows: Vec<Vec<String>>) {
        self.say(&markdown(header, rows));
    }

    /// A file beside the report, named `name`; without a folder there is none.
    pub fn attach(&self, name: &str, content: &str) -> Fallible<()> {
        let Some(dir) = &self.dir else { return Ok(()) };
        let path = dir.join(name);
        fs::write(&path, content)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("written: {}", path.display());
        Ok(())
    }

    /// Writes what was said to `name`.
    pub fn write(&self, name: &str) -> Fallible<()> {
        self.attach(name, &format!("{}\n", self.text.trim_end()))
    }
}

fn markdown(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.force_no_tty();
    table.set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_written_as_it_was_said() {
        let dir = tempfile::tempdir().unwrap();
        let mut report = Report::in_folder(Some(&dir.path().join("new"))).unwrap();
        report.say("One.");
        report.table(&["what", "ms"], vec![vec!["a".into(), "12.5".into()]]);
        report.write("report.md").unwrap();
        let written = fs::read_to_string(dir.path().join("new/report.md")).unwrap();
        assert_eq!(written, "One.\n\n| what |   ms |\n|------|------|\n| a    | 12.5 |\n");
    }
}
