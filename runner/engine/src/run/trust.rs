//! How far a run can be believed: whether its records are all there, and whether what was sent with a token may be sent
//! again.

use crate::call::Call;
use crate::run::recovery::Recovery;
use crate::run::token::may_repeat;
use crate::run::{Change, Run};
use crate::time::Timestamp;

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
