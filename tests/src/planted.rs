//! Planted secrets, and the search for them in whatever a run leaves behind: raw, in every encoding that is
//! claimed, and in one encoding inside another.
//!
//! It encodes what it looks for, where the program decodes what it looks at: a mistake of the one is not made by
//! the other.

use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// How a text begins that is planted as a secret.
pub const BEGINNING: &str = "planted-";

/// Looks for some secrets.
pub struct Search {
    automaton: AhoCorasick,
    /// For each needle what it is.
    names: Vec<String>,
}

/// A layer of encoding, its name, and what a text is under it, in every alignment.
type Layer = (&'static str, fn(&[u8]) -> Vec<Vec<u8>>);

const LAYERS: [Layer; 8] = [
    ("JSON", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let quoted = serde_json::Value::from(text.as_ref()).to_string();
        vec![quoted[1..quoted.len() - 1].into()]
    }),
    ("JSON in ASCII", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let escape = |unit: u16| format!("\\u{unit:04x}").into_bytes();
        vec![text.encode_utf16().flat_map(escape).collect()]
    }),
    ("URL", |bytes| {
        vec![rutter_contracts::wire::percent_encode(&String::from_utf8_lossy(bytes)).into()]
    }),
    ("hex", |bytes| {
        let digits = |upper: bool| {
            let digit = move |byte: &u8| match upper {
                true => format!("{byte:02X}").into_bytes(),
                false => format!("{byte:02x}").into_bytes(),
            };
            bytes.iter().flat_map(digit).collect()
        };
        vec![digits(false), digits(true)]
    }),
    ("Base64", |bytes| base64_of(bytes, &STANDARD_NO_PAD)),
    ("Base64 for addresses", |bytes| {
        base64_of(bytes, &URL_SAFE_NO_PAD)
    }),
    ("UTF-16LE", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        vec![text.encode_utf16().flat_map(u16::to_le_bytes).collect()]
    }),
    ("UTF-16BE", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        vec![text.encode_utf16().flat_map(u16::to_be_bytes).collect()]
    }),
];

/// The digits that hold nothing but bits of the text, in each of the three places where it may begin.
fn base64_of(bytes: &[u8], engine: &impl base64::Engine) -> Vec<Vec<u8>> {
    let at = |before: usize| {
        let padded = [vec![0; before], bytes.to_vec()].concat();
        let digits = engine.encode(&padded).into_bytes();
        let begin = (before * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        digits[begin..end].to_vec()
    };
    (0..3).map(at).collect()
}

impl Search {
    /// A search for these secrets.
    ///
    /// # Panics
    /// When there are too many.
    pub fn new(secrets: &[&str]) -> Self {
        let (mut needles, mut names) = (Vec::new(), Vec::new());
        let mut add = |name: String, needle: Vec<u8>| {
            names.push(name);
            needles.push(needle);
        };
        for secret in secrets {
            add((*secret).to_owned(), secret.as_bytes().to_vec());
            for (outer, once) in LAYERS {
                for encoded in once(secret.as_bytes()) {
                    for (second, twice) in LAYERS {
                        for encoded in twice(&encoded) {
                            add(format!("{secret} in {outer} in {second}"), encoded);
                        }
                    }
                    add(format!("{secret} in {outer}"), encoded);
                }
            }
        }
        Self {
            automaton: AhoCorasick::new(&needles).expect("there are not too many"),
            names,
        }
    }

    /// The secrets that a text holds, a line each.
    pub fn of(&self, what: &str, text: &[u8]) -> Option<String> {
        let found = self.automaton.find(text)?;
        let name = &self.names[found.pattern().as_usize()];
        Some(format!("{what} holds {name}"))
    }

    /// The secrets that the files of a folder hold, a line each.
    pub fn of_folder(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => found.extend(self.of_folder(&path)),
                Ok(kind) if kind.is_file() => {
                    let bytes = std::fs::read(&path).unwrap_or_default();
                    found.extend(self.of(&path.display().to_string(), &bytes));
                }
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn a_planted_secret_is_found_in_a_file_below_however_it_is_encoded() {
        let search = Search::new(&["planted-é%\"x"]);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        let text = base64::engine::general_purpose::STANDARD.encode("{\"a\":\"planted-é%\\\"x\"}");
        std::fs::write(folder.path().join("below/file"), text).unwrap();
        let found = search.of_folder(folder.path());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(search.of("x", b"nothing planted").is_none());
    }
}
