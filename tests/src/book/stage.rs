//! Where a page is carried out: a folder of its own, with a home folder around it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rutter::settings::{Environment, Settings, SettingsOverrides};
use rutter_manifest::Manifest;
use rutter_simcloud::World;
use toml::Table;

use super::fragment;
use super::kind::{FileKind, Kind};
use super::page::Block;
use super::shown;
use crate::Bench;

/// What the pages call the home folder, whoever runs the tests, and the address of the simulated cloud.
const HOME: &str = "/home/operator";
const USER: &str = "operator";
const ADDRESS: &str = "127.0.0.1:8100";
/// Seconds that a command may take.
const PATIENCE: &str = "120";

/// A folder in which the blocks of one page are carried out.
pub struct Stage {
    bench: Bench,
    /// A free port in place of the one that the pages name.
    address: String,
    /// Who runs the tests, and so gives all answers.
    user: String,
    /// The files of the page, with their kinds, by the names that the page gives them.
    files: BTreeMap<String, FileKind>,
    /// Runbooks that are still to be rehearsed, with their lines: their inputs and world may stand below them.
    unrehearsed: Vec<(String, usize)>,
    /// Inputs that no rehearsal has used, with their lines.
    unused: Vec<(String, usize)>,
    /// The ids of runs, each with the one that the page shows for it.
    runs: Vec<(String, String)>,
    /// What was exported.
    variables: Vec<(String, String)>,
    background: Vec<Child>,
}

/// What came of a block.
#[derive(Default)]
pub struct Outcome {
    /// What is wrong.
    pub problems: Vec<String>,
    /// What the block has to say instead, if it is a console block that is not true.
    pub corrected: Option<String>,
}

impl From<Result<(), String>> for Outcome {
    fn from(result: Result<(), String>) -> Self {
        Self {
            problems: result.err().into_iter().collect(),
            corrected: None,
        }
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

impl Stage {
    /// An empty folder.
    ///
    /// # Panics
    /// When none can be made.
    pub fn new() -> Self {
        let bench = Bench::default();
        std::fs::create_dir(bench.path().join("page")).expect("a folder can be made in the bench");
        let free =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        Self {
            bench,
            address: free.expect("this machine has a free port").to_string(),
            user: user(),
            files: BTreeMap::new(),
            unrehearsed: Vec::new(),
            unused: Vec::new(),
            runs: Vec::new(),
            variables: Vec::new(),
            background: Vec::new(),
        }
    }

    /// Carries out one block.
    pub fn carry_out(&mut self, block: &Block) -> Outcome {
        match Kind::read(&block.info) {
            Err(message) => Err(message).into(),
            Ok(Kind::File(kind, name)) => self.file(kind, &name, block).into(),
            Ok(Kind::Fragment(name)) => self.fragment(&name, &block.text).into(),
            Ok(Kind::Console) => self.console(&block.text),
            Ok(Kind::Background) => self.start(&block.text).into(),
            Ok(Kind::Plugin) => plugin(&block.text).into(),
            Ok(Kind::Text) => picture(&block.text).into(),
        }
    }

    /// Rehearses what is left at the page's end, and stops what runs. Each problem has the line of its block.
    pub fn finish(&mut self) -> Vec<(usize, String)> {
        let left = std::mem::take(&mut self.unrehearsed);
        let mut problems = Vec::new();
        for (name, line) in left {
            problems.extend(self.rehearse(&name).err().map(|problem| (line, problem)));
        }
        for (name, line) in &self.unused {
            let message = format!(
                "`{name}` holds inputs that no runbook of the page takes: a runbook `x.toml` takes `x.inputs.toml`"
            );
            problems.push((*line, message));
        }
        self.stop();
        problems
    }

    fn path(&self, name: &str) -> PathBuf {
        match name.strip_prefix("~/") {
            Some(rest) => self.bench.path().join(rest),
            None => self.bench.path().join("page").join(name),
        }
    }

    fn file(&mut self, kind: FileKind, name: &str, block: &Block) -> Result<(), String> {
        let (text, line) = (block.text.as_str(), block.line);
        if let Some(place) = self.unrehearsed.iter().position(|(other, _)| other == name) {
            // What stands there is overwritten: it has had no rehearsal yet.
            self.unrehearsed.remove(place);
            self.rehearse(name)?;
        }
        self.write(name, text)?;
        self.files.insert(name.to_owned(), kind);
        match kind {
            FileKind::Runbook => self.unrehearsed.push((name.to_owned(), line)),
            FileKind::Inputs => self.unused.push((name.to_owned(), line)),
            FileKind::World | FileKind::Settings | FileKind::Manifest => {}
        }
        self.loaded(kind, name, text)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&path);
        let made = std::fs::create_dir_all(folder).and_then(|()| {
            let mut options = std::fs::OpenOptions::new();
            // A file that may hold secrets is for its owner alone.
            let mut file = options
                .create(true)
                .write(true)
                .truncate(true)
                .mode(0o600)
                .open(&path)?;
            file.write_all(text.replace(ADDRESS, &self.address).as_bytes())
        });
        made.map_err(|error| format!("`{name}` cannot be written: {error}"))
    }

    /// Whether a file is what it claims to be, as far as that shows without a rehearsal.
    fn loaded(&self, kind: FileKind, name: &str, text: &str) -> Result<(), String> {
        match kind {
            // A rehearsal says more, and says it with the place.
            FileKind::Runbook => Ok(()),
            FileKind::Inputs => text
                .parse::<Table>()
                .map(|_| ())
                .map_err(|error| error.to_string()),
            FileKind::World => World::from_toml(text, name)
                .map(|_| ())
                .map_err(|error| error.to_string()),
            FileKind::Settings => {
                let home = self.bench.path().display().to_string();
                let environment = Environment::given([("HOME", home.as_str())]);
                Settings::parse(
                    text,
                    Path::new(name),
                    &SettingsOverrides::default(),
                    environment,
                )
                .map(|_| ())
                .map_err(|error| error.to_string())
            }
            FileKind::Manifest => Manifest::parse(text)
                .map(|_| ())
                .map_err(|error| error.to_string()),
        }
    }

    /// Rehearses a runbook with the inputs and the world beside it; a world that fits is made where there is none.
    fn rehearse(&mut self, name: &str) -> Result<(), String> {
        let stem = name.strip_suffix(".toml").unwrap_or(name);
        let (inputs, world) = (format!("{stem}.inputs.toml"), format!("{stem}.world.toml"));
        let given = if self.path(&inputs).exists() {
            self.unused.retain(|(other, _)| *other != inputs);
            format!("--inputs {inputs}")
        } else {
            String::new()
        };
        let mut line = format!("rutter rehearse --quiet {given} {name}");
        if !self.path(&world).exists() {
            line = format!(
                "rutter world new --quiet {given} {name} -o rehearsed.toml && {line} --world rehearsed.toml; code=$?; rm -f rehearsed.toml; exit $code"
            );
        }
        let output = self.shell(&line)?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "the rehearsal of `{name}` fails:\n{}",
            self.told(&output)
        ))
    }

    fn fragment(&mut self, name: &str, text: &str) -> Result<(), String> {
        let Some(kind) = self.files.get(name).copied() else {
            return Err(format!("no block above this one is the file `{name}`"));
        };
        let part: Table = text
            .parse()
            .map_err(|error| format!("the fragment is no TOML: {error}"))?;
        let before = std::fs::read_to_string(self.path(name)).map_err(|error| error.to_string())?;
        let mut whole: Table = before
            .parse()
            .map_err(|error| format!("`{name}` is no TOML: {error}"))?;
        fragment::put_into(&mut whole, part);
        let whole = whole.to_string();
        self.write(name, &whole)?;
        let held = self.loaded(kind, name, &whole).and_then(|()| match kind {
            FileKind::Runbook => self.rehearse(name),
            FileKind::Inputs => self.rehearse(&name.replace(".inputs.toml", ".toml")),
            FileKind::World | FileKind::Settings | FileKind::Manifest => Ok(()),
        });
        // Each fragment stands alone: the next one may replace the same place.
        self.write(name, &before.replace(&self.address, ADDRESS))?;
        held.map_err(|problem| format!("with the fragment in it, `{name}` is wrong: {problem}"))
    }

    fn console(&mut self, text: &str) -> Outcome {
        let commands = match shown::commands(text) {
            Ok(commands) => commands,
            Err(message) => return Err(message).into(),
        };
        let mut outcome = Outcome::default();
        let mut corrected = String::new();
        for command in &commands {
            let (code, printed, problem) = match self.command(command) {
                Ok(done) => done,
                Err(message) => {
                    outcome
                        .problems
                        .push(format!("`{}`: {message}", command.line));
                    return outcome;
                }
            };
            match problem {
                None => corrected.push_str(&command.written(command.code, &command.shown)),
                Some(problem) => {
                    outcome
                        .problems
                        .push(format!("`{}`: {problem}", command.line));
                    corrected.push_str(&command.written(code, &printed));
                }
            }
        }
        outcome.corrected = (!outcome.problems.is_empty()).then_some(corrected);
        outcome
    }

    /// Runs one command: its code, what it prints as the page would show it, and what of that is not as shown.
    fn command(
        &mut self,
        command: &shown::Command,
    ) -> Result<(i32, String, Option<String>), String> {
        if let Some(variable) = command.line.strip_prefix("export ") {
            let (name, value) = variable
                .split_once('=')
                .ok_or("write `export NAME=VALUE`")?;
            self.variables
                .push((name.to_owned(), value.trim_matches(['\'', '"']).to_owned()));
            return Ok((0, String::new(), None));
        }
        let program = command.line.split_whitespace().next();
        if !matches!(program, Some("rutter" | "timeout")) {
            return Err("only `rutter` and `export` are typed in the book".to_owned());
        }
        let mut line = command.line.clone();
        for (id, on_page) in &self.runs {
            line = line.replace(on_page.as_str(), id);
        }
        let output = self.shell(&line)?;
        let code = output.status.code().unwrap_or(-1);
        let told = self.told(&output);
        self.note_runs(&command.shown, &told);
        let mut printed = told;
        for (id, on_page) in &self.runs {
            printed = printed.replace(id.as_str(), on_page);
        }
        let mut problems = Vec::new();
        if code != command.code {
            problems.push(format!(
                "it ends with {code}, the page says {} (`? {code}` says so)",
                command.code
            ));
        }
        problems.extend(shown::compare(&command.shown, &printed).err());
        let problem = (!problems.is_empty()).then(|| problems.join("; "));
        Ok((code, printed, problem))
    }

    /// Finds out which id of the page stands for a run that has just begun.
    fn note_runs(&mut self, shown: &str, printed: &str) {
        let folder = self.bench.state().join("runs");
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for id in entries.filter_map(|entry| entry.file_name().into_string().ok()) {
            if id.len() == 8 && !self.runs.iter().any(|(known, _)| *known == id) {
                let on_page = shown::id_on_page(&id, shown, printed).unwrap_or_else(|| id.clone());
                self.runs.push((id, on_page));
            }
        }
    }

    /// Starts `rutter simulate`, which is to say how long it runs at most.
    fn start(&mut self, text: &str) -> Result<(), String> {
        let [command] = &shown::commands(text)?[..] else {
            return Err("one command runs in the background of a page".to_owned());
        };
        if !command.line.starts_with("rutter simulate ") || !command.line.contains("--limit") {
            return Err(
                "what runs in the background is `rutter simulate`, with a `--limit`".to_owned(),
            );
        }
        if !command.shown.is_empty() {
            return Err("what runs in the background shows nothing here".to_owned());
        }
        // Not below `timeout`: the process that is stopped has to be the one that serves.
        let shell = Path::new("/bin/sh");
        let mut serving = self.prepared(shell, &["-c"], &format!("exec {}", command.line));
        let child = serving.spawn().map_err(|error| error.to_string())?;
        self.background.push(child);
        let end = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(&self.address).is_err() {
            if Instant::now() > end {
                return Err(format!("nothing listens on {ADDRESS}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn shell(&self, line: &str) -> Result<Output, String> {
        let timeout = Path::new("/usr/bin/timeout");
        let mut command = self.prepared(timeout, &[PATIENCE, "/bin/sh", "-c"], line);
        command.output().map_err(|error| error.to_string())
    }

    /// A line, typed into a shell in the page's folder: what it prints stands in one text, as on a terminal.
    fn prepared(&self, program: &Path, arguments: &[&str], line: &str) -> Command {
        let binary = Bench::binary();
        let programs = binary.parent().unwrap_or(&binary).display().to_string();
        let line = line.replace(ADDRESS, &self.address);
        let line = format!("exec 2>&1\n{line}");
        let arguments = [arguments, &[line.as_str()]].concat();
        let typed = self.bench.command_of(program, &arguments);
        let mut command = typed.into_std();
        command
            .current_dir(self.bench.path().join("page"))
            .env("PATH", format!("{programs}:/usr/bin:/bin"))
            .env("XDG_CONFIG_HOME", self.bench.path().join(".config"))
            .env("TZ", "UTC")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// What was printed, with the names that pages use for the home folder and the address.
    fn told(&self, output: &Output) -> String {
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let home = self.bench.path().display().to_string();
        let told = told.replace(&home, HOME).replace(&self.address, ADDRESS);
        let words = ["by USER:", "by USER\n", " USER said"];
        words.iter().fold(told, |told, words| {
            told.replace(
                &words.replace("USER", &self.user),
                &words.replace("USER", USER),
            )
        })
    }

    fn stop(&mut self) {
        for mut child in self.background.drain(..) {
            // It may have ended by its own limit.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The name of the user who runs the tests.
fn user() -> String {
    let output = Command::new("/usr/bin/id").arg("-un").output();
    let name = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    name.expect("the system tells who its user is")
}

fn plugin(text: &str) -> Result<(), String> {
    let parsed = syn::parse_file(text);
    parsed
        .map(|_| ())
        .map_err(|error| format!("no Rust source: {error}"))
}

fn picture(text: &str) -> Result<(), String> {
    let typed = text
        .lines()
        .map(|line| line.trim_start().trim_start_matches("$ "));
    match typed.into_iter().find(|line| line.starts_with("rutter ")) {
        Some(line) => Err(format!(
            "`{line}` is a command, which belongs into a block of the kind `console`"
        )),
        None => Ok(()),
    }
}
