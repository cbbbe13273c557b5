//! One Chromium for one test: its own driver process, its own empty profile, and no word to the world outside.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use e2e::stack::{install_tls, variable};
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities as _, LoggingPrefsLogLevel, WebDriver};

use crate::session::Device;

/// How often ChromeDriver may choose a port that another program has.
const STARTS_MAX: u32 = 5;
/// How long ChromeDriver may take to listen, and Chromium to start.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// Pause between two looks at what it says.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Everything that Chromium would fetch by itself is off, and no name but this machine's resolves.
const QUIET: &[&str] = &[
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-features=AutofillServerCommunication,MediaRouter,OptimizationHints,Translate",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-proxy-server",
    "--password-store=basic",
    "--lang=ko-KR",
];

const MOBILE_AGENT: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
                            Chrome/148.0.0.0 Mobile Safari/537.36";

/// A driver process and the profile of the one browser that it drives. Both go with this value.
pub(crate) struct Chromium {
    chromedriver: Child,
    profile: TempDir,
    url: String,
}

impl Chromium {
    /// Starts a driver on a port of its own choice. It chooses one that is free for one kind of address, and ends if another program
    /// has it for the other kind: then it has to choose again.
    pub(crate) async fn start() -> Self {
        for _ in 0..STARTS_MAX {
            if let Some(started) = Self::try_start().await {
                return started;
            }
        }
        panic!("ChromeDriver finds no free port in {STARTS_MAX} tries");
    }

    /// Nothing if the port that it has chosen is another's.
    async fn try_start() -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let said = profile.path().join("chromedriver.log");
        let output = File::create(&said).unwrap();
        let chromedriver = Command::new(variable("BROWSER_CHROMEDRIVER"))
            .args(["--port=0", "--log-level=WARNING"])
            // What Chromium leaves lying about goes with the profile.
            .env("TMPDIR", profile.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .expect("ChromeDriver starts");
        let mut started = Self { chromedriver, profile, url: String::new() };
        let listens = async {
            tokio::select! {
                port = port_in(&said) => Some(port),
                () = taken(&said) => None,
            }
        };
        let port = tokio::time::timeout(START_TIMEOUT, listens).await;
        let port = port.unwrap_or_else(|_| panic!("ChromeDriver does not listen: {}", read(&said)))?;
        started.url = format!("http://127.0.0.1:{port}");
        Some(started)
    }

    /// Opens its browser.
    pub(crate) async fn open(&self, device: Device) -> WebDriver {
        install_tls();
        let driver = WebDriver::builder(&self.url, self.capabilities(device)).request_timeout(START_TIMEOUT).await;
        driver.unwrap_or_else(|error| panic!("Chromium does not start: {error}\n{}", read(&self.log())))
    }

    fn capabilities(&self, device: Device) -> ChromeCapabilities {
        let mut wanted = ChromeCapabilities::new();
        wanted.set_binary(&variable("BROWSER_CHROMIUM")).unwrap();
        for argument in QUIET {
            wanted.add_arg(argument).unwrap();
        }
        wanted.add_arg(&format!("--user-data-dir={}", self.profile.path().join("profile").display())).unwrap();
        // Chromium's own sandbox refuses to work for root, which containers and CI machines run as.
        if self.profile.path().metadata().unwrap().uid() == 0 {
            wanted.add_arg("--no-sandbox").unwrap();
        }
        match device {
            Device::Desktop => wanted.add_arg("--window-size=1280,1500").unwrap(),
            Device::Phone => {
                let metrics = json!({ "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true, "mobile": true });
                let phone = json!({ "deviceMetrics": metrics, "userAgent": MOBILE_AGENT });
                wanted.add_experimental_option("mobileEmulation", phone).unwrap();
            }
        }
        // As with everybody's browser, a window opens only for somebody who has pressed something.
        wanted.add_exclude_switch("disable-popup-blocking").unwrap();
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        wanted
    }

    fn log(&self) -> PathBuf {
        self.profile.path().join("chromedriver.log")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its browser has been told to quit before.
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
    }
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned()
}

/// Returns once the driver says that another program has the port that it chose.
async fn taken(log: &Path) {
    while !read(log).contains("Address already in use") {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The port that the driver says it listens on.
async fn port_in(log: &Path) -> u16 {
    loop {
        let said = read(log);
        let after = said.split_once("successfully on port ").map(|(_, after)| after);
        if let Some((port, _)) = after.and_then(|after| after.split_once('.')) {
            return port.parse().unwrap();
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
