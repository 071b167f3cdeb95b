//! SQLite's write-ahead log, read as SQLite reads it, without SQLite: a log that is opened is also recovered and
//! folded into the database, and what follows a damaged frame is dropped without a word. Here the bytes stay as they
//! are, and where the log ends before its time is known.
//!
//! The format is described at <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::collections::BTreeMap;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The last bit tells in which order of bytes the checksums are counted.
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;

/// The pages that a log holds for its database.
#[derive(Debug, Default)]
pub(super) struct Wal<'a> {
    /// The newest content of each page, by its number.
    pub pages: BTreeMap<u32, &'a [u8]>,
    /// The size of the database in pages, if anything was committed.
    pub size: Option<u32>,
    /// Why it ends where it ends.
    pub end: End,
}

/// Why a log ends where it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// There is nothing after the last commit.
    #[default]
    Whole,
    /// Its header is not what was written.
    Header,
    /// A frame is not what was written.
    Frame {
        /// The frame, from 1.
        frame: u64,
        /// Where it begins.
        byte: u64,
    },
    /// A frame does not say that it belongs to this use of the log: what was there before is not wiped.
    Older {
        /// The frame, from 1.
        frame: u64,
        /// Where it begins.
        byte: u64,
    },
    /// It ends within a frame, or before a commit.
    Cut {
        /// The frame that is not whole, from 1.
        frame: u64,
        /// Where it begins.
        byte: u64,
    },
}

impl<'a> Wal<'a> {
    /// What SQLite would see: all commits before the first frame that does not fit.
    pub fn read(bytes: &'a [u8], page_size: usize) -> Self {
        Self::walk(bytes, page_size, true)
    }

    /// Whatever looks like a frame, whether its checksum fits or not: for whoever can tell by other means what is true.
    pub fn salvage(bytes: &'a [u8], page_size: usize) -> Self {
        Self::walk(bytes, page_size, false)
    }

    fn walk(bytes: &'a [u8], page_size: usize, strict: bool) -> Self {
        let mut log = Self::default();
        if bytes.is_empty() {
            return log;
        }
        let header = Header::read(bytes, page_size);
        let Some(header) = header.filter(|header| header.sound || !strict) else {
            log.end = End::Header;
            return log;
        };
        let salt = header.salt(bytes);
        let mut sum = header.sum;
        let mut uncommitted = BTreeMap::new();
        let frames = bytes[HEADER_BYTES..].chunks(FRAME_HEADER_BYTES + page_size);
        let mut byte = HEADER_BYTES as u64;
        for (frame, chunk) in (1..).zip(frames) {
            let Some((head, page)) = chunk
                .split_at_checked(FRAME_HEADER_BYTES)
                .filter(|(_, page)| page.len() == page_size)
            else {
                log.end = End::Cut { frame, byte };
                return log;
            };
            let number = big_endian(head, 0);
            sum = checksum(checksum(sum, &head[..8], header.big), page, header.big);
            let salted = head[8..16] == *salt;
            let summed = (big_endian(head, 16), big_endian(head, 20)) == sum;
            if number == 0 || (strict && !(salted && summed)) {
                if strict {
                    log.end = match salted {
                        true => End::Frame { frame, byte },
                        false => End::Older { frame, byte },
                    };
                    return log;
                }
            } else if salted || summed {
                uncommitted.insert(number, page);
                let size = big_endian(head, 4);
                if size != 0 {
                    log.pages.append(&mut uncommitted);
                    log.size = Some(size);
                }
            }
            if !strict {
                // The sum that was written: what follows a damaged frame can be told from what is left over.
                sum = (big_endian(head, 16), big_endian(head, 20));
            }
            byte += chunk.len() as u64;
        }
        if !uncommitted.is_empty() {
            let frame = (byte - HEADER_BYTES as u64) / (FRAME_HEADER_BYTES + page_size) as u64 + 1;
            log.end = End::Cut { frame, byte };
        }
        log
    }
}

struct Header {
    big: bool,
    sum: (u32, u32),
    sound: bool,
}

impl Header {
    /// `None` when there is no whole header.
    fn read(bytes: &[u8], page_size: usize) -> Option<Self> {
        let header = bytes.get(..HEADER_BYTES)?;
        let magic = big_endian(header, 0);
        let big = magic & 1 == 1;
        let sum = checksum((0, 0), &header[..24], big);
        let sound = magic & !1 == MAGIC
            && big_endian(header, 4) == VERSION
            && big_endian(header, 8) as usize == page_size
            && sum == (big_endian(header, 24), big_endian(header, 28));
        Some(Self { big, sum, sound })
    }

    /// What every frame of this use of the log repeats; where the header cannot be believed, the first frame is.
    fn salt<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let first = HEADER_BYTES + 8..HEADER_BYTES + 16;
        let place = if self.sound { 16..24 } else { first };
        bytes.get(place).unwrap_or_default()
    }
}

/// The 32 bits at a place that is known to be there.
pub(super) fn big_endian(bytes: &[u8], place: usize) -> u32 {
    let word = bytes[place..]
        .first_chunk::<4>()
        .expect("the caller knows the length");
    u32::from_be_bytes(*word)
}

fn checksum((mut one, mut two): (u32, u32), bytes: &[u8], big: bool) -> (u32, u32) {
    for pair in bytes.chunks_exact(8) {
        let word = |place| {
            let word = big_endian(pair, place);
            if big { word } else { word.swap_bytes() }
        };
        one = one.wrapping_add(word(0)).wrapping_add(two);
        two = two.wrapping_add(word(4)).wrapping_add(one);
    }
    (one, two)
}
