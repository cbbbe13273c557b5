//! Logs: JSON lines on stdout, with a last line of defence that hides card numbers and bearer tokens in them.

use std::io::Write;

use billing::scrub::scrub;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Longest log line, in characters.
const LINE_MAX: usize = 16 * 1024;

/// Starts logging. Level: `AWS_LAMBDA_LOG_LEVEL`, else `RUST_LOG`, else info.
pub(crate) fn init() {
    let level = ["AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"].into_iter().find_map(|name| std::env::var(name).ok());
    let filter = EnvFilter::try_new(level.unwrap_or_else(|| "info".to_owned()).to_lowercase());
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(Scrubbed);
    // A second call (in tests) finds a subscriber already there and leaves it.
    subscriber.with_current_span(false).try_init().ok();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        tracing::error!(panic.location = place, "panic");
    }));
}

#[derive(Debug, Clone, Copy)]
struct Scrubbed;

impl<'a> MakeWriter<'a> for Scrubbed {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for Scrubbed {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let mut out = std::io::stdout().lock();
        out.write_all(clean(&String::from_utf8_lossy(line)).as_bytes())?;
        out.write_all(b"\n")?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stdout().lock().flush()
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
mod tests {
    use super::clean;

    #[test]
    fn a_card_number_or_token_never_reaches_the_log() {
        let line = r#"{"message":"card 4242-4242-4242-4242, Bearer abc.def, jwt eyJhbGciOiJS.eyJzdWIi.c2ln\""}"#;
        let clean = clean(line);
        for canary in ["4242", "abc.def", "eyJhbGci"] {
            assert!(!clean.contains(canary), "{clean}");
        }
        assert!(clean.contains("[card]") && clean.contains("[token]"), "{clean}");
    }

    #[test]
    fn an_ordinary_line_is_left_as_it_is() {
        let line = r#"{"level":"INFO","fields":{"message":"charged","merchant_uid":"order_monthly_0001"}}"#;
        assert_eq!(clean(line), line);
    }
}
