//! Who may connect: groups of addresses. A call covers a group unless it says that it appends or deletes.
//!
//! That a group with its last address gone is gone itself, and that the default group then admits nobody, is taken over
//! from the console and not verified for the API.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::file::RedisFile;
use super::{RequestContext, check_state, named, named_mut};
use crate::answer::{Answer, Refusal};

/// The group that every instance has.
pub(super) const DEFAULT: &str = "default";

/// What an empty default group shows: nobody can connect from there.
const NOBODY: &str = "127.0.0.1";

/// How many addresses a group can have.
const ADDRESSES_MAX: usize = 1_000;

/// The groups of an instance by name.
#[derive(Clone, Debug)]
pub(crate) struct Whitelist(BTreeMap<String, Group>);

#[derive(Clone, Debug, Default)]
struct Group {
    attribute: String,
    addresses: Vec<String>,
}

impl Whitelist {
    pub fn new(settings: &RedisFile) -> Self {
        let mut groups: BTreeMap<String, Group> = settings
            .whitelist_groups
            .iter()
            .map(|(name, addresses)| (name.clone(), Group::of(addresses)))
            .collect();
        groups.insert(DEFAULT.to_owned(), Group::of(&settings.whitelist));
        Self(groups)
    }

    /// Returns whether every address of a block may connect.
    pub fn admits(&self, block: &str) -> bool {
        let Some(block) = Block::read(block) else {
            return false;
        };
        self.0
            .values()
            .flat_map(|group| &group.addresses)
            .filter_map(|address| Block::read(address))
            .any(|held| held.covers(block))
    }

    /// Adds what is missing of some addresses to a group, as DTS does on the side of a destination.
    pub fn admit(&mut self, name: &str, blocks: &[String]) {
        let missing: Vec<&String> = blocks.iter().filter(|block| !self.admits(block)).collect();
        if missing.is_empty() {
            return;
        }
        let missing: Vec<String> = missing.into_iter().cloned().collect();
        self.0
            .entry(name.to_owned())
            .or_default()
            .addresses
            .extend(missing);
    }

    /// Returns a group as the API writes it.
    pub fn shown(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(group) if !group.addresses.is_empty() => group.addresses.join(","),
            _ => NOBODY.to_owned(),
        }
    }

    pub fn lasting(&self) -> Value {
        let groups = self.0.iter();
        let sorted = groups.map(|(name, group)| {
            let mut addresses = group.addresses.clone();
            addresses.sort();
            (name, addresses)
        });
        json!(sorted.collect::<BTreeMap<_, _>>())
    }

    fn change(&mut self, mode: Mode, name: &str, attribute: Option<String>, addresses: &[String]) {
        let group = self.0.entry(name.to_owned()).or_default();
        match mode {
            Mode::Cover => group.addresses.clear(),
            Mode::Append => {}
            Mode::Delete => group.addresses.retain(|held| !addresses.contains(held)),
        }
        if mode != Mode::Delete {
            for address in addresses {
                if !group.addresses.contains(address) {
                    group.addresses.push(address.clone());
                }
            }
        }
        if let Some(attribute) = attribute {
            group.attribute = attribute;
        }
        if group.addresses.is_empty() && name != DEFAULT {
            self.0.remove(name);
        }
    }
}

impl Group {
    fn of(addresses: &[String]) -> Self {
        Self {
            attribute: String::new(),
            addresses: addresses.to_vec(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Cover,
    Append,
    Delete,
}

/// IPv4 addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    first: u32,
    bits: u32,
}

impl Block {
    /// Reads `10.0.0.1` or `10.0.0.0/8`.
    pub fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, bits.parse().ok().filter(|bits| *bits <= 32)?),
            None => (text.trim(), 32),
        };
        let address: Ipv4Addr = address.parse().ok()?;
        let first = u32::from(address) & mask(bits);
        Some(Self { first, bits })
    }

    fn covers(self, other: Self) -> bool {
        self.bits <= other.bits && other.first & mask(self.bits) == self.first
    }
}

fn mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}

pub(super) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let whitelist = &redis.whitelist;
    let groups: Vec<Value> = whitelist
        .0
        .iter()
        .map(|(name, group)| {
            json!({
                "SecurityIpGroupName": name,
                "SecurityIpGroupAttribute": group.attribute,
                "SecurityIpList": whitelist.shown(name),
            })
        })
        .collect();
    Ok(json!({ "SecurityIpGroups": { "SecurityIpGroup": groups } }))
}

pub(super) fn modify(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    check_state(redis, context.now)?;
    let parameters = context.parameters;
    let mode = match parameters.filled("ModifyMode").as_deref() {
        None | Some("Cover") => Mode::Cover,
        Some("Append") => Mode::Append,
        Some("Delete") => Mode::Delete,
        Some(other) => return Err(malformed(&format!("ModifyMode {other}"))),
    };
    let group = parameters
        .filled("SecurityIpGroupName")
        .unwrap_or_else(|| DEFAULT.to_owned());
    check_name(&group)?;
    let addresses: Vec<String> = context
        .required("SecurityIps")?
        .split(',')
        .map(|address| address.trim().to_owned())
        .collect();
    if let Some(wrong) = addresses.iter().find(|one| Block::read(one).is_none()) {
        return Err(malformed(&format!("address {wrong}")));
    }
    let attribute = parameters.filled("SecurityIpGroupAttribute");
    let id = redis.settings.id.clone();
    let mut changed = redis.whitelist.clone();
    changed.change(mode, &group, attribute, &addresses);
    let most = changed.0.values().map(|group| group.addresses.len()).max();
    if most > Some(ADDRESSES_MAX) {
        return Err(malformed("a group has at most 1,000 addresses"));
    }
    named_mut(context, &id)?.whitelist = changed;
    Ok(json!({}))
}

/// A group's name: 2 to 32 small letters, digits and underscores, a letter first, no underscore last.
fn check_name(name: &str) -> Result<(), Refusal> {
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let fits = (2..=32).contains(&name.len())
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !name.ends_with('_')
        && name.chars().all(plain);
    if fits {
        return Ok(());
    }
    Err(malformed(&format!("SecurityIpGroupName {name}")))
}

fn malformed(what: &str) -> Refusal {
    Refusal::new(
        400,
        "InvalidParameters.Format",
        format!("Specified parameters is not valid: {what}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(outer: &str, inner: &str) -> bool {
        Block::read(outer)
            .unwrap()
            .covers(Block::read(inner).unwrap())
    }

    #[test]
    fn a_block_covers_what_begins_alike() {
        assert!(covers("10.0.0.0/8", "10.255.0.1"));
        assert!(covers("0.0.0.0/0", "192.0.2.0/24"));
        assert!(covers("192.0.2.7", "192.0.2.7/32"));
        assert!(!covers("192.0.2.0/25", "192.0.2.0/24"));
        assert!(!covers("192.0.2.0/25", "192.0.2.128"));
        for wrong in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "::1"] {
            assert_eq!(Block::read(wrong), None, "{wrong}");
        }
    }
}
