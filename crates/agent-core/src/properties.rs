//! What holds for any input, with input of the kind that matters; at the end, what was found once.

// The macro's methods are public, also on a type that is not.
#![allow(unreachable_pub)]

use std::time::{Duration, SystemTime};

use properties::{check, text};
use proptest::prelude::*;

use crate::fuzzing;

/// 1970 to 9999, in seconds: what an HTTP date can tell.
const DATES: std::ops::Range<u64> = 0..253_402_300_800;

fn http_date(seconds: u64) -> Vec<u8> {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).into_bytes()
}

/// The value of a header about time: numbers of all sizes, dates, and what is neither.
fn time_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        any::<u64>().prop_map(|n| n.to_string().into_bytes()),
        (0..100_000_u32).prop_map(|n| n.to_string().into_bytes()),
        any::<f64>().prop_map(|n| n.to_string().into_bytes()),
        "[+-]?[0-9]{0,400}[.]?[0-9]{0,30}".prop_map(String::into_bytes),
        prop::sample::select(
            &[
                "inf", "NaN", "1e9", ".", "..", "0x10", "-0", " 5 ", "5,6", "٣"
            ][..]
        )
        .prop_map(|text| text.as_bytes().to_vec()),
        DATES.prop_map(http_date),
        (DATES, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(date, at, byte)| {
            let mut text = http_date(date);
            let at = at.index(text.len());
            text[at] = byte;
            text
        }),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

#[test]
fn any_retry_after_is_a_wait_or_none() {
    let input = (time_value(), time_value(), time_value(), DATES);
    check(2_000, &input, |(ms, value, date, now)| {
        fuzzing::retry_after(&ms, &value, &date, now);
    });
}

#[test]
fn each_form_of_retry_after_is_read_as_what_was_written() {
    let input = (0..86_400_000_u64, DATES, DATES);
    check(1_000, &input, |(wait, date, clock)| {
        let ms = wait.to_string();
        let read = fuzzing::retry_after(ms.as_bytes(), b"7", b"", clock);
        assert_eq!(read, Some(Duration::from_millis(wait)));

        let read = fuzzing::retry_after(b"", ms.as_bytes(), b"", clock);
        assert_eq!(read, Some(Duration::from_secs(wait)));
        let fraction = format!("{}.{:03}", wait / 1000, wait % 1000);
        let read = fuzzing::retry_after(b"", fraction.as_bytes(), b"", clock);
        assert_eq!(read, Some(Duration::from_millis(wait)));

        // The server's clock counts, this machine's only if the server's is not known; a time in the past is no wait.
        let until = http_date(clock.max(date));
        let expected = Some(Duration::from_secs(clock.max(date) - date));
        assert_eq!(
            fuzzing::retry_after(b"", &until, &http_date(date), clock),
            expected
        );
        assert_eq!(fuzzing::retry_after(b"", &until, b"", date), expected);
        let past = http_date(date.min(clock));
        assert_eq!(
            fuzzing::retry_after(b"", &past, b"", clock),
            Some(Duration::ZERO)
        );
    });
}

#[test]
fn a_path_parameter_is_one_segment_or_refused() {
    check(3_000, &text(), |value| fuzzing::path(&value));
}

#[test]
fn a_query_decodes_to_what_it_was_made_from() {
    let pairs = prop::collection::vec((text(), text()), 0..4);
    check(1_000, &pairs, |pairs| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        fuzzing::query(&pairs);
    });
}

/// URLs and what nearly is one.
fn url() -> impl Strategy<Value = String> {
    const STARTS: &[&str] = &[
        "",
        " ",
        "/",
        "//",
        "\\\\",
        "///",
        "?",
        "#",
        "..",
        "http:",
        "https:",
        "http://",
        "https://",
        "HTTPS://",
        "https:/\\",
        "https://user@",
        "https://user:password@",
        "ftp://",
        "file:///",
        "data:",
        "javascript:",
        "//user@",
    ];
    const HOSTS: &[&str] = &[
        "",
        "api.example",
        "API.example.",
        "api.example.evil.example",
        "evil.example",
        "localhost",
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "bücher.example",
        "api%2eexample",
        "api.example\\@evil.example",
        "api.example%00",
    ];
    const PORTS: &[&str] = &["", ":", ":443", ":80", ":8443", ":0", ":65536"];
    let part = |parts: &'static [&'static str]| prop::sample::select(parts);
    (part(STARTS), part(HOSTS), part(PORTS), text()).prop_map(|(start, host, port, rest)| {
        let slash = if rest.len() % 3 == 0 { "" } else { "/" };
        format!("{start}{host}{port}{slash}{rest}")
    })
}

#[test]
fn a_base_url_has_nothing_but_origin_and_path() {
    check(3_000, &url(), |text| fuzzing::base_url(&text));
}

#[test]
fn no_redirect_takes_a_credential_to_another_origin() {
    let base = prop::sample::select(
        &[
            "https://api.example/v1",
            "http://api.example:8080",
            "http://[::1]:1/a/b",
        ][..],
    );
    check(3_000, &(base, url()), |(base, location)| {
        fuzzing::redirect(base, location.as_bytes());
    });
}

#[test]
fn only_the_true_signature_verifies() {
    let signature = prop_oneof![text(), "[0-9a-fA-F]{63,65}", "[A-Za-z0-9+/]{42,43}={1,2}",];
    let bytes = prop::collection::vec(any::<u8>(), 0..80);
    check(1_000, &(signature, bytes), |(text, bytes)| {
        fuzzing::signature(&text, &bytes);
    });
}

#[test]
fn an_error_is_one_line_whatever_the_server_says() {
    let long = prop_oneof![4 => text(), 1 => text().prop_map(|text| text.repeat(500))];
    check(1_000, &(long.clone(), long), |(one, two)| {
        fuzzing::error_line(&one, &two);
    });
}

crate::open_enum! {
    /// Some words.
    enum Word {
        /// One of them.
        One = "one",
        /// Another.
        Other = "an other",
        ..Unknown
    }
}

#[test]
fn an_open_enum_keeps_every_text() {
    let word = prop_oneof![text(), "one|an other|One|one "];
    check(1_000, &word, |text| {
        let word = Word::from(text.as_str());
        assert_eq!(word, text.as_str());
        assert_eq!(word, Word::from(text.clone()));
        assert_eq!(
            matches!(word, Word::Unknown(_)),
            !Word::KNOWN.contains(&text.as_str())
        );
        assert_eq!(word.to_string(), text);
        let json = serde_json::to_string(&word).unwrap();
        assert_eq!(json, serde_json::to_string(&text).unwrap());
        assert_eq!(serde_json::from_str::<Word>(&json).unwrap(), word);
    });
}

#[test]
fn what_was_found_stays_mended() {
    // The code and the request's id were printed as they came.
    fuzzing::error_line("\0", "");
    fuzzing::error_line("a\nb", &"long ".repeat(1_000));
    fuzzing::error_line("a\u{2028}b", "");
}
