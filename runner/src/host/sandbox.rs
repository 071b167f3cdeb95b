//! The engines that guests run in, and how many guests each takes.
//!
//! There are three *rooms*. `First` has a small pool, cheap to make, so that a short run starts at
//! once. `Many` has a pool for twelve thousand suspended guests; its tables cost some ten milliseconds,
//! so it is made when the first is full. Both take components as the Rust tool chain makes them and
//! share compiled code. `Large` makes instances on demand, for components that bring a language along.
//!
//! A suspended guest costs a slot of a pool: about 48 KiB touched and four memory mappings (two of its
//! stack, two of its memory). Copy-on-write images would cost two mappings more, and the system has
//! 65,530 for a process.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use tokio::sync::Notify;
use wasmtime::component::Linker;
use wasmtime::{Config, Engine, PoolingAllocationConfig};

use super::cache::{Cache, CacheKey};
use super::compiler::Compiler;
use super::guest::Guest;
use super::load::Plugin;
use super::meter::Ticker;
use super::v0_1;

/// Core instances of one component in a pool: the module, and the two small ones that the tool chain
/// puts beside it so that it can be imported into.
pub(super) const POOLED_INSTANCES_MAX: u32 = 4;
/// Tables of one component in a pool: the module's own and the tool chain's.
pub(super) const POOLED_TABLES_MAX: u32 = 3;
/// Memories of one component in a pool.
pub(super) const POOLED_MEMORIES_MAX: u32 = 1;
/// Elements of a table in a pool: functions whose address a plugin takes.
pub(super) const POOLED_TABLE_ELEMENTS_MAX: u64 = 4_096;
/// Bytes of memory a component in a pool begins with. More is brought along by interpreters only,
/// for which a start by copying all of it would be slow.
pub(super) const POOLED_MEMORY_START_MAX: u64 = 8 * 1024 * 1024;

/// Guests in the first pool: made in half a millisecond.
const FIRST_SIZE: u32 = 256;

/// The stack a guest and the host functions it calls run on. Untouched pages cost nothing.
const STACK_SIZE: usize = 1024 * 1024;
/// The part of it the guest's own frames may use.
const GUEST_STACK_MAX: usize = 512 * 1024;

/// Bytes of a used slot that stay with the process for the next guest: more than a step touches.
const KEEP_RESIDENT: usize = 128 * 1024;

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

/// The sandbox cannot be set up on this machine.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the WebAssembly engine cannot be set up: {0}")]
pub struct SandboxError(String);

/// The engines and everything that guests share. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) settings: SandboxSettings,
    first: Room,
    many: Room,
    large: Room,
    /// A place was given back.
    freed: Notify,
    pub(super) ticker: Ticker,
    pub(super) cache: Option<Cache>,
    pub(super) compiled: AtomicUsize,
    pub(super) loaded: Mutex<HashMap<String, Weak<Plugin>>>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Sandbox")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
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
        let cache = kept.and_then(|(folder, key)| {
            Cache::open(folder, key)
                .inspect_err(|error| tracing::warn!(?folder, %error, "no cache of compiled code"))
                .ok()
        });
        let first_size = FIRST_SIZE.min(settings.pool_size);
        let shared = Shared {
            first: Room::new(RoomName::First, first_size),
            many: Room::new(RoomName::Many, settings.pool_size - first_size),
            large: Room::new(RoomName::Large, settings.large_max),
            freed: Notify::new(),
            ticker: Ticker::default(),
            cache,
            compiled: AtomicUsize::new(0),
            loaded: Mutex::default(),
            settings: settings.clone(),
        };
        shared.station(RoomName::First)?;
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Returns how many components were compiled since the sandbox was set up; what came from the
    /// cache is not counted.
    pub fn compiled(&self) -> usize {
        self.shared.compiled.load(Ordering::Relaxed)
    }

    /// Returns how many guests of pooled or of large components can be under way at once.
    pub fn places(&self, large: bool) -> usize {
        let rooms = self.shared.rooms(large);
        rooms.iter().map(|room| room.size as usize).sum()
    }

    /// Returns how many guests are under way.
    pub fn guests(&self) -> u32 {
        let shared = &self.shared;
        [&shared.first, &shared.many, &shared.large]
            .iter()
            .map(|room| room.used.load(Ordering::Relaxed))
            .sum()
    }
}

/// Where a guest can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoomName {
    /// The small pool.
    First,
    /// The large pool.
    Many,
    /// Instances on demand.
    Large,
}

impl RoomName {
    /// Its name for another process.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Many => "many",
            Self::Large => "large",
        }
    }

    /// The room of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = [Self::First, Self::Many, Self::Large].into_iter();
        all.find(|room| room.text() == name)
    }
}

/// A component's code for a room, which nothing is started in.
pub(super) fn precompile(room: RoomName, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let engine = Engine::new(&config_of(room)).map_err(|error| format!("{error:#}"))?;
    let code = engine.precompile_component(bytes);
    code.map_err(|error| format!("{error:#}"))
}

struct Room {
    name: RoomName,
    size: u32,
    used: AtomicU32,
    station: OnceLock<Result<Station, SandboxError>>,
}

impl Room {
    fn new(name: RoomName, size: u32) -> Self {
        Self {
            name,
            size,
            used: AtomicU32::new(0),
            station: OnceLock::new(),
        }
    }

    fn take(&self) -> bool {
        let more = |used| (used < self.size).then_some(used + 1);
        self.used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more)
            .is_ok()
    }
}

/// An engine with the host's functions.
pub(super) struct Station {
    pub(super) engine: Engine,
    pub(super) linker: Linker<Guest>,
}

impl Shared {
    fn room(&self, name: RoomName) -> &Room {
        match name {
            RoomName::First => &self.first,
            RoomName::Many => &self.many,
            RoomName::Large => &self.large,
        }
    }

    /// The engine of a room, made at the first use.
    pub(super) fn station(&self, name: RoomName) -> Result<&Station, SandboxError> {
        let room = self.room(name);
        let made = room.station.get_or_init(|| {
            let station = build(room).map_err(|error| SandboxError(format!("{error:#}")))?;
            self.ticker.watch(&station.engine);
            Ok(station)
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn rooms(&self, large: bool) -> Vec<&Room> {
        match large {
            true => vec![&self.large],
            false => vec![&self.first, &self.many],
        }
    }

    /// Takes a place for a guest of a pooled or a large component, once there is one.
    pub(super) async fn admit(self: &Arc<Self>, large: bool) -> Place {
        loop {
            let freed = self.freed.notified();
            let free = self.rooms(large).into_iter().find(|room| room.take());
            if let Some(room) = free {
                return Place {
                    room: room.name,
                    shared: Arc::clone(self),
                };
            }
            freed.await;
        }
    }
}

/// A guest's place in a room, given back when dropped.
pub(super) struct Place {
    pub(super) room: RoomName,
    shared: Arc<Shared>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared
            .room(self.room)
            .used
            .fetch_sub(1, Ordering::AcqRel);
        self.shared.freed.notify_waiters();
    }
}

/// The name of an engine's compiled code: changes with the compiler's version and with every setting
/// that code depends on.
pub(super) fn compatibility(engine: &Engine) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn build(room: &Room) -> wasmtime::Result<Station> {
    let mut config = config_of(room.name);
    if room.name != RoomName::Large {
        config.allocation_strategy(pool(room.size));
    }
    let engine = match Engine::new(&config) {
        Err(error) if room.name != RoomName::Large => {
            tracing::warn!(%error, "no room for a pool, guests are made on demand");
            config.allocation_strategy(wasmtime::InstanceAllocationStrategy::OnDemand);
            Engine::new(&config)?
        }
        made => made?,
    };
    let mut linker = Linker::new(&engine);
    v0_1::link(&mut linker)?;
    Ok(Station { engine, linker })
}

/// What code depends on.
fn config_of(room: RoomName) -> Config {
    let mut config = config();
    // Few and big: sharing their initial memory is worth the mappings.
    config.memory_init_cow(room == RoomName::Large);
    config
}

/// What is the same for all engines. Whatever could make two starts of a guest differ is off or
/// pinned: threads, the bits of a NaN, relaxed vector instructions.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .memory_init_cow(false)
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable)
        .max_wasm_stack(GUEST_STACK_MAX)
        .async_stack_size(STACK_SIZE);
    config
}

fn pool(size: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(size)
        .total_core_instances(size.saturating_mul(POOLED_INSTANCES_MAX))
        .max_core_instances_per_component(POOLED_INSTANCES_MAX)
        .total_memories(size.saturating_mul(POOLED_MEMORIES_MAX))
        .max_memories_per_component(POOLED_MEMORIES_MAX)
        .total_tables(size.saturating_mul(POOLED_TABLES_MAX))
        .max_tables_per_component(POOLED_TABLES_MAX)
        .table_elements(usize::try_from(POOLED_TABLE_ELEMENTS_MAX).unwrap_or(usize::MAX))
        .total_stacks(size)
        // The pages that a guest touched are found and wiped instead of being given back to the
        // kernel and faulted in again: half the price of a start.
        .pagemap_scan(wasmtime::Enabled::Auto)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT);
    pool
}
