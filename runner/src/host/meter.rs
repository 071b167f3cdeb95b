//! How long a guest has computed, and the one thread that interrupts guests so that they share a
//! thread and keep within their budget.
//!
//! A guest's time is measured around each poll of its task, so waiting costs nothing. The ticking
//! thread moves the engines' epochs only while a guest computes and sleeps for good otherwise.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use std::thread::Thread;
use std::time::{Duration, Instant};

use wasmtime::{Engine, EngineWeak};

/// The length of a tick: how long a guest may compute before others on its thread have their turn.
const TICK: Duration = Duration::from_millis(10);

/// Ticks without a guest before the thread parks; waking it again costs a system call, so that it
/// should not park between two calls of a busy run.
const IDLE_TICKS: u32 = 20;

/// The computing time of one guest.
#[derive(Debug)]
pub(super) struct Meter {
    born: Instant,
    budget_ms: u64,
    used_ns: AtomicU64,
    /// Nanoseconds from `born` to the start of the poll under way.
    entered_ns: AtomicU64,
}

impl Meter {
    /// A meter with a budget in milliseconds.
    pub(super) fn new(budget_ms: u64) -> Self {
        Self {
            born: Instant::now(),
            budget_ms,
            used_ns: AtomicU64::new(0),
            entered_ns: AtomicU64::new(0),
        }
    }

    /// Whether the guest, computing now, has used up its budget.
    pub(super) fn exhausted(&self) -> bool {
        let turn = self
            .now_ns()
            .saturating_sub(self.entered_ns.load(Ordering::Relaxed));
        let used = self.used_ns.load(Ordering::Relaxed).saturating_add(turn);
        used > self.budget_ms.saturating_mul(1_000_000)
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn enter(&self) {
        self.entered_ns.store(self.now_ns(), Ordering::Relaxed);
    }

    fn leave(&self) {
        let turn = self
            .now_ns()
            .saturating_sub(self.entered_ns.load(Ordering::Relaxed));
        self.used_ns.fetch_add(turn, Ordering::Relaxed);
    }
}

/// The ticking thread of a sandbox.
#[derive(Debug, Default)]
pub(super) struct Ticker {
    state: Arc<State>,
    thread: OnceLock<Thread>,
}

#[derive(Default)]
struct State {
    engines: Mutex<Vec<EngineWeak>>,
    computing: AtomicUsize,
    parked: AtomicBool,
    stopped: AtomicBool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("State")
            .field("computing", &self.computing)
            .finish_non_exhaustive()
    }
}

impl Ticker {
    /// Moves the epoch of `engine` from now on.
    pub(super) fn watch(&self, engine: &Engine) {
        let mut engines = self
            .state
            .engines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        engines.push(engine.weak());
    }

    /// Polls a guest's future to its end under `meter`. `None` when it panicked, which is our bug and
    /// must not take the run with it.
    pub(super) async fn drive<F: Future>(&self, meter: &Meter, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        std::future::poll_fn(|context| {
            let _turn = self.turn(meter);
            let poll = AssertUnwindSafe(|| future.as_mut().poll(context));
            match std::panic::catch_unwind(poll) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
                Err(_) => Poll::Ready(None),
            }
        })
        .await
    }

    fn turn<'a>(&'a self, meter: &'a Meter) -> Turn<'a> {
        let thread = self.thread.get_or_init(|| spawn(Arc::clone(&self.state)));
        self.state.computing.fetch_add(1, Ordering::SeqCst);
        if self.state.parked.load(Ordering::SeqCst) {
            thread.unpark();
        }
        meter.enter();
        Turn {
            ticker: self,
            meter,
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// One poll of a guest's future.
struct Turn<'a> {
    ticker: &'a Ticker,
    meter: &'a Meter,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.meter.leave();
        self.ticker.state.computing.fetch_sub(1, Ordering::SeqCst);
    }
}

fn spawn(state: Arc<State>) -> Thread {
    let builder = std::thread::Builder::new().name("rutter-epoch".to_owned());
    let handle = builder
        .spawn(move || tick(&state))
        .expect("a process that runs guests can start one thread");
    handle.thread().clone()
}

fn tick(state: &State) {
    let mut idle_ticks = 0;
    while !state.stopped.load(Ordering::SeqCst) {
        std::thread::sleep(TICK);
        if state.computing.load(Ordering::SeqCst) > 0 {
            idle_ticks = 0;
            advance(state);
        } else if idle_ticks < IDLE_TICKS {
            idle_ticks += 1;
        } else {
            idle_ticks = 0;
            park(state);
        }
    }
}

fn advance(state: &State) {
    let engines = state.engines.lock().unwrap_or_else(PoisonError::into_inner);
    for engine in engines.iter().filter_map(EngineWeak::upgrade) {
        engine.increment_epoch();
    }
}

/// Sleeps until a guest computes. A guest that begins between the two lines sees `parked` and leaves
/// a token that makes `park` return at once.
fn park(state: &State) {
    state.parked.store(true, Ordering::SeqCst);
    if state.computing.load(Ordering::SeqCst) == 0 && !state.stopped.load(Ordering::SeqCst) {
        std::thread::park();
    }
    state.parked.store(false, Ordering::SeqCst);
}
