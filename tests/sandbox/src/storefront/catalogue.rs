//! What the shop sells. Prices are known here and nowhere in the browser.

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
