//! The ready-made scripts.

use serde_json::json;

use super::script::{MentioraScenario, MentioraScript};

/// Frames of no meaning that the vendor's clients skip.
const DONE: &[u8] = b"data: [DONE]\n\n";

/// What an agent does with `message`, the latest of its thread; `earlier` are those before it.
pub(crate) fn script(
    scenario: MentioraScenario,
    message: &str,
    earlier: &[String],
) -> MentioraScript {
    let script = MentioraScript::new();
    match scenario {
        MentioraScenario::Standard => standard(message, earlier, false),
        MentioraScenario::Held => standard(message, earlier, true),
        MentioraScenario::Fail => script
            .text("I was about to ")
            .fail("agent_error", "The model gave up"),
        MentioraScenario::Silent => script.hold(),
        MentioraScenario::Empty => script,
        MentioraScenario::Unfinished => script
            .text("The end is ")
            .ends_without_completion()
            .raw("event: chat.output_text.delta\ndata: {\"delta\":\"near\"}"),
        MentioraScenario::Incomplete => script.text("And then").ends_without_completion(),
        MentioraScenario::Malformed => script
            .text("Mind the ")
            .ends_without_completion()
            .frame("chat.output_text.delta", json!({"text": "gap"})),
    }
}

fn standard(message: &str, earlier: &[String], held: bool) -> MentioraScript {
    let mut script = MentioraScript::new()
        .frame("agent.thinking", json!({"seconds": 0.5, "about": message}))
        .tool_call(
            "recall",
            json!({"words": message.split_whitespace().count()}),
            json!({"earlier": earlier}),
        );
    let text = match earlier.last() {
        None => format!("You said “{message}”. That is the first message of this thread."),
        Some(last) => format!(
            "You said “{message}”. Before that you said “{last}”. This thread has {} messages.",
            earlier.len() + 1
        ),
    };
    let words = text.split_inclusive(' ').count();
    for (index, word) in text.split_inclusive(' ').enumerate() {
        if held && index == words / 2 {
            script = script.hold();
        }
        script = script.text(word);
    }
    script
        .complete()
        .suggest([
            ("Go on", "Please go on."),
            ("Shorter", "Say it shorter."),
            (
                "A label of more than forty characters, which no button could show",
                "Left out by clients.",
            ),
            ("In verse", "Say it in verse."),
            ("In Polish", "Powiedz to po polsku."),
            ("Why?", "Why is that?"),
            ("Sources", "What are your sources?"),
            ("Stop", "The seventh, left out by clients."),
        ])
        .raw(DONE)
}
