//! What a command and everything that it starts take: memory and processor time, sampled while it runs.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::Ended;

/// How often is looked.
const LOOK: Duration = Duration::from_millis(10);

/// What a command took, with what it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// The most memory at one moment, in KiB.
    pub kibibytes: u64,
    /// Processor time, in milliseconds.
    pub cpu_ms: u64,
}

impl Spent {
    /// More than any command takes.
    pub const ANY: Self = Self {
        kibibytes: u64::MAX,
        cpu_ms: u64::MAX,
    };

    /// Whether this is more than something may take.
    pub fn is_more_than(self, most: Self) -> bool {
        self.kibibytes > most.kibibytes || self.cpu_ms > most.cpu_ms
    }
}

/// Runs a command to its end and watches what it takes. One that is not over in `patience`, or takes more than
/// `enough`, is stopped, and has no exit code. Returns as well what the arguments and environments of its children held.
///
/// # Panics
/// When it cannot be started.
pub async fn watch(
    mut command: Command,
    patience: Duration,
    enough: Spent,
) -> (Ended, Spent, Vec<u8>) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the command can be started");
    let root = child.id().unwrap_or_default();
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let reading = tokio::spawn(async move {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let from_out = async {
            if let Some(stdout) = &mut stdout {
                let _ = stdout.read_to_end(&mut out).await;
            }
        };
        let from_err = async {
            if let Some(stderr) = &mut stderr {
                let _ = stderr.read_to_end(&mut err).await;
            }
        };
        tokio::join!(from_out, from_err);
        (out, err)
    });
    let mut spent = Spent::default();
    let mut cpu = BTreeMap::new();
    let mut children = BTreeMap::new();
    let sampling = async {
        loop {
            sample(root, &mut spent, &mut cpu, &mut children);
            spent.cpu_ms = cpu.values().sum();
            if spent.is_more_than(enough) {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let ended: Option<ExitStatus> = tokio::select! {
        ended = child.wait() => ended.ok(),
        () = tokio::time::sleep(patience) => None,
        () = sampling => None,
    };
    if ended.is_none() {
        let _ = child.kill().await;
    }
    let (stdout, stderr) = reading.await.unwrap_or_default();
    let ended = Ended {
        code: ended.and_then(|ended| ended.code()),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    };
    let children = children.into_values().collect::<Vec<_>>().concat();
    (ended, spent, children)
}

/// Adds what a process and its descendants have at this moment.
fn sample(
    root: u32,
    spent: &mut Spent,
    cpu: &mut BTreeMap<u32, u64>,
    children_hold: &mut BTreeMap<u32, Vec<u8>>,
) {
    let mut all = vec![root];
    let mut memory = 0;
    let mut next = 0;
    while let Some(&process) = all.get(next) {
        next += 1;
        let folder = format!("/proc/{process}");
        let children = std::fs::read_to_string(format!("{folder}/task/{process}/children"));
        let children = children.unwrap_or_default();
        all.extend(
            children
                .split_whitespace()
                .filter_map(|id| id.parse::<u32>().ok()),
        );
        // What the command itself was given, its caller gave it.
        if process != root {
            let parts = ["cmdline", "environ"].map(|part| format!("{folder}/{part}"));
            let read = |part: &String| std::fs::read(part).unwrap_or_default();
            let held: Vec<u8> = parts.iter().flat_map(read).collect();
            // Between fork and exec it still shows what the command was given.
            if !is_the_same_program(process, root) && !held.is_empty() {
                children_hold.insert(process, held);
            }
        }
        memory += resident(&folder);
        if let Some(ms) = processor_ms(&folder) {
            cpu.insert(process, ms);
        }
    }
    spent.kibibytes = spent.kibibytes.max(memory);
}

/// Whether a process runs what its root runs with the same arguments.
fn is_the_same_program(process: u32, root: u32) -> bool {
    let arguments = |id: u32| std::fs::read(format!("/proc/{id}/cmdline")).ok();
    arguments(process) == arguments(root)
}

/// Resident memory that is not a file's, in KiB.
fn resident(folder: &str) -> u64 {
    let status = std::fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}

/// Processor time so far; a tick is ten milliseconds.
fn processor_ms(folder: &str) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("{folder}/stat")).ok()?;
    // The name before it may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let ticks: [u64; 2] = [fields.next()?.parse().ok()?, fields.next()?.parse().ok()?];
    Some((ticks[0] + ticks[1]) * 10)
}
