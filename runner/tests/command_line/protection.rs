//! What keeps a run from other users, and a terminal from what is printed.

use std::path::Path;
use std::process::Command;

use crate::{Bench, Ended, RUN, WORLD};

#[cfg(unix)]
#[test]
fn a_run_of_another_user_is_shown_at_most() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let folder = bench.state().join("runs").join(RUN);
    if std::os::unix::fs::chown(&folder, Some(54_321), None).is_err() {
        // Only root can give a folder away; everybody else cannot even look into it.
        return;
    }
    for command in [
        &["resume", "7f"][..],
        &["undo", "7f", "--yes"],
        &["recover", "7f"],
    ] {
        let ended = bench.run(command);
        assert_eq!(ended.code, Some(2), "{command:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("belongs to user 54321"),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("--state DIR"), "{}", ended.stderr);
    }
    assert_eq!(bench.run(&["show", "7f"]).code, Some(0));
}

/// Texts from everywhere that a terminal would act on.
const ACTING: &str = r#"
schema = 1
[runbook]
name = "acting"
title = "T \u001b[31mred\u202e"
notes = ["Read \u001b]0;pwned\u0007 first\rOVER"]
[inputs.note]
type = "string"
[[steps]]
id = "that"
title = "S \u009b2J \u200b"
uses = "assert"
with.that = "{{ inputs.note == 'other' }}"
with.message = "it is {{ inputs.note }} \u001b]8;;http://x\u0007"
on_failure = "continue"
[[steps]]
id = "sure"
uses = "approve"
with.message = "really {{ inputs.note }}?"
[outputs]
note = "{{ inputs.note }}"
"#;

#[test]
fn nothing_that_a_terminal_acts_on_is_printed() {
    let bench = Bench::new();
    let file = |name: &str, text: &str| {
        let path = bench.state().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let runbook = file("acting.toml", ACTING);
    let world = file("w.toml", WORLD);
    let note = "note=\u{1b}[31mred\u{1b}[0m\u{202e}txt\u{7}\rOVER\u{2028}\u{e0041}";
    for asked in [
        &["check", &runbook, "--set", note][..],
        &["check", &runbook, "--set", note, "--json"],
        &["rehearse", &runbook, "--world", &world, "--set", note],
        &[
            "rehearse", &runbook, "--world", &world, "--set", note, "--json",
        ],
        &["rehearse", &runbook, "--world", &world, "--set", note, "-v"],
        &["check", "no\u{1b}[31msuch.toml"],
        &["explain", "no\u{202e}such"],
        &["nonsense\u{1b}[2J"],
    ] {
        let ended = bench.run(asked);
        for text in [&ended.stdout, &ended.stderr] {
            let acts = |one: char| rutter_manifest::is_unseen(one) && one != '\n';
            assert!(!text.contains(acts), "{asked:?}: {text:?}");
        }
        if asked.contains(&"rehearse") && !asked.contains(&"-v") {
            let all = format!("{}{}", ended.stdout, ended.stderr);
            assert!(
                all.contains("\\u{202e}") || all.contains("\\u202e"),
                "{all}"
            );
        }
    }
}

#[test]
fn a_state_folder_that_others_can_write_is_closed_and_that_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    drop(bench.waiting_run());
    let set = |path: &Path, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, mode).unwrap();
    };
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let journal = bench.state().join("runs").join(RUN).join("journal.db");
    set(bench.state(), 0o777);
    set(&journal, 0o644);
    let undone = bench.run(&["undo", "7f", "--yes"]);
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    assert!(
        undone
            .stderr
            .contains("was open to other users (mode 0777)"),
        "{}",
        undone.stderr
    );
    assert_eq!(mode(bench.state()) & 0o022, 0);
    assert_eq!(mode(&journal), 0o600);
}

#[test]
fn what_a_run_writes_is_its_user_s_alone_under_any_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let runbook = bench.state().join("r.toml");
    let text = "schema = 1\n[runbook]\nname = \"r\"\n[[steps]]\nid = \"a\"\nuses = \"assert\"\nwith.that = \"{{ 1 == 1 }}\"\n";
    std::fs::write(&runbook, text).unwrap();
    let mut command = Command::new("sh");
    let ended: Ended = command
        .args(["-c", "umask 000; exec \"$0\" run \"$1\""])
        .args([env!("CARGO_BIN_EXE_rutter"), runbook.to_str().unwrap()])
        .env("RUTTER_STATE_DIR", bench.state())
        .output()
        .unwrap()
        .into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut folders = vec![bench.state().join("runs")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let data = entry.metadata().unwrap();
            let path = entry.path();
            assert_eq!(data.permissions().mode() & 0o077, 0, "{}", path.display());
            seen += 1;
            if data.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(seen > 3, "{seen} entries");
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_memory_on_a_disk() {
    let bench = Bench::new();
    let world = bench.state().join("w.toml");
    std::fs::write(&world, WORLD).unwrap();
    let port = bench.state().join("port");
    let (world, port_file) = (world.to_str().unwrap(), port.to_str().unwrap());
    let mut child = bench
        .command(&[
            "simulate",
            "--world",
            world,
            "--limit",
            "60s",
            "--port-file",
            port_file,
        ])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !port.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    let limits = limits.unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<_> = line.unwrap().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{words:?}");
}
