//! Files and folders of a server, as a walk finds them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::ecs::content::Content;

/// A file, or a folder, which has no text.
pub(super) struct FileEntry<'a> {
    pub path: String,
    pub text: Option<&'a str>,
}

/// Returns what lies below a path, itself included, in the order of the paths; nothing if there is no such path.
pub(super) fn walk<'a>(
    content: &'a Content,
    top: &str,
    separator: char,
    without: &[String],
) -> Vec<FileEntry<'a>> {
    let top = top.strip_suffix(separator).unwrap_or(top);
    let mut found: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for (path, text) in &content.files {
        if !is_below(path, top, separator) {
            continue;
        }
        found.insert(path.clone(), Some(text));
        let mut folder = path.as_str();
        while let Some((above, _)) = folder.rsplit_once(separator) {
            if above.len() < top.len() || above.is_empty() {
                break;
            }
            found.entry(above.to_owned()).or_default();
            folder = above;
        }
    }
    let is_out = |path: &str| without.iter().any(|out| is_below(path, out, separator));
    let entries = found.into_iter().filter(|(path, _)| !is_out(path));
    entries
        .map(|(path, text)| FileEntry { path, text })
        .collect()
}

fn is_below(path: &str, top: &str, separator: char) -> bool {
    path.strip_prefix(top)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}

pub(super) fn sha256(text: &str) -> String {
    rutter_contracts::hex::encode(&Sha256::digest(text.as_bytes()))
}
