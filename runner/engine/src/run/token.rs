//! A client token of a change, and whether the cloud still honours it.

use crate::call::{Call, Repeat};
use crate::time::Timestamp;

/// When a token was sent first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    /// By our clock of now, so that it can be told how long ago that was.
    pub(super) sent: Timestamp,
    /// That is not certain.
    pub(super) is_old: bool,
}

impl Token {
    pub(super) fn sent(at: Timestamp) -> Self {
        Self {
            sent: at,
            is_old: false,
        }
    }
}

/// By how much a token may seem to be sent later than now: answers tell whole seconds.
const FROM_AHEAD_MS: u64 = 10_000;

/// Only where that is harmless, or a token that is certainly still honoured makes it so.
pub(super) fn may_repeat(call: &Call, token: Token, now: Timestamp) -> bool {
    match call.repeat {
        Repeat::Same => true,
        Repeat::Token { ttl_ms } => {
            let tomorrows = token.sent.since(now) > FROM_AHEAD_MS;
            !token.is_old && !tomorrows && now.since(token.sent) < ttl_ms
        }
        Repeat::Look | Repeat::Never => false,
    }
}
