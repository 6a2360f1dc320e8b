//! Tables for people: aligned columns, two spaces apart, no lines, so that `grep` and `awk` like them too.

use console::{Style, measure_text_width};

/// What stands in a table: text, and how it is drawn where there are colours.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Text drawn in `style`. It may come from anywhere: line breaks and escape sequences lose their meaning.
    pub fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self {
            text: harmless(text.as_ref()),
            style,
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

/// Text on one line, with nothing in it that would steer a terminal.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// On which side a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under a heading.
#[derive(Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns; a name that begins with `>` is aligned to the right.
    pub fn new(columns: &[&'static str]) -> Self {
        let column = |name: &&'static str| match name.strip_prefix('>') {
            Some(name) => (name.to_uppercase(), Align::Right),
            None => (name.to_uppercase(), Align::Left),
        };
        Self {
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Gives it these columns, all aligned to the left: names that somebody else chose, as they are, for capitals may matter.
    pub fn columns_named(&mut self, names: &[&str]) {
        self.columns = names.iter().map(|name| (harmless(name), Align::Left)).collect();
    }

    /// Adds a row. Missing cells are empty, superfluous ones are dropped.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let mut cells: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        cells.resize(self.columns.len(), Cell::default());
        self.rows.push(cells);
    }

    /// The table as text, heading first; `empty` when there's no row.
    pub fn render(&self, empty: &str) -> String {
        if self.rows.is_empty() {
            return empty.to_owned();
        }
        let widths: Vec<usize> = (0..self.columns.len()).map(|i| self.width(i)).collect();
        let heading: Vec<Cell> = self
            .columns
            .iter()
            .map(|(name, _)| Cell::styled(name, Style::new().bold()))
            .collect();
        let mut text = self.line(&heading, &widths);
        for row in &self.rows {
            text.push('\n');
            text.push_str(&self.line(row, &widths));
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| measure_text_width(&row[column].text));
        cells
            .chain([measure_text_width(&self.columns[column].0)])
            .max()
            .unwrap_or(0)
    }

    fn line(&self, cells: &[Cell], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.iter().zip(widths).zip(&self.columns) {
            let gap = " ".repeat(width.saturating_sub(measure_text_width(&cell.text)));
            let text = cell.style.apply_to(&cell.text);
            match align {
                Align::Left => line.push_str(&format!("{text}{gap}  ")),
                Align::Right => line.push_str(&format!("{gap}{text}  ")),
            }
        }
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        console::set_colors_enabled(false);
        let mut table = Table::new(&["product", ">price", "name"]);
        table.row(["PROD-001", "29.99", "Mug"]);
        table.row(["P", "129.00", "Größe\n\u{1b}zwei"]);
        table.row(["P2"]);
        expect![[r#"
            PRODUCT    PRICE  NAME
            PROD-001   29.99  Mug
            P         129.00  Größe  zwei
            P2"#]]
        .assert_eq(&table.render("none"));
    }

    #[test]
    fn names_that_others_chose_keep_their_letters() {
        console::set_colors_enabled(false);
        let mut table = Table::new(&[]);
        table.columns_named(&["data.orderId", "@timestamp"]);
        table.row(["A", "T"]);
        assert_eq!(table.render(""), "data.orderId  @timestamp\nA             T");
    }

    #[test]
    fn without_rows_it_says_so() {
        assert_eq!(Table::new(&["product"]).render("no products"), "no products");
    }
}
