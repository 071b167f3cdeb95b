//! Questions in a real terminal: what was typed before they were drawn answers nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rutter_tests::{Bench, Cloud, Terminal};

/// How late keys come.
const LINE: Duration = Duration::from_millis(300);

/// How long a run waits before it asks, so that keys can come long before.
const BEFORE: Duration = Duration::from_secs(3);

/// A question is on the screen when this is.
const DRAWN: &str = "asks (question 1)";

/// Trials at once: more would disturb each other's clock.
const AT_ONCE: usize = 14;

const GATE: &str = r#"
schema = 1

[runbook]
name = "gate"

[[steps]]
id = "rest"
uses = "pause"
with.for = "3s"

[[steps]]
id = "gate"
uses = "approve"
with.message = "Have all clients stopped?"
"#;

const DELETION: &str = r#"
schema = 1

[runbook]
name = "deletion"

[inputs.image]
type = "string"

[accounts.owner]
help = "the only account"

[[steps]]
id = "rest"
uses = "pause"
with.for = "3s"

[[steps]]
id = "wipe"
uses = "delete-image"
account = "owner"
with.image = "{{ inputs.image }}"
with.region = "cn-hangzhou"
"#;

/// Offsets from when the question is drawn, in milliseconds.
fn offsets() -> impl Iterator<Item = i64> {
    (-20..=20).map(|tenth| tenth * 100)
}

/// Runs every trial, some at once, and collects what they say.
fn at_every_offset<T: Send>(trial: impl Fn(i64) -> T + Sync) -> Vec<T> {
    let left = Mutex::new(offsets());
    let told = Mutex::new(Vec::new());
    let next = || left.lock().expect("no trial panics with it").next();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(offset) = next() {
                    let one = trial(offset);
                    told.lock().expect("no trial panics with it").push(one);
                }
            });
        }
    });
    told.into_inner().expect("no trial panics with it")
}

/// Types `y` and Enter at an offset from when the question is expected, and leaves the question open
/// in the end. Returns when that was, from when the question was drawn, in milliseconds, and how the
/// process ended.
fn type_yes(mut terminal: Terminal, offset: i64) -> (i64, Option<i32>, String) {
    let started = terminal
        .saw("started", Duration::from_secs(30))
        .unwrap_or_else(|| panic!("it never started: {}", terminal.text()));
    let expected = started + BEFORE;
    let at = if offset < 0 {
        expected - Duration::from_millis(offset.unsigned_abs())
    } else {
        expected + Duration::from_millis(offset.unsigned_abs())
    };
    std::thread::sleep(at.saturating_duration_since(Instant::now()));
    let typed = terminal.send("y\r", LINE).typed();
    let drawn = terminal
        .saw(DRAWN, Duration::from_secs(20))
        .unwrap_or_else(|| panic!("it never asked: {}", terminal.text()));
    let later = typed.max(drawn) + Duration::from_millis(2_000);
    std::thread::sleep(later.saturating_duration_since(Instant::now()));
    terminal.send("\u{4}", Duration::ZERO);
    let code = terminal.ends(Duration::from_secs(20));
    assert!(terminal.is_as_a_shell_wants_it(), "{}", terminal.text());
    (ms(typed, drawn), code, terminal.text())
}

fn ms(at: Instant, from: Instant) -> i64 {
    let (sign, span) = match at.checked_duration_since(from) {
        Some(span) => (1, span),
        None => (-1, from - at),
    };
    sign * i64::try_from(span.as_millis()).expect("a test is short")
}

#[test]
fn keys_from_before_a_question_and_half_a_second_after_never_answer_it() {
    let bench = Bench::default();
    let gate = bench.write("gate.toml", GATE).display().to_string();
    let told = at_every_offset(|offset| {
        // Bars, and lines: the question is drawn in both.
        let flags: &[&str] = if offset % 200 == 0 { &["-v"] } else { &[] };
        let arguments = [&["run", &*gate][..], flags].concat();
        type_yes(Terminal::start(&bench, &arguments), offset)
    });
    let mut answered = 0;
    for (typed, code, text) in told {
        match code {
            Some(0) => {
                assert!(
                    typed >= 500,
                    "a key typed {typed} ms after it answered:\n{text}"
                );
                answered += 1;
            }
            Some(4) => assert!(
                typed < 1_200,
                "a key typed {typed} ms after it was lost:\n{text}"
            ),
            code => panic!("{code:?}: {text}"),
        }
    }
    assert!(answered > 0, "nothing was ever answered");
}

/// A simulated cloud with an image for each trial, and how to reach it.
async fn cloud(bench: &mut Bench) -> (Cloud, String) {
    let mut world = "schema = 1\n[accounts.owner]\nid = \"1111111111111111\"\n\
                     [[accounts.owner.users]]\nname = \"operator\"\naccess_key_id = \"LTAI-owner\"\n\
                     access_key_secret = \"of-owner\"\npolicies = [\"AdministratorAccess\"]\n"
        .to_owned();
    for offset in offsets() {
        let id = image(offset);
        world.push_str(&format!(
            "[[accounts.owner.images]]\nid = \"{id}\"\nregion = \"cn-hangzhou\"\n"
        ));
    }
    let world = bench.write("world.toml", &world).display().to_string();
    let cloud = Cloud::start(bench, &world).await;
    let address = cloud.address();
    let settings = format!(
        "[endpoints]\nram = \"http://{address}\"\nsts = \"http://{address}\"\necs = \"http://{address}\"\n"
    );
    let settings = bench.write("rutter.toml", &settings).display().to_string();
    bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_ID", "LTAI-owner");
    bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_SECRET", "of-owner");
    (cloud, settings)
}

fn image(offset: i64) -> String {
    format!("m-image{}", offset + 2_000)
}

fn deletion(bench: &Bench, runbook: &str, settings: &str, offset: i64) -> Terminal {
    let image = format!("image={}", image(offset));
    let account = "owner=owner@cn-hangzhou";
    let arguments = [
        "run",
        runbook,
        "--set",
        &image,
        "--account",
        account,
        "--config",
        settings,
    ];
    Terminal::start(bench, &arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_never_approved_by_y_and_always_by_its_word() {
    let mut bench = Bench::default();
    let (cloud, settings) = cloud(&mut bench).await;
    let runbook = bench.write("deletion.toml", DELETION).display().to_string();
    let before = cloud.state().await;
    let told = tokio::task::block_in_place(|| {
        at_every_offset(|offset| type_yes(deletion(&bench, &runbook, &settings, offset), offset))
    });
    for (typed, code, text) in told {
        assert_eq!(code, Some(4), "typed {typed} ms after: {text}");
        assert!(text.contains("ECS:DeleteImage in account owner (1111111111111111), cn-hangzhou"));
        assert!(text.contains("ImageId = m-image"), "{text}");
    }
    assert_eq!(cloud.state().await, before);
    tokio::task::block_in_place(|| {
        let mut terminal = deletion(&bench, &runbook, &settings, 0);
        let word = word(&terminal);
        terminal.send(&format!("{word}\r"), Duration::ZERO);
        let code = terminal.ends(Duration::from_secs(20));
        assert_eq!(code, Some(0), "{}", terminal.text());
    });
    assert_ne!(cloud.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_past_the_point_of_no_return_names_it_and_wants_its_word() {
    let mut bench = Bench::default();
    let (cloud, settings) = cloud(&mut bench).await;
    let runbook = DELETION.replace("3s", "1ms");
    let runbook = bench.write("deletion.toml", &runbook).display().to_string();
    tokio::task::block_in_place(|| {
        let mut terminal = deletion(&bench, &runbook, &settings, 0);
        let yes = word(&terminal);
        terminal.send(&format!("{yes}\r"), Duration::ZERO);
        assert_eq!(terminal.ends(SOON), Some(0), "{}", terminal.text());
    });
    let deleted = cloud.state().await;
    let run = run_id(&bench);
    let undo = ["undo", run.as_str(), "--config", settings.as_str()];
    let told = tokio::task::block_in_place(|| {
        let mut refused = Terminal::start(&bench, &undo);
        word(&refused);
        std::thread::sleep(Duration::from_secs(1));
        refused.send("y\r", Duration::ZERO);
        refused.ends(SOON);
        let text = refused.text();
        assert!(
            text.contains("point of no return: ECS:DeleteImage of step `wipe`"),
            "{text}"
        );
        assert!(!text.contains("stands"), "nothing was begun: {text}");

        let mut terminal = Terminal::start(&bench, &undo);
        let yes = word(&terminal);
        std::thread::sleep(Duration::from_secs(1));
        terminal.send(&format!("{yes}\r"), Duration::ZERO);
        assert_eq!(terminal.ends(SOON), Some(6), "{}", terminal.text());
        terminal.text()
    });
    assert!(told.contains("ECS:DeleteImage"), "{told}");
    assert_eq!(cloud.state().await, deleted);
}

/// The word that is drawn for yes.
fn word(terminal: &Terminal) -> String {
    let seen = terminal.saw("` for yes: ", Duration::from_secs(30));
    let text = terminal.text();
    seen.unwrap_or_else(|| panic!("no word is drawn: {text}"));
    let (_, rest) = text.split_once("type `").expect("a word is drawn");
    let (word, _) = rest.split_once('`').expect("a word has an end");
    word.to_owned()
}

/// A gate that asks at once.
fn gate(bench: &Bench, more: &str) -> String {
    let text = format!(
        "schema = 1\n[runbook]\nname = \"gate\"\n[[steps]]\nid = \"gate\"\nuses = \"approve\"\n\
         with.message = \"Go on?\"\n{more}"
    );
    bench.write("gate.toml", &text).display().to_string()
}

const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_key_that_is_held_down_and_a_pasted_text_answer_nothing() {
    let bench = Bench::default();
    let gate = gate(&bench, "");
    let mut terminal = Terminal::start(&bench, &["run", &gate]);
    for _ in 0..150 {
        terminal.send("y\r", Duration::ZERO);
        std::thread::sleep(Duration::from_millis(30));
    }
    terminal.send("\u{4}", Duration::ZERO);
    assert_eq!(terminal.ends(SOON), Some(4), "{}", terminal.text());

    let mut terminal = Terminal::start(&bench, &["run", &gate]);
    terminal.saw(DRAWN, SOON).expect("it asks");
    terminal.send("yes\ryes\ryes\r", Duration::ZERO);
    std::thread::sleep(Duration::from_millis(1_500));
    terminal.send("\u{4}", Duration::ZERO);
    assert_eq!(terminal.ends(SOON), Some(4), "{}", terminal.text());
}

#[test]
fn an_answer_from_elsewhere_takes_the_question_away() {
    let bench = Bench::default();
    let gate = gate(&bench, "");
    let mut terminal = Terminal::start(&bench, &["run", &gate]);
    terminal.saw("[y/N]", SOON).expect("it listens");
    let run = run_id(&bench);
    let approve = bench
        .command(&["approve", &run, "gate"])
        .into_std()
        .output()
        .expect("the binary can be started");
    assert!(approve.status.success(), "{approve:?}");
    assert_eq!(terminal.ends(SOON), Some(0), "{}", terminal.text());
    let text = terminal.text();
    assert!(text.contains("question 1 is settled: "), "{text}");
    assert!(terminal.is_as_a_shell_wants_it());
}

fn run_id(bench: &Bench) -> String {
    let runs = bench.path().join("state/rutter/runs");
    let mut runs = std::fs::read_dir(runs).expect("a run was begun");
    let run = runs.next().expect("one").expect("it can be read");
    run.file_name().to_str().expect("an id is text").to_owned()
}

#[test]
fn an_empty_line_is_no_evidence() {
    let bench = Bench::default();
    let gate = gate(&bench, "with.evidence = [\"ticket\"]\n");
    let mut terminal = Terminal::start(&bench, &["run", &gate]);
    terminal.saw("[y/N]", SOON).expect("it listens");
    terminal.send("y\r", Duration::ZERO);
    terminal
        .saw("gate: ticket: ", SOON)
        .expect("it wants the ticket");
    terminal.send("\r", Duration::ZERO);
    terminal
        .saw("`ticket` must be entered", SOON)
        .expect("it asks again");
    std::thread::sleep(Duration::from_millis(1_300));
    terminal.send("T-1\r", Duration::ZERO);
    assert_eq!(terminal.ends(SOON), Some(0), "{}", terminal.text());
    assert!(
        terminal.text().contains("ticket=T-1"),
        "{}",
        terminal.text()
    );
}

#[test]
fn an_interrupt_leaves_the_question_open_and_the_terminal_as_it_was() {
    let bench = Bench::default();
    let gate = gate(&bench, "");
    let mut terminal = Terminal::start(&bench, &["run", &gate]);
    terminal.saw("[y/N]", SOON).expect("it listens");
    terminal.send("\u{3}", Duration::ZERO);
    assert_eq!(terminal.ends(SOON), Some(130), "{}", terminal.text());
    assert!(terminal.is_as_a_shell_wants_it());
    let run = run_id(&bench);
    let mut again = Terminal::start(&bench, &["resume", &run]);
    again.saw("[y/N]", SOON).expect("it asks again");
    again.send("y\r", Duration::ZERO);
    assert_eq!(again.ends(SOON), Some(0), "{}", again.text());
}

const OUTER: &str = r#"
schema = 1

[runbook]
name = "outer"

[inputs.region]
type = "region"

[inputs.creator]
type = "account_id"

[[steps]]
id = "first"
uses = "check-dts-pair"
with.scenario = "source"
with.creator = "{{ inputs.creator }}"
with.source = { account = "1111111111111111", kind = "redis", region = "cn-hangzhou" }
with.destination = { account = "{{ inputs.creator }}", kind = "redis", region = "{{ inputs.region }}" }

[[steps]]
id = "inner"
uses = "./inner.toml"
with.region = "{{ inputs.region }}"
"#;

const INNER: &str = r#"
schema = 1

[runbook]
name = "inner"

[inputs.region]
type = "region"

[[steps]]
id = "second"
uses = "check-dts-pair"
with.scenario = "source"
with.creator = "2222222222222222"
with.source = { account = "1111111111111111", kind = "redis", region = "{{ inputs.region }}" }
with.destination = { account = "2222222222222222", kind = "redis", region = "cn-hangzhou" }
"#;

/// How often each path was told of by traces with this message.
fn counted(text: &str, message: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let plain = console::strip_ansi_codes(line);
        if let Some((_, path)) = plain.split_once(&format!("{message} path=")) {
            *counts.entry(path.trim().to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Whoever is asked waits for what was read before, and not for the same again.
#[test]
fn a_run_that_asks_reads_each_file_checks_each_runbook_and_hashes_each_plugin_once() {
    let mut bench = Bench::default();
    bench.set("RUTTER_LOG", "rutter=debug");
    let outer = bench.write("outer.toml", OUTER).display().to_string();
    let inner = bench.write("inner.toml", INNER).display().to_string();
    let inputs = bench
        .write("inputs.toml", "creator = \"2222222222222222\"\n")
        .display()
        .to_string();
    let mut terminal = Terminal::start(&bench, &["run", &outer, "--inputs", &inputs]);
    let soon = Duration::from_secs(30);
    terminal.saw("region: ", soon).expect("it asks");
    terminal.send("cn-beijing\r", Duration::ZERO);
    let code = terminal.ends(soon);
    let text = terminal.text();
    assert_eq!(code, Some(0), "{text}");
    let opened = counted(&text, "opened");
    for file in [&outer, &inner, &inputs] {
        assert_eq!(opened.get(file), Some(&1), "{file}: {opened:?}");
    }
    let plugins = |counts: &BTreeMap<String, usize>| -> Vec<usize> {
        let plugins = counts.iter().filter(|(path, _)| path.ends_with(".wasm"));
        plugins.map(|(_, count)| *count).collect()
    };
    assert_eq!(plugins(&opened), [1], "{opened:?}");
    let hashed = counted(&text, "hashed");
    assert_eq!(plugins(&hashed), [1], "{hashed:?}");
    let checked = counted(&text, "checked");
    let both: BTreeMap<String, usize> = [(inner, 1), (outer, 1)].into();
    assert_eq!(checked, both);
}
