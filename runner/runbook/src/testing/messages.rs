//! `tests/runbooks/invalid/*.toml`, each with the expected messages in a `.err` beside it.
//!
//! A new case is two files: write the runbook, then bless it with `RUTTER_BLESS=1`. Comments in the
//! first lines say what it is loaded with: `# set: name=value`, `# bind: none` (a check only),
//! `# inputs: file.toml`, `# env: NAME=value`. The runbooks that some of them use lie in `inside/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::{Source, render_all};

use super::plugins::Pretended;
use crate::{InputSources, Load, load_text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/runbooks/invalid")
}

/// Loads a case as its comments say, and renders what comes out.
fn messages(name: &str, text: &str) -> String {
    let mut inputs = InputSources::default();
    let mut bindings = Some(super::bindings(&["source", "destination"]));
    let mut environment = BTreeMap::new();
    for line in text.lines().take_while(|line| line.starts_with("# ")) {
        let (key, value) = line[2..].split_once(": ").unwrap_or((line, ""));
        let pair = || {
            let (name, value) = value.split_once('=').expect("a value follows `=`");
            (name.to_owned(), value.to_owned())
        };
        match key {
            "set" => inputs.set.push(pair()),
            "env" => environment.extend([pair()]),
            "inputs" => inputs.file = Some(PathBuf::from(value)),
            "bind" if value == "none" => bindings = None,
            "bind" => bindings = Some(super::bindings(&value.split(' ').collect::<Vec<_>>())),
            _ => {}
        }
    }
    inputs.environment = environment;
    // Paths are shown as they were given: relative ones keep the machine out of the messages.
    inputs.file = inputs.file.map(|file| relative(&folder().join(file)));
    let bind = |names: &[&str]| super::known(bindings.clone().unwrap_or_default(), names);
    let load = Load {
        plugins: &Pretended,
        reach: &crate::Reach::default(),
        inputs,
        bind: bindings.is_some().then_some(&bind),
        secret: &|path| format!("placeholder-{path}"),
        accept: &|_| Ok(()),
    };
    let source = Source::new(format!("invalid/{name}"), text);
    match load_text(&source, &relative(&folder()), &load) {
        Ok(checked) => panic!(
            "{name} is good: {}",
            render_all(&checked.warnings, Style::Plain)
        ),
        Err(problems) => render_all(&problems, Style::Plain),
    }
}

/// Tests run in the package's folder.
fn relative(path: &Path) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    path.strip_prefix(package).unwrap_or(path).to_owned()
}

#[test]
fn every_bad_runbook_gets_its_messages() {
    let bless = std::env::var_os("RUTTER_BLESS").is_some();
    let mut differences = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the folder of bad runbooks is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    entries.sort();
    for path in entries {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("names are text");
        if name.ends_with(".inputs.toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let actual = messages(name, &text);
        let expected_path = path.with_extension("err");
        if bless {
            std::fs::write(&expected_path, &actual).expect("it can be written");
            continue;
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if expected != actual {
            differences.push(format!(
                "{name}\n--- expected\n{expected}\n--- actual\n{actual}"
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
