//! The built command, and a running sandbox.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use sandbox::net::Http;
use serde_json::Value;

pub(crate) fn sandbox(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    command.args(arguments);
    // The developer's own settings must not decide a test.
    let settings =
        ["GATEWAY_PORT", "IAMPORT_SIM_PORT", "AWS_SIM_PORT", "STOREFRONT_PORT", "IAMPORT_BASE_URL", "RUST_LOG"];
    for variable in settings {
        command.env_remove(variable);
    }
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    sandbox(arguments).output().expect("the command runs")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

pub(crate) fn template() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/template.yaml").display().to_string()
}

/// A `serve` on ports that the system chooses. Stopped when dropped.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) ready: String,
    pub(crate) state: PathBuf,
}

impl Running {
    pub(crate) fn start(state: &Path, more: &[&str]) -> Self {
        let template = template();
        let shown = state.display().to_string();
        let mut arguments = vec!["serve", "--template", &template, "--state", &shown];
        arguments.extend(["--gateway-port", "0", "--iamport-port", "0", "--aws-port", "0", "--storefront-port", "0"]);
        // Nobody listens on port 1.
        arguments.extend(["--lambda-url", "http://127.0.0.1:1"]);
        arguments.extend(more);
        let child = sandbox(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the command runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut ready = String::new();
        stdout.read_line(&mut ready).expect("a line");
        Self { child, stdout, ready, state: state.to_owned() }
    }

    /// `sandbox.json`.
    pub(crate) fn file(&self) -> Value {
        let content = std::fs::read(self.state.join("sandbox.json")).expect("sandbox.json");
        serde_json::from_slice(&content).expect("JSON")
    }

    pub(crate) fn url(&self, member: &str) -> String {
        self.file()[member].as_str().expect("text").to_owned()
    }

    /// Sends a signal and waits for the end: exit code, and what was still printed.
    pub(crate) fn signal(mut self, name: &str) -> (Option<i32>, Vec<String>) {
        let kill = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(kill.expect("sh runs").success());
        let code = self.child.wait().expect("it ends").code();
        let lines = self.stdout.by_ref().lines().map(|line| line.expect("a line")).collect();
        (code, lines)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub(crate) async fn get(url: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let mut request = Request::get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::default()).expect("a request");
    Http::new().send(request, Duration::from_secs(5), 1 << 20).await.expect("an answer")
}
