//! The binary on journals that are made here: what it prints where, and how it ends.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use rutter::journal::{Driving, Journal as _, Runs};
use rutter_engine::{
    Approval, At, AttemptEnd, Durability, FORMAT, Fact, Input, Item, Mode, Phase, Plan, Record,
    Run, Shape, Timestamp,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const RUN: &str = "7f3cab12";

/// A state folder of its own.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn state(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rutter"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.state())
            .env("RUTTER_STATE_DIR", self.state())
            .env("USER", "ana")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::from(self.command(arguments).output().unwrap())
    }

    /// A run that asks a question, still driven by this process.
    fn waiting_run(&self) -> Driving {
        let mut driving = Runs::new(self.state()).create(RUN).unwrap();
        let approval = Approval {
            message: "クライアントは停止しましたか?".to_owned(),
            people: 1,
            evidence: vec!["ticket".to_owned()],
            owner: None,
            approvers: Vec::new(),
            within: None,
            changes: Vec::new(),
            covers: Vec::new(),
        };
        let facts = [
            Fact::RunStarted {
                format: FORMAT,
                run: RUN.to_owned(),
                mode: Mode::Live,
                rutter: "0.1.0".to_owned(),
                plan: Box::new(plan()),
            },
            Fact::ApprovalAsked {
                question: 1,
                step: "cutover".into(),
                approval,
            },
        ];
        for fact in facts {
            append(&mut driving, fact);
        }
        driving.folder.open_to(None).unwrap();
        driving
    }
}

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn append(driving: &mut Driving, fact: Fact) {
    let last = driving.journal.load().unwrap().len() as u64;
    let record = Record {
        seq: last + 1,
        time: Timestamp(1_700_000_000_000),
        fact,
    };
    driving
        .journal
        .append(last, &[record], Durability::Process)
        .unwrap();
}

fn plan() -> Plan {
    serde_json::from_value(json!({
        "name": "cutover_only",
        "title": "切り替え",
        "file": "cutover.toml",
        "digest": "00",
        "inputs": {},
        "accounts": {},
        "steps": [{
            "id": "cutover",
            "title": "cutover",
            "uses": "approve",
            "with": {},
            "needs": [],
            "retry": { "attempts": 1, "delay_ms": 0, "max_delay_ms": 0 },
            "on_failure": "stop",
            "line": { "line": 1, "column": 1 },
        }],
        "outputs": {},
    }))
    .unwrap()
}

#[test]
fn help_is_an_answer_and_a_wrong_command_is_an_error() {
    let bench = Bench::new();
    let help = bench.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("Exit codes") && help.stderr.is_empty());
    let wrong = bench.run(&["sail"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("sail") && wrong.stdout.is_empty());
}

#[test]
fn a_run_is_listed_and_shown_with_what_to_type_next() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["list"]).stdout, "");
    drop(bench.waiting_run());

    let list = bench.run(&["list"]);
    assert!(list.stdout.contains("waiting") && list.stdout.contains("cutover_only"));
    let page = bench.run(&["show", "7f"]);
    assert_eq!(page.code, Some(0));
    assert!(
        page.stdout.contains("クライアントは停止しましたか?"),
        "{}",
        page.stdout
    );
    assert!(
        page.stdout.contains("rutter approve 7f3cab12 cutover"),
        "{}",
        page.stdout
    );
    assert!(!page.stdout.contains('\u{1b}'), "colours in a pipe");
}

/// A run whose step `copy` gave a new id, on a disk.
fn run_that_copied(bench: &Bench) {
    let mut plan = serde_json::to_value(plan()).unwrap();
    let step = &mut plan["steps"][0];
    step["id"] = json!("copy");
    step["uses"] = json!({ "plugin": {
        "name": "copy-image", "version": "0.1.0", "digest": "00",
        "ids": [{ "kind": "image", "source": "image", "target": "id" }],
    }});
    let at = At {
        step: "copy".into(),
        item: Some("web, old".into()),
        attempt: 1,
        phase: Phase::Run,
    };
    let item = Item {
        key: at.item.clone(),
        name: None,
        inputs: json!({ "image": "m-1" }),
    };
    let mut driving = Runs::new(bench.state()).create(RUN).unwrap();
    for fact in [
        Fact::RunStarted {
            format: FORMAT,
            run: RUN.to_owned(),
            mode: Mode::Live,
            rutter: "0.1.0".to_owned(),
            plan: serde_json::from_value(plan).unwrap(),
        },
        Fact::AccountsConfirmed {
            accounts: Default::default(),
        },
        Fact::StepPrepared {
            step: "copy".into(),
            shape: Shape::List,
            items: vec![item],
        },
        Fact::AttemptStarted { at: at.clone() },
        Fact::AttemptEnded {
            at,
            end: AttemptEnd::Done(json!({ "id": "m-2" })),
        },
    ] {
        append(&mut driving, fact);
    }
}

#[test]
fn a_half_done_run_shows_what_each_new_id_stands_for() {
    let bench = Bench::new();
    run_that_copied(&bench);
    let table = bench.run(&["show", "7f", "--ids"]);
    assert_eq!(
        table.stdout,
        "KIND   SOURCE  TARGET  STEP  ITEM\nimage  m-1     m-2     copy  web, old\n"
    );
    let csv = bench.run(&["show", "7f", "--ids", "--csv"]);
    assert_eq!(
        csv.stdout,
        "kind,source,target,step,item\nimage,m-1,m-2,copy,\"web, old\"\n"
    );
    let json = bench.run(&["show", "7f", "--ids", "--json"]);
    let row: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (&row["source"], &row["target"]),
        (&json!("m-1"), &json!("m-2"))
    );
    assert_eq!(bench.run(&["show", "7f", "--csv"]).code, Some(2));
}

#[test]
fn check_shows_what_must_be_read_before_the_run() {
    let bench = Bench::new();
    let runbook = bench.state().join("cutover.toml");
    let text = "schema = 1\n[runbook]\nname = \"cutover\"\nnotes = [\"Clients change their address.\"]\n\
                [[steps]]\nid = \"cutover\"\nuses = \"approve\"\nwith.message = \"Go on?\"\n";
    std::fs::write(&runbook, text).unwrap();
    let path = runbook.to_str().unwrap();
    let checked = bench.run(&["check", path]);
    assert_eq!(
        checked.stdout,
        format!("{path}: ok, 1 steps\nRead before the run\n  - Clients change their address.\n")
    );
    let json = bench.run(&["check", path, "--json"]);
    let answer: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        answer["notes"],
        json!([{ "text": "Clients change their address." }])
    );
    let world = bench.state().join("cutover.world.toml");
    std::fs::write(world, "schema = 1\n").unwrap();
    let rehearsed = bench.run(&["rehearse", path]);
    assert_eq!(rehearsed.code, Some(0), "{}", rehearsed.stderr);
    assert!(
        rehearsed
            .stdout
            .contains("\nRead before the run\n  - Clients change their address.\n"),
        "{}",
        rehearsed.stdout
    );
    let ran = bench.run(&["run", path]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let read = ran.stderr.find("Clients change their address.").unwrap();
    assert!(read < ran.stderr.find("started").unwrap(), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("Clients change").count(), 1);
}

#[test]
fn json_prints_the_records_themselves() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let shown = bench.run(&["show", "7f", "--json"]);
    let records: Vec<Value> = shown
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["fact"]["kind"], "run-started");
    assert_eq!(records[1]["seq"], 2);
}

#[test]
fn an_answer_is_left_for_whoever_drives_the_run() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let asked = bench.run(&["approve", "7f", "cutover"]);
    assert_eq!(asked.code, Some(2), "the evidence is missing");
    assert!(
        asked.stderr.contains("--evidence ticket="),
        "{}",
        asked.stderr
    );

    let approved = bench.run(&["approve", "7f", "cutover", "--evidence", "ticket=T-1"]);
    assert_eq!(approved.code, Some(0), "{}", approved.stderr);
    assert!(
        approved.stderr.contains("rutter resume 7f3cab12"),
        "{}",
        approved.stderr
    );

    let folder = Runs::new(bench.state()).find("7f").unwrap();
    let mut run = Run::new();
    for record in folder.drive().unwrap().journal.load().unwrap() {
        run.evolve(&record).unwrap();
    }
    let letters = folder.inbox().take(&run).unwrap();
    let [
        Input::Approve {
            question: 1,
            by,
            evidence,
        },
    ] = letters.as_slice()
    else {
        panic!("{letters:?}");
    };
    // Who it is says the file's owner, whatever the environment claims.
    assert_eq!(by.uid(), Some(rutter::user::current_uid()));
    assert_eq!(evidence["ticket"], "T-1");
}

#[test]
fn a_step_that_asks_nothing_is_not_approved() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    for (step, said) in [("cutovr", "has no step"), ("nothing", "has no step")] {
        let ended = bench.run(&["approve", "7f", step]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("these ask: cutover"),
            "{}",
            ended.stderr
        );
    }
    let ended = bench.run(&["resolve", "7f", "cutover", "--skip", "--why", "late"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("neither failed"), "{}", ended.stderr);
}

#[test]
fn a_run_is_followed_until_nobody_drives_it() {
    let bench = Bench::new();
    let mut driving = bench.waiting_run();
    let following = bench
        .command(&["show", "7f", "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    append(
        &mut driving,
        Fact::Approved {
            question: 1,
            step: "cutover".into(),
            by: "ben".into(),
            evidence: Default::default(),
        },
    );
    drop(driving);
    let ended = Ended::from(following.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ended.stdout);
    assert_eq!(
        lines[2],
        "2023-11-14T22:13:20.000Z cutover: approved by ben"
    );
}

#[test]
fn a_damaged_journal_is_named_and_hides_no_other_run() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let damaged = bench.state().join("runs/dddddddd");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("journal.db"), "not a database ".repeat(400)).unwrap();

    let list = bench.run(&["list"]);
    assert_eq!(list.code, Some(0));
    assert!(list.stdout.contains("unreadable") && list.stdout.contains("cutover_only"));
    let shown = bench.run(&["show", "dddddddd"]);
    assert_eq!(shown.code, Some(2));
    assert!(
        shown
            .stderr
            .contains("is damaged: it is not a journal's database"),
        "{}",
        shown.stderr
    );
    assert!(shown.stderr.contains("help:"), "{}", shown.stderr);
}

/// The run of [`Bench::waiting_run`], killed, and its log gone: one record is in the database, the other is not.
fn run_that_lost_its_log(bench: &Bench) -> std::path::PathBuf {
    let mut driving = bench.waiting_run();
    drop(driving);
    driving = Runs::new(bench.state()).find(RUN).unwrap().drive().unwrap();
    append(
        &mut driving,
        Fact::StepSkipped {
            step: "cutover".into(),
            reason: "no longer wanted".to_owned(),
        },
    );
    driving.journal.flush().unwrap();
    let folder = driving.folder.path().to_owned();
    let kept: Vec<_> = ["journal.db", "head"]
        .map(|name| (folder.join(name), std::fs::read(folder.join(name)).unwrap()))
        .to_vec();
    drop(driving);
    for (path, bytes) in kept {
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

#[test]
fn a_journal_that_lost_records_is_refused_recovered_and_then_only_shown_and_undone() {
    let bench = Bench::new();
    let folder = run_that_lost_its_log(&bench);
    let before = std::fs::read(folder.join("journal.db")).unwrap();
    for command in [
        &["show", "7f"][..],
        &["resume", "7f"],
        &["undo", "7f", "--yes"],
        &["approve", "7f", "cutover", "--evidence", "ticket=T-1"],
    ] {
        let ended = bench.run(command);
        assert_eq!(ended.code, Some(2), "{command:?}: {}", ended.stdout);
        for part in [
            "journal.db-wal is damaged: there is none, and records 3 to 3 are missing",
            "of at least 3 records the first 2 are sound",
            "rutter recover 7f3cab12",
        ] {
            assert!(ended.stderr.contains(part), "{command:?}: {}", ended.stderr);
        }
        assert!(!ended.stderr.contains("nothing ran"), "{}", ended.stderr);
        assert!(
            !ended.stderr.contains("changed nothing"),
            "{}",
            ended.stderr
        );
        assert!(!folder.join("journal.db-wal").exists());
    }

    let recovered = bench.run(&["recover", "7f"]);
    assert_eq!(recovered.code, Some(0), "{}", recovered.stderr);
    for part in [
        "does not go on",
        "records 3 to 3 are lost",
        "damaged-1",
        "no known change is still in place",
        "rutter undo 7f3cab12",
        "compare the accounts",
    ] {
        assert!(recovered.stdout.contains(part), "{}", recovered.stdout);
    }
    assert_eq!(
        std::fs::read(folder.join("damaged-1/journal.db")).unwrap(),
        before
    );
    assert!(bench.run(&["list"]).stdout.contains("recovered"));
    assert!(
        bench
            .run(&["show", "7f"])
            .stdout
            .contains("records 3 to 3 are lost")
    );
    for command in [
        &["resume", "7f"][..],
        &["approve", "7f", "cutover", "--evidence", "ticket=T-1"],
    ] {
        let ended = bench.run(command);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains("it cannot go on"), "{}", ended.stderr);
    }
    let again = bench.run(&["recover", "7f"]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("is sound"), "{}", again.stderr);

    let undone = bench.run(&["undo", "7f", "--yes"]);
    assert_eq!(undone.code, Some(5), "{}", undone.stderr);
    assert!(
        undone.stderr.contains("was taken back"),
        "{}",
        undone.stderr
    );
    assert!(
        undone.stderr.contains("records 3 to 3 are lost"),
        "{}",
        undone.stderr
    );
}

#[test]
fn a_journal_without_a_sound_record_is_not_recovered_and_its_files_stay() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let folder = bench.state().join("runs").join(RUN);
    std::fs::write(folder.join("journal.db"), "not a database ".repeat(400)).unwrap();
    let ended = bench.run(&["recover", "7f"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("not even the first record"),
        "{}",
        ended.stderr
    );
    assert!(!folder.join("damaged-1").exists());
}

#[test]
fn two_undos_at_once_take_a_run_back_once() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let start = || {
        let mut command = bench.command(&["undo", "7f", "--yes"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let both = [start(), start()].map(|undo| Ended::from(undo.wait_with_output().unwrap()));
    assert!(both.iter().any(|ended| ended.code == Some(0)));
    for ended in both {
        // The later one may find the other at work, or done, or be heard by it on its way out.
        let said = [
            "is being driven by process",
            "was taken back already",
            "it decided nothing: the run was taken back",
            "it decided nothing: the run is being taken back",
        ];
        let late = ended.code == Some(2) && said.iter().any(|said| ended.stderr.contains(said));
        assert!(
            ended.code == Some(0) || late,
            "{:?}: {}",
            ended.code,
            ended.stderr
        );
    }
    let again = bench.run(&["undo", "7f", "--yes"]);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
    assert!(
        again.stderr.contains("was taken back already"),
        "{}",
        again.stderr
    );
    let records = bench.run(&["show", "7f", "--json"]).stdout;
    assert_eq!(records.matches("rollback-started").count(), 1, "{records}");
}

#[test]
fn an_undo_that_needs_no_secret_needs_no_vault() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let sealed = bench.state().join("runs").join(RUN).join("secrets.sealed");
    std::fs::write(&sealed, "nobody has the key").unwrap();
    let resumed = bench.run(&["resume", "7f"]);
    assert_eq!(resumed.code, Some(2));
    assert!(
        resumed.stderr.contains("secrets.sealed"),
        "{}",
        resumed.stderr
    );
    let undone = bench.run(&["undo", "7f", "--yes"]);
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    assert!(
        undone.stderr.contains("warning: the key"),
        "{}",
        undone.stderr
    );
}

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

#[test]
fn an_unknown_run_says_where_it_was_looked_for() {
    let bench = Bench::new();
    let ended = bench.run(&["show", "zzz"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("no run's id begins with `zzz`"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("rutter list"), "{}", ended.stderr);
}

#[test]
fn wrong_settings_point_at_the_line() {
    let bench = Bench::new();
    let file = bench.state().join("rutter.toml");
    std::fs::write(&file, "[state]\nfolder = \"x\"\n").unwrap();
    let ended = bench.run(&["list", "--config", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("rutter.toml:2:1"), "{}", ended.stderr);
}

#[test]
fn the_simulated_cloud_tells_its_port_and_stops_in_time() {
    let bench = Bench::new();
    let world = bench.state().join("w.toml");
    std::fs::write(
        &world,
        "schema = 1\n[accounts.a]\nid = \"1111111111111111\"\n",
    )
    .unwrap();
    let port = bench.state().join("port");
    let ended = bench.run(&[
        "simulate",
        "--world",
        world.to_str().unwrap(),
        "--limit",
        "1s",
        "--port-file",
        port.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let port = std::fs::read_to_string(port).unwrap();
    assert_eq!(
        ended.stdout.trim(),
        format!("http://127.0.0.1:{}", port.trim())
    );
}

#[test]
fn a_simulation_that_is_refused_tells_nobody_an_address() {
    let bench = Bench::new();
    let world = bench.state().join("w.toml");
    std::fs::write(&world, WORLD).unwrap();
    let port = bench.state().join("port");
    let (world, port_file) = (world.to_str().unwrap(), port.to_str().unwrap());
    let asked = ["simulate", "--world", world, "--port-file", port_file];
    for wrong in [["--listen", "0.0.0.0:0"], ["--time-scale", "0"]] {
        let ended = bench.run(&[&asked[..], &wrong[..]].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
        assert!(!port.exists());
    }
}

const WORLD: &str = "schema = 1\n[accounts.a]\nid = \"1111111111111111\"\n";

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

#[test]
fn completions_are_an_answer() {
    let bench = Bench::new();
    let ended = bench.run(&["completions", "bash"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("_rutter"));
}

#[test]
fn an_assertion_over_inputs_is_judged_before_anything_runs() {
    let bench = Bench::new();
    let path = bench.state().join("times.toml");
    let text = r#"schema = 1

[runbook]
name = "times"
title = "Two times"

[inputs.short]
type = "duration"
default = "1m"

[inputs.long]
type = "duration"

[[steps]]
id = "order"
uses = "assert"
with.that = "{{ inputs.short < inputs.long }}"
with.message = "`short` must be shorter than `long`"
"#;
    std::fs::write(&path, text).unwrap();
    let check = |set: &[&str]| {
        let mut arguments = vec!["check", path.to_str().unwrap()];
        for value in set {
            arguments.extend(["--set", value]);
        }
        bench.run(&arguments)
    };
    assert_eq!(
        check(&[]).code,
        Some(0),
        "without `long` nobody can tell yet"
    );
    assert_eq!(check(&["long=2m"]).code, Some(0));
    let refused = check(&["long=2m", "short=3m"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    for part in [
        "step `order` refuses",
        "must be shorter than `long`",
        "times.toml:15",
    ] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
}

#[test]
fn explain_says_what_a_code_means_and_how_meanings_are_told_apart() {
    let bench = Bench::new();
    let roles = bench.run(&["explain", "AssumeRoleFail"]);
    assert_eq!(roles.code, Some(0), "{}", roles.stderr);
    assert!(
        roles.stdout.starts_with("3 meanings:\n"),
        "{}",
        roles.stdout
    );
    for part in [
        "when the message says \"Invalid role arn format\"",
        "when the message says \"EntityNotExist.Role\"",
        "when the message says \"NoPermission\"",
        "  remedy:  Give only the role's name.\n",
    ] {
        assert!(roles.stdout.contains(part), "{}", roles.stdout);
    }
    let own = bench.run(&["explain", "NoPermission", "--product", "sts", "--json"]);
    let row: Value = serde_json::from_str(&own.stdout).unwrap();
    assert_eq!(row["giver"], "STS");
    let list = bench.run(&["explain", "--list"]);
    for code in ["Throttling.User", "rutter.denied", "step-inputs", "exit 5"] {
        assert!(list.stdout.contains(code), "{code}");
    }
    assert_eq!(
        bench.run(&["explain", "Do", "Grub", "Failed"]).code,
        Some(0)
    );
}

#[test]
fn a_code_that_nobody_knows_is_refused_with_the_nearest() {
    let bench = Bench::new();
    let near = bench.run(&["explain", "AssumeRoleFial"]);
    assert_eq!(near.code, Some(2));
    assert!(
        near.stderr.contains("did you mean `AssumeRoleFail`"),
        "{}",
        near.stderr
    );
    let none = bench.run(&["explain", "zzzzzzzzzzzz"]);
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("--list"), "{}", none.stderr);
    let product = bench.run(&["explain", "NoPermission", "--product", "ecss"]);
    assert_eq!(product.code, Some(2));
    assert!(product.stderr.contains("R-kvstore"), "{}", product.stderr);
    let other = bench.run(&["explain", "AssumeRoleFail", "--product", "ram"]);
    assert_eq!(other.code, Some(2));
    assert!(
        other.stderr.contains("means nothing to this product"),
        "{}",
        other.stderr
    );
}
