//! Records as a chain: each carries a digest over the digest before it and its own bytes, so that one that was
//! altered, taken out or put in breaks the chain where that was done.

use rutter_engine::Timestamp;
use sha2::{Digest as _, Sha256};

/// The digest of a record and of all records before it.
pub type Digest = [u8; 32];

/// A place in the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The record's number; 0 before the first.
    pub seq: u64,
    /// The digest up to it; zeros before the first.
    pub digest: Digest,
}

impl Link {
    /// The link of the record that follows.
    pub fn next(&self, time: Timestamp, body: &str) -> Self {
        let seq = self.seq + 1;
        let digest = Sha256::new()
            .chain_update(self.digest)
            .chain_update(seq.to_le_bytes())
            .chain_update(time.0.to_le_bytes())
            .chain_update(body)
            .finalize();
        Self {
            seq,
            digest: digest.into(),
        }
    }
}
