//! The catalogue as a table, as data for machines, and as a page of docs/.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use billing::pg::{Finding, PGS, Rule, rules};
use ledger::gateways::{OPEN, SUPPORT};
use serde_json::{Value, json};

use crate::calls::{DIFFERENCES, Standing, in_the_catalogue};
use crate::differences::{Difference, OF_THE_CATALOGUE, OF_THE_SIMULATOR, UNASKED, UNREAD, Verdict, of_rule};
use crate::lines::operation;

/// The most columns of the table.
pub const COLUMNS: usize = 160;

/// A rule as it is shown.
#[derive(Debug, Clone)]
pub struct Row {
    /// The rule.
    pub rule: &'static Rule,
    /// What is asked for, in the words of a refusal.
    pub asked: String,
    /// How the simulator takes it.
    pub verdict: Verdict,
}

/// Rows of a gateway, or of all. Rules for every gateway are `*`'s.
#[must_use]
pub fn rows(gateway: Option<&str>) -> Vec<Row> {
    let wanted = |rule: &&Rule| gateway.is_none_or(|wanted| rule.gateway == wanted);
    rules().filter(wanted).map(|rule| Row { rule, asked: asked(rule), verdict: of_rule(rule) }).collect()
}

/// What a rule asks for, as whoever is refused by it is told.
#[must_use]
pub fn asked(rule: &'static Rule) -> String {
    let detail = Finding { rule }.refusal().detail;
    detail.rsplit_once(", as ").map_or(detail.as_str(), |(asked, _)| asked).to_owned()
}

impl Row {
    /// The generic tests that hold it: of the catalogue alone, against the simulator, and through the API.
    #[must_use]
    pub fn tests(&self) -> Vec<&'static str> {
        let against: &[&str] = match self.verdict {
            Verdict::Agrees(_) => &["check", "simulator"],
            Verdict::Open(_) => &["check", "open"],
            Verdict::Differs => &["check", "differs"],
            Verdict::Unasked => &["check"],
        };
        let through = crate::reach::through_the_api(self.rule).map(|_| "api");
        against.iter().copied().chain(through).collect()
    }

    fn json(&self) -> Value {
        let Rule { id, gateway, operation, pay_methods, source, certain, .. } = self.rule;
        let simulator = match &self.verdict {
            Verdict::Agrees(ids) | Verdict::Open(ids) => json!(ids),
            Verdict::Differs | Verdict::Unasked => json!([]),
        };
        json!({
            "gateway": gateway, "rule": id, "operation": operation.name(), "pay_methods": pay_methods,
            "demand": self.asked, "certain": certain, "document": source.document, "date": source.date,
            "tests": self.tests(), "simulator": simulator,
        })
    }
}

/// The rows for machines.
#[must_use]
pub fn data(rows: &[Row]) -> String {
    format!("{:#}\n", Value::Array(rows.iter().map(Row::json).collect()))
}

/// The rows for people.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let cells = |row: &Row| {
        let Rule { gateway, id, source, certain, .. } = row.rule;
        let id = id.split_once('.').map_or(*id, |(_, rest)| rest);
        let refuses = if *certain { "refuses" } else { "warns" };
        [
            *gateway,
            id,
            refuses,
            &format!("{} {}", short(source.document), source.date),
            &row.tests().join(" "),
            &row.asked,
        ]
        .map(str::to_owned)
    };
    let head = ["gateway", "rule", "and", "source", "tests", "asks for"].map(str::to_owned);
    let lines: Vec<[String; 6]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let mut widths = [0; 6];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in &lines {
        let padded: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(text, "{}", cut(padded.join("  ").trim_end(), COLUMNS));
    }
    let count = |wanted: fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count();
    let (certain, agreeing) = (count(|row| row.rule.certain), count(|row| matches!(row.verdict, Verdict::Agrees(_))));
    let _ = writeln!(
        text,
        "\n{} rules, {certain} of them refuse and the others warn; {agreeing} are the simulator's as well, by its own reading.\n\
         check: one request that keeps it and one that breaks it. simulator: the latter is refused there too. open: it would be,\n\
         if an open question were answered so. differs: it is not, for a reason on the list (docs/gateways.md).\n\
         api: both requests through the local API gateway.",
        rows.len(),
    );
    text
}

/// The last part of a document's path, and what it is about.
fn short(document: &str) -> &str {
    const MOST: usize = 32;
    let mut slashes = document.rmatch_indices('/').filter_map(|(at, _)| document.get(at + 1..));
    let last = slashes.next().unwrap_or(document);
    slashes.next().filter(|longer| longer.len() <= MOST).unwrap_or(last)
}

fn cut(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    line.chars().take(most - 1).chain(['…']).collect()
}

/// The page: how many rules each gateway has, what the documents leave open, and where the two lists differ.
#[must_use]
pub fn page() -> String {
    let rows = rows(None);
    let mut by_gateway: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        by_gateway.entry(row.rule.gateway).or_default().push(row);
    }
    let mut text = String::from(
        "What is known of the gateways behind Iamport, rule by rule: `./dev rules [GATEWAY]` prints each with its source and the tests\n\
         that hold it. A certain rule refuses a request before anything is sent; another warns of it. The simulator has a list of its\n\
         own, read from the same documents by itself.\n\n\
         ## Rules by gateway\n\n\
         | gateway | | rules | refuse | warn | the simulator's too | open there | ours alone |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (gateway, rows) in &by_gateway {
        let name = PGS.iter().find(|pg| pg.code == *gateway).map_or("every gateway", |pg| pg.name);
        let count = |wanted: fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count();
        let refuse = count(|row| row.rule.certain);
        let _ = writeln!(
            text,
            "| `{gateway}` | {name} | {} | {refuse} | {} | {} | {} | {} |",
            rows.len(),
            rows.len() - refuse,
            count(|row| matches!(row.verdict, Verdict::Agrees(_))),
            count(|row| matches!(row.verdict, Verdict::Open(_))),
            count(|row| row.verdict == Verdict::Differs),
        );
    }
    let without: Vec<String> =
        PGS.iter().filter(|pg| !by_gateway.contains_key(pg.code)).map(|pg| format!("`{}`", pg.code)).collect();
    if !without.is_empty() {
        let _ = writeln!(text, "\nNothing is known of: {}.", without.join(", "));
    }
    calls(&mut text);
    text.push_str(
        "\n## Open questions\n\nWhat the documents leave open, and the simulator's knob that answers it.\n\n",
    );
    text.push_str("| question | knob | by default | where it arises |\n|---|---|---|---|\n");
    for question in OPEN {
        let asks = question.asks.split_whitespace().collect::<Vec<_>>().join(" ");
        let (knob, by_default) = (question.knob, question.by_default);
        let _ = writeln!(text, "| {asks} | `{knob}` | {by_default} | `{}` |", question.source.document);
    }
    text.push_str("\n## Where the two lists differ\n\nIn the catalogue alone:\n\n");
    for (start, reason) in UNREAD {
        let ids = rows.iter().filter(|row| row.verdict == Verdict::Differs && row.rule.certain);
        let ids = ids.filter(|row| row.rule.source.document.starts_with(start)).map(|row| row.rule.id);
        list(&mut text, &ids.collect::<Vec<_>>(), reason);
    }
    differences(&mut text, OF_THE_CATALOGUE);
    text.push_str("\nIn the simulator alone:\n\n");
    differences(&mut text, OF_THE_SIMULATOR);
    text.push_str("\nOf the simulator's, and asked of nobody:\n\n");
    differences(&mut text, UNASKED);
    text
}

/// Who takes which call, but for what a gateway's other rules say of a request.
fn calls(text: &mut String) {
    text.push_str(
        "\n## Who takes which call\n\nThe schema lists gateways beside its calls. One of the table above that a list lacks is refused \
         (`GATEWAY.CALL.impossible`), and warned of\nwhere a page says otherwise. One that is in no list of ours is passed.\n\n\
         | call | takes | in doubt |\n|---|---|---|\n",
    );
    for call in SUPPORT.iter().map(|support| support.operation) {
        let Some(operation) = operation(call) else { continue };
        let at = |wanted: Standing| {
            let codes = PGS.iter().filter(|pg| in_the_catalogue(pg.code, call) == Some(wanted));
            codes.map(|pg| format!("`{}`", pg.code)).collect::<Vec<_>>().join(", ")
        };
        let (takes, in_doubt) = (at(Standing::Takes), at(Standing::Doubtful));
        let _ = writeln!(text, "| `{}` | {takes} | {in_doubt} |", operation.name());
    }
    text.push_str("\nThe simulator's lists differ:\n\n");
    for (gateway, call, reason) in DIFFERENCES {
        let _ = writeln!(text, "- `{gateway}`, `{call}`: {reason}");
    }
}

fn differences(text: &mut String, all: &[Difference]) {
    for difference in all {
        list(text, difference.rules, difference.reason);
    }
}

fn list(text: &mut String, ids: &[&str], reason: &str) {
    let ids: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    let _ = writeln!(text, "- {reason}: {}", ids.join(", "));
}
