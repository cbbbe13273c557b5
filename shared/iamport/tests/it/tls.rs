//! TLS: a handshake that does not come about means that nothing was sent.

use std::sync::Arc;

use iamport::*;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::server::{Reply, serve_once};
use crate::support::*;

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// An HTTPS server for `name` on 127.0.0.1 that gives a token to everyone, and settings that trust its certificate.
async fn https(name: &str) -> (String, rustls::ClientConfig) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let server = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve_once(stream, &Reply::token()).await;
            }
        }
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let trusting = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (url, trusting)
}

async fn ready(config: Config) -> Result<(), Error> {
    client_with(config, credentials(), TestClock::new()).ready().await
}

fn chain(error: &Error) -> String {
    format!("{error:?}")
}

#[tokio::test]
async fn a_trusted_certificate_for_the_host_works() {
    let (url, trusting) = https("127.0.0.1").await;
    ready(Config::new(&url).unwrap().with_tls(trusting)).await.unwrap();
}

#[tokio::test]
async fn an_untrusted_certificate_stops_everything() {
    let (url, _) = https("127.0.0.1").await;
    let error = ready(Config::new(&url).unwrap()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    assert!(chain(&error).contains("Connect") && chain(&error).contains("InvalidCertificate"), "{}", chain(&error));
}

#[tokio::test]
async fn a_certificate_for_another_host_stops_everything() {
    let (url, trusting) = https("api.iamport.kr").await;
    let error = ready(Config::new(&url).unwrap().with_tls(trusting)).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    assert!(chain(&error).contains("NotValidForName"), "{}", chain(&error));
}

/// A server that speaks only what was switched off in 2024 answers our hello with TLS 1.1 and no cipher of ours.
#[tokio::test]
async fn an_old_protocol_stops_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let hello = {
        // ServerHello: TLS 1.1 (0x0302), random, empty session id, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
        let body = [&[0x03, 0x02][..], &[7; 32], &[0, 0x00, 0x2f, 0]].concat();
        let length = u8::try_from(body.len()).unwrap();
        [&[0x16, 0x03, 0x02, 0, length + 4, 0x02, 0, 0, length][..], &body].concat()
    };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&hello).await;
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    let (_, trusting) = https("127.0.0.1").await;
    let error = ready(Config::new(&url).unwrap().with_tls(trusting)).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    assert!(chain(&error).contains("Connect"), "{}", chain(&error));
}
