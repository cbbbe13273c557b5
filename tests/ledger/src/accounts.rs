//! Virtual accounts that are issued over the API (`/vbanks`, V1 schema, af926bd2 of 2026-08-06): a number that whoever has it pays
//! into, until its last moment. Several may wait under one order number; which of them is meant only `imp_uid` says.

use serde::{Deserialize, Serialize};

use super::gateways::{Asked, Operation, Said};
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

/// `PUT /vbanks/{imp_uid}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountChange {
    /// Which one.
    pub imp_uid: String,
    /// What is to be paid in from now on, in minor units.
    pub amount: Option<u64>,
    /// `vbank_due`, UNIX seconds.
    pub due_at: Option<i64>,
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

    /// Changes an account that waits for its deposit: how much, or until when.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for what is no account that waits, for nothing to change, and for a last moment that is over;
    /// `Rejected` for what breaks a rule of the gateway.
    pub fn change_account(&mut self, now: i64, change: &AccountChange) -> Result<Payment, Refusal> {
        let (minutes, late) = (self.knobs.due_by_minutes, self.knobs.late_extension);
        let place = self.by_imp_uid.get(&change.imp_uid).copied();
        let found = place.and_then(|place| Some((place, self.payments.get_mut(place)?)));
        let (place, row) = found.ok_or_else(|| Refusal::not_found("유효하지 않은 imp_uid 입니다"))?;
        // What was issued in a window was not issued by the API.
        let waits = row.status == PaymentStatus::Ready && row.browser.is_none();
        let Some(vbank) = row.vbank.as_mut().filter(|vbank| waits && (late || now <= vbank.due_at)) else {
            return Err(Refusal::invalid("입금대기 상태의 가상계좌가 아닙니다"));
        };
        if change.amount.is_none() && change.due_at.is_none() || change.amount == Some(0) {
            return Err(Refusal::invalid("수정할 정보가 없습니다"));
        }
        if change.due_at.is_some_and(|due_at| due_at <= now) {
            return Err(Refusal::invalid("입금기한이 지났습니다"));
        }
        let mut said = Said::nothing();
        said.add("vbank_due", &change.due_at.map(|due_at| due_at.to_string()).unwrap_or_default());
        said.add(
            "tax_free",
            &Some(row.tax.free).filter(|free| *free > 0).map(|free| free.to_string()).unwrap_or_default(),
        );
        let asked = Asked::of(&row.channel.pg_provider, Operation::VbankChange, now);
        self.knobs.check(&Asked { method: Some("vbank"), said: Some(&said), ..asked })?;
        if let Some(due_at) = change.due_at {
            vbank.due_at = if minutes { due_at - due_at.rem_euclid(60) } else { due_at };
        }
        row.amount = change.amount.unwrap_or(row.amount);
        let changed = row.clone();
        if self.knobs.extension_notifies {
            self.notify(now, place, None);
        }
        Ok(changed)
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
    fn an_account_that_waits_is_changed_where_the_gateway_can() {
        let mut ledger = Ledger::new(1);
        let row = ledger.issue_account(NOW, asked("order1", "settle")).unwrap();
        let change = |amount, due_at| AccountChange { imp_uid: row.imp_uid.clone(), amount, due_at };
        let later = ledger.change_account(NOW, &change(None, Some(NOW + 3 * DAY + 7))).unwrap();
        assert_eq!((later.vbank.unwrap().due_at, later.amount), (NOW + 3 * DAY + 7, 30_000));
        let cheaper = ledger.change_account(NOW, &change(Some(20_000), None)).unwrap();
        assert_eq!((cheaper.vbank.unwrap().due_at, cheaper.amount), (NOW + 3 * DAY + 7, 20_000));
        for nothing in [change(None, None), change(Some(0), None), change(None, Some(NOW))] {
            assert_eq!(ledger.change_account(NOW, &nothing).unwrap_err().kind, crate::RefusalKind::Invalid);
        }
        let other = AccountChange { imp_uid: "imp_0".to_owned(), ..change(None, Some(NOW + DAY)) };
        assert_eq!(ledger.change_account(NOW, &other).unwrap_err().kind, crate::RefusalKind::NotFound);
        // Past its last moment it is a question.
        let (over, again) = (NOW + 4 * DAY, change(None, Some(NOW + 5 * DAY + 17)));
        ledger.set_knobs(Knobs { late_extension: false, ..Knobs::default() });
        assert_eq!(ledger.change_account(over, &again).unwrap_err().kind, crate::RefusalKind::Invalid);
        ledger.set_knobs(Knobs { due_by_minutes: true, ..Knobs::default() });
        let minute = ledger.change_account(over, &again).unwrap().vbank.unwrap().due_at;
        assert_eq!((minute % 60, (NOW + 5 * DAY + 17) - minute < 60), (0, true));
        ledger.settle(NOW + 5 * DAY, &row.imp_uid).unwrap();
        assert_eq!(ledger.change_account(over, &again).unwrap_err().kind, crate::RefusalKind::Invalid, "it was paid");

        let mut refused = |gateway: &str, free: u64| {
            let mut account = asked(&format!("order-{gateway}-{free}"), gateway);
            account.order.tax.free = free;
            account.order.buyer.name = Some("홍길동".to_owned());
            let imp_uid = ledger.issue_account(NOW, account).unwrap().imp_uid;
            let refusal =
                ledger.change_account(NOW, &AccountChange { imp_uid, amount: None, due_at: Some(NOW + 2 * DAY) });
            crate::gateways::rule_of(&refusal.unwrap_err().message).unwrap_or_default().to_owned()
        };
        assert_eq!(refused("nice_v2", 0), "nice_v2.vbank_change");
        assert_eq!(refused("tosspayments", 0), "tosspayments.vbank_change");
        assert_eq!(refused("settle", 1_000), "settle.vbank_change.tax_free.absent");
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
