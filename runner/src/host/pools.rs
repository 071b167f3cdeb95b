//! The engines that guests run in, and how many guests each takes.
//!
//! There are three *pools*. `First` is small and cheap to make, so that a short run starts at
//! once. `Many` is for twelve thousand suspended guests; its tables cost some ten milliseconds,
//! so it is made when the first is full. Both take components as the Rust tool chain makes them and
//! share compiled code. `Large` makes instances on demand, for components that bring a language along.
//!
//! A suspended guest costs a slot of a pool: about 48 KiB touched and four memory mappings (two of its
//! stack, two of its memory). Copy-on-write images would cost two mappings more, and the system has
//! 65,530 for a process.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;
use wasmtime::component::Linker;
use wasmtime::{Config, Engine, PoolingAllocationConfig};

use super::meter::Ticker;
use super::store::Guest;
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

/// The sandbox cannot be set up on this machine.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the WebAssembly engine cannot be set up: {0}")]
pub struct SandboxError(String);

/// All pools of a process.
pub(super) struct Pools {
    first: Pool,
    many: Pool,
    large: Pool,
    /// A permit was given back.
    freed: Notify,
    pub(super) ticker: Ticker,
}

impl Pools {
    /// So many guests in all pools of pooled components, and so many of large ones. The first engine is made; the
    /// others follow when they are needed.
    pub(super) fn new(pooled: u32, large: u32) -> Result<Arc<Self>, SandboxError> {
        let first = FIRST_SIZE.min(pooled);
        let pools = Self {
            first: Pool::new(PoolName::First, first),
            many: Pool::new(PoolName::Many, pooled - first),
            large: Pool::new(PoolName::Large, large),
            freed: Notify::new(),
            ticker: Ticker::default(),
        };
        pools.station(PoolName::First)?;
        Ok(Arc::new(pools))
    }

    /// How many guests of pooled or of large components can be under way at once.
    pub(super) fn places(&self, large: bool) -> usize {
        let pools = self.pools(large);
        pools.iter().map(|pool| pool.size as usize).sum()
    }

    /// How many guests are under way.
    pub(super) fn guests(&self) -> u32 {
        let pools = [&self.first, &self.many, &self.large];
        pools
            .iter()
            .map(|pool| pool.used.load(Ordering::Relaxed))
            .sum()
    }

    fn pool(&self, name: PoolName) -> &Pool {
        match name {
            PoolName::First => &self.first,
            PoolName::Many => &self.many,
            PoolName::Large => &self.large,
        }
    }

    /// The engine of a pool, made at the first use.
    pub(super) fn station(&self, name: PoolName) -> Result<&Station, SandboxError> {
        let pool = self.pool(name);
        let made = pool.station.get_or_init(|| {
            let station = build(pool).map_err(|error| SandboxError(format!("{error:#}")))?;
            self.ticker.watch(&station.engine);
            Ok(station)
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn pools(&self, large: bool) -> Vec<&Pool> {
        match large {
            true => vec![&self.large],
            false => vec![&self.first, &self.many],
        }
    }

    /// Takes a permit for a guest of a pooled or a large component, once there is one.
    pub(super) async fn admit(self: &Arc<Self>, large: bool) -> PoolPermit {
        loop {
            let freed = self.freed.notified();
            let free = self.pools(large).into_iter().find(|pool| pool.take());
            if let Some(pool) = free {
                return PoolPermit {
                    pool: pool.name,
                    pools: Arc::clone(self),
                };
            }
            freed.await;
        }
    }
}

/// Where a guest can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolName {
    /// The small pool.
    First,
    /// The large pool.
    Many,
    /// Instances on demand.
    Large,
}

impl PoolName {
    /// Its name for another process.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Many => "many",
            Self::Large => "large",
        }
    }

    /// The pool of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = [Self::First, Self::Many, Self::Large].into_iter();
        all.find(|pool| pool.text() == name)
    }
}

/// A component's code for a pool, which nothing is started in.
pub(super) fn precompile(pool: PoolName, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let engine = Engine::new(&config_of(pool)).map_err(|error| format!("{error:#}"))?;
    let code = engine.precompile_component(bytes);
    code.map_err(|error| format!("{error:#}"))
}

struct Pool {
    name: PoolName,
    size: u32,
    used: AtomicU32,
    station: OnceLock<Result<Station, SandboxError>>,
}

impl Pool {
    fn new(name: PoolName, size: u32) -> Self {
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

/// A guest's permit to be in a pool, given back when dropped.
pub(super) struct PoolPermit {
    pub(super) pool: PoolName,
    pools: Arc<Pools>,
}

impl Drop for PoolPermit {
    fn drop(&mut self) {
        self.pools
            .pool(self.pool)
            .used
            .fetch_sub(1, Ordering::AcqRel);
        self.pools.freed.notify_waiters();
    }
}

/// The name of an engine's compiled code: changes with the compiler's version and with every setting
/// that code depends on.
pub(super) fn compatibility(engine: &Engine) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn build(pool: &Pool) -> wasmtime::Result<Station> {
    let mut config = config_of(pool.name);
    if pool.name != PoolName::Large {
        config.allocation_strategy(allocation(pool.size));
    }
    let engine = match Engine::new(&config) {
        Err(error) if pool.name != PoolName::Large => {
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
fn config_of(pool: PoolName) -> Config {
    let mut config = config();
    // Few and big: sharing their initial memory is worth the mappings.
    config.memory_init_cow(pool == PoolName::Large);
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

fn allocation(size: u32) -> PoolingAllocationConfig {
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
