//! Ready-made scripts by name: how a prompt asks for one, and how a program in another language does.

use crate::control::{Input, nothing_left, text};

/// What a prompt begins with that asks for a scenario by the name behind it.
const PREFIX: &str = "emulate:";

/// The scenario that a prompt asks for, if it asks for any. An error says which there are.
pub(crate) fn asked_by<T: Copy>(prompt: &str, all: &[(&str, T)]) -> Result<Option<T>, String> {
    let Some(rest) = prompt.strip_prefix(PREFIX) else {
        return Ok(None);
    };
    named(rest.split_whitespace().next().unwrap_or_default(), all).map(Some)
}

/// The scenario of this name. An error says which there are.
pub(crate) fn named<T: Copy>(name: &str, all: &[(&str, T)]) -> Result<T, String> {
    let found = all.iter().find(|(known, _)| *known == name);
    found.map(|(_, scenario)| *scenario).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        format!(
            "there is no scenario {name:?}; there are {}",
            names.join(", ")
        )
    })
}

/// `{"scenario": "fail"}`, from a program in another language.
pub(crate) fn read<T: Copy>(input: &mut Input, all: &[(&str, T)]) -> Result<T, String> {
    let name = text(input, "scenario")?;
    nothing_left(input)?;
    named(&name, all)
}

/// Declares what runs of a vendor do: a script or a scenario.
macro_rules! plan {
    ($(#[$doc:meta])* $name:ident = $script:ident | $scenario:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum $name {
            /// Written by hand.
            Script($script),
            /// Ready-made.
            Scenario($scenario),
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Scenario($scenario::default())
            }
        }

        impl From<$script> for $name {
            fn from(script: $script) -> Self {
                Self::Script(script)
            }
        }

        impl From<$scenario> for $name {
            fn from(scenario: $scenario) -> Self {
                Self::Scenario(scenario)
            }
        }
    };
}
pub(crate) use plan;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_asks_by_the_first_word_behind_the_prefix() {
        let all = [("one", 1), ("two", 2)];
        let unknown = |name| Err(format!("there is no scenario {name:?}; there are one, two"));
        for (prompt, expected) in [
            ("Say hello", Ok(None)),
            ("please emulate:one", Ok(None)),
            ("emulate:one", Ok(Some(1))),
            ("emulate:two and more", Ok(Some(2))),
            ("emulate:three", unknown("three")),
            ("emulate:", unknown("")),
        ] {
            assert_eq!(asked_by(prompt, &all), expected, "{prompt}");
        }
    }
}
