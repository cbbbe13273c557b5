//! Logs: JSON lines on stdout, with a last line of defence that hides card numbers and bearer tokens in them.

use std::io::Write;

use billing::scrub::scrub;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Longest log line, in characters.
const LINE_MAX: usize = 16 * 1024;

/// Starts logging. Level: `AWS_LAMBDA_LOG_LEVEL`, else `RUST_LOG`, else info.
pub(crate) fn init() {
    let level = ["AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"].into_iter().find_map(|name| std::env::var(name).ok());
    // A second call (in tests) finds a subscriber already there and leaves it.
    tracing::subscriber::set_global_default(subscriber(level.as_deref(), std::io::stdout)).ok();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        tracing::error!(panic.location = place, "panic");
    }));
}

/// Lines of this level and above; of info and above if it is none.
fn subscriber<M>(level: Option<&str>, out: M) -> impl Subscriber + Send + Sync
where
    M: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = level.and_then(|level| EnvFilter::try_new(level.to_lowercase()).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new("info"));
    let json = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(Scrubbed(out));
    json.with_current_span(false).finish()
}

/// Lines on their way to where they are written.
#[derive(Debug, Clone, Copy)]
struct Scrubbed<W>(W);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Scrubbed<M> {
    type Writer = Scrubbed<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Scrubbed(self.0.make_writer())
    }
}

impl<W: Write> Write for Scrubbed<W> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let clean = clean(&String::from_utf8_lossy(line));
        self.0.write_all(format!("{clean}\n").as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// A line without card numbers and without the tokens that follow `Bearer` or look like a JWT. What was JSON stays JSON: the
/// filter that counts alarms reads no other line.
fn clean(line: &str) -> String {
    let line = scrub(line.trim_end(), LINE_MAX);
    let mut before = "";
    let words = line.split(' ').map(|word| {
        let is_token = before.to_ascii_lowercase().ends_with("bearer");
        before = if word.is_empty() { before } else { word };
        if is_token { without_token(word) } else { word.to_owned() }
    });
    let words: Vec<String> = words.collect();
    let mark = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    // A letter before it may be what is left of an escape.
    let hide = |part: &str| match part.trim_end_matches(mark).split_once("eyJ") {
        Some((before, rest)) if rest.matches('.').count() >= 2 => {
            format!("{before}[token]{}", part.trim_start_matches(|c| !mark(c)))
        }
        _ => part.to_owned(),
    };
    words.join(" ").split_inclusive(mark).map(hide).collect()
}

/// What follows on `Bearer`, up to where its string ends. Marks that are escaped may stand before it.
fn without_token(word: &str) -> String {
    let mut rest = word.chars();
    while rest.as_str().starts_with('\\') {
        rest.nth(1);
    }
    let (marks, text) = word.split_at(word.len() - rest.as_str().len());
    let end = text.find(['"', '\\']).unwrap_or(text.len());
    if end == 0 { word.to_owned() } else { format!("{marks}[token]{}", &text[end..]) }
}

#[cfg(test)]
pub(crate) mod tests;
