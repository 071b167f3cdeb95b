//! The activation codes of an import. A code is shown once, in the answer of its creation: where that
//! answer was lost, the code is of no use, and another one is made.

use rutter_sdk::prelude::*;

use crate::Import;

/// How many codes are made at the most, one after the other.
const CODES_MAX: u32 = 4;

/// How long the list may take to show what was made.
const SETTLE: Duration = Duration::from_secs(5);

impl Import<'_> {
    /// Makes a code for one server, good for one day.
    pub fn create_token(&self) -> Result<Answer, Fault> {
        for number in 1..=CODES_MAX {
            let name = format!("{}-{number}", self.mark);
            let create = Api::new("SMC", "CreateAccessToken")
                .set("Name", &name)
                .set("Count", "1")
                .set("TimeToLiveInDays", "1");
            if let Some(token) = self.token(&name)? {
                self.give_up(&create, &token)?;
                continue;
            }
            match self.account.change(create.clone()).send() {
                Err(fault) if fault.is_unknown() => self.host.wait(SETTLE)?,
                other => return other,
            }
            match self.token(&name)? {
                Some(token) => self.give_up(&create, &token)?,
                // It did not happen: the name is still free.
                None => return self.account.change(create).send(),
            }
        }
        let message = format!("no activation code arrived in {CODES_MAX} tries");
        Err(self
            .refused("no-code", message)
            .advise("Look at the service's status, then run the step again."))
    }

    /// A code that nobody knows: it is closed, so that nobody can use it either.
    fn give_up(&self, create: &Api, token: &Answer) -> Result<(), Fault> {
        let id = token.text("/AccessTokenId")?;
        self.account
            .adopt(create, &json!({ "AccessTokenId": id }))?;
        self.close(token)
    }

    fn token(&self, name: &str) -> Result<Option<Answer>, Fault> {
        let list = Api::new("SMC", "ListAccessTokens").set("Name", name);
        let tokens = self.account.read(list)?.items("/AccessTokens/AccessToken");
        Ok(tokens
            .into_iter()
            .find(|token| token.text_if_any("/Name") == Some(name)))
    }

    fn tokens(&self) -> Result<Vec<Answer>, Fault> {
        let names = (1..=CODES_MAX).map(|number| format!("{}-{number}", self.mark));
        let found = names.map(|name| self.token(&name));
        Ok(found
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    /// Closes the codes of this step: the client has registered.
    pub fn close_tokens(&self) -> Result<(), Fault> {
        self.tokens()?
            .iter()
            .try_for_each(|token| self.close(token))
    }

    fn close(&self, token: &Answer) -> Result<(), Fault> {
        if token.text_if_any("/Status") != Some("activated") {
            return Ok(());
        }
        let id = token.text("/AccessTokenId")?;
        let disable = Api::new("SMC", "DisableAccessToken").set("AccessTokenId", id);
        let closed = || {
            let now = self.token(token.text("/Name")?)?;
            let open = now.is_some_and(|token| token.text_if_any("/Status") == Some("activated"));
            Ok((!open).then(|| json!({})))
        };
        self.account
            .create(disable)
            .settle(SETTLE)
            .or_adopt(closed)?;
        Ok(())
    }

    /// Deletes the codes of this step.
    pub fn delete_tokens(&self) -> Result<(), Fault> {
        for token in self.tokens()?.into_iter().rev() {
            let delete = Api::new("SMC", "DeleteAccessToken")
                .set("AccessTokenId", token.text("/AccessTokenId")?);
            self.account.change(delete).send().or_absent()?;
        }
        Ok(())
    }
}
