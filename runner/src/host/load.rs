//! From the bytes of a component to a plugin that can be started: what it imports, the pool it fits
//! in, its code. What it says about itself was read before.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use rutter_manifest::Manifest;
use rutter_meaning::held::{self, Rule};
use rutter_plugin::{Outline, Plugin};
use wasmtime::component::Component;

use super::cache::{Cache, CacheKey};
use super::compiler::{self, CompileError, Compiler};
use super::pools::{
    POOLED_INSTANCES_MAX, POOLED_MEMORIES_MAX, POOLED_MEMORY_START_MAX, POOLED_TABLE_ELEMENTS_MAX,
    POOLED_TABLES_MAX, PoolName, Pools, SandboxError, compatibility,
};
use super::store::Guest;
use super::v0_1;

/// Why a component is not loaded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// It is no plugin of the line it says it speaks.
    #[error("it does not fit the interface `rutter:step`: {0}")]
    Interface(String),
    /// There is no code of it.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The engine it needs cannot be set up.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// A loaded plugin.
pub struct LoadedPlugin {
    manifest: Arc<Manifest>,
    digest: String,
    large: bool,
    /// Compiled for the pool it was loaded into.
    component: Component,
    home: Ready,
    /// The same in the large pool, made when the first is full.
    many: OnceLock<Result<Ready, String>>,
}

/// A component with its imports resolved, ready to be instantiated.
pub(super) type Ready = v0_1::StepPre<Guest>;

impl std::fmt::Debug for LoadedPlugin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("LoadedPlugin")
            .field("name", &self.manifest.plugin.name)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl LoadedPlugin {
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
    pub fn is_large(&self) -> bool {
        self.large
    }

    /// The component for a pool.
    pub(super) fn ready(&self, pools: &Pools, pool: PoolName) -> Result<&Ready, String> {
        if pool != PoolName::Many {
            return Ok(&self.home);
        }
        let made = self.many.get_or_init(|| {
            let code = self.component.serialize().map_err(text)?;
            let component = revive(pools, pool, &code).map_err(text)?;
            link(pools, pool, &component).map_err(text)
        });
        made.as_ref().map_err(Clone::clone)
    }
}

/// Loads plugins, and knows those that are loaded.
pub(super) struct Loader {
    cache: Option<Cache>,
    compiler: Compiler,
    compiled: AtomicUsize,
    loaded: Mutex<HashMap<String, Weak<LoadedPlugin>>>,
}

impl Loader {
    /// `kept` is the folder of compiled code and the key that vouches for it; a folder that cannot be used is none.
    pub(super) fn new(kept: Option<(&Path, CacheKey)>, compiler: Compiler) -> Self {
        let cache = kept.and_then(|(folder, key)| {
            Cache::open(folder, key)
                .inspect_err(|error| tracing::warn!(?folder, %error, "no cache of compiled code"))
                .ok()
        });
        Self {
            cache,
            compiler,
            compiled: AtomicUsize::new(0),
            loaded: Mutex::default(),
        }
    }

    /// How many components were compiled.
    pub(super) fn compiled(&self) -> usize {
        self.compiled.load(Ordering::Relaxed)
    }

    /// See [`super::Sandbox::load`].
    pub(super) fn load(
        &self,
        pools: &Pools,
        plugin: &Plugin,
    ) -> Result<Arc<LoadedPlugin>, LoadError> {
        let (digest, bytes) = (plugin.digest(), &plugin.bytes);
        if let Some(plugin) = self.loaded(digest) {
            return Ok(plugin);
        }
        let large = is_large(&plugin.inspected.outline, bytes.len());
        let pool = if large {
            PoolName::Large
        } else {
            PoolName::First
        };
        let component = self.component(pools, pool, digest, bytes)?;
        let home = link(pools, pool, &component)?;
        let plugin = Arc::new(LoadedPlugin {
            manifest: Arc::clone(&plugin.inspected.manifest),
            digest: digest.to_owned(),
            large,
            component,
            home,
            many: OnceLock::new(),
        });
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|_, plugin| plugin.strong_count() > 0);
        loaded.insert(digest.to_owned(), Arc::downgrade(&plugin));
        Ok(plugin)
    }

    fn loaded(&self, digest: &str) -> Option<Arc<LoadedPlugin>> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.get(digest)?.upgrade()
    }

    /// The component's code: from the cache, else compiled and put there.
    fn component(
        &self,
        pools: &Pools,
        pool: PoolName,
        digest: &str,
        bytes: &[u8],
    ) -> Result<Component, LoadError> {
        let engine = &pools.station(pool)?.engine;
        let key = format!("{digest}-{}", compatibility(engine));
        let cached = self.cache.as_ref().and_then(|cache| cache.read(&key));
        if let Some(code) = cached
            && let Ok(component) = revive(pools, pool, &code)
        {
            return Ok(component);
        }
        let refused = format!("{key}-refused");
        let before = self.cache.as_ref().and_then(|cache| cache.read(&refused));
        if let Some(why) = before {
            let why = String::from_utf8_lossy(&why).into_owned();
            return Err(CompileError::TooHard(why).into());
        }
        let compile = |error| CompileError::Refused(text(error));
        let compiled = match self.compiler {
            Compiler::Apart if held::hold(Rule::CompileApart) => compiler::apart(pool, bytes),
            Compiler::Apart | Compiler::Here => engine.precompile_component(bytes).map_err(compile),
        };
        if let (Some(cache), Err(CompileError::TooHard(why))) = (&self.cache, &compiled) {
            // To refuse it again costs nothing.
            let _ = cache.write(&refused, why.as_bytes());
        }
        let code = compiled?;
        self.compiled.fetch_add(1, Ordering::Relaxed);
        if let Some(cache) = &self.cache
            && let Err(error) = cache.write(&key, &code)
        {
            tracing::warn!(%error, "compiled code was not kept");
        }
        Ok(revive(pools, pool, &code).map_err(compile)?)
    }
}

/// Turns compiled code into a component of a pool's engine.
fn revive(pools: &Pools, pool: PoolName, code: &[u8]) -> wasmtime::Result<Component> {
    let engine = &pools.station(pool)?.engine;
    // SAFETY: the code was made by `precompile_component` or `serialize` of this program, here or in the
    // process that compiles, or it comes from the cache, where this host's key vouches for it; wasmtime
    // checks by itself that it was made by the same version with the same settings.
    unsafe { Component::deserialize(engine, code) }
}

fn link(pools: &Pools, pool: PoolName, component: &Component) -> Result<Ready, LoadError> {
    let linker = &pools.station(pool)?.linker;
    linker
        .instantiate_pre(component)
        .and_then(v0_1::StepPre::new)
        .map_err(|error| LoadError::Interface(text(error)))
}

/// Whether a component needs more than a pool's slot offers.
fn is_large(outline: &Outline, bytes: usize) -> bool {
    // Code of this size is an interpreter's, and starts faster by sharing its initial memory.
    const POOLED_COMPONENT_MAX: usize = 4 * 1024 * 1024;
    bytes > POOLED_COMPONENT_MAX
        || outline.instances > u64::from(POOLED_INSTANCES_MAX)
        || outline.memories > u64::from(POOLED_MEMORIES_MAX)
        || outline.memory_start > POOLED_MEMORY_START_MAX
        || outline.tables > u64::from(POOLED_TABLES_MAX)
        || outline.table_start > POOLED_TABLE_ELEMENTS_MAX
}

fn text(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
