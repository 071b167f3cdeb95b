//! Activation codes, with which SMC clients register as migration sources. A code is shown once, when it is made.

use serde_json::{Value, json};

use super::RequestContext;
use crate::answer::Answer;
use crate::password::Password;
use crate::time;

const DAY_MS: i64 = 86_400_000;

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub code: Password,
    pub name: String,
    pub description: String,
    /// How many clients may register with it.
    pub count: i64,
    pub days: i64,
    pub created_ms: i64,
    pub is_disabled: bool,
    pub registered: i64,
}

impl Token {
    pub fn status(&self, now: i64) -> &'static str {
        if now
            >= self
                .created_ms
                .saturating_add(self.days.saturating_mul(DAY_MS))
        {
            "expired"
        } else if self.is_disabled {
            "unactivated"
        } else {
            "activated"
        }
    }

    /// Returns whether a client may register with the code.
    pub fn admits(&self, code: &str, now: i64) -> bool {
        self.status(now) == "activated" && self.code.matches(code) && self.registered < self.count
    }

    pub fn lasting(&self) -> Value {
        json!({ "name": self.name, "disabled": self.is_disabled })
    }
}

pub(super) fn create(context: &mut RequestContext<'_>) -> Answer {
    let id = context.new_id("at-", "access-token");
    let code = context.new_secret("access-token");
    let token = Token {
        code: Password::new(code.clone()),
        name: context.parameters.text_or_empty("Name"),
        description: context.parameters.text_or_empty("Description"),
        count: context.parameters.integer("Count").unwrap_or(100),
        days: context.parameters.integer("TimeToLiveInDays").unwrap_or(30),
        created_ms: context.now,
        is_disabled: false,
        registered: 0,
    };
    context.account_mut().tokens.insert(id.clone(), token);
    Ok(json!({ "AccessTokenId": id, "AccessTokenCode": code }))
}

pub(super) fn disable(context: &mut RequestContext<'_>) -> Answer {
    let id = context.required("AccessTokenId")?;
    if let Some(token) = context.account_mut().tokens.get_mut(&id) {
        token.is_disabled = true;
    }
    Ok(json!({}))
}

pub(super) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let id = context.required("AccessTokenId")?;
    context.account_mut().tokens.remove(&id);
    Ok(json!({}))
}

/// The code itself is never shown again.
pub(super) fn list(context: &mut RequestContext<'_>) -> Answer {
    let ids = context.parameters.list("AccessTokenId");
    let is = |parameter: &str, value: &str| {
        context
            .parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let fits = |id: &String, token: &Token| {
        (ids.is_empty() || ids.contains(id))
            && is("Name", &token.name)
            && is("Status", token.status(context.now))
    };
    let tokens = context
        .account()
        .tokens
        .iter()
        .filter(|(id, token)| fits(id, token));
    let shown: Vec<Value> = tokens
        .map(|(id, token)| {
            json!({
                "AccessTokenId": id,
                "Name": token.name,
                "Description": token.description,
                "Count": token.count.to_string(),
                "RegisteredCount": token.registered.to_string(),
                "TimeToLiveInDays": token.days.to_string(),
                "Status": token.status(context.now),
                "CreationTime": time::text(token.created_ms),
            })
        })
        .collect();
    Ok(
        json!({ "TotalCount": shown.len(), "PageNumber": 1, "PageSize": shown.len(), "AccessTokens": { "AccessToken": shown } }),
    )
}
