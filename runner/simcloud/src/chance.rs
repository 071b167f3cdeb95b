//! Calls that go wrong by chance, as calls of the real cloud do now and then: which of them, the seed says.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::Refusal;
use crate::identifier::IdentifierSource;

/// Shares are drawn in this many parts.
const PARTS: u64 = 1_000_000;

/// Shares of all calls, from 0 to 1.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FaultsFile {
    #[schemars(range(min = 0, max = 1))]
    pub throttled: f64,
    #[schemars(range(min = 0, max = 1))]
    pub failed: f64,
    #[schemars(range(min = 0, max = 1))]
    pub lost: f64,
}

impl FaultsFile {
    pub fn is_none(&self) -> bool {
        self.all().iter().all(|share| *share == 0.0)
    }

    /// Returns whether each is a share, and all of them together are.
    pub fn is_sound(&self) -> bool {
        let shares = self.all();
        let sound = |share: &f64| (0.0..=1.0).contains(share);
        shares.iter().all(sound) && shares.iter().sum::<f64>() <= 1.0
    }

    fn all(&self) -> [f64; 3] {
        [self.throttled, self.failed, self.lost]
    }
}

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It is refused, because there are too many; nothing is done.
    Throttled,
    /// The service fails before it did anything.
    Failed,
    /// The service fails after it did what it was asked for.
    Lost,
}

/// Draws what befalls the call with this number; most often nothing.
pub(crate) fn draw(
    faults: &FaultsFile,
    source: &IdentifierSource<'_>,
    call: u64,
) -> Option<Mishap> {
    if faults.is_none() {
        return None;
    }
    let drawn = source.number("mishap", call, PARTS) as f64 / PARTS as f64;
    let shares = [
        (faults.throttled, Mishap::Throttled),
        (faults.failed, Mishap::Failed),
        (faults.lost, Mishap::Lost),
    ];
    let mut below = 0.0;
    shares.into_iter().find_map(|(share, mishap)| {
        below += share;
        (drawn < below).then_some(mishap)
    })
}

impl Mishap {
    /// What the caller is told: of the last two the same, which is what makes them hard.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Throttled => Refusal::new(
                400,
                "Throttling.User",
                "Request was denied due to user flow control.",
            ),
            Self::Failed | Self::Lost => Refusal::new(
                503,
                "ServiceUnavailable",
                "The request has failed due to a temporary failure of the server.",
            ),
        }
    }
}
