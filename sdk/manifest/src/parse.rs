//! From the text of a `plugin.toml` to a manifest that is bounded and agrees with itself.

use crate::bounds;
use crate::error::{self, ManifestError};
use crate::kind::Kind;
use crate::manifest::{AccountNeed, Manifest};
use crate::name::nearest;
use crate::permission::{HttpPermission, HttpRepeat, Permission};

impl Manifest {
    /// Reads a manifest from the text of a `plugin.toml`.
    ///
    /// # Errors
    /// The first mistake that is found, with its place in the text: what is no TOML or has another shape, what is
    /// longer than it may be, and what contradicts itself.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        bounds::of_text(text)?;
        let manifest = Self::parse_at_any_length(text)?;
        bounds::check(&manifest)?;
        Ok(manifest)
    }

    /// The same for a text of any length.
    ///
    /// # Errors
    /// As [`Self::parse`], apart from what is too long.
    #[doc(hidden)]
    pub fn parse_at_any_length(text: &str) -> Result<Self, ManifestError> {
        let mut manifest: Self =
            toml::from_str(text).map_err(|error| error::from_toml(text, &error))?;
        manifest.check_undo(text)?;
        manifest.complete();
        manifest.check_permissions(text)?;
        manifest.check_ids(text)?;
        Ok(manifest)
    }

    fn complete(&mut self) {
        let calls = self.permissions.iter().any(|one| !one.call.is_empty());
        if self.accounts.is_empty() && calls {
            self.accounts
                .insert(crate::ONLY_ACCOUNT.to_owned(), AccountNeed::default());
        }
        self.plugin.undo |= self.plugin.nothing_to_undo.is_some();
    }

    /// That there is nothing to take back is said instead of an undo, of changes, and with a reason.
    fn check_undo(&self, text: &str) -> Result<(), ManifestError> {
        let Some(reason) = &self.plugin.nothing_to_undo else {
            return Ok(());
        };
        let problem = if reason.trim().is_empty() {
            "`nothing_to_undo` says why"
        } else if self.plugin.undo {
            "what has an `undo` of its own has something to take back"
        } else {
            match self.plugin.kind {
                Kind::Change => return Ok(()),
                Kind::Read => "what only reads has nothing to take back, and need not say so",
                Kind::Irreversible => "what cannot be taken back is not nothing",
            }
        };
        let help = match self.plugin.undo {
            true => "leave one of the two out",
            false => {
                "leave it out, or say `kind = \"change\"` and why what is changed need not be taken back"
            }
        };
        Err(error::in_table(
            text,
            "plugin",
            "nothing_to_undo",
            problem.to_owned(),
            Some(help.to_owned()),
        ))
    }

    fn check_permissions(&self, text: &str) -> Result<(), ManifestError> {
        for (index, permission) in self.permissions.iter().enumerate() {
            let refuse = |key: Option<&str>, message: String, help: Option<String>| {
                Err(error::in_entry(
                    text,
                    "permissions",
                    index,
                    key,
                    message,
                    help,
                ))
            };
            if permission.call.is_empty() == permission.http.is_none() {
                return refuse(
                    None,
                    "a permission has either `call` or `http`".to_owned(),
                    None,
                );
            }
            if let Some(http) = &permission.http
                && let Some(problem) = http_problem(http)
            {
                return refuse(Some("http"), problem, None);
            }
            if let Some(problem) = misplaced_secret(permission) {
                return refuse(Some("secrets"), problem, None);
            }
            if !permission.secret_answers.is_empty() && permission.http.is_none() {
                let problem = "of an answer of the cloud's API the contracts say what is secret; \
                               `secret_answers` is said of `http`";
                return refuse(Some("secret_answers"), problem.to_owned(), None);
            }
            if let Some(account) = &permission.account
                && !self.accounts.contains_key(account)
            {
                let known = self.accounts.keys().map(String::as_str);
                let help = nearest(account, known).map(|name| format!("did you mean `{name}`?"));
                return refuse(
                    Some("account"),
                    format!("the manifest has no account `{account}`"),
                    help,
                );
            }
        }
        Ok(())
    }

    fn check_ids(&self, text: &str) -> Result<(), ManifestError> {
        for (index, pair) in self.ids.iter().enumerate() {
            if let Err((key, (message, help))) = pair.check(&self.inputs, &self.outputs) {
                return Err(error::in_entry(
                    text,
                    "ids",
                    index,
                    Some(key),
                    message,
                    help,
                ));
            }
        }
        Ok(())
    }
}

/// A request by HTTP has an address, headers and a body; a call has parameters.
fn misplaced_secret(permission: &Permission) -> Option<String> {
    let by_http = permission.http.is_some();
    let mut places = permission.secrets.iter();
    let wrong = places.find(|place| {
        let of_http = matches!(place.as_str(), "url" | "body") || place.starts_with("header:");
        of_http != by_http
    })?;
    Some(match by_http {
        true => {
            format!("by HTTP a secret goes into `url`, `body` or `header:NAME`, not into `{wrong}`")
        }
        false => format!("a secret goes into a parameter of the call, and `{wrong}` is none"),
    })
}

fn http_problem(http: &HttpPermission) -> Option<String> {
    let read = http.kind == Kind::Read;
    if http.kind == Kind::Irreversible {
        return Some("a request by HTTP is `read` or `change`".to_owned());
    }
    if read && (http.stays || http.repeat == HttpRepeat::Same) {
        return Some("`repeat` and `stays` are said of changes, not of reads".to_owned());
    }
    if http.host.contains('*')
        && !http.leaves_hosts_to_operator()
        && (!http.host.starts_with("*.") || http.host[1..].contains('*'))
    {
        return Some(format!(
            "a host is a name, `*.example.com`, or `*` for those that the operator names, not `{}`",
            http.host
        ));
    }
    None
}
