//! Charges, cards and refunds.

use iamport::{
    Again, Amount, Birth, Cancel, CancelTarget, CardNumber, Cvc, Expiry, ImpUid, InvalidInput, IssueBillingKey,
    MerchantUid, Onetime, Payment, PaymentStatus, Pwd2,
};
use serde_json::{Value, json};

use super::{Address, BEGIN, Run, Told};
use crate::rule::Rule;

/// The payment that answers a charge.
pub(crate) fn payment(asked: &Value, state: &str) -> Value {
    json!({
        "imp_uid": "imp_100000000001",
        "merchant_uid": asked["merchant_uid"],
        "customer_uid": asked["customer_uid"],
        "amount": asked["amount"],
        "cancel_amount": 0,
        "currency": asked["currency"],
        "status": state,
        "sandbox": false,
        "paid_at": BEGIN,
    })
}

/// What was asked for.
struct Sum {
    currency: &'static str,
    amount: Amount,
}

impl Sum {
    fn any(run: &mut Run<'_>) -> Self {
        let currencies = [("KRW", 0), ("USD", 2), ("JPY", 0)];
        let (currency, exponent) = run.rng.pick(&currencies).copied().unwrap_or(("KRW", 0));
        let minor = u64::try_from(run.rng.between(100, 2_000_000)).unwrap_or(100);
        Self { currency, amount: Amount::from_minor(minor, exponent) }
    }
}

impl Run<'_> {
    fn card(&mut self) -> Result<CardNumber, InvalidInput> {
        let mark = self.rng.pick(&["", "-", " "]).copied().unwrap_or_default();
        CardNumber::new(self.canaries.card_grouped(mark))
    }

    fn customer(&mut self) -> Result<iamport::CustomerUid, InvalidInput> {
        iamport::CustomerUid::new(self.fresh("key"))
    }

    pub(super) async fn charge(&mut self) -> Result<(), InvalidInput> {
        const PATH: &str = "/subscribe/payments/again";
        let (sum, told) = (Sum::any(self), Told::any(self, PATH));
        let mut request = Again::new(self.customer()?, MerchantUid::new(self.fresh("order"))?, sum.amount, "plan")?;
        request.details.currency = Some(sum.currency.to_owned());
        request.details.buyer_name = Some(self.canaries.birth.as_str().into());
        request.channel_key = Some(self.canaries.secret.as_str().into());
        self.answers_with_payment(&told);
        let address = Address { method: "POST", path: PATH.to_owned() };
        let client = self.client.clone();
        let (outcome, _) = self.change("again", &request, &address, client.again(&request)).await;
        self.judge(&told, &sum, outcome);
        Ok(())
    }

    pub(super) async fn charge_card(&mut self) -> Result<(), InvalidInput> {
        const PATH: &str = "/subscribe/payments/onetime";
        let (sum, told) = (Sum::any(self), Told::any(self, PATH));
        let (order, card) = (MerchantUid::new(self.fresh("order"))?, self.card()?);
        let mut request = Onetime::new(order, sum.amount, card, Expiry::new("2040-12")?)?;
        request.birth = Some(Birth::new(self.canaries.birth.as_str())?);
        request.pwd_2digit = Some(Pwd2::new("58")?);
        request.cvc = Some(Cvc::new("739")?);
        request.details.currency = Some(sum.currency.to_owned());
        self.answers_with_payment(&told);
        let address = Address { method: "POST", path: PATH.to_owned() };
        let client = self.client.clone();
        let (outcome, _) = self.change("onetime", &request, &address, client.onetime(&request)).await;
        self.judge(&told, &sum, outcome);
        Ok(())
    }

    fn answers_with_payment(&mut self, told: &Told) {
        let told = told.clone();
        self.peer.script(move |seen| told.answer(|state| payment(&seen.body, state)));
    }

    /// Holds what a charge brought against what the peer said.
    fn judge(&mut self, told: &Told, sum: &Sum, outcome: Option<Result<Payment, iamport::Error>>) {
        let payment = match outcome {
            None => return,
            Some(Err(error)) => {
                if told.is_honest() {
                    self.broken(Rule::Answered, format!("an honest reply was read as {error}"));
                }
                return;
            }
            Some(Ok(payment)) => payment,
        };
        let said = if let Told::Honest(state) = told { state } else { "paid" };
        if payment.status.as_str() != said {
            let rule = if payment.status == PaymentStatus::Paid { Rule::NoFalseSuccess } else { Rule::Answered };
            self.broken(rule, format!("{} is told where the PSP said {said}", payment.status));
        }
        if payment.currency != sum.currency || payment.amount != sum.amount {
            let detail =
                format!("{} {} is taken for {} {}", payment.amount, payment.currency, sum.amount, sum.currency);
            self.broken(Rule::SameMoney, detail);
        }
    }

    pub(super) async fn issue_key(&mut self) -> Result<(), InvalidInput> {
        let (customer_uid, card) = (self.customer()?, self.card()?);
        let path = format!("/subscribe/customers/{customer_uid}");
        let told = Told::any(self, &path);
        let mut request = IssueBillingKey::new(customer_uid, card, Expiry::new("204012")?);
        request.birth = Some(Birth::new(self.canaries.birth.as_str())?);
        request.customer_name = Some(self.canaries.birth.as_str().into());
        // A gateway that masks nothing must not carry the number any further.
        let shown = if self.rng.chance(500) { self.canaries.card_grouped("-") } else { "424242******4242".to_owned() };
        let (answer, named) = (told.clone(), request_name(&path));
        self.peer.script(move |_| {
            answer
                .answer(|_| json!({ "customer_uid": named, "card_number": shown, "card_type": "7", "inserted": BEGIN }))
        });
        let address = Address { method: "POST", path };
        let client = self.client.clone();
        let (outcome, _) = self.change("customers", &request, &address, client.issue_billing_key(&request)).await;
        if told.is_honest() && matches!(outcome, Some(Err(_))) {
            self.broken(Rule::Answered, "an honest billing key was not read");
        }
        Ok(())
    }

    pub(super) async fn refund(&mut self) -> Result<(), InvalidInput> {
        const PATH: &str = "/payments/cancel";
        let told = Told::any(self, PATH);
        let balance = u64::try_from(self.rng.between(1_000, 90_000)).unwrap_or(1_000);
        let part = if self.rng.chance(500) { balance } else { balance / 2 };
        let (order, imp_uid) = (self.fresh("order"), "imp_100000000001");
        let target = if self.rng.chance(500) {
            CancelTarget::Imp(ImpUid::new(imp_uid)?)
        } else {
            CancelTarget::Merchant(MerchantUid::new(order.as_str())?)
        };
        let mut request = Cancel::new(target, Amount::from_minor(part, 0), Amount::from_minor(balance, 0))?;
        request.refund_account = Some(self.canaries.card.as_str().into());
        let answer = told.clone();
        self.peer.script(move |_| {
            answer.answer(|_| {
                json!({
                    "imp_uid": imp_uid, "merchant_uid": order, "amount": balance, "cancel_amount": part,
                    "currency": "KRW", "status": if part == balance { "cancelled" } else { "paid" },
                })
            })
        });
        let address = Address { method: "POST", path: PATH.to_owned() };
        let client = self.client.clone();
        let (_, seen) = self.change("cancel", &request, &address, client.cancel(&request)).await;
        for body in seen.iter().map(|seen| &seen.body) {
            if body["amount"] != json!(part) || body["checksum"] != json!(balance) {
                let sent = (&body["amount"], &body["checksum"]);
                let detail = format!("amount {} and checksum {} left for {part} of {balance}", sent.0, sent.1);
                self.broken(Rule::RefundExact, detail);
            }
        }
        Ok(())
    }
}

/// The last segment of a path.
fn request_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}
