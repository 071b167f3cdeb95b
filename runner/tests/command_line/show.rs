//! Listing runs and showing one.

use std::process::Stdio;

use rutter::journal::Runs;
use rutter_engine::{At, AttemptEnd, FORMAT, Fact, Item, Mode, Phase, Shape};
use serde_json::{Value, json};

use crate::{Bench, Ended, RUN, append, plan};

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
