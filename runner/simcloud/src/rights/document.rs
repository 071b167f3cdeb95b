//! Policy documents: reading and judging them.

use serde_json::Value;

/// What policies say of an action on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No statement speaks of it.
    Silent,
    Allowed,
    Denied,
}

impl Verdict {
    /// One denial wins over any number of permissions.
    pub fn together(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts
            .into_iter()
            .fold(Self::Silent, |so_far, next| match (so_far, next) {
                (Self::Denied, _) | (_, Self::Denied) => Self::Denied,
                (Self::Allowed, _) | (_, Self::Allowed) => Self::Allowed,
                _ => Self::Silent,
            })
    }
}

/// A policy that has been read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    pub statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub allow: bool,
    pub actions: Patterns,
    pub resources: Patterns,
    /// Principals by kind (`RAM`, `Service`, `Federated`), in a trust policy.
    pub principals: Vec<(String, String)>,
    /// What has to hold beside; null without a condition.
    pub condition: Value,
}

/// Texts with `*` and `?`, or everything but them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Patterns {
    pub inverted: bool,
    pub patterns: Vec<String>,
}

impl Document {
    /// Reads a policy of an identity, or says what is wrong with it.
    pub fn policy(document: &Value) -> Result<Self, String> {
        let document = Self::read(document)?;
        for statement in &document.statements {
            if statement.resources.patterns.is_empty() {
                return Err("a statement has no Resource".to_owned());
            }
            if !statement.principals.is_empty() {
                return Err("a statement of an access policy has a Principal".to_owned());
            }
        }
        Ok(document)
    }

    /// Reads a trust policy, or says what is wrong with it.
    pub fn trust(document: &Value) -> Result<Self, String> {
        let document = Self::read(document)?;
        if document
            .statements
            .iter()
            .any(|statement| statement.principals.is_empty())
        {
            return Err("a statement of a trust policy has no Principal".to_owned());
        }
        Ok(document)
    }

    /// Returns what the statements say of an action on a resource.
    pub fn judge(&self, action: &str, resource: &str) -> Verdict {
        Verdict::together(self.statements.iter().map(|statement| {
            let speaks = statement.actions.matches_ignoring_case(action)
                && statement.resources.matches(resource);
            statement.verdict(speaks)
        }))
    }

    fn read(document: &Value) -> Result<Self, String> {
        if document.get("Version").and_then(Value::as_str) != Some("1") {
            return Err("Version must be \"1\"".to_owned());
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => {
                statements.iter().map(Statement::read).collect()
            }
            Some(statement @ Value::Object(_)) => {
                Statement::read(statement).map(|statement| vec![statement])
            }
            _ => Err("Statement must be a list with at least one statement".to_owned()),
        }?;
        Ok(Self { statements })
    }
}

impl Statement {
    /// Returns what it says if it speaks of the matter at all.
    pub fn verdict(&self, speaks: bool) -> Verdict {
        self.verdict_where(speaks, self.condition.is_null())
    }

    /// The same where somebody has looked whether the condition holds.
    pub fn verdict_where(&self, speaks: bool, holds: bool) -> Verdict {
        match (speaks, self.allow, holds) {
            (true, true, true) => Verdict::Allowed,
            (true, false, _) => Verdict::Denied,
            _ => Verdict::Silent,
        }
    }

    fn read(statement: &Value) -> Result<Self, String> {
        let allow = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err("Effect must be Allow or Deny".to_owned()),
        };
        let actions = Patterns::read(statement, "Action", "NotAction")?;
        if actions.patterns.is_empty() {
            return Err("a statement has no Action".to_owned());
        }
        Ok(Self {
            allow,
            actions,
            resources: Patterns::read(statement, "Resource", "NotResource")?,
            principals: principals(statement.get("Principal"))?,
            condition: statement
                .get("Condition")
                .filter(|condition| condition.as_object().is_some_and(|one| !one.is_empty()))
                .cloned()
                .unwrap_or_default(),
        })
    }
}

fn principals(value: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let Some(kinds) = value.as_object() else {
        return Err("Principal must be an object".to_owned());
    };
    let mut principals = Vec::new();
    for (kind, names) in kinds {
        principals.extend(
            texts(names, "Principal")?
                .into_iter()
                .map(|name| (kind.clone(), name)),
        );
    }
    Ok(principals)
}

impl Patterns {
    pub fn matches(&self, text: &str) -> bool {
        self.patterns
            .iter()
            .any(|pattern| glob(pattern.as_bytes(), text.as_bytes()))
            != self.inverted
    }

    pub fn matches_ignoring_case(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        self.patterns
            .iter()
            .any(|pattern| glob(pattern.to_ascii_lowercase().as_bytes(), text.as_bytes()))
            != self.inverted
    }

    fn read(statement: &Value, name: &str, inverted: &str) -> Result<Self, String> {
        match (statement.get(name), statement.get(inverted)) {
            (Some(_), Some(_)) => Err(format!("a statement has both {name} and {inverted}")),
            (Some(value), None) => Ok(Self {
                inverted: false,
                patterns: texts(value, name)?,
            }),
            (None, Some(value)) => Ok(Self {
                inverted: true,
                patterns: texts(value, inverted)?,
            }),
            (None, None) => Ok(Self {
                inverted: false,
                patterns: Vec::new(),
            }),
        }
    }
}

fn texts(value: &Value, name: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("{name} must be a text or a list of texts");
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect(),
        _ => Err(wrong()),
    }
}

/// Matches `*` and `?` without recursion, so that no pattern makes it slow.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    let mut star = None;
    while at_text < text.len() {
        match pattern.get(at_pattern) {
            Some(b'*') => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[at_text] => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => {
                let Some((star_pattern, star_text)) = star else {
                    return false;
                };
                star = Some((star_pattern, star_text + 1));
                at_pattern = star_pattern + 1;
                at_text = star_text + 1;
            }
        }
    }
    pattern[at_pattern..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(statements: Value) -> Document {
        Document::policy(&json!({ "Version": "1", "Statement": statements })).unwrap()
    }

    #[test]
    fn a_denial_wins_over_a_permission() {
        let document = policy(json!([
            { "Effect": "Allow", "Action": "ram:*", "Resource": "*" },
            { "Effect": "Deny", "Action": ["ram:DeleteRole"], "Resource": "acs:ram::*:role/keep-*" },
        ]));
        assert_eq!(
            document.judge("ram:DeleteRole", "acs:ram::1:role/other"),
            Verdict::Allowed
        );
        assert_eq!(
            document.judge("ram:DeleteRole", "acs:ram::1:role/keep-me"),
            Verdict::Denied
        );
        assert_eq!(document.judge("ecs:RunCommand", "*"), Verdict::Silent);
    }

    #[test]
    fn actions_ignore_case_and_resources_do_not() {
        let document = policy(
            json!([{ "Effect": "Allow", "Action": "RAM:getrole", "Resource": "acs:ram::1:role/A" }]),
        );
        assert_eq!(
            document.judge("ram:GetRole", "acs:ram::1:role/A"),
            Verdict::Allowed
        );
        assert_eq!(
            document.judge("ram:GetRole", "acs:ram::1:role/a"),
            Verdict::Silent
        );
    }

    #[test]
    fn conditions_are_never_taken_for_fulfilled() {
        let condition = json!({ "StringEquals": { "acs:Service": "x" } });
        let document = policy(
            json!([{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition }]),
        );
        assert_eq!(document.judge("ram:PassRole", "*"), Verdict::Silent);
    }

    #[test]
    fn malformed_documents_are_refused() {
        for wrong in [
            json!(null),
            json!({ "Version": "2", "Statement": [] }),
            json!({ "Version": "1", "Statement": [] }),
            json!({ "Version": "1", "Statement": [{ "Effect": "Maybe", "Action": "*", "Resource": "*" }] }),
            json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Resource": "*" }] }),
            json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": [], "Resource": "*" }] }),
            json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "*" }] }),
        ] {
            assert!(Document::policy(&wrong).is_err(), "{wrong}");
        }
        assert!(Document::trust(&json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole" }] })).is_err());
    }

    #[test]
    fn stars_match_anything_in_bounded_time() {
        let long = "a".repeat(5_000);
        assert!(!glob("a*a*a*a*a*a*a*a*b".as_bytes(), long.as_bytes()));
        assert!(glob(b"a*c?e", b"abcde"));
        assert!(glob(b"*", b""));
    }
}
