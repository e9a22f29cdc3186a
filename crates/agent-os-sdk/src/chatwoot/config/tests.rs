//! Tables of the rules.

use serde_json::{Value, json};

use super::*;
use crate::error::ErrorExt;

fn found(credential: &Value) -> Result<(String, Option<String>, String), ChatwootErrorCode> {
    match Found::in_credential(credential) {
        Ok(found) => Ok((found.text, found.account, found.token.expose().to_owned())),
        Err(error) => Err(error.chatwoot_code().cloned().unwrap()),
    }
}

#[test]
fn each_place_is_looked_at_in_its_order() {
    let places: [(&[(&str, &str)], usize); 3] = [
        (&places::URL, 0),
        (&places::ACCOUNT, 1),
        (&places::TOKEN, 2),
    ];
    for (places, which) in places {
        for first in 0..places.len() {
            // Everything from here on is there: the first of them must win.
            let mut credential = json!({"values": {}, "publicConfig": {}, "data": {}});
            for (index, (section, name)) in places.iter().enumerate().skip(first) {
                credential[*section][*name] = format!("http://h/{index}").into();
            }
            if which != 0 {
                credential["values"]["base_url"] = "http://h".into();
            }
            if which != 2 {
                credential["values"]["api_token"] = "t".into();
            }
            let (url, account, token) = found(&credential).unwrap();
            let got = [Some(url), account, Some(token)][which].clone();
            assert_eq!(got, Some(format!("http://h/{first}")));
        }
    }
}

#[test]
fn absent_is_what_javascript_takes_for_false() {
    for nothing in [Value::Null, json!(false), json!(0), json!("")] {
        let credential = json!({
            "values": nothing, "Values": {"api_key": "k"},
            "publicConfig": nothing, "PublicConfig": {"url": nothing, "endpoint": "http://h//", "account_id": nothing, "accountId": 3},
        });
        let expected = ("http://h".to_owned(), Some("3".to_owned()), "k".to_owned());
        assert_eq!(found(&credential), Ok(expected));
    }
    // An empty object is present, and so is what is no object at all.
    for empty in [json!({}), json!([]), json!("x"), json!(1)] {
        let credential = json!({
            "values": empty, "Values": {"api_key": "k"}, "publicConfig": {"url": "http://h"},
        });
        assert_eq!(
            found(&credential),
            Err(ChatwootErrorCode::InvalidCredential)
        );
    }
}

#[test]
fn values_of_other_types_are_passed_over() {
    let credential = json!({
        "publicConfig": {"url": 7, "account_id": {"x": 1}},
        "data": {"url": ["http://no"], "endpoint": "http://h", "account_id": true, "accountId": "12"},
        "values": {"api_access_token": 5, "api_key": "k"},
    });
    let expected = ("http://h".to_owned(), Some("12".to_owned()), "k".to_owned());
    assert_eq!(found(&credential), Ok(expected));
    for (account, expected) in [
        (json!(7), Some("7")),
        (json!(7.0), Some("7")),
        (json!(7.5), None),
        (json!("0"), Some("0")),
        (json!(-1), Some("-1")),
        (
            json!(18_446_744_073_709_551_615_u64),
            Some("18446744073709551615"),
        ),
    ] {
        assert_eq!(account_text(&account).as_deref(), expected, "{account}");
    }
}

#[test]
fn what_can_not_be_used_is_an_invalid_credential() {
    for (url, token) in [
        ("not a url", "t"),
        ("ftp://h", "t"),
        ("/relative", "t"),
        ("http://user:pw@h", "t"),
        ("http://h?x=1", "t"),
        ("http://h", "a\nb"),
        ("http://h", "a\u{0}"),
    ] {
        let credential = json!({"data": {"url": url, "api_key": token}});
        assert_eq!(
            found(&credential),
            Err(ChatwootErrorCode::InvalidCredential),
            "{url}"
        );
    }
    assert_eq!(
        found(&Value::Null),
        Err(ChatwootErrorCode::CredentialNotFound)
    );
    assert_eq!(found(&json!({})), Err(ChatwootErrorCode::InvalidCredential));
}

#[test]
fn an_account_can_not_reach_another_page() {
    let credential = json!({"data": {"url": "http://h/p/", "api_key": "k"}});
    let config = |account: &str| {
        let found = Found::in_credential(&credential).unwrap();
        found.with_account(account.to_owned())
    };
    assert!(config("..").is_err());
    assert_eq!(
        config("a/b?").unwrap().inbox_url().url,
        "http://h/p/app/accounts/a%2Fb%3F/inbox"
    );
}
