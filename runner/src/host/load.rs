//! From the bytes of a component to a plugin that can be started: what it imports, the room it fits
//! in, its code. What it says about itself is read by [`crate::plugin::inspect()`].

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError};

use rutter_manifest::Manifest;
use wasmparser::{Parser, Payload};
use wasmtime::component::Component;

use super::guest::Guest;
use super::sandbox::{
    POOLED_INSTANCES_MAX, POOLED_MEMORIES_MAX, POOLED_MEMORY_START_MAX, POOLED_TABLE_ELEMENTS_MAX,
    POOLED_TABLES_MAX, RoomName, Sandbox, SandboxError, Shared, compatibility,
};
use super::v0_1;
use crate::plugin::{PluginError, inspect};

/// A component's size in bytes. A bundled interpreter has some tens of megabytes.
const COMPONENT_MAX: usize = 128 * 1024 * 1024;

/// The interface's package, before the name of an interface.
const PACKAGE: &str = "rutter:step/";

/// Why a component is not loaded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// More bytes than any plugin needs.
    #[error("it has {bytes} bytes, more than the {bytes_max} allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// No component, no plugin, or a plugin for another host.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// It wants what no plugin gets.
    #[error(
        "it imports `{0}`, which no plugin gets: only `rutter:step` is there (no WASI, no files, no network)"
    )]
    UnknownImport(String),
    /// It is no plugin of the line it says it speaks.
    #[error("it does not fit the interface `rutter:step`: {0}")]
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
        if bytes.len() > COMPONENT_MAX {
            return Err(LoadError::TooLarge {
                bytes: bytes.len(),
                bytes_max: COMPONENT_MAX,
            });
        }
        let inspected = inspect(bytes)?;
        let digest = inspected.digest;
        if let Some(plugin) = self.loaded(&digest) {
            return Ok(plugin);
        }
        let outline = Outline::read(bytes).map_err(|error| LoadError::Compile(text(error)))?;
        if let Some(import) = outline.unknown_import {
            return Err(LoadError::UnknownImport(import));
        }
        let manifest = Arc::new(inspected.manifest);
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
struct Outline {
    unknown_import: Option<String>,
    instances: u32,
    memories: u32,
    memory_start: u64,
    tables: u32,
    table_start: u64,
}

impl Outline {
    fn read(bytes: &[u8]) -> wasmparser::Result<Self> {
        let mut outline = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(imports) if depth == 1 => {
                    for import in imports {
                        outline.note_import(&import?);
                    }
                }
                other => outline.note(other)?,
            }
        }
        Ok(outline)
    }

    fn note_import(&mut self, import: &wasmparser::ComponentImport<'_>) {
        // Types give a component nothing it could call.
        let is_type = matches!(import.ty, wasmparser::ComponentTypeRef::Type(_));
        if !is_type && !import.name.name.starts_with(PACKAGE) {
            self.unknown_import = Some(import.name.name.to_owned());
        }
    }

    /// Counts what a pool has a fixed number of, at any depth.
    fn note(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    let made = matches!(instance?, wasmparser::Instance::Instantiate { .. });
                    self.instances += u32::from(made);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.memories += 1;
                    let bytes = memory?.initial.saturating_mul(64 * 1024);
                    self.memory_start = self.memory_start.max(bytes);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    self.tables += 1;
                    self.table_start = self.table_start.max(table?.ty.initial);
                }
            }
            _ => {}
        }
        Ok(())
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

fn text(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
