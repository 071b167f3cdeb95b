//! How it is seen what a change makes in passing: each kind has a look of its own.

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::find::Find;

/// A kind of object that a change makes in passing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passing {
    /// What it is, for people, `snapshot`.
    pub kind: String,
    /// The place in the list of the kind that it is behind; absent where it is behind the change itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<usize>,
    /// The read that lists it, with fields of the change's answer, or with the `/Id` of what it is
    /// behind. Without it the element that the look finds says what there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Call>,
    /// A pointer to the list, or to the one object.
    pub list: String,
    /// A pointer to the id in an element.
    pub id: String,
    /// The call that takes one away, with its `/Id`; absent where it goes with what it is behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove: Option<Call>,
    /// The look at one, with its `/Id` in the read.
    pub find: Find,
}
