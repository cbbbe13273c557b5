//! A site of a few fixed pages, for the tests of this harness.

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One answer: its status line's words, its content security policy, its HTML.
pub(crate) struct Page(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'static str);

/// Serves until it is dropped.
pub(crate) struct Site {
    pub(crate) url: String,
    serving: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn serve(pages: BTreeMap<&'static str, Page>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pages = std::sync::Arc::new(pages);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let pages = pages.clone();
                // A browser opens connections ahead of need and says nothing on them.
                tokio::spawn(async move { answer(stream, &pages).await });
            }
        });
        Self { url, serving }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut stream: TcpStream, pages: &BTreeMap<&'static str, Page>) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let request = String::from_utf8(request).ok()?;
    let path = request.split(' ').nth(1)?;
    let Page(status, policy, html) = pages.get(path).unwrap_or(&Page("404 Not Found", "", ""));
    let policy = if policy.is_empty() { String::new() } else { format!("content-security-policy: {policy}\r\n") };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\n{policy}connection: close\r\n");
    let length = html.len();
    stream.write_all(format!("{head}content-length: {length}\r\n\r\n{html}").as_bytes()).await.ok()
}
