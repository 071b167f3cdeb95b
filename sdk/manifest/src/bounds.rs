//! How long and how deep a manifest may be: it is written by strangers, and read before anybody decides
//! whether to trust it.

use crate::error::ManifestError;
use crate::field::Field;
use crate::manifest::Manifest;
use crate::rules::InputRule;

/// Bytes of a manifest's text.
pub(crate) const TEXT_MAX: usize = 256 * 1024;
/// Inputs, outputs and the fields within them, together.
const FIELDS_MAX: usize = 1_000;
/// Fields within fields.
const DEPTH_MAX: usize = 16;
/// Values that one field allows.
const VALUES_MAX: usize = 1_000;
/// Characters of a name.
const NAME_MAX: usize = 64;
/// Characters of a plugin's summary.
const SUMMARY_MAX: usize = 300;
/// Characters of a field's help, of a permission's reason, of why there is nothing to undo and of what a rule says.
const SENTENCES_MAX: usize = 1_000;
/// Accounts, permissions, the calls or methods of one, pairs of ids.
const LIST_MAX: usize = 200;
/// Rules between inputs.
const RULES_MAX: usize = 100;
/// Bytes of a rule's condition.
const CONDITION_MAX: usize = 2_048;
/// Characters of a call, a host or a path.
const CALL_MAX: usize = 256;
/// Bytes of a pattern.
const PATTERN_MAX: usize = 1_000;
/// Bytes of the program that a pattern becomes: a text is matched in as many steps as it has bytes, each as
/// long as this.
const PROGRAM_MAX: usize = 128 * 1024;
/// Bytes of a text that is held against a pattern.
pub(crate) const MATCHED_MAX: usize = 64 * 1024;

/// Says that something is longer than it may be.
fn at_most(what: &str, length: usize, max: usize, unit: &str) -> Result<(), String> {
    match length <= max {
        true => Ok(()),
        false => Err(format!("{what} has at most {max} {unit}, not {length}")),
    }
}

fn characters(what: &str, text: &str, max: usize) -> Result<(), String> {
    at_most(what, text.chars().count(), max, "characters")
}

/// Holds a text against its limit, before it is read.
pub(crate) fn of_text(text: &str) -> Result<(), ManifestError> {
    at_most("a manifest", text.len(), TEXT_MAX, "bytes").map_err(in_whole)
}

/// Holds a manifest against every other limit.
pub(crate) fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    lengths(manifest).map_err(in_whole)
}

fn in_whole(message: String) -> ManifestError {
    ManifestError {
        message,
        line: 1,
        column: 1,
        help: None,
    }
}

fn lengths(manifest: &Manifest) -> Result<(), String> {
    let plugin = &manifest.plugin;
    characters("a plugin's name", &plugin.name, NAME_MAX)?;
    characters("a version", &plugin.version, NAME_MAX)?;
    characters("a summary", &plugin.summary, SUMMARY_MAX)?;
    let nothing_to_undo = plugin.nothing_to_undo.as_deref().unwrap_or_default();
    characters("`nothing_to_undo`", nothing_to_undo, SENTENCES_MAX)?;
    for (what, length) in [
        ("`accounts`", manifest.accounts.len()),
        ("`permissions`", manifest.permissions.len()),
        ("`ids`", manifest.ids.len()),
    ] {
        at_most(what, length, LIST_MAX, "entries")?;
    }
    of_rules(&manifest.rules)?;
    for (name, need) in &manifest.accounts {
        characters("an account's name", name, NAME_MAX)?;
        characters("an account's help", &need.help, SENTENCES_MAX)?;
    }
    for permission in &manifest.permissions {
        characters("a permission's reason", &permission.reason, SENTENCES_MAX)?;
        let credential = permission.credential.as_deref().unwrap_or_default();
        characters("a credential's name", credential, NAME_MAX)?;
        at_most("`call`", permission.call.len(), LIST_MAX, "entries")?;
        let mut texts: Vec<&str> = permission.call.iter().map(String::as_str).collect();
        if let Some(http) = &permission.http {
            at_most("`methods`", http.methods.len(), LIST_MAX, "entries")?;
            texts.extend(http.methods.iter().map(String::as_str));
            texts.extend([http.host.as_str(), http.path.as_str()]);
        }
        at_most("`secrets`", permission.secrets.len(), LIST_MAX, "entries")?;
        texts.extend(permission.secrets.iter().map(String::as_str));
        let answers = &permission.secret_answers;
        at_most("`secret_answers`", answers.len(), LIST_MAX, "entries")?;
        texts.extend(answers.iter().map(String::as_str));
        for text in texts {
            characters("what a permission names", text, CALL_MAX)?;
        }
    }
    for pair in &manifest.ids {
        for text in [&pair.kind, &pair.source, &pair.target] {
            characters("what `ids` names", text, CALL_MAX)?;
        }
    }
    let mut fields = 0;
    for (name, field) in manifest.inputs.iter().chain(&manifest.outputs) {
        of_field(name, field, 1, &mut fields)?;
    }
    Ok(())
}

fn of_rules(rules: &[InputRule]) -> Result<(), String> {
    at_most("`rules`", rules.len(), RULES_MAX, "entries")?;
    for rule in rules {
        at_most(
            "a rule's condition",
            rule.that.len(),
            CONDITION_MAX,
            "bytes",
        )?;
        characters("a rule's message", &rule.message, SENTENCES_MAX)?;
        let help = rule.help.as_deref().unwrap_or_default();
        characters("a rule's help", help, SENTENCES_MAX)?;
    }
    Ok(())
}

fn of_field(name: &str, field: &Field, depth: usize, fields: &mut usize) -> Result<(), String> {
    *fields += 1;
    if *fields > FIELDS_MAX {
        return Err(format!("there are at most {FIELDS_MAX} fields in all"));
    }
    if depth > DEPTH_MAX {
        return Err(format!("fields are at most {DEPTH_MAX} deep"));
    }
    characters("a field's name", name, NAME_MAX)?;
    let help = field.help.as_deref().unwrap_or_default();
    characters(&format!("the help of `{name}`"), help, SENTENCES_MAX)?;
    at_most(
        &format!("`one_of` of `{name}`"),
        field.one_of.len(),
        VALUES_MAX,
        "values",
    )?;
    if let Some(pattern) = &field.pattern {
        of_pattern(name, pattern)?;
    }
    if let Some(items) = &field.items {
        of_field(name, items, depth + 1, fields)?;
    }
    for (name, field) in &field.fields {
        of_field(name, field, depth + 1, fields)?;
    }
    Ok(())
}

fn of_pattern(name: &str, pattern: &str) -> Result<(), String> {
    at_most(
        &format!("the pattern of `{name}`"),
        pattern.len(),
        PATTERN_MAX,
        "bytes",
    )?;
    let program = regex_lite::RegexBuilder::new(pattern)
        .size_limit(PROGRAM_MAX)
        .build();
    match program {
        Ok(_) => Ok(()),
        Err(_) => Err(format!(
            "the pattern of `{name}` takes too long to match: repeat less in it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::Manifest;

    const HEAD: &str = "[plugin]\nname = 'p'\nversion = '0.1.0'\nsummary = 's'\nkind = 'read'\n";

    fn refused(text: &str) -> String {
        Manifest::parse(text).expect_err("too long").message
    }

    #[test]
    fn a_manifest_is_bounded_in_every_direction() {
        let long = refused(&format!("{HEAD}# {}", "x".repeat(300_000)));
        assert!(long.contains("at most 262144 bytes"), "{long}");

        let summary = HEAD.replace("'s'", &format!("'{}'", "s".repeat(301)));
        assert!(refused(&summary).starts_with("a summary has at most 300"));

        let fields: String = (0..1_001)
            .map(|number| format!("f{number} = {{ type = 'string' }}\n"))
            .collect();
        assert!(refused(&format!("{HEAD}[inputs]\n{fields}")).contains("1000 fields"));

        let deep = (0..17).fold("{ type = 'string' }".to_owned(), |inner, _| {
            format!("{{ type = 'list', items = {inner} }}")
        });
        assert!(refused(&format!("{HEAD}[inputs]\na = {deep}")).contains("16 deep"));
    }

    #[test]
    fn rules_between_inputs_are_bounded() {
        let rule = |that: &str, message: &str| {
            format!("[[rules]]\nthat = '{that}'\nmessage = '{message}'\n")
        };
        let refused = |rules: &str| refused(&format!("{HEAD}{rules}"));
        assert!(refused(&rule(&"a".repeat(2_049), "m")).contains("at most 2048 bytes"));
        assert!(refused(&rule("a", &"m".repeat(1_001))).contains("at most 1000 characters"));
        assert!(refused(&rule("a", "m").repeat(101)).contains("at most 100 entries"));
    }

    #[test]
    fn a_pattern_is_bounded_in_what_it_costs() {
        let with = |pattern: &str| {
            format!("{HEAD}[inputs]\na = {{ type = 'string', pattern = '{pattern}' }}")
        };
        assert!(refused(&with("^(a{500}){300}$")).contains("repeat less"));
        assert!(refused(&with(&"a".repeat(1_001))).contains("at most 1000 bytes"));
        assert!(Manifest::parse(&with("^[a-z][a-z0-9-]{0,63}$")).is_ok());
    }
}
