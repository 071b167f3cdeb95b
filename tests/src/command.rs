//! The binary in a clean environment: no variables but ours, a state folder of its own.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::{Child, Command};

/// A folder in which the binary is run, with settings and credentials.
pub struct Bench {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` when it was killed.
    pub code: Option<i32>,
    /// The answer.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl Default for Bench {
    /// A bench of its own in all but the code of compiled plugins, which all of them share: to compile
    /// every plugin anew takes longer than most tests.
    fn default() -> Self {
        let mut bench = Self::without_code();
        // Code is taken only from who has the same key.
        let keys = bench.state().join("keys");
        let made = std::fs::create_dir_all(bench.state())
            .and_then(|()| std::fs::DirBuilder::new().mode(0o700).create(&keys));
        made.expect("a folder can be made in the bench");
        let key = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(keys.join("code.key"))
            .and_then(|mut file| file.write_all(&[7; 32]));
        key.expect("a file can be written in the bench");
        let shared = target_folder().join("tests/code");
        bench.set("RUTTER_CACHE_DIR", shared.display().to_string());
        bench
    }
}

impl Bench {
    /// A bench on which nothing was ever compiled.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    pub fn without_code() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self {
            folder,
            variables: Vec::new(),
        }
    }

    /// The repository's top folder.
    pub fn top() -> PathBuf {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        tests
            .parent()
            .expect("the package lies in the repository")
            .to_owned()
    }

    /// The binary under test.
    ///
    /// # Panics
    /// When it was not built: `make test` builds it first.
    pub fn binary() -> PathBuf {
        let binary = target_folder().join("rutter");
        assert!(
            binary.exists(),
            "{} is not built; `make test` builds it",
            binary.display()
        );
        binary
    }

    /// The program that leaves rules out.
    ///
    /// # Panics
    /// When it was not built.
    pub fn without_rules() -> PathBuf {
        let binary = target_folder().join("rutter-without");
        assert!(binary.exists(), "{} is not built", binary.display());
        binary
    }

    /// Where everything is built.
    ///
    /// # Panics
    /// Never: the folder of binaries lies in it.
    pub fn target() -> PathBuf {
        let target = target_folder();
        target.parent().expect("it lies in another").to_owned()
    }

    /// The folder of this bench.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the binary keeps its runs.
    pub fn state(&self) -> PathBuf {
        self.path().join("state/rutter")
    }

    /// Sets a variable for every command from here on.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    /// Writes a file into the bench and returns its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("a file can be written in the bench");
        path
    }

    /// A command in the repository's top folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&Self::binary(), arguments)
    }

    /// A command of this program, in the repository's top folder.
    pub fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(Self::top())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path())
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_DATA_HOME", self.path().join("data"))
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Starts the binary.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .spawn()
            .expect("the binary can be started")
    }

    /// Runs the binary to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let output = self
            .command(arguments)
            .output()
            .await
            .expect("the binary can be started");
        Ended::from(output)
    }
}

fn target_folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| Bench::top().join("target"))
        .join("debug")
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
