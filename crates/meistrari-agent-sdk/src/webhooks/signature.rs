//! Signatures of deliveries. That they are an HMAC, in which header, and the order of arguments: package readme. The
//! form of the header's value is a guess; both usual ones are taken.

use agent_core::webhook;

/// Whether `raw_body` was signed with `secret` (`verifyWebhookSignature`). `signature` is the value of the header
/// [`WEBHOOK_SIGNATURE_HEADER`](crate::WEBHOOK_SIGNATURE_HEADER), `None` if there is none.
///
/// HMAC-SHA256 of the body as it arrived: verify before you parse, as JSON that is written again is other bytes. The
/// value may be 64 hexadecimal digits or base64, with or without `sha256=` before it. Compared in constant time; whatever
/// is not a valid signature, and an empty secret, gives `false`.
///
/// ```
/// use meistrari_agent_sdk::{sign_webhook, verify_webhook_signature};
///
/// let body = br#"{"eventType":"session.completed"}"#;
/// let signature = sign_webhook(body, "whsec_test");
/// assert!(verify_webhook_signature(body, Some(signature.as_str()), "whsec_test"));
/// assert!(!verify_webhook_signature(body, None, "whsec_test"));
/// ```
pub fn verify_webhook_signature(
    raw_body: impl AsRef<[u8]>,
    signature: Option<&str>,
    secret: &str,
) -> bool {
    let Some(text) = signature else {
        return false;
    };
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let prefix = "sha256=";
    let text = match text.split_at_checked(prefix.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest,
        _ => text,
    };
    webhook::parse_signature(text)
        .is_some_and(|signature| webhook::verify(secret.as_bytes(), raw_body.as_ref(), &signature))
}

/// The header value for `raw_body` signed with `secret`: for tests of your own receiver.
pub fn sign_webhook(raw_body: impl AsRef<[u8]>, secret: &str) -> String {
    webhook::hex(&webhook::sign(secret.as_bytes(), raw_body.as_ref()))
}
