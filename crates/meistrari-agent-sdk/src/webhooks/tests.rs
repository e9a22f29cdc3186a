use crate::ErrorExt as _;

use super::*;

fn check(url: &str) -> Result<()> {
    SessionWebhookConfig::new(url).validate()
}

#[test]
fn this_machine_and_private_networks_are_refused_in_every_spelling() {
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "a.LocalHost.",
        "printer.local",
        "local",
        "internal",
        "db.internal",
        "db.internal.",
        "127.0.0.1",
        "127.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "3232235777",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a00:1]",
        "[fc00::1]",
        "[fdff::1]",
        "[fe80::1]",
        "[febf::1]",
        "[fec0::1]",
        "[feff::1]",
        "user@127.0.0.1",
        "example.com@localhost",
        "user:pass@[::1]:8443",
        "１２７.0.0.1",
        "ⓛⓞcalhost",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "localhost..",
        "127.0.0.1..",
        "0x7F.0.0.1:443",
        "loc\u{ad}alhost",
    ] {
        let url = format!("https://{host}/hook");
        let error = check(&url).expect_err(host);
        assert_eq!(error.field(), Some("webhooks[0].url"), "{host}");
        assert!(!error.message().contains("pass"), "{error}");
    }
}

#[test]
fn public_hosts_pass_with_whatever_path_port_and_user() {
    for host in [
        "example.com",
        "example.com.",
        "localhost.example.com",
        "mylocal",
        "internal.example.com",
        "notlocalhost",
        "9.255.255.255",
        "11.0.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.167.1.1",
        "192.169.0.1",
        "100.63.0.1",
        "100.128.0.1",
        "169.253.0.1",
        "128.0.0.1",
        "1.1.1.1",
        "[2001:db8::1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::8.8.8.8]",
        "[::8.8.8.8]",
        "[fbff::1]",
        "[fe7f::1]",
        "user:pw@example.com:8443",
        "bücher.example",
    ] {
        check(&format!("https://{host}/hook?token=1#x")).expect(host);
    }
}

#[test]
fn the_host_is_told_as_the_parser_spells_it() {
    let text = |url| check(url).unwrap_err().message().to_owned();
    assert_eq!(
        text("https://2130706433/"),
        "webhooks[0].url host is not allowed: 127.0.0.1"
    );
    assert_eq!(
        text("https://[0:0::1]/"),
        "webhooks[0].url host is not allowed: [::1]"
    );
    assert_eq!(
        text("https://LOCALHOST./"),
        "webhooks[0].url host is not allowed: localhost."
    );
    assert_eq!(text("ftp://example.com/"), "webhooks[0].url must use https");
    assert_eq!(
        text("/relative"),
        "webhooks[0].url is not a valid absolute URL"
    );
    assert_eq!(
        text("https:///"),
        "webhooks[0].url is not a valid absolute URL"
    );
}

#[test]
fn the_first_failure_wins_and_names_its_entry() {
    let good = SessionWebhookConfig::new("https://example.com/");
    let mut many = vec![good.clone(); 6];
    many[0] = SessionWebhookConfig::new("x");
    assert_eq!(check_all(&many).unwrap_err().field(), Some("webhooks"));
    let entries = [
        good.clone().secret("s"),
        good.clone().secret(""),
        SessionWebhookConfig::new("x"),
    ];
    assert_eq!(
        check_all(&entries).unwrap_err().field(),
        Some("webhooks[1].secret")
    );
    check_all(&vec![good; 5]).unwrap();
}

#[test]
fn debug_shows_neither_secret_nor_what_in_the_url_may_be_one() {
    let webhook = SessionWebhookConfig::new("https://u:pw@example.com/wait/tok-123?t=456")
        .secret("whsec_789");
    let shown = format!("{webhook:?}");
    assert!(shown.contains("https://example.com"), "{shown}");
    for secret in ["pw", "tok-123", "456", "whsec_789"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
