//! A line as words between bars.

/// Returns the stages of a pipeline, each as its words without their quotes; `None` if a quote is not closed.
///
/// `escape` is the character that takes the meaning of the next one, if there is one.
pub(super) fn stages(line: &str, escape: Option<char>) -> Option<Vec<Vec<String>>> {
    let mut stages = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                let text = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        end if end == letter => break,
                        inner => text.push(inner),
                    }
                }
            }
            '|' => {
                stages.last_mut()?.extend(word.take());
                stages.push(Vec::new());
            }
            space if space.is_whitespace() => stages.last_mut()?.extend(word.take()),
            other if Some(other) == escape => word.get_or_insert_default().push(letters.next()?),
            other => word.get_or_insert_default().push(other),
        }
    }
    stages.last_mut()?.extend(word);
    Some(stages)
}

/// Returns the first so many lines.
pub(super) fn first_lines(text: &str, count: usize) -> String {
    text.split_inclusive('\n').take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_keep_words_together() {
        let found = stages(r"find '/a b' \( -path '/a|b' \) | sort -k 2", Some('\\')).unwrap();
        assert_eq!(found[0], ["find", "/a b", "(", "-path", "/a|b", ")"]);
        assert_eq!(found[1], ["sort", "-k", "2"]);
        assert_eq!(stages("echo 'open", Some('\\')), None);
        assert_eq!(stages(r"dir C:\srv", None).unwrap()[0], ["dir", r"C:\srv"]);
    }
}
