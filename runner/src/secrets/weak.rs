//! Secrets that are not searched for: they would be found by chance everywhere, and what a person or a program
//! reads would be full of marks.

use std::collections::BTreeSet;

use rutter_contracts::{is_word, region_known};

use super::Secrets;
use super::search::SHORTEST;

impl Secrets {
    /// The paths of secret inputs that are not searched for, each with the reason.
    pub fn weak(&self) -> Vec<(String, String)> {
        let state = self.lock();
        let inputs = state.known.iter().filter(|known| !known.sealed);
        inputs
            .filter_map(|known| {
                let path = known.path.strip_prefix("inputs.").unwrap_or(&known.path);
                Some((path.to_owned(), why(known.value.expose(), &state.common)?))
            })
            .collect()
    }
}

/// Why a secret is not searched for.
pub(super) fn why(value: &str, common: &BTreeSet<String>) -> Option<String> {
    if value.chars().count() < SHORTEST {
        return Some(format!("it has fewer than {SHORTEST} characters"));
    }
    // As an answer writes what it hides: `********`.
    let first = value.chars().next();
    if value.chars().all(|character| Some(character) == first) {
        return Some("it is one character again and again".to_owned());
    }
    if common.contains(value) {
        return Some("another input or an account has the same value".to_owned());
    }
    if is_word(value) || region_known(value) {
        return Some("it is a word of the cloud's own".to_owned());
    }
    None
}
