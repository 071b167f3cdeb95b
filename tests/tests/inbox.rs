//! Answers from elsewhere: of several users of one machine, by keys, and whatever else lies in an inbox. Only
//! root can speak for others: elsewhere the tests about users have nothing to say.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rutter_tests::{Bench, Ended};

/// A user and a group that every system has, and that own nothing.
const NOBODY: u32 = 65_534;

const GATE: &str = r#"
schema = 1

[runbook]
name = "gate"

[[steps]]
id = "gate"
uses = "approve"
with.message = "Have all clients stopped?"
with.people = 2
"#;

/// A bench whose state a group may pass through, with a run that waits for two people.
struct Scene {
    bench: Bench,
    settings: String,
    run: String,
}

/// The group's name, if this process may act as another user.
fn group() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    let id = NOBODY.to_string();
    let mut lines = groups
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let found = lines.find(|fields| fields.get(2) == Some(&id.as_str()))?;
    found.first().map(|name| (*name).to_owned())
}

impl Scene {
    async fn set(settings: &str) -> Self {
        let bench = Bench::default();
        open(&bench.path().to_path_buf(), 0o711);
        let settings = bench.write("rutter.toml", settings).display().to_string();
        let gate = bench.write("gate.toml", GATE).display().to_string();
        let ran = bench.run(&["run", &gate, "--config", &settings]).await;
        assert_eq!(ran.code, Some(4), "{}", ran.stderr);
        let run = only_run(&bench);
        Self {
            bench,
            settings,
            run,
        }
    }

    fn inbox(&self) -> PathBuf {
        let run = format!("state/rutter/runs/{}/inbox", self.run);
        self.bench.path().join(run)
    }

    async fn as_root(&self, arguments: &[&str]) -> Ended {
        let arguments = [arguments, &["--config", &self.settings]].concat();
        self.bench.run(&arguments).await
    }

    /// Runs a copy of the program in the bench: where it was built may be closed to other users.
    async fn as_nobody(&self, arguments: &[&str]) -> Ended {
        let arguments = [arguments, &["--config", &self.settings]].concat();
        let program = self.bench.path().join("rutter");
        if !program.exists() {
            std::fs::copy(Bench::binary(), &program).expect("the program can be copied");
        }
        let mut command = self.bench.command_of(&program, &arguments);
        command.current_dir(self.bench.path());
        let output = command.uid(NOBODY).gid(NOBODY).output().await;
        Ended::from(output.expect("the binary can be started"))
    }

    /// Leaves a file in the inbox as another user would.
    async fn nobody_leaves(&self, name: &str, text: &str) {
        let path = self.inbox().join(name);
        std::fs::write(&path, text).expect("root may write anywhere");
        std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).expect("root may give it away");
    }
}

/// The only run of a bench.
fn only_run(bench: &Bench) -> String {
    let runs = bench.path().join("state/rutter/runs");
    let mut runs = std::fs::read_dir(runs).expect("a run was begun");
    let run = runs.next().expect("one").expect("it can be read");
    let run = run.file_name();
    run.to_str().expect("an id is text").to_owned()
}

fn open(path: &PathBuf, mode: u32) {
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).expect("it is ours");
}

#[tokio::test]
async fn two_users_pass_a_gate_for_two_and_one_user_does_not() {
    let Some(group) = group() else { return };
    let scene = Scene::set(&format!("[inbox]\ngroup = \"{group}\"\n")).await;
    let approve = ["approve", &scene.run, "gate"];
    for _ in 0..2 {
        let said = scene.as_root(&approve).await;
        assert_eq!(said.code, Some(0), "{}", said.stderr);
    }
    let resumed = scene.as_root(&["resume", &scene.run]).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    assert!(
        resumed.stderr.contains("it takes another person"),
        "{}",
        resumed.stderr
    );
    let shown = scene.as_root(&["show", &scene.run]).await;
    assert!(
        shown.stdout.contains("1 of 2: root, at "),
        "{}",
        shown.stdout
    );

    let said = scene.as_nobody(&approve).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("Have all clients stopped?"),
        "{}",
        said.stderr
    );
    let resumed = scene.as_root(&["resume", &scene.run]).await;
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert!(
        resumed.stderr.contains("approved by nobody (2 of 2)"),
        "{}",
        resumed.stderr
    );
    let left = std::fs::read_dir(scene.inbox())
        .expect("it is there")
        .count();
    assert_eq!(left, 0, "what was acted upon is taken away");
}

#[tokio::test]
async fn a_group_may_answer_and_nothing_else() {
    let Some(group) = group() else { return };
    let scene = Scene::set(&format!("[inbox]\ngroup = \"{group}\"\n")).await;
    let shown = scene.as_nobody(&["show", &scene.run]).await;
    assert_eq!(
        shown.code,
        Some(2),
        "the journal is nobody else's: {}",
        shown.stdout
    );
    scene.nobody_leaves("1.json", "{\"kind\":\"undo\"}").await;
    let skip = "{\"kind\":\"resolve\",\"step\":\"gate\",\"about\":1,\"resolution\":\"skip\",\"why\":\"so\"}";
    scene.nobody_leaves("2.json", skip).await;
    scene.nobody_leaves("3.json", "rubbish").await;
    let resumed = scene.as_root(&["resume", &scene.run]).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    let refused = "only the run's owner, root, may";
    assert_eq!(
        resumed.stderr.matches(refused).count(),
        2,
        "{}",
        resumed.stderr
    );
    assert!(
        resumed.stderr.contains("`3.json` in the inbox"),
        "{}",
        resumed.stderr
    );
    let again = scene.as_root(&["resume", &scene.run]).await;
    assert!(
        !again.stderr.contains("decided nothing"),
        "{}",
        again.stderr
    );
}

#[tokio::test]
async fn a_gate_that_nobody_can_pass_is_told_of_at_once() {
    let bench = Bench::default();
    let gate = bench.write("gate.toml", GATE).display().to_string();
    for command in ["check", "run"] {
        let ended = bench.run(&[command, &gate]).await;
        let told = "step `gate` wants 2 people, and nobody but ";
        assert!(ended.stderr.contains(told), "{command}: {}", ended.stderr);
    }
}

/// A new SSH key, and its public half.
fn ssh_key(bench: &Bench, name: &str) -> (String, String) {
    let path = bench.path().join(name);
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-t", "ed25519", "-C", name, "-f"])
        .arg(&path)
        .status()
        .expect("ssh-keygen is there");
    assert!(made.success());
    let public = std::fs::read_to_string(path.with_extension("pub")).expect("it was made");
    (path.display().to_string(), public.trim().to_owned())
}

/// The only file of an inbox.
fn only_letter(inbox: &Path) -> PathBuf {
    let mut letters = std::fs::read_dir(inbox).expect("it is there");
    let letter = letters
        .next()
        .expect("one was left")
        .expect("it can be read");
    assert!(letters.next().is_none(), "one only");
    letter.path()
}

#[tokio::test]
async fn two_keys_are_two_people_where_one_user_is_shared_and_a_signature_counts_once() {
    let bench = Bench::default();
    let (alice, alice_public) = ssh_key(&bench, "alice");
    let (bob, bob_public) = ssh_key(&bench, "bob");
    let (mallory, _) = ssh_key(&bench, "mallory");
    let more = format!("with.approvers = [\"{alice_public}\", \"{bob_public}\"]\n");
    let gate = bench.write("gate.toml", &format!("{GATE}{more}"));
    let ran = bench.run(&["run", &gate.display().to_string()]).await;
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(
        !ran.stderr.contains("warning"),
        "both can answer: {}",
        ran.stderr
    );
    let run = only_run(&bench);
    let inbox = bench.path().join(format!("state/rutter/runs/{run}/inbox"));
    let approve = |key: &str| ["approve", &run, "gate", "--key", key].map(str::to_owned);
    let say = async |words: &[String]| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        bench.run(&words).await
    };
    let resume = ["resume".to_owned(), run.clone()];

    let unsigned = bench.run(&["approve", &run, "gate"]).await;
    assert_eq!(unsigned.code, Some(2), "{}", unsigned.stderr);
    let told = "may be answered by alice (by key), bob (by key) alone";
    assert!(unsigned.stderr.contains(told), "{}", unsigned.stderr);

    // A key that the question does not name is anybody's.
    assert_eq!(say(&approve(&mallory)).await.code, Some(0));
    let resumed = say(&resume).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    assert!(
        resumed
            .stderr
            .contains("only alice (by key), bob (by key) may answer it"),
        "{}",
        resumed.stderr
    );

    assert_eq!(say(&approve(&alice)).await.code, Some(0));
    let letter = std::fs::read_to_string(only_letter(&inbox)).expect("text");
    let resumed = say(&resume).await;
    assert!(
        resumed
            .stderr
            .contains("approved by alice (by key) (1 of 2)"),
        "{}",
        resumed.stderr
    );

    // The same signature under another name, and with other words.
    std::fs::write(inbox.join("again.json"), &letter).expect("ours");
    let altered = letter.replace(
        "\"question\":1",
        "\"question\":1,\"evidence\":{\"x\":\"y\"}",
    );
    let altered = altered.replacen(",\"evidence\":{}", "", 1);
    std::fs::write(inbox.join("altered.json"), altered).expect("ours");
    let resumed = say(&resume).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    assert!(
        resumed.stderr.contains("has said yes to it already"),
        "{}",
        resumed.stderr
    );
    assert!(
        resumed
            .stderr
            .contains("its signature is not for an answer to this question"),
        "{}",
        resumed.stderr
    );

    assert_eq!(say(&approve(&bob)).await.code, Some(0));
    let resumed = say(&resume).await;
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert!(
        resumed.stderr.contains("approved by bob (by key) (2 of 2)"),
        "{}",
        resumed.stderr
    );
}

/// A run of the gate that waits, and its inbox.
async fn waiting(gate: &str) -> (Bench, String, PathBuf) {
    let bench = Bench::default();
    let gate = bench.write("gate.toml", gate).display().to_string();
    let ran = bench.run(&["run", &gate]).await;
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let run = only_run(&bench);
    let inbox = bench.path().join(format!("state/rutter/runs/{run}/inbox"));
    (bench, run, inbox)
}

fn gate_for_one() -> String {
    GATE.replace("with.people = 2\n", "")
}

#[tokio::test]
async fn a_file_that_outlived_its_record_is_not_read_again() {
    let (bench, run, inbox) = waiting(GATE).await;
    let said = bench.run(&["approve", &run, "gate"]).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let path = only_letter(&inbox);
    let letter = std::fs::read(&path).expect("ours");
    let resumed = bench.run(&["resume", &run]).await;
    assert!(resumed.stderr.contains("(1 of 2)"), "{}", resumed.stderr);
    assert!(!path.exists());
    // As if the process had been killed between the record and the file.
    std::fs::write(&path, letter).expect("ours");
    let resumed = bench.run(&["resume", &run]).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    assert!(
        !resumed.stderr.contains("decided nothing"),
        "{}",
        resumed.stderr
    );
    assert!(!path.exists(), "it is taken away");
    let shown = bench.run(&["show", &run]).await;
    assert!(shown.stdout.contains("1 of 2"), "{}", shown.stdout);
}

#[tokio::test]
async fn an_answer_that_was_left_is_acted_upon_however_often_the_driver_is_killed() {
    for blow in 0..12 {
        let (bench, run, _) = waiting(&gate_for_one()).await;
        let said = bench.run(&["approve", &run, "gate"]).await;
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let mut resume = bench.command(&["resume", &run]);
        let mut driver = resume.spawn().expect("the binary can be started");
        tokio::time::sleep(std::time::Duration::from_millis(5 * blow)).await;
        // One that was quicker has ended already.
        let _ = driver.kill().await;
        let resumed = bench.run(&["resume", &run]).await;
        let text = &resumed.stderr;
        let over = resumed.code == Some(2) && text.contains("is over");
        assert!(over || resumed.code == Some(0), "{text}");
        let shown = bench.run(&["show", &run, "--records"]).await;
        let yes = shown.stdout.matches("approved by").count();
        assert_eq!(yes, 1, "{}", shown.stdout);
        assert!(
            !shown.stdout.contains("decided nothing"),
            "{}",
            shown.stdout
        );
    }
}

#[tokio::test]
async fn an_inbox_full_of_rubbish_hides_no_answer_and_each_piece_is_told_of_once() {
    let (bench, run, inbox) = waiting(&gate_for_one()).await;
    let secret = bench.write(
        "secret",
        "{\"kind\":\"approve\",\"question\":1,\"evidence\":{}}",
    );
    for number in 0..200 {
        let path = |kind: &str| inbox.join(format!("0-{kind}-{number}.json"));
        std::fs::write(path("words"), "no words of ours").expect("ours");
        std::fs::write(path("bytes"), [0xff, 0xfe, 0x00]).expect("ours");
        std::os::unix::fs::symlink(&secret, path("link")).expect("ours");
        let large = std::fs::File::create(path("large")).expect("ours");
        large.set_len(10 << 30).expect("a file may have a hole");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .expect("ours");
    }
    let name = std::ffi::OsStr::from_bytes(b"0-name-\xff.json");
    std::fs::write(inbox.join(name), "no").expect("ours");
    let said = bench.run(&["approve", &run, "gate"]).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let resumed = bench.run(&["resume", &run]).await;
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    let told = resumed.stderr.matches("decided nothing").count();
    assert_eq!(told, 1_001);
    for why in [
        "it is no answer",
        "it cannot be read",
        "it cannot be opened",
        "it is larger than 64 KiB",
        "it is no plain file",
    ] {
        assert_eq!(
            resumed.stderr.matches(why).count(),
            200 + usize::from(why == "it is no answer"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn an_answer_to_a_settled_question_is_refused_and_says_how_it_was_settled() {
    let two = "[[steps]]\nid = \"second\"\nuses = \"approve\"\nwith.message = \"And now?\"\n";
    let (bench, run, inbox) = waiting(&format!("{}{two}", gate_for_one())).await;
    let said = bench.run(&["approve", &run, "gate"]).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let letter = std::fs::read(only_letter(&inbox)).expect("ours");
    let resumed = bench.run(&["resume", &run]).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    let late = bench
        .run(&["approve", &run, "gate", "--question", "1"])
        .await;
    assert_eq!(late.code, Some(2), "{}", late.stderr);
    assert!(late.stderr.contains("question 1 of run"), "{}", late.stderr);
    assert!(late.stderr.contains("is settled: "), "{}", late.stderr);
    // One that was on its way meanwhile.
    std::fs::write(inbox.join("late.json"), letter).expect("ours");
    let resumed = bench.run(&["resume", &run]).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    assert!(
        resumed.stderr.contains("said yes before"),
        "{}",
        resumed.stderr
    );
}

#[tokio::test]
async fn a_run_of_another_user_is_shown_to_root_and_decided_about_by_its_owner_alone() {
    if group().is_none() {
        return;
    }
    let (bench, run, _) = waiting(&gate_for_one()).await;
    let state = bench.path().join("state");
    let given = std::process::Command::new("chown")
        .args(["-R", "--no-dereference", &format!("{NOBODY}:{NOBODY}")])
        .arg(&state)
        .status()
        .expect("chown is there");
    assert!(given.success());
    let shown = bench.run(&["show", &run]).await;
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let gate = bench.path().join("gate.toml").display().to_string();
    let other: [&[&str]; 4] = [
        &["resume", &run],
        &["undo", &run, "--yes"],
        &["resolve", &run, "gate", "--skip", "--why", "so"],
        &["run", &gate],
    ];
    for words in other {
        let refused = bench.run(words).await;
        assert_eq!(refused.code, Some(2), "{words:?}: {}", refused.stderr);
        let told = format!("belongs to user {NOBODY}, and not to you");
        assert_eq!(
            refused.stderr.matches(&told).count(),
            1,
            "{words:?}: {}",
            refused.stderr
        );
    }
}

#[tokio::test]
async fn what_was_asked_earlier_is_answered_beforehand_when_the_run_is_resumed() {
    let (bench, run, _) = waiting(&gate_for_one()).await;
    let resumed = bench.run(&["resume", &run, "--approve", "gate"]).await;
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
}

#[tokio::test]
async fn an_answer_that_came_while_the_driver_was_suspended_comes_before_silence() {
    let silent = format!(
        "{}with.within = \"8s\"\nwith.then = \"stop\"\n",
        gate_for_one()
    );
    let bench = Bench::default();
    let gate = bench.write("gate.toml", &silent).display().to_string();
    let mut driver = bench
        .command(&["run", &gate])
        .spawn()
        .expect("it can be started");
    let run = loop {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let list = bench.run(&["list", "--json"]).await;
        if list.stdout.contains("(question 1)") {
            break only_run(&bench);
        }
    };
    let pid = driver.id().and_then(|id| i32::try_from(id).ok());
    let pid = pid
        .and_then(rustix::process::Pid::from_raw)
        .expect("it runs");
    rustix::process::kill_process(pid, rustix::process::Signal::Stop).expect("ours");
    let said = bench.run(&["approve", &run, "gate"]).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    tokio::time::sleep(std::time::Duration::from_secs(9)).await;
    rustix::process::kill_process(pid, rustix::process::Signal::Cont).expect("ours");
    let ended = driver.wait().await.expect("it ends");
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn a_name_that_stands_in_an_answer_says_nothing() {
    let (bench, run, inbox) = waiting(GATE).await;
    for (file, by) in [
        ("1.json", "\"alice\""),
        (
            "2.json",
            "{\"name\":\"bob\",\"known\":{\"process\":{\"uid\":7}}}",
        ),
    ] {
        let text = format!(
            "{{\"kind\":\"approve\",\"question\":1,\"evidence\":{{}},\"by\":{by},\"uid\":7}}"
        );
        std::fs::write(inbox.join(file), text).expect("ours");
    }
    let resumed = bench.run(&["resume", &run]).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    assert_eq!(resumed.stderr.matches("approved by ").count(), 1);
    let told = "has said yes to it already; it takes another person";
    assert!(resumed.stderr.contains(told), "{}", resumed.stderr);
    assert!(
        !resumed.stderr.contains("alice") && !resumed.stderr.contains("bob"),
        "{}",
        resumed.stderr
    );
}
