//! The world's clock when it is served: real time, stretched.

use std::time::Instant;

pub(super) struct Clock {
    began: Instant,
    pub start_ms: i64,
    pub scale: f64,
}

impl Clock {
    pub fn start(start_ms: i64, scale: f64) -> Self {
        Self {
            began: Instant::now(),
            start_ms,
            scale,
        }
    }

    /// Returns the world's instant, in milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        let elapsed_ms = self.began.elapsed().as_secs_f64() * 1000.0 * self.scale;
        self.start_ms.saturating_add(elapsed_ms as i64)
    }
}
