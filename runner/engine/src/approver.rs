//! Who may answer a question, as a runbook names them: a user of the system, or an SSH public key.

/// Characters at the end of a key that tell it from others where it has no comment.
const TAIL: usize = 12;

/// The kind, the body and the comment of a public key as OpenSSH writes it; `None` for a user's name.
fn key_parts(approver: &str) -> Option<(&str, &str, &str)> {
    let (kind, rest) = approver.trim().split_once(' ')?;
    let rest = rest.trim_start();
    let (body, comment) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((kind, body, comment.trim()))
}

/// Whether an approver is a key and no user. Users' names have no blanks.
pub fn is_a_key(approver: &str) -> bool {
    key_parts(approver).is_some()
}

/// Whether an approver is this key, whatever the comments say.
pub(crate) fn is_key(approver: &str, key: &str) -> bool {
    let same = |one: (&str, &str, &str), two: (&str, &str, &str)| (one.0, one.1) == (two.0, two.1);
    let parts = key_parts(approver).zip(key_parts(key));
    parts.is_some_and(|(one, two)| same(one, two))
}

/// An approver for people: the user's name, or what the key's comment says.
pub fn name(approver: &str) -> String {
    match key_parts(approver) {
        None => approver.to_owned(),
        Some((_, body, "")) => {
            let tail = body.char_indices().rev().take(TAIL).last();
            let from = tail.map_or(0, |(place, _)| place);
            format!("the key …{}", &body[from..])
        }
        Some((.., comment)) => format!("{comment} (by key)"),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_a_key, is_key, name};

    #[test]
    fn a_key_is_told_from_a_user_and_known_without_its_comment() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM alice@office";
        assert!(is_a_key(key) && !is_a_key("alice"));
        assert!(is_key(key, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM"));
        assert!(!is_key(
            key,
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIXX alice@office"
        ));
        assert!(!is_key("alice", "alice"));
        assert_eq!(name("alice"), "alice");
        assert_eq!(name(key), "alice@office (by key)");
        assert_eq!(
            name("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"),
            "the key …aC1lZDI1NTE5"
        );
    }
}
