//! One test in one browser: runs it, and says what the page looked like when it fails.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use e2e::stack::variable;
use futures_util::FutureExt as _;
use thirtyfour::{BrowserLogEntry, WebDriver};
use tokio::sync::Semaphore;

use crate::chromium::Chromium;

/// Browsers at once: each has a handful of processes, and the functions want a core too.
static SEATS: Semaphore = Semaphore::const_new(3);

/// What the browser says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    /// A window of 1280 × 1500.
    Desktop,
    /// A narrow screen, touch, and the user agent of a phone.
    Phone,
}

/// A browser in the hands of one test.
pub(crate) struct Tab {
    pub(crate) driver: WebDriver,
    name: String,
    steps: usize,
    console: Vec<BrowserLogEntry>,
    expected: Vec<String>,
}

/// Runs a test in a browser of its own. Any error in a page's console fails it, but for those that it
/// [expects](Tab::expect_error).
pub(crate) async fn browse<F: AsyncFnOnce(&mut Tab)>(device: Device, test: F) {
    // "it::checkout::paid::{{closure}}::{{closure}}"
    let mut name =
        std::any::type_name::<F>().trim_start_matches("it::").replace("::{{closure}}", "").replace("::", ".");
    if device == Device::Phone {
        name.push_str("-phone");
    }
    let _seat = SEATS.acquire().await.unwrap();
    let chromium = Chromium::start().await;
    let driver = chromium.open(device).await;
    let mut tab = Tab { driver, name, steps: 0, console: Vec::new(), expected: Vec::new() };
    let ran = AssertUnwindSafe(test(&mut tab)).catch_unwind().await;
    tab.read_console().await;
    let complaint = tab.complaint();
    let failed = ran.is_err() || complaint.is_some();
    let evidence = if failed { tab.keep_evidence().await } else { String::new() };
    let quit = tab.driver.quit().await;
    if failed {
        tell(&evidence);
    }
    if let Err(panic) = ran {
        std::panic::resume_unwind(panic);
    }
    if let Some(complaint) = complaint {
        panic!("{complaint}");
    }
    quit.expect("the browser quits");
}

#[allow(clippy::print_stderr, reason = "the test runner shows it with the failure")]
fn tell(evidence: &str) {
    eprintln!("{evidence}");
}

impl Tab {
    /// Announces an error of the console by a part of its text, such as "status of 402": Chromium logs every refused
    /// request. One that never comes fails the test.
    pub(crate) fn expect_error(&mut self, part: &str) {
        self.expected.push(part.to_owned());
    }

    /// Something is done or seen. With `BROWSER_SHOTS` a screenshot of it is kept there.
    pub(crate) async fn step(&mut self, what: &str) {
        self.steps += 1;
        self.read_console().await;
        if let Some(folder) = std::env::var_os("BROWSER_SHOTS") {
            let file = format!("{}-{:02}-{}.png", self.name, self.steps, what.replace(' ', "-"));
            self.shoot(&PathBuf::from(folder).join(file)).await.expect("a screenshot");
        }
    }

    /// The errors so far, as the console shows them.
    pub(crate) async fn errors(&mut self) -> Vec<String> {
        self.read_console().await;
        self.console.iter().filter(|entry| entry.level == "SEVERE").map(shown).collect()
    }

    /// A window that closes takes its console with it, so this is called before.
    pub(crate) async fn read_console(&mut self) {
        self.console.extend(self.driver.browser_log().await.unwrap_or_default());
    }

    fn complaint(&self) -> Option<String> {
        let errors: Vec<_> = self.console.iter().filter(|entry| entry.level == "SEVERE").map(shown).collect();
        let is_expected = |error: &&String| self.expected.iter().any(|part| error.contains(part));
        let unexpected: Vec<_> = errors.iter().filter(|error| !is_expected(error)).collect();
        let missing: Vec<_> = self.expected.iter().filter(|part| !errors.iter().any(|e| e.contains(*part))).collect();
        match (unexpected.is_empty(), missing.is_empty()) {
            (true, true) => None,
            (false, _) => Some(format!("errors in the page's console: {unexpected:#?}")),
            (true, false) => Some(format!("the page's console lacks errors that were expected: {missing:?}")),
        }
    }

    /// Screenshot and DOM of every window, and the console; returns where they are, for the reader of the failure.
    async fn keep_evidence(&mut self) -> String {
        let folder = PathBuf::from(variable("BROWSER_DIR"));
        let mut lines = vec![format!("in the browser, after step {}:", self.steps)];
        for (number, window) in self.driver.windows().await.unwrap_or_default().into_iter().enumerate() {
            if self.driver.switch_to_window(window).await.is_err() {
                continue;
            }
            let address = self.driver.current_url().await.map_or_else(|error| error.to_string(), Into::into);
            let picture = folder.join(format!("{}-{number}.png", self.name));
            let dom = picture.with_extension("html");
            let shot = self.shoot(&picture).await.err().unwrap_or_else(|| picture.display().to_string());
            let source = self.driver.source().await.map_err(|error| error.to_string());
            let written = source.and_then(|text| std::fs::write(&dom, text).map_err(|error| error.to_string()));
            let source = written.err().unwrap_or_else(|| dom.display().to_string());
            lines.push(format!("  window {number} at {address}\n    screenshot: {shot}\n    DOM: {source}"));
        }
        lines.extend(self.console.iter().map(|entry| format!("  console: {} {}", entry.level, shown(entry))));
        lines.join("\n")
    }

    async fn shoot(&self, file: &Path) -> Result<(), String> {
        let picture = self.driver.screenshot_as_png().await.map_err(|error| error.to_string())?;
        let folder = file.parent().ok_or("no folder")?;
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(file, picture)).map_err(|error| error.to_string())
    }
}

fn shown(entry: &BrowserLogEntry) -> String {
    format!("[{}] {}", entry.source.as_deref().unwrap_or("?"), entry.message)
}
