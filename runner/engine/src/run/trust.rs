//! How far a run can be believed: whether its records are all there, and whether what was sent with a token may be sent
//! again.

use crate::call::{Call, Repeat};
use crate::record::Timestamp;
use crate::run::{Change, Run};

/// A journal that was begun again from its sound part. What came after it is not known, so that the run can only be
/// shown and taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// So many records from the first on were sound.
    pub sound: u64,
    /// So many there had been, at least, if that is known.
    pub reached: Option<u64>,
    /// What the damage was.
    pub damage: String,
    /// The folder beside the journal in which the damaged files are kept.
    pub kept: String,
}

impl Recovery {
    /// Whether records are missing, or nobody knows.
    pub fn lost_records(&self) -> bool {
        self.reached.is_none_or(|reached| reached > self.sound)
    }
}

impl Run {
    /// The newest recovery, if its journal was ever recovered.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.recovery.as_ref()
    }

    pub(super) fn recovered(&mut self, recovery: Recovery) {
        self.recovery = Some(recovery);
        self.confirmed = false;
        self.distrust_tokens();
    }

    /// Every token that was sent so far counts as old: when it was sent is not certain.
    pub(super) fn distrust_tokens(&mut self) {
        for change in &mut self.changes {
            change.token.is_old = true;
            change.reverse_token.is_old = true;
        }
    }

    /// The cloud's clock showed `cloud` when ours showed `ours`. It is the cloud that keeps tokens, so that their age is
    /// counted by its clock: where ours went another way since it was heard last, they are as much older or younger.
    pub(super) fn cloud_clock(&mut self, cloud: Timestamp, ours: Timestamp) {
        let ahead = cloud.0.saturating_sub(ours.0);
        let went = self
            .cloud_ahead
            .map_or(0, |before| before.saturating_sub(ahead));
        self.cloud_ahead = Some(ahead);
        for change in &mut self.changes {
            for token in [&mut change.token, &mut change.reverse_token] {
                token.sent = Timestamp(token.sent.0.saturating_add(went));
            }
        }
    }
}

/// When a token was sent first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    /// By our clock of now, so that it can be told how long ago that was.
    pub(super) sent: Timestamp,
    /// That is not certain.
    is_old: bool,
}

impl Token {
    pub(super) fn sent(at: Timestamp) -> Self {
        Self {
            sent: at,
            is_old: false,
        }
    }
}

impl Change {
    /// Whether the host may send a change again that may have happened.
    pub(crate) fn may_repeat(&self, now: Timestamp) -> bool {
        may_repeat(&self.call, self.token, now)
    }

    /// Whether a reverse whose outcome is unknown may be sent again.
    pub(crate) fn may_repeat_reverse(&self, call: &Call, now: Timestamp) -> bool {
        may_repeat(call, self.reverse_token, now)
    }
}

/// By how much a token may seem to be sent later than now: answers tell whole seconds.
const FROM_AHEAD_MS: u64 = 10_000;

/// Only where that is harmless, or a token that is certainly still honoured makes it so.
fn may_repeat(call: &Call, token: Token, now: Timestamp) -> bool {
    match call.repeat {
        Repeat::Same => true,
        Repeat::Token { ttl_ms } => {
            let tomorrows = token.sent.since(now) > FROM_AHEAD_MS;
            !token.is_old && !tomorrows && now.since(token.sent) < ttl_ms
        }
        Repeat::Look | Repeat::Never => false,
    }
}
