//! A PSP that takes longer than anybody waits. All at once, because each takes its fifteen seconds.

use e2e::stack::fresh;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::psp::AGAIN;
use crate::shop::{Buyer, card};
use crate::table::same_as_psp;
use crate::world::World;

const CLAIM_SECONDS: i64 = 155;

struct Slow {
    name: &'static str,
    number: &'static str,
    fault: Option<Value>,
    /// 200 if the money has moved by the time the reply is given up on.
    status: u16,
    /// POSTs by the end of the story.
    posts: usize,
}

#[tokio::test]
async fn no_reply_in_time_is_pending_unless_the_money_is_seen_to_have_moved() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let latency = |phase: &str| Some(json!({ "kind": "latency", "ms": 17_000, "phase": phase }));
    let slow = |name, number, fault, status, posts| Slow { name, number, fault, status, posts };
    let stories = [
        // It is carried out two seconds after everybody has given up: found later, never sent again.
        slow("latency before", card::APPROVES, latency("before"), 202, 1),
        slow("latency after", card::APPROVES, latency("after"), 200, 1),
        slow("one byte a second", card::APPROVES, Some(json!({ "kind": "slow_drip" })), 200, 1),
        slow("a card that hangs and is paid", card::NO_REPLY_BUT_PAID, None, 200, 1),
        slow("a card that hangs and is paid a minute later", card::NO_REPLY_PAID_LATER, None, 202, 1),
        slow("a card that hangs for nothing", card::NO_REPLY_AND_NOTHING, None, 202, 2),
    ];
    let mut orders: Vec<(Buyer, String)> = Vec::new();
    for story in &stories {
        let (buyer, uid) = (world.buyer(story.number).await, fresh("slow"));
        if let Some(fault) = &story.fault {
            world.fault(AGAIN, &uid, fault.clone()).await;
        }
        orders.push((buyer, uid));
    }
    // The repetition by the sweep is answered at once, with as little to learn from it: fifteen seconds are enough.
    let (_, hopeless) = &orders[5];
    world.fault(AGAIN, hopeless, json!({ "kind": "status", "status": 502, "phase": "before", "skip": 1 })).await;
    let replies = join_all(orders.iter().map(|(buyer, uid)| async { world.charge(&buyer.order(uid)).await })).await;
    let mut first_posts = Vec::new();
    for ((story, (_, uid)), reply) in stories.iter().zip(&orders).zip(&replies) {
        assert_eq!(reply.status, story.status, "{}: {}", story.name, reply.text);
        if reply.status == 202 {
            assert_eq!(reply.pending(&format!("/charges/{uid}"))["status"], "pending", "{}", story.name);
            assert_eq!(world.the_row(uid).await["state"], "unknown", "{}", story.name);
        }
        first_posts.push(world.requests_to(AGAIN, uid).await[0]["at"].as_i64().unwrap());
    }
    // By the machine's clock, which no test can move.
    let (_, belated) = &orders[0];
    world
        .eventually("the request that was given up on is carried out", || async {
            (!world.payments(belated).await.is_empty()).then_some(())
        })
        .await;

    world.advance(90).await;
    world.sweep().await;
    for ((story, (_, uid)), first) in stories.iter().zip(&orders).zip(&first_posts) {
        assert!(world.now().await < first + CLAIM_SECONDS, "the quarantine is not over yet");
        assert_eq!(world.requests_to(AGAIN, uid).await.len(), 1, "{}: sent again too early", story.name);
    }

    let (hopeless, settling) = orders.split_last().unwrap();
    for ((_, uid), story) in settling.iter().zip(&stories) {
        let row = world.sweep_until_settled(uid).await;
        same_as_psp(&row, &world.payment(uid).await);
        assert_eq!(row["state"], "paid", "{}", story.name);
        assert_eq!(world.requests_to(AGAIN, uid).await.len(), story.posts, "{}", story.name);
    }

    // That card never answers, so its order stays open: but it is sent again only after the quarantine.
    let (buyer, uid) = hopeless;
    world.advance_to(first_posts[5] + CLAIM_SECONDS + 1).await;
    world.sweep().await;
    let posts = world.requests_to(AGAIN, uid).await;
    assert_eq!(posts.len(), stories[5].posts, "{posts:?}");
    // The claim is written before its POST arrives, so that much of the time may be over by then.
    assert!(posts[1]["at"].as_i64().unwrap() >= first_posts[5] + CLAIM_SECONDS - 3, "{posts:?}");
    let row = world.the_row(uid).await;
    assert!(row["due_at"].is_i64(), "money is never given up on: {row}");

    // Only when the key is gone is it over: nothing can be under way, and nothing may be sent any more.
    let path = format!("/billing-keys/{}", buyer.customer_uid);
    let gone = world.call("DELETE", &path, &world.customer(&buyer.customer_id)).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    assert_eq!(world.sweep_until_settled(uid).await["state"], "failed");
    assert_eq!(world.requests_to(AGAIN, uid).await.len(), stories[5].posts);
    assert_eq!(world.times_paid(uid).await, 0);
}
