//! Columns that align, for text of any script.

use unicode_width::UnicodeWidthStr;

use rutter_diagnostic::neutral::one_line;

/// On which side a column's texts begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// To the left, as texts are.
    Left,
    /// To the right, as numbers are.
    Right,
}

/// A table for a terminal: no lines, two spaces between columns.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Self {
        Self {
            columns: columns
                .into_iter()
                .map(|(title, align)| (title.to_owned(), align))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells are empty.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let mut cells: Vec<String> = cells
            .into_iter()
            .map(|cell| one_line(&cell.into()))
            .collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, headings first, every line ended.
    pub fn render(&self) -> String {
        let headings: Vec<_> = self
            .columns
            .iter()
            .map(|(title, _)| title.clone())
            .collect();
        let mut widths: Vec<usize> = headings.iter().map(|title| title.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        std::iter::once(&headings)
            .chain(&self.rows)
            .map(|row| self.render_row(row, &widths))
            .collect()
    }

    fn render_row(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, align)) in row.iter().zip(widths).zip(&self.columns) {
            let padding = " ".repeat(width - cell.width());
            match align {
                Align::Left => line.push_str(&format!("{cell}{padding}")),
                Align::Right => line.push_str(&format!("{padding}{cell}")),
            }
            line.push_str("  ");
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::{Align, Table};

    #[test]
    fn columns_align_for_wide_and_narrow_scripts() {
        let mut table = Table::new([
            ("STEP", Align::Left),
            ("STATE", Align::Left),
            ("CHANGES", Align::Right),
        ]);
        table.row(["role", "done", "2"]);
        table.row(["データ同期", "running", "10"]);
        table.row(["x", "a\nb"]);
        insta::assert_snapshot!(table.render(), @r"
        STEP        STATE    CHANGES
        role        done           2
        データ同期  running       10
        x           a b
        ");
    }
}
