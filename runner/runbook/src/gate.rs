//! What the fields alone cannot say about an `approve` step: who may answer, and until when.

use std::collections::BTreeSet;

use rutter_engine::approver;
use serde_json::Value;

use super::keys;
use super::misfit::Misfit;

/// Refuses a gate that nobody can pass, whoever is there.
pub(super) fn complete(inputs: Value) -> Result<Value, Misfit> {
    if inputs.get("then").is_some() && inputs.get("within").is_none() {
        let message = "`then` says what happens when the time of `within` is up, and there is none";
        return Err(misfit("then", message.to_owned(), ""));
    }
    let approvers = inputs.get("approvers").and_then(Value::as_array);
    let approvers = approvers.into_iter().flatten().filter_map(Value::as_str);
    let mut known = BTreeSet::new();
    for text in approvers {
        let mut words = text.split_whitespace();
        // Two comments make no two keys.
        let one = match approver::is_a_key(text) {
            true => (words.next(), words.next()),
            false => (Some(text), None),
        };
        if text.trim().is_empty() {
            let message = "an approver has a name".to_owned();
            return Err(misfit("approvers", message, ""));
        }
        if approver::is_a_key(text) {
            let help = "the line of a `.pub` file is one: `ssh-ed25519 AAAA… alice`";
            keys::check(text).map_err(|why| misfit("approvers", why, help))?;
        }
        if !known.insert(one) {
            let name = approver::name(text);
            let message = format!("{name} is named twice, and is one person");
            return Err(misfit("approvers", message, ""));
        }
    }
    let people = inputs.get("people").and_then(Value::as_u64).unwrap_or(1);
    if !known.is_empty() && (known.len() as u64) < people {
        let message = format!("{people} people are asked, and {} may answer", known.len());
        let help = "name more `approvers`, or ask fewer `people`";
        return Err(misfit("approvers", message, help));
    }
    Ok(inputs)
}

fn misfit(input: &'static str, message: String, help: &'static str) -> Misfit {
    Misfit {
        input: Some(input),
        message,
        help,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::complete;

    #[test]
    fn a_gate_that_nobody_could_ever_pass_is_refused() {
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
        for (inputs, why) in [
            (
                json!({ "people": 2, "approvers": ["alice"] }),
                "2 people are asked",
            ),
            (
                json!({ "people": 2, "approvers": ["alice", "alice"] }),
                "named twice",
            ),
            (
                json!({ "approvers": [format!("{key} a"), format!("{key} b")] }),
                "named twice",
            ),
            (
                json!({ "approvers": ["ssh-ed25519 AAAA alice"] }),
                "no public key",
            ),
            (json!({ "approvers": ["the boss"] }), "no public key"),
            (json!({ "approvers": [" "] }), "has a name"),
        ] {
            let misfit = complete(inputs.clone()).unwrap_err();
            assert!(misfit.message.contains(why), "{inputs}: {misfit:?}");
        }
        complete(json!({ "people": 2, "approvers": ["alice", key] })).unwrap();
        complete(json!({ "people": 2, "approvers": [] })).unwrap();
    }
}
