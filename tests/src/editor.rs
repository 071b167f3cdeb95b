//! What editors and validators say of a file, of which nothing here is ours: the packages of `tests/editor/package.json`,
//! asked all at once, since each of them takes seconds to start.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::Bench;

/// A file that the validators are asked about.
#[derive(Debug, Serialize)]
pub struct File {
    /// The path of its schema.
    pub schema: PathBuf,
    /// Its text.
    pub text: String,
    /// The same as JSON; null where it is no TOML.
    pub value: Value,
}

impl File {
    /// A text that is held against a schema.
    pub fn new(schema: &Path, text: &str) -> Self {
        let value = toml::from_str::<toml::Value>(text).ok();
        let value = value.and_then(|value| serde_json::to_value(value).ok());
        Self {
            schema: schema.to_owned(),
            text: text.to_owned(),
            value: value.unwrap_or_default(),
        }
    }
}

/// A place at which a person asks what can be written.
#[derive(Debug, Serialize)]
pub struct Asked {
    schema: PathBuf,
    text: String,
    line: usize,
    character: usize,
}

impl Asked {
    /// At the first `|` of a text, which is taken out.
    ///
    /// # Panics
    /// When there is none.
    pub fn new(schema: &Path, marked: &str) -> Self {
        let at = marked.find('|').expect("the place is marked");
        let before = &marked[..at];
        Self {
            schema: schema.to_owned(),
            text: format!("{before}{}", &marked[at + 1..]),
            line: before.matches('\n').count(),
            character: at - before.rfind('\n').map_or(0, |newline| newline + 1),
        }
    }
}

/// What was said.
#[derive(Debug, Deserialize)]
pub struct Said {
    /// Of each file.
    pub files: Vec<Complaints>,
    /// What can be written at each place.
    pub completions: Vec<Vec<Offered>>,
}

/// What the validators complain of in a file.
#[derive(Debug, Deserialize)]
pub struct Complaints {
    /// The validator of JSON.
    pub ajv: Vec<String>,
    /// The language server of TOML.
    pub taplo: Vec<String>,
}

/// Something that can be written.
#[derive(Debug, Deserialize)]
pub struct Offered {
    /// What.
    pub label: String,
    /// What an editor shows beside it.
    pub says: String,
}

/// Asks about files and places.
///
/// # Panics
/// When the packages cannot be installed, or do not answer.
pub fn ask(files: &[File], asked: &[Asked]) -> Said {
    let job = serde_json::json!({ "files": files, "completions": asked });
    let mut child = Command::new("node")
        .arg(sources().join("ask.cjs"))
        .arg(packages())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("`node` cannot be started ({error}); install Node.js 20 or newer")
        });
    let mut input = child.stdin.take().expect("the input is piped");
    let job = job.to_string();
    let writer = std::thread::spawn(move || input.write_all(job.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    // Who ended early says so below.
    let _ = writer.join();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the validators do not answer:\n{said}"
    );
    serde_json::from_slice(&output.stdout).expect("the answer is JSON")
}

fn sources() -> PathBuf {
    Bench::top().join("tests/editor")
}

/// The folder of the packages, installed if they are not there: one for each list of packages.
fn packages() -> PathBuf {
    let lists = ["package.json", "package-lock.json"];
    let mut digest = Sha256::new();
    for list in lists {
        digest.update(std::fs::read(sources().join(list)).expect("the list of packages is there"));
    }
    let name: String = digest
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| Bench::top().join("target"), PathBuf::from);
    let all = target.join("editor");
    let folder = all.join(name);
    std::fs::create_dir_all(&folder).expect("the folder of the packages can be made");
    let lock = std::fs::File::create(all.join("lock")).expect("the lock can be made");
    // Released by the system however this process ends.
    lock.lock().expect("the lock can be taken");
    let finished = folder.join("finished");
    if !finished.exists() {
        for list in lists {
            std::fs::copy(sources().join(list), folder.join(list)).expect("a list can be copied");
        }
        install(&folder);
        std::fs::write(finished, "").expect("the folder can be written");
    }
    folder
}

fn install(folder: &Path) {
    let output = Command::new("npm")
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--silent",
        ])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| {
            panic!("`npm` cannot be started ({error}); install Node.js 20 or newer")
        });
    assert!(
        output.status.success(),
        "the packages of tests/editor/package.json cannot be installed; npm needs a registry, by its own settings:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
