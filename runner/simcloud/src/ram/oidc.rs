//! Identity providers (OpenID Connect), whose tokens open roles.

use crate::password::Password;

/// An identity provider that an account has registered.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub issuer: String,
    /// For whom a token has to be made out.
    pub client_ids: Vec<String>,
    pub tokens: Vec<Token>,
}

/// A token that the provider has given out.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub text: Password,
    pub subject: String,
    /// For whom it is made out.
    pub audience: String,
    pub issued_ms: i64,
    pub expires_ms: i64,
}

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    Unknown,
    Expired,
}

impl Provider {
    /// Returns the token of this text if it is the provider's, made out for one of its clients, and not over.
    pub fn token(&self, text: &str, now_ms: i64) -> Result<&Token, BadToken> {
        let mut tokens = self.tokens.iter();
        let token = tokens.find(|token| token.text.matches(text));
        let token = token.ok_or(BadToken::Unknown)?;
        if !self.client_ids.contains(&token.audience) {
            return Err(BadToken::Unknown);
        }
        match now_ms < token.expires_ms {
            true => Ok(token),
            false => Err(BadToken::Expired),
        }
    }

    /// What trust policies look at.
    pub fn claims<'a>(&'a self, token: &'a Token) -> [(&'static str, Vec<&'a str>); 3] {
        [
            ("oidc:iss", vec![self.issuer.as_str()]),
            ("oidc:aud", vec![token.audience.as_str()]),
            ("oidc:sub", vec![token.subject.as_str()]),
        ]
    }
}
