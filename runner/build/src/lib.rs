//! From source to `.wasm`: compiled by cargo, made a component, given its manifest.
//!
//! The plugins that ship with this program are built here like everybody else's, by `rutter plugin build` or by the
//! program's own build script. However many there are, cargo runs once.

mod toolchain;

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rutter_manifest::Manifest;
use rutter_plugin::{Inspected, PluginError, inspect};
use serde::Deserialize;
use wasm_encoder::{ComponentSection, CustomSection};

pub use toolchain::{NoTarget, Start};
use toolchain::{TARGET, Toolchain};

/// The profile of guests, given to cargo whole, so that a plugin's own workspace needs none: small
/// before fast, since a step waits for the network and a start reads all of it.
const PROFILE: [&str; 6] = [
    "profile.plugin.inherits='release'",
    "profile.plugin.opt-level='s'",
    "profile.plugin.lto=true",
    "profile.plugin.codegen-units=1",
    "profile.plugin.panic='abort'",
    "profile.plugin.strip='debuginfo'",
];

/// The stack of a guest, in bytes. The linker's own megabyte is four fifths of a small plugin's memory.
const STACK: u32 = 256 * 1024;

/// What to build.
#[derive(Clone, Debug)]
pub struct Options {
    /// A folder with a `Cargo.toml`: one plugin's, or a workspace's, of which all plugins are built.
    pub source: PathBuf,
    /// Build only the plugins of these names; empty means all.
    pub only: Vec<String>,
    /// Where the `.wasm` files go; absent means `plugins` below cargo's target folder.
    pub output: Option<PathBuf>,
    /// Where cargo puts what it compiles; absent means its target folder.
    pub target: Option<PathBuf>,
    /// Whether cargo may not use the network.
    pub offline: bool,
    /// Makes the command that starts a program, cargo or the compiler: with the environment that it is to see.
    pub start: Start,
}

/// A plugin that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The `.wasm` file that was written.
    pub path: PathBuf,
    /// What it says about itself.
    pub inspected: Inspected,
    /// Whether the file differs from what was there before.
    pub changed: bool,
}

/// Why plugins were not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The compiler cannot compile for the guest.
    #[error(transparent)]
    NoTarget(#[from] NoTarget),
    /// A program could not be started, or a file not be read or written.
    #[error("{what}: {source}")]
    System {
        /// What was tried, with the file or program.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Cargo does not understand the folder.
    #[error("`{}` is no folder of a Rust package: {reason}", folder.display())]
    NoPackage {
        /// The folder that was to be built.
        folder: PathBuf,
        /// What cargo says.
        reason: String,
    },
    /// There is nothing to build.
    #[error("`{}` has no plugin: a plugin is a package with a `plugin.toml`", folder.display())]
    NoPlugin {
        /// The folder that was to be built.
        folder: PathBuf,
    },
    /// A name was asked for that no package's manifest has.
    #[error("no package here is the plugin `{name}`")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// A `plugin.toml` is wrong.
    #[error("`{}` is wrong: {error}", path.display())]
    Manifest {
        /// The path of the `plugin.toml`.
        path: PathBuf,
        /// What and where.
        error: rutter_manifest::ManifestError,
    },
    /// The compiler refused the source; it has said why on standard error.
    #[error("the source does not compile")]
    Compile,
    /// A package compiles and leaves no `.wasm`.
    #[error("the package of `{plugin}` makes no `.wasm`")]
    NoArtefact {
        /// The plugin's name, from its manifest.
        plugin: String,
    },
    /// The compiled module is no component of ours.
    #[error("`{plugin}` cannot be made a component: {reason}")]
    Component {
        /// The plugin's name, from its manifest.
        plugin: String,
        /// What the conversion says.
        reason: String,
    },
    /// What was built would not be accepted by this very program.
    #[error("`{plugin}` was built and cannot be used: {error}")]
    Plugin {
        /// The plugin's name, from its manifest.
        plugin: String,
        /// What is wrong with what was built.
        error: PluginError,
    },
}

impl BuildError {
    /// Returns what to do about it, fit to follow "help:".
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoTarget(_) => Some(format!(
                "`rustup target add {TARGET}`, or `scripts/wasm-target` in Rutter's sources"
            )),
            Self::NoPlugin { .. } => Some("`rutter plugin new NAME` makes one".to_owned()),
            Self::Unknown { nearest, .. } => {
                nearest.as_ref().map(|name| format!("did you mean `{name}`?"))
            }
            Self::Manifest { error, .. } => error.help.clone(),
            Self::NoArtefact { .. } => {
                Some("its Cargo.toml needs `[lib]` with `crate-type = [\"cdylib\"]`".to_owned())
            }
            Self::Component { .. } => Some(
                "does its source say `rutter_sdk::plugin!(run);`, and does it import nothing but the SDK's?"
                    .to_owned(),
            ),
            Self::Plugin { error, .. } => error.help(),
            Self::System { .. } | Self::NoPackage { .. } | Self::Compile => None,
        }
    }
}

/// Builds plugins. What the compiler has to say goes to standard error as it comes.
///
/// # Errors
/// Where the folder has no plugin of that name, the compiler lacks the guests' target or refuses the source, or what was
/// built would be refused here.
pub fn build(options: &Options) -> Result<Vec<Built>, BuildError> {
    let workspace = Workspace::read(options)?;
    let plugins = workspace.plugins(&options.source, &options.only)?;
    let toolchain = Toolchain::find(&workspace.target_folder, options.start)?;
    let modules = compile(&workspace, &plugins, &toolchain, options)?;
    let output = options
        .output
        .clone()
        .unwrap_or_else(|| workspace.target_folder.join("plugins"));
    std::fs::create_dir_all(&output).map_err(system(format!("create `{}`", output.display())))?;
    plugins
        .iter()
        .map(|plugin| {
            let module =
                modules
                    .get(&plugin.manifest_path)
                    .ok_or_else(|| BuildError::NoArtefact {
                        plugin: plugin.name.clone(),
                    })?;
            plugin.finish(module, &output)
        })
        .collect()
}

/// Makes a component of a compiled module and puts the manifest into it.
///
/// # Errors
/// When the module is none that could be a component, in the words of the conversion.
pub fn componentise(module: &[u8], manifest_text: &str) -> Result<Vec<u8>, String> {
    let mut component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("{error:#}"))?;
    CustomSection {
        name: rutter_manifest::SECTION.into(),
        data: manifest_text.as_bytes().into(),
    }
    .append_to_component(&mut component);
    Ok(component)
}

/// A package that is a plugin.
struct PluginSource {
    name: String,
    package: String,
    manifest_path: PathBuf,
    manifest_text: String,
}

impl PluginSource {
    fn finish(&self, module: &Path, output: &Path) -> Result<Built, BuildError> {
        let module =
            std::fs::read(module).map_err(system(format!("read `{}`", module.display())))?;
        let bytes =
            componentise(&module, &self.manifest_text).map_err(|reason| BuildError::Component {
                plugin: self.name.clone(),
                reason,
            })?;
        let inspected = inspect(&bytes).map_err(|error| BuildError::Plugin {
            plugin: self.name.clone(),
            error,
        })?;
        let path = output.join(format!("{}.wasm", self.name));
        // An equal file stays untouched: whoever watches its time need not look again.
        let changed = !std::fs::read(&path).is_ok_and(|before| before == bytes);
        if changed {
            replace(&path, &bytes)?;
        }
        Ok(Built {
            path,
            inspected,
            changed,
        })
    }
}

/// Replaces a file whole: a run that starts meanwhile reads the old one or the new one.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    let beside = path.with_extension("wasm.new");
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(system(format!("write `{}`", path.display())))
}

/// What cargo knows about a folder.
#[derive(Deserialize)]
struct Workspace {
    packages: Vec<Package>,
    #[serde(rename = "target_directory")]
    target_folder: PathBuf,
    #[serde(rename = "workspace_root")]
    root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
}

impl Workspace {
    fn read(options: &Options) -> Result<Self, BuildError> {
        let folder = &options.source;
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = (options.start)(&cargo);
        command
            .args([
                "metadata",
                "--no-deps",
                "--format-version=1",
                "--manifest-path",
            ])
            .arg(folder.join("Cargo.toml"));
        if options.offline {
            command.arg("--offline");
        }
        let output = command
            .output()
            .map_err(system("start `cargo`".to_owned()))?;
        let no_package = |reason: String| BuildError::NoPackage {
            folder: folder.clone(),
            reason,
        };
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(no_package(
                said.trim().trim_start_matches("error: ").to_owned(),
            ));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| no_package(error.to_string()))
    }

    /// The plugins to build: the one whose folder was named, or all of the workspace.
    fn plugins(&self, folder: &Path, only: &[String]) -> Result<Vec<PluginSource>, BuildError> {
        let own = folder.join("plugin.toml");
        let own_folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let mut plugins = Vec::new();
        for package in &self.packages {
            let package_folder = package.manifest_path.parent().unwrap_or(Path::new(""));
            if own.is_file() && package_folder != own_folder {
                continue;
            }
            plugins.extend(package.as_plugin()?);
        }
        if plugins.is_empty() {
            return Err(BuildError::NoPlugin {
                folder: folder.to_owned(),
            });
        }
        if let Some(name) = only
            .iter()
            .find(|name| !plugins.iter().any(|one| one.name == **name))
        {
            let names = plugins.iter().map(|one| one.name.as_str());
            return Err(BuildError::Unknown {
                name: name.clone(),
                nearest: rutter_manifest::nearest(name, names).map(str::to_owned),
            });
        }
        plugins.retain(|plugin| only.is_empty() || only.contains(&plugin.name));
        Ok(plugins)
    }
}

impl Package {
    fn as_plugin(&self) -> Result<Option<PluginSource>, BuildError> {
        let path = self.manifest_path.with_file_name("plugin.toml");
        let manifest_text = match rutter_files::read_text(&path, rutter_files::TEXT_MAX) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(system(format!("read `{}`", path.display()))(error)),
        };
        let manifest = Manifest::parse(&manifest_text)
            .map_err(|error| BuildError::Manifest { path, error })?;
        Ok(Some(PluginSource {
            name: manifest.plugin.name,
            package: self.name.clone(),
            manifest_path: self.manifest_path.clone(),
            manifest_text,
        }))
    }
}

/// One line of what cargo reports: an artefact, or something of no interest here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Runs cargo once for all plugins; returns the module of each by its package's `Cargo.toml`.
fn compile(
    workspace: &Workspace,
    plugins: &[PluginSource],
    toolchain: &Toolchain,
    options: &Options,
) -> Result<BTreeMap<PathBuf, PathBuf>, BuildError> {
    let mut command = toolchain.cargo_build(options.start);
    command
        .args([
            "--lib",
            "--profile",
            "plugin",
            "--message-format=json-render-diagnostics",
        ])
        .arg("--manifest-path")
        .arg(workspace.root.join("Cargo.toml"))
        .args(
            plugins
                .iter()
                .flat_map(|plugin| ["--package", &plugin.package]),
        )
        .args(PROFILE.iter().flat_map(|setting| ["--config", setting]))
        .arg("--config")
        .arg(flags(workspace))
        .stdout(Stdio::piped());
    if let Some(target) = &options.target {
        command.arg("--target-dir").arg(target);
    }
    if options.offline {
        command.arg("--offline");
    }
    let mut child = command
        .spawn()
        .map_err(system("start `cargo`".to_owned()))?;
    let reports = child.stdout.take().expect("standard output is piped");
    let mut modules = BTreeMap::new();
    for message in serde_json::Deserializer::from_reader(BufReader::new(reports))
        .into_iter::<Message>()
        .map_while(Result::ok)
        .filter(|message| message.reason == "compiler-artifact")
    {
        let module = message.filenames.into_iter().find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        });
        if let Some(module) = module {
            modules.insert(message.manifest_path, module);
        }
    }
    let status = child
        .wait()
        .map_err(system("wait for `cargo`".to_owned()))?;
    if status.success() {
        Ok(modules)
    } else {
        Err(BuildError::Compile)
    }
}

/// The compiler's flags: a small stack, and no folder of this machine in the messages of panics.
fn flags(workspace: &Workspace) -> String {
    let mut flags = vec![format!("-Clink-arg=-zstack-size={STACK}")];
    let mut rename = |folder: PathBuf, name: &str| {
        flags.push(format!("--remap-path-prefix={}={name}", folder.display()));
    };
    if let Some(home) = std::env::home_dir() {
        rename(home, "~");
    }
    rename(workspace.root.clone(), "source");
    let flags: Vec<String> = flags.iter().map(|flag| format!("{flag:?}")).collect();
    format!("target.{TARGET}.rustflags=[{}]", flags.join(","))
}

fn system(what: String) -> impl FnOnce(std::io::Error) -> BuildError {
    move |source| BuildError::System { what, source }
}

#[cfg(test)]
mod tests {
    use super::{PROFILE, STACK, TARGET};

    /// What `make` compiles beside the program is what is looked for here.
    #[test]
    fn the_script_compiles_with_the_same_profile_and_flags() {
        let script = include_str!("../../../scripts/plugin-modules");
        for setting in PROFILE {
            assert!(
                script.contains(&format!("--config \"{setting}\"")),
                "{setting}"
            );
        }
        assert!(script.contains(&format!("-Clink-arg=-zstack-size={STACK}")));
        assert!(script.contains(&format!("target={TARGET}")));
    }
}
