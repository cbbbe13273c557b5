//! Which gateway takes which call: what is not taken is refused before anything is promised, and what nobody knows is passed.

use billing::checkout::Warning;
use billing::order::{Details, Order};
use billing::payment::State;
use billing::pg::{Demand, Facts, Operation, PGS, check, rules};
use billing::ports::PaymentStore;
use billing::usecase::{Along, Caller, IssueKey, NewSchedule, PreparedKey, ScheduleDisposition};
use billing::{KstDay, MerchantUid};

use crate::fixture::{Act, START, billing, issue_request, order, secret, uid};
use crate::gateway_checks::{billing_at, key_at, key_window, named, nothing_happened, rule};
use crate::subscription::wanted;

const DAY: i64 = 86_400;

#[test]
fn each_gateway_of_ours_that_a_calls_list_lacks_has_a_rule_of_its_own_and_no_other_has() {
    let lists = [
        (Operation::CardKey, 8),
        (Operation::Charge, 24),
        (Operation::MoveSchedule, 23),
        (Operation::DeleteKey, 24),
        (Operation::Receipt, 12),
        (Operation::CancelReceipt, 10),
        (Operation::ExtendAccount, 1),
    ];
    for (operation, takes) in lists {
        let made = rules().filter(|rule| {
            (rule.operation, rule.demand) == (operation, Demand::Impossible) && rule.id.ends_with(".impossible")
        });
        assert_eq!(made.count(), PGS.len() - takes, "{operation:?}");
        assert_eq!(check("brand_new", operation, Some("card"), &Facts::default()), []);
    }
    // Each gives back.
    let never = |rule: &&billing::pg::Rule| rule.demand == Demand::Impossible && rule.pay_methods.is_empty();
    assert_eq!(rules().filter(|rule| rule.operation == Operation::Refund).find(never), None);
}

#[tokio::test]
async fn nothing_is_charged_or_scheduled_to_a_key_whose_gateway_does_not() {
    let billing = billing_at("eximbay").await;
    assert_eq!(rule(billing.charge(order("order_1"), None).await), named("customer_uid", "eximbay.charge.impossible"));
    let later = vec![NewSchedule { order: order("order_1"), schedule_at: START.plus(DAY) }];
    let scheduled = billing.schedule(&uid("key1"), None, later).await;
    assert_eq!(rule(scheduled), named("schedules[0].customer_uid", "eximbay.schedule.impossible"));
    let subscribed = billing.subscribe(wanted(), &secret()).await;
    assert_eq!(rule(subscribed).1, "eximbay.schedule.impossible", "at its creation");
    nothing_happened(&billing);
    let row = billing.store.payment(&MerchantUid::parse("order_1").unwrap()).await.unwrap();
    assert_eq!(row, None);
    for pg in ["brand_new", "galaxia", "jtnet", "chai"] {
        let billing = billing_at(pg).await;
        assert_eq!(billing.charge(order("order_1"), None).await.unwrap().state, State::Paid, "{pg}");
        billing.subscribe(wanted(), &secret()).await.unwrap();
    }
}

#[tokio::test]
async fn a_schedule_stays_where_its_keys_gateway_moves_none() {
    for (pg, moves) in [("tosspay_v2", false), ("kakaopay", true), ("brand_new", true)] {
        let billing = billing_at(pg).await;
        let later = vec![NewSchedule { order: order("order_1"), schedule_at: START.plus(DAY) }];
        billing.schedule(&uid("key1"), None, later).await.unwrap();
        billing.psp.world().posts.clear();
        let to = START.plus(3 * DAY);
        let moved = billing.reschedule(&Caller::Merchant, "order_1", to).await;
        if moves {
            assert_eq!(moved.unwrap().schedule_at(), Some(to), "{pg}");
            continue;
        }
        assert_eq!(rule(moved), named("schedule_at", "tosspay_v2.schedule_move.impossible"));
        nothing_happened(&billing);
        let row = billing.store.payment(&MerchantUid::parse("order_1").unwrap()).await.unwrap().unwrap();
        assert_eq!((row.state, row.schedule_at()), (State::Scheduled, Some(START.plus(DAY))));
        // Where it stands already nothing is to be moved, and it can be taken back.
        assert!(billing.reschedule(&Caller::Merchant, "order_1", START.plus(DAY)).await.is_ok());
        assert_eq!(billing.unschedule(&Caller::Merchant, "order_1").await.unwrap().state, State::Revoked);
    }
}

/// NAVER Pay is told until when what is bought is used: its day may not be before that of the payment, whichever that is by now.
#[tokio::test]
async fn a_schedule_moves_to_no_day_that_its_order_is_too_early_for() {
    let billing = billing_at("naverpay").await;
    let day = KstDay::of(START.plus(10 * DAY)).to_string().replace('-', "");
    let details = Details { naver_use_cfm: Some(day), ..order("order_1").details };
    let order = Order { details, ..order("order_1") };
    billing.schedule(&uid("key1"), None, vec![NewSchedule { order, schedule_at: START.plus(5 * DAY) }]).await.unwrap();
    billing.psp.world().posts.clear();
    let late = billing.reschedule(&Caller::Merchant, "order_1", START.plus(20 * DAY)).await;
    assert_eq!(rule(late), named("extra.naverUseCfm", "naverpay.schedule.use_cfm.day"));
    nothing_happened(&billing);
    let in_time = billing.reschedule(&Caller::Merchant, "order_1", START.plus(9 * DAY)).await;
    assert_eq!(in_time.unwrap().schedule_at(), Some(START.plus(9 * DAY)));
}

/// What was begun is carried to its end, though the gateway of its key has turned out to be one that moves none.
#[tokio::test]
async fn a_move_that_is_under_way_is_carried_on_whatever_the_rules_say_by_now() {
    let billing = billing().await;
    let later = vec![NewSchedule { order: order("order_1"), schedule_at: START.plus(DAY) }];
    billing.schedule(&uid("key1"), None, later).await.unwrap();
    let to = START.plus(3 * DAY);
    billing.psp.will([Act::Lose]);
    let first = billing.reschedule(&Caller::Merchant, "order_1", to).await.unwrap();
    assert!(first.claim.is_some(), "{first:?}");
    key_at(&billing, "key1", "tosspay_v2").await;
    assert_eq!(billing.reschedule(&Caller::Merchant, "order_1", to).await.unwrap(), first);
}

/// Whoever wants their card forgotten is refused by no list: the gateway is asked.
#[tokio::test]
async fn a_key_is_deleted_at_whatever_gateway_it_is() {
    for pg in ["naverco", "uplus", "kcp_quick", "brand_new"] {
        let billing = billing_at(pg).await;
        let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await;
        assert!(deleted.is_ok(), "{pg}: {deleted:?}");
        assert_eq!(billing.psp.world().posts.len(), 1, "{pg}");
    }
}

/// Its schedules would be taken off the one key, and come to nothing on the other.
#[tokio::test]
async fn schedules_move_to_no_key_whose_gateway_schedules_nothing() {
    for (pg, expected) in [("eximbay", Some("eximbay.schedule.impossible")), ("galaxia", None), ("brand_new", None)] {
        let billing = billing().await;
        let issued = billing.issue_key(issue_request("request-1", "4242424242424242"), &secret()).await.unwrap();
        key_at(&billing, "key1", pg).await;
        let from = issued.customer_uid.to_string();
        let moved = ScheduleDisposition::MoveTo(uid("key1"));
        let deleted = billing.delete_key(&Caller::Merchant, &from, moved).await;
        match expected {
            Some(id) => assert_eq!(rule(deleted), named("replaced_by", id)),
            None => assert!(deleted.is_ok(), "{pg}: {deleted:?}"),
        }
    }
}

#[tokio::test]
async fn a_typed_card_goes_to_no_gateway_that_issues_no_keys_for_it() {
    let at = |pg: &str, name: &str| {
        let along = Along { pg: Some(pg.to_owned()), ..Along::default() };
        IssueKey { along, ..issue_request(name, "4242424242424242") }
    };
    let billing = billing().await;
    for pg in ["smartro_v2", "kicc", "danal_tpay", "uplus"] {
        let id = format!("{pg}.card_key.impossible");
        assert_eq!(rule(billing.issue_key(at(pg, "request-1"), &secret()).await), named("pg", &id));
    }
    nothing_happened(&billing);
    for (place, pg) in ["nice", "settle", "brand_new"].into_iter().enumerate() {
        billing.issue_key(at(pg, &format!("request-{}", place + 2)), &secret()).await.unwrap();
    }
}

#[tokio::test]
async fn no_window_is_opened_for_a_key_that_nobody_can_charge() {
    let billing = billing().await;
    for (pg, by) in [("toss_brandpay", "card"), ("inicis_jp", "card"), ("kcp_quick", "card")] {
        let id = format!("{pg}.charge.impossible");
        assert_eq!(rule(billing.prepare_key(key_window(pg, by), &secret()).await), named("pg", &id));
    }
    nothing_happened(&billing);
    let ids = |prepared: &PreparedKey| -> Vec<&'static str> {
        let rule = |warning: &Warning| match warning {
            Warning::GatewayRule(rule) => Some(rule.id),
            _ => None,
        };
        prepared.warnings.iter().filter_map(rule).collect()
    };
    let prepared = billing.prepare_key(key_window("galaxia", "card"), &secret()).await.unwrap();
    assert_eq!(ids(&prepared), ["galaxia.charge.impossible", "galaxia.schedule.impossible"], "its page says otherwise");
    let prepared = billing.prepare_key(key_window("kicc", "card"), &secret()).await.unwrap();
    assert_eq!(ids(&prepared), Vec::<&str>::new());
}
