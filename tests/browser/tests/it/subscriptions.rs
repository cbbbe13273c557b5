//! Subscriptions: begun, renewed by the clock, failed and paid after all, changed, ended; each as the page's picture
//! shows it, as the API has it, and as the PSP's books have it.

use serde_json::{Value, json};

use crate::page::until;
use crate::session::{Device, Tab, browse};
use crate::storefront::card;
use crate::subscribing::{BASIC, PLUS, own};
use crate::world::World;

#[tokio::test]
async fn a_subscription_is_paid_once_and_the_next_payment_is_scheduled() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        let customer_id = tab.sign_in(&world).await;
        assert!(!tab.driver.find(thirtyfour::By::Css("#subscribe")).await.unwrap().is_enabled().await.unwrap());
        tab.register_card(card::APPROVES).await;
        tab.step("ready to subscribe").await;
        tab.double_click("#subscribe").await;
        tab.concludes("#subscribe-result", "paid").await;
        let all = world.subscriptions(&customer_id).await;
        assert_eq!(all.len(), 1, "{all:?}");
        let id = all[0]["id"].as_str().unwrap();
        tab.pictured(id, 0, &["paid"]).await;
        tab.pictured(id, 1, &["scheduled"]).await;
        tab.seen(&own(id, "")).await;
        assert_eq!(tab.state_of(id).await, "active");
        let payments =
            [("p1t0", "scheduled"), ("p0t0", "paid")].map(|(n, state)| (format!("{id}{n}"), state.to_owned()));
        until("payments of a subscription stand among its customer's", async || {
            (tab.listed("#orders").await == payments).then_some(())
        })
        .await;
        tab.step("subscribed").await;

        let first = world.payment(&format!("{id}p0t0")).await;
        assert_eq!((&first["status"], &first["amount"]), (&json!("paid"), &json!(BASIC)), "{first}");
        assert_eq!(world.payments(&format!("{id}p1t0")).await, Vec::<Value>::new());
        let schedule = world.schedule(&format!("{id}p1t0")).await;
        let next = &all[0]["next_charge"];
        assert_eq!(schedule["schedule_at"], next["at"], "{schedule}");
        let due = tab.text(&own(id, "[data-fact='next_charge']")).await;
        assert!(due.contains("오전 10:00") && due.contains("9,900원"), "{due}");
        // The same for somebody who does not see the picture.
        tab.click(&own(id, ".timeline summary")).await;
        let told = tab.says(&own(id, "table"), "결제됨").await;
        assert!(told.contains("예약 ·") && told.matches("9,900원").count() == 2, "{told}");
        let described = "const svg = document.querySelector(arguments[0]);
            return svg.getAttribute('role') === 'img' && svg.getAttribute('aria-labelledby').split(' ')
              .map((id) => svg.querySelector(`[id='${id}']`).textContent).join(' ');";
        let described = tab.run(described, vec![own(id, ".timeline > svg").into()]).await;
        assert!(described.as_str().is_some_and(|text| text.contains("결제 1번, 실패 0번")), "{described}");
    })
    .await;
}

#[tokio::test]
async fn a_wish_whose_answer_is_lost_is_the_same_wish_after_a_reload() {
    let world = World::shared().await;
    browse(Device::Phone, async |tab| {
        let customer_id = tab.sign_in(&world).await;
        tab.register_card(card::APPROVES).await;
        let lose = "
            const send = window.fetch;
            window.fetch = async (url, options) => {
              const answer = await send(url, options);
              if (url === '/api/subscriptions') throw new TypeError('lost');
              return answer;
            };";
        tab.run(lose, Vec::new()).await;
        tab.click("#subscribe").await;
        let said = tab.concludes("#subscribe-result", "error").await;
        assert!(said.contains("두 번 처리되지 않습니다"), "{said}");
        tab.step("no answer").await;
        tab.open(&world.shop).await;
        let id = tab.only_subscription().await;
        tab.pictured(&id, 0, &["paid"]).await;
        tab.click("#subscribe").await;
        tab.concludes("#subscribe-result", "paid").await;
        tab.step("the same again").await;
        assert_eq!(world.subscriptions(&customer_id).await.len(), 1);
        assert_eq!(world.payment(&format!("{id}p0t0")).await["status"], "paid");
        // Another wish for the same plan is refused while this one lives.
        tab.expect_error("status of 409");
        tab.click("#subscribe-details summary").await;
        tab.click("#subscribe").await;
        let said = tab.concludes("#subscribe-result", "error").await;
        assert!(said.contains("이미 이용 중인 이용권입니다"), "{said}");
        assert_eq!(world.subscriptions(&customer_id).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn months_pass_and_each_is_paid_on_its_day() {
    let world = World::alone().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let id = tab.subscribes(&world, card::APPROVES).await;
        for _ in 0..3 {
            tab.lets_pass("1m").await;
        }
        // A month's end may have cut days off the steps.
        let moved = tab.lets_pass("1w").await;
        assert!(moved.contains("점검"), "{moved}");
        for number in 0..4 {
            tab.pictured(&id, number, &["paid"]).await;
        }
        tab.pictured(&id, 4, &["scheduled"]).await;
        tab.step("three months later").await;
        let periods = world.periods(&id).await;
        assert_eq!(periods.len(), 5, "{periods:?}");
        for pair in periods.windows(2) {
            assert_eq!(pair[0]["starts_at"], pair[1]["ends_at"], "{pair:?}");
        }
        for (period, number) in periods.iter().rev().skip(1).zip(1..4) {
            let payment = world.payment(&format!("{id}p{number}t0")).await;
            assert_eq!((&payment["status"], &payment["paid_at"]), (&json!("paid"), &period["due_at"]), "{payment}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_trial_costs_nothing_until_it_ends() {
    let world = World::alone().await;
    browse(Device::Phone, async |tab| {
        tab.sign_in(&world).await;
        tab.register_card(card::APPROVES).await;
        tab.click("label[for='plan-weekly']").await;
        tab.choose("#subscribe-start", "trial").await;
        tab.says("#subscribe", "무료 체험").await;
        tab.click("#subscribe").await;
        tab.concludes("#subscribe-result", "scheduled").await;
        let id = tab.only_subscription().await;
        assert_eq!(tab.state_of(&id).await, "trial");
        tab.seen(&own(&id, "svg [data-period='trial']")).await;
        tab.pictured(&id, 0, &["scheduled"]).await;
        tab.step("trial").await;
        assert_eq!(world.payments(&format!("{id}p0t0")).await, Vec::<Value>::new());
        tab.lets_pass("1w").await;
        assert_eq!(tab.state_of(&id).await, "trial");
        tab.lets_pass("1w").await;
        tab.lets_pass("1d").await;
        tab.pictured(&id, 0, &["paid"]).await;
        assert_eq!(tab.state_of(&id).await, "active");
        assert_eq!(world.payment(&format!("{id}p0t0")).await["amount"], 6_500);
        tab.step("the trial is over").await;
    })
    .await;
}

#[tokio::test]
async fn a_card_that_fails_is_tried_again_and_another_card_pays_at_once() {
    let world = World::alone().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let id = tab.subscribes(&world, card::APPROVES).await;
        let good = world.subscription(&id).await["customer_uid"].as_str().unwrap().to_owned();
        tab.registers_another(card::DECLINES).await;
        let bad = tab.other_card(&id).await;
        tab.changes_card(&id, &bad, "paid").await;
        tab.pictured(&id, 1, &["revoked", "scheduled"]).await;
        tab.falls_behind(&id).await;
        tab.pictured(&id, 1, &["revoked", "failed", "scheduled"]).await;
        tab.lets_pass("1d").await;
        tab.pictured(&id, 1, &["revoked", "failed", "failed", "scheduled"]).await;
        let again = "return [...document.querySelectorAll(arguments[0])].map((mark) => mark.dataset.tries);";
        let marks = own(&id, "svg [data-period='1'] .mark");
        assert_eq!(tab.run(again, vec![marks.into()]).await, json!(["1", "1", "2", "3"]));
        tab.says(&own(&id, ".legend"), "다시 시도").await;
        tab.step("past due").await;

        // The shop's owner sees whose payment is overdue.
        tab.click("#owner-enter").await;
        let of_owner = format!("#owner-subscriptions [data-id='{id}'][data-state='past_due']");
        tab.seen(&of_owner).await;
        tab.step("past due at the owners").await;

        tab.changes_card(&id, &good, "paid").await;
        tab.pictured(&id, 1, &["revoked", "failed", "failed", "revoked", "paid"]).await;
        tab.pictured(&id, 2, &["scheduled"]).await;
        assert_eq!(tab.state_of(&id).await, "active");
        tab.step("paid after all").await;
        let payment = world.payment(&format!("{id}p1t4")).await;
        assert_eq!((&payment["status"], &payment["customer_uid"]), (&json!("paid"), &json!(good)), "{payment}");
        until("nothing is overdue any more", async || (!tab.sees(&of_owner).await).then_some(())).await;
    })
    .await;
}

#[tokio::test]
async fn it_ends_with_its_period_unless_that_is_taken_back() {
    let world = World::alone().await;
    browse(Device::Phone, async |tab| {
        tab.sign_in(&world).await;
        let id = tab.subscribes(&world, card::APPROVES).await;
        tab.presses(&id, "cancel_at_end", "done").await;
        tab.becomes(&id, "ending").await;
        tab.pictured(&id, 1, &["revoked"]).await;
        tab.step("ending").await;
        assert_eq!(world.schedule(&format!("{id}p1t0")).await["schedule_status"], "revoked");
        tab.presses(&id, "reactivate", "paid").await;
        tab.becomes(&id, "active").await;
        tab.pictured(&id, 1, &["revoked", "scheduled"]).await;
        tab.step("taken back").await;
        assert_eq!(world.schedule(&format!("{id}p1t1")).await["schedule_status"], "scheduled");

        tab.presses(&id, "cancel_at_end", "done").await;
        tab.becomes(&id, "ending").await;
        tab.lets_pass("1m").await;
        tab.lets_pass("1w").await;
        tab.becomes(&id, "canceled").await;
        tab.pictured(&id, 1, &["revoked", "revoked"]).await;
        tab.step("ended").await;
        assert!(!tab.sees(&own(&id, "button[data-do]")).await, "there is nothing left to do");
        for number in 0..2 {
            assert_eq!(world.payments(&format!("{id}p1t{number}")).await, Vec::<Value>::new());
        }
    })
    .await;
}

#[tokio::test]
async fn an_end_at_once_is_asked_about_first() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let id = tab.subscribes(&world, card::APPROVES).await;
        tab.presses(&id, "cancel_now", "pending").await;
        tab.step("the question").await;
        let focus = tab.run("return document.activeElement.id;", Vec::new()).await;
        assert_eq!(focus, "subscriptions-result", "the reader's place is at the question");
        tab.click("#cancel-now-no").await;
        assert_eq!(tab.text("#subscriptions-result").await, "");
        assert_eq!(world.subscription(&id).await["state"], "active");

        tab.presses(&id, "cancel_now", "pending").await;
        tab.click("#cancel-now-yes").await;
        tab.becomes(&id, "canceled").await;
        tab.pictured(&id, 1, &["revoked"]).await;
        tab.step("canceled").await;
        assert_eq!(world.schedule(&format!("{id}p1t0")).await["schedule_status"], "revoked");
        assert_eq!(world.subscription(&id).await["cancel"]["at"], "now");
    })
    .await;
}

#[tokio::test]
async fn the_owner_pauses_changes_the_plan_and_gives_back() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let id = tab.subscribes(&world, card::APPROVES).await;
        tab.click("#owner-enter").await;
        tab.choose("#owner-state", "active").await;
        let row = format!("#owner-subscriptions [data-id='{id}']");
        tab.click(&format!("{row} [data-do='pause']")).await;
        tab.becomes(&id, "paused").await;
        assert_eq!(world.subscription(&id).await["next_charge"], Value::Null);
        tab.choose("#owner-state", "paused").await;
        tab.seen(&format!("{row}[data-state='paused']")).await;
        tab.step("paused").await;
        tab.click(&format!("{row} [data-do='resume']")).await;
        tab.becomes(&id, "active").await;

        tab.choose("#owner-state", "active").await;
        tab.choose(&format!("{row} select[name='plan']"), "plus").await;
        tab.click(&format!("{row} [data-do='change_plan_now']")).await;
        let said = tab.says("#owner-result", "결제했습니다").await;
        tab.step("changed now").await;
        let changed = world.subscription(&id).await;
        let next = changed["next_charge"]["amount"].as_u64().unwrap();
        assert_eq!((&changed["plan"]["id"], &changed["plan"]["amount"]), (&json!("plus"), &json!(PLUS)), "{changed}");
        // A whole period is left, and paid for: the customer has today.
        assert_eq!(next, PLUS, "{said}: {changed}");
        tab.says(&own(&id, "h3"), "월간 이용권 플러스").await;

        tab.click(&format!("{row} .owner-timeline summary")).await;
        tab.click(&format!("{row} .timeline details summary")).await;
        tab.double_click(&format!("{row} li[data-kind='paid'] [data-do='refund']")).await;
        tab.says("#owner-result", "9,900원을 환불했습니다").await;
        tab.pictured(&id, 0, &["refunded", "paid"]).await;
        tab.seen(&format!("{row} li[data-kind='refunded']")).await;
        tab.step("refunded").await;
        let payment = world.payment(&format!("{id}p0t0")).await;
        assert_eq!((&payment["status"], &payment["cancel_amount"]), (&json!("cancelled"), &json!(BASIC)), "{payment}");
    })
    .await;
}

#[tokio::test]
async fn a_customer_neither_pauses_nor_sees_what_is_another_customers() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        for part in ["status of 401", "status of 403", "status of 404"] {
            tab.expect_error(part);
        }
        tab.sign_in(&world).await;
        let id = tab.subscribes(&world, card::APPROVES).await;
        let path = format!("/subscriptions/{id}");
        let asked = tab.ask(&world, "PATCH", &path, &json!({ "paused": true })).await;
        assert_eq!(asked.0, 403, "{asked:?}");
        let asked = tab.ask(&world, "POST", &format!("/api/owner{path}/change"), &json!({ "paused": true })).await;
        assert_eq!(asked.0, 401, "{asked:?}");
        tab.click("#sign-out").await;
        tab.sign_in(&world).await;
        for (method, path) in [("GET", path.clone()), ("GET", format!("{path}/periods")), ("DELETE", path)] {
            let (status, problem) = tab.ask(&world, method, &path, &Value::Null).await;
            assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{method} {path}: {problem}");
        }
        assert!(!tab.sees("#subscriptions > li").await);
        assert_eq!(world.subscription(&id).await["state"], "active");
    })
    .await;
}

#[tokio::test]
async fn every_state_is_labelled_readable_and_fits() {
    let world = World::alone().await;
    for device in [Device::Desktop, Device::Phone] {
        browse(device, async |tab| has_no_faults_on_the_way(&world, tab).await).await;
    }
}

async fn has_no_faults_on_the_way(world: &World, tab: &mut Tab) {
    tab.sign_in(world).await;
    crate::pages::has_no_faults(tab, "no card to subscribe with").await;
    let id = tab.subscribes(world, card::APPROVES).await;
    tab.registers_another(card::DECLINES).await;
    let bad = tab.other_card(&id).await;
    tab.changes_card(&id, &bad, "paid").await;
    tab.falls_behind(&id).await;
    tab.click(&own(&id, ".timeline summary")).await;
    crate::pages::has_no_faults(tab, "past due").await;
    tab.click("#owner-enter").await;
    let row = format!("#owner-subscriptions [data-id='{id}']");
    tab.click(&format!("{row} .owner-timeline summary")).await;
    tab.seen(&format!("{row} svg")).await;
    crate::pages::has_no_faults(tab, "at the owners").await;
    tab.presses(&id, "cancel_now", "pending").await;
    crate::pages::has_no_faults(tab, "the question").await;
    tab.click("#language").await;
    tab.says("#cancel-now-yes", "Yes, cancel now").await;
    crate::pages::has_no_faults(tab, "the question in English").await;
    assert_eq!(tab.run(crate::pages::KOREAN, Vec::new()).await, json!([]), "Korean is left in the English page");
}
