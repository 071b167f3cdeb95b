//! Finding a secret in text that somebody else wrote, however they encoded it.
//!
//! A needle is matched character by character, and each character may stand there as itself,
//! percent-encoded (also more than once) or escaped as in JSON (also more than once), or both. So it
//! does not matter which characters an encoder chose to leave alone. Base64 is matched as a whole
//! value: the text of the Base64 is a needle of its own. A secret inside a longer text that was then
//! put in Base64 is not found.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::placeholder;
use super::text::SecretText;

/// Shorter secrets are not looked for inside text: they would match by chance everywhere. A value
/// that is nothing but the secret is still swapped.
pub const SHORTEST_IN_TEXT: usize = 4;

/// One secret and the text that replaces it.
pub(super) struct Pattern {
    value: SecretText,
    replacement: String,
    /// The value and its Base64 forms, the longest first.
    needles: Vec<Zeroizing<String>>,
}

impl Pattern {
    pub(super) fn new(value: &SecretText, replacement: &str) -> Self {
        let raw = value.expose();
        let mut needles = Vec::new();
        if raw.chars().count() >= SHORTEST_IN_TEXT {
            let mut seen = HashSet::new();
            for form in [
                raw.to_owned(),
                STANDARD.encode(raw),
                STANDARD_NO_PAD.encode(raw),
                URL_SAFE.encode(raw),
                URL_SAFE_NO_PAD.encode(raw),
            ] {
                if seen.insert(form.clone()) {
                    needles.push(Zeroizing::new(form));
                }
            }
            needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        }
        Self {
            value: value.clone(),
            replacement: replacement.to_owned(),
            needles,
        }
    }

    pub(super) fn value(&self) -> &SecretText {
        &self.value
    }
}

/// Returns the replacement of a text that is nothing but a secret.
pub(super) fn swap_whole<'a>(text: &str, patterns: &'a [Pattern]) -> Option<&'a str> {
    patterns
        .iter()
        .find(|pattern| pattern.value.expose() == text)
        .map(|pattern| pattern.replacement.as_str())
}

/// Replaces every occurrence of every pattern; `None` when there is none.
pub(super) fn swap(text: &str, patterns: &[Pattern]) -> Option<String> {
    swap_whole(text, patterns)
        .map(str::to_owned)
        .or_else(|| swap_inside(text, patterns))
}

/// Like [`swap`], without the rule for a text that is nothing but a very short secret: for keys,
/// which such a secret would meet by chance.
pub(super) fn swap_inside(text: &str, patterns: &[Pattern]) -> Option<String> {
    let starts = Starts::of(patterns);
    let bytes = text.as_bytes();
    let mut out: Option<String> = None;
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        if !starts.possible(bytes[at]) {
            at += 1;
            continue;
        }
        // A placeholder is not searched: a weak secret such as `secret` would match inside it.
        if let Some(length) = text.get(at..).and_then(placeholder::length_at_start) {
            at += length;
            continue;
        }
        match longest_at(bytes, at, patterns) {
            Some((end, replacement)) => {
                let out = out.get_or_insert_with(String::new);
                out.push_str(&text[copied..at]);
                out.push_str(replacement);
                at = end;
                copied = end;
            }
            None => at += 1,
        }
    }
    if let Some(out) = &mut out {
        out.push_str(&text[copied..]);
    }
    out
}

/// The bytes an occurrence can begin with, so that most of a long text is passed over quickly.
struct Starts([bool; 256]);

impl Starts {
    fn of(patterns: &[Pattern]) -> Self {
        let mut table = [false; 256];
        for needle in patterns.iter().flat_map(|pattern| &pattern.needles) {
            if let Some(first) = needle.as_bytes().first() {
                table[usize::from(*first)] = true;
                for escape in [b'%', b'\\', b'+', b'r'] {
                    table[usize::from(escape)] = true;
                }
            }
        }
        Self(table)
    }

    fn possible(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }
}

fn longest_at<'a>(text: &[u8], at: usize, patterns: &'a [Pattern]) -> Option<(usize, &'a str)> {
    patterns
        .iter()
        .flat_map(|pattern| pattern.needles.iter().map(move |needle| (pattern, needle)))
        .filter_map(|(pattern, needle)| {
            Some((needle_at(text, at, needle)?, pattern.replacement.as_str()))
        })
        .max_by_key(|(end, _)| *end)
}

/// Returns where the longest reading of `needle` at `at` ends.
fn needle_at(text: &[u8], at: usize, needle: &str) -> Option<usize> {
    let mut ends = vec![at];
    let mut next = Vec::new();
    for character in needle.chars() {
        next.clear();
        for end in &ends {
            character_at(text, *end, character, &mut next);
        }
        if next.is_empty() {
            return None;
        }
        next.sort_unstable();
        next.dedup();
        std::mem::swap(&mut ends, &mut next);
    }
    ends.last().copied()
}

/// Adds the end of every reading of `character` at `at`.
fn character_at(text: &[u8], at: usize, character: char, ends: &mut Vec<usize>) {
    let mut buffer = [0; 4];
    let bytes = character.encode_utf8(&mut buffer).as_bytes();
    if text.get(at..).is_some_and(|rest| rest.starts_with(bytes)) {
        ends.push(at + bytes.len());
    }
    ends.extend(percent_encoded_at(text, at, bytes));
    if character == '%' {
        percent_signs_at(text, at, ends);
    }
    if character == ' ' {
        ends.extend(unit_at(text, at, b'+'));
    }
    escaped_at(text, at, character, ends);
}

/// Adds the end of every JSON-escaped reading: any number of backslashes, then what they escape.
fn escaped_at(text: &[u8], at: usize, character: char, ends: &mut Vec<usize>) {
    let mut end = at;
    let mut backslashes = 0_u32;
    while let Some(after) = unit_at(text, end, b'\\') {
        end = after;
        backslashes += 1;
        if character == '\\' && backslashes.is_power_of_two() {
            ends.push(end);
        }
    }
    if backslashes == 0 {
        return;
    }
    let short = match character {
        '"' | '/' | '\'' => Some(character as u8),
        '\n' => Some(b'n'),
        '\r' => Some(b'r'),
        '\t' => Some(b't'),
        '\u{8}' => Some(b'b'),
        '\u{c}' => Some(b'f'),
        _ => None,
    };
    ends.extend(short.and_then(|byte| unit_at(text, end, byte)));
    ends.extend(unicode_escapes_at(text, end, character));
}

/// Reads `uXXXX`, or two of them with backslashes between, standing for `character`.
fn unicode_escapes_at(text: &[u8], at: usize, character: char) -> Option<usize> {
    let mut buffer = [0; 2];
    let mut end = at;
    for (place, wanted) in character.encode_utf16(&mut buffer).iter().enumerate() {
        if place > 0 {
            while let Some(after) = unit_at(text, end, b'\\') {
                end = after;
            }
        }
        end = unit_at(text, end, b'u')?;
        let digits = std::str::from_utf8(text.get(end..end + 4)?).ok()?;
        if u16::from_str_radix(digits, 16).ok()? != *wanted {
            return None;
        }
        end += 4;
    }
    Some(end)
}

/// Reads `byte`, plain or percent-encoded, and returns where it ends.
fn unit_at(text: &[u8], at: usize, byte: u8) -> Option<usize> {
    if text.get(at) == Some(&byte) {
        return Some(at + 1);
    }
    percent_encoded_at(text, at, &[byte])
}

/// Reads `bytes`, each as `%XX`, `%25XX`, `%2525XX` and so on.
fn percent_encoded_at(text: &[u8], at: usize, bytes: &[u8]) -> Option<usize> {
    bytes.iter().try_fold(at, |at, wanted| {
        let mut digits = percent_sign_at(text, at)?;
        loop {
            let found = byte_at(text, digits)?;
            digits += 2;
            if found == *wanted {
                return Some(digits);
            }
            if found != b'%' {
                return None;
            }
        }
    })
}

/// Adds the ends of `%25`, `%2525` and so on: how often a percent sign was encoded shows only in what
/// follows it.
fn percent_signs_at(text: &[u8], at: usize, ends: &mut Vec<usize>) {
    let Some(mut digits) = percent_sign_at(text, at) else {
        return;
    };
    while byte_at(text, digits) == Some(b'%') {
        digits += 2;
        ends.push(digits);
    }
}

fn percent_sign_at(text: &[u8], at: usize) -> Option<usize> {
    (text.get(at) == Some(&b'%')).then_some(at + 1)
}

fn byte_at(text: &[u8], at: usize) -> Option<u8> {
    Some(hexadecimal(*text.get(at)?)? * 16 + hexadecimal(*text.get(at + 1)?)?)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
