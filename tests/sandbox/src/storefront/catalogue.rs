//! What the shop sells, once or every so often. Prices are known here and nowhere in the browser.

use serde_json::{Value, json};

/// One thing to buy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Product {
    /// How the browser names it.
    pub id: &'static str,
    /// On receipts, at most 40 characters.
    pub name: &'static str,
    pub english: &'static str,
    /// Won.
    pub price: u32,
    /// Whether it is used on a screen: a payment by phone bill has to say so.
    pub digital: bool,
}

pub(super) const PRODUCTS: [Product; 3] = [
    Product {
        id: "coffee",
        name: "하루 블렌드 원두 200g",
        english: "Haru blend coffee, 200 g",
        price: 12_900,
        digital: false,
    },
    Product { id: "mug", name: "도자기 머그컵", english: "Stoneware mug", price: 24_000, digital: false },
    Product { id: "membership", name: "월간 이용권", english: "Monthly membership", price: 8_900, digital: true },
];

/// How a product can be paid in the PG's window, as Iamport calls it.
pub(super) const PAY_METHODS: [&str; 4] = ["card", "trans", "vbank", "phone"];

/// How far ahead a payment can be scheduled: the browser's word for it, and seconds.
pub(super) const LATER: [(&str, i64); 3] = [("10m", 600), ("1d", 86_400), ("30d", 30 * 86_400)];

pub(super) fn product(id: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}

impl Product {
    /// As a page shows it.
    pub(super) fn view(&self) -> Value {
        json!({ "id": self.id, "name": { "ko": self.name, "en": self.english }, "price": self.price })
    }
}

/// What can be subscribed to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// How the browser and the billing API name it.
    pub id: &'static str,
    /// On receipts, at most 40 characters.
    pub name: &'static str,
    pub english: &'static str,
    /// Won for each period.
    pub price: u32,
    /// `week`, `month` or `year`.
    pub interval: &'static str,
}

pub(super) const PLANS: [Plan; 4] = [
    Plan { id: "basic", name: "월간 이용권", english: "Monthly pass", price: 9_900, interval: "month" },
    Plan {
        id: "plus", name: "월간 이용권 플러스", english: "Monthly pass plus", price: 14_900, interval: "month"
    },
    Plan { id: "weekly", name: "주간 원두 배송", english: "Weekly coffee", price: 6_500, interval: "week" },
    Plan { id: "yearly", name: "연간 이용권", english: "Yearly pass", price: 99_000, interval: "year" },
];

/// How long a trial lasts.
pub(super) const TRIAL_DAYS: u32 = 14;

pub(super) fn plan(id: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.id == id)
}

impl Plan {
    /// As a page shows it.
    pub(super) fn view(&self) -> Value {
        let name = json!({ "ko": self.name, "en": self.english });
        json!({ "id": self.id, "name": name, "price": self.price, "interval": self.interval })
    }

    /// As the billing API takes it.
    pub(super) fn request(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "amount": self.price,
            "currency": "KRW",
            "interval": self.interval,
            "interval_count": 1,
        })
    }
}
