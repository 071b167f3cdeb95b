//! The picture in README.md is what the program shows: it is drawn from a terminal, and held against the file.
//!
//! `RUTTER_BLESS=1 cargo test --workspace --test picture` draws it anew.

use std::fmt::Write as _;
use std::time::Duration;

use rutter_tests::{Bench, ONE_ACCOUNT, Terminal};

const RUNBOOK: &str = r#"
schema = 1

[runbook]
name = "night"

[accounts.owner]
help = "the only account"

[[steps]]
id = "cutover"
title = "Stop the writers"
uses = "approve"
with.message = "Have all clients of the old database stopped writing?"

[[steps]]
id = "rest"
title = "Wait for the copies to settle"
uses = "pause"
needs = []
with.for = "1h"

[[steps]]
id = "reader"
uses = "create-role"
account = "owner"
with.name = "reader"
with.trusted_account = "{{ accounts.owner.id }}"
"#;

/// Where that begins.
const WITHOUT_ACCOUNT: &str = "\n[[steps]]\nid = \"reader\"";

const COLUMNS: u16 = 96;
const SOON: Duration = Duration::from_secs(30);

/// The runbook without what is done in an account, which a person without any can run.
fn without_account(bench: &Bench) -> String {
    let (before, _) = RUNBOOK.split_once(WITHOUT_ACCOUNT).expect("the last step");
    let text = before.replace("[accounts.owner]\nhelp = \"the only account\"\n", "");
    bench.write("night.toml", &text).display().to_string()
}

/// What a terminal shows while the run asks its question.
fn asking(bench: &Bench, runbook: &str) -> Vec<String> {
    let terminal = Terminal::start_wide(bench, &["run", runbook], COLUMNS);
    terminal.shows(
        |screen| screen.contains("[y/N]") && screen.contains("goes on in 59m"),
        SOON,
    )
}

/// With another time of the day in brackets.
fn at_three(line: &str) -> String {
    let Some((before, after)) = line.rsplit_once(" UTC)") else {
        return line.to_owned();
    };
    let (kept, _) = before.rsplit_once('(').unwrap_or((before, ""));
    format!("{kept}(03:00 UTC){after}")
}

/// What differs from run to run, as it is in the picture.
fn steady(line: &str, id: &str) -> String {
    let line = at_three(&line.replace(id, "7f3cab12"));
    let mut told = String::new();
    let mut digits = String::new();
    for character in line.chars().chain(['\0']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let is_time = !digits.is_empty() && matches!(character, 's' | ':');
        match is_time && (told.ends_with(['m', ' ', '(']) || told.ends_with(':')) {
            true if character == 's' && told.ends_with('m') => told.push_str("50"),
            true if character == 's' => told.push_str("10"),
            _ => told.push_str(&digits),
        }
        digits.clear();
        if character != '\0' {
            told.push(character);
        }
    }
    told
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The lines as a picture whose text can be selected, legible on light and dark ground.
fn drawn(title: &str, lines: &[String]) -> String {
    let (width, height) = (usize::from(COLUMNS) * 8 + 32, lines.len() * 18 + 32);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{0}\">\n\
         <title>{0}</title>\n<style>\n\
         rect {{ fill: #f6f8fa; stroke: #d0d7de }}\n\
         text {{ fill: #1f2328; font: 13px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }}\n\
         @media (prefers-color-scheme: dark) {{ rect {{ fill: #161b22; stroke: #30363d }} text {{ fill: #e6edf3 }} }}\n\
         </style>\n<rect x=\"1\" y=\"1\" width=\"{1}\" height=\"{2}\" rx=\"8\"/>\n",
        escaped(title),
        width - 2,
        height - 2
    );
    for (row, line) in lines.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"16\" y=\"{}\" xml:space=\"preserve\">{}</text>",
            row * 18 + 28,
            escaped(line)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_is_what_the_program_shows() {
    let mut bench = Bench::default();
    bench.set("TZ", "UTC");
    let world = bench
        .write("reader.world.toml", ONE_ACCOUNT)
        .display()
        .to_string();
    let whole = bench
        .write("reader.toml", &RUNBOOK.replace("\"night\"", "\"reader\""))
        .display()
        .to_string();
    let report = bench.run(&["rehearse", &whole, "--world", &world]).await;
    assert_eq!(report.code, Some(0), "{report:?}");
    let night = without_account(&bench);
    // How long it still takes is known from its rehearsal.
    let rehearsed = bench.run(&["rehearse", &night, "--world", &world]).await;
    assert_eq!(rehearsed.code, Some(0), "{rehearsed:?}");
    let screen = tokio::task::block_in_place(|| asking(&bench, &night));
    let started = screen.iter().find_map(|line| line.strip_prefix("run "));
    let started = started.expect("the run is named");
    let id = started.split(' ').next().unwrap_or_default();
    let mut lines = vec!["$ rutter run night.toml".to_owned()];
    lines.extend(screen.iter().map(|line| steady(line, id)));
    lines.extend([String::new(), "$ rutter rehearse reader.toml".to_owned()]);
    let folder = format!("{}/", bench.path().display());
    let report = report.stdout.trim_end().replace(&folder, "");
    lines.extend(report.lines().map(str::to_owned));
    let svg = drawn(
        "A run that asks its question, and the report of a rehearsal",
        &lines,
    );
    let file = Bench::top().join("docs/src/picture.svg");
    if std::env::var_os("RUTTER_BLESS").is_some() {
        std::fs::write(&file, &svg).expect("the picture can be written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == svg,
        "`RUTTER_BLESS=1` draws it anew; the program shows:\n{}",
        lines.join("\n")
    );
}
