//! A profile, as the search for its name ends.

use super::{Role, Source};

/// A profile, found.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Where the credentials at its root come from.
    pub source: Source,
    /// The roles assumed one after the other, the first with those credentials.
    pub roles: Vec<Role>,
    /// The region that the profile names, for an account that is bound without one.
    pub region: Option<String>,
    /// What the operator should know, such as a file that others may read.
    pub warnings: Vec<String>,
}
