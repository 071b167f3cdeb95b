//! The commands that messages tell to type: each is what a shell takes, and does what was said, in a folder whose
//! name has everything that a shell would make something else of.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use rutter_tests::{Bench, Cloud, Ended, ONE_ACCOUNT};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

const FOLDER: &str = "-my shop's $x";

const RUNBOOK: &str = r#"schema = 1
[runbook]
name = "own"
[accounts.owner]
help = "the only account"
[inputs.word]
type = "secret"

[[steps]]
id = "role"
uses = "create-role"
account = "owner"
with.name = "made"
with.trusted_account = "{{ accounts.owner.id }}"

[[steps]]
id = "gate"
uses = "approve"
with.message = "Go on with {{ steps.role.name }}?"
with.evidence = ["ticket"]

[[steps]]
id = "policy"
uses = "./own.wasm"
account = "owner"
with.name = "made"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "ecs:*", Resource = "*" }] }

[[steps]]
id = "long"
uses = "assert"
with.that = "{{ accounts.owner.id != '1111111111111111' }}"
with.message = "it is the account of the others"
"#;

/// What a message says after its first word, where that is a command.
const COMMANDS: [&str; 3] = ["rutter", "chmod", "cd"];

/// A person who types what they are told, and remembers everything that they were told.
struct Person {
    bench: Bench,
    /// Where they are.
    folder: PathBuf,
    told: Vec<String>,
}

impl Person {
    fn new(bench: Bench) -> Self {
        let folder = bench.path().join(FOLDER);
        Self {
            bench,
            folder,
            told: Vec::new(),
        }
    }

    /// Types a line into a shell.
    async fn types(&mut self, line: &str) -> Ended {
        let program = Bench::binary();
        let programs = program.parent().expect("it lies in a folder");
        let environment = self.bench.command(&[]);
        let variables = environment.as_std().get_envs();
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", line])
            .env_clear()
            .envs(variables.filter_map(|(name, value)| Some((name, value?))))
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .env("HOME", &self.folder)
            .env("x", "EXPANDED")
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        let ended = Ended::from(shell.output().await.expect("there is a shell"));
        for text in [&ended.stdout, &ended.stderr] {
            self.told.extend(commands(text));
        }
        ended
    }

    /// The last command that was told with these words in it.
    fn told(&self, words: &str) -> String {
        let told = self.told.iter().rev().find(|told| told.contains(words));
        told.unwrap_or_else(|| panic!("nobody was told `{words}`: {:#?}", self.told))
            .clone()
    }

    /// Types what was told, which then has to go well.
    async fn does_as_told(&mut self, words: &str) -> Ended {
        self.ends_with(words, 0).await
    }

    async fn ends_with(&mut self, words: &str, code: i32) -> Ended {
        let line = self.told(words);
        let ended = self.types(&line).await;
        assert_eq!(ended.code, Some(code), "{line}\n{ended:?}");
        ended
    }
}

/// What a text tells to type: in backticks, or as the whole of a line.
fn commands(text: &str) -> Vec<String> {
    let begins = |told: &&str| {
        let first = told.split(' ').next();
        told.contains(' ') && first.is_some_and(|first| COMMANDS.contains(&first))
    };
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.contains('`'));
    let quoted = text
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    lines
        .chain(quoted)
        .filter(begins)
        .map(str::to_owned)
        .collect()
}

/// What a shell makes of a line without doing it: it refuses it, or it passes words on.
async fn passed_on(line: &str) -> String {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-eu"]).env_clear().current_dir("/");
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut shell = shell.spawn().expect("there is a shell");
    let said = "said() { for word; do printf '<%s>' \"$word\"; done; }\n\
                rutter() { said \"$@\"; }\nchmod() { said \"$@\"; }\ncd() { said \"$@\"; }\n";
    // What is written to a file goes to nowhere.
    let line = line.replace(" > ", " >/dev/null | said ");
    let mut keys = shell.stdin.take().expect("it has an input");
    let script = format!("{said}{line}\n");
    keys.write_all(script.as_bytes()).await.expect("it reads");
    drop(keys);
    let ended = Ended::from(shell.wait_with_output().await.expect("it ends"));
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{line}");
    ended.stdout
}

/// A person beside a cloud, with the runbook above, settings and credentials in their folder.
async fn with_a_cloud() -> (Person, Cloud) {
    let bench = Bench::default();
    let mut person = Person::new(bench);
    let folder = person.folder.clone();
    std::fs::create_dir_all(folder.join(".alibabacloud")).expect("a folder can be made");
    let write = |name: &str, text: &str, mode| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file can be written");
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
        path.display().to_string()
    };
    let world = write("own.world.toml", ONE_ACCOUNT, 0o644);
    let cloud = Cloud::start(&person.bench, &world).await;
    let address = cloud.address();
    let settings = format!("[endpoints]\nram = \"http://{address}\"\nsts = \"http://{address}\"\n");
    let settings = write("rutter.toml", &settings, 0o644);
    write(&format!("{FOLDER}.toml"), RUNBOOK, 0o644);
    write("in puts.toml", "word = \"a-word-that-is-secret\"\n", 0o644);
    let keys =
        "[a $x]\ntype = access_key\naccess_key_id = LTAI-owner\naccess_key_secret = of-owner\n";
    write(".alibabacloud/credentials", keys, 0o644);
    let plugin = Bench::target().join("plugins/create-policy.wasm");
    std::fs::copy(plugin, folder.join("own.wasm")).expect("the plugins are built");
    person.bench.set("RUTTER_CONFIG", settings);
    (person, cloud)
}

/// Everything that was told can be typed, and the name of the folder stays one word.
async fn all_can_be_typed(person: &Person) {
    for told in &person.told {
        let words = passed_on(told).await;
        assert!(!words.contains("EXPANDED"), "{told}: {words}");
        let whole = format!("{FOLDER}>");
        let in_path = words.contains(&whole) || words.contains(&format!("{FOLDER}/"));
        let in_file = words.contains(&format!("{FOLDER}."));
        let named = told.contains("shop") && !told.contains("shop.toml");
        assert!(!named || in_path || in_file, "{told}: {words}");
    }
}

#[tokio::test]
async fn the_first_runbook_is_rehearsed_by_typing_what_is_told() {
    let mut person = Person::new(Bench::default());
    let (here, folder) = (person.bench.path().to_owned(), person.folder.clone());
    person.folder = here;
    let made = person.types(r#"rutter init -- "-my shop's "'$x'"#).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let rehearsed = person.does_as_told("cd ").await;
    assert!(rehearsed.stdout.contains("created"), "{rehearsed:?}");
    // Without its world the runbook gets another by what is told then.
    std::fs::remove_file(folder.join("my_shop_s_x.world.toml")).expect("it was written");
    let line = r#"rutter rehearse "./-my shop's "'$x/my_shop_s_x.toml'"#;
    let refused = person.types(line).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    person.does_as_told("rutter world new").await;
    assert!(folder.join("my_shop_s_x.world.toml").exists());
    all_can_be_typed(&person).await;
}

#[tokio::test]
async fn a_run_is_accepted_answered_resumed_and_taken_back_by_typing_what_is_told() {
    let (mut person, _cloud) = with_a_cloud().await;
    let run = "rutter run \"./-my shop's \"'$x.toml' --inputs 'in puts.toml' --account 'owner=a $x@cn-hangzhou'";
    // Without a region the profile is told with it.
    let refused = person.types(&run.replace("@cn-hangzhou", "")).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let refused = person.types(run).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    person.does_as_told("rutter lock").await;
    let asked = person.types(run).await;
    assert_eq!(asked.code, Some(4), "{asked:?}");
    // Of the files that others can read both are told, and nobody else can read them afterwards.
    let modes: Vec<_> = person
        .told
        .iter()
        .filter(|told| told.starts_with("chmod"))
        .cloned()
        .collect();
    for told in modes {
        assert_eq!(person.types(&told).await.code, Some(0), "{told}");
    }
    for file in ["in puts.toml", ".alibabacloud/credentials"] {
        let mode = person
            .folder
            .join(file)
            .metadata()
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{file}: {:#?}", person.told);
    }
    person.does_as_told("rutter approve").await;
    // A secret is kept nowhere, so that a resume is given it again.
    person
        .bench
        .set("RUTTER_INPUT_WORD", "a-word-that-is-secret");
    person.ends_with("rutter resume", 1).await;
    person.does_as_told("rutter explain").await;
    // There is nobody to ask whether they are sure.
    person.ends_with("rutter undo", 2).await;
    person.does_as_told("--yes").await;
    all_can_be_typed(&person).await;
}
