//! Ready-made scripts by name: how a prompt asks for one.

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
