//! Lists as tables that turn into cards on a phone: a row's cells stand below each other there, each after its column's
//! name, so that nothing is cut off and nothing has to be scrolled sideways.

use maud::{Markup, html};

/// What a column holds, and so how it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What the row is called; the head of a card.
    Title,
    /// A pill; beside the title on a card.
    State,
    /// A few words.
    Text,
    /// Digits, to the right.
    Number,
    /// A sentence or more.
    Long,
    /// What a card has no room for.
    Aside,
    /// Buttons; the column's name is for those who don't see them.
    Actions,
}

/// A column: its name and what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<'n> {
    name: &'n str,
    kind: Kind,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $function:ident $kind:ident;)*) => {
        impl<'n> Column<'n> {
            $($(#[$doc])* pub(crate) const fn $function(name: &'n str) -> Self {
                Self { name, kind: Kind::$kind }
            })*
        }
    };
}
columns! {
    /// What a row is called: the first column.
    title Title;
    /// A pill.
    state State;
    /// A few words, a time or a link.
    text Text;
    /// A number.
    number Number;
    /// A sentence or more.
    long Long;
    /// What a card leaves out.
    aside Aside;
    /// Buttons.
    actions Actions;
}

impl Column<'_> {
    fn class(self) -> Option<&'static str> {
        match self.kind {
            Kind::Title => Some("title"),
            Kind::State => Some("state"),
            Kind::Text => None,
            Kind::Number => Some("num"),
            Kind::Long => Some("long"),
            Kind::Aside => Some("aside"),
            Kind::Actions => Some("end"),
        }
    }

    /// What stands before the value on a card.
    fn label(self) -> Option<String> {
        match self.kind {
            Kind::Title | Kind::State | Kind::Aside | Kind::Actions => None,
            Kind::Text | Kind::Number | Kind::Long => Some(self.name.to_owned()),
        }
    }
}

/// A row: what the script knows it by, whether it tells of something bad, and a cell for each column.
pub(crate) struct Row {
    key: Option<String>,
    is_bad: bool,
    cells: Vec<Markup>,
}

impl Row {
    /// A row that is told from others by its place.
    pub(crate) fn new(cells: impl Into<Vec<Markup>>) -> Self {
        Self {
            key: None,
            is_bad: false,
            cells: cells.into(),
        }
    }

    /// A row that stays the same row while others come and go.
    pub(crate) fn keyed(key: &(impl ToString + ?Sized), cells: impl Into<Vec<Markup>>) -> Self {
        Self {
            key: Some(key.to_string()),
            ..Self::new(cells)
        }
    }

    /// Marked as bad, if it is.
    pub(crate) fn bad(mut self, is_bad: bool) -> Self {
        self.is_bad = is_bad;
        self
    }
}

/// A table in a frame that is called `label`.
pub(crate) fn table(label: &str, columns: &[Column<'_>], rows: impl IntoIterator<Item = Row>) -> Markup {
    framed(label, &bare_table("", columns, rows))
}

/// The same with less room between its lines, for long ones.
pub(crate) fn dense_table(
    label: &str,
    columns: &[Column<'_>],
    rows: impl IntoIterator<Item = Row>,
) -> Markup {
    framed(label, &bare_table("dense", columns, rows))
}

fn framed(label: &str, table: &Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// A table without a frame. Roles are written out, for on a phone it is no table to the eye.
pub(crate) fn bare_table(class: &str, columns: &[Column<'_>], rows: impl IntoIterator<Item = Row>) -> Markup {
    html! {
        table class={ "rows cards " (class) } role="table" {
            thead role="rowgroup" { tr role="row" {
                @for column in columns {
                    th class=[column.class()] scope="col" role="columnheader" {
                        @if column.kind == Kind::Actions { span.hidden { (column.name) } } @else { (column.name) }
                    }
                }
            } }
            tbody role="rowgroup" { @for row in rows {
                tr class=[row.is_bad.then_some("bad")] data-key=[row.key] role="row" {
                    @for (column, cell) in columns.iter().zip(row.cells) {
                        td class=[column.class()] data-label=[column.label()] role="cell" { (cell) }
                    }
                }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::{Column, Row, table};

    #[test]
    fn each_cell_knows_its_columns_name() {
        let columns = [
            Column::title("Queue"),
            Column::number("Wai\"ting"),
            Column::actions("Do"),
        ];
        let row = Row::keyed(&7, [html! { "Q" }, html! { "3" }, html! { "x" }]).bad(true);
        let table = table("Queues", &columns, [row]).into_string();
        assert!(
            table.contains(r#"<tr class="bad" data-key="7" role="row">"#),
            "{table}"
        );
        assert!(
            table.contains(r#"<td class="num" data-label="Wai&quot;ting" role="cell">3</td>"#),
            "{table}"
        );
        assert!(table.contains(r#"<td class="end" role="cell">x</td>"#), "{table}");
        assert!(table.contains(r#"<span class="hidden">Do</span>"#), "{table}");
    }
}
