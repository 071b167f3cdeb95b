//! The activation codes of an import. A code is shown once, in the answer of its creation: where that
//! answer was lost, the code is of no use, and another one is made.

use std::collections::BTreeSet;

use rutter_sdk::prelude::*;

use crate::Import;

/// How many codes are made at the most, one after the other.
const CODES_MAX: u32 = 4;

/// The list of codes in the answer.
const TOKENS: &str = "/AccessTokens/AccessToken";

impl Import<'_> {
    /// Makes a code for one server, good for one day.
    pub fn create_token(&self) -> Result<Answer, Fault> {
        for name in self.names() {
            let create = Api::new("SMC", "CreateAccessToken")
                .set("Name", &name)
                .set("Count", "1")
                .set("TimeToLiveInDays", "1");
            let look = Find::in_list(list(&name), TOKENS)
                .equal("/Name", &name)
                .key("/AccessTokenId")
                .answer(json!({ "AccessTokenId": found("/AccessTokenId") }));
            let token = self.account.create(create).or_adopt(look)?.answer;
            if token.get("/AccessTokenCode").is_some() {
                return Ok(token);
            }
            // A code that nobody knows: it is closed, so that nobody can use it either.
            self.close(&name, token.text("/AccessTokenId")?)?;
        }
        let message = format!("no activation code arrived in {CODES_MAX} tries");
        Err(self
            .refused("no-code", message)
            .advise("Look at the service's status, then run the step again."))
    }

    /// The names of this step's codes, of which no other step has one.
    fn names(&self) -> impl Iterator<Item = String> {
        (1..=CODES_MAX).map(|number| format!("{}-{number}", self.mark))
    }

    /// The codes of this step.
    pub fn tokens(&self) -> Result<Vec<Answer>, Fault> {
        let mut tokens = Vec::new();
        for name in self.names() {
            let found = self.account.read(list(&name))?.items(TOKENS);
            let mine = |token: &Answer| token.text_if_any("/Name") == Some(&name);
            tokens.extend(found.into_iter().filter(mine));
        }
        Ok(tokens)
    }

    /// Closes the codes of this step: the client has registered.
    pub fn close_tokens(&self) -> Result<(), Fault> {
        for token in self.tokens()? {
            if token.text_if_any("/Status") == Some("activated") {
                self.close(token.text("/Name")?, token.text("/AccessTokenId")?)?;
            }
        }
        Ok(())
    }

    fn close(&self, name: &str, id: &str) -> Result<(), Fault> {
        let disable = Api::new("SMC", "DisableAccessToken").set("AccessTokenId", id);
        let closed = Find::in_list(list(name), TOKENS)
            .equal("/AccessTokenId", id)
            .none_of("/Status", &["activated"])
            .key("/AccessTokenId");
        self.account.create(disable).or_adopt(closed).or_absent()?;
        Ok(())
    }

    /// Deletes the codes of this step: those that were recorded, and those that are there.
    pub fn delete_tokens(&self, changes: &[MadeChange], tokens: &[Answer]) -> Result<(), Fault> {
        let recorded = changes
            .iter()
            .filter_map(|change| change.made("SMC:CreateAccessToken", "/AccessTokenId"));
        let there = tokens
            .iter()
            .filter_map(|token| token.text_if_any("/AccessTokenId"));
        let ids: BTreeSet<&str> = recorded.chain(there).collect();
        for id in ids {
            let delete = Api::new("SMC", "DeleteAccessToken").set("AccessTokenId", id);
            let read = Api::new("SMC", "ListAccessTokens").set("AccessTokenId", json!([id]));
            let gone = Find::in_list(read, TOKENS)
                .equal("/AccessTokenId", id)
                .gone();
            self.account.change(delete).find(gone).send().or_absent()?;
        }
        Ok(())
    }
}

/// Whether a client has registered with a code.
pub fn has_registered(token: &Answer) -> bool {
    let count = token.get("/RegisteredCount").and_then(|count| match count {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    });
    count.is_some_and(|count: i64| count > 0)
}

fn list(name: &str) -> Api {
    Api::new("SMC", "ListAccessTokens").set("Name", name)
}
