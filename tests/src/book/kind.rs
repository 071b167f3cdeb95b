//! The kinds of blocks, as the info strings of a page name them.

/// What a block is, and the file that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file, written where the page says, and checked.
    File(FileKind, String),
    /// A part of a file that stands on the page further up.
    Fragment(String),
    /// Commands, each with what it prints.
    Console,
    /// A command that runs in another terminal until the page ends: `rutter simulate`.
    Background,
    /// A plugin's source.
    Plugin,
    /// A picture.
    Text,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Runbook,
    Inputs,
    World,
    Settings,
    Manifest,
}

const KINDS: &str = "`toml runbook FILE`, `toml inputs FILE`, `toml world FILE`, `toml settings FILE`, `toml manifest FILE`, \
                     `toml fragment of FILE`, `console`, `console background`, `rust plugin`, `text`";

impl Kind {
    /// Reads an info string.
    ///
    /// # Errors
    /// What is wrong with it, with the kinds that there are.
    pub fn read(info: &str) -> Result<Self, String> {
        let words: Vec<&str> = info.split_whitespace().collect();
        let file = |kind, file: &str| Ok(Self::File(kind, file.to_owned()));
        match words.as_slice() {
            ["toml", "runbook", name] => file(FileKind::Runbook, name),
            ["toml", "inputs", name] => file(FileKind::Inputs, name),
            ["toml", "world", name] => file(FileKind::World, name),
            ["toml", "settings", name] => file(FileKind::Settings, name),
            ["toml", "manifest", name] => file(FileKind::Manifest, name),
            ["toml", "fragment", "of", name] => Ok(Self::Fragment((*name).to_owned())),
            ["console"] => Ok(Self::Console),
            ["console", "background"] => Ok(Self::Background),
            ["rust", "plugin"] => Ok(Self::Plugin),
            ["text"] => Ok(Self::Text),
            [] => Err(format!("a block without a kind; write one of {KINDS}")),
            _ => Err(format!(
                "no kind of block is called `{info}`; write one of {KINDS}"
            )),
        }
    }
}
