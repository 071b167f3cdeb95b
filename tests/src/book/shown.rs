//! What a command prints, against what the page shows.
//!
//! The page shows what somebody once saw. Instants differ each time and are compared by their form alone, and so do
//! the ids of runs, for which `stage.rs` knows those of the page; a line of `...` stands for any lines, and `[..]` for any text in a line.

use std::sync::LazyLock;

use regex_lite::Regex;
use snapbox::Data;

/// A command of a console block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// What is typed.
    pub line: String,
    /// The exit code that the page names in a line `? CODE`; 0 without one.
    pub code: i32,
    /// What the page shows below it.
    pub shown: String,
}

/// The commands of a console block.
///
/// # Errors
/// When something stands above the first command.
pub(super) fn commands(text: &str) -> Result<Vec<Command>, String> {
    let mut commands: Vec<Command> = Vec::new();
    let mut more = false;
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            commands.push(Command {
                line: typed.to_owned(),
                code: 0,
                shown: String::new(),
            });
            more = typed.ends_with('\\');
            continue;
        }
        let Some(command) = commands.last_mut() else {
            return Err("a console block begins with a command: `$ rutter …`".to_owned());
        };
        match line.strip_prefix("? ").and_then(|code| code.parse().ok()) {
            _ if more => {
                command.line.push('\n');
                command
                    .line
                    .push_str(line.strip_prefix("> ").unwrap_or(line));
                more = line.ends_with('\\');
            }
            Some(code) => command.code = code,
            None => {
                command.shown.push_str(line);
                command.shown.push('\n');
            }
        }
    }
    if commands.is_empty() {
        return Err(
            "a console block without a command; a picture is of the kind `text`".to_owned(),
        );
    }
    Ok(commands)
}

impl Command {
    /// As it stands on the page, with this code and output.
    pub fn written(&self, code: i32, output: &str) -> String {
        let line = self.line.replace('\n', "\n> ");
        let code = match code {
            0 => String::new(),
            code => format!("? {code}\n"),
        };
        let end = if output.is_empty() || output.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        format!("$ {line}\n{output}{end}{code}")
    }
}

/// Compares; the error shows both.
pub(super) fn compare(shown: &str, printed: &str) -> Result<(), String> {
    let assert = snapbox::Assert::new().normalize_paths(false);
    let result = assert.try_eq(
        Some(&"output"),
        Data::text(form_of(printed)),
        Data::text(form_of(shown)),
    );
    result
        .map(|_| ())
        .map_err(|_| format!("the page shows\n{shown}\nand the command prints\n{printed}"))
}

/// The text with a word in place of each instant.
fn form_of(text: &str) -> String {
    static VARYING: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?";
        Regex::new(pattern).expect("the pattern is sound")
    });
    VARYING.replace_all(text, "INSTANT").into_owned()
}

/// The id that the page uses for this run: what it shows where the command prints the run's id.
pub(super) fn id_on_page(id: &str, shown: &str, printed: &str) -> Option<String> {
    printed
        .lines()
        .filter(|line| line.contains(id))
        .find_map(|line| {
            let form = form_of(line);
            let parts: Vec<String> = form.split(id).map(regex_lite::escape).collect();
            let pattern = format!("(?m)^{}$", parts.join("([0-9a-hjkmnp-tv-z]{8})"));
            let shown = form_of(shown);
            let found = Regex::new(&pattern).ok()?.captures(&shown)?;
            Some(found.get(1)?.as_str().to_owned())
        })
}
