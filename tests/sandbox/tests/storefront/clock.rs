use jiff::Timestamp;
use sandbox::iamport;
use sandbox::journey::Places;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Browser, Shop};

/// A shop beside a simulator, without functions.
async fn shop() -> Shop {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let iamport_url = format!("http://{}", listener.local_addr().expect("its address"));
    tokio::spawn(iamport::serve(listener, iamport::Options::default(), std::future::pending()));
    Shop::with_places(Places { iamport_url, lambda_url: None, table: None }).await
}

async fn moved(customer: &Browser<'_>, from: i64, by: &str) -> Value {
    let answer = customer.post("/api/clock", json!({ "from": from, "by": by })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_month_is_a_month_of_the_calendar_in_seoul_and_a_repeat_moves_nothing() {
    let shop = shop().await;
    let customer = shop.customer("jisu").await;
    for (path, member) in [("/api/session", "clock"), ("/api/clock", "now")] {
        assert!(customer.get(path).await.json()[member].is_i64(), "{path}");
    }
    // 31 January, 01:00 in Seoul, which is still the 30th in London; 2100 has no leap day.
    let from = "2100-01-30T16:00:00Z".parse::<Timestamp>().expect("a time").as_second();
    let february = "2100-02-27T16:00:00Z".parse::<Timestamp>().expect("a time").as_second();
    let first = moved(&customer, from, "1m").await;
    let now = first["now"].as_i64().expect("a time");
    assert!((february..february + 30).contains(&now), "{first}");
    // The page got no answer, so it asks in the same words.
    let again = moved(&customer, from, "1m").await["now"].as_i64().expect("a time");
    assert!((now..now + 30).contains(&again), "{again}");
    let week = moved(&customer, now, "1w").await["now"].as_i64().expect("a time");
    assert!((now + 7 * 86_400..now + 7 * 86_400 + 30).contains(&week), "{week}");
    for body in [json!({ "from": now, "by": "1y" }), json!({ "by": "1d" }), json!({ "from": i64::MAX, "by": "1m" })] {
        assert_eq!(customer.post("/api/clock", body.clone()).await.status, 422, "{body}");
    }
}
