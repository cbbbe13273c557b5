//! The harness itself: a test of it has to fail where a page does what no page of ours may do.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::session::{Device, Tab, browse};
use crate::site::{Page, Site};

async fn site() -> Site {
    Site::serve(BTreeMap::from([
        ("/fine", Page("200 OK", "", "<link rel=icon href='data:,'><title>fine</title><p id=text>안녕하세요</p>")),
        ("/throws", Page("200 OK", "", "<link rel=icon href='data:,'><script>throw new Error('oh no')</script>")),
        ("/loses", Page("200 OK", "", "<link rel=icon href='data:,'><script>Promise.reject(new Error('lost'))</script>")),
        ("/says", Page("200 OK", "", "<link rel=icon href='data:,'><script>console.error('said')</script>")),
        (
            "/blocks",
            Page("200 OK", "script-src 'none'", "<link rel=icon href='data:,'><script>document.title = 'ran'</script>"),
        ),
        ("/fetches", Page("200 OK", "", "<link rel=icon href='data:,'><script>fetch('/absent')</script>")),
        (
            "/opens",
            Page(
                "200 OK",
                "",
                "<link rel=icon href='data:,'><button onclick=\"window.open('/closes', '', 'width=400,height=400')\">open</button>",
            ),
        ),
        (
            "/opens-worse",
            Page("200 OK", "", "<link rel=icon href='data:,'><button onclick=\"window.open('/throws', '', 'width=400')\">open</button>"),
        ),
        (
            "/closes",
            Page("200 OK", "", "<link rel=icon href='data:,'><button onclick='window.close()'>close</button>"),
        ),
    ]))
    .await
}

/// What the harness says of a test that only opens a page.
async fn verdict(path: &str, expected: &'static [&'static str]) -> Result<(), String> {
    let site = site().await;
    let address = format!("{}{path}", site.url);
    let test = async move |tab: &mut Tab| {
        expected.iter().for_each(|part| tab.expect_error(part));
        tab.open(&address).await;
        // Requests and rejected promises come after the page.
        tab.run("return fetch('/fine').then(() => new Promise((done) => setTimeout(done, 200)));", Vec::new()).await;
    };
    let ran = AssertUnwindSafe(browse(Device::Desktop, test)).catch_unwind().await;
    ran.map_err(|panic| panic.downcast_ref::<String>().cloned().expect("a message"))
}

#[tokio::test]
async fn a_page_without_errors_passes() {
    verdict("/fine", &[]).await.unwrap();
}

#[tokio::test]
async fn what_a_page_throws_fails_the_test() {
    assert!(verdict("/throws", &[]).await.unwrap_err().contains("oh no"));
}

#[tokio::test]
async fn a_promise_that_nobody_catches_fails_the_test() {
    assert!(verdict("/loses", &[]).await.unwrap_err().contains("lost"));
}

#[tokio::test]
async fn what_a_policy_blocks_fails_the_test() {
    assert!(verdict("/blocks", &[]).await.unwrap_err().contains("Content Security Policy"));
}

#[tokio::test]
async fn a_refused_request_fails_the_test_that_does_not_expect_it() {
    assert!(verdict("/fetches", &[]).await.unwrap_err().contains("status of 404"));
    verdict("/fetches", &["status of 404"]).await.unwrap();
}

#[tokio::test]
async fn an_error_that_was_expected_has_to_come() {
    assert!(verdict("/fine", &["status of 404"]).await.unwrap_err().contains("lacks errors"));
    assert!(verdict("/says", &["status of 404"]).await.unwrap_err().contains("said"));
}

#[tokio::test]
async fn a_window_is_entered_and_left() {
    let site = site().await;
    browse(Device::Desktop, async |tab| {
        tab.open(&format!("{}/opens", site.url)).await;
        tab.click("button").await;
        let page = tab.enter_popup().await;
        tab.at("/closes").await;
        tab.click("button").await;
        tab.leave_popup(page).await;
        tab.click("button").await;
        let page = tab.enter_popup().await;
        tab.at("/closes").await;
        tab.close_popup(page).await;
        tab.at("/opens").await;
    })
    .await;
}

#[tokio::test]
async fn what_the_opened_window_throws_fails_the_test() {
    let site = site().await;
    let test = async |tab: &mut Tab| {
        tab.open(&format!("{}/opens-worse", site.url)).await;
        tab.click("button").await;
        let page = tab.enter_popup().await;
        tab.at("/throws").await;
        tab.close_popup(page).await;
    };
    let ran = AssertUnwindSafe(browse(Device::Desktop, test)).catch_unwind().await;
    // Chromium drops the error's own text: the driver had not looked at the window yet when it came.
    let message = ran.unwrap_err().downcast_ref::<String>().cloned().unwrap();
    assert!(message.contains("Uncaught") && message.contains("/throws"), "{message}");
}

#[tokio::test]
async fn a_phone_is_narrow_and_says_what_it_is() {
    let site = site().await;
    for (device, is_phone) in [(Device::Phone, true), (Device::Desktop, false)] {
        browse(device, async |tab| {
            tab.open(&format!("{}/fine", site.url)).await;
            let script = "return [/Android.*Mobile/.test(navigator.userAgent), screen.width < 500];";
            assert_eq!(tab.run(script, Vec::new()).await, serde_json::json!([is_phone, is_phone]));
        })
        .await;
    }
}

#[tokio::test]
async fn nothing_outside_of_this_machine_is_reached() {
    let site = site().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("net::ERR_NAME_NOT_RESOLVED");
        tab.open(&format!("{}/fine", site.url)).await;
        let script = "return fetch('http://shop.example/').then(() => 'answered', (error) => error.name);";
        assert_eq!(tab.run(script, Vec::new()).await, "TypeError");
    })
    .await;
}
