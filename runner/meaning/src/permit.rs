//! What a manifest allows: ordinary code, free of the engine that runs guests.
//!
//! What is not allowed by name is denied, and the denial prints the lines that would allow it.

use rutter_engine::{Fault, HttpRequest};
use rutter_manifest::{Manifest, Permission};
use url::Url;

use crate::fault::refusal;

/// The account a call is made on, as the manifest knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side<'a> {
    /// The plugin's name of the account.
    pub(crate) account: &'a str,
    /// A role was assumed from it.
    pub(crate) assumed: bool,
}

/// Whether the manifest allows an action on an account.
pub(crate) fn api(
    manifest: &Manifest,
    side: Side<'_>,
    product: &str,
    action: &str,
) -> Result<(), Fault> {
    if allowing(manifest, side, product, action).next().is_some() {
        return Ok(());
    }
    let call = format!("{}:{action}", product.to_ascii_lowercase());
    let on = if side.assumed {
        format!("with a role assumed from account `{}`", side.account)
    } else {
        format!("on account `{}`", side.account)
    };
    let mut lines = vec![format!("call = [\"{call}\"]")];
    if manifest.accounts.len() > 1 {
        lines.push(format!("account = \"{}\"", side.account));
    }
    if side.assumed {
        lines.push("assumed = true".to_owned());
    }
    Err(denied(manifest, &format!("`{call}` {on}"), &lines))
}

/// The parameters that may hold secrets by the permissions that allow an action on an account.
pub(crate) fn secrets<'a>(
    manifest: &'a Manifest,
    side: Side<'a>,
    product: &'a str,
    action: &'a str,
) -> Vec<&'a str> {
    allowing(manifest, side, product, action)
        .flat_map(|permission| permission.secrets.iter().map(String::as_str))
        .collect()
}

fn allowing<'a>(
    manifest: &'a Manifest,
    side: Side<'a>,
    product: &'a str,
    action: &'a str,
) -> impl Iterator<Item = &'a Permission> {
    manifest.permissions.iter().filter(move |permission| {
        let mut calls = permission.call.iter();
        covers(permission, side) && calls.any(|call| names(call, product, action))
    })
}

/// Whether the operator names a host that a manifest leaves to the operator.
pub(crate) type Admit<'a> = dyn Fn(&Url) -> bool + 'a;

/// The place among a manifest's permissions of the first that fits a request by HTTP.
pub fn http_place(manifest: &Manifest, request: &HttpRequest, url: &Url) -> Option<usize> {
    let (host, path) = (authority(url), url.path());
    let auth = request.auth.as_deref();
    manifest.permissions.iter().position(|permission| {
        let granted = auth.is_none_or(|name| permission.grants(name));
        let http = permission.http.as_ref();
        granted && http.is_some_and(|http| http.admits(&request.method, &host, path))
    })
}

/// The place of the permission that allows a request by HTTP. The first that fits in the order of the manifest;
/// one that leaves the hosts to the operator needs the operator's word as well.
pub(crate) fn http(
    manifest: &Manifest,
    named: &Admit<'_>,
    request: &HttpRequest,
    url: &Url,
) -> Result<usize, Fault> {
    let (host, path) = (authority(url), url.path());
    let place = http_place(manifest, request, url);
    let found =
        place.and_then(|place| Some((place, manifest.permissions.get(place)?.http.as_ref()?)));
    match found {
        Some((_, http)) if http.leaves_hosts_to_operator() && !named(url) => {
            Err(unnamed(manifest, &host))
        }
        Some((place, _)) => Ok(place),
        None => {
            let mut lines = vec![format!(
                "http = {{ host = \"{host}\", methods = [\"{}\"], path = \"{path}\" }}",
                request.method
            )];
            if let Some(auth) = &request.auth {
                lines.push(format!("credential = \"{auth}\""));
            }
            let what = format!("{} `{}{path}`", request.method, origin(url));
            Err(denied(manifest, &what, &lines))
        }
    }
}

fn unnamed(manifest: &Manifest, host: &str) -> Fault {
    refusal(format!(
        "`{}` may only reach hosts that the settings name, and they do not name `{host}`",
        manifest.plugin.name
    ))
    .advise(format!(
        "if it is meant, write `hosts = [\"{host}\"]` under `[http]` in the settings"
    ))
}

fn denied(manifest: &Manifest, what: &str, lines: &[String]) -> Fault {
    refusal(format!(
        "the manifest of `{}` does not allow {what}; it would need\n[[permissions]]\n{}",
        manifest.plugin.name,
        lines.join("\n")
    ))
    .advise("let the plugin's author add the permission, then accept it with `rutter lock`")
}

fn covers(permission: &Permission, side: Side<'_>) -> bool {
    let account = permission.account.as_deref();
    permission.assumed == side.assumed && account.is_none_or(|name| name == side.account)
}

fn names(call: &str, product: &str, action: &str) -> bool {
    call.split_once(':')
        .is_some_and(|(its_product, its_action)| {
            same_product(its_product, product) && its_action == action
        })
}

fn same_product(left: &str, right: &str) -> bool {
    let spelled = |name| rutter_contracts::product_name(name);
    left.eq_ignore_ascii_case(right)
        || spelled(left).is_some_and(|name| spelled(right) == Some(name))
}

/// The host, with the port unless it is the scheme's own.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

fn origin(url: &Url) -> String {
    format!("{}://{}", url.scheme(), authority(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(permissions: &str) -> Manifest {
        let text = format!(
            "[plugin]\nname = \"p\"\nversion = \"0.1.0\"\nsummary = \"s\"\nkind = \"change\"\n\
             [accounts.source]\n[accounts.destination]\n{permissions}"
        );
        Manifest::parse(&text).unwrap()
    }

    fn on(account: &str) -> Side<'_> {
        Side {
            account,
            assumed: false,
        }
    }

    fn request(method: &str, url: &str, auth: Option<&str>) -> (HttpRequest, Url) {
        let request = HttpRequest {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: None,
            auth: auth.map(str::to_owned),
            secret_answers: Vec::new(),
        };
        (request, Url::parse(url).unwrap())
    }

    #[test]
    fn only_what_is_named_is_allowed_and_the_product_in_any_case() {
        let manifest = manifest("[[permissions]]\ncall = [\"ram:CreateRole\"]\nreason = \"r\"");
        assert!(api(&manifest, on("source"), "RAM", "CreateRole").is_ok());
        assert!(api(&manifest, on("destination"), "Ram", "CreateRole").is_ok());
        assert!(api(&manifest, on("source"), "RAM", "DeleteRole").is_err());
        assert!(api(&manifest, on("source"), "ECS", "CreateRole").is_err());
    }

    #[test]
    fn a_denial_prints_the_lines_that_would_allow_it() {
        let manifest = manifest("");
        let fault = api(&manifest, on("source"), "RAM", "CreateRole").unwrap_err();
        assert_eq!(fault.code, "rutter.denied");
        let lines = fault.message.split_once("[[permissions]]").unwrap().1;
        assert_eq!(lines, "\ncall = [\"ram:CreateRole\"]\naccount = \"source\"");
        let added = self::manifest(&format!("[[permissions]]{lines}\nreason = \"r\""));
        assert!(api(&added, on("source"), "RAM", "CreateRole").is_ok());
        assert!(api(&added, on("destination"), "RAM", "CreateRole").is_err());
    }

    #[test]
    fn what_holds_for_an_account_does_not_hold_for_a_role_assumed_from_it() {
        let role = Side {
            account: "source",
            assumed: true,
        };
        let own = manifest("[[permissions]]\ncall = [\"ram:GetRole\"]\nreason = \"r\"");
        assert!(api(&own, role, "RAM", "GetRole").is_err());
        let assumed =
            manifest("[[permissions]]\ncall = [\"ram:GetRole\"]\nassumed = true\nreason = \"r\"");
        assert!(api(&assumed, role, "RAM", "GetRole").is_ok());
        assert!(api(&assumed, on("source"), "RAM", "GetRole").is_err());
    }

    #[test]
    fn requests_are_allowed_by_host_method_path_and_credential() {
        let manifest = manifest(
            "[[permissions]]\n\
             http = { host = \"hooks.example.com\", methods = [\"POST\"], path = \"/x/*\" }\n\
             credential = \"hook\"\nreason = \"r\"\n\
             [[permissions]]\n\
             http = { host = \"*.example.org\", methods = [\"GET\"], path = \"/\", kind = \"read\" }\n\
             reason = \"r\"",
        );
        let allows = |method, url, auth| {
            let (request, url) = request(method, url, auth);
            http(&manifest, &|_| false, &request, &url).is_ok()
        };
        assert!(allows("POST", "https://hooks.example.com/x/1", None));
        assert!(allows(
            "POST",
            "https://HOOKS.example.com/x/1?y",
            Some("hook")
        ));
        assert!(!allows(
            "POST",
            "https://hooks.example.com/x/1",
            Some("other")
        ));
        assert!(!allows("GET", "https://hooks.example.com/x/1", None));
        assert!(!allows("POST", "https://hooks.example.com/y", None));
        assert!(!allows("POST", "https://hooks.example.com/x/../y", None));
        assert!(!allows("POST", "https://hooks.example.com:8443/x/1", None));
        assert!(!allows(
            "POST",
            "https://hooks.example.com.evil.net/x/1",
            None
        ));
        assert!(allows("GET", "https://a.b.example.org/", None));
        assert!(!allows("GET", "https://example.org/", None));
        assert!(!allows("GET", "https://badexample.org/", None));
    }

    #[test]
    fn hosts_left_to_the_operator_are_denied_until_the_settings_name_them() {
        let manifest = manifest(
            "[[permissions]]\n\
             http = { host = \"*\", methods = [\"POST\"], path = \"/*\" }\n\
             credential = \"*\"\nreason = \"r\"",
        );
        let (request, url) = request("POST", "https://hooks.example.com/x", Some("any"));
        let fault = http(&manifest, &|_| false, &request, &url).unwrap_err();
        assert_eq!(fault.code, "rutter.denied");
        assert!(
            fault
                .advice
                .unwrap()
                .contains("`hosts = [\"hooks.example.com\"]`"),
            "the line that would allow it"
        );
        let named = |url: &Url| url.host_str() == Some("hooks.example.com");
        assert!(http(&manifest, &named, &request, &url).is_ok());
        let other = Url::parse("https://hooks.example.com.evil.net/x").unwrap();
        assert!(http(&manifest, &named, &request, &other).is_err());
    }
}
