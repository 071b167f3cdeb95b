//! What befalls a request on its way, and which.

/// A request: the n-th of its action, from 1. How many polls a wait takes depends on the machine, so
/// requests are not counted across actions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The action, `CreateRole`.
    pub action: String,
    /// Which of them.
    pub number: usize,
}

/// What befalls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blow {
    /// The connection breaks before the request reaches the cloud.
    RequestLost,
    /// The cloud does what it was asked for, and the connection breaks before it says so.
    AnswerLost,
    /// The cloud says that the caller may not do this, and does nothing.
    Refused,
    /// The binary is killed when the request has arrived here and not at the cloud: between intent and
    /// effect.
    KilledBefore,
    /// The binary is killed when the cloud has answered and the answer has not left here.
    KilledAfter,
    /// The binary is killed a little after the answer was passed on: in the middle of a step.
    KilledBetween,
}

impl Blow {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RequestLost,
        Self::AnswerLost,
        Self::Refused,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::KilledBetween,
    ];

    /// Whether the binary dies of it.
    pub fn kills(self) -> bool {
        matches!(
            self,
            Self::KilledBefore | Self::KilledAfter | Self::KilledBetween
        )
    }

    /// This blow to a request.
    pub fn at(self, place: &Place) -> Strike {
        Strike {
            place: place.clone(),
            blow: self,
        }
    }
}

/// A blow to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Which request.
    pub place: Place,
    /// What befalls it.
    pub blow: Blow,
}

impl std::fmt::Display for Strike {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {}", self.blow, self.place)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.action, self.number)
    }
}
