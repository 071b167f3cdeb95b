//! What stands for a secret wherever it may be seen: `rutter-secret-` and 24 hexadecimal digits.

use std::ops::Range;

/// How every placeholder begins.
pub const PREFIX: &str = "rutter-secret-";

/// How many hexadecimal digits follow, in lower case.
pub const DIGITS: usize = 24;

/// Whether a text is nothing but a placeholder.
pub fn is_placeholder(text: &str) -> bool {
    length_at_start(text) == Some(text.len())
}

/// The places of all placeholders in a text.
pub fn placeholders(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        let place = find(text, from)?;
        from = place.end;
        Some(place)
    })
}

/// The text with something else for each placeholder.
pub fn replaced(text: &str, by: impl Fn(&str) -> String) -> String {
    let Ok(text) = try_replaced(text, |one| Ok::<_, std::convert::Infallible>(by(one)));
    text
}

/// As [`replaced`].
///
/// # Errors
/// The first one of `by`.
pub fn try_replaced<E>(text: &str, by: impl Fn(&str) -> Result<String, E>) -> Result<String, E> {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for place in placeholders(text) {
        out.push_str(&text[done..place.start]);
        out.push_str(&by(&text[place.clone()])?);
        done = place.end;
    }
    out.push_str(&text[done..]);
    Ok(out)
}

/// Returns the length in bytes of the placeholder at the start of `text`, if one stands there.
fn length_at_start(text: &str) -> Option<usize> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_inside_longer_text_and_next_to_each_other() {
        let one = format!("{PREFIX}{}", "0af9".repeat(6));
        let text = format!("user:{one}{one}, rutter-secret-nonsense");
        let replaced = replaced(&text, |_| "x".to_owned());
        assert_eq!(replaced, "user:xx, rutter-secret-nonsense");
    }

    #[test]
    fn placeholders_are_found_inside_longer_text_and_next_to_each_other() {
        let one = format!("{PREFIX}{}", "0af9".repeat(6));
        assert!(is_placeholder(&one) && !is_placeholder(&format!("{one} ")));
        let text = format!(
            "user:{one}{one}, {PREFIX}nonsense, {PREFIX}{}",
            "A".repeat(24)
        );
        let found: Vec<&str> = placeholders(&text).map(|place| &text[place]).collect();
        assert_eq!(found, [&one, &one]);
    }
}
