//! Identifiers and codes of the simulated cloud: derived from seed, account, kind and a counter, and recognisable as simulated.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// The mark in every identifier that the simulated cloud gives out.
pub(crate) const MARK: &str = "sim";

/// Returns the lower-case hexadecimal digest of the parts, kept apart from each other.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    rutter_contracts::hex::encode(&hash.finalize())
}

/// How many identifiers of a kind an account has been given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters(BTreeMap<(String, String), u64>);

impl Counters {
    /// Counts one more identifier of a kind in an account and returns how many there are.
    pub fn count(&mut self, account: &str, kind: &str) -> u64 {
        let place = (account.to_owned(), kind.to_owned());
        let counter = self.0.entry(place).or_default();
        *counter += 1;
        *counter
    }
}

/// Where identifiers of one call come from.
#[derive(Clone, Debug)]
pub(crate) struct IdentifierSource<'a> {
    pub seed: u64,
    pub account: &'a str,
}

impl IdentifierSource<'_> {
    /// Returns `prefix`, the mark and 14 hexadecimal digits: `m-sim0123456789abcd`.
    pub fn resource(&self, prefix: &str, kind: &str, counter: u64) -> String {
        format!("{prefix}{MARK}{}", &self.digest(kind, counter)[..14])
    }

    /// Returns a secret: a digest under a name of its own, so that no identifier reveals it.
    pub fn secret(&self, kind: &str, counter: u64) -> String {
        format!(
            "{MARK}{}",
            &self.digest(&format!("secret:{kind}"), counter)[..29]
        )
    }

    /// Returns a request id: the shape of the cloud's, with the mark where hexadecimal digits would be.
    pub fn request(&self, counter: u64) -> String {
        let digest = self.digest("request", counter).to_uppercase();
        format!(
            "SIM{}-{}-{}-{}-{}",
            &digest[..5],
            &digest[5..9],
            &digest[9..13],
            &digest[13..17],
            &digest[17..29]
        )
    }

    /// Returns a number below `bound`, for latencies.
    pub fn number(&self, kind: &str, counter: u64, bound: u64) -> u64 {
        let digits = &self.digest(kind, counter)[..15];
        u64::from_str_radix(digits, 16).map_or(0, |number| number % bound.max(1))
    }

    fn digest(&self, kind: &str, counter: u64) -> String {
        digest(&[
            &self.seed.to_string(),
            self.account,
            kind,
            &counter.to_string(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_identifiers_and_another_gives_others() {
        let one = IdentifierSource {
            seed: 1,
            account: "1",
        };
        let two = IdentifierSource {
            seed: 2,
            account: "1",
        };
        assert_eq!(
            one.resource("m-", "image", 1),
            one.resource("m-", "image", 1)
        );
        assert_ne!(
            one.resource("m-", "image", 1),
            two.resource("m-", "image", 1)
        );
        assert_ne!(
            one.resource("m-", "image", 1),
            one.resource("m-", "image", 2)
        );
        assert!(one.resource("m-", "image", 1).contains(MARK));
        assert_eq!(one.request(3).len(), 36);
    }
}
