//! Activation codes, with which SMC clients register as migration sources. A code is shown once, when it is made.

use serde_json::{Value, json};

use super::Scene;
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

pub(super) fn create(scene: &mut Scene<'_>) -> Answer {
    let id = scene.new_id("at-", "access-token");
    let code = scene.new_secret("access-token");
    let token = Token {
        code: Password::new(code.clone()),
        name: scene.parameters.text_or_empty("Name"),
        description: scene.parameters.text_or_empty("Description"),
        count: scene.parameters.integer("Count").unwrap_or(100),
        days: scene.parameters.integer("TimeToLiveInDays").unwrap_or(30),
        created_ms: scene.now,
        is_disabled: false,
        registered: 0,
    };
    scene.account_mut().tokens.insert(id.clone(), token);
    Ok(json!({ "AccessTokenId": id, "AccessTokenCode": code }))
}

pub(super) fn disable(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("AccessTokenId")?;
    if let Some(token) = scene.account_mut().tokens.get_mut(&id) {
        token.is_disabled = true;
    }
    Ok(json!({}))
}

pub(super) fn delete(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("AccessTokenId")?;
    scene.account_mut().tokens.remove(&id);
    Ok(json!({}))
}

/// The code itself is never shown again.
pub(super) fn list(scene: &mut Scene<'_>) -> Answer {
    let ids = scene.parameters.list("AccessTokenId");
    let is = |parameter: &str, value: &str| {
        scene
            .parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let fits = |id: &String, token: &Token| {
        (ids.is_empty() || ids.contains(id))
            && is("Name", &token.name)
            && is("Status", token.status(scene.now))
    };
    let tokens = scene
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
                "Status": token.status(scene.now),
                "CreationTime": time::text(token.created_ms),
            })
        })
        .collect();
    Ok(
        json!({ "TotalCount": shown.len(), "PageNumber": 1, "PageSize": shown.len(), "AccessTokens": { "AccessToken": shown } }),
    )
}
