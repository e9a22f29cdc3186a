//! What became of the vectors, counted and told.

use std::fmt::{self, Write as _};

use crate::compare::Difference;

/// So many differences of one vector are shown.
const SHOWN: usize = 12;

/// What became of one vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as expected.
    Passed,
    /// These things are not.
    Failed(Vec<Difference>),
    /// It contradicts its contract, for this reason; it was not replayed.
    Disputed(String),
    /// A typed client cannot be called like this; it was not replayed.
    Skipped,
}

/// Counts of one vendor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many are disputed.
    pub disputed: usize,
    /// How many were skipped.
    pub skipped: usize,
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(_) => self.failed += 1,
            Verdict::Disputed(_) => self.disputed += 1,
            Verdict::Skipped => self.skipped += 1,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.disputed > 0 {
            write!(f, ", {} disputed", self.disputed)?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// The block for one vector; none if there is nothing to say. `how` tells how it was replayed.
pub fn block(vendor: &str, name: &str, how: &str, verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Passed | Verdict::Skipped => None,
        Verdict::Disputed(reason) => Some(format!("disputed {vendor}/{name}: {reason}\n")),
        Verdict::Failed(differences) => {
            let mut text = format!("FAILED {vendor}/{name}{how}\n");
            // Writing to a string cannot fail.
            for difference in differences.iter().take(SHOWN) {
                let _ = writeln!(text, "{difference}");
            }
            if let Some(more) = differences
                .len()
                .checked_sub(SHOWN)
                .filter(|more| *more > 0)
            {
                let _ = writeln!(text, "  … and {more} more differences");
            }
            Some(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_is_counted() {
        let mut tally = Tally::default();
        tally.count(&Verdict::Passed);
        assert_eq!(tally.to_string(), "1 passed, 0 failed");
        tally.count(&Verdict::Failed(vec![]));
        tally.count(&Verdict::Disputed("r".into()));
        tally.count(&Verdict::Skipped);
        assert_eq!(
            tally.to_string(),
            "1 passed, 1 failed, 1 disputed, 1 skipped"
        );
    }

    #[test]
    fn a_failure_names_the_vector_and_its_places() {
        let differences = vec![Difference::new("result/a", "1", "2\n3"); SHOWN + 2];
        let text = block("acme", "n", " (wire)", &Verdict::Failed(differences)).unwrap();
        assert!(text.starts_with(
            "FAILED acme/n (wire)\n  result/a\n    expected  1\n    got       2\n              3\n"
        ));
        assert!(text.ends_with("  … and 2 more differences\n"));
        assert_eq!(block("acme", "n", "", &Verdict::Passed), None);
        let disputed = block("acme", "n", "", &Verdict::Disputed("why".into()));
        assert_eq!(disputed.unwrap(), "disputed acme/n: why\n");
    }
}
