//! What a suite measured, for `docs/reliability.md`.
//!
//! With `FIGURES` in the environment, a folder, each suite leaves its table there; `cargo xtask soak` puts the tables
//! into the document.

use std::fmt::Write as _;
use std::path::Path;

/// A table of figures.
#[derive(Debug)]
pub struct Figures {
    text: String,
}

impl Figures {
    /// A table with these columns, below a title and a sentence on how it was measured.
    pub fn new(title: &str, how: &str, columns: &[&str]) -> Self {
        let mut text = format!("\n## {title}\n\n{how}\n\n| {} |\n|", columns.join(" | "));
        for _ in columns {
            text.push_str("---|");
        }
        text.push('\n');
        Self { text }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[&dyn std::fmt::Display]) {
        self.text.push('|');
        for cell in cells {
            // Writing to a String does not fail.
            let _ = write!(self.text, " {cell} |");
        }
        self.text.push('\n');
    }

    /// Prints the table, and leaves it in the folder that `FIGURES` names, as `name.md`: tables are shown in the order
    /// of their names.
    ///
    /// # Errors
    /// If the file can not be written.
    pub fn publish(&self, name: &str) -> std::io::Result<()> {
        #[expect(clippy::print_stdout, reason = "figures are for people")]
        {
            println!("{}", self.text);
        }
        match std::env::var_os("FIGURES") {
            Some(folder) => {
                std::fs::create_dir_all(&folder)?;
                std::fs::write(Path::new(&folder).join(format!("{name}.md")), &self.text)
            }
            None => Ok(()),
        }
    }
}
