//! Virtual accounts that are issued over the API (`/vbanks`, V1 schema, af926bd2 of 2026-08-06): a number that whoever has it pays
//! into, until its last moment. Several may wait under one order number; which of them is meant only `imp_uid` says.

use serde::{Deserialize, Serialize};

use super::gateways::{Asked, Operation};
use super::{Channel, Ledger, Order, Payment, PaymentStatus, Refusal, VirtualAccount};

/// `POST /vbanks`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountOrder {
    /// What is to be paid in.
    pub order: Order,
    /// Through which channel.
    pub channel: Channel,
    /// `vbank_code`.
    pub bank: String,
    /// `vbank_due`, UNIX seconds.
    pub due_at: i64,
    /// `vbank_holder`.
    pub holder: Option<String>,
    /// Whether `pg_api_key` is in the query.
    pub has_api_key: bool,
}

/// Gateways that show the shop's name for the holder, whatever is asked for.
const OWN_HOLDER: [&str; 3] = ["tosspayments", "ksnet", "welcome"];
/// The shop.
const SHOP: &str = "가맹점";

impl Ledger {
    /// Issues an account. The shop is told by webhook, as of one that is issued in the window.
    ///
    /// # Errors
    /// `Rejected` for an order number that was paid before, an amount of nothing, and what breaks a rule of the gateway; `Invalid`
    /// for a last moment that is over.
    pub fn issue_account(&mut self, now: i64, asked: AccountOrder) -> Result<Payment, Refusal> {
        let AccountOrder { mut order, channel, bank, due_at, holder, has_api_key } = asked;
        self.refuse_paid(&order.merchant_uid)?;
        super::tax::check(&order)?;
        if order.amount == 0 {
            return Err(Refusal::rejected("amount 는 0보다 커야 합니다"));
        }
        if due_at <= now {
            return Err(Refusal::invalid("입금기한이 지났습니다"));
        }
        order.more.add("vbank_holder", holder.as_deref().unwrap_or_default());
        order.more.add("pg_api_key", if has_api_key { "given" } else { "" });
        let used = self.attempts(&order.merchant_uid).next().is_some();
        let held = Asked::of(&channel.pg_provider, Operation::Vbank, now).pays(&order);
        self.knobs.check(&Asked { method: Some("vbank"), used, ..held })?;
        let holder = holder.filter(|_| !OWN_HOLDER.contains(&channel.pg_provider.as_str()));
        let vbank = VirtualAccount {
            number: self.ids.digits12("56"),
            holder: holder.unwrap_or_else(|| SHOP.to_owned()),
            bank: Some(bank),
            due_at,
            issued_at: now,
        };
        let payment = Payment {
            imp_uid: self.fresh_imp_uid("imp_"),
            merchant_uid: order.merchant_uid,
            browser: None,
            pg_tid: self.ids.digits12("StdpayVbnk"),
            apply_num: None,
            sandbox: self.is_test(&channel),
            channel,
            card: None,
            card_quota: 0,
            vbank: Some(vbank),
            name: order.name,
            amount: order.amount,
            tax: order.tax,
            cancel_amount: 0,
            currency: order.currency,
            buyer: order.buyer,
            custom_data: order.custom_data,
            notice_url: order.notice_url,
            status: PaymentStatus::Ready,
            started_at: now,
            paid_at: 0,
            failed_at: 0,
            cancelled_at: 0,
            fail_reason: None,
            cancel_reason: None,
            cancel_history: Vec::new(),
            customer_uid: None,
            usage: None,
            cash_receipt_issued: false,
        };
        let place = self.insert_payment(payment.clone());
        self.notify(now, place, None);
        Ok(payment)
    }

    /// An order number that was ever paid gets no further account; one that was not may have several.
    fn refuse_paid(&self, merchant_uid: &str) -> Result<(), Refusal> {
        if self.attempts(merchant_uid).any(|row| row.paid_at != 0) {
            return Err(Refusal::rejected("이미 결제된 주문번호입니다"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Knobs;

    const NOW: i64 = 1_800_000_000;
    const DAY: i64 = 86_400;

    fn asked(number: &str, gateway: &str) -> AccountOrder {
        AccountOrder {
            order: Order::krw(number, 30_000, "장바구니"),
            channel: Channel { pg_provider: gateway.to_owned(), pg_id: "mid".to_owned() },
            bank: "004".to_owned(),
            due_at: NOW + DAY,
            holder: Some("길동상점".to_owned()),
            has_api_key: false,
        }
    }

    #[test]
    fn an_account_waits_for_its_deposit_until_its_last_moment() {
        let mut ledger = Ledger::new(1);
        let first = ledger.issue_account(NOW, asked("order1", "settle")).unwrap();
        let account = first.vbank.clone().unwrap();
        assert_eq!((first.status, first.pay_method(), account.due_at), (PaymentStatus::Ready, "vbank", NOW + DAY));
        assert_eq!((account.bank.as_deref(), account.holder.as_str()), (Some("004"), "길동상점"));
        let second = ledger.issue_account(NOW, asked("order1", "settle")).unwrap();
        assert_ne!(second.vbank.unwrap().number, account.number, "several may wait under one number");
        ledger.settle(NOW + DAY, &first.imp_uid).unwrap();
        assert!(ledger.issue_account(NOW, asked("order1", "settle")).is_err(), "it was paid");
        assert!(ledger.settle(NOW + DAY + 1, &second.imp_uid).is_err(), "too late");
        assert!(ledger.issue_account(NOW, AccountOrder { due_at: NOW, ..asked("order2", "settle") }).is_err());
    }

    #[test]
    fn a_gateway_issues_accounts_by_its_own_rules() {
        let mut ledger = Ledger::new(1);
        let mut refused = |asked: AccountOrder| {
            let refusal = ledger.issue_account(NOW, asked).unwrap_err();
            crate::gateways::rule_of(&refusal.message).unwrap_or_default().to_owned()
        };
        assert_eq!(refused(asked("order1", "kcp")), "kcp.vbank");
        assert_eq!(refused(asked("order1", "html5_inicis")), "html5_inicis.vbank.pg_api_key");
        assert_eq!(refused(AccountOrder { holder: None, ..asked("order1", "nice") }), "nice.vbank.vbank_holder");
        let named = Ledger::new(1).issue_account(NOW, asked("order1", "nice")).unwrap().vbank.unwrap();
        assert_eq!(named.holder, "길동상점");
        let mut free = Ledger::new(1);
        free.set_knobs(Knobs { gateway_rules: false, ..Knobs::default() });
        let own = free.issue_account(NOW, asked("order1", "ksnet")).unwrap().vbank.unwrap();
        assert_eq!(own.holder, SHOP);
    }
}
