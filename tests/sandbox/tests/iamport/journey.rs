//! Moving the clock as time would pass: sweeps on the way, and nothing skipped.

use std::sync::{Arc, Mutex};

use sandbox::aws;
use sandbox::aws::client::Client;
use sandbox::journey::{Places, TablePlace};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{CARD, Sim};

const DAY: i64 = 86_400;
const MONTH: i64 = 30 * DAY;

/// Functions of which only the sweep does anything: `sweep` says what it answers.
async fn functions<F, A>(sweep: F) -> String
where
    F: Fn() -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Value> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let invoked = axum::routing::post(move |body: String| {
        let sweep = sweep.clone();
        async move {
            let event: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(event["source"], "aws.scheduler", "{event}");
            sweep().await.to_string()
        }
    });
    let router = axum::Router::new().route("/2015-03-31/functions/reconcile/invocations", invoked);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Every webhook is lost, so the next payment is registered by sweeps alone.
#[tokio::test]
async fn a_shop_that_only_sweeps_gets_through_the_months() {
    let sim = Arc::new(Sim::start().await);
    sim.issue("k", CARD).await.ok();
    let start = sim.now().await;
    sim.schedule("k", "0", start + MONTH).await.ok();
    let swept = Arc::new(Mutex::new(Vec::new()));
    let (sweeping, times) = (sim.clone(), swept.clone());
    let lambda_url = functions(move || {
        let (sim, times) = (sweeping.clone(), times.clone());
        async move {
            let now = sim.now().await;
            times.lock().unwrap().push(now);
            let paid = sim.see("payments").await.as_array().unwrap().len();
            let token = sim
                .post("/users/getToken", json!({ "imp_key": "imp_apikey", "imp_secret": crate::harness::SECRET }))
                .await
                .ok();
            let at = start + MONTH * (i64::try_from(paid).unwrap() + 1);
            let next = json!({ "customer_uid": "k", "schedules": [
                { "merchant_uid": paid.to_string(), "schedule_at": at, "amount": 9900, "name": "n" },
            ] });
            let request = sim
                .http
                .post(format!("{}/subscribe/payments/schedule", sim.base))
                .header("authorization", token["access_token"].as_str().unwrap())
                .header("content-type", "application/json");
            // The same number again is refused, and that is all.
            request.body(next.to_string()).send().await.unwrap();
            json!({ "failed": 0, "cut_short": false })
        }
    })
    .await;
    let places = Places { iamport_url: sim.base.clone(), lambda_url: Some(lambda_url), table: None };
    let target = start + 3 * MONTH + 15 * DAY;
    let journey = places.travel(target).await.unwrap();

    let paid: Vec<Value> =
        sim.see("payments").await.as_array().unwrap().iter().map(|row| row["paid_at"].clone()).collect();
    assert_eq!(paid, [start + MONTH, start + 2 * MONTH, start + 3 * MONTH], "each at its own time");
    assert!((target..target + 60).contains(&journey.now), "{journey:?}");
    assert_eq!((journey.moments, journey.failed, &journey.unswept), (3, 0, &None), "{journey:?}");
    let swept = swept.lock().unwrap();
    assert_eq!(u64::try_from(swept.len()).unwrap(), journey.sweeps);
    assert!((105..=115).contains(&swept.len()), "a day each: {}", swept.len());
    let mut before = start;
    for time in swept.iter() {
        assert!(time - before <= DAY + 10, "{} s without a sweep", time - before);
        before = *time;
    }
    for due in [start + MONTH, start + 2 * MONTH, start + 3 * MONTH] {
        assert!(swept.iter().any(|time| (due..due + 10).contains(time)), "no sweep right after {due}");
    }
}

/// A table whose `due` index has one row for each of these times.
async fn table(due: &[i64]) -> TablePlace {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place =
        TablePlace { aws_url: format!("http://{}", listener.local_addr().unwrap()), name: "billing".to_owned() };
    tokio::spawn(aws::serve(listener, aws::Options::default(), std::future::pending()));
    let client = Client::new(&place.aws_url).unwrap();
    let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    let kinds = [("pk", "S"), ("due_shard", "S"), ("due_at", "N")];
    let create = json!({
        "TableName": place.name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": kinds.map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": kind })),
        "KeySchema": [key("pk", "HASH")],
        "GlobalSecondaryIndexes": [{
            "IndexName": "due",
            "KeySchema": [key("due_shard", "HASH"), key("due_at", "RANGE")],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }],
    });
    client.dynamodb("CreateTable", &create).await.unwrap();
    for (number, at) in due.iter().enumerate() {
        let item = json!({
            "pk": { "S": number.to_string() }, "due_shard": { "S": "0" }, "due_at": { "N": at.to_string() },
        });
        client.dynamodb("PutItem", &json!({ "TableName": place.name, "Item": item })).await.unwrap();
    }
    place
}

#[tokio::test]
async fn with_the_table_in_sight_there_is_a_sweep_where_something_is_due_and_nowhere_else() {
    let sim = Arc::new(Sim::start().await);
    let start = sim.now().await;
    let place = table(&[start + 10 * DAY, start + 40 * DAY]).await;
    let client = Arc::new(Client::new(&place.aws_url).unwrap());
    let swept = Arc::new(Mutex::new(Vec::new()));
    let (clock, times) = (sim.clone(), swept.clone());
    let lambda_url = functions(move || {
        let (sim, client, times) = (clock.clone(), client.clone(), times.clone());
        async move {
            let now = sim.now().await;
            times.lock().unwrap().push(now);
            for row in client.scan("billing").await.unwrap() {
                let due_at: i64 = row["due_at"]["N"].as_str().unwrap().parse().unwrap();
                if due_at <= now {
                    let delete = json!({ "TableName": "billing", "Key": { "pk": row["pk"] } });
                    client.dynamodb("DeleteItem", &delete).await.unwrap();
                }
            }
            json!({ "failed": 0, "cut_short": false })
        }
    })
    .await;
    let places = Places { iamport_url: sim.base.clone(), lambda_url: Some(lambda_url), table: Some(place) };
    let journey = places.travel(start + 50 * DAY).await.unwrap();
    assert_eq!((journey.moments, journey.sweeps, journey.failed), (0, 3, 0), "{journey:?}");
    let swept = swept.lock().unwrap();
    for (time, day) in swept.iter().zip([10, 40, 50]) {
        assert!((start + day * DAY..start + day * DAY + 60).contains(time), "{time} is not day {day}");
    }
}

#[tokio::test]
async fn what_stays_due_is_not_swept_for_ever() {
    let sim = Sim::start().await;
    let start = sim.now().await;
    // Nothing takes the row away.
    let place = table(&[start + DAY]).await;
    let lambda_url = functions(|| async { json!({ "failed": 0, "cut_short": false }) }).await;
    let places = Places { iamport_url: sim.base.clone(), lambda_url: Some(lambda_url), table: Some(place) };
    let journey = places.travel(start + 400 * DAY).await.unwrap();
    assert!((390..=402).contains(&journey.sweeps), "once a day: {journey:?}");
    let journey = places.travel(journey.now + 10 * DAY).await.unwrap();
    assert!((190..=202).contains(&journey.sweeps), "more often over a shorter way: {journey:?}");
}

#[tokio::test]
async fn a_sweep_that_ran_out_of_time_is_followed_by_another() {
    let sim = Sim::start().await;
    let count = Arc::new(Mutex::new(0));
    let answers = count.clone();
    let lambda_url = functions(move || {
        let mut count = answers.lock().unwrap();
        *count += 1;
        let report = match *count {
            1 => json!({ "failed": 0, "cut_short": true }),
            2 => json!({ "failed": 2, "cut_short": false }),
            3 => json!({ "errorMessage": "it broke", "errorType": "Error" }),
            _ => json!({ "failed": 0, "cut_short": false }),
        };
        async move { report }
    })
    .await;
    let places = Places { iamport_url: sim.base.clone(), lambda_url: Some(lambda_url), table: None };
    let start = sim.now().await;
    let journey = places.travel(start + 3 * DAY).await.unwrap();
    assert_eq!((journey.sweeps, journey.failed, &journey.unswept), (4, 2, &None), "{journey:?}");
}

#[tokio::test]
async fn without_functions_schedules_run_all_the_same() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    let start = sim.now().await;
    sim.schedule("k", "first", start + DAY).await.ok();
    sim.schedule("k", "second", start + 40 * DAY).await.ok();
    // Nobody listens on port 1.
    let places =
        Places { iamport_url: sim.base.clone(), lambda_url: Some("http://127.0.0.1:1".to_owned()), table: None };
    let journey = places.travel(start + 400 * DAY).await.unwrap();
    assert_eq!((journey.moments, journey.sweeps), (2, 0), "{journey:?}");
    assert!(journey.unswept.is_some_and(|why| why.contains("nothing answers")), "it says so");
    assert_eq!(sim.see("payments").await.as_array().unwrap().len(), 2);
    let back = places.travel(start).await.unwrap_err().to_string();
    assert!(back.contains("the clock only moves forward"), "{back}");
}
