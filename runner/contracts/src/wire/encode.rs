//! Percent encoding (RFC 3986, unreserved characters kept) and lists of names and values.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// Everything but letters, digits and `-_.~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Returns the text with everything but `A-Z a-z 0-9 - _ . ~` as `%XX`, upper case, of its UTF-8 bytes.
///
/// ```
/// assert_eq!(rutter_contracts::wire::percent_encode("a b*~/é"), "a%20b%2A~%2F%C3%A9");
/// ```
pub fn percent_encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, RESERVED).to_string()
}

/// Returns the text with `%XX` replaced; `+` stays. Bytes that are no UTF-8 become U+FFFD.
fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Returns the pairs as a query string, in the order given: `A=1&B=a%20b`.
pub fn query_string(pairs: &[(String, String)]) -> String {
    join(pairs, percent_encode)
}

/// Returns the pairs as a form body, where a space is `+`.
pub(crate) fn form_body(pairs: &[(String, String)]) -> String {
    join(pairs, |text| percent_encode(text).replace("%20", "+"))
}

fn join(pairs: &[(String, String)], encode: impl Fn(&str) -> String) -> String {
    let encoded: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    encoded.join("&")
}

/// Returns the pairs of a query string or form body, where `+` and `%20` are both a space.
pub fn decode_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let decode = |text: &str| percent_decode(&text.replace('+', " "));
            (decode(name), decode(value))
        })
        .collect()
}
