//! The language of rights: what policies say, and whom roles trust. Who holds which policy is RAM's matter.
//!
//! The rules are the documented ones: nothing is allowed unless a statement allows it, and a statement that denies wins.
//! Conditions are not evaluated, but for those on a token of an identity provider: a conditional `Allow` allows nothing, a
//! conditional `Deny` denies.

mod condition;
mod document;
mod resource;
mod trust;

pub(crate) use document::{Document, Verdict};
pub(crate) use resource::resource_of;
pub(crate) use trust::{Principal, trusts};
