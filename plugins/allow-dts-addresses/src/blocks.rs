//! Blocks of IPv4 addresses, as whitelists write them.

use std::net::Ipv4Addr;

/// Addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    first: u32,
    bits: u32,
}

impl Block {
    /// Reads `10.0.0.1` or `10.0.0.0/8`; `None` for anything else, such as IPv6.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, bits.parse().ok().filter(|bits| *bits <= 32)?),
            None => (text.trim(), 32),
        };
        let address: Ipv4Addr = address.parse().ok()?;
        let first = u32::from(address) & mask(bits);
        Some(Self { first, bits })
    }

    /// Whether all addresses of the other are its own.
    pub(crate) fn covers(self, other: Self) -> bool {
        self.bits <= other.bits && other.first & mask(self.bits) == self.first
    }
}

fn mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(outer: &str, inner: &str) -> bool {
        match (Block::read(outer), Block::read(inner)) {
            (Some(outer), Some(inner)) => outer.covers(inner),
            _ => false,
        }
    }

    #[test]
    fn a_block_covers_what_begins_alike() {
        assert!(covers("0.0.0.0/0", "100.104.52.0/24"));
        assert!(covers("100.104.0.0/16", "100.104.52.0/24"));
        assert!(covers("100.104.52.9", "100.104.52.9/32"));
        assert!(!covers("100.104.52.0/26", "100.104.52.0/24"));
        assert!(!covers("100.104.52.0/26", "100.104.52.64"));
        assert!(!covers("::/0", "100.104.52.0/24"));
        assert_eq!(Block::read("100.104.52.0/33"), None);
    }
}
