//! Text in columns.
//!
//! Much of what is shown came from the network: a phone's User-Agent can hold an escape sequence that would
//! reprogram the administrator's terminal, so no control character is printed.

/// Space between columns.
const GAP: &str = "  ";

/// Rows under a heading, each column as wide as its widest cell.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with its headings.
    pub fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self { rows: vec![headings.map(str::to_owned).to_vec()] }
    }

    /// Rows of a name and a value, without headings.
    pub fn bare() -> Self {
        Self { rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| printable(&cell)).to_vec());
    }

    /// The table as text, or `nothing` where only the headings are there.
    pub fn or(self, nothing: &str) -> String {
        if self.rows.len() > 1 { self.text() } else { format!("{nothing}\n") }
    }

    /// The table as text; no line ends in spaces.
    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        let mut text = String::new();
        for row in &self.rows {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
            text.push_str(cells.join(GAP).trim_end());
            text.push('\n');
        }
        text
    }
}

/// A cell for something that may be absent.
pub(crate) fn or_dash<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "-".to_owned(), ToString::to_string)
}

/// Text without control characters, on one line.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Text without control characters, line by line.
pub(crate) fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["id", "name", "x"]);
        table.row(["1".into(), "Åsa Öberg".into(), "a".into()]);
        table.row(["22".into(), "Bo".into(), String::new()]);
        assert_eq!(table.text(), "id  name       x\n1   Åsa Öberg  a\n22  Bo\n");
    }

    #[test]
    fn an_empty_table_says_so() {
        assert_eq!(Table::new(["id"]).or("No calls."), "No calls.\n");
    }

    #[test]
    fn a_phone_cannot_send_escape_sequences_to_the_terminal() {
        assert_eq!(printable("Phone\u{1b}[2J\r\n1"), "Phone\u{fffd}[2J\u{fffd}\u{fffd}1");
        assert_eq!(printable_lines("a\r\nb\u{7}"), "a\nb\u{fffd}");
    }
}
