//! Inputs made from others by a seed: the same seed makes the same.

/// Pieces that parsers treat in a way of their own.
const PIECES: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    "\n",
    "\0",
    "\u{1b}",
    "\u{202e}",
    "é",
    "漢",
    "%",
    "%00",
    "&",
    "=",
    ".",
    "..",
    "/",
    "~1",
    "0",
    "-1",
    "1e999",
    "9223372036854775807",
    "18446744073709551616",
    "null",
    "true",
    "\\u0000",
    "\\ud800",
    "{{",
    "}}",
    "$answer",
    "Z",
    "1970-01-01T00:00:00Z",
    "999999999d",
    "(a{1000}){1000}",
];

/// A small generator of numbers.
pub struct Dice(u64);

impl Dice {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }
}

/// Another input, made from one or two of the corpus.
pub fn mutated(corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut data = corpus[dice.below(corpus.len())].clone();
    for _ in 0..=dice.below(6) {
        let at = dice.below(data.len() + 1);
        let until = at + dice.below((data.len() - at).min(64) + 1);
        match dice.below(6) {
            0 if !data.is_empty() => {
                let at = at.min(data.len() - 1);
                data[at] ^= 1 << dice.below(8);
            }
            1 => drop(data.drain(at..until)),
            2 => {
                let piece = PIECES[dice.below(PIECES.len())];
                data.splice(at..until, piece.bytes());
            }
            3 => {
                let copied = data[at..until].repeat(1 + dice.below(40));
                data.splice(at..at, copied);
            }
            4 => {
                let other = &corpus[dice.below(corpus.len())];
                let from = dice.below(other.len() + 1);
                data.truncate(at);
                data.extend_from_slice(&other[from..]);
            }
            _ => data.insert(at, dice.below(256) as u8),
        }
    }
    data
}
