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

/// A line without card numbers and without the tokens that follow `Bearer` or look like a JWT.
fn clean(line: &str) -> String {
    let line = scrub(line.trim_end(), LINE_MAX);
    let hide = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_' && c != '-');
        let jwt = bare.starts_with("eyJ") && bare.matches('.').count() == 2;
        if jwt { word.replace(bare, "[token]") } else { word.to_owned() }
    };
    let mut words: Vec<String> = line.split(' ').map(hide).collect();
    for place in 1..words.len() {
        if words[place - 1].to_ascii_lowercase().ends_with("bearer") {
            "[token]".clone_into(&mut words[place]);
        }
    }
    words.join(" ")
}

#[cfg(test)]
pub(crate) mod tests;
