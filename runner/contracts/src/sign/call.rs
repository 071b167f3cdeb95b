//! One call of an action as it is sent: query, headers and body, signed with [`v3`].

use super::{Key, v3};
use crate::wire::{Wire, form_body, query_string};

/// A call with everything its request is made of.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The host it is sent to, with the port if that is not the scheme's own.
    pub host: &'a str,
    /// The action's name, `CreateRole`, in the spelling of the documents.
    pub action: &'a str,
    /// The version of the product's API, `2015-05-01`.
    pub version: &'a str,
    /// The parameters as they travel.
    pub parameters: Wire,
    /// The instant of signing, `YYYY-MM-DDThh:mm:ssZ`, by the clock of whoever sends it: a server
    /// refuses what is far from its own.
    pub date: &'a str,
    /// A text that was never used before: a server takes each once.
    pub nonce: &'a str,
}

/// What is sent, by `POST` to the path `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The query string; empty where there is none.
    pub query: String,
    /// All headers, `host` too, `authorization` last.
    pub headers: Vec<(String, String)>,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
}

impl Call<'_> {
    /// Returns the signed request. Nothing of it may be used twice: date and nonce are new each time.
    pub fn sign(self, key: &Key) -> Signed {
        let Wire { query, mut form } = self.parameters;
        // In the order of the official clients. The query is encoded as it is signed; a form body is
        // signed as the bytes that are sent.
        form.sort();
        let body = form_body(&form).into_bytes();
        let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), v3::FORM.to_owned()));
        }
        let request = v3::SignRequest {
            host: self.host,
            method: "POST",
            path: "/",
            query: &query,
            headers: &headers,
            body: &body,
            action: self.action,
            version: self.version,
            date: self.date,
            nonce: self.nonce,
        };
        Signed {
            headers: v3::sign(key, &request),
            query: query_string(&query),
            body,
        }
    }
}
