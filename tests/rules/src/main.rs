//! Prints the rules of the gateways: `rules [--json | --page] [GATEWAY]`. `./dev rules` runs it.

use std::io::Write as _;
use std::process::ExitCode;

use rules::print::{data, page, rows, table};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_option = |argument: &&String| argument.starts_with("--");
    let gateway = arguments.iter().find(|argument| !is_option(argument)).map(String::as_str);
    let rows = rows(gateway);
    let option = arguments.iter().find(is_option).map(String::as_str);
    let text = match option {
        _ if rows.is_empty() => {
            return failed(&format!("no rule is known of a gateway {}", gateway.unwrap_or_default()));
        }
        None => table(&rows),
        Some("--json") => data(&rows),
        Some("--page") => page(),
        Some(other) => return failed(&format!("{other} is no option: --json, --page")),
    };
    // A reader that has seen enough closes its end.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn failed(why: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "rules: {why}");
    ExitCode::from(2)
}
