//! What an agent is asked, from a vector's arguments.

use mentiora_sdk::{AgentRunParams, ModelParams};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::args::Args;

/// The parameters of a run. A temperature that JSON has no number for is written as JavaScript's text of it.
pub(super) fn params(args: &Args) -> Result<AgentRunParams, String> {
    let mut args = args.clone();
    let model = args.get_mut("modelParams").and_then(Value::as_object_mut);
    let temperature = model.and_then(|model| {
        let temperature = unwritten(model.get("temperature")?)?;
        model.remove("temperature");
        Some((temperature, model.clone()))
    });
    let params: AgentRunParams = read(args.into())?;
    Ok(match temperature {
        None => params,
        Some((temperature, model)) => {
            let model: ModelParams = read(model.into())?;
            params.model_params(model.temperature(temperature))
        }
    })
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn unwritten(value: &Value) -> Option<f64> {
    match value.as_str()? {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_temperature_that_is_no_json_is_a_text() {
        let refusal = |temperature: &str| {
            let args = json!({
                "tag": "a", "message": "Hi", "modelParams": {"temperature": temperature, "maxTokens": 0},
            });
            let params = params(args.as_object().unwrap());
            params.map(|params| params.validate().unwrap_err().message().to_owned())
        };
        for temperature in ["NaN", "Infinity", "-Infinity"] {
            let expected = "temperature must be between 0 and 2";
            assert_eq!(refusal(temperature).as_deref(), Ok(expected));
        }
        assert!(refusal("warm").is_err());
    }
}
