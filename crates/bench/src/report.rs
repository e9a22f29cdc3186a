//! The report: rows with goals, as text, as Markdown and as plots.

use std::fmt::Write as _;
use std::path::Path;

/// How to read the report, and what was tried where goals are missed: written by hand.
const READING: &str = include_str!("reading.md");

/// What was measured.
#[derive(Default, Debug)]
pub struct Report {
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Section {
    title: &'static str,
    how: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    goals: Vec<Goal>,
    bars: Vec<(String, f64, f64)>,
}

#[derive(Debug)]
struct Goal {
    what: String,
    wanted: String,
    got: String,
    hit: bool,
}

/// Which side of the goal is good.
#[derive(Clone, Copy, Debug)]
pub enum Want {
    /// More is better.
    AtLeast(f64),
    /// Less is better.
    AtMost(f64),
}

impl Report {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            sections: Vec::new(),
        }
    }

    /// Begins a section; what follows goes into it.
    pub fn section(&mut self, title: &'static str, how: &'static str, columns: &[&'static str]) {
        self.sections.push(Section {
            title,
            how,
            columns: columns.to_vec(),
            rows: Vec::new(),
            goals: Vec::new(),
            bars: Vec::new(),
        });
    }

    /// A row of the table.
    pub fn row(&mut self, cells: Vec<String>) {
        self.last().rows.push(cells);
    }

    /// A figure with its goal; it also becomes a bar of the section's plot.
    pub fn goal(&mut self, what: impl Into<String>, got: f64, want: Want) {
        let (wanted, hit, limit) = match want {
            Want::AtLeast(limit) => (format!("≥ {limit}"), got >= limit, limit),
            Want::AtMost(limit) => (format!("≤ {limit}"), got <= limit, limit),
        };
        let what = what.into();
        let section = self.last();
        section.bars.push((what.clone(), got, limit));
        section.goals.push(Goal {
            what,
            wanted,
            got: format!("{got:.2}"),
            hit,
        });
    }

    /// How many goals were missed.
    pub fn missed(&self) -> usize {
        self.sections
            .iter()
            .flat_map(|section| &section.goals)
            .filter(|goal| !goal.hit)
            .count()
    }

    fn last(&mut self) -> &mut Section {
        self.sections.last_mut().expect("a section was begun")
    }

    /// The report for a terminal, which is also Markdown.
    pub fn text(&self) -> String {
        self.sections.iter().map(Section::text).collect()
    }

    /// Writes the report, or appends it, and a plot per section beside it.
    ///
    /// # Errors
    /// If a file can not be written.
    pub fn write(&self, path: &Path, begins: bool) -> std::io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        let plots = dir.join("performance");
        std::fs::create_dir_all(&plots)?;
        let mut text = if begins {
            format!(
                "# Performance\n\nWritten by `cargo xtask bench`. Machine: {}. Date: {}. Read ratios within a table, not absolute \
                 numbers: everything in a row was measured in one run, interleaved, and is a median.\n{READING}",
                machine(),
                date()
            )
        } else {
            std::fs::read_to_string(path)?
        };
        for section in &self.sections {
            text.push_str(&section.text());
            if section.goals.is_empty() {
                continue;
            }
            let name = section
                .title
                .to_lowercase()
                .replace(": ", "-")
                .replace(' ', "-");
            std::fs::write(plots.join(format!("{name}.svg")), plot(section))?;
            let _ = write!(text, "\n![{}](performance/{name}.svg)\n", section.title);
        }
        std::fs::write(path, text)
    }
}

impl Section {
    fn text(&self) -> String {
        let mut out = format!("\n## {}\n\n{}\n\n", self.title, self.how);
        if !self.rows.is_empty() {
            table(&mut out, &self.columns, &self.rows);
        }
        let goals: Vec<Vec<String>> = self
            .goals
            .iter()
            .map(|goal| {
                let mark = if goal.hit { "hit" } else { "**miss**" };
                vec![
                    goal.what.clone(),
                    goal.wanted.clone(),
                    goal.got.clone(),
                    mark.to_owned(),
                ]
            })
            .collect();
        if !goals.is_empty() {
            out.push('\n');
            table(&mut out, &["figure", "goal", "measured", ""], &goals);
        }
        out
    }
}

fn table(out: &mut String, columns: &[&str], rows: &[Vec<String>]) {
    let _ = writeln!(out, "| {} |", columns.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(columns.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
}

/// Horizontal bars, each as long as the figure, with a mark where its goal is.
fn plot(section: &Section) -> String {
    let (label, width, height): (f64, f64, f64) = (300.0, 400.0, 22.0);
    let total = height.mul_add(section.bars.len() as f64, 30.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{total}\" font-family=\"sans-serif\" font-size=\"12\">\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\
         <text x=\"8\" y=\"18\" font-weight=\"bold\">{}: measured (bar) and goal (line), each bar on its own scale</text>",
        label + width + 80.0,
        section.title
    );
    for (index, (what, got, limit)) in section.bars.iter().enumerate() {
        let y = height.mul_add(index as f64, 30.0);
        let scale = width / (got.max(*limit) * 1.05).max(f64::MIN_POSITIVE);
        let what = what.replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(
            out,
            "<text x=\"8\" y=\"{0}\">{what}</text>\
             <rect x=\"{label}\" y=\"{1}\" width=\"{2:.1}\" height=\"14\" fill=\"#4878a8\"/>\
             <line x1=\"{3:.1}\" x2=\"{3:.1}\" y1=\"{4}\" y2=\"{5}\" stroke=\"#c03028\" stroke-width=\"2\"/>\
             <text x=\"{6:.1}\" y=\"{0}\">{got:.2}</text>",
            y + 14.0,
            y + 3.0,
            got * scale,
            limit.mul_add(scale, label),
            y + 1.0,
            y + 19.0,
            label + width + 8.0
        );
    }
    out.push_str("</svg>\n");
    out
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown processor", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{model}, {cores} cores, {}", std::env::consts::OS)
}

/// Today in UTC, as year-month-day.
fn date() -> String {
    let days = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() / 86_400);
    // Civil date from days, after Howard Hinnant's algorithm.
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

/// The middle of `values`.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
