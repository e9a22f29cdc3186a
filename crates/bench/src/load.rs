//! What is decoded: event streams made here, the same in every run.

use bytes::Bytes;

fn text(length: usize, seed: &mut u64) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(b' ' + ((*seed >> 33) % 95) as u8));
    }
    text
}

/// About `total` bytes of events that take `size` bytes each.
pub(crate) fn events(total: usize, size: usize) -> Vec<u8> {
    let mut seed = 1;
    let mut out = String::new();
    while out.len() < total {
        out.push_str(&format!("data: {}\n\n", text(size - 8, &mut seed)));
    }
    out.into_bytes()
}

/// Ids, comments, both line ends, `retry`, several data lines, unknown fields.
pub(crate) fn mix(total: usize) -> Vec<u8> {
    let seed = &mut 2;
    let mut out = String::new();
    let mut i = 0_u64;
    while out.len() < total {
        i += 1;
        out.push_str(&match i % 8 {
            0 => ": keep-alive\n\n".to_owned(),
            1 => format!("id: {i}\nevent: delta\ndata: {}\n\n", text(80, seed)),
            2 => format!("event: tool_call\r\ndata: {}\r\n\r\n", text(300, seed)),
            3 => format!(
                "data: {}\ndata: {}\ndata: {}\n\n",
                text(60, seed),
                text(40, seed),
                text(20, seed)
            ),
            4 => format!("retry: 3000\nid: {i}\ndata: {}\n\n", text(120, seed)),
            5 => format!("data: {}\n\n", text(90, seed)),
            6 => format!("event: message\nid: {i}\ndata: {}\n\n", text(1000, seed)),
            _ => format!("x-unknown: a\ndata: {}\n\n", text(50, seed)),
        });
    }
    out.into_bytes()
}

/// `bytes` in pieces of `size`, each an allocation of its own as they come from a socket.
pub(crate) fn cut(bytes: &[u8], size: usize) -> Vec<Bytes> {
    bytes.chunks(size).map(Bytes::copy_from_slice).collect()
}
