//! The checker of the book finds what is wrong: a page with a broken block of each kind fails.

use std::path::Path;

use rutter_tests::book::{Problem, check};

const RUNBOOK: &str = "```toml runbook wait.toml\nschema = 1\n[runbook]\nname = \"wait\"\n[[steps]]\nid = \"wait\"\nuses = \"pause\"\nwith.for = \"5m\"\n```\n";

fn problems(text: &str) -> Vec<Problem> {
    check("page.md", text, Path::new("/nowhere")).problems
}

/// The only problem of a page, as `LINE: MESSAGE`.
fn problem(text: &str) -> String {
    let problems = problems(text);
    let [problem] = &problems[..] else {
        panic!("one problem was expected: {problems:?}");
    };
    problem
        .to_string()
        .strip_prefix("page.md:")
        .expect("the page is named")
        .to_owned()
}

#[test]
fn a_page_without_mistakes_has_none() {
    let page = format!(
        "# A page\n\n{RUNBOOK}\n```console\n$ rutter check wait.toml\nwait.toml: ok, 1 step\nSteps\nwait  pause\n```\n"
    );
    assert_eq!(problems(&page), []);
}

#[test]
fn a_block_without_a_known_kind_is_refused_with_page_and_line() {
    assert!(problem("\n\n```\nx\n```\n").starts_with("3: a block without a kind"));
    assert!(problem("text\n\n    indented\n").starts_with("3: a block without a kind"));
    assert!(problem("```toml\nx = 1\n```\n").starts_with("1: no kind of block is called `toml`"));
    assert!(problem("```sh\nls\n```\n").contains("no kind of block is called `sh`"));
    assert!(problem("```toml runbook\n```\n").contains("no kind of block"));
    assert!(problem("text\n\n<pre>\nx\n</pre>\n").starts_with("3: code stands in a block"));
    assert!(problem("```toml runbook a.toml ignore\n```\n").contains("no kind of block"));
}

#[test]
fn a_runbook_is_rehearsed_and_not_only_read() {
    let wrong = RUNBOOK.replace("uses = \"pause\"", "uses = \"pose\"");
    assert!(problem(&wrong).contains("the rehearsal of `wait.toml` fails"));
    let failing = RUNBOOK
        .replace("uses = \"pause\"", "uses = \"assert\"")
        .replace("with.for = \"5m\"", "with.that = \"{{ 1 > 2 }}\"");
    assert!(
        problem(&failing).contains("the rehearsal of `wait.toml` fails"),
        "{}",
        problem(&failing)
    );
}

#[test]
fn a_runbook_that_a_later_block_replaces_is_rehearsed_before() {
    let wrong = RUNBOOK.replace("uses = \"pause\"", "uses = \"pose\"");
    assert!(problem(&format!("{wrong}\n{RUNBOOK}")).contains("the rehearsal of `wait.toml` fails"));
}

#[test]
fn inputs_that_no_runbook_takes_or_that_it_refuses_are_found() {
    assert!(
        problem("```toml inputs a.inputs.toml\nx = 1\n```\n")
            .contains("no runbook of the page takes")
    );
    let refused = format!("{RUNBOOK}\n```toml inputs wait.inputs.toml\nsurplus = 1\n```\n");
    assert!(problem(&refused).contains("surplus"));
}

#[test]
fn worlds_settings_and_manifests_are_loaded() {
    assert!(problem("```toml world a.toml\nschema = 1\nworlds = 2\n```\n").contains("worlds"));
    assert!(problem("```toml settings a.toml\n[networks]\n```\n").contains("networks"));
    assert!(problem("```toml manifest a.toml\n[plugin]\nname = \"x\"\n```\n").contains("version"));
}

#[test]
fn a_fragment_is_put_into_its_file_and_the_whole_is_rehearsed() {
    let with =
        |fragment: &str| format!("{RUNBOOK}\n```toml fragment of wait.toml\n{fragment}\n```\n");
    assert_eq!(
        problems(&with("[[steps]]\nid = \"wait\"\ntitle = \"Wait\"")),
        []
    );
    assert!(problem(&with("steps = ")).contains("the fragment is no TOML"));
    assert!(problem(&with("[[steps]]\nid = \"wait\"\ntitel = \"Wait\"")).contains("titel"));
    assert!(
        problem("```toml fragment of a.toml\n```\n")
            .contains("no block above this one is the file `a.toml`")
    );
}

#[test]
fn a_command_prints_what_is_shown_and_ends_as_is_said() {
    let page = |rest: &str| format!("{RUNBOOK}\n```console\n{rest}```\n");
    assert!(
        problem(&page("$ rutter check wait.toml\nwait.toml: ok, 2 steps\n")).contains("ok, 1 step")
    );
    assert!(problem(&page("$ rutter check wait.toml\n")).contains("ok, 1 step"));
    assert!(
        problem(&page("$ rutter check gone.toml\n...\n"))
            .contains("it ends with 2, the page says 0")
    );
    assert!(
        problem(&page("$ rutter check wait.toml\n...\n? 4\n"))
            .contains("it ends with 0, the page says 4")
    );
    assert!(problem(&page("$ ls\n")).contains("only `rutter`"));
    assert!(problem(&page("text\n")).contains("begins with a command"));
}

#[test]
fn dots_stand_for_any_lines_and_for_any_text_in_a_line() {
    let page =
        |shown: &str| format!("{RUNBOOK}\n```console\n$ rutter check wait.toml\n{shown}\n```\n");
    assert_eq!(problems(&page("...")), []);
    assert_eq!(
        problems(&page("wait.toml: ok, [..] step\nSteps\nwait  pause")),
        []
    );
    assert_eq!(problems(&page("wait.toml: [..] steps")).len(), 1);
}

#[test]
fn a_correction_leaves_the_rest_of_the_page_alone() {
    let page =
        format!("{RUNBOOK}\nBefore.\n\n```console\n$ rutter check wait.toml\nno\n```\n\nAfter.\n");
    let corrected = check("page.md", &page, Path::new("/nowhere")).corrected;
    assert_eq!(
        corrected,
        page.replace("\nno\n", "\nwait.toml: ok, 1 step\nSteps\nwait  pause\n")
    );
}

#[test]
fn pictures_hold_no_commands_and_plugins_are_rust() {
    assert!(problem("```text\n$ rutter run x\n```\n").contains("is a command"));
    assert!(problem("```rust plugin\nfn run(\n```\n").contains("no Rust source"));
    assert_eq!(
        problems("```text\na -> b\n```\n\n```rust plugin\nfn run() {}\n```\n"),
        []
    );
}

#[test]
fn what_runs_in_the_background_is_a_bounded_simulation() {
    assert!(problem("```console background\n$ rutter list\n```\n").contains("`rutter simulate`"));
    assert!(
        problem("```console background\n$ rutter simulate --world a.toml\n```\n")
            .contains("--limit")
    );
}

#[test]
fn nothing_that_a_page_started_outlives_it() {
    let world = format!("served-{}.toml", std::process::id());
    let page = format!(
        "```toml world {world}\nschema = 1\n[accounts.a]\nid = \"1111111111111111\"\n```\n\n\
         ```console background\n$ rutter simulate --world {world} --listen 127.0.0.1:8100 --limit 1m\n```\n"
    );
    assert_eq!(problems(&page), []);
    let processes = std::fs::read_dir("/proc").expect("this system shows its processes");
    let mut lines = processes
        .flatten()
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    assert!(!lines.any(|line| String::from_utf8_lossy(&line).contains(&world)));
}
