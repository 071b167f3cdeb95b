//! Whether what a manifest says of its plugin agrees with what it asks leave to do.

use rutter_contracts::{Access, labelled, nearest_action};
use rutter_expression::{NoRule, check_rules};
use rutter_manifest::{HttpPermission, Kind, Manifest, Permission};

/// Methods of HTTP that only read.
const READING: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// Something that a manifest says and that cannot be so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{says}")]
pub struct Claim {
    /// What, a fragment fit to follow the plugin's name.
    pub says: String,
    /// What its author does about it.
    pub help: String,
}

/// Holds a manifest against itself and against what is known of the actions that it names.
///
/// # Errors
/// The first thing that cannot be so.
pub fn check(manifest: &Manifest) -> Result<(), Claim> {
    let reads_only = manifest.plugin.kind == Kind::Read;
    for permission in &manifest.permissions {
        for call in &permission.call {
            well_spelled(call)?;
            if reads_only && !is_read(call) {
                return Err(changes(&format!("may call `{call}`, which is a change")));
            }
        }
        if let Some(http) = &permission.http {
            check_http(http, reads_only)?;
        }
        credential_is_for_http(permission)?;
    }
    if reads_only && manifest.plugin.undo {
        return Err(changes("has an `undo`"));
    }
    check_rules(manifest).map_err(no_rule)
}

fn check_http(http: &HttpPermission, reads_only: bool) -> Result<(), Claim> {
    let says_read = http.kind == Kind::Read;
    if reads_only && !says_read {
        let methods = http.methods.join(", ");
        return Err(changes(&format!("may send {methods}, which is a change")));
    }
    let mut methods = http.methods.iter();
    match methods.find(|method| says_read && !READING.contains(&method.as_str())) {
        Some(method) => Err(Claim {
            says: format!("calls {method} by HTTP a read"),
            help: format!(
                "say `kind = \"change\"` of what is sent by {method}; {} are reads",
                READING.join(", ")
            ),
        }),
        None => Ok(()),
    }
}

fn changes(what: &str) -> Claim {
    Claim {
        says: format!("says `kind = \"read\"` and {what}"),
        help: "say `kind = \"change\"`, or leave the permission out".to_owned(),
    }
}

fn no_rule(rule: NoRule) -> Claim {
    let NoRule {
        number,
        part,
        message,
        help,
    } = rule;
    Claim {
        says: format!("has a rule that is none (rule {number}): `{part}` {message}"),
        help,
    }
}

/// What no contract knows is taken for a change.
fn is_read(call: &str) -> bool {
    labelled(call).is_some_and(|action| action.access == Access::Read)
}

/// An action that is spelled nearly as a known one is not another one.
fn well_spelled(call: &str) -> Result<(), Claim> {
    let Some((product, name)) = call.split_once(':') else {
        return Ok(());
    };
    match nearest_action(product, name) {
        Some(known) if known != name && known.eq_ignore_ascii_case(name) => Err(Claim {
            says: format!("asks for `{call}`, which is no action"),
            help: format!("it is spelled `{product}:{known}`"),
        }),
        _ => Ok(()),
    }
}

fn credential_is_for_http(permission: &Permission) -> Result<(), Claim> {
    match &permission.credential {
        Some(name) if permission.http.is_none() => Err(Claim {
            says: format!("asks for the credential `{name}` where it sends nothing by HTTP"),
            help: "calls of the cloud's API carry their account's credentials alone".to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use rutter_manifest::Manifest;

    fn manifest(kind: &str, permissions: &str) -> Manifest {
        let text = format!(
            "[plugin]\nname = 'p'\nversion = '0.1.0'\nsummary = 's'\nkind = '{kind}'\n{permissions}"
        );
        Manifest::parse(&text).expect("a manifest")
    }

    fn refused(kind: &str, permissions: &str) -> String {
        let permissions = format!("[[permissions]]\nreason = 'r'\n{permissions}");
        let claim = check(&manifest(kind, &permissions)).expect_err("refused");
        format!("{claim}: {}", claim.help)
    }

    #[test]
    fn what_says_that_it_reads_changes_nothing() {
        assert!(refused("read", "call = ['ram:DeleteRole']").contains("`ram:DeleteRole`"));
        assert!(refused("read", "call = ['nosuch:ListThings']").contains("a change"));
        let http = |kind: &str, method: &str| {
            format!("http = {{ host = 'h', path = '/', kind = '{kind}', methods = ['{method}'] }}")
        };
        assert!(refused("read", &http("change", "GET")).contains("GET"));
        assert!(refused("change", &http("read", "DELETE")).contains("DELETE by HTTP a read"));
        assert!(refused("read", &http("read", "POST")).contains("POST"));
    }

    #[test]
    fn a_look_alike_of_an_action_is_told_how_it_is_spelled() {
        let said = refused("change", "call = ['ram:Deleterole']");
        assert!(said.ends_with("it is spelled `ram:DeleteRole`"), "{said}");
    }

    #[test]
    fn a_rule_that_is_none_is_told_with_its_part_and_what_to_write() {
        let rules = "[inputs]\nname = { type = 'string' }\n[[rules]]\nthat = \"inputs.nme == 'a'\"\nmessage = 'm'";
        let claim = check(&manifest("read", rules)).expect_err("refused");
        assert_eq!(
            format!("{claim}: {}", claim.help),
            "has a rule that is none (rule 1): `inputs.nme` is read, and there is no such input: did you mean `name`?"
        );
    }

    #[test]
    fn every_plugin_that_ships_is_what_it_says() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).expect("the plugins").flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path().join("plugin.toml")) else {
                continue;
            };
            let manifest = Manifest::parse(&text).expect("a manifest");
            assert_eq!(check(&manifest), Ok(()), "{}", manifest.plugin.name);
            seen += 1;
        }
        assert!(seen > 20, "{seen} plugins");
    }
}
