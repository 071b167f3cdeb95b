//! The encodings that a text is looked through, each read as far as it goes: what is not encoded is passed over or
//! stays as it is, so that it does not matter where in the text an encoded piece begins.

/// What need not be decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of the shortest secret, in UTF-8 or UTF-16: a run that encodes fewer holds none.
    pub(super) shortest: usize,
    /// Bytes of the longest one.
    pub(super) longest: usize,
    /// Whether a secret holds a space, which some write as `+`.
    pub(super) spaces: bool,
}

impl Limits {
    /// How far from a byte that was decoded a secret may end that holds it, under two more layers that each write a
    /// byte as six.
    fn reach(self) -> usize {
        self.longest.saturating_mul(36)
    }
}

/// A text under one encoding.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// For each byte, the bytes that it was decoded from: from the first to the one after the last.
    pub(super) origins: Vec<(u32, u32)>,
}

/// Keeps two pieces apart that do not belong together; no text holds it.
const APART: u8 = 0xff;

impl Decoded {
    fn new() -> Self {
        Self {
            bytes: Vec::new(),
            origins: Vec::new(),
        }
    }

    fn push(&mut self, byte: u8, start: usize, end: usize) {
        // Texts are far shorter than 4 GiB: an answer has a limit of megabytes.
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.bytes.push(byte);
        self.origins.push((place(start), place(end)));
    }

    /// What lies within reach of bytes that were `read`, by their value and origin: all else is as it was before, and
    /// was looked at there. `None` when there is none.
    fn near(self, limits: Limits, read: &dyn Fn(u8, (u32, u32)) -> bool) -> Option<Self> {
        let reach = limits.reach();
        let mut near = Self::new();
        let (mut kept, mut apart) = (0, true);
        for (at, byte) in self.bytes.iter().enumerate() {
            if !read(*byte, self.origins[at]) {
                continue;
            }
            let begin = at.saturating_sub(reach).max(kept);
            if begin > kept && !apart {
                near.push_of(&self, kept, APART);
            }
            let end = at
                .saturating_add(reach)
                .saturating_add(1)
                .min(self.bytes.len());
            for inside in begin..end {
                near.push_of(&self, inside, self.bytes[inside]);
            }
            (kept, apart) = (end.max(kept), false);
        }
        (!near.bytes.is_empty()).then_some(near)
    }

    fn push_of(&mut self, other: &Self, at: usize, byte: u8) {
        self.bytes.push(byte);
        self.origins.push(other.origins[at]);
    }

    fn push_char(&mut self, character: char, start: usize, end: usize) {
        let mut buffer = [0; 4];
        for byte in character.encode_utf8(&mut buffer).bytes() {
            self.push(byte, start, end);
        }
    }
}

/// Hands over the text under each encoding under which it holds anything.
pub(super) fn each<E>(
    bytes: &[u8],
    limits: Limits,
    found: &mut impl FnMut(Decoded) -> Result<(), E>,
) -> Result<(), E> {
    let several = |_: u8, (start, end): (u32, u32)| end - start > 1;
    if bytes.contains(&b'\\') {
        for skipped in 0..2 {
            hand_over(json(bytes, skipped).near(limits, &several), found)?;
        }
    }
    if bytes.contains(&b'%') {
        hand_over(percent(bytes, false).near(limits, &several), found)?;
    }
    if limits.spaces && bytes.contains(&b'+') {
        let or_plus = |byte: u8, origin: (u32, u32)| {
            several(byte, origin) || (byte == b' ' && bytes[origin.0 as usize] == b'+')
        };
        hand_over(percent(bytes, true).near(limits, &or_plus), found)?;
    }
    for runs in [
        Runs::hexadecimal(bytes, limits.shortest * 2),
        Runs::base64(bytes, (limits.shortest * 4).div_ceil(3)),
    ] {
        for skipped in 0..runs.alignments() {
            hand_over(runs.decoded(skipped), found)?;
        }
    }
    if bytes.contains(&0) {
        for skipped in 0..2 {
            for unit in [u16::from_le_bytes, u16::from_be_bytes] {
                // What is encoded below it is plain letters, and what is not was looked for as it is.
                let plain = |byte: u8, _| (b'\t'..0x80).contains(&byte);
                hand_over(utf16(bytes, skipped, unit).near(limits, &plain), found)?;
            }
        }
    }
    Ok(())
}

fn hand_over<E>(
    decoded: Option<Decoded>,
    found: &mut impl FnMut(Decoded) -> Result<(), E>,
) -> Result<(), E> {
    decoded.map_or(Ok(()), found)
}

/// Escapes of a JSON string; what is none stays, and so do so many backslashes at the beginning of several: the text
/// before what was escaped may have ended with one.
fn json(bytes: &[u8], skipped: usize) -> Decoded {
    let mut out = Decoded::new();
    let mut at = 0;
    let mut run = 0;
    while at < bytes.len() {
        run = match bytes[at] {
            b'\\' => run + 1,
            _ => 0,
        };
        if (1..=skipped).contains(&run) {
            out.push(bytes[at], at, at + 1);
            at += 1;
            continue;
        }
        let escape = (bytes[at] == b'\\').then(|| bytes.get(at + 1)).flatten();
        match escape {
            None => {
                out.push(bytes[at], at, at + 1);
                at += 1;
            }
            Some(b'u') => match unicode_escape(bytes, at) {
                Some((character, end)) => {
                    out.push_char(character, at, end);
                    at = end;
                }
                None => {
                    out.push(bytes[at], at, at + 1);
                    at += 1;
                }
            },
            Some(short) => {
                let byte = match short {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'f' => 12,
                    b'"' | b'\\' | b'/' | b'\'' => *short,
                    _ => {
                        out.push(bytes[at], at, at + 1);
                        at += 1;
                        continue;
                    }
                };
                out.push(byte, at, at + 2);
                at += 2;
            }
        }
    }
    out
}

/// `\uXXXX`, or two of them that make one character. Returns where it ends.
fn unicode_escape(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let mut digits = digits.iter().map(|digit| char::from(*digit).to_digit(16));
        digits.try_fold(0, |value, digit| Some(value * 16 + digit?))
    };
    let first = unit(at)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, at + 6));
    }
    let second = unit(at + 6).filter(|second| (0xdc00..0xe000).contains(second))?;
    let value = 0x1_0000 + ((first.checked_sub(0xd800)? & 0x3ff) << 10) + (second - 0xdc00);
    Some((char::from_u32(value)?, at + 12))
}

/// `%XX`, and perhaps `+` for a space; what is neither stays.
fn percent(bytes: &[u8], plus: bool) -> Decoded {
    let mut out = Decoded::new();
    let mut at = 0;
    while at < bytes.len() {
        let high = (bytes[at] == b'%')
            .then(|| hex_digit(bytes.get(at + 1)))
            .flatten();
        match high.zip(hex_digit(bytes.get(at + 2))) {
            Some((high, low)) => {
                out.push(high * 16 + low, at, at + 3);
                at += 3;
            }
            None => {
                let byte = match bytes[at] {
                    b'+' if plus => b' ',
                    byte => byte,
                };
                out.push(byte, at, at + 1);
                at += 1;
            }
        }
    }
    out
}

fn hex_digit(byte: Option<&u8>) -> Option<u8> {
    let digit = char::from(*byte?).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// UTF-16 in one order of bytes; what is none becomes one byte that no text holds.
fn utf16(bytes: &[u8], skipped: usize, unit: fn([u8; 2]) -> u16) -> Decoded {
    let mut out = Decoded::new();
    let units = bytes.get(skipped..).unwrap_or_default().chunks_exact(2);
    let units = units.map(|pair| unit([pair[0], pair[1]]));
    let mut at = skipped;
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => {
                let end = at + character.len_utf16() * 2;
                out.push_char(character, at, end);
                at = end;
            }
            Err(_) => {
                out.push(APART, at, at + 2);
                at += 2;
            }
        }
    }
    out
}

/// Digits of an encoding that writes several bits as a character, in runs that are long enough to hold a secret.
struct Runs {
    /// For each digit its place and its value; a value beyond the digits ends a run.
    digits: Vec<(u32, u8)>,
    /// Bits of a digit: 4 or 6.
    bits: u32,
}

/// Ends a run.
const END: u8 = u8::MAX;

impl Runs {
    fn hexadecimal(bytes: &[u8], shortest: usize) -> Self {
        Self::of(bytes, 4, shortest, |byte| hex_digit(Some(&byte)))
    }

    /// The common alphabet and the one for addresses; ends of lines within are passed over.
    fn base64(bytes: &[u8], shortest: usize) -> Self {
        Self::of(bytes, 6, shortest, |byte| match byte {
            b'A'..=b'Z' => Some(byte - b'A'),
            b'a'..=b'z' => Some(byte - b'a' + 26),
            b'0'..=b'9' => Some(byte - b'0' + 52),
            b'+' | b'-' => Some(62),
            b'/' | b'_' => Some(63),
            _ => None,
        })
    }

    fn of(bytes: &[u8], bits: u32, shortest: usize, value: impl Fn(u8) -> Option<u8>) -> Self {
        let mut digits: Vec<(u32, u8)> = Vec::new();
        let mut begun = 0;
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut close = |digits: &mut Vec<(u32, u8)>, at: usize| {
            match digits.len() - begun < shortest {
                true => digits.truncate(begun),
                false => digits.push((place(at), END)),
            }
            begun = digits.len();
        };
        for (at, byte) in bytes.iter().enumerate() {
            match value(*byte) {
                Some(value) => digits.push((place(at), value)),
                None if bits == 6 && matches!(byte, b'\r' | b'\n') => {}
                None => close(&mut digits, at),
            }
        }
        close(&mut digits, bytes.len());
        Self { digits, bits }
    }

    /// At how many digits of a run what it encodes may begin.
    fn alignments(&self) -> usize {
        match self.bits {
            4 => 2,
            _ => 4,
        }
    }

    /// What the runs encode, if it begins after this many of their digits.
    fn decoded(&self, skipped: usize) -> Option<Decoded> {
        let mut out = Decoded::new();
        let (mut left_out, mut held, mut bits, mut first) = (skipped, 0_u32, 0, 0);
        for (at, digit) in &self.digits {
            if *digit == END {
                out.push(APART, *at as usize, *at as usize + 1);
                (left_out, held, bits) = (skipped, 0, 0);
                continue;
            }
            if left_out > 0 {
                left_out -= 1;
                continue;
            }
            if bits == 0 {
                first = *at;
            }
            held = (held << self.bits) | u32::from(*digit);
            bits += self.bits;
            if bits >= 8 {
                bits -= 8;
                let byte = (held >> bits) & 0xff;
                out.push(
                    u8::try_from(byte).unwrap_or(APART),
                    first as usize,
                    *at as usize + 1,
                );
                held &= (1 << bits) - 1;
                first = *at;
            }
        }
        (!out.bytes.is_empty()).then_some(out)
    }
}
