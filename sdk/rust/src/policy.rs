//! Reading RAM policies, which may say the same thing in several ways.

use serde_json::Value;

/// Returns the ARN that stands for a whole account, `acs:ram::1234567890123456:root`.
pub fn root(account_id: &str) -> String {
    format!("acs:ram::{account_id}:root")
}

/// Returns the statements of a policy: a list, or the only one by itself.
pub fn statements(policy: &Value) -> &[Value] {
    match &policy["Statement"] {
        Value::Array(statements) => statements,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// Returns the texts of a field that may hold one text or a list of them.
pub fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.as_str().into_iter();
    let many = value.as_array().into_iter().flatten();
    one.chain(many.filter_map(Value::as_str))
}

/// Returns whether a statement lets somebody assume the role, whatever else happens. One with a
/// condition does not: it may keep the party out after all.
pub fn lets_assume(statement: &Value) -> bool {
    statement["Effect"] == "Allow"
        && statement["Condition"].is_null()
        && texts(&statement["Action"]).any(|action| action.eq_ignore_ascii_case("sts:AssumeRole"))
}

/// Returns whether a trust policy lets `party` assume the role; `kind` is `RAM` or `Service`.
pub fn trusts(policy: &Value, kind: &str, party: &str) -> bool {
    statements(policy)
        .iter()
        .filter(|statement| lets_assume(statement))
        .any(|statement| texts(&statement["Principal"][kind]).any(|one| one == party))
}
