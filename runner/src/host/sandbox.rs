//! What all guests of a process share: the engines they run in, and the plugins that are loaded.

use std::path::PathBuf;
use std::sync::Arc;

use rutter_plugin::Plugin;

use super::cache::CacheKey;
use super::compiler::Compiler;
use super::load::{LoadError, LoadedPlugin, Loader};
use super::pools::{Pools, SandboxError};

/// How a sandbox is set up.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// The folder of compiled code; `None` compiles anew in each process.
    pub cache_dir: Option<PathBuf>,
    /// The key that vouches for compiled code, in a folder of its own; without it nothing is kept.
    pub cache_key: Option<CacheKey>,
    /// Who compiles.
    pub compiler: Compiler,
    /// Guests under way at once, waiting ones included.
    pub pool_size: u32,
    /// Guests under way at once of components that are too large for the pool.
    pub large_max: u32,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            cache_dir: None,
            cache_key: None,
            compiler: Compiler::Here,
            // All items that a step can have wait, and those of another work. Four mappings each leave a
            // quarter of what the system has for a process.
            pool_size: 12_000,
            // 2 MiB and some ten mappings each.
            large_max: 500,
        }
    }
}

/// The engines and everything that guests share. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    pools: Arc<Pools>,
    loader: Arc<Loader>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sandbox").finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Sets up the first engine; the others follow when they are needed.
    ///
    /// # Errors
    /// When the machine does not allow it. A pool that does not fit into the address space is no
    /// error: guests are then made on demand. Neither is a cache that cannot be written.
    pub fn new(settings: &SandboxSettings) -> Result<Self, SandboxError> {
        let kept = settings
            .cache_dir
            .as_deref()
            .zip(settings.cache_key.clone());
        Ok(Self {
            pools: Pools::new(settings.pool_size, settings.large_max)?,
            loader: Arc::new(Loader::new(kept, settings.compiler.clone())),
        })
    }

    /// Loads a plugin. A component whose code is in the cache is not compiled; one that is loaded
    /// already is shared. Takes as long as compiling does: some ten milliseconds for a Rust plugin,
    /// seconds for one that brings an interpreter.
    ///
    /// # Errors
    /// When it is no plugin for this host, or does not compile; the error says which.
    pub fn load(&self, plugin: &Plugin) -> Result<Arc<LoadedPlugin>, LoadError> {
        self.loader.load(&self.pools, plugin)
    }

    /// Returns how many components were compiled since the sandbox was set up; what came from the
    /// cache is not counted.
    pub fn compiled(&self) -> usize {
        self.loader.compiled()
    }

    /// Returns how many guests of pooled or of large components can be under way at once.
    pub fn places(&self, large: bool) -> usize {
        self.pools.places(large)
    }

    /// Returns how many guests are under way.
    pub fn guests(&self) -> u32 {
        self.pools.guests()
    }

    pub(super) fn pools(&self) -> &Arc<Pools> {
        &self.pools
    }
}
