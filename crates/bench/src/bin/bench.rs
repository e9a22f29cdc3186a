//! Speeds: `bench [--write FILE] [--quick] [section…]`. A goal that is missed is marked, and no failure.

use bench::{calls, decoder, end_to_end, events, server};

fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return server::run();
    }
    bench::run(&[
        ("decoder", decoder::run),
        ("calls", calls::run),
        ("events", events::run),
        ("end-to-end", end_to_end::run),
    ]);
}
