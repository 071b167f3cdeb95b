//! What the store of an instance holds, and what it is held to: memory, tables, time, what passes at once.

use std::future::Future;
use std::sync::Arc;

use rutter_meaning::held::{self, Rule};
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, ResourceLimiter, Store, UpdateDeadline};

use super::context::Context;
use super::limits::{HANDLES_MAX, Limit, TABLE_ELEMENTS_MAX, lifted_max};
use super::line::Stop;
use super::meter::Meter;

/// What the host keeps for an instance.
pub(super) struct Guest {
    pub(super) context: Context,
    pub(super) table: ResourceTable,
    memory: MemoryCap,
    meter: Arc<Meter>,
}

/// A store for one instance, with every bound in place.
pub(super) fn store(engine: &Engine, context: Context, meter: Arc<Meter>) -> Store<Guest> {
    let mut table = ResourceTable::new();
    table.set_max_capacity(HANDLES_MAX);
    let guest = Guest {
        memory: MemoryCap::new(context.line.limits.memory_max),
        context,
        table,
        meter,
    };
    let mut store = Store::new(engine, guest);
    store.limiter(|guest| &mut guest.memory);
    if held::hold(Rule::TextLengths) {
        let lifted_max = lifted_max(&store.data().context.line.limits);
        store.set_hostcall_fuel(lifted_max);
    }
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| take_turn(store.data()));
    store
}

/// What happens when a guest has computed for a tick: others have their turn, or it has had its last.
fn take_turn(guest: &Guest) -> wasmtime::Result<UpdateDeadline> {
    if guest.meter.exhausted() {
        let limit = Limit::Cpu(guest.context.line.limits.cpu_max_ms);
        return Err(Stop::from(limit).into());
    }
    Ok(UpdateDeadline::YieldCustom(1, Box::pin(yield_now())))
}

fn yield_now() -> impl Future<Output = ()> + Send {
    tokio::task::yield_now()
}

/// Holds a guest's memories and tables to their limits.
struct MemoryCap {
    bytes_max: usize,
    /// Over all memories of the component.
    bytes: usize,
}

impl MemoryCap {
    fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            bytes: 0,
        }
    }
}

impl ResourceLimiter for MemoryCap {
    /// Ends the guest where it asks for too much: what it would do about a refusal is abort, and then
    /// nobody would know why.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let bytes = self.bytes.saturating_add(desired.saturating_sub(current));
        if bytes > self.bytes_max {
            return Err(Stop::from(Limit::Memory(self.bytes_max)).into());
        }
        self.bytes = bytes;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }
}
