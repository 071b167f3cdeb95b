//! A folder with a runbook and a plugin of its own, locked, and then altered.

use std::path::{Path, PathBuf};

use rutter_plugin::fixture::bare;
use rutter_plugin::{Catalogue, Folder, Origin, Plugin};
use rutter_runbook::{Checked, InputSources, Load, Reach};
use tempfile::TempDir;

use super::Lock;
use crate::lock::{Entry, LockError, Verdict, Which, judge};

const RUNBOOK: &str = "schema = 1\n[runbook]\nname = 'x'\n[accounts.first]\nhelp = 'a'\n[accounts.second]\nhelp = 'b'\n\
     [[steps]]\nid = 'own'\nuses = './own.wasm'\naccount = 'first'\n\
     [[steps]]\nid = 'inner'\nuses = './inner.toml'\naccounts.only = 'second'\n";
const INNER: &str = "schema = 1\n[runbook]\nname = 'inner'\n[accounts.only]\nhelp = 'c'\n\
     [[steps]]\nid = 'ships'\nuses = 'ships'\naccount = 'only'\n";
const ROLES: &str = "[[permissions]]\ncall = ['ram:CreateRole', 'ram:DeleteRole']\nreason = 'r'\n";

fn manifest(name: &str, version: &str, permissions: &str) -> String {
    format!(
        "[plugin]\nname = '{name}'\nversion = '{version}'\nsummary = 's'\nkind = 'change'\n{permissions}"
    )
}

/// `x.toml`, which uses `own.wasm` and runs `inner.toml`, which uses a plugin that ships.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        std::fs::create_dir(bench.path("plugins")).expect("made");
        bench.write("x.toml", RUNBOOK);
        bench.write("inner.toml", INNER);
        bench.plugin("own.wasm", &manifest("own", "0.1.0", ROLES));
        bench.plugin("plugins/ships.wasm", &manifest("ships", "0.1.0", ROLES));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    fn plugin(&self, name: &str, manifest: &str) {
        std::fs::write(self.path(name), bare(manifest)).expect("written");
    }

    fn checked(&self) -> Checked {
        let catalogue = Catalogue::open([Folder {
            path: self.path("plugins"),
            ships: true,
        }]);
        self.checked_with(&catalogue)
    }

    fn checked_with(&self, catalogue: &Catalogue) -> Checked {
        let load = Load {
            plugins: catalogue,
            reach: &Reach::default(),
            inputs: InputSources::default(),
            bind: None,
            secret: &|_| String::new(),
            accept: &|_| Ok(()),
        };
        rutter_runbook::load(&self.path("x.toml"), &load).expect("a good runbook")
    }

    fn lock(&self) -> Lock {
        Lock::beside(&self.path("x.toml")).expect("a lock or nothing")
    }

    fn entry(&self) -> Entry {
        let path = self.path("x.toml");
        Entry::of(&self.checked(), &path, self.lock().of(&path))
    }

    fn accept(&self) {
        assert!(self.lock().accept([self.entry()]).expect("written"));
    }

    fn verdict(&self) -> Verdict {
        judge(self.lock().of(&self.path("x.toml")), &self.entry())
    }

    /// The difference, digests cut short.
    fn difference(&self) -> Vec<String> {
        let Verdict::Differs(lines) = self.verdict() else {
            panic!("{:?}", self.verdict());
        };
        let short = |line: &String| match line.split_once("sha256:") {
            Some((before, _)) => format!("{before}sha256"),
            None => line.clone(),
        };
        lines.iter().map(short).collect()
    }

    fn lock_file(&self) -> String {
        std::fs::read_to_string(self.path("rutter.lock")).expect("there is a lock")
    }
}

#[test]
fn what_was_accepted_is_accepted_until_it_differs() {
    let bench = Bench::new();
    assert_eq!(bench.verdict(), Verdict::Unaccepted);
    bench.accept();
    assert_eq!(bench.verdict(), Verdict::Accepted);
    assert!(
        !bench
            .lock()
            .accept([bench.entry()])
            .expect("nothing to write")
    );
    let text = bench.lock_file();
    let sentence =
        "may create and delete RAM roles (ram:CreateRole, ram:DeleteRole) in account `first`";
    assert!(
        text.contains(sentence) && text.contains("component = \"shipped\""),
        "{text}"
    );
    assert!(text.contains("in account `second`"), "{text}");
}

#[test]
fn a_component_that_was_swapped_differs_by_its_digest() {
    let bench = Bench::new();
    bench.accept();
    let manifest = manifest("own", "0.1.0", ROLES).replace("summary = 's'", "summary = 't'");
    bench.plugin("own.wasm", &manifest);
    assert_eq!(
        bench.difference(),
        ["plugin `own`", "- 0.1.0, sha256", "+ 0.1.0, sha256"]
    );
}

#[test]
fn a_plugin_that_may_do_more_is_shown_by_what_it_may_do() {
    let bench = Bench::new();
    bench.accept();
    let more = format!("{ROLES}[[permissions]]\ncall = ['ecs:DeleteImage']\nreason = 'r'\n");
    bench.plugin("own.wasm", &manifest("own", "0.1.0", &more));
    let lines = bench.difference();
    assert!(
        lines.contains(&"+ may delete ECS images (ecs:DeleteImage) in account `first`".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn a_plugin_that_ships_is_held_to_its_version_and_permissions_and_not_to_its_bytes() {
    let bench = Bench::new();
    bench.accept();
    let same = manifest("ships", "0.1.0", ROLES).replace("reason = 'r'", "reason = 'mended'");
    bench.plugin("plugins/ships.wasm", &same);
    assert_eq!(bench.verdict(), Verdict::Accepted);
    bench.plugin("plugins/ships.wasm", &manifest("ships", "0.2.0", ROLES));
    assert_eq!(
        bench.difference(),
        ["plugin `ships`", "- 0.1.0, shipped", "+ 0.2.0, shipped"]
    );
    let other = ROLES.replace("ram:DeleteRole", "ram:DeletePolicy");
    bench.plugin("plugins/ships.wasm", &manifest("ships", "0.1.0", &other));
    let lines = bench.difference();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("+ may delete RAM policies")),
        "{lines:?}"
    );
}

#[test]
fn a_runbook_inside_is_held_to_its_text_and_a_step_to_its_account() {
    let bench = Bench::new();
    bench.accept();
    bench.write("inner.toml", &format!("{INNER}# edited\n"));
    assert_eq!(
        bench.difference(),
        [
            "- runbook `inner.toml`, sha256",
            "+ runbook `inner.toml`, sha256"
        ]
    );
    bench.write("inner.toml", INNER);
    bench.write(
        "x.toml",
        &RUNBOOK.replace("account = 'first'", "account = 'second'"),
    );
    let lines = bench.difference();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with('+') && line.ends_with("account `second`")),
        "{lines:?}"
    );
}

#[test]
fn a_plugin_that_was_accepted_by_its_bytes_may_begin_to_ship() {
    let bench = Bench::new();
    bench.accept();
    std::fs::rename(bench.path("own.wasm"), bench.path("plugins/own.wasm")).expect("moved");
    bench.write("x.toml", &RUNBOOK.replace("./own.wasm", "own"));
    assert_eq!(bench.verdict(), Verdict::Accepted);
}

#[test]
fn a_runbook_of_plugins_that_ship_needs_no_lock() {
    let bench = Bench::new();
    bench.write("x.toml", &RUNBOOK.replace("./own.wasm", "ships"));
    assert_eq!(bench.verdict(), Verdict::Ships);
}

#[test]
fn what_a_run_keeps_was_accepted_when_it_began() {
    let bench = Bench::new();
    bench.write("x.toml", &RUNBOOK.replace("./own.wasm", "ships"));
    let bytes = std::fs::read(bench.path("plugins/ships.wasm")).expect("it is there");
    let mut catalogue = Catalogue::default();
    let kept = Plugin::new(bench.path("kept"), bytes, Origin::Kept);
    catalogue.keep(kept.expect("a plugin"));
    let path = bench.path("x.toml");
    let verdict = |locked: &Lock| {
        let accepted = locked.of(&path);
        judge(
            accepted,
            &Entry::of(&bench.checked_with(&catalogue), &path, accepted),
        )
    };
    assert_eq!(verdict(&bench.lock()), Verdict::Ships);
    bench.accept();
    assert_eq!(verdict(&bench.lock()), Verdict::Accepted);
    std::fs::copy(bench.path("plugins/ships.wasm"), bench.path("own.wasm")).expect("copied");
    bench.write("x.toml", &RUNBOOK.replace("'ships'", "'./own.wasm'"));
    bench.write(
        "inner.toml",
        &INNER.replace("uses = 'ships'", "uses = './own.wasm'"),
    );
    std::fs::remove_dir_all(bench.path("plugins")).expect("removed");
    bench.accept();
    bench.write("x.toml", &RUNBOOK.replace("./own.wasm", "ships"));
    bench.write("inner.toml", INNER);
    let Verdict::Differs(lines) = verdict(&bench.lock()) else {
        panic!("the runbook inside is another one");
    };
    assert!(
        !lines.iter().any(|line| line.contains("plugin")),
        "{lines:?}"
    );
}

#[test]
fn a_sentence_that_somebody_edited_is_a_difference() {
    let bench = Bench::new();
    bench.accept();
    let text = bench
        .lock_file()
        .replace("may create and delete", "may read");
    bench.write("rutter.lock", &text);
    let lines = bench.difference();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("- may read RAM roles")),
        "{lines:?}"
    );
}

#[test]
fn who_locks_one_runbook_keeps_the_others() {
    let bench = Bench::new();
    bench.accept();
    let other = Entry {
        file: "a.toml".to_owned(),
        ..Entry::default()
    };
    assert!(bench.lock().accept([other]).expect("written"));
    assert_eq!(bench.verdict(), Verdict::Accepted);
    let text = bench.lock_file();
    let (a, x) = (text.find("\"a.toml\""), text.find("\"x.toml\""));
    assert!(a.is_some() && a < x, "in order: {text}");
}

#[test]
fn a_file_that_is_no_lock_is_refused_with_its_place_and_stays() {
    let bench = Bench::new();
    bench.accept();
    let good = bench.lock_file();
    let cases = [
        (
            "schema = 1",
            "schema = 2",
            "this program knows `schema = 1`",
        ),
        ("schema = 1", "schema = 1\nmore = true", "unknown field"),
        ("\"sha256:", "\"sha256:00", "a digest is `sha256:`"),
        (
            "\"shipped\"",
            "\"mine\"",
            "a component is `shipped`, or its digest",
        ),
        ("[[runbook]]", "[[runbook", ""),
    ];
    for (from, to, says) in cases {
        let text = good.replacen(from, to, 1);
        bench.write("rutter.lock", &text);
        let error = Lock::beside(&bench.path("x.toml")).expect_err(to);
        let LockError::Wrong { reason, span, .. } = &error else {
            panic!("{error}");
        };
        assert!(reason.contains(says), "{reason}");
        assert!(
            span.start < text.len() && span.end - span.start < 100,
            "{span:?}"
        );
        assert_eq!(bench.lock_file(), text);
    }
    let twice = format!("{good}\n[[runbook]]\nfile = \"x.toml\"\n");
    bench.write("rutter.lock", &twice);
    let error = Lock::beside(&bench.path("x.toml")).expect_err("twice");
    assert!(
        error.to_string().contains("`x.toml` is there twice"),
        "{error}"
    );
}

#[test]
fn a_lock_behind_a_link_is_neither_read_nor_written() {
    let bench = Bench::new();
    let mut empty = bench.lock();
    bench.write("elsewhere", "schema = 1\n");
    std::os::unix::fs::symlink(bench.path("elsewhere"), bench.path("rutter.lock")).expect("linked");
    let read = Lock::beside(&bench.path("x.toml")).expect_err("a link");
    assert!(read.to_string().contains("it is a link"), "{read}");
    assert!(empty.accept([Entry::default()]).is_err());
    let text = std::fs::read_to_string(bench.path("elsewhere")).expect("it is there");
    assert_eq!(text, "schema = 1\n");
}

#[test]
fn a_folder_that_takes_no_file_is_said() {
    let mut lock = Lock::beside(Path::new("/proc/self/x.toml")).expect("nothing is there");
    let entry = Entry {
        file: "x.toml".to_owned(),
        ..Entry::default()
    };
    let error = lock.accept([entry]).expect_err("nobody writes there");
    assert!(matches!(error, LockError::Unwritable { .. }), "{error}");
}

#[test]
fn own_plugins_are_known_by_their_bytes() {
    let bench = Bench::new();
    let entry = bench.entry();
    let which: Vec<&Which> = entry
        .plugin
        .iter()
        .map(|plugin| &plugin.component)
        .collect();
    assert!(
        matches!(which[..], [Which::Bytes(_), Which::Shipped]),
        "{which:?}"
    );
}
