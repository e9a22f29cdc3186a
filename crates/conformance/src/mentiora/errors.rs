//! The one error type in the words of Mentiora's vectors. The only table of them.

use mentiora_sdk::{Error, ErrorClass, ErrorExt};

use crate::adapter::Failure;

/// What the vectors compare of an error.
pub fn failure(error: &Error) -> Failure {
    let class = error.class();
    Failure::new(kind(class))
        .with("code", class.code())
        .with("message", error.message())
        .with("status", error.status())
        .with("server_code", error.server_code())
        .with("server_message", error.server_message())
}

/// The vendor's word for the class.
fn kind(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Configuration => "ConfigurationError",
        ErrorClass::Validation => "ValidationError",
        ErrorClass::Network => "NetworkError",
        _ => "(another class)",
    }
}

#[cfg(test)]
mod tests {
    use mentiora_sdk::ErrorKind;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_local_error_has_a_code_and_no_status() {
        let failure = failure(&Error::new(ErrorKind::Config, "no"));
        assert_eq!(failure.get("kind"), Some(&json!("ConfigurationError")));
        assert_eq!(failure.get("code"), Some(&json!("CONFIGURATION_ERROR")));
        assert_eq!(failure.get("message"), Some(&json!("no")));
        assert_eq!(failure.get("status"), Some(&Value::Null));
    }
}
