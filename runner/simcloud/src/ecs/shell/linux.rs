//! Lines of a shell.

use super::files::{FileEntry, sha256, walk};
use super::pipe;
use crate::ecs::content::Content;

/// Returns what a line prints; `None` if it is not known.
pub(super) fn line(content: &Content, line: &str) -> Option<String> {
    let stages = pipe::stages(line, Some('\\'))?;
    let (first, filters) = stages.split_first()?;
    let words: Vec<&str> = first.iter().map(String::as_str).collect();
    let printed = match words.as_slice() {
        ["echo", words @ ..] => format!("{}\n", words.join(" ")),
        ["find", top, options @ ..] => find(content, top, options)?,
        ["systemctl", "is-active", names @ ..] => states(content, names),
        _ => return None,
    };
    filters.iter().try_fold(printed, |text, words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        filter(&text, &words)
    })
}

fn filter(text: &str, words: &[&str]) -> Option<String> {
    match words {
        ["sort"] => Some(sorted(text, |line| line)),
        ["sort", "-k", "2"] => {
            // The rest of the line from the second word on.
            Some(sorted(text, |line| {
                line.split_once(' ').map_or("", |(_, rest)| rest)
            }))
        }
        ["sha256sum"] => Some(format!("{}  -\n", sha256(text))),
        ["wc", "-l"] => Some(format!("{}\n", text.lines().count())),
        ["head", "-n", count] => Some(pipe::first_lines(text, count.parse().ok()?)),
        _ => None,
    }
}

fn sorted(text: &str, key: impl Fn(&str) -> &str) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.sort_by(|one, other| key(one).cmp(key(other)).then(one.cmp(other)));
    lines.concat()
}

fn states(content: &Content, names: &[&str]) -> String {
    let state = |name: &&str| {
        content
            .services
            .get(*name)
            .map_or("inactive", String::as_str)
    };
    names
        .iter()
        .map(|name| format!("{}\n", state(name)))
        .collect()
}

fn find(content: &Content, top: &str, options: &[&str]) -> Option<String> {
    let after = |name: &str| {
        let places = options.windows(2).filter(|pair| pair[0] == name);
        places.map(|pair| pair[1].to_owned()).collect::<Vec<_>>()
    };
    let known = [
        "-xdev",
        "(",
        ")",
        "-o",
        "-path",
        "-prune",
        "-type",
        "f",
        "-printf",
        "-exec",
        "sha256sum",
        "{}",
        "+",
    ];
    let values = [after("-path"), after("-printf")].concat();
    if options
        .iter()
        .any(|word| !known.contains(word) && !values.iter().any(|value| value == word))
    {
        return None;
    }
    let only_files = options.contains(&"-type");
    let entries = walk(content, top, '/', &after("-path"));
    let entries = entries
        .iter()
        .filter(|entry| !only_files || entry.text.is_some());
    let format = after("-printf");
    if let Some(format) = format.first() {
        return Some(entries.map(|entry| shown(entry, format)).collect());
    }
    if options.contains(&"-exec") {
        let hashes = entries.filter_map(|entry| Some((entry, sha256(entry.text?))));
        return Some(
            hashes
                .map(|(entry, hash)| format!("{hash}  {}\n", entry.path))
                .collect(),
        );
    }
    Some(entries.map(|entry| format!("{}\n", entry.path)).collect())
}

/// What `-printf` makes of an entry. Everything belongs to the administrator, and nothing is a link.
fn shown(entry: &FileEntry<'_>, format: &str) -> String {
    let is_file = entry.text.is_some();
    let replaced = [
        ("%y", if is_file { "f" } else { "d" }),
        ("%m", if is_file { "644" } else { "755" }),
        ("%U", "0"),
        ("%G", "0"),
        ("%l", ""),
        ("\\n", "\n"),
        ("%p", entry.path.as_str()),
    ];
    let text = format.to_owned();
    replaced
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        let text = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        Content {
            files: [
                text("/srv/b", "two"),
                text("/srv/log/today", "x"),
                text("/srv/a", "one"),
                text("/srvx", ""),
            ]
            .into(),
            services: [text("nginx", "active")].into(),
            ..Content::default()
        }
    }

    #[test]
    fn a_walk_lists_files_and_folders_below_a_path() {
        let printed = line(&content(), r"find '/srv' -xdev -printf '%y %p\n' | sort").unwrap();
        assert_eq!(
            printed,
            "d /srv\nd /srv/log\nf /srv/a\nf /srv/b\nf /srv/log/today\n"
        );
        let pruned = line(
            &content(),
            r"find '/srv' \( -path '/srv/log' \) -prune -o -type f -printf '%p\n'",
        );
        assert_eq!(pruned.unwrap(), "/srv/a\n/srv/b\n");
        assert_eq!(line(&content(), "find '/nothing' | wc -l").unwrap(), "0\n");
    }

    #[test]
    fn digests_are_those_of_the_texts() {
        let printed = line(
            &content(),
            "find '/srv/a' -type f -exec sha256sum {} + | sort -k 2",
        )
        .unwrap();
        // The digest of `one`, as sha256sum gives it.
        assert_eq!(
            printed,
            "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed  /srv/a\n"
        );
        let all = line(
            &content(),
            "find '/srv' -type f -exec sha256sum {} + | sort -k 2 | sha256sum",
        )
        .unwrap();
        assert_eq!((all.len(), &all[64..]), (68, "  -\n"));
    }

    #[test]
    fn services_say_their_states_and_unknown_lines_are_none() {
        let printed = line(&content(), "systemctl is-active 'nginx' 'redis'").unwrap();
        assert_eq!(printed, "active\ninactive\n");
        for unknown in [
            "ls /srv",
            "find '/srv' -delete",
            "find '/srv' | grep a",
            "echo 'open",
        ] {
            assert_eq!(line(&content(), unknown), None, "{unknown}");
        }
    }
}
