//! TLS: a handshake that does not come about means that nothing was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// An HTTPS server on 127.0.0.1, its certificate, and how many connections it has seen.
struct Https {
    url: String,
    certificate: rcgen::Certificate,
    connections: Arc<AtomicUsize>,
}

impl Https {
    /// For `name`; gives a token to everyone on the first `handshakes` connections, and closes all later ones at once.
    async fn start(name: &str, handshakes: usize) -> Self {
        let CertifiedKey { cert: certificate, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let server = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let connections = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if seen.fetch_add(1, Ordering::SeqCst) >= handshakes {
                    continue;
                }
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve_once(stream, &Reply::token()).await;
                }
            }
        });
        Self { url, certificate, connections }
    }

    /// Settings that trust its certificate.
    fn trusting(&self) -> rustls::ClientConfig {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    fn config(&self) -> Config {
        Config::new(&self.url).unwrap()
    }
}

async fn ready(config: Config) -> Result<(), Error> {
    client_with(config, credentials(), TestClock::new()).ready().await
}

fn chain(error: &Error) -> String {
    format!("{error:?}")
}

#[tokio::test]
async fn a_trusted_certificate_for_the_host_works() {
    let server = Https::start("127.0.0.1", usize::MAX).await;
    ready(server.config().with_tls(server.trusting())).await.unwrap();
}

#[tokio::test]
async fn an_untrusted_certificate_stops_everything() {
    let server = Https::start("127.0.0.1", usize::MAX).await;
    let error = ready(server.config()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    assert!(chain(&error).contains("Connect") && chain(&error).contains("InvalidCertificate"), "{}", chain(&error));
}

#[tokio::test]
async fn a_certificate_for_another_host_stops_everything() {
    let server = Https::start("api.iamport.kr", usize::MAX).await;
    let error = ready(server.config().with_tls(server.trusting())).await.unwrap_err();
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
    let trusting = Https::start("127.0.0.1", usize::MAX).await.trusting();
    let error = ready(Config::new(&url).unwrap().with_tls(trusting)).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    assert!(chain(&error).contains("Connect"), "{}", chain(&error));
}

/// Nothing has left then, so a read may try again as after any other failure; a charge is the caller's to repeat.
#[tokio::test]
async fn a_connection_that_does_not_come_about_is_tried_again_for_reads_only() {
    let server = Https::start("127.0.0.1", 1).await;
    let client = client_with(server.config().with_tls(server.trusting()), credentials(), TestClock::new());
    client.ready().await.unwrap();
    let connected = |error: &Error| !matches!(error, Error::NotSent { reason: NotSentReason::Connect, .. });
    let error = client.payment(&imp_uid(), TestPayments::Hide).await.unwrap_err();
    assert!(!connected(&error), "{error:?}");
    assert_eq!(server.connections.load(Ordering::SeqCst), 1 + 3, "one for the token, three tries");
    let error = client.again(&again()).await.unwrap_err();
    assert!(!connected(&error), "{error:?}");
    assert_eq!(server.connections.load(Ordering::SeqCst), 1 + 3 + 1);
}

/// A certificate as files of roots have it (RFC 7468: base64 in lines of 64 letters).
#[cfg(target_os = "linux")]
fn pem(certificate: &rcgen::Certificate) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |three: &[u8]| -> String {
        let bits = (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(three.get(at).copied().unwrap_or(0)));
        let letter = |at: usize| if at > three.len() { '=' } else { char::from(letters[bits >> (18 - 6 * at) & 63]) };
        (0..4).map(letter).collect()
    };
    let lines = certificate.der().chunks(48).map(|line| line.chunks(3).map(encode).collect::<String>() + "\n");
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
}

/// Names the server that a process made by [`the_platforms_roots_decide_whom_to_trust`] talks to.
#[cfg(target_os = "linux")]
const URL_OF_CHILD: &str = "IAMPORT_TEST_URL";

/// A process of its own that does nothing but get a token from `url`, with the file at `roots` as its platform's roots.
#[cfg(target_os = "linux")]
async fn gets_a_token(url: &str, roots: &std::path::Path) -> bool {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "tls::the_platforms_roots_decide_whom_to_trust"]);
    child.env(URL_OF_CHILD, url).env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
    tokio::task::spawn_blocking(move || child.output().unwrap().status.success()).await.unwrap()
}

/// Where the platform's roots are a file that a variable names; only a process's start can set it without harm to others.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_platforms_roots_decide_whom_to_trust() {
    if let Ok(url) = std::env::var(URL_OF_CHILD) {
        let client = Client::new(Config::new(&url).unwrap(), credentials(), TestClock::new());
        return client.unwrap().ready().await.unwrap();
    }
    let (server, stranger) = (Https::start("127.0.0.1", usize::MAX).await, Https::start("127.0.0.1", usize::MAX).await);
    let plain = crate::server::Server::always(Reply::token()).await;
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let roots = folder.join("iamport-roots.pem");
    std::fs::write(&roots, pem(&server.certificate)).unwrap();
    assert!(gets_a_token(&server.url, &roots).await, "a root of the platform");
    assert!(!gets_a_token(&stranger.url, &roots).await, "none of the platform");
    let none = folder.join("iamport-no-roots.pem");
    std::fs::write(&none, "").unwrap();
    assert!(!gets_a_token(&server.url, &none).await, "a platform without roots");
    assert!(gets_a_token(&plain.url, &none).await, "which a simulator on this machine does not need");
}
