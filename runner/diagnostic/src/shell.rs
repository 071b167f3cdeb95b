//! Arguments of commands that a message tells a person to type, quoted for a POSIX shell.
//!
//! A name comes from a runbook, a file system or another machine: put bare into a command, `my shop` is two
//! arguments, `$x` another text, and `-rf` an option. Names that need no quotes get none.

use std::borrow::Cow;
use std::path::Path;

use shlex::Quoter;

/// A text as one argument, or as the value after an `=`: `'my shop'`.
pub fn word(text: &str) -> Cow<'_, str> {
    // No argument can hold a NUL; where a foreign text does, the printer writes it out.
    let quoted = Quoter::new().allow_nul(true).quote(text);
    quoted.unwrap_or(Cow::Borrowed(text))
}

/// A path as one argument that no program takes for an option: `./-rf`.
pub fn path(path: &Path) -> String {
    let text = path.display().to_string();
    match text.starts_with('-') {
        true => word(&format!("./{text}")).into_owned(),
        false => word(&text).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{path, word};

    /// What a shell makes of a command's arguments, one in each line.
    fn parsed(arguments: &str) -> String {
        let shown = Command::new("/bin/sh")
            .args(["-c", &format!("printf '%s\\n' {arguments}")])
            .output()
            .expect("there is a shell");
        String::from_utf8(shown.stdout).expect("it is text")
    }

    #[test]
    fn a_shell_reads_back_every_name() {
        for name in [
            "shop",
            "my shop",
            "my shop's $x",
            "\"`id`\" \\ !! * ? [a] {b,c} ~ # & | ; < > ( )",
            "商店 一",
            "",
            "~",
            "a\nb",
        ] {
            assert_eq!(parsed(&word(name)), format!("{name}\n"));
        }
    }

    #[test]
    fn plain_names_are_left_plain_and_no_path_is_an_option() {
        assert_eq!(word("InvalidAccount.NotFound"), "InvalidAccount.NotFound");
        assert_eq!(path("a/b-c_d.toml".as_ref()), "a/b-c_d.toml");
        assert_eq!(path("-rf".as_ref()), "./-rf");
        assert_eq!(parsed(&path("-r f".as_ref())), "./-r f\n");
    }
}
