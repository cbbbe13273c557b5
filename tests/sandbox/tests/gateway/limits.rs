use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::support::{Gateway, merchant};

const MEGABYTE: usize = 1024 * 1024;

async fn post(gateway: &Gateway, bytes: usize) -> crate::support::Answer {
    let request = Request::post(format!("{}/charges", gateway.url))
        .header("authorization", merchant())
        .header("content-type", "text/plain")
        .body(Full::new(Bytes::from(vec![b'x'; bytes])))
        .expect("a request");
    gateway.send(request).await
}

#[tokio::test]
async fn a_body_of_ten_megabytes_passes_and_a_larger_one_is_413() {
    let gateway = Gateway::start().await;
    assert_eq!(post(&gateway, 10 * MEGABYTE).await.status, 200);
    let answer = post(&gateway, 10 * MEGABYTE + 1).await;
    assert_eq!((answer.status, answer.json()), (413, json!({ "message": "Request Entity Too Large" })));
    assert_eq!(gateway.invocations().len(), 1);
}

#[tokio::test]
async fn headers_over_the_quota_are_431() {
    let gateway = Gateway::start().await;
    let long = "x".repeat(11_000);
    let answer = gateway.call(http::Method::GET, "/", &[("x-long", &long)], "").await;
    assert_eq!(answer.status, 431);
    let answer = gateway.call(http::Method::GET, &format!("/?{long}"), &[], "").await;
    assert_eq!(answer.status, 431);
    assert!(gateway.invocations().is_empty());
}

#[tokio::test]
async fn a_body_that_breaks_off_invokes_nothing() {
    let gateway = Gateway::start().await;
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", gateway.port)).await.expect("a connection");
    let head = b"POST /webhooks/iamport/t HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
    tokio::io::AsyncWriteExt::write_all(&mut stream, head).await.expect("sent");
    drop(stream);
    assert_eq!(gateway.get("/").await.status, 200);
    let functions: Vec<String> = gateway.invocations().into_iter().map(|(function, _)| function).collect();
    assert_eq!(functions, ["file-store"]);
}

#[tokio::test]
async fn a_host_that_is_none_or_two_is_400_and_invokes_nothing() {
    let gateway = Gateway::start().await;
    let ask = async |head: &str| {
        let answer = gateway.raw(format!("GET / HTTP/1.1\r\n{head}connection: close\r\n\r\n").as_bytes()).await;
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    for host in ["bad host", "a:99999999", "[::1", "ex%zz", "a<b", "", ":80", "user@x", "a,b", "x/y"] {
        assert_eq!(ask(&format!("host: {host}\r\n")).await, "400", "{host}");
    }
    assert_eq!(ask("host: a\r\nhost: a\r\n").await, "400");
    assert_eq!(ask("").await, "400");
    assert!(gateway.invocations().is_empty());
    for host in ["shop.example", "127.0.0.1:3000", "[::1]:3000", "localhost"] {
        assert_eq!(ask(&format!("host: {host}\r\n")).await, "200", "{host}");
    }
}
