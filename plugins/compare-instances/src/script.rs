//! The scripts that are run on the servers, and what they print.
//!
//! A script asks one thing after the other and says before each answer which it is. On Linux it is a shell script with
//! `find`, `sha256sum`, `sort`, `head` and `systemctl`:
//!
//! ```text
//! export LC_ALL=C
//! echo '@@ 0'
//! find '/srv' -xdev \( -path '/srv/log' \) -prune -o -printf '%p %y %m %U %G %l;\n' | sort | sha256sum
//! echo '@@ 1'
//! find '/srv' -xdev \( -path '/srv/log' \) -prune -o -type f -exec sha256sum {} + | sort -k 2 | sha256sum
//! echo '@@ 2'
//! systemctl is-active 'nginx'
//! exit 0
//! ```
//!
//! and on Windows it is `PowerShell` 5 or later with `Get-ChildItem`, `Get-FileHash` and `Get-Service`. All of them only read.

use rutter_sdk::command::System;

/// What is asked of a server.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// A digest of the names, kinds, modes, owners and links below a path.
    Names(String),
    /// A digest of the contents of the files below a path.
    Contents(String),
    /// The first names, as lines that begin with the path.
    ListNames(String),
    /// The first files, as lines of digest and path.
    ListContents(String),
    Service(String),
    Command(String),
}

/// How many lines are listed: as many as surely fit into what Cloud Assistant keeps of an output.
pub(crate) const LINES_MAX: usize = 80;

/// The digest of nothing: what a path that is not there has.
pub(crate) const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What stands before each answer.
const MARK: &str = "@@ ";

/// Whether a path is one of a system.
pub(crate) fn knows(system: System, path: &str) -> bool {
    path.starts_with('/') == (system == System::Linux)
}

/// Returns the script that asks all of the questions.
pub(crate) fn script(system: System, questions: &[Question], exclude: &[String]) -> String {
    let head = match system {
        System::Linux => "export LC_ALL=C\n",
        System::Windows => POWERSHELL_HEAD,
    };
    let mut script = head.to_owned();
    for (number, question) in questions.iter().enumerate() {
        let mark = match system {
            System::Linux => format!("echo '{MARK}{number}'\n"),
            System::Windows => format!("Write-Output '{MARK}{number}'\n"),
        };
        script.push_str(&mark);
        script.push_str(&line(system, question, exclude));
        script.push('\n');
    }
    script.push_str("exit 0\n");
    script
}

fn line(system: System, question: &Question, exclude: &[String]) -> String {
    match (system, question) {
        (_, Question::Command(line)) => line.clone(),
        (System::Linux, Question::Service(name)) => format!("systemctl is-active '{name}'"),
        (System::Linux, Question::Names(path)) => format!("{} | sha256sum", names(path, exclude)),
        (System::Linux, Question::Contents(path)) => {
            format!("{} | sha256sum", contents(path, exclude))
        }
        (System::Linux, Question::ListNames(path)) => {
            format!("{} | head -n {LINES_MAX}", names(path, exclude))
        }
        (System::Linux, Question::ListContents(path)) => {
            format!("{} | head -n {LINES_MAX}", contents(path, exclude))
        }
        (System::Windows, Question::Service(name)) => {
            format!("(Get-Service -Name '{name}' -ErrorAction SilentlyContinue).Status")
        }
        (System::Windows, Question::Names(path)) => {
            format!("{} | Digest", items(path, exclude))
        }
        (System::Windows, Question::Contents(path)) => {
            format!("{} | Digest", hashes(path, exclude))
        }
        (System::Windows, Question::ListNames(path)) => {
            format!(
                "{} | Select-Object -First {LINES_MAX}",
                items(path, exclude)
            )
        }
        (System::Windows, Question::ListContents(path)) => {
            format!(
                "{} | Select-Object -First {LINES_MAX}",
                hashes(path, exclude)
            )
        }
    }
}

/// Declares what digests lines.
const POWERSHELL_HEAD: &str = "$ErrorActionPreference = 'SilentlyContinue'\n\
function Digest { $bytes = [Text.Encoding]::UTF8.GetBytes((@($input) -join \"`n\")); (Get-FileHash -InputStream ([IO.MemoryStream]::new($bytes))).Hash }\n";

/// What is left out of a walk: only what lies in it.
fn below<'a>(path: &'a str, exclude: &'a [String]) -> impl Iterator<Item = &'a String> {
    exclude.iter().filter(move |out| out.starts_with(path))
}

fn pruned(path: &str, exclude: &[String]) -> String {
    let paths: Vec<String> = below(path, exclude)
        .map(|out| format!("-path '{out}'"))
        .collect();
    if paths.is_empty() {
        String::new()
    } else {
        format!("\\( {} \\) -prune -o ", paths.join(" -o "))
    }
}

fn names(path: &str, exclude: &[String]) -> String {
    let prune = pruned(path, exclude);
    format!("find '{path}' -xdev {prune}-printf '%p %y %m %U %G %l;\\n' | sort")
}

fn contents(path: &str, exclude: &[String]) -> String {
    let prune = pruned(path, exclude);
    format!("find '{path}' -xdev {prune}-type f -exec sha256sum {{}} + | sort -k 2")
}

fn filtered(path: &str, exclude: &[String]) -> String {
    below(path, exclude)
        .map(|out| format!(" | Where-Object FullName -NotLike '{out}*'"))
        .collect()
}

fn items(path: &str, exclude: &[String]) -> String {
    let filter = filtered(path, exclude);
    format!(
        "Get-ChildItem -LiteralPath '{path}' -Recurse -Force{filter} | Sort-Object FullName | ForEach-Object FullName"
    )
}

fn hashes(path: &str, exclude: &[String]) -> String {
    let filter = filtered(path, exclude);
    format!(
        "Get-ChildItem -LiteralPath '{path}' -Recurse -Force -File{filter} | Sort-Object FullName | Get-FileHash | ForEach-Object {{ $_.Hash + '  ' + $_.Path }}"
    )
}

/// Takes apart what a script printed; what was not answered is `None`.
pub(crate) fn answers(output: &str, count: usize) -> Vec<Option<String>> {
    let mut answers = vec![None; count];
    let mut current: Option<usize> = None;
    for line in output.lines() {
        let line = line.trim_end();
        if let Some(number) = line.strip_prefix(MARK) {
            current = number.parse().ok().filter(|number| *number < count);
            if let Some(number) = current {
                answers[number] = Some(String::new());
            }
            continue;
        }
        if let Some(answer) = current.and_then(|number| answers[number].as_mut()) {
            if !answer.is_empty() {
                answer.push('\n');
            }
            answer.push_str(line);
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_asks_one_thing_after_the_other() {
        let questions = [
            Question::Contents("/srv".to_owned()),
            Question::Service("nginx".to_owned()),
        ];
        let exclude = ["/srv/log".to_owned(), "/etc/hosts".to_owned()];
        let expected = "export LC_ALL=C\necho '@@ 0'\n\
            find '/srv' -xdev \\( -path '/srv/log' \\) -prune -o -type f -exec sha256sum {} + | sort -k 2 | sha256sum\n\
            echo '@@ 1'\nsystemctl is-active 'nginx'\nexit 0\n";
        assert_eq!(script(System::Linux, &questions, &exclude), expected);
    }

    #[test]
    fn answers_are_told_apart() {
        let found = answers("noise\n@@ 0\r\nactive\r\n@@ 2\none\ntwo\n@@ 9\nx\n", 4);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(found, [text("active"), None, text("one\ntwo"), None]);
    }
}
