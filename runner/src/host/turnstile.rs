//! How many calls an account is asked at most: no more than its rate arrive in any second, for certain.
//!
//! Sending at a rate is not enough for that: what was sent evenly arrives in a heap behind a connection that was
//! slow to come about, or from a machine that did something else meanwhile. So a call holds a place from before it
//! is sent until a second after its answer. Whatever arrived within a second is either still under way at its end
//! or was answered within it, and both hold places, of which there are no more than the rate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Line, MutexGuard, OwnedSemaphorePermit, Semaphore};

use super::pace::{LaneName, lane_of};
use rutter_engine::Call;

/// How long a place is held after the answer: the rate is that of a second, and clocks are no better than this.
const HELD: Duration = Duration::from_millis(1_005);

/// The places of all lanes of a run.
#[derive(Debug)]
pub struct Turnstile {
    places: usize,
    held: Duration,
    lanes: Mutex<BTreeMap<LaneName, Arc<Lane>>>,
}

#[derive(Debug)]
struct Lane {
    places: Arc<Semaphore>,
    /// Held by the first in the line. Only that one asks how long it has to wait: what is told to those behind it
    /// would be wrong by the time it is their turn.
    first: Line<()>,
}

/// A call's place.
#[derive(Debug)]
pub struct Turn {
    place: OwnedSemaphorePermit,
    lane: Arc<Lane>,
    held: Duration,
}

impl Turnstile {
    /// Lets `per_second` calls through in any second, of each account and product.
    pub fn new(per_second: f64) -> Self {
        Self::with_places(per_second.max(1.0) as usize, HELD)
    }

    fn with_places(places: usize, held: Duration) -> Self {
        Self {
            places: places.min(Semaphore::MAX_PERMITS),
            held,
            lanes: Mutex::default(),
        }
    }

    /// Waits for a place; who came first has the first that is free.
    pub async fn enter(&self, call: &Call) -> Turn {
        let lane = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            let free = || {
                Arc::new(Lane {
                    places: Arc::new(Semaphore::new(self.places)),
                    first: Line::new(()),
                })
            };
            Arc::clone(lanes.entry(lane_of(call)).or_insert_with(free))
        };
        let place = Arc::clone(&lane.places).acquire_owned().await;
        Turn {
            place: place.expect("a lane is never closed"),
            lane,
            held: self.held,
        }
    }
}

impl Turn {
    /// Waits until no other call of the lane is before this one.
    pub async fn first(&self) -> MutexGuard<'_, ()> {
        self.lane.first.lock().await
    }

    /// The call was answered.
    pub fn answered(self) {
        tokio::spawn(async move {
            tokio::time::sleep(self.held).await;
            drop(self.place);
        });
    }
}

#[cfg(test)]
mod tests {
    use rutter_meaning::table::a_read;
    use tokio::time::Instant;

    use super::*;

    /// Sends calls as fast as they are let through, each answered after `latency`; when each arrived.
    async fn arrivals(turnstile: &Arc<Turnstile>, calls: usize, latency: Duration) -> Vec<Instant> {
        let mut sent = tokio::task::JoinSet::new();
        for _ in 0..calls {
            let turnstile = Arc::clone(turnstile);
            sent.spawn(async move {
                let turn = turnstile.enter(&a_read("home")).await;
                // The way there takes some of it.
                tokio::time::sleep(latency / 2).await;
                let arrived = Instant::now();
                tokio::time::sleep(latency / 2).await;
                turn.answered();
                arrived
            });
        }
        let mut arrivals = sent.join_all().await;
        arrivals.sort();
        arrivals
    }

    #[tokio::test]
    async fn no_more_than_the_rate_arrive_in_any_second_however_slow_the_way_is() {
        // A short second.
        let second = Duration::from_millis(40);
        for latency in [Duration::ZERO, second / 3, second * 2] {
            let turnstile = Arc::new(Turnstile::with_places(10, second));
            let arrivals = arrivals(&turnstile, 95, latency).await;
            for window in arrivals.windows(11) {
                let within = window[10] - window[0];
                assert!(within >= second, "{latency:?}: {within:?}");
            }
        }
    }

    #[tokio::test]
    async fn as_many_as_the_rate_go_at_once_and_no_more() {
        let (turnstile, here, away) = (Turnstile::new(2.0), a_read("home"), a_read("away"));
        let one = turnstile.enter(&here).await;
        let _two = turnstile.enter(&here).await;
        let third = tokio::time::timeout(Duration::from_millis(20), turnstile.enter(&here));
        assert!(third.await.is_err(), "there were two places");
        turnstile.enter(&away).await;
        drop(one);
        turnstile.enter(&here).await;
    }
}
