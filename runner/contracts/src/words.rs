//! The words of the cloud's APIs: what stands in every other answer.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::table::actions;

static WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut words = HashSet::new();
    for action in actions() {
        words.extend([action.product, action.name.as_str()]);
        for parameter in &action.parameters {
            words.extend(parameter.name.split(['.', '[', ']']));
            words.extend(parameter.one_of.iter().map(String::as_str));
            words.extend(parameter.default.as_deref());
        }
    }
    words
});

/// Returns whether a text is the name of a product, an action or a parameter, or a value that one allows.
///
/// ```
/// assert!(rutter_contracts::is_word("CreateRole"));
/// assert!(rutter_contracts::is_word("PrePaid") && !rutter_contracts::is_word("Zq7~planted"));
/// ```
pub fn is_word(text: &str) -> bool {
    WORDS.contains(text)
}
