//! What a test does with the page's subscriptions, and what it reads of them elsewhere.

use serde_json::{Value, json};

use crate::page::until;
use crate::session::Tab;
use crate::world::World;

/// Won a month, as the shop's catalogue has them.
pub(crate) const BASIC: u64 = 9_900;
pub(crate) const PLUS: u64 = 14_900;

/// An element of the customer's own subscription; the owner's list has the same below it.
pub(crate) fn own(id: &str, inside: &str) -> String {
    format!("#subscriptions > [data-id='{id}'] {inside}").trim_end().to_owned()
}

impl World {
    /// A subscription, as the storefront's server reads it.
    pub(crate) async fn subscription(&self, id: &str) -> Value {
        let (status, found) = self.api("GET", &format!("/subscriptions/{id}"), &self.merchant(), None).await;
        assert_eq!(status, 200, "{id}: {found}");
        found
    }

    /// A customer's subscriptions, oldest first.
    pub(crate) async fn subscriptions(&self, customer_id: &str) -> Vec<Value> {
        let (status, found) = self.api("GET", "/subscriptions", &self.customer(customer_id), None).await;
        assert_eq!(status, 200, "{found}");
        found["list"].as_array().unwrap_or_else(|| panic!("no list: {found}")).clone()
    }

    /// The periods of a subscription, newest first.
    pub(crate) async fn periods(&self, id: &str) -> Vec<Value> {
        let (status, found) = self.api("GET", &format!("/subscriptions/{id}/periods"), &self.merchant(), None).await;
        assert_eq!((status, &found["next"]), (200, &Value::Null), "{found}");
        found["list"].as_array().unwrap_or_else(|| panic!("no list: {found}")).clone()
    }

    /// The schedule that the PSP has under an order number.
    pub(crate) async fn schedule(&self, merchant_uid: &str) -> Value {
        let mut all = self.sim_list("schedules").await;
        all.retain(|schedule| schedule["merchant_uid"] == merchant_uid);
        assert_eq!(all.len(), 1, "schedules under {merchant_uid}: {all:?}");
        all.remove(0)
    }
}

impl Tab {
    /// Registers a card and subscribes to what the page proposes; returns the subscription's id once the page shows it.
    pub(crate) async fn subscribes(&self, world: &World, card: &str) -> String {
        self.register_card(card).await;
        self.click("#subscribe").await;
        self.concludes("#subscribe-result", "paid").await;
        let id = self.only_subscription().await;
        self.pictured(&id, 0, &["paid"]).await;
        self.pictured(&id, 1, &["scheduled"]).await;
        assert_eq!(world.subscription(&id).await["state"], "active");
        id
    }

    /// The id of the one subscription that the page lists.
    pub(crate) async fn only_subscription(&self) -> String {
        let script = "return [...document.querySelectorAll('#subscriptions > li')].map((row) => row.dataset.id);";
        until("the page lists one subscription", async || {
            let ids = self.run(script, Vec::new()).await;
            let [id] = ids.as_array()?.as_slice() else { return None };
            Some(id.as_str()?.to_owned())
        })
        .await
    }

    /// Waits until the picture shows a period's attempts so, in their order.
    pub(crate) async fn pictured(&self, id: &str, period: u32, kinds: &[&str]) {
        let script = "return [...document.querySelectorAll(arguments[0])].map((mark) => mark.dataset.kind);";
        let marks = own(id, &format!("svg [data-period='{period}'] .mark"));
        let mut last = Value::Null;
        let looked = until_or(async || {
            last = self.run(script, vec![marks.as_str().into()]).await;
            last == json!(kinds)
        });
        assert!(looked.await, "period {period} of {id} never showed {kinds:?}: {last}");
    }

    /// The word for how the page shows a subscription.
    pub(crate) async fn state_of(&self, id: &str) -> String {
        let row = self.seen(&own(id, "")).await;
        row.attr("data-state").await.unwrap().unwrap_or_default()
    }

    /// Waits until the page shows that a subscription stands so.
    pub(crate) async fn becomes(&self, id: &str, state: &str) {
        self.seen(&format!("#subscriptions > [data-id='{id}'][data-state='{state}']")).await;
    }

    /// Presses a button of a subscription's line, and waits until the page says something of this kind, or that a slow
    /// machine has not confirmed it yet: then the page looks again by itself.
    pub(crate) async fn presses(&self, id: &str, what: &str, state: &str) {
        self.click(&own(id, &format!("[data-do='{what}']"))).await;
        let script = "return document.getElementById('subscriptions-result').dataset.state;";
        let mut last = Value::Null;
        let told = until_or(async || {
            last = self.run(script, Vec::new()).await;
            last == state || last == "pending"
        });
        assert!(told.await, "{what} never was {state}: {last}");
    }

    /// The card that a subscription could change to.
    pub(crate) async fn other_card(&self, id: &str) -> String {
        let option = self.seen(&own(id, "select[name='card'] option")).await;
        option.attr("value").await.unwrap().expect("a card")
    }

    /// Changes to another card of the customer's.
    pub(crate) async fn changes_card(&self, id: &str, customer_uid: &str, state: &str) {
        self.choose(&own(id, "select[name='card']"), customer_uid).await;
        self.presses(id, "change_card", state).await;
        let changed = "return document.querySelector(arguments[0])?.value !== arguments[1];";
        let select = own(id, "select[name='card']");
        until("the card has changed", async || {
            let arguments = vec![select.as_str().into(), customer_uid.into()];
            (self.run(changed, arguments).await == true).then_some(())
        })
        .await;
    }

    /// Lets time pass by one of the page's buttons; returns what the page says of it, once it shows what came of it.
    pub(crate) async fn lets_pass(&self, step: &str) -> String {
        let mark = "
            document.querySelectorAll('#subscriptions > li').forEach((row) => { row.dataset.old = 'yes'; });
            document.getElementById('clock-result').dataset.state = '';";
        self.run(mark, Vec::new()).await;
        self.click(&format!("#clock-{step}")).await;
        let said = self.concludes("#clock-result", "done").await;
        let fresh = "return document.querySelectorAll('#subscriptions > [data-old]').length === 0;";
        until("the page has looked again", async || (self.run(fresh, Vec::new()).await == true).then_some(())).await;
        said
    }

    /// Registers a card beside the one that is there.
    pub(crate) async fn registers_another(&self, number: &str) {
        self.type_card(number).await;
        self.click("#register").await;
        let count = "return document.querySelectorAll('#cards > [data-status=active]').length;";
        until("both cards are there", async || (self.run(count, Vec::new()).await == 2).then_some(())).await;
    }

    /// Lets a month pass, and days until a payment has failed.
    pub(crate) async fn falls_behind(&self, id: &str) {
        self.lets_pass("1m").await;
        for _ in 0..5 {
            if self.state_of(id).await == "past_due" {
                return;
            }
            self.lets_pass("1d").await;
        }
        panic!("{id} never was past due: {}", self.state_of(id).await);
    }
}

/// Whether something comes true within the usual patience.
async fn until_or(mut look: impl AsyncFnMut() -> bool) -> bool {
    for _ in 0..600 {
        if look().await {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    false
}
