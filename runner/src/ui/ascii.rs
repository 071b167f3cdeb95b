//! What is drawn where the locale has no UTF-8: bars and marks of ASCII. Names and texts of others stay as they are;
//! nobody could read them in other letters.

use std::borrow::Cow;

/// Whether a process whose environment looks like this writes for a terminal without UTF-8. Of the variables that
/// name a locale the first that is set counts; where none is, nobody said so, and most terminals know UTF-8.
pub(super) fn is_wanted(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

/// A text with marks of ASCII for those of ours, where they are wanted.
pub(super) fn marks(text: &str, ascii: bool) -> Cow<'_, str> {
    match ascii && text.contains(['…', '—']) {
        true => Cow::Owned(text.replace('…', "...").replace('—', "-")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_wanted, marks};

    fn wanted(variables: &[(&str, &str)]) -> bool {
        is_wanted(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_variable_that_names_a_locale_decides() {
        assert!(!wanted(&[]));
        assert!(wanted(&[("LANG", "C")]));
        assert!(wanted(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")]));
        assert!(wanted(&[("LANG", "zh_CN.GB18030")]));
        assert!(!wanted(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
        assert!(!wanted(&[("LC_CTYPE", "en_US.UTF-8"), ("LANG", "C")]));
    }

    #[test]
    fn letters_stay_as_they_are() {
        assert_eq!(marks("迁移 — --why …", true), "迁移 - --why ...");
        assert_eq!(marks("迁移 --why …", false), "迁移 --why …");
    }
}
