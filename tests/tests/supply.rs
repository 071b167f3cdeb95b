//! Crates from elsewhere: their licences, their sources, and which of them are there twice, held to `deny.toml` without
//! the tool that `make deny` needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// Absent for what lies in this workspace.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    skip: Vec<Skip>,
}

#[derive(Deserialize)]
struct Skip {
    #[serde(rename = "crate")]
    package: String,
    reason: String,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What `Cargo.lock` names, for every platform.
fn packages() -> Vec<Package> {
    let said = cargo(&["metadata", "--format-version", "1"]);
    let metadata: Metadata = serde_json::from_slice(&said).expect("metadata");
    metadata.packages
}

/// Names and versions of what is built of it, for every platform: not what is named by a feature that nobody asks for.
fn built() -> BTreeSet<(String, String)> {
    let tree = ["tree", "--workspace", "--target", "all", "--prefix", "none"];
    let said = cargo(&[&tree[..], &["--format", "{p}"]].concat());
    let said = String::from_utf8(said).expect("names");
    let lines = said.lines().filter_map(|line| {
        let (name, rest) = line.split_once(" v")?;
        let version = rest.split(' ').next()?;
        Some((name.to_owned(), version.to_owned()))
    });
    lines.collect()
}

/// What cargo says about this workspace.
fn cargo(arguments: &[&str]) -> Vec<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let said = Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo, which runs this test");
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    said.stdout
}

fn deny() -> Deny {
    let text = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    toml::from_str(&text).expect("what make deny reads too")
}

#[test]
fn every_crate_has_a_licence_that_is_allowed() {
    let allowed = deny().licenses.allow;
    let foreign = packages()
        .into_iter()
        .filter(|package| package.source.is_some());
    let refused: Vec<String> = foreign
        .filter(|package| !is_met(package.license.as_deref().unwrap_or_default(), &allowed))
        .map(|package| {
            format!(
                "{} {}: {:?}",
                package.name, package.version, package.license
            )
        })
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_crate_comes_from_the_one_registry_or_from_this_workspace() {
    let sources: BTreeSet<String> = packages()
        .into_iter()
        .filter_map(|package| package.source)
        .collect();
    assert_eq!(sources.len(), 1, "{sources:?}");
    let is_registry = |source: &String| source.starts_with("registry+");
    assert!(sources.iter().all(is_registry), "{sources:?}");
}

#[test]
fn a_crate_is_there_twice_only_for_a_reason_that_is_given() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, version) in built() {
        versions.entry(name).or_default().push(version);
    }
    let older: BTreeSet<String> = versions
        .iter_mut()
        .flat_map(|(name, versions)| {
            versions.sort_by_key(|version| numbers(version));
            versions.pop();
            versions
                .iter()
                .map(|version| format!("{name}@{version}"))
                .collect::<Vec<_>>()
        })
        .collect();
    let given = deny().bans.skip;
    assert!(given.iter().all(|skip| !skip.reason.trim().is_empty()));
    let given: BTreeSet<String> = given.into_iter().map(|skip| skip.package).collect();
    assert_eq!(older, given, "left: in Cargo.lock; right: in deny.toml");
}

/// A version's numbers, so that 0.10 comes after 0.9.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    plain
        .split('.')
        .filter_map(|number| number.parse().ok())
        .collect()
}

/// Whether an SPDX expression, also of the old spelling with `/`, can be met by allowed licences.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let met = either(&mut words, allowed);
    met && words.is_empty()
}

/// Words are taken from the end of the list.
fn either(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> bool {
    let mut met = both(words, allowed);
    while words.last() == Some(&"OR") {
        words.pop();
        met |= both(words, allowed);
    }
    met
}

fn both(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.last() == Some(&"AND") {
        words.pop();
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> bool {
    match words.pop() {
        Some("(") => {
            let met = either(words, allowed);
            words.pop() == Some(")") && met
        }
        Some(licence) if words.last() == Some(&"WITH") => {
            words.pop();
            let exception = words.pop().unwrap_or_default();
            allowed.contains(&format!("{licence} WITH {exception}"))
        }
        Some(licence) => allowed.contains(licence),
        None => false,
    }
}

#[test]
fn a_licence_expression_is_met_as_it_says() {
    let allowed: BTreeSet<String> = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]
        .map(str::to_owned)
        .into();
    let met = |expression: &str| is_met(expression, &allowed);
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "GPL-3.0/MIT",
        "MIT AND ISC",
        "(GPL-3.0 OR MIT) AND ISC",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(met(good), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "Apache-2.0",
        "MIT AND GPL-3.0",
        "(GPL-3.0 OR MIT) AND GPL-2.0",
        "MIT )",
        "MIT MIT",
        "GPL-3.0 WITH MIT",
    ] {
        assert!(!met(bad), "{bad}");
    }
}

/// The profile of a manifest's workspace, and what it says of our own packages.
fn profile(manifest: &str) -> (toml::Value, toml::Table) {
    let text = std::fs::read_to_string(root().join(manifest)).expect("the manifest is read");
    let manifest: toml::Table = text.parse().expect("it is TOML");
    let mut profile = manifest["profile"]["dev"].clone();
    let packages = profile["package"].as_table_mut().expect("a table");
    let (own, others) = std::mem::take(packages)
        .into_iter()
        .partition(|(name, _)| name.starts_with("rutter"));
    *packages = others;
    (profile, own)
}

/// What is compiled for the program is not compiled again for the fuzz targets, and ours keep their assertions there.
#[test]
fn the_fuzz_targets_are_compiled_as_the_program_is() {
    let (theirs, _) = profile("Cargo.toml");
    let (fuzzed, own) = profile("tests/fuzz/Cargo.toml");
    assert_eq!(theirs, fuzzed);
    let text = std::fs::read_to_string(root().join("tests/fuzz/Cargo.toml")).expect("it is read");
    let manifest: toml::Table = text.parse().expect("it is TOML");
    let used = manifest["dependencies"].as_table().expect("a table");
    let ours = used.iter().filter(|(name, from)| {
        name.starts_with("rutter") && !name.ends_with("macros") && from.get("path").is_some()
    });
    for (name, _) in ours {
        for kept in ["debug-assertions", "overflow-checks"] {
            let says = own.get(name).and_then(|own| own.get(kept));
            assert_eq!(says, Some(&true.into()), "{name} has no {kept}");
        }
    }
}
