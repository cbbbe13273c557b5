//! Every line through the books: a request that has what is asked, and one that has it not. The cases are made from the
//! lines, so that there is no line without one.

mod scene;

use std::collections::BTreeSet;

use self::scene::Scene;
use super::rule::Demand;
use super::support::{Standing, standing};
use super::*;
use crate::Ledger;

fn cases() -> impl Iterator<Item = (&'static Rule, Operation)> {
    rules().flat_map(|rule| rule.operations.iter().map(move |operation| (rule, *operation)))
}

fn answering(id: &str, refused: bool) -> Knobs {
    Knobs { rule_answers: [(id.to_owned(), refused)].into(), ..Knobs::default() }
}

#[test]
fn every_line_accepts_what_it_asks_for_and_refuses_what_it_does_not() {
    let mut seen = 0;
    for (rule, operation) in cases() {
        let id = rule.id(operation);
        let asking = answering(&id, true);
        let (accepted, refused) = Scene::pair(rule, operation, &asking);
        assert_eq!(accepted.run(&asking).map_err(|refusal| refusal.message), Ok(()), "{id}: {accepted:?}");
        assert!(rule.demand == Demand::Never || accepted.concerned(rule) == accepted, "{id} is about {accepted:?}");
        let refusal = refused.run(&asking).expect_err(&format!("{id}: {refused:?}"));
        assert_eq!(rule_of(&refusal.message), Some(id.as_str()), "{refused:?}");
        let by_default = refused.run(&Knobs::default());
        let broken = by_default.as_ref().is_err_and(|refusal| rule_of(&refusal.message) == Some(&id));
        assert_eq!(broken, rule.force.by_default(), "{id} by default");
        seen += 1;
    }
    let gateways: BTreeSet<&str> = rules().map(|rule| rule.gateway).collect();
    assert!(seen > 300 && gateways.len() > 30, "{seen} of {gateways:?}");
}

#[test]
fn no_rule_counts_where_its_answer_is_no_and_none_at_all_without_the_switch() {
    for (rule, operation) in cases() {
        let id = rule.id(operation);
        let (_, refused) = Scene::pair(rule, operation, &answering(&id, true));
        let told = |knobs: &Knobs| refused.run(knobs).err().map(|refusal| refusal.message.into_owned());
        let off = told(&answering(&id, false));
        assert_ne!(off.as_deref().and_then(rule_of), Some(id.as_str()), "{id}");
        let switched = told(&Knobs { gateway_rules: false, ..Knobs::default() });
        // What an amount does in a window for keys is no rule, and decides whether there is one.
        let table = |message: &str| rule_of(message).is_some_and(|id| id.contains(".key_window."));
        assert!(switched.as_deref().is_none_or(|m| table(m) || rule_of(m).is_none()), "{id}: {switched:?}");
    }
}

#[test]
fn classes_are_answered_at_once() {
    for class in ["marked", "review"] {
        for (rule, operation) in cases().filter(|(rule, _)| rule.force.word() == Some(class)) {
            let id = rule.id(operation);
            let (_, refused) = Scene::pair(rule, operation, &Knobs::default());
            let told = refused.run(&answering(class, false)).err();
            assert_ne!(told.as_ref().and_then(|told| rule_of(&told.message)), Some(id.as_str()), "{id}");
        }
    }
    let (rule, operation) = cases().find(|(rule, _)| rule.force == Force::Unsupported).unwrap();
    let (_, refused) = Scene::pair(rule, operation, &answering("unsupported", true));
    assert!(refused.run(&answering("unsupported", true)).is_err());
}

#[test]
fn every_line_has_an_id_of_its_own_a_known_gateway_and_a_source() {
    let mut ids = BTreeSet::new();
    for (rule, operation) in cases() {
        assert!(rule.gateway == "*" || NAMED.contains(&rule.gateway), "{}", rule.gateway);
        assert!(rule.source.document.ends_with(".mdx") || rule.source.document.ends_with(".yml"));
        assert_eq!(rule.source.date.len(), 10);
        let id = rule.id(operation);
        // A length has a least and a most.
        assert!(ids.insert((id.clone(), rule.demand.suffix(), format!("{:?}", rule.when))), "{id}");
    }
}

#[test]
fn calls_are_taken_by_those_on_the_list() {
    for support in SUPPORT {
        for gateway in NAMED.into_iter().chain(["something_new"]) {
            let id = format!("{gateway}.{}", support.operation.word());
            let scene = Scene::bare(gateway, support.operation);
            let refused = |knobs: &Knobs| scene.run(knobs).is_err_and(|it| rule_of(&it.message) == Some(&id));
            let stands = standing(gateway, support.operation);
            assert_eq!(refused(&Knobs::default()), stands == Standing::Refuses, "{id}");
            assert_eq!(refused(&answering("doubtful", false)), stands != Standing::Takes, "{id}");
            assert!(!refused(&answering(&id, false)) || stands == Standing::Doubtful, "{id}");
            assert!(!refused(&Knobs { gateway_rules: false, ..Knobs::default() }), "{id}");
        }
    }
}

#[test]
fn every_open_line_is_among_the_questions_and_every_knob_is_one() {
    let knobs = serde_json::to_value(Knobs::default()).unwrap();
    for question in OPEN {
        let knob = question.knob.split(':').next().unwrap();
        assert!(knob == "none" || knobs.get(knob).is_some(), "{}", question.knob);
        assert!(question.asks.len() > 20 && !question.by_default.is_empty() && !question.source.document.is_empty());
    }
    let answered = |id: &str| OPEN.iter().any(|question| question.knob.contains(id));
    for (rule, operation) in cases().filter(|(rule, _)| matches!(rule.force, Force::Open(_))) {
        let id = rule.id(operation);
        let by_window = id.replace(".schedule.", ".again.");
        assert!(answered(&id) || answered(&by_window), "{id}");
    }
    assert!(rules().any(|rule| rule.demand == Demand::Fresh), "the rarest demand is still asked");
}

#[test]
fn a_schedule_that_is_checked_as_it_runs_fails_then() {
    let knobs = Knobs { schedule_checks: crate::ScheduleChecks::Run, ..Knobs::default() };
    let (rule, operation) =
        cases().find(|(rule, operation)| rule.id(*operation) == "smartro_v2.schedule.buyer_name").unwrap();
    let (_, refused) = Scene::pair(rule, operation, &Knobs::default());
    let mut ledger: Ledger = refused.books();
    ledger.set_knobs(knobs);
    refused.act(&mut ledger).unwrap();
    ledger.run_until(scene::NOW + 400 * 86_400);
    let row = ledger.payments().last().unwrap();
    assert_eq!(rule_of(row.fail_reason.as_deref().unwrap()), Some("smartro_v2.schedule.buyer_name"));
}

#[test]
fn a_refusal_is_of_the_class_that_the_knob_says() {
    let (rule, operation) =
        cases().find(|(rule, operation)| rule.gateway == "smartro_v2" && *operation != Operation::Receipt).unwrap();
    let (_, refused) = Scene::pair(rule, operation, &Knobs::default());
    for (class, kind) in [
        (RuleRefusal::Rejected, crate::RefusalKind::Rejected),
        (RuleRefusal::Pg, crate::RefusalKind::Pg),
        (RuleRefusal::Invalid, crate::RefusalKind::Invalid),
    ] {
        let knobs = Knobs { rules_refuse_as: class, ..Knobs::default() };
        assert_eq!(refused.run(&knobs).unwrap_err().kind, kind);
    }
}

#[test]
fn a_byte_is_what_the_knob_says() {
    let name = "가나다라마바사아자차카타파하가";
    let (rule, operation) =
        cases().find(|(rule, operation)| rule.id(*operation) == "nice_v2.window.name.bytes").unwrap();
    let (mut scene, _) = Scene::pair(rule, operation, &Knobs::default());
    scene.set("name", name);
    assert!(scene.run(&Knobs::default()).is_ok(), "30 bytes of EUC-KR");
    assert!(scene.run(&Knobs { byte_count: crate::ByteCount::Utf8, ..Knobs::default() }).is_err(), "45 of UTF-8");
}

#[test]
fn what_cannot_be_moved_is_revived_unless_the_knob_says_no() {
    for revival_like_move in [false, true] {
        let mut ledger = Scene::bare("tosspay_v2", Operation::Move).books();
        ledger.set_knobs(Knobs { revival_like_move, ..Knobs::default() });
        ledger.unschedule(scene::NOW, Some("key"), &[]).unwrap();
        let told = ledger.reschedule(scene::NOW, "order0001", scene::NOW + 60).err();
        assert_eq!(told.is_some(), revival_like_move, "{told:?}");
        assert!(ledger.retry(scene::NOW, "order0001").is_err(), "it waits again, or it is refused");
    }
}

#[test]
fn payletter_issues_a_key_for_nothing_by_knob_only() {
    let mut scene = Scene::bare("payletter_global", Operation::KeyWindow);
    scene.set("buyer_email", "michael@example.com");
    assert!(scene.run(&Knobs::default()).is_ok());
    scene.set("amount", "0");
    assert!(scene.run(&Knobs::default()).is_err());
    assert!(scene.run(&Knobs { payletter_issues_free: true, ..Knobs::default() }).is_ok());
}

#[test]
fn the_console_asks_a_person_for_what_the_gateway_wants_to_know() {
    for (gateway, method) in [("naverpay", "card"), ("welcome", "trans"), ("smartro", "vbank")] {
        let mut scene = Scene::bare(gateway, Operation::Cancel);
        scene.set("pay_method", method);
        let mut ledger = scene.books();
        ledger.set_knobs(Knobs::default());
        assert!(scene.act(&mut ledger).is_err(), "{gateway}: the API has to say it");
        let imp_uid = ledger.payments()[0].imp_uid.clone();
        let order = crate::CancelOrder { imp_uid: Some(imp_uid), ..crate::CancelOrder::default() };
        ledger.console_cancel(scene::NOW, order).unwrap();
    }
}

#[test]
fn a_gateway_that_nobody_names_refuses_nothing_of_its_own() {
    for operation in [Operation::Issue, Operation::Onetime, Operation::Again, Operation::Window, Operation::Delete] {
        Scene::bare("something_new", operation).run(&Knobs::default()).unwrap();
    }
}
