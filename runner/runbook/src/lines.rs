//! Where the lines of a file start.

/// Where lines start: ten thousand steps are not each counted from the top of the file.
#[derive(Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(
            std::iter::once(0)
                .chain(newlines.map(|(at, _)| at + 1))
                .collect(),
        )
    }

    /// Line and column, from 1.
    pub fn place(&self, text: &str, offset: usize) -> (u32, u32) {
        let line = self.0.partition_point(|start| *start <= offset);
        let start = self.0[line - 1];
        let column = text
            .get(start..offset)
            .map_or(0, |before| before.chars().count())
            + 1;
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            u32::try_from(column).unwrap_or(u32::MAX),
        )
    }
}
