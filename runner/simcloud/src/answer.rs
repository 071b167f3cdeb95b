//! Answers: a body, or a refusal in the shape the product uses.

use rutter_contracts::Action;
use serde_json::{Value, json};

/// What an action returns: the body without its `RequestId`, or why not.
pub(crate) type Answer = Result<Value, Refusal>;

/// Why the cloud does not do what it is asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
    /// DTS answers errors for which no HTTP status is documented with status 200 and `Success: false`.
    pub enveloped: bool,
    /// What the message's `%s` stands for, in an enveloped refusal.
    pub dynamic: Option<String>,
}

impl Refusal {
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            enveloped: false,
            dynamic: None,
        }
    }

    /// A refusal of DTS inside an answer with HTTP status 200.
    pub fn enveloped(code: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status: 200,
            code: code.into(),
            dynamic: Some(message.clone()),
            message,
            enveloped: true,
        }
    }

    /// Returns the body as the product writes it; every action of DTS documents the envelope a little differently.
    pub fn body(&self, host: &str, contract: Option<&Action>) -> Value {
        if self.enveloped {
            let envelope = json!({
                "Success": false,
                "ErrCode": self.code,
                "ErrMessage": self.message,
                "HttpStatusCode": 200,
                "DynamicCode": self.code,
                "DynamicMessage": self.dynamic.as_deref().unwrap_or_default(),
            });
            return contract.map_or_else(
                || envelope.clone(),
                |contract| as_documented(contract, &envelope),
            );
        }
        json!({
            "Code": self.code,
            "Message": self.message,
            "HostId": host,
            "Recommend": format!("https://api.aliyun.com/troubleshoot?q={}", self.code),
        })
    }
}

/// Returns the fields that the action documents, as text where it documents text.
fn as_documented(contract: &Action, fields: &Value) -> Value {
    let fields = fields.as_object().into_iter().flatten();
    let documented = fields.filter_map(|(name, value)| {
        let value = match (contract.response.get(name)?.as_str(), value) {
            ("string", Value::String(_)) => value.clone(),
            ("string", other) => json!(other.to_string()),
            _ => value.clone(),
        };
        Some((name.clone(), value))
    });
    Value::Object(documented.collect())
}

/// Returns an object without some of its fields: what one answer shows and its like does not.
pub(crate) fn without(mut fields: Value, names: &[&str]) -> Value {
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
    fields
}

/// A refusal for rights, naming what would have been needed.
pub(crate) fn not_allowed(product: &str, action: &str, resource: &str, explicit: bool) -> Refusal {
    let why = if explicit {
        "a policy denies it"
    } else {
        "no policy allows it"
    };
    let detail = format!(
        "You are not authorized to do this action. You should be authorized by RAM. Action: {action}, resource: {resource}, {why}."
    );
    match product {
        "RAM" | "STS" => Refusal::new(403, "NoPermission", detail),
        "DTS" => Refusal::enveloped("DTS.Msg.RamPermissionDenied", detail),
        "SMC" => Refusal::new(
            403,
            "Forbidden.Unauthorized",
            format!("A required authorization for the specified action is not supplied. {detail}"),
        ),
        _ => Refusal::new(
            403,
            "Forbidden.RAM",
            format!(
                "User not authorized to operate on the specified resource, or this API does not support RAM. {detail}"
            ),
        ),
    }
}
