//! The world over HTTP, so that official clients can talk to it.
//!
//! One port serves every product: a request says version and action, and each product has a version of its own. Beside the
//! API there are four pages about the world itself: `/-/state`, `/-/changes`, `/-/calls` and `/-/time`.
//!
//! Signatures are checked and temporary credentials expire by the real clock, since that is the one that clients have;
//! everything else happens on the world's, which may run faster.

mod clock;
mod door;
mod pages;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::world::World;
use clock::Clock;
use door::Nonces;

/// The largest request body: the longest documented parameter has 1 MB, and encoding can triple it.
const BODY_MAX: usize = 4 * 1024 * 1024;

/// How long requests under way may take once the server is to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// How the world is served.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Seconds that pass in the world in a real second; absent means as the world file says.
    pub time_scale: Option<f64>,
    /// The world's instant when serving begins, in milliseconds since the epoch; absent means as the world file says.
    pub start_ms: Option<i64>,
    /// The seed of identifiers; absent means as the world file says.
    pub seed: Option<u64>,
    /// Answers are held back as long as the world says the cloud takes.
    pub latency: bool,
    /// The server stops by itself after this time.
    pub limit: Option<Duration>,
    /// Listening on an address that others can reach is fine. It checks signatures, but it is no fortress.
    pub any_address: bool,
}

/// Why the world cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Others than this machine could reach it.
    #[error(
        "{0} can be reached from other machines; the simulated cloud listens on loopback only unless told otherwise"
    )]
    NotLoopback(SocketAddr),
    /// The time scale is no positive number.
    #[error("the time scale must be a positive number, not {0}")]
    TimeScale(f64),
    /// The operating system refused.
    #[error("the listener failed")]
    Io(#[from] std::io::Error),
}

/// Serves a world until `stop` is ready or the limit is over, and returns it as it is then.
///
/// # Errors
///
/// A listener that is not on loopback (unless allowed), a senseless time scale, or a failure of the listener.
pub async fn serve(
    world: World,
    listener: TcpListener,
    options: Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<World, ServeError> {
    let scale = admit(listener.local_addr()?, &options, &world)?;
    let shared = Arc::new(Shared {
        clock: Clock::start(options.start_ms.unwrap_or(world.settings.start_ms), scale),
        seed: options.seed.unwrap_or(world.settings.seed),
        latency: options.latency,
        nonces: Mutex::new(Nonces::default()),
        world: Mutex::new(world),
    });
    run(listener, router(shared.clone()), options.limit, stop).await?;
    let world = shared.world().clone();
    Ok(world)
}

/// Whether a world would be served at an address, and how fast its time passes then; nothing is done.
///
/// # Errors
///
/// As [`serve`], but for failures of the listener.
pub fn admit(address: SocketAddr, options: &Options, world: &World) -> Result<f64, ServeError> {
    if !address.ip().is_loopback() && !options.any_address {
        return Err(ServeError::NotLoopback(address));
    }
    let scale = options.time_scale.unwrap_or(world.settings.time_scale);
    if !(scale.is_finite() && scale > 0.0) {
        return Err(ServeError::TimeScale(scale));
    }
    Ok(scale)
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/-/state", get(pages::state))
        .route("/-/changes", get(pages::changes))
        .route("/-/calls", get(pages::calls))
        .route("/-/time", get(pages::time))
        .fallback(door::call)
        .with_state(shared)
}

async fn run(
    listener: TcpListener,
    router: Router,
    limit: Option<Duration>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (stopping, mut stopped) = tokio::sync::watch::channel(());
    let until = async move {
        match limit {
            Some(limit) => drop(tokio::time::timeout(limit, stop).await),
            None => stop.await,
        }
        // The receiver outlives this future; if it does not, nobody waits for the news.
        let _ = stopping.send(());
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(until);
    let drained = async {
        let _ = stopped.changed().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        result = std::future::IntoFuture::into_future(server) => result.map_err(ServeError::Io),
        () = drained => Ok(()),
    }
}

/// What all requests share.
struct Shared {
    world: Mutex<World>,
    clock: Clock,
    seed: u64,
    latency: bool,
    nonces: Mutex<Nonces>,
}

impl Shared {
    /// A request that panicked half-way leaves a world that can still be looked at.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
