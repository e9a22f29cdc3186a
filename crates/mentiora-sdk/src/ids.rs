//! Ids that begin with the time.

use std::time::UNIX_EPOCH;

use agent_core::Ambient;

/// A UUID of version 7: the milliseconds since 1970, and random bits.
pub(crate) fn uuid_v7(ambient: &dyn Ambient) -> String {
    let now = ambient.wall_clock();
    let millis = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let (a, b) = (ambient.random(), ambient.random());
    format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        (millis >> 16) & 0xffff_ffff,
        millis & 0xffff,
        a & 0xfff,
        0x8000 | (a >> 12) & 0x3fff,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use agent_core::SeededAmbient;

    use super::*;

    #[tokio::test]
    async fn ids_have_the_form_of_version_7_and_begin_with_the_time() {
        let ambient = SeededAmbient::new(1, UNIX_EPOCH + Duration::from_millis(0x0195_ABCD_EF01));
        for _ in 0..100 {
            let id = uuid_v7(&ambient);
            let parts: Vec<_> = id.split('-').collect();
            let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
            assert_eq!((parts[0], parts[1]), ("0195abcd", "ef01"), "{id}");
            assert!(
                parts[2].starts_with('7') && "89ab".contains(&parts[3][..1]),
                "{id}"
            );
        }
        assert_ne!(uuid_v7(&ambient), uuid_v7(&ambient));
    }
}
