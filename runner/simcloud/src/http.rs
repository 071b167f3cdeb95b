//! What services that are not the cloud's answer by plain HTTP.

/// What another service answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpScript {
    pub(crate) method: String,
    pub(crate) url: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The body of the answer, as the world file gives it.
    pub body: String,
}

impl HttpScript {
    pub(crate) fn fits(&self, method: &str, url: &str) -> bool {
        self.method.eq_ignore_ascii_case(method) && fits(&self.url, url)
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(start) else {
        return false;
    };
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.any(|at| fits(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text_of_an_address() {
        assert!(fits("https://a/x", "https://a/x"));
        assert!(fits("https://a/*?t=*", "https://a/b/c?t=1"));
        assert!(fits("https://a/*", "https://a/"));
        assert!(!fits("https://a/*/d", "https://a/b/c"));
        assert!(!fits("https://a/x", "https://a/x/y"));
    }
}
