//! Order numbers, and what each was used for.
//!
//! A number is given out when a product is shown, before any button is pressed, and whatever is then pressed goes to
//! the billing API under that number: pressed twice, reloaded or sent again it is the same request, which the API
//! answers without doing it twice. What a number was first used for is kept and sent in the same words each time. A
//! customer gets another number for the same product once the last one is settled, or if they ask for another order.
//! In memory: numbers are random, so that none comes again after a restart. A real shop keeps them in its database.

use std::collections::VecDeque;

use http::StatusCode;
use serde_json::{Value, json};

use super::catalogue::Product;
use super::guard::Refused;

/// Orders kept; the oldest goes.
const MOST: usize = 2_000;

/// What an order number is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The PG's window.
    Checkout,
    /// A registered card, now.
    Charge,
    /// A registered card, later.
    Schedule,
}

impl Way {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Charge => "charge",
            Self::Schedule => "schedule",
        }
    }

    /// The billing API's route.
    pub(super) const fn route(self) -> &'static str {
        match self {
            Self::Checkout => "/checkouts",
            Self::Charge => "/charges",
            Self::Schedule => "/schedules",
        }
    }
}

/// The first use of an order number.
#[derive(Clone, Debug)]
struct Begun {
    way: Way,
    /// What the customer chose, to tell a repeat from another wish.
    choice: Value,
    /// What is sent, each time.
    request: Value,
}

/// One order number.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub merchant_uid: String,
    pub customer_id: String,
    pub product: &'static Product,
    begun: Option<Begun>,
    /// Settled, or refused for good: the next order of the product gets another number.
    closed: bool,
}

impl Order {
    /// What it was used for, if it was.
    pub(super) fn way(&self) -> Option<Way> {
        self.begun.as_ref().map(|begun| begun.way)
    }

    /// What its customer chose for it then.
    pub(super) fn choice(&self) -> Option<&Value> {
        self.begun.as_ref().map(|begun| &begun.choice)
    }
}

/// Every order number of the shop.
#[derive(Debug, Default)]
pub(super) struct Orders {
    by_age: VecDeque<Order>,
}

impl Orders {
    /// The order of a product that a customer has not finished, if there is one.
    pub(super) fn unfinished(&self, customer_id: &str, product: &Product) -> Option<&Order> {
        let of = |order: &&Order| order.customer_id == customer_id && order.product == product;
        self.by_age.iter().rev().find(of).filter(|order| !order.closed)
    }

    /// Gives out a number.
    pub(super) fn open(&mut self, customer_id: &str, product: &'static Product) -> Result<Order, Refused> {
        let digits = crate::random_hex::<8>().map_err(|_| Refused::unavailable("there is no randomness"))?;
        let order = Order {
            // Letters and digits only: not every PG takes more.
            merchant_uid: format!("shop{digits}"),
            customer_id: customer_id.to_owned(),
            product,
            begun: None,
            closed: false,
        };
        if self.by_age.len() >= MOST {
            self.by_age.pop_front();
        }
        self.by_age.push_back(order.clone());
        Ok(order)
    }

    /// The request that an order number stands for: `make` makes it at the first use, and later ones repeat it.
    ///
    /// # Errors
    /// 404 for a number that is not this customer's, 409 if it stands for something else.
    pub(super) fn begin(
        &mut self,
        customer_id: &str,
        merchant_uid: &str,
        way: Way,
        choice: Value,
        make: impl FnOnce(&Order) -> Value,
    ) -> Result<Value, Refused> {
        let mine = |order: &&mut Order| order.merchant_uid == merchant_uid && order.customer_id == customer_id;
        let order = self.by_age.iter_mut().find(mine).ok_or_else(Refused::not_found)?;
        if let Some(begun) = &order.begun {
            if begun.way == way && begun.choice == choice {
                return Ok(begun.request.clone());
            }
            let detail = "This order is being paid in another way.";
            return Err(Refused::new(StatusCode::CONFLICT, "order_in_progress", detail)
                .with("merchant_uid", json!(merchant_uid)));
        }
        let request = make(order);
        order.begun = Some(Begun { way, choice, request: request.clone() });
        Ok(request)
    }

    /// Ends the use of a number for new requests.
    pub(super) fn close(&mut self, merchant_uid: &str) {
        if let Some(order) = self.by_age.iter_mut().find(|order| order.merchant_uid == merchant_uid) {
            order.closed = true;
        }
    }

    /// Orders that were begun, newest first: a customer's, or everybody's.
    pub(super) fn begun(&self, customer_id: Option<&str>, most: usize) -> Vec<Order> {
        let wanted = |order: &&Order| order.begun.is_some() && customer_id.is_none_or(|id| order.customer_id == id);
        self.by_age.iter().rev().filter(wanted).take(most).cloned().collect()
    }

    /// Whether the shop gave out this number and it was used.
    pub(super) fn knows(&self, merchant_uid: &str) -> bool {
        self.by_age.iter().any(|order| order.begun.is_some() && order.merchant_uid == merchant_uid)
    }
}
