//! When a call is sent again: data and arithmetic.

use crate::plan::Retry;
use crate::ticket::Ticket;
use crate::time::Timestamp;

/// A call is sent at most so often…
const TRIES_MAX: u32 = 10;
/// …and not again so long after the first time. Milliseconds.
const SPAN_MAX_MS: u64 = 10 * 60 * 1_000;
/// The first pause; it doubles. The documents lay no pace down. Milliseconds.
const PAUSE_FIRST_MS: u64 = 1_000;
/// The longest pause. Milliseconds.
const PAUSE_MAX_MS: u64 = 60 * 1_000;

/// When a call that may be sent again is due, or `None` when it has been tried long enough.
pub(crate) fn send_again(ticket: &Ticket, now: Timestamp, salt: &str) -> Option<Timestamp> {
    if ticket.tries >= TRIES_MAX || now.since(ticket.first) >= SPAN_MAX_MS {
        return None;
    }
    let pause = doubled(PAUSE_FIRST_MS, PAUSE_MAX_MS, ticket.tries);
    Some(now.after(jittered(pause, salt, ticket.tries)))
}

/// When the attempt after `attempts` failed ones is due.
pub(crate) fn next_attempt(retry: &Retry, attempts: u32, now: Timestamp) -> Timestamp {
    now.after(doubled(retry.delay_ms, retry.max_delay_ms, attempts))
}

fn doubled(first_ms: u64, max_ms: u64, times: u32) -> u64 {
    let factor = 1_u64
        .checked_shl(times.saturating_sub(1))
        .unwrap_or(u64::MAX);
    first_ms.saturating_mul(factor).min(max_ms)
}

/// Between half and all of the pause, spread by the caller's name (FNV-1a), so that a thousand steps
/// throttled together do not come back together and a replay still waits alike.
fn jittered(pause_ms: u64, salt: &str, tries: u32) -> u64 {
    let seed = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(tries);
    let hash = salt.bytes().fold(seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let half = pause_ms / 2;
    half + (hash >> 16) % (half + 1)
}
