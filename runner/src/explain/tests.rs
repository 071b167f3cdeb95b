//! Every code that is given is explained, and every code that is explained is given.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{all, by_form, explain, is_known, near, own};

#[test]
fn every_explanation_says_why_and_what_to_do() {
    for one in all() {
        assert!(one.cause.len() > 10, "{}", one.code);
        assert!(one.remedy.len() > 10, "{}", one.code);
        assert!(is_known(&one.code), "{} finds itself", one.code);
    }
}

#[test]
fn meanings_of_one_code_are_told_apart_by_the_message() {
    let cases = explain("AssumeRoleFail", None);
    assert_eq!(cases.len(), 3);
    assert!(
        cases
            .iter()
            .all(|one| one.giver == "DTS" && one.when.is_some())
    );
    let remedies: BTreeSet<_> = cases.iter().map(|one| &one.remedy).collect();
    assert_eq!(remedies.len(), 3);
}

#[test]
fn a_product_means_its_own() {
    let all = explain("NoPermission", None);
    assert!(all.len() > 3);
    let own = explain("NoPermission", Some("sts"));
    assert_eq!(own.len(), 1);
    assert!(own[0].remedy.contains("AliyunSTSAssumeRoleAccess"));
    assert!(explain("rutter.denied", Some("DTS")).is_empty());
}

#[test]
fn exit_codes_and_diagnostics_are_explained_too() {
    assert_eq!(explain("5", None)[0].code, "exit 5");
    assert_eq!(explain("exit 5", None)[0].code, "exit 5");
    assert_eq!(explain("step-inputs", None).len(), 1);
}

#[test]
fn a_slip_finds_its_code() {
    assert_eq!(near("assumerolefail")[0], "AssumeRoleFail");
    assert!(near("AssumeRoleFial").contains(&"AssumeRoleFail".to_owned()));
    assert!(near("zzzzzzzzzzzz").is_empty());
    assert!(explain("Throttling.Odd", None).is_empty() && by_form("Throttling.Odd").is_some());
    assert!(by_form("Something.New").is_none());
}

/// The codes that stand as texts in the sources of the program and of the SDK; one that ends in a
/// full stop is the beginning of a family.
fn given() -> BTreeSet<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut codes = BTreeSet::new();
    let folders = [
        "src",
        "engine/src",
        "meaning/src",
        "plugin/src",
        "runbook/src",
        "../sdk/rust/src",
    ];
    for folder in folders {
        for file in sources(&package.join(folder)) {
            let text = std::fs::read_to_string(&file).expect("a source can be read");
            let begins = ["\"rutter.", "\"sdk."];
            for (at, _) in begins.iter().flat_map(|begin| text.match_indices(begin)) {
                let rest = &text[at + 1..];
                let of_code = |c: char| c.is_ascii_lowercase() || c == '.' || c == '-';
                let end = rest.find(|c: char| !of_code(c)).unwrap_or(rest.len());
                codes.insert(rest[..end].to_owned());
            }
        }
    }
    // Files, not codes; and what strips the prefix.
    for other in ["rutter.toml", "rutter.lock"] {
        codes.remove(other);
    }
    codes
}

/// The sources below a folder, without this folder, which names codes and gives none.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() && !path.ends_with("explain") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_code_of_rutter_is_explained_and_given() {
    let given = given();
    assert!(given.len() > 40, "the sources were read: {given:?}");
    let told: BTreeSet<&str> = own::FAULTS.iter().map(|(code, ..)| *code).collect();
    assert_eq!(told.len(), own::FAULTS.len(), "one is there twice");
    for code in &given {
        let family = |told: &&str| code.ends_with('.') && told.starts_with(code.as_str());
        assert!(
            told.contains(code.as_str()) || told.iter().any(family),
            "explain `{code}` in own.rs"
        );
    }
    for code in told {
        let family = |given: &String| {
            given.ends_with('.') && given != "rutter." && code.starts_with(given.as_str())
        };
        assert!(
            given.contains(code) || given.iter().any(family),
            "nothing gives `{code}`"
        );
    }
}
