//! Paths into a value, as messages name them: `endpoint.hosts[0]`.

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathStep<'a> {
    Key(&'a str),
    Index(usize),
}

/// The steps of a path, outermost first.
pub(super) fn steps(path: &str) -> impl Iterator<Item = PathStep<'_>> {
    let parts = path.split(['.', '[']).filter(|part| !part.is_empty());
    parts.map(|part| match part.strip_suffix(']').map(str::parse) {
        Some(Ok(index)) => PathStep::Index(index),
        _ => PathStep::Key(part),
    })
}

/// The key that a path begins with.
pub(super) fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_keys_and_indices() {
        let all: Vec<PathStep<'_>> = steps("endpoint.hosts[12].0").collect();
        let expected = [
            PathStep::Key("endpoint"),
            PathStep::Key("hosts"),
            PathStep::Index(12),
            PathStep::Key("0"),
        ];
        assert_eq!(all, expected);
        assert_eq!((root("list[0].key"), root("alone")), ("list", "alone"));
    }
}
