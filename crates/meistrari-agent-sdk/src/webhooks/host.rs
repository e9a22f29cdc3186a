//! Which hosts a webhook may not name: this machine and private networks. No name is looked up. Source of names,
//! private and loopback addresses: package readme; of the rest: decided here.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::Host;

/// Whether deliveries must not go to `host`, which the URL parser has put into its usual form.
pub(super) fn is_forbidden(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => is_forbidden_v4(*address),
        Host::Ipv6(address) => is_forbidden_v6(*address),
        Host::Domain(name) => is_forbidden_name(name),
    }
}

fn is_forbidden_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    matches!(last, "" | "localhost" | "local" | "internal")
        || name.parse().is_ok_and(is_forbidden_v4)
}

fn is_forbidden_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    // 0/8 is this network, 100.64/10 is shared between providers.
    a == 0
        || (a == 100 && (64..128).contains(&b))
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
}

fn is_forbidden_v6(address: Ipv6Addr) -> bool {
    if address.is_unspecified() || address.is_loopback() {
        return true;
    }
    let segments = address.segments();
    let unique_local = segments[0] & 0xfe00 == 0xfc00;
    // fe80::/10 and fec0::/10.
    let local = segments[0] & 0xff80 == 0xfe80;
    // IPv4-compatible, IPv4-mapped, NAT64.
    let embeds = matches!(
        segments,
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..]
    );
    let [.., a, b, c, d] = address.octets();
    unique_local || local || (embeds && is_forbidden_v4(Ipv4Addr::new(a, b, c, d)))
}
