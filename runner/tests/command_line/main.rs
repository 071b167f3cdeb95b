//! The binary on journals that are made here: what it prints where, and how it ends.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod answers;
mod commands;
mod damage;
mod explain;
mod protection;
mod show;
mod simulate;
mod undo;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use rutter::journal::{Driving, Journal as _, Runs};
use rutter_engine::{Approval, Durability, FORMAT, Fact, Mode, Plan, Record, Timestamp};
use serde_json::json;
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

const WORLD: &str = "schema = 1\n[accounts.a]\nid = \"1111111111111111\"\n";
