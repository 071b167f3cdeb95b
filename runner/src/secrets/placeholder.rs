//! What stands for a secret wherever it may be seen: `rutter-secret-` and 24 hexadecimal digits.

use std::ops::Range;

use sha2::{Digest, Sha256};

const PREFIX: &str = "rutter-secret-";
const DIGITS: usize = 24;

/// Returns the placeholder of a secret: fixed per run and path, so that replay meets the same text.
pub fn placeholder(run: &str, path: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(run.as_bytes());
    // A byte that neither part can hold keeps ("a", "bc") and ("ab", "c") apart.
    hash.update([0]);
    hash.update(path.as_bytes());
    let digest = hash.finalize();
    let mut text = String::with_capacity(PREFIX.len() + DIGITS);
    text.push_str(PREFIX);
    for byte in digest.iter().take(DIGITS / 2) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Whether a text is nothing but a placeholder.
pub fn is_placeholder(text: &str) -> bool {
    length_at_start(text) == Some(text.len())
}

/// Returns the length in bytes of the placeholder at the start of `text`, if one stands there.
pub(super) fn length_at_start(text: &str) -> Option<usize> {
    let digits = text.strip_prefix(PREFIX)?.as_bytes().get(..DIGITS)?;
    digits
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        .then_some(PREFIX.len() + DIGITS)
}

/// Returns the place of the first placeholder at or after `from`.
fn find(text: &str, from: usize) -> Option<Range<usize>> {
    let mut from = from;
    while let Some(offset) = text.get(from..)?.find(PREFIX) {
        let start = from + offset;
        if let Some(length) = length_at_start(&text[start..]) {
            return Some(start..start + length);
        }
        from = start + PREFIX.len();
    }
    None
}

/// A placeholder whose secret is not known to this process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret behind `{placeholder}` is not known")]
pub struct UnknownPlaceholder {
    /// The placeholder.
    pub placeholder: String,
}

/// Replaces every placeholder in `text` by what `value` says.
///
/// # Errors
/// The first placeholder of which `value` knows nothing.
pub(super) fn replace(
    text: &str,
    value: impl Fn(&str) -> Option<String>,
) -> Result<String, UnknownPlaceholder> {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(place) = find(text, done) {
        let placeholder = &text[place.clone()];
        out.push_str(&text[done..place.start]);
        out.push_str(&value(placeholder).ok_or_else(|| UnknownPlaceholder {
            placeholder: placeholder.to_owned(),
        })?);
        done = place.end;
    }
    out.push_str(&text[done..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_fixed_per_run_and_path() {
        let one = placeholder("run-1", "inputs.password");
        assert_eq!(one, placeholder("run-1", "inputs.password"));
        assert_ne!(one, placeholder("run-2", "inputs.password"));
        assert_ne!(one, placeholder("run-1", "inputs.password2"));
        assert_eq!(length_at_start(&one), Some(one.len()));
        assert_eq!(one.len(), 38);
    }

    #[test]
    fn placeholders_are_replaced_inside_longer_text_and_next_to_each_other() {
        let one = placeholder("r", "a");
        let text = format!("user:{one}{one}, rutter-secret-nonsense");
        let replaced = replace(&text, |_| Some("x".to_owned())).unwrap();
        assert_eq!(replaced, "user:xx, rutter-secret-nonsense");
    }
}
