//! HMAC-SHA256 signatures of webhooks.
//!
//! Only the arithmetic is here. Which header carries a signature and in which form, each vendor's crate says.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The HMAC-SHA256 of `body` under `secret`. Sign the bytes as they are sent, not a text made from them.
pub fn sign(secret: &[u8], body: &[u8]) -> [u8; 32] {
    let mut signature = [0; 32];
    // HMAC takes keys of any length: this can not fail.
    if let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret) {
        signature.copy_from_slice(&mac.chain_update(body).finalize().into_bytes());
    }
    signature
}

/// Whether `signature` is that of `body` under `secret`, compared in constant time. An empty secret verifies nothing.
pub fn verify(secret: &[u8], body: &[u8], signature: &[u8]) -> bool {
    !secret.is_empty()
        && Hmac::<Sha256>::new_from_slice(secret)
            .is_ok_and(|mac| mac.chain_update(body).verify_slice(signature).is_ok())
}

/// Reads a signature written as 64 hexadecimal digits or as standard padded base64.
pub fn parse_signature(text: &str) -> Option<[u8; 32]> {
    if text.len() == 64 {
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digit = |c: u8| char::from(c).to_digit(16);
            let value = digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?;
            *byte = u8::try_from(value).ok()?;
        }
        return Some(bytes);
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// A signature as lower-case hexadecimal digits.
pub fn hex(signature: &[u8; 32]) -> String {
    signature
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string can not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_verifies_what_openssl_signs() {
        let expected = "9307b3b915efb5171ff14d8cb55fbcc798c6c0ef1456d66ded1a6aa723a58b7b";
        assert_eq!(hex(&sign(b"key", b"hello")), expected);
        let signature = parse_signature(expected).unwrap();
        assert!(verify(b"key", b"hello", &signature));
        assert!(!verify(b"key", b"hello ", &signature));
        assert!(!verify(b"other", b"hello", &signature));
        assert!(!verify(b"key", b"hello", &signature[..31]));
    }

    #[test]
    fn an_empty_secret_verifies_nothing() {
        assert!(!verify(b"", b"hello", &sign(b"", b"hello")));
    }

    #[test]
    fn signatures_are_read_in_both_forms_and_no_other() {
        let signature = sign(b"key", b"hello");
        assert_eq!(
            parse_signature(&hex(&signature).to_uppercase()),
            Some(signature)
        );
        assert_eq!(
            parse_signature(&STANDARD.encode(signature)),
            Some(signature)
        );
        for bad in ["", "00", &"g".repeat(64), &"é".repeat(32), "aGVsbG8="] {
            assert_eq!(parse_signature(bad), None, "{bad}");
        }
    }
}
