use super::*;

fn read(decoder: Decoder, input: &str, size: usize) -> Vec<(String, String)> {
    let mut decoder = decoder.dispatch_unfinished(true);
    let mut seen = Vec::new();
    for chunk in input.as_bytes().chunks(size) {
        decoder.feed(Bytes::copy_from_slice(chunk));
        while let Some(frame) = decoder.next_frame().unwrap() {
            seen.push((frame.event().into_owned(), frame.data().into_owned()));
        }
    }
    while let Some(frame) = decoder.finish().unwrap() {
        seen.push((frame.event().into_owned(), frame.data().into_owned()));
    }
    seen
}

#[test]
fn names_without_a_colon_count_unless_they_are_to_be_ignored() {
    let input = "event: a\ndata\nevent\ndata: x\n\ndata\r\n\r\ndata:\n\ndata";
    let pair = |event: &str, data: &str| (event.to_owned(), data.to_owned());
    for size in 1..=input.len() {
        assert_eq!(
            read(Decoder::new(), input, size),
            [
                pair("message", "\nx"),
                pair("message", ""),
                pair("message", ""),
                pair("message", "")
            ],
            "{size}"
        );
        assert_eq!(
            read(Decoder::new().bare_names(false), input, size),
            [pair("a", "x"), pair("message", "")],
            "{size}"
        );
    }
    for size in 1..=12 {
        let ignored = read(Decoder::new().bare_names(false), "data: x\ndata", size);
        assert_eq!(ignored, [pair("message", "x")], "{size}");
        let counted = read(Decoder::new(), "data: x\ndata", size);
        assert_eq!(counted, [pair("message", "x\n")], "{size}");
    }
}
