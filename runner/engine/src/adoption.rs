//! What a run took as it was: an object that was there already. Another run may have made it.

use serde::{Deserialize, Serialize};

/// An object of the cloud, known well enough to be told from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// The account's id, 16 digits.
    pub account: String,
    /// The product as the contracts spell it.
    pub product: String,
    /// Its key.
    pub key: String,
}

/// That a run took an object as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Adoption {
    /// The run's id.
    pub run: String,
    /// The object.
    pub object: Object,
}
