//! Plays a script over real HTTP/1.1 on loopback: one listener per server that vectors can name.
//!
//! Reading a request is in `wire/request.rs`, writing an answer byte by byte in `wire/response.rs`.

use std::future::pending;
use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::script::{Reply, Script};
use crate::vector::placeholders::{CLOSED, SERVERS, Servers};

pub mod request;
pub mod response;

use response::Next;

const LOOPBACK: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// The listeners of one vector, not yet served.
#[derive(Debug)]
pub struct Listeners {
    bound: Vec<(&'static str, TcpListener)>,
    closed: TcpSocket,
    servers: Servers,
}

/// Keeps the address at which nothing listens from being given to anyone else.
#[derive(Debug)]
pub struct Serving {
    _closed: TcpSocket,
}

impl Listeners {
    /// Binds a port for every server.
    pub async fn bind() -> io::Result<Self> {
        let closed = TcpSocket::new_v4()?;
        closed.bind(LOOPBACK)?;
        let mut bound = Vec::new();
        let mut authorities = SERVERS.map(|_| String::new());
        for (authority, (name, _)) in authorities.iter_mut().zip(SERVERS) {
            if name == CLOSED {
                *authority = closed.local_addr()?.to_string();
                continue;
            }
            let listener = TcpListener::bind(LOOPBACK).await?;
            *authority = listener.local_addr()?.to_string();
            bound.push((name, listener));
        }
        Ok(Self {
            bound,
            closed,
            servers: Servers::new(authorities),
        })
    }

    /// Where they are.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// Serves the script on the current runtime, as long as that lives.
    pub fn serve(self, script: &Arc<Script>) -> Serving {
        for (server, listener) in self.bound {
            let script = Arc::clone(script);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let script = Arc::clone(&script);
                    tokio::spawn(async move {
                        // A connection that breaks shows in what the client reports.
                        let _ = serve(stream, server, &script).await;
                    });
                }
            });
        }
        Serving {
            _closed: self.closed,
        }
    }
}

/// Plays the exchanges that arrive on one connection.
async fn serve(mut stream: TcpStream, server: &str, script: &Arc<Script>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = BytesMut::new();
    while let Some(request) = request::read(&mut stream, &mut buffer, server).await? {
        let head = request.method == "HEAD";
        match script.arrive(request) {
            Reply::Play(turn) => {
                match response::play(&mut stream, &mut buffer, &turn, head).await? {
                    Next::Request => {}
                    Next::Close => return Ok(()),
                }
            }
            Reply::Beyond => return response::beyond(&mut stream).await,
            Reply::Hang => return pending().await,
        }
    }
    Ok(())
}
