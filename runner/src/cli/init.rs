//! `rutter init`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rutter_diagnostic::shell;
use serde_json::json;

use super::{Context, Exit, Failure};
use crate::standard::{self, NewFile};

/// Write a first runbook and its world into a folder, or a copy of a standard runbook
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder; it is made if it is not there, and no file in it is replaced
    #[arg(required_unless_present = "list", value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Copy this standard runbook, with the runbooks that it runs, its inputs and its worlds
    #[arg(long, value_name = "RUNBOOK")]
    from: Option<String>,
    /// List the standard runbooks
    #[arg(long, conflicts_with_all = ["folder", "from"])]
    list: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let Some(folder) = &args.folder else {
        list(context);
        return Ok(Exit::Done);
    };
    let files = match &args.from {
        Some(runbook) => copies(runbook)?,
        None => standard::first(&runbook_name(folder)),
    };
    write(folder, &files)?;
    let printer = &context.printer;
    let paths = files.iter().map(|file| folder.join(&file.name));
    let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
    if printer.output().json {
        printer.json(&json!({ "files": paths }));
        return Ok(Exit::Done);
    }
    for path in &paths {
        printer.answer_line(path);
    }
    printer.note(&format!("next: `{}`", next(folder, &files)));
    Ok(Exit::Done)
}

fn list(context: &Context) {
    for runbook in standard::runbooks() {
        match context.printer.output().json {
            true => context.printer.json(&json!({ "runbook": runbook })),
            false => context.printer.answer_line(runbook),
        }
    }
}

fn copies(runbook: &str) -> Result<Vec<NewFile>, Failure> {
    let files = standard::files_of(runbook.strip_suffix(".toml").unwrap_or(runbook));
    if files.is_empty() {
        let nearest = rutter_manifest::nearest(runbook, standard::runbooks());
        let help = match nearest {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`rutter init --list` names them".to_owned(),
        };
        let title = format!("there is no standard runbook `{runbook}`");
        return Err(Failure::refused(title, help));
    }
    Ok(files)
}

/// A runbook's name made from the folder's; `first` where nothing of that can be in a name.
fn runbook_name(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let name = absolute.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name = words.join("_");
    match rutter_manifest::is_snake_case(&name) {
        true => name,
        false => "first".to_owned(),
    }
}

/// Writes all files or none.
fn write(folder: &Path, files: &[NewFile]) -> Result<(), Failure> {
    let path_of = |file: &NewFile| folder.join(&file.name);
    let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
    if let Some(taken) = files.iter().map(path_of).find(is_there) {
        let title = format!("`{}` is there already", taken.display());
        let help = "name another folder, or move the file away";
        return Err(Failure::refused(title, help));
    }
    let failed =
        |path: &Path, error| Failure::io(format!("`{}` cannot be written", path.display()), error);
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut made = Vec::new();
    for file in files {
        let path = path_of(file);
        let written = create(&path).and_then(|mut new| {
            made.push(path.clone());
            new.write_all(file.text.as_bytes())
        });
        if let Err(error) = written {
            // Half of a runbook is worse than none.
            for path in &made {
                let _ = std::fs::remove_file(path);
            }
            if is_new {
                let _ = std::fs::remove_dir(folder);
            }
            return Err(failed(&path, error));
        }
    }
    Ok(())
}

/// Inputs may hold secrets: they are for their owner alone.
fn create(path: &Path) -> std::io::Result<std::fs::File> {
    let holds_inputs = path.to_string_lossy().ends_with(".inputs.toml");
    let mode = if holds_inputs { 0o600 } else { 0o666 };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(mode).open(path)
}

/// What to type next.
fn next(folder: &Path, files: &[NewFile]) -> String {
    let runbook = files.first().map_or("", |file| &*file.name);
    let inputs = runbook.replace(".toml", ".inputs.toml");
    let with_inputs = match files.iter().any(|file| file.name == inputs) {
        true => format!(" --inputs {inputs}"),
        false => String::new(),
    };
    let rehearse = format!("rutter rehearse {runbook}{with_inputs}");
    match folder == Path::new(".") {
        true => rehearse,
        false => format!("cd {} && {rehearse}", shell::path(folder)),
    }
}

#[cfg(test)]
mod tests {
    use super::runbook_name;

    #[test]
    fn a_runbook_is_named_after_its_folder() {
        assert_eq!(runbook_name("shop".as_ref()), "shop");
        assert_eq!(runbook_name("a/My-Shop.2".as_ref()), "my_shop_2");
        assert_eq!(runbook_name("2026".as_ref()), "first");
        assert_eq!(runbook_name("\u{5546}\u{5e97}".as_ref()), "first");
    }
}
