//! Lines of `PowerShell`.

use super::files::{sha256, walk};
use super::pipe;
use crate::ecs::content::Content;

/// Returns what a line prints; `None` if it is not known.
pub(super) fn line(content: &Content, line: &str) -> Option<String> {
    if let Some(rest) = line.strip_prefix("(Get-Service -Name '") {
        let (name, end) = rest.split_once('\'')?;
        let state = content.services.get(name).map(|state| format!("{state}\n"));
        return end.ends_with(").Status").then(|| state.unwrap_or_default());
    }
    let stages = pipe::stages(line, None)?;
    let (first, filters) = stages.split_first()?;
    let words: Vec<&str> = first.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["Write-Output", text] => Some(format!("{text}\n")),
        ["Get-ChildItem", "-LiteralPath", top, options @ ..] => {
            listing(content, top, options, filters)
        }
        _ => None,
    }
}

fn listing(
    content: &Content,
    top: &str,
    options: &[&str],
    filters: &[Vec<String>],
) -> Option<String> {
    if options
        .iter()
        .any(|word| !["-Recurse", "-Force", "-File"].contains(word))
    {
        return None;
    }
    let without: Vec<String> = filters
        .iter()
        .filter(|words| words[..].first().is_some_and(|word| word == "Where-Object"))
        .filter_map(|words| Some(words.last()?.trim_end_matches('*').to_owned()))
        .collect();
    let hashes = filters
        .iter()
        .any(|words| words.first().is_some_and(|word| word == "Get-FileHash"));
    let only_files = options.contains(&"-File");
    let lines: String = walk(content, top, '\\', &without)
        .iter()
        // What lies below it, without itself.
        .filter(|entry| entry.path != top && (!only_files || entry.text.is_some()))
        .map(|entry| match entry.text {
            Some(text) if hashes => format!("{}  {}\n", sha256(text).to_uppercase(), entry.path),
            _ => format!("{}\n", entry.path),
        })
        .collect();
    filters.iter().try_fold(lines, |text, words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [
                "Where-Object" | "Sort-Object" | "Get-FileHash" | "ForEach-Object",
                ..,
            ] => Some(text),
            ["Select-Object", "-First", count] => {
                Some(pipe::first_lines(&text, count.parse().ok()?))
            }
            ["Digest"] => Some(format!("{}\n", sha256(&text).to_uppercase())),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_digests_and_services() {
        let text = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let content = Content {
            files: [text(r"C:\srv\a", "one"), text(r"C:\srv\logs\b", "two")].into(),
            services: [text("W3SVC", "Running")].into(),
            ..Content::default()
        };
        let printed = line(
            &content,
            r"Get-ChildItem -LiteralPath 'C:\srv' -Recurse -Force | Sort-Object FullName | ForEach-Object FullName",
        );
        assert_eq!(
            printed.unwrap(),
            "C:\\srv\\a\nC:\\srv\\logs\nC:\\srv\\logs\\b\n"
        );
        let hashed = line(
            &content,
            r"Get-ChildItem -LiteralPath 'C:\srv' -Recurse -Force -File | Where-Object FullName -NotLike 'C:\srv\logs*' | Get-FileHash",
        );
        assert_eq!(
            hashed.unwrap(),
            "7692C3AD3540BB803C020B3AEE66CD8887123234EA0C6E7143C0ADD73FF431ED  C:\\srv\\a\n"
        );
        assert_eq!(
            line(
                &content,
                "(Get-Service -Name 'W3SVC' -ErrorAction SilentlyContinue).Status"
            )
            .unwrap(),
            "Running\n"
        );
        assert_eq!(
            line(&content, "(Get-Service -Name 'none').Status").unwrap(),
            ""
        );
        assert_eq!(line(&content, "Remove-Item x"), None);
    }
}
