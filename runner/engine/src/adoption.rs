//! What a run took as it was: an object that was there already. Another run may have made it.

use serde::{Deserialize, Serialize};

/// An object of the cloud, known well enough to be told from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// The account's id.
    pub account: String,
    /// The product as the contracts spell it.
    pub product: String,
    /// What tells it from others of its product: its id, as the look that found it names it.
    pub key: String,
}

/// That a run took an object as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Adoption {
    /// The id of the run that took it, which is the name of its folder.
    pub run: String,
    /// The object that was there already.
    pub object: Object,
}
