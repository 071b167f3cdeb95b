//! Sections of the credentials file that the official SDKs share: INI, a section a profile.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::{AccessKey, Answer, CredentialError, Role, Search};
use crate::secrets::SecretText;
use crate::settings::Settings;

type Section = BTreeMap<String, SecretText>;

pub(super) fn ask(search: &mut Search<'_>, name: &str) -> Result<Answer, CredentialError> {
    let Some(path) = path(search.settings) else {
        return Ok(Answer::Unknown);
    };
    search.looked.push(format!("`{}`", path.display()));
    let Some(text) = search.read(&path)? else {
        return Ok(Answer::Unknown);
    };
    let mut sections = parse(text.expose()).map_err(|line| CredentialError::Unreadable {
        path: path.clone(),
        reason: format!("line {line} is neither `[section]` nor `key = value`"),
    })?;
    let Some(section) = sections.remove(name) else {
        return Ok(Answer::Unknown);
    };
    let get = |key: &str| section.get(key).filter(|value| !value.is_empty()).cloned();
    let needed =
        |key: &str| get(key).ok_or_else(|| search.incomplete(name, format!("it has no `{key}`")));
    let text = |key: &str| get(key).map(|value| value.expose().to_owned());
    let key = |token: Option<SecretText>| -> Result<AccessKey, CredentialError> {
        Ok(AccessKey {
            id: needed("access_key_id")?.expose().to_owned(),
            secret: needed("access_key_secret")?,
            token,
        })
    };
    match text("type").as_deref() {
        Some("access_key") | None => Ok(Answer::Key(key(None)?, Vec::new())),
        Some("sts") => Ok(Answer::Key(
            key(Some(needed("security_token")?))?,
            Vec::new(),
        )),
        Some("ram_role_arn") => {
            let role = Role {
                session: text("role_session_name"),
                external_id: text("external_id"),
                duration: text("role_session_expiration")
                    .and_then(|seconds| seconds.parse().ok())
                    .map(Duration::from_secs),
                ..Role::new(needed("role_arn")?.expose())
            };
            Ok(Answer::Key(key(get("security_token"))?, vec![role]))
        }
        Some(other) => Err(search.unsupported(name, other)),
    }
}

/// Reads the sections; the number of the first line that is none of the forms is the error.
fn parse(text: &str) -> Result<BTreeMap<String, Section>, usize> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let header = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(name) = header {
            sections.entry(name.trim().to_owned()).or_default();
            current = Some(name.trim().to_owned());
            continue;
        }
        let (key, value) = line.split_once('=').ok_or(index + 1)?;
        let section = current.as_ref().and_then(|name| sections.get_mut(name));
        section
            .ok_or(index + 1)?
            .insert(key.trim().to_owned(), SecretText::new(value.trim()));
    }
    Ok(sections)
}

/// Returns the names of all sections, none if the file cannot be read.
pub(super) fn names(settings: &Settings) -> Vec<String> {
    let text = path(settings).and_then(|path| super::read(&path).ok().flatten());
    let sections = text.and_then(|text| parse(text.expose()).ok());
    sections
        .map(|sections| sections.into_keys().collect())
        .unwrap_or_default()
}

fn path(settings: &Settings) -> Option<PathBuf> {
    let environment = &settings.environment;
    environment
        .get("ALIBABA_CLOUD_CREDENTIALS_FILE")
        .map(PathBuf::from)
        .or_else(|| Some(environment.home()?.join(".alibabacloud/credentials")))
}
