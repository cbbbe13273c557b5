//! The daily comparison: what nobody told anybody is found once a day, and its report is kept.

use e2e::stack::fresh;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::shop::card;
use crate::table::same_as_psp;
use crate::world::World;

const DAY: i64 = 86_400;
/// A day's comparison is due from four in the morning in Seoul, which is five hours before midnight UTC.
const FOUR_IN_SEOUL: i64 = -5 * 3_600;
/// The PSP's list of payments.
const LIST: &str = "/payments/status/all";

impl World {
    /// Moves the clock to when the next comparison is due.
    async fn next_morning(&self) {
        let days = (self.now().await - FOUR_IN_SEOUL).div_euclid(DAY) + 1;
        self.advance_to(days * DAY + FOUR_IN_SEOUL).await;
    }

    /// What one tick says of the report.
    async fn tick(&self) -> Value {
        self.sweep().await["report"].clone()
    }

    /// Lines of the functions' log that hold all of these.
    pub(crate) fn logged(&self, texts: &[&str]) -> usize {
        let log = std::fs::read_to_string(self.logs.join("functions.log")).unwrap();
        log.lines().filter(|line| texts.iter().all(|text| line.contains(text))).count()
    }
}

#[tokio::test]
async fn what_nobody_told_is_found_once_a_day() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let buyer = world.buyer(card::APPROVES).await;
    // Earlier tests' differences are three days old by now.
    world.advance(5 * DAY).await;
    world.next_morning().await;
    let before = loop {
        let report = world.tick().await;
        if report["tick"] != "unfinished" {
            break report;
        }
    };
    // Schedules of other systems that earlier tests have left are still ahead.
    let foreign_before = before["counts"]["foreign"].as_u64().expect("the report of that day");

    // Refunded in the console; moved in the console; sound.
    let (refunded, moved, sound) = (fresh("ord"), world.scheduled(&buyer, 30 * DAY).await, fresh("ord"));
    world.charge(&buyer.order(&refunded)).await.ok(200);
    world.charge(&buyer.order(&sound)).await.ok(200);
    let imp_uid = world.payment(&refunded).await["imp_uid"].clone();
    world.sim("console/cancel", json!({ "imp_uid": imp_uid, "amount": 900 })).await;
    let later = world.now().await + 40 * DAY;
    world.sim("console/edit", json!({ "merchant_uid": moved, "schedule_at": later })).await;
    // Made at the PSP, on our key and on nobody's.
    let (stray, foreign) = (fresh("console"), fresh("other"));
    let mut made = json!({ "merchant_uid": stray, "amount": 5000, "name": "수기 결제", "card_number": card::APPROVES });
    (made["expiry"], made["customer_uid"]) = (json!("2040-12"), json!(buyer.customer_uid));
    made["buyer_tel"] = json!("010-4242-4242");
    world.sim("window", made.clone()).await;
    (made["merchant_uid"], made["customer_uid"]) = (json!(foreign), Value::Null);
    world.sim("window", made).await;
    // A row whose payment the PSP does not have, and one that cannot be read.
    let mut vanished = world.typed_item(&format!("PAY#{sound}"), "PAY").await.unwrap();
    let gone = fresh("gone");
    vanished["pk"] = json!({ "S": format!("PAY#{gone}") });
    vanished["merchant_uid"] = json!({ "S": gone });
    vanished["order"]["M"]["merchant_uid"] = json!({ "S": gone });
    vanished["record"]["M"]["merchant_uid"] = json!({ "S": gone });
    vanished["record"]["M"]["imp_uid"] = json!({ "S": "imp_vanished" });
    let mut broken = vanished.clone();
    let odd = fresh("odd");
    (broken["pk"], broken["state"]) = (json!({ "S": format!("PAY#{odd}") }), json!({ "S": "hacked" }));
    world.plant(&vanished).await;
    world.plant(&broken).await;

    world.next_morning().await;
    let (row, sound_row) = (world.the_row(&gone).await, world.the_row(&sound).await);
    let report = world.tick().await;
    assert_eq!((&report["tick"], &report["verdict"]), (&json!("finished"), &json!("unmatched")), "{report}");
    let counts = &report["counts"];
    for (name, expected) in [
        ("healed", 2),
        ("unrecorded", 1),
        ("foreign", foreign_before + 1),
        ("missing", 1),
        ("unreadable", 1),
        ("deferred", 0),
    ] {
        assert_eq!(counts[name], expected, "{name}: {report}");
    }
    let healed = world.the_row(&refunded).await;
    assert_eq!((&healed["state"], &healed["record"]["cancel_amount"]), (&json!("partially_refunded"), &json!(900)));
    assert_eq!(healed["due_at"], Value::Null);
    assert_eq!(world.the_row(&moved).await["schedule_at"], later);
    assert_eq!(world.row(&stray).await, None, "no row is made up");
    assert_eq!(world.the_row(&gone).await, row, "absence changes nothing");
    assert_eq!(world.the_row(&sound).await, sound_row);
    same_as_psp(&sound_row, &world.payment(&sound).await);
    assert_eq!(world.typed_item(&format!("PAY#{odd}"), "PAY").await.unwrap(), broken, "never overwritten");
    for (alarm, about) in
        [("unrecorded", &stray), ("missing_at_psp", &gone), ("row_violation", &odd), ("schedule_moved", &moved)]
    {
        assert!(world.logged(&[&format!("\"alarm\":\"{alarm}\""), about]) > 0, "{alarm} about {about}");
    }
    assert!(world.logged(&["\"_aws\"", "\"ReportMatched\":0", "\"ReportUnrecorded\":1"]) > 0, "no metrics");

    // Once a day: the same morning, ticks that are doubled, late, empty or strange read the report and no more.
    let day = report["day"].as_str().unwrap();
    let kept = world.report_row(day).await.unwrap();
    assert_eq!((&kept["counts"], &kept["verdict"]), (counts, &json!("unmatched")));
    assert!(kept["finished_at"].as_i64() >= kept["started_at"].as_i64(), "{kept}");
    let calls = world.requests_so_far().await;
    for event in [json!({}), json!({ "time": "2999-01-01T00:00:00Z" }), json!([report.clone()]), Value::Null] {
        let again = world.invoke("reconcile", &event).await;
        assert_eq!(again["report"]["tick"], "done", "{again}");
    }
    let asked = world.requests_since(calls).await;
    assert!(asked.iter().all(|request| request["path"] != LIST), "{asked:?}");
    assert_eq!(world.report_row(day).await.unwrap(), kept);

    world.uproot(&vanished).await;
    world.uproot(&broken).await;
}

#[tokio::test]
async fn of_ticks_at_once_one_writes_the_report() {
    let world = World::alone().await;
    world.next_morning().await;
    let event = json!({ "source": "aws.scheduler", "detail": {} });
    let answers = join_all((0..3).map(|_| world.invoke("reconcile", &event))).await;
    let ticks: Vec<&str> = answers.iter().map(|answer| answer["report"]["tick"].as_str().unwrap()).collect();
    assert_eq!(ticks.iter().filter(|tick| **tick == "finished").count(), 1, "{ticks:?}");
    assert!(ticks.iter().all(|tick| ["finished", "held", "done"].contains(tick)), "{ticks:?}");
    let day = answers[0]["report"]["day"].as_str().unwrap();
    let kept = world.report_row(day).await.unwrap();
    assert_eq!((&kept["next"], kept["finished_at"].is_i64()), (&json!({ "step": "through" }), true), "{kept}");
}

#[tokio::test]
async fn an_outage_in_the_middle_only_delays_the_report() {
    let world = World::alone().await;
    world.next_morning().await;
    let lists = json!({ "path_prefix": LIST });
    world.fault_on(lists.clone(), json!({ "kind": "status", "status": 503, "skip": 3, "times": 1000 })).await;
    let report = world.tick().await;
    assert_eq!((&report["tick"], &report["verdict"]), (&json!("unfinished"), &Value::Null), "{report}");
    let day = report["day"].as_str().unwrap();
    let halted = world.report_row(day).await.unwrap();
    assert_eq!((&halted["finished_at"], &halted["next"]["pass"]), (&Value::Null, &json!("payments")), "{halted}");
    assert!(halted["next"]["from"].as_i64() > halted["windows"]["payments"]["from"].as_i64(), "{halted}");

    world.no_faults().await;
    // A page that cannot be read is read record by record.
    world.fault_on(lists, json!({ "kind": "html_ok", "times": 1 })).await;
    let report = world.tick().await;
    assert_eq!((&report["tick"], &report["day"]), (&json!("finished"), &json!(day)), "{report}");
    assert_eq!(world.faults_fired().await, [1]);
    let kept = world.report_row(day).await.unwrap();
    assert_eq!((&kept["started_at"], &kept["windows"]), (&halted["started_at"], &halted["windows"]));
}

/// A shop whose console and settings do not fit is told before its customers are.
#[tokio::test]
async fn a_channel_that_is_not_there_or_is_for_tests_is_told_with_the_days_report() {
    let world = World::alone().await;
    let console = world.channels().await;
    let day = async |channels: Value| {
        world.sim("channels", channels).await;
        world.next_morning().await;
        let report = loop {
            let report = world.tick().await;
            if report["tick"] != "unfinished" {
                break report;
            }
        };
        assert_eq!(world.report_row(report["day"].as_str().unwrap()).await.unwrap()["channels"], report["channels"]);
        report["channels"].clone()
    };
    let mut for_tests = console.clone();
    for_tests.as_array_mut().unwrap().iter_mut().for_each(|channel| channel["sandbox"] = json!(true));
    assert_eq!(day(for_tests).await, json!({ "expected": 8, "missing": 0, "other_mode": 8 }));
    assert!(world.logged(&["\"alarm\":\"channel_mode\"", "nice_v2.nicev2test0m"]) > 0);
    assert!(world.logged(&["\"_aws\"", "\"ChannelsInOtherMode\":8"]) > 0);
    assert_eq!(day(json!([])).await, json!({ "expected": 8, "missing": 8, "other_mode": 0 }));
    assert!(world.logged(&["\"alarm\":\"channel_missing\"", "nice_v2.nicev2test0m"]) > 0);
    assert_eq!(day(console).await, json!({ "expected": 8, "missing": 0, "other_mode": 0 }));
}
