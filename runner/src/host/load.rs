//! From the bytes of a component to a plugin that can be started: its manifest, its interface line,
//! the room it fits in, its code.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError};

use rutter_manifest::{Manifest, ManifestError, SECTION};
use sha2::{Digest, Sha256};
use wasmparser::{Encoding, Parser, Payload};
use wasmtime::component::Component;

use super::guest::Guest;
use super::sandbox::{
    POOLED_INSTANCES_MAX, POOLED_MEMORIES_MAX, POOLED_MEMORY_START_MAX, POOLED_TABLE_ELEMENTS_MAX,
    POOLED_TABLES_MAX, RoomName, Sandbox, SandboxError, Shared, compatibility,
};
use super::v0_1;

/// A component's size in bytes. A bundled interpreter has some tens of megabytes.
const COMPONENT_MAX: usize = 128 * 1024 * 1024;

/// The interface's package, before the `/` of an interface's name.
const PACKAGE: &str = "rutter:step/";
/// The interface lines this host speaks.
const LINES: &str = "0.1";

/// Why a component is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Not a component at all.
    #[error("it is not a WebAssembly component: {0}")]
    NotComponent(String),
    /// More bytes than any plugin needs.
    #[error("it has {bytes} bytes, more than the {bytes_max} allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// A component, but no plugin.
    #[error("it carries no manifest (custom section `{SECTION}`); `rutter plugin build` adds it")]
    NoManifest,
    /// Its manifest does not hold.
    #[error("its manifest is wrong: {0}")]
    Manifest(ManifestError),
    /// Made for a host that is older or newer.
    #[error(
        "it speaks line {found} of the interface `rutter:step`, this host speaks {spoken}: {remedy}"
    )]
    OtherLine {
        /// The version it imports.
        found: String,
        /// The lines that this host speaks.
        spoken: &'static str,
        /// Which side to upgrade.
        remedy: &'static str,
    },
    /// It wants what no plugin gets.
    #[error(
        "it imports `{0}`, which no plugin gets: only `rutter:step` is there (no WASI, no files, no network)"
    )]
    UnknownImport(String),
    /// It is no plugin of this line.
    #[error("it does not fit the interface `rutter:step` {LINES}: {0}")]
    Interface(String),
    /// The compiler refused it.
    #[error("it does not compile: {0}")]
    Compile(String),
    /// The engine it needs cannot be set up.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// A loaded plugin.
pub struct Plugin {
    manifest: Arc<Manifest>,
    digest: String,
    large: bool,
    /// Compiled for the room it was loaded into.
    component: Component,
    home: Ready,
    /// The same in the large pool, made when the first is full.
    many: OnceLock<Result<Ready, String>>,
}

/// A component with its imports resolved, ready to be instantiated.
pub(super) type Ready = v0_1::StepPre<Guest>;

impl std::fmt::Debug for Plugin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Plugin")
            .field("name", &self.manifest.plugin.name)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl Plugin {
    /// Returns the manifest it carries.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the SHA-256 of its bytes, 64 hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns the manifest it carries, to be kept.
    pub fn shared_manifest(&self) -> Arc<Manifest> {
        Arc::clone(&self.manifest)
    }

    /// Whether it needs more than a pool's slot offers.
    pub(super) fn is_large(&self) -> bool {
        self.large
    }

    /// The component for a room.
    pub(super) fn ready(&self, shared: &Shared, room: RoomName) -> Result<&Ready, String> {
        if room != RoomName::Many {
            return Ok(&self.home);
        }
        let made = self.many.get_or_init(|| {
            let code = self.component.serialize().map_err(text)?;
            let component = revive(shared, room, &code).map_err(text)?;
            link(shared, room, &component).map_err(text)
        });
        made.as_ref().map_err(Clone::clone)
    }
}

impl Sandbox {
    /// Loads a plugin. A component whose code is in the cache is not compiled; one that is loaded
    /// already is shared. Takes as long as compiling does: some ten milliseconds for a Rust plugin,
    /// seconds for one that brings an interpreter.
    ///
    /// # Errors
    /// When the bytes are no plugin, or no plugin for this host; the error says which.
    pub fn load(&self, bytes: &[u8]) -> Result<Arc<Plugin>, LoadError> {
        let digest = hex(&Sha256::digest(bytes));
        if let Some(plugin) = self.loaded(&digest) {
            return Ok(plugin);
        }
        let outline = Outline::read(bytes)?;
        let manifest = Arc::new(outline.manifest()?);
        let large = outline.is_large(bytes.len());
        let room = if large {
            RoomName::Large
        } else {
            RoomName::First
        };
        let component = self.shared.component(room, &digest, bytes)?;
        let home = link(&self.shared, room, &component)?;
        let plugin = Arc::new(Plugin {
            manifest,
            digest: digest.clone(),
            large,
            component,
            home,
            many: OnceLock::new(),
        });
        let mut loaded = self
            .shared
            .loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|_, plugin| plugin.strong_count() > 0);
        loaded.insert(digest, Arc::downgrade(&plugin));
        Ok(plugin)
    }

    fn loaded(&self, digest: &str) -> Option<Arc<Plugin>> {
        let loaded = self
            .shared
            .loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loaded.get(digest)?.upgrade()
    }
}

impl Shared {
    /// The component's code: from the cache, else compiled and put there.
    fn component(
        &self,
        room: RoomName,
        digest: &str,
        bytes: &[u8],
    ) -> Result<Component, LoadError> {
        let engine = &self.station(room)?.engine;
        let key = format!("{digest}-{}", compatibility(engine));
        let cached = self.cache.as_ref().and_then(|cache| cache.read(&key));
        if let Some(code) = cached
            && let Ok(component) = revive(self, room, &code)
        {
            return Ok(component);
        }
        let compile = |error| LoadError::Compile(text(error));
        let code = engine.precompile_component(bytes).map_err(compile)?;
        self.compiled.fetch_add(1, Ordering::Relaxed);
        if let Some(cache) = &self.cache
            && let Err(error) = cache.write(&key, &code)
        {
            tracing::warn!(%error, "compiled code was not kept");
        }
        revive(self, room, &code).map_err(compile)
    }
}

/// Turns compiled code into a component of a room's engine.
fn revive(shared: &Shared, room: RoomName, code: &[u8]) -> wasmtime::Result<Component> {
    let engine = &shared.station(room)?.engine;
    // SAFETY: the code was made by `precompile_component` or `serialize` of this process, or it comes
    // from the operator's own cache folder with an intact checksum; wasmtime checks by itself that it
    // was made by the same version with the same settings.
    unsafe { Component::deserialize(engine, code) }
}

fn link(shared: &Shared, room: RoomName, component: &Component) -> Result<Ready, LoadError> {
    let linker = &shared.station(room)?.linker;
    linker
        .instantiate_pre(component)
        .and_then(v0_1::StepPre::new)
        .map_err(|error| LoadError::Interface(text(error)))
}

/// What is read off a component before it is compiled.
#[derive(Default)]
struct Outline<'a> {
    manifest: Option<&'a [u8]>,
    imports: Vec<&'a str>,
    instances: u32,
    memories: u32,
    memory_start: u64,
    tables: u32,
    table_start: u64,
}

impl<'a> Outline<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, LoadError> {
        if bytes.len() > COMPONENT_MAX {
            return Err(LoadError::TooLarge {
                bytes: bytes.len(),
                bytes_max: COMPONENT_MAX,
            });
        }
        let mut outline = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(|error| LoadError::NotComponent(error.to_string()))?;
            match &payload {
                Payload::Version { encoding, .. } if depth == 0 => {
                    if *encoding == Encoding::Module {
                        return Err(LoadError::NotComponent(
                            "it is a core module; `rutter plugin build` makes a component of it"
                                .to_owned(),
                        ));
                    }
                    depth = 1;
                }
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                other => outline
                    .note(other, depth == 1)
                    .map_err(|error| LoadError::NotComponent(error.to_string()))?,
            }
        }
        Ok(outline)
    }

    fn note(&mut self, payload: &Payload<'a>, top: bool) -> wasmparser::Result<()> {
        match payload {
            Payload::CustomSection(section) if top && section.name() == SECTION => {
                self.manifest = Some(section.data());
            }
            Payload::ComponentImportSection(imports) if top => {
                for import in imports.clone() {
                    let import = import?;
                    // Types give a component nothing it could call.
                    if !matches!(import.ty, wasmparser::ComponentTypeRef::Type(_)) {
                        self.imports.push(import.name.name);
                    }
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    let made = matches!(instance?, wasmparser::Instance::Instantiate { .. });
                    self.instances += u32::from(made);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    self.memories += 1;
                    let bytes = memory?.initial.saturating_mul(64 * 1024);
                    self.memory_start = self.memory_start.max(bytes);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables.clone() {
                    self.tables += 1;
                    self.table_start = self.table_start.max(table?.ty.initial);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks that the component speaks a line this host speaks, and reads its manifest.
    fn manifest(&self) -> Result<Manifest, LoadError> {
        for import in &self.imports {
            check_import(import)?;
        }
        let bytes = self.manifest.ok_or(LoadError::NoManifest)?;
        let text = std::str::from_utf8(bytes).map_err(|_| LoadError::NoManifest)?;
        Manifest::parse(text).map_err(LoadError::Manifest)
    }

    fn is_large(&self, bytes: usize) -> bool {
        // Code of this size is an interpreter's, and starts faster by sharing its initial memory.
        const POOLED_COMPONENT_MAX: usize = 4 * 1024 * 1024;
        bytes > POOLED_COMPONENT_MAX
            || self.instances > POOLED_INSTANCES_MAX
            || self.memories > POOLED_MEMORIES_MAX
            || self.memory_start > POOLED_MEMORY_START_MAX
            || self.tables > POOLED_TABLES_MAX
            || self.table_start > POOLED_TABLE_ELEMENTS_MAX
    }
}

fn check_import(import: &str) -> Result<(), LoadError> {
    let Some(rest) = import.strip_prefix(PACKAGE) else {
        return Err(LoadError::UnknownImport(import.to_owned()));
    };
    let version = rest.split_once('@').map_or("", |(_, version)| version);
    if version == LINES
        || version
            .strip_prefix(LINES)
            .is_some_and(|rest| rest.starts_with('.'))
    {
        return Ok(());
    }
    let newer = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0))
        .gt(LINES.split('.').map(|part| part.parse().unwrap_or(0)));
    Err(LoadError::OtherLine {
        found: version.to_owned(),
        spoken: LINES,
        remedy: if newer {
            "upgrade rutter"
        } else {
            "build the plugin again with a newer SDK"
        },
    })
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

fn text(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
