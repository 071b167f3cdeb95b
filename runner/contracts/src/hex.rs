//! Bytes as hexadecimal text, and back.

/// Returns bytes as lower-case hexadecimal digits, two a byte.
///
/// ```
/// assert_eq!(rutter_contracts::hex::encode(&[0, 0x2a, 0xff]), "002aff");
/// ```
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digits = bytes.iter().flat_map(|byte| {
        [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]
    });
    digits.collect()
}

/// Returns the bytes of hexadecimal text in either case; `None` if it is anything else.
///
/// ```
/// assert_eq!(rutter_contracts::hex::decode("002aFF"), Some(vec![0, 0x2a, 0xff]));
/// assert_eq!(rutter_contracts::hex::decode("2a0"), None);
/// ```
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}
