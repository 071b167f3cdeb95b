//! The ids of runs: short enough to type, read aloud and never mistaken for one another.

/// Lower-case base 32 without the letters that look like others (i, l, o, u).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new id: eight characters, forty random bits.
///
/// # Errors
/// When the operating system has no random numbers to give.
pub fn new_run_id() -> Result<String, std::io::Error> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect())
}

/// Whether a text could be (the beginning of) an id.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 8 && text.bytes().all(|byte| ALPHABET.contains(&byte))
}
