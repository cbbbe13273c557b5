//! Each list of rules held against the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "how many rules agree is the report of a run")]

use std::collections::BTreeSet;

use billing::pg;
use ledger::gateways;
use rules::calls::{DIFFERENCES, Standing, in_the_catalogue, in_the_simulator};
use rules::differences::{
    Difference, OF_THE_CATALOGUE, OF_THE_SIMULATOR, UNASKED, UNREAD, Verdict, known, of_line, of_rule, reason,
};

/// Lines of a table, if there are any, below what is wrong with them.
fn none(what: &str, rows: &[(String, String)]) {
    let width = rows.iter().map(|(id, _)| id.len()).max().unwrap_or(0);
    let table: String = rows.iter().map(|(id, why)| format!("  {id:width$}  {why}\n")).collect();
    assert!(rows.is_empty(), "{what}:\n{table}");
}

/// Entries of a list that stand for no difference.
fn idle(list: &[Difference], differing: &BTreeSet<String>) -> Vec<(String, String)> {
    let ids = list.iter().flat_map(|difference| difference.rules.iter().map(|id| (*id, difference.reason)));
    let idle = ids.filter(|(id, _)| !differing.contains(*id));
    idle.map(|(id, reason)| (id.to_owned(), reason.to_owned())).collect()
}

#[test]
fn what_the_catalogue_certainly_refuses_the_simulator_refuses_by_a_rule_of_its_own() {
    let certain = || pg::rules().filter(|rule| rule.certain);
    let verdicts: Vec<_> = certain().map(|rule| (rule, of_rule(rule))).collect();
    let count = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|(_, verdict)| wanted(verdict)).count();
    let agreeing = count(|verdict| matches!(verdict, Verdict::Agrees(_)));
    let open = count(|verdict| matches!(verdict, Verdict::Open(_)));
    let differing: Vec<_> = verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Differs).collect();
    println!("{agreeing} agree, {open} hang on an open question, {} are known to differ", differing.len());
    let unknown: Vec<(String, String)> = differing
        .iter()
        .filter(|(rule, _)| reason(rule).is_none())
        .map(|(rule, _)| (rule.id.to_owned(), format!("{:?}, {}", rule.demand, rule.source.document)))
        .collect();
    none("the simulator refuses nothing where the catalogue certainly does", &unknown);
    let ids: BTreeSet<String> = differing.iter().map(|(rule, _)| rule.id.to_owned()).collect();
    none("on the list of differences without being one", &idle(OF_THE_CATALOGUE, &ids));
    for (start, reason) in UNREAD {
        assert!(differing.iter().any(|(rule, _)| rule.source.document.starts_with(start)), "{start}: {reason}");
    }
    assert!(agreeing > 200 && agreeing > 4 * differing.len(), "{agreeing} of {}", verdicts.len());
}

#[test]
fn what_the_simulator_refuses_by_itself_the_catalogue_refuses_or_warns_of() {
    let held = gateways::rules().filter(|line| line.force.by_default());
    let asked = held.flat_map(|line| line.operations.iter().map(move |call| (line, *call)));
    let verdicts: Vec<_> = asked.map(|(line, call)| (line, call, of_line(line, call))).collect();
    let is = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|(.., verdict)| wanted(verdict)).count();
    let agreeing = is(|verdict| matches!(verdict, Verdict::Agrees(_)));
    let unasked = is(|verdict| *verdict == Verdict::Unasked);
    let differing: Vec<_> = verdicts.iter().filter(|(.., verdict)| *verdict == Verdict::Differs).collect();
    println!("{agreeing} agree, {unasked} are about what the API has no word for, {} differ", differing.len());
    let unknown: Vec<(String, String)> = differing
        .iter()
        .map(|(line, call, _)| {
            (line.id(*call), format!("{:?}, {:?}, {}", line.demand, line.when, line.source.document))
        })
        .filter(|(id, _)| known(OF_THE_SIMULATOR, id).is_none())
        .collect();
    none("the catalogue says nothing where the simulator refuses", &unknown);
    let ids: BTreeSet<String> = differing.iter().map(|(line, call, _)| line.id(*call)).collect();
    none("on the list of differences without being one", &idle(OF_THE_SIMULATOR, &ids));
    let of_unasked = |is_known: bool| {
        let here = verdicts.iter().filter(|(.., verdict)| *verdict == Verdict::Unasked);
        let lines = here.map(|(line, call, _)| (line.id(*call), format!("{:?}, {}", line.when, line.source.document)));
        lines.filter(move |(id, _)| known(UNASKED, id).is_some() == is_known)
    };
    none("the simulator refuses by what the API has no word for", &of_unasked(false).collect::<Vec<_>>());
    let ids: BTreeSet<String> = of_unasked(true).map(|(id, _)| id).collect();
    none("on the list of what cannot be asked, and asked all the same", &idle(UNASKED, &ids));
    assert!(agreeing > 150, "{agreeing} of {}", verdicts.len());
}

/// Each call of the schema's at each gateway that the simulator's documents name, but for those that are none of ours.
#[test]
fn both_lists_have_the_same_gateways_for_each_call() {
    let (mut asked, mut strange, mut differing) = (0, Vec::new(), BTreeSet::new());
    for support in gateways::SUPPORT {
        for gateway in gateways::NAMED.into_iter().filter(|gateway| pg::is_pg(gateway)) {
            let Some(ours) = in_the_catalogue(gateway, support.operation) else { continue };
            let theirs = in_the_simulator(gateway, &support);
            asked += 1;
            if ours == theirs {
                continue;
            }
            let word = support.operation.word();
            differing.insert((gateway, word));
            if !DIFFERENCES.iter().any(|(at, call, _)| (*at, *call) == (gateway, word)) {
                strange.push((format!("{gateway}.{word}"), format!("{ours:?}, and the simulator {theirs:?}")));
            }
        }
    }
    none("the lists of who takes a call differ", &strange);
    for (gateway, call, reason) in DIFFERENCES {
        assert!(differing.contains(&(*gateway, *call)) && reason.len() > 30, "{gateway}.{call}: {reason}");
    }
    assert_eq!(asked, 9 * (gateways::NAMED.len() - 1), "nine calls are ours, and settle_firm is no gateway of ours");
}

/// What the other list does not name is passed: by the simulator what only the product knows, and by the product what only it knows.
#[test]
fn a_gateway_that_one_list_alone_names_is_refused_by_no_list_of_the_other() {
    let only_ours = pg::PGS.iter().filter(|listed| !gateways::NAMED.contains(&listed.code));
    let only_ours: Vec<&str> = only_ours.map(|listed| listed.code).collect();
    assert_eq!(only_ours, ["jtnet", "syrup", "alipay", "payple", "inicis_unified"]);
    for code in only_ours {
        for support in gateways::SUPPORT {
            let ours = in_the_catalogue(code, support.operation);
            let tried = code != "inicis_unified" || support.operation == gateways::Operation::Delete;
            let expected = if tried { Standing::Doubtful } else { Standing::Refuses };
            assert!(ours.is_none_or(|ours| ours == expected), "{code}.{}: {ours:?}", support.operation.word());
        }
    }
    let only_theirs: Vec<&str> = gateways::NAMED.into_iter().filter(|code| !pg::is_pg(code)).collect();
    assert_eq!(only_theirs, ["settle_firm"]);
    for operation in pg::Operation::ALL {
        assert_eq!(pg::check("settle_firm", operation, Some("brand_new"), &pg::Facts::default()), []);
    }
}

#[test]
fn each_difference_has_a_reason() {
    for difference in OF_THE_CATALOGUE.iter().chain(OF_THE_SIMULATOR).chain(UNASKED) {
        assert!(!difference.rules.is_empty() && difference.reason.len() > 30, "{difference:?}");
    }
}

#[test]
fn what_the_simulator_is_asked_by_is_what_the_rule_is_about() {
    let mut strange = Vec::new();
    for rule in pg::rules().filter(|rule| rule.certain) {
        if let Verdict::Agrees(ids) = of_rule(rule) {
            let field = pg::Finding { rule }.refusal().field;
            let word = field.rsplit('.').next().unwrap();
            // Its name for what cannot be done at all is the call's, or its own.
            let cannot = |id: &str| rule.demand == pg::Demand::Impossible || id.ends_with(".never");
            let is_about = |id: &String| {
                id.contains(word) || cannot(id) || (word, id.ends_with("refund_holder")) == ("refund_account", true)
            };
            if !ids.iter().any(is_about) {
                strange.push((rule.id.to_owned(), format!("{field}: {ids:?}")));
            }
        }
    }
    none("refused for something else", &strange);
}

#[test]
fn each_rule_has_a_source_and_a_line_of_the_table_that_can_be_read() {
    let rows = rules::print::rows(None);
    let mut dates = std::collections::BTreeMap::new();
    for row in &rows {
        let pg::Source { document, date } = row.rule.source;
        assert!(document.contains('/') && date.len() == 10, "{}", row.rule.id);
        assert!(!row.asked.is_empty() && !row.asked.contains("(rule"), "{}", row.rule.id);
        // A page was changed last on one day.
        let known = *dates.entry(document).or_insert(date);
        assert_eq!(known, date, "{}: {document}", row.rule.id);
    }
    let table = rules::print::table(&rows);
    assert!(table.lines().all(|line| line.chars().count() <= rules::print::COLUMNS));
    assert_eq!(table.lines().filter(|line| line.contains("check")).count(), rows.len() + 1, "and what it means");
    let data: serde_json::Value = serde_json::from_str(&rules::print::data(&rows)).unwrap();
    let written = data.as_array().unwrap();
    assert!(written.iter().zip(&rows).all(|(written, row)| written["rule"] == row.rule.id));
    assert_eq!(written.len(), pg::rules().count());
}

#[test]
fn the_page_of_the_gateways_is_what_the_command_writes() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gateways.md")).unwrap();
    let written = page.ends_with(&rules::print::page());
    assert!(written, "docs/gateways.md is out of date: ./dev rules --write");
}
