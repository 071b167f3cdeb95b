//! On whose account a call is made.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api::{Fault, FaultClass};
use crate::plan::Name;

/// Stands between the parts of a principal's text, and so in none of them.
const ON_TOP: char = '>';

/// An account of the runbook, and the roles assumed on top of it, one with the other. As text, to people
/// and in records: `NAME`, or `NAME>ARN` and so on for the roles.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Principal {
    name: Name,
    roles: Vec<RoleArn>,
}

/// The ARN of a role, `acs:ram::<account id>:role/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleArn(String);

/// Why a text stands for no principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPrincipal {
    /// No account is named so.
    #[error("`{0}` is not the name of an account: a name is not empty and has no `>`")]
    Name(String),
    /// No role is named so.
    #[error("`{0}` is not the ARN of a role (`acs:ram::<account id>:role/<name>`)")]
    Role(String),
}

impl Principal {
    /// The account with this name in the runbook.
    ///
    /// # Errors
    /// When the name is none.
    pub fn new(name: &str) -> Result<Self, BadPrincipal> {
        if name.is_empty() || name.contains(ON_TOP) {
            return Err(BadPrincipal::Name(name.to_owned()));
        }
        Ok(Self {
            name: name.into(),
            roles: Vec::new(),
        })
    }

    /// With one more role on top.
    #[must_use]
    pub fn assumed(&self, role: RoleArn) -> Self {
        let mut assumed = self.clone();
        assumed.roles.push(role);
        assumed
    }

    /// The runbook's name of the account.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The roles, the first one assumed with the account itself.
    pub fn roles(&self) -> &[RoleArn] {
        &self.roles
    }

    /// The role that it acts in; the account itself when there is none.
    pub fn role(&self) -> Option<&RoleArn> {
        self.roles.last()
    }

    /// The one with which the last role was assumed.
    pub fn parent(&self) -> Option<Self> {
        let (_, below) = self.roles.split_last()?;
        Some(Self {
            name: self.name.clone(),
            roles: below.to_vec(),
        })
    }

    /// The account without any role.
    #[must_use]
    pub fn own(&self) -> Self {
        Self {
            name: self.name.clone(),
            roles: Vec::new(),
        }
    }
}

impl RoleArn {
    /// The role with this ARN.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(arn: impl Into<String>) -> Result<Self, BadPrincipal> {
        let arn = arn.into();
        let parts = arn
            .strip_prefix("acs:ram::")
            .and_then(|rest| rest.split_once(":role/"));
        let sound = parts.is_some_and(|(id, role)| {
            is_account_id(id) && !role.is_empty() && !role.contains(ON_TOP)
        });
        match sound {
            true => Ok(Self(arn)),
            false => Err(BadPrincipal::Role(arn)),
        }
    }

    /// The id of the account that the role belongs to.
    pub fn account_id(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }

    /// The ARN as text, `acs:ram::<account id>:role/<name>`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As plugins' manifests take them: old accounts have shorter ones.
fn is_account_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.roles
            .iter()
            .try_for_each(|role| write!(f, "{ON_TOP}{role}"))
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Principal {
    type Error = BadPrincipal;

    fn try_from(text: String) -> Result<Self, BadPrincipal> {
        let mut parts = text.split(ON_TOP);
        let account = Self::new(parts.next().unwrap_or_default())?;
        let roles = parts.map(RoleArn::new).collect::<Result<_, _>>()?;
        Ok(Self { roles, ..account })
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> Self {
        principal.to_string()
    }
}

impl TryFrom<String> for RoleArn {
    type Error = BadPrincipal;

    fn try_from(arn: String) -> Result<Self, BadPrincipal> {
        Self::new(arn)
    }
}

impl From<RoleArn> for String {
    fn from(role: RoleArn) -> Self {
        role.0
    }
}

impl From<BadPrincipal> for Fault {
    fn from(bad: BadPrincipal) -> Self {
        Self::new(FaultClass::Bug, "rutter.account.unbound", bad.to_string())
    }
}

/// How records say that a call is made on no account: an empty text.
pub(crate) mod or_none {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    use super::Principal;

    pub(crate) fn serialize<S: Serializer>(
        account: &Option<Principal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match account {
            Some(account) => account.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Principal>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(None);
        }
        Principal::try_from(text)
            .map(Some)
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const READER: &str = "acs:ram::2222222222222222:role/reader";
    const WRITER: &str = "acs:ram::3333333333333333:role/writer";

    fn read(text: &str) -> Result<Principal, String> {
        serde_json::from_value(json!(text)).map_err(|error| error.to_string())
    }

    fn role(arn: &str) -> RoleArn {
        RoleArn::new(arn).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back_with_its_roles_in_order() {
        let own = Principal::new("source").unwrap();
        let reader = own.assumed(role(READER));
        let writer = reader.assumed(role(WRITER));
        for (principal, text) in [
            (&own, "source".to_owned()),
            (&reader, format!("source>{READER}")),
            (&writer, format!("source>{READER}>{WRITER}")),
        ] {
            assert_eq!(json!(principal), Value::from(text.as_str()));
            assert_eq!(principal.to_string(), text);
            assert_eq!(read(&text).as_ref(), Ok(principal));
        }
    }

    #[test]
    fn a_role_is_assumed_with_what_is_below_it() {
        let own = Principal::new("source").unwrap();
        let reader = own.assumed(role(READER));
        let writer = reader.assumed(role(WRITER));
        assert_eq!(writer.role().unwrap().account_id(), "3333333333333333");
        assert_eq!(writer.roles(), [role(READER), role(WRITER)]);
        assert_eq!(writer.parent(), Some(reader.clone()));
        assert_eq!(reader.parent(), Some(own.clone()));
        assert_eq!((own.parent(), own.role()), (None, None));
        assert_eq!((writer.own(), &**writer.name()), (own, "source"));
    }

    #[test]
    fn a_name_that_would_be_read_as_a_role_cannot_be_made() {
        for name in ["", ">", "source>", "source>x"] {
            let bad = BadPrincipal::Name(name.to_owned());
            assert_eq!(Principal::new(name), Err(bad), "{name}");
        }
        for arn in [
            "",
            "reader",
            "acs:ram::2222222222222222:user/reader",
            "acs:ram::2222222222222222:role/",
            "acs:ram:::role/reader",
            "acs:ram::222222222222222x:role/reader",
            &format!("{READER}>"),
            &format!("{READER}>{WRITER}"),
        ] {
            let bad = BadPrincipal::Role(arn.to_owned());
            assert_eq!(RoleArn::new(arn), Err(bad), "{arn}");
        }
    }

    #[test]
    fn a_record_with_a_bad_text_is_refused_and_the_error_names_it() {
        for (text, named) in [
            ("".to_owned(), "`` is not the name of an account"),
            (format!(">{READER}"), "`` is not the name of an account"),
            ("source>".to_owned(), "`` is not the ARN of a role"),
            (
                "source>reader".to_owned(),
                "`reader` is not the ARN of a role",
            ),
            (format!("source>{READER}>x"), "`x` is not the ARN of a role"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn a_call_on_no_account_is_written_as_before_and_read_back() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Held(#[serde(with = "or_none")] Option<Principal>);
        for (held, text) in [
            (Held(None), String::new()),
            (Held(read("source").ok()), "source".to_owned()),
        ] {
            assert_eq!(json!(held), json!(text));
            assert_eq!(serde_json::from_value::<Held>(json!(text)).unwrap(), held);
        }
        let error = serde_json::from_value::<Held>(json!(">x")).unwrap_err();
        assert!(error.to_string().contains("not the name of an account"));
    }
}
