//! Machines that are not as they should be: homes that nobody can write, full disks, old state, narrow terminals and
//! terminals without UTF-8. Each is named with its cause and its remedy, and nothing is lost by it.

use std::time::Duration;

use rutter_tests::{Bench, Ended, Terminal};
use tokio::process::Command;

const RUNBOOK: &str = r#"
schema = 1
[runbook]
name = "ask"
[[steps]]
id = "gate"
title = "等待写入停止"
uses = "approve"
with.message = "Have the writers stopped?"
with.evidence = ["ticket"]
[[steps]]
id = "rest"
uses = "pause"
with.for = "1h"
"#;

const SOON: Duration = Duration::from_secs(30);

/// Runs the binary with other variables than those of the bench; `None` takes one away.
async fn run_with(bench: &Bench, variables: &[(&str, Option<&str>)], arguments: &[&str]) -> Ended {
    let mut command = bench.command(arguments);
    command.current_dir(bench.path());
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Ended::from(command.output().await.expect("the binary can be started"))
}

/// It is refused before anything ran, and says what and what to do.
fn is_refused(ended: &Ended, place: &str, cause: &str, remedy: &str) {
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let help = ended.stderr.split("help: ").nth(1).unwrap_or_default();
    assert!(ended.stderr.contains(place), "{place}: {ended:?}");
    assert!(ended.stderr.contains(cause), "{cause}: {ended:?}");
    assert!(help.contains(remedy), "{remedy}: {ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
}

#[tokio::test]
async fn a_home_that_is_none_is_named_by_whatever_needs_it() {
    let bench = Bench::default();
    let runbook = bench.write("ask.toml", RUNBOOK).display().to_string();
    bench.write("file", "no folder");
    let file = bench.path().join("file").display().to_string();
    let homes = [file.as_str(), "/proc/sys"];
    for home in homes {
        let home = [
            ("HOME", Some(home)),
            ("XDG_STATE_HOME", None),
            ("XDG_CONFIG_HOME", None),
            ("XDG_DATA_HOME", None),
        ];
        let place = home[0].1.unwrap_or_default();
        let refused = run_with(&bench, &home, &["run", &runbook]).await;
        is_refused(
            &refused,
            place,
            "cannot be used as a folder",
            "`--state DIR`",
        );
        // What needs no home does without.
        let checked = run_with(&bench, &home, &["check", &runbook]).await;
        assert_eq!(checked.code, Some(0), "{checked:?}");
        let state = bench.path().join("elsewhere").display().to_string();
        let listed = run_with(&bench, &home, &["list", "--state", &state]).await;
        assert_eq!(listed.code, Some(0), "{listed:?}");
    }
}

#[tokio::test]
async fn without_any_home_it_is_said_where_else_runs_can_be_kept() {
    let bench = Bench::default();
    let runbook = bench.write("ask.toml", RUNBOOK).display().to_string();
    let none = ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"];
    let none = none.map(|name| (name, None));
    for arguments in [&["run", &*runbook][..], &["list"], &["rehearse", &runbook]] {
        let refused = run_with(&bench, &none, arguments).await;
        is_refused(
            &refused,
            "state of runs",
            "`HOME` is not set",
            "`RUTTER_STATE_DIR`",
        );
    }
    for arguments in [
        &["init", "shop"][..],
        &["schema", "world"],
        &["explain", "--list"],
    ] {
        let done = run_with(&bench, &none, arguments).await;
        assert_eq!(done.code, Some(0), "{done:?}");
    }
}

#[tokio::test]
async fn a_disk_without_room_leaves_no_half_of_a_first_runbook() {
    let bench = Bench::default();
    let environment = bench.command(&[]);
    let variables = environment.as_std().get_envs();
    // No file may grow beyond half a kilobyte, and who tries is told, as by a disk that is full.
    let line = format!(
        "trap '' XFSZ; ulimit -f 1; exec {} init shop",
        Bench::binary().display()
    );
    let output = Command::new("/bin/sh")
        .args(["-c", &line])
        .env_clear()
        .envs(variables.filter_map(|(name, value)| Some((name, value?))))
        .current_dir(bench.path())
        .output();
    let refused = Ended::from(output.await.expect("there is a shell"));
    is_refused(
        &refused,
        "`shop/shop.toml`",
        "File too large",
        "make room on its disk",
    );
    assert!(!bench.path().join("shop").exists(), "half of it was left");
}

#[tokio::test]
async fn a_schema_for_a_plugin_that_is_none_says_which_there_are() {
    let bench = Bench::default();
    let near = bench
        .run(&["schema", "runbook", "--plugin", "create-rol"])
        .await;
    is_refused(
        &near,
        "`create-rol`",
        "there is no plugin",
        "did you mean `create-role`?",
    );
    let far = bench.run(&["schema", "runbook", "--plugin", "数据"]).await;
    is_refused(&far, "`数据`", "there is no plugin", "`rutter plugin list`");
    let file = bench
        .run(&["schema", "runbook", "--plugin", "./none.wasm"])
        .await;
    is_refused(
        &file,
        "`./none.wasm`",
        "cannot be read",
        "`rutter plugin list`",
    );
}

/// A question at a terminal of this kind, answered with yes, up to the pause behind it.
fn answered(variables: &[(&str, &str)], columns: u16) -> (String, Vec<String>) {
    let mut bench = Bench::default();
    for (name, value) in variables {
        bench.set(name, *value);
    }
    let runbook = bench.write("ask.toml", RUNBOOK).display().to_string();
    let mut terminal = Terminal::start_wide(&bench, &["run", &runbook], columns);
    let flat = |screen: &str| screen.split_whitespace().collect::<String>();
    terminal.shows(|screen| flat(screen).ends_with("N]"), SOON);
    // What is typed at once is not taken for an answer.
    std::thread::sleep(Duration::from_secs(1));
    terminal.send("y\r", Duration::ZERO);
    terminal.shows(|screen| flat(screen).ends_with("et:"), SOON);
    terminal.send("OPS-4711, longer than any line\r", Duration::ZERO);
    let screen = terminal.shows(|screen| flat(screen).contains("goesonin"), SOON);
    (terminal.text(), screen)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_utf_8_bars_and_marks_are_ascii() {
    tokio::task::block_in_place(|| {
        for locale in [("LANG", "C"), ("LC_ALL", "POSIX")] {
            let (text, screen) = answered(&[locale], 80);
            let foreign =
                |character: &char| !character.is_ascii() && !"等待写入停止".contains(*character);
            let drawn: String = text.chars().filter(foreign).collect();
            assert_eq!(drawn, "", "{locale:?}: {}", screen.join("\n"));
            assert!(screen.join("").contains("###"), "{}", screen.join("\n"));
        }
        let (text, _) = answered(&[("LANG", "C.UTF-8")], 80);
        assert!(text.contains('█'), "{text}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_columns_are_enough_to_answer() {
    tokio::task::block_in_place(|| {
        let (_, screen) = answered(&[], 10);
        // What was typed is gone, and no rest of it stands anywhere.
        let words: String = screen.join("").split_whitespace().collect();
        assert!(!words.contains("N]"), "{}", screen.join("\n"));
    });
}

#[tokio::test]
async fn a_state_given_as_the_folder_of_runs_is_answered_with_the_flag_that_was_meant() {
    let bench = Bench::default();
    let listed = run_with(&bench, &[], &["list", "--state", "waiting"]).await;
    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert!(
        listed.stderr.contains("`rutter list --status waiting`"),
        "{listed:?}"
    );
    let listed = run_with(&bench, &[], &["list", "--state", "elsewhere"]).await;
    assert!(!listed.stderr.contains("--status"), "{listed:?}");
}
