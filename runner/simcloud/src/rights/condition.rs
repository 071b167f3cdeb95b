//! Conditions of trust policies, as far as they are about a token of an identity provider.

use serde_json::Value;

use super::document::glob;

/// What a token says of itself: `oidc:iss`, `oidc:aud`, `oidc:sub`, each with its values.
pub(crate) type Claims<'a> = [(&'static str, Vec<&'a str>)];

/// Returns whether a statement's condition holds for a token. What is not known here does not hold: the simulated cloud
/// would rather let nobody in than somebody whom the real one keeps out.
pub(crate) fn holds(condition: &Value, claims: &Claims<'_>) -> bool {
    let Some(operators) = condition.as_object() else {
        return condition.is_null();
    };
    operators.iter().all(|(operator, keys)| {
        let like = match operator.as_str() {
            "StringEquals" => false,
            "StringLike" => true,
            _ => return false,
        };
        let Some(keys) = keys.as_object() else {
            return false;
        };
        keys.iter().all(|(key, wanted)| {
            let claim = claims
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(key));
            claim.is_some_and(|(_, said)| said.iter().any(|said| names(wanted, said, like)))
        })
    })
}

fn names(wanted: &Value, said: &str, like: bool) -> bool {
    match wanted {
        Value::String(pattern) if like => glob(pattern.as_bytes(), said.as_bytes()),
        Value::String(text) => text == said,
        Value::Array(any) => any.iter().any(|wanted| names(wanted, said, like)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operator_and_every_key_has_to_hold() {
        let claims = [
            ("oidc:iss", vec!["https://oidc.example.com"]),
            ("oidc:aud", vec!["sts.aliyuncs.com", "other"]),
            ("oidc:sub", vec!["system:serviceaccount:ops:rutter"]),
        ];
        for (condition, expected) in [
            (json!(null), true),
            (json!({}), true),
            (json!({"StringEquals": {"oidc:aud": "other"}}), true),
            (
                json!({"StringEquals": {"oidc:aud": ["a", "sts.aliyuncs.com"], "oidc:iss": "https://oidc.example.com"}}),
                true,
            ),
            (json!({"StringEquals": {"oidc:aud": "a"}}), false),
            (
                json!({"StringEquals": {"oidc:sub": "system:serviceaccount:ops:*"}}),
                false,
            ),
            (
                json!({"StringLike": {"oidc:sub": "system:serviceaccount:ops:*"}}),
                true,
            ),
            (
                json!({"StringEquals": {"oidc:aud": "other"}, "StringLike": {"oidc:sub": "x*"}}),
                false,
            ),
            (
                json!({"StringEquals": {"acs:SourceIp": "127.0.0.1"}}),
                false,
            ),
            (json!({"IpAddress": {"oidc:aud": "other"}}), false),
        ] {
            assert_eq!(holds(&condition, &claims), expected, "{condition}");
        }
    }
}
