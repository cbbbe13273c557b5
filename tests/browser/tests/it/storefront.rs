//! The demo storefront's page, in the words of its customers.

use e2e::stack::fresh;
use serde_json::Value;

use crate::page::until;
use crate::session::Tab;
use crate::world::World;

/// Won, as the shop's catalogue has it.
pub(crate) const COFFEE: u64 = 12_900;
pub(crate) const MUG: u64 = 24_000;

/// Test cards, as the simulator's table lists them.
pub(crate) mod card {
    pub(crate) const APPROVES: &str = "4242424242424242";
    pub(crate) const REFUSED_AT_ISSUE: &str = "4000000000000002";
    pub(crate) const DECLINES: &str = "4000000000000341";
}

/// How an order is paid: the values of the page's own choice.
pub(crate) mod way {
    pub(crate) const CHARGE: &str = "charge";
    pub(crate) const SCHEDULE: &str = "schedule";
}

impl Tab {
    /// Signs in as somebody whom nobody knows yet; returns their customer_id.
    pub(crate) async fn sign_in(&self, world: &World) -> String {
        let name = fresh("kim");
        self.sign_in_as(world, &name).await;
        format!("demo-{name}")
    }

    /// Signs in under a name.
    pub(crate) async fn sign_in_as(&self, world: &World, name: &str) {
        self.open(&world.shop).await;
        self.fill("#name", name).await;
        self.click("#sign-in").await;
        self.says("#customer", name).await;
        self.order_number().await;
        // Last of all the page moves the reader's place, and its own with it.
        let focus = "return document.activeElement.id;";
        until("the place is at the products", async || {
            (self.run(focus, Vec::new()).await == "products-title").then_some(())
        })
        .await;
    }

    /// The number of the order that the page would pay now, as soon as there is one.
    pub(crate) async fn order_number(&self) -> String {
        until("the page has an order number", async || {
            let number = self.text("#order-number").await;
            (!number.is_empty()).then_some(number)
        })
        .await
    }

    /// Chooses a product; returns the number of its order.
    pub(crate) async fn choose_product(&self, product: &str) -> String {
        let before = self.order_number().await;
        self.click(&format!("label[for='product-{product}']")).await;
        self.next_order(&before).await
    }

    /// The number of the order that the page would pay after this one, as soon as there is one.
    pub(crate) async fn next_order(&self, before: &str) -> String {
        until("another order", async || Some(self.order_number().await).filter(|number| *number != before)).await
    }

    /// Pays the page's order with the registered card.
    pub(crate) async fn pay_by_card(&self) {
        self.choose_way(way::CHARGE).await;
        self.click("#pay").await;
        self.concludes("#pay-result", "paid").await;
    }

    /// Chooses how to pay.
    pub(crate) async fn choose_way(&self, way: &str) {
        self.click(&format!("label[for='way-{way}']")).await;
    }

    /// Registers a card by its data; returns its customer_uid.
    pub(crate) async fn register_card(&self, number: &str) -> String {
        self.type_card(number).await;
        self.click("#register").await;
        self.concludes("#card-result", "paid").await;
        let row = self.seen("#cards [data-status='active']").await;
        row.attr("data-customer-uid").await.unwrap().expect("a customer_uid")
    }

    /// Fills in the form of a card, as far as the button.
    pub(crate) async fn type_card(&self, number: &str) {
        if !self.sees("#card-number").await {
            self.click("#card-form-details summary").await;
        }
        self.click(&format!("[data-test-card='{number}']")).await;
    }

    /// The customer's payments as the page lists them: order number and status.
    pub(crate) async fn listed(&self, list: &str) -> Vec<(String, String)> {
        let script = "return [...document.querySelectorAll(`${arguments[0]} > li`)]\
                      .map((row) => [row.dataset.merchantUid, row.dataset.status]);";
        let rows = self.run(script, vec![list.into()]).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        rows.as_array().unwrap().iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
    }

    /// Waits until the page lists a payment so, and nothing else.
    pub(crate) async fn lists_only(&self, list: &str, merchant_uid: &str, status: &str) {
        let wanted = vec![(merchant_uid.to_owned(), status.to_owned())];
        until(&format!("{list} has only {merchant_uid}, which is {status}"), async || {
            (self.listed(list).await == wanted).then_some(())
        })
        .await;
    }

    /// Asks a server as the page's own console can: with the customer's cookie at the shop, with their token at the API.
    /// Returns status and JSON.
    pub(crate) async fn ask(&self, world: &World, method: &str, path: &str, body: &Value) -> (u64, Value) {
        let script = "
            const [method, path, body, gateway] = arguments;
            const json = { 'content-type': 'application/json' };
            const send = async (url, method, headers, body) => {
              const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
              return [answer.status, await answer.json().catch(() => null)];
            };
            return (async () => {
              if (path.startsWith('/api/')) return send(path, method, json, body);
              const [, { token }] = await send('/api/token', 'POST', json, {});
              return send(gateway + path, method, { ...json, authorization: `Bearer ${token}` }, body);
            })();";
        let arguments = vec![method.into(), path.into(), body.clone(), world.gateway.as_str().into()];
        let said = self.run(script, arguments).await;
        (said[0].as_u64().unwrap_or_else(|| panic!("{method} {path}: {said}")), said[1].clone())
    }
}
