//! What is known about the cloud's APIs, as data with typed look-up, and how a call looks on the wire.
//!
//! Everything here is pure: no clock, no network, no files but those compiled in, no randomness. The
//! parts, and where to change what:
//!
//! | To change | Go to |
//! |---|---|
//! | a parameter, a range, an answer's shape | `data/PRODUCT.jsonl`, a line an action |
//! | whether a change may be repeated, costs money, needs a reverse | `checked/`, by hand and with a reason |
//! | what a read waits for, how it pages | `waits.rs`, `paging.rs` |
//! | how parameters are judged | `check.rs`; the codes and messages in `check/words.rs` |
//! | which values of a parameter are harmless, what is charged | `danger.rs` |
//! | which parameters are the host's to set | `common.rs` |
//! | what takes back which change, what is made in passing | `reverse.rs` |
//! | what gives out credentials | `keys.rs` |
//! | who may use what an action makes | `uses.rs` |
//! | how parameters are encoded | [`wire`] |
//! | how bytes are written as hexadecimal digits | [`hex`] |
//! | JSON in the one spelling that digests are made of | `json.rs` |
//! | how a value within a parameter is called | `wire_names.rs` |
//! | how a request is signed, and how a signature is checked | [`sign`] |
//! | what an error code means and what to do about it | `data/errors.json`, [`errors`] |
//! | which host serves a product in a region | `data/endpoints.json`, [`endpoint`] |
//! | what a system policy allows | `data/policies.json`, [`system_policy`] |
//!
//! The table is read lazily: a look-up parses one line, once. What it does not know is a change that
//! must not be repeated; callers get `None` and decide so.
//!
//! ```
//! let create = rutter_contracts::action("ram", "CreateRole").expect("it is in the table");
//! assert_eq!(create.product, "RAM");
//! assert!(create.as_read().is_none());
//! ```

mod action;
mod check;
mod checked;
mod common;
mod danger;
mod endpoints;
pub mod errors;
pub mod hex;
mod json;
mod keys;
mod paging;
mod parameter;
mod policies;
mod reverse;
pub mod sign;
mod table;
mod uses;
mod waits;
pub mod wire;
mod wire_names;
mod words;

pub use action::{
    Access, Action, DocumentedError, Page, Paging, Poll, Read, Repeat, TOKEN_TTL_MS, Wait,
};
pub use check::{ParameterProblem, ProblemKind};
pub use common::is_common;
pub use danger::{Danger, charged, charged_kind};
pub use endpoints::{
    EndpointError, Network, endpoint, endpoint_from, nearest_region, region_known, region_name,
    regions,
};
pub use errors::{
    ErrorClass, Failure, Giver, Known, Meaning, all_meanings, classify, classify_run, failure_in,
    meaning_by_form, meanings, refused_before_acting,
};
pub use json::canonical_json;
pub use keys::{gives_keys, is_key_field};
pub use parameter::{Encoding, Parameter, ParameterKind, ParameterLocation, Required};
pub use policies::{SystemPolicy, system_policies, system_policy};
pub use reverse::{Called, InPassing, Shown, is_made_in_passing, takes_back};
pub use table::{
    action, action_name, actions, labelled, nearest_action, product_name, product_version, products,
};
pub use uses::{From, Usage, usages};
pub use words::is_word;
