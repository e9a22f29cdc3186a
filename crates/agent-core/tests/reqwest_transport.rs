//! The transport on reqwest, over real sockets on this machine. Real time, and no sleeping.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::error::Error as _;
use std::future::IntoFuture as _;
use std::sync::Arc;

use agent_core::sdk::{BaseUrl, Pipeline, Setup};
use agent_core::testing::ScriptedTransport;
use agent_core::transport::{
    ReasonPhrase, RequestBody, ResponseBody, TransportError, TransportPhase,
};
use agent_core::{
    ErrorKind, HttpConfig, Limit, ReqwestTransport, RetryPolicy, Sent, Transport as _,
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Method, Request, Response};
use serde_json::json;
use support::rules::{Rules, at, drain};
use support::server::{Act, Server};
use support::{create, download, get, millis, secs, setup};

const EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

fn transport() -> ReqwestTransport {
    ReqwestTransport::new(Limit::Off).unwrap()
}

fn request(server: &Server, method: Method, body: RequestBody) -> Request<RequestBody> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = format!("{}/path?q=1", server.url()).parse().unwrap();
    request
}

/// Never hangs: a test that would is a failure after ten seconds.
async fn soon<F: Future>(future: F) -> F::Output {
    let limit = tokio::time::timeout(secs(10), future);
    limit.await.expect("it hangs")
}

async fn send(server: &Server) -> Result<Response<ResponseBody>, TransportError> {
    soon(transport().send(request(server, Method::GET, RequestBody::empty()))).await
}

/// All pieces of a body up to its end or its error.
async fn read(body: ResponseBody) -> (Vec<u8>, Option<TransportError>) {
    let mut body = body;
    let mut bytes = Vec::new();
    soon(async {
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece),
                Err(error) => {
                    assert!(body.next().await.is_none(), "an error is the last item");
                    return (bytes, Some(error));
                }
            }
        }
        (bytes, None)
    })
    .await
}

/// A client with this transport and no retries.
fn client(server: &Server, change: impl FnOnce(HttpConfig) -> HttpConfig) -> Pipeline {
    let setup = setup(&ScriptedTransport::new());
    let http = setup
        .http
        .retry(RetryPolicy::none())
        .transport(Arc::new(transport()));
    Pipeline::new(Setup {
        base: BaseUrl::parse("base_url", &server.url()).unwrap(),
        http: change(http),
        ..setup
    })
    .unwrap()
}

#[tokio::test]
async fn a_request_goes_out_as_it_is_with_nothing_added_but_what_http_wants() {
    let server = Server::start([Act::Close(EMPTY.into())]).await;
    let mut request = request(&server, Method::GET, RequestBody::empty());
    request.headers_mut().insert("x-a", "1".parse().unwrap());
    soon(transport().send(request)).await.unwrap();
    let sent = server.requests()[0].to_ascii_lowercase();
    let mut lines: Vec<_> = sent.trim_end().split("\r\n").collect();
    lines[1..].sort_unstable();
    let host = format!("host: {}", server.address);
    assert_eq!(
        lines,
        ["get /path?q=1 http/1.1", "accept: */*", &host, "x-a: 1"],
        "{sent}"
    );
}

#[tokio::test]
async fn a_body_in_pieces_has_a_content_length() {
    let piece = Bytes::from_static;
    let rows: [(Method, RequestBody, &str, Option<usize>); 10] = [
        (
            Method::POST,
            RequestBody::from_chunks([piece(b"abc")]),
            "abc",
            Some(3),
        ),
        (
            Method::POST,
            RequestBody::from_chunks([piece(b"ab"), piece(b""), piece(b"cd"), piece(b"")]),
            "abcd",
            Some(4),
        ),
        (
            Method::PUT,
            RequestBody::from_chunks([piece(b""), piece(b"")]),
            "",
            Some(0),
        ),
        (Method::POST, RequestBody::from_chunks([]), "", Some(0)),
        (
            Method::POST,
            RequestBody::from_chunks([piece(b"")]),
            "",
            Some(0),
        ),
        (Method::POST, RequestBody::empty(), "", Some(0)),
        (Method::PUT, RequestBody::empty(), "", Some(0)),
        (Method::PATCH, RequestBody::empty(), "", Some(0)),
        (Method::GET, RequestBody::empty(), "", None),
        (Method::DELETE, RequestBody::empty(), "", None),
    ];
    for (method, body, expected, length) in rows {
        let server = Server::start([Act::Close(EMPTY.into())]).await;
        let case = format!("{method} {body:?} in {} pieces", body.chunks().len());
        assert_eq!(body.to_bytes(), expected);
        soon(transport().send(request(&server, method, body)))
            .await
            .unwrap();
        let sent = server.requests().remove(0).to_ascii_lowercase();
        let (head, body) = sent.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, expected, "{case}");
        assert!(!head.contains("transfer-encoding"), "{case}: {head}");
        let declared = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(
            declared.map(|text| text.parse().unwrap()),
            length,
            "{case}: {head}"
        );
    }
}

#[tokio::test]
async fn a_reason_phrase_of_the_servers_own_is_kept() {
    let rows = [
        ("404 Nothing To See", Some("Nothing To See")),
        ("404 Not Found", None),
        ("599 ", Some("")),
    ];
    for (line, expected) in rows {
        let answer = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n");
        let server = Server::start([Act::Close(answer.into())]).await;
        let response = send(&server).await.unwrap();
        let reason = response.extensions().get::<ReasonPhrase>();
        let reason = reason
            .map(|reason| reason.0.as_str())
            .filter(|text| !text.is_empty());
        assert_eq!(reason, expected.filter(|text| !text.is_empty()), "{line}");
    }
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_an_error_whatever_way_it_ends() {
    let declared = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabcde";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n";
    let rows = [
        ("short of its length", Act::Close(declared.into())),
        ("chunked without an end", Act::Close(chunked.into())),
        (
            "within a chunk",
            Act::Close(format!("{chunked}5\r\nab").into()),
        ),
        (
            "garbage for a chunk",
            Act::Close(format!("{chunked}zz\r\n").into()),
        ),
        ("reset", Act::Reset(declared.into())),
        ("reset between chunks", Act::Reset(chunked.into())),
    ];
    for (case, act) in rows {
        let server = Server::start([act]).await;
        // A reset may overtake the head: then there is no answer at all.
        let error = match send(&server).await {
            Ok(response) => {
                let (bytes, error) = read(response.into_body()).await;
                assert!(bytes.len() <= 7, "{case}: {bytes:?}");
                let error = error.unwrap_or_else(|| panic!("{case}: a quiet end"));
                assert_eq!(error.phase(), TransportPhase::Body, "{case}");
                error
            }
            Err(error) => {
                assert!(case.starts_with("reset"), "{case}: {error}");
                assert_eq!(error.phase(), TransportPhase::Request, "{case}");
                error
            }
        };
        assert!(!error.is_timeout(), "{case}");
        assert!(error.source().is_some(), "{case}: no cause");
    }
}

#[tokio::test]
async fn orderly_ends_are_ends() {
    let rows = [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nx-trailer: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nabcde",
        "HTTP/1.0 200 OK\r\n\r\nabcde",
    ];
    for answer in rows {
        let server = Server::start([Act::Close(answer.into())]).await;
        let (bytes, error) = read(send(&server).await.unwrap().into_body()).await;
        assert!(error.is_none(), "{answer:?}: {error:?}");
        assert_eq!(bytes, b"abcde", "{answer:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_was_never_sent_to() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut request = Request::new(RequestBody::empty());
    *request.uri_mut() = format!("http://{address}/secret?key=secret")
        .parse()
        .unwrap();
    let error = soon(transport().send(request)).await.unwrap_err();
    assert_eq!(error.phase(), TransportPhase::Connect);
    assert!(!error.is_timeout());
    let error = agent_core::Error::transport(error);
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Transport, Sent::Never)
    );
    assert!(error.is_connect() && error.is_retryable());
    assert!(error.message().contains("refused"), "{error}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_head_may_have_been_sent() {
    let rows = [
        ("closed", Act::Close(Vec::new())),
        ("reset", Act::Reset(Vec::new())),
        ("half a head", Act::Close("HTTP/1.1 200 OK\r\nx-a: ".into())),
        ("garbage", Act::Close("SSH-2.0-OpenSSH_9.6\r\n\r\n".into())),
        ("a bad status", Act::Close("HTTP/1.1 9999 X\r\n\r\n".into())),
        (
            "a bad length",
            Act::Close("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n".into()),
        ),
        (
            "a bad header",
            Act::Close("HTTP/1.1 200 OK\r\nx a: 1\r\n\r\n".into()),
        ),
    ];
    for (case, act) in rows {
        let server = Server::start([act]).await;
        let error = send(&server).await.map(|_| ()).expect_err(case);
        assert_eq!(error.phase(), TransportPhase::Request, "{case}: {error:?}");
        assert_eq!(
            agent_core::Error::transport(error).sent(),
            Sent::Maybe,
            "{case}"
        );
        assert_eq!(
            server.requests().len(),
            1,
            "{case}: sent again below the SDK's retries"
        );
    }
}

#[tokio::test]
async fn a_url_that_is_no_http_is_an_error() {
    let mut request = Request::new(RequestBody::empty());
    *request.uri_mut() = "ftp://127.0.0.1/x".parse().unwrap();
    soon(transport().send(request))
        .await
        .map(|_| ())
        .unwrap_err();
}

#[tokio::test]
async fn compressed_bodies_stay_compressed_and_are_not_asked_for() {
    let mut answer =
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n".to_vec();
    answer.extend_from_slice(&[0x1F, 0x8B, 0x08, 0x00]);
    let server = Server::start([Act::Close(answer)]).await;
    let response = send(&server).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let (bytes, _) = read(response.into_body()).await;
    assert_eq!(bytes, [0x1F, 0x8B, 0x08, 0x00]);
    assert!(
        !server.requests()[0]
            .to_ascii_lowercase()
            .contains("accept-encoding")
    );
}

#[tokio::test]
async fn redirects_and_cookies_are_not_the_transports_business() {
    let answer =
        "HTTP/1.1 302 Found\r\nlocation: /b\r\nset-cookie: a=1\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start([Act::Answer(answer.into()), Act::Close(EMPTY.into())]).await;
    let transport = transport();
    let get = || request(&server, Method::GET, RequestBody::empty());
    let response = soon(transport.send(get())).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), server.requests().len()),
        (302, 1)
    );
    soon(transport.send(get())).await.unwrap();
    assert!(!server.requests()[1].to_ascii_lowercase().contains("cookie"));
    assert!(
        !server.requests()[1]
            .to_ascii_lowercase()
            .contains("referer")
    );
}

#[tokio::test]
async fn connections_are_used_again() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let server = Server::start(vec![Act::Answer(answer.into()); 5]).await;
    let client = client(&server, |http| http);
    for _ in 0..5 {
        assert_eq!(soon(get(&client).into_future()).await.unwrap(), json!({}));
    }
    assert_eq!((server.accepted(), server.requests().len()), (1, 5));
}

#[tokio::test]
async fn a_stream_that_is_dropped_or_closed_closes_its_socket() {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let frame = at(1);
    let answer = format!("{head}{:x}\r\n{frame}\r\n", frame.len());
    for close in [false, true] {
        let mut server = Server::start([Act::Hold(answer.clone().into())]).await;
        let client = client(&server, |http| http);
        let mut stream = Rules::default().follow(&client);
        assert_eq!(soon(stream.next()).await.unwrap().unwrap(), 1);
        if close {
            stream.close();
            soon(server.closed()).await;
        } else {
            drop(stream);
            soon(server.closed()).await;
        }
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_closes_its_socket() {
    for sent in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"] {
        let mut server = Server::start([Act::Hold(sent.into())]).await;
        let client = client(&server, |http| http);
        let call = tokio::spawn(get(&client).into_future());
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        call.abort();
        soon(server.closed()).await;
    }
}

#[tokio::test]
async fn a_cut_stream_and_a_cut_download_are_errors() {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}", at(1));
    let server =
        Server::start([Act::Close(answer.clone().into()), Act::Close(answer.into())]).await;
    let client = client(&server, |http| http);
    let seen = soon(async { drain(&mut Rules::default().follow(&client)).await }).await;
    assert_eq!(seen, ["1", "Transport"]);
    let mut file = soon(download(&client).into_future()).await.unwrap();
    assert_eq!(file.content_length(), Some(100));
    soon(file.next()).await.unwrap().unwrap();
    assert_eq!(
        soon(file.next()).await.unwrap().unwrap_err().kind(),
        ErrorKind::Transport
    );
    assert!(soon(file.next()).await.is_none());
}

#[tokio::test]
async fn floods_of_headers_are_an_error_and_close_the_connection() {
    let head = b"HTTP/1.1 200 OK\r\n".to_vec();
    let rows = [
        (
            "an endless head",
            Act::Flood(head.clone(), b"x-flood: 0123456789abcdef\r\n".repeat(100)),
        ),
        (
            "an endless line",
            Act::Flood(b"HTTP/1.1 200 OK\r\nx-flood: ".to_vec(), vec![b'x'; 4096]),
        ),
        (
            "an endless reason",
            Act::Flood(b"HTTP/1.1 200 ".to_vec(), vec![b'x'; 4096]),
        ),
    ];
    for (case, act) in rows {
        let mut server = Server::start([act]).await;
        let client = client(&server, |http| http);
        let error = soon(get(&client).into_future()).await.expect_err(case);
        assert_eq!(error.kind(), ErrorKind::Transport, "{case}: {error}");
        assert_eq!(error.sent(), Sent::Maybe, "{case}: {error}");
        soon(server.closed()).await;
    }
    let many = (0..1000).fold(String::from_utf8(head).unwrap(), |text, n| {
        format!("{text}x-{n}: 1\r\n")
    });
    let server = Server::start([Act::Close(format!("{many}\r\n").into())]).await;
    let error = soon(get(&client(&server, |http| http)).into_future())
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Transport,
        "a thousand headers: {error}"
    );
}

#[tokio::test]
async fn a_flood_in_the_body_ends_at_the_limit_and_closes_the_connection() {
    let head = "HTTP/1.1 200 OK\r\n\r\n";
    let mut server = Server::start([Act::Flood(head.into(), vec![b' '; 1 << 16])]).await;
    let client = client(&server, |http| http.max_body_bytes(1 << 20));
    let error = soon(get(&client).into_future()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    soon(server.closed()).await;
}

#[tokio::test]
async fn a_flood_of_interim_answers_is_ended_by_the_limit_for_heads() {
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
    let mut server = Server::start([Act::Flood(Vec::new(), interim)]).await;
    let client = client(&server, |http| http.headers_timeout(millis(50)));
    let error = soon(create(&client).into_future()).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    soon(server.closed()).await;
}

#[tokio::test]
async fn a_client_makes_this_transport_by_itself() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let server = Server::start([Act::Close(answer.into())]).await;
    let client = Pipeline::new(Setup {
        base: BaseUrl::parse("base_url", &server.url()).unwrap(),
        http: HttpConfig::new().connect_timeout(secs(u64::MAX)),
        ..setup(&ScriptedTransport::new())
    });
    soon(get(&client.unwrap()).into_future()).await.unwrap();
}
