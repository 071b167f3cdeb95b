//! Finding secrets in text that somebody else wrote, however they encoded it.
//!
//! A text is searched as it is and through up to three layers of encoding, in any order: JSON strings, percent
//! signs, hexadecimal digits, UTF-16 and Base64, each wherever in the text it begins. What is found is replaced, in
//! the text as it was, by a mark that says whose secret stood there and that no call can use.
//!
//! One thing is not seen through: a `%` of the text around that stands right before a secret and makes an escape of its
//! first two characters, where the rest of it has to be read through escapes too.
//!
//! Every layer is read in one pass, and all that is decoded together is bounded: the time is proportional to the
//! text. A text that is encoded so often that the bound is met is replaced whole.

use aho_corasick::{AhoCorasick, MatchKind};

use super::decode::{self, Decoded, Limits};
use super::text::SecretText;

/// Shorter secrets are not searched for: they would be found by chance everywhere.
pub(super) const SHORTEST: usize = 8;

/// How many layers of encoding are looked through.
const LAYERS: usize = 3;

/// How many times the bytes of a text may be decoded from it, over all layers.
const DECODED_MAX: usize = 64;

/// How many bytes may be decoded from the shortest text.
const DECODED_ALWAYS: usize = 256 * 1024;

/// What a text becomes in which more is encoded than is looked through.
const UNSEARCHED: &str = "[text left out: encoded too often to be searched for secrets]";

/// Looks for some secrets.
#[derive(Debug)]
pub(super) struct Searcher {
    automaton: AhoCorasick,
    /// For each needle, whose it is.
    owners: Vec<usize>,
    marks: Vec<String>,
    limits: Limits,
}

/// A secret that was found: where in the text as it was, and whose.
struct Hit {
    start: usize,
    end: usize,
    owner: usize,
}

/// More was encoded than is looked through.
struct TooMuch;

impl Searcher {
    /// Searches for these secrets, each with the mark that replaces it. `None` when there is none.
    pub(super) fn new<'a>(secrets: impl Iterator<Item = (&'a SecretText, String)>) -> Option<Self> {
        let (mut needles, mut owners, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        let mut limits = Limits {
            shortest: usize::MAX,
            longest: 0,
            spaces: false,
        };
        for (owner, (value, mark)) in secrets.enumerate() {
            let value = value.expose();
            limits.longest = limits.longest.max(value.len());
            limits.spaces |= value.contains(' ');
            let units = || value.encode_utf16();
            let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
            for needle in [value.as_bytes().to_vec(), little, big] {
                // What has three bytes in UTF-8 has two in UTF-16.
                limits.shortest = limits.shortest.min(needle.len());
                needles.push(needle);
                owners.push(owner);
            }
            marks.push(mark);
        }
        if marks.is_empty() {
            return None;
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&needles)
            // It fails for more needles than a process can hold.
            .ok()?;
        Some(Self {
            automaton,
            owners,
            marks,
            limits,
        })
    }

    /// Returns the text with every secret in it replaced; `None` when there is none.
    pub(super) fn text(&self, text: &str) -> Option<String> {
        let whole = |hit: &mut Hit| {
            hit.start = text.floor_char_boundary(hit.start);
            hit.end = text.ceil_char_boundary(hit.end);
        };
        let marked = self.marked(text.as_bytes(), &whole)?;
        Some(String::from_utf8_lossy(&marked).into_owned())
    }

    /// The mark of the first secret in a text, as far as it can be looked through.
    pub(super) fn first(&self, text: &str) -> Option<&str> {
        let hits = self.hits(text.as_bytes()).ok()?;
        hits.first().map(|hit| self.marks[hit.owner].as_str())
    }

    /// As [`Self::text`], of bytes.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.marked(bytes, &|_| ())
    }

    /// Puts a mark in the place of every hit, each as `whole` widens it.
    fn marked(&self, bytes: &[u8], whole: &dyn Fn(&mut Hit)) -> Option<Vec<u8>> {
        let hits = match self.hits(bytes) {
            Ok(hits) if hits.is_empty() => return None,
            Ok(hits) => hits,
            Err(TooMuch) => return Some(UNSEARCHED.into()),
        };
        let mut out = Vec::with_capacity(bytes.len());
        let mut done = 0;
        for mut hit in hits {
            whole(&mut hit);
            out.extend_from_slice(&bytes[done..hit.start.max(done)]);
            out.extend_from_slice(self.marks[hit.owner].as_bytes());
            done = hit.end;
        }
        out.extend_from_slice(&bytes[done..]);
        Some(out)
    }

    /// Everything that is found, in order and apart from each other.
    fn hits(&self, bytes: &[u8]) -> Result<Vec<Hit>, TooMuch> {
        if bytes.len() < self.limits.shortest {
            return Ok(Vec::new());
        }
        let mut hits = Vec::new();
        let mut left = bytes
            .len()
            .saturating_mul(DECODED_MAX)
            .saturating_add(DECODED_ALWAYS);
        self.look(bytes, &|at| (at, at + 1), LAYERS, &mut left, &mut hits)?;
        hits.sort_unstable_by_key(|hit| (hit.start, hit.end));
        let mut apart: Vec<Hit> = Vec::new();
        for hit in hits {
            match apart.last_mut() {
                Some(last) if hit.start < last.end => last.end = last.end.max(hit.end),
                _ => apart.push(hit),
            }
        }
        Ok(apart)
    }

    /// Looks at one layer, and through it. `origin` says from where in the whole text a byte comes.
    fn look(
        &self,
        bytes: &[u8],
        origin: &dyn Fn(usize) -> (usize, usize),
        layers: usize,
        left: &mut usize,
        hits: &mut Vec<Hit>,
    ) -> Result<(), TooMuch> {
        for found in self.automaton.find_overlapping_iter(bytes) {
            let owner = self.owners[found.pattern().as_usize()];
            let (start, end) = (origin(found.start()).0, origin(found.end() - 1).1);
            match hits.last_mut() {
                // A text of one letter holds a secret of the same letter at every place.
                Some(last) if last.start <= start && start < last.end && last.owner == owner => {
                    last.end = last.end.max(end);
                }
                _ => hits.push(Hit { start, end, owner }),
            }
        }
        if layers == 0 {
            return Ok(());
        }
        decode::each(bytes, self.limits, &mut |Decoded { bytes, origins }| {
            *left = left.checked_sub(bytes.len()).ok_or(TooMuch)?;
            let origin = |at: usize| {
                let (start, end) = origins[at];
                (origin(start as usize).0, origin(end as usize - 1).1)
            };
            self.look(&bytes, &origin, layers - 1, left, hits)
        })
    }
}
