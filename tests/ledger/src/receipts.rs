//! Cash receipts, as the gateways and the tax office have them: one of a payment is in force at a time
//! (`/receipts/{imp_uid}` of `src/schema/v1.openapi.yml`, af926bd2, 2026-08-06).

use serde::{Deserialize, Serialize};

use super::gateways::{Asked, Operation};
use super::{Ledger, Payment, Refusal, RefusalKind, Said};

/// Paid in cash: of nothing else is there a receipt.
const CASH: [&str; 2] = ["vbank", "trans"];
/// It takes whatever it is told (`pg/v1/newtoss/warning.mdx`).
const UNCHECKED: &str = "tosspayments";
/// An eleventh of what is taxed is tax, unless the shop says otherwise.
const TAX_SHARE: u64 = 11;

/// What becomes of a receipt whose payment is given back. KSNET's and the new Smartro's pages say that it stays; of the others
/// nobody says anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptOnRefund {
    /// It stays as it was.
    Stays,
    /// It is cancelled once all of the payment was given back.
    CancelledWithAll,
    /// It is cancelled with each refund, and nothing is issued for the rest.
    Cancelled,
    /// It is cancelled, and issued anew over what is left.
    Reduced,
}

/// What `cash_receipt_issued` of a payment says: the schema calls it "issued automatically" in one place, and "issued" in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptFlag {
    /// Whether the gateway has issued one by itself.
    Automatic,
    /// Whether one is in force, whoever had it issued.
    Any,
}

/// A cash receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The payment.
    pub imp_uid: String,
    /// The gateway's number.
    pub receipt_tid: String,
    /// The tax office's number.
    pub apply_num: String,
    /// `person` or `company`.
    pub kind: String,
    /// Whom it names.
    pub identifier: String,
    /// Won.
    pub amount: u64,
    /// Free of tax within it, won.
    pub tax_free: u64,
    /// Tax within it, won.
    pub vat: u64,
    /// UNIX seconds.
    pub applied_at: i64,
    /// UNIX seconds, 0 while it is in force.
    pub cancelled_at: i64,
    /// The gateway has issued it by itself.
    pub automatic: bool,
}

impl Receipt {
    /// Whether it is in force.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.cancelled_at == 0
    }
}

/// `POST /receipts/{imp_uid}`.
#[derive(Debug, Clone, Default)]
pub struct ReceiptOrder {
    /// The payment.
    pub imp_uid: String,
    /// Whom it names.
    pub identifier: String,
    /// `person` without it.
    pub kind: Option<String>,
    /// Free of tax, won.
    pub tax_free: Option<u64>,
    /// Tax, won.
    pub vat_amount: Option<u64>,
    /// What the request says beside this: `identifier_type`, `buyer_name`, `buyer_tel`, `product_type`, `corp_reg_no`, `company_*`.
    pub said: Said,
}

impl Ledger {
    /// Issues the receipt of a payment, over what is left of it.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` if it is not paid in cash, has one, or for what the gateway asks for; `Failed` for an identifier that is
    /// none; `Unsupported` where the gateway issues none.
    pub fn issue_receipt(&mut self, now: i64, order: &ReceiptOrder) -> Result<Receipt, Refusal> {
        let payment = self.payment(&order.imp_uid, true)?.clone();
        self.takes_receipts(&payment, Operation::Receipt)?;
        let left = receiptable(&payment)?;
        if self.receipts.iter().any(|receipt| receipt.imp_uid == order.imp_uid && receipt.stands()) {
            return Err(Refusal::invalid("이미 현금영수증이 발급된 거래입니다"));
        }
        let method = Some(payment.recorded_method());
        let asked = Asked {
            method,
            amount: left,
            said: Some(&order.said),
            ..Asked::of(&payment.channel.pg_provider, Operation::Receipt, now)
        };
        self.knobs.check(&asked).map_err(|refusal| Refusal { kind: RefusalKind::Invalid, ..refusal })?;
        let digits = order.identifier.chars().filter(char::is_ascii_digit).count();
        let is_number = digits == order.identifier.len() && (10..=19).contains(&digits);
        if !is_number && payment.channel.pg_provider != UNCHECKED {
            return Err(Refusal {
                kind: RefusalKind::Failed, message: "식별정보가 올바르지 않습니다".into()
            });
        }
        let tax_free = order.tax_free.unwrap_or(0);
        let taxed = left.checked_sub(tax_free).filter(|taxed| order.vat_amount.is_none_or(|vat| vat <= *taxed));
        let Some(taxed) = taxed else {
            let message = "과세/면세 금액 오류 (tax parts): 발급 금액보다 큽니다".into();
            return Err(Refusal { kind: RefusalKind::Failed, message });
        };
        let receipt = Receipt {
            imp_uid: order.imp_uid.clone(),
            receipt_tid: self.ids.digits12("rcpt_"),
            apply_num: self.ids.digits12("G"),
            kind: order.kind.clone().unwrap_or_else(|| "person".to_owned()),
            identifier: order.identifier.clone(),
            amount: left,
            tax_free,
            vat: order.vat_amount.unwrap_or(taxed / TAX_SHARE),
            applied_at: now,
            cancelled_at: 0,
            automatic: false,
        };
        self.receipts.push(receipt.clone());
        self.mark(&receipt.imp_uid);
        Ok(receipt)
    }

    /// Cancels the receipt of a payment.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` if it has none in force; `Unsupported` where the gateway cancels none.
    pub fn revoke_receipt(&mut self, now: i64, imp_uid: &str) -> Result<Receipt, Refusal> {
        let payment = self.payment(imp_uid, true)?.clone();
        self.takes_receipts(&payment, Operation::ReceiptCancel)?;
        let receipt = self.receipts.iter_mut().rfind(|receipt| receipt.imp_uid == imp_uid && receipt.stands());
        let receipt = receipt.ok_or_else(|| Refusal::invalid("발급된 현금영수증이 없습니다"))?;
        receipt.cancelled_at = now;
        let receipt = receipt.clone();
        self.mark(imp_uid);
        Ok(receipt)
    }

    /// The latest receipt of a payment, in force or not.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn receipt(&self, imp_uid: &str) -> Result<&Receipt, Refusal> {
        let receipt = self.receipts.iter().rfind(|receipt| receipt.imp_uid == imp_uid);
        receipt.ok_or_else(|| Refusal::not_found("해당 거래로 현금영수증을 발급한 내역이 존재하지 않습니다"))
    }

    /// Every receipt there ever was, oldest first.
    #[must_use]
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// The gateway issues one by itself: its customer has named a number in the window.
    ///
    /// # Errors
    /// As [`Ledger::issue_receipt`].
    pub fn receipt_by_itself(&mut self, now: i64, imp_uid: &str) -> Result<Receipt, Refusal> {
        let left = receiptable(self.payment(imp_uid, true)?)?;
        if self.receipts.iter().any(|receipt| receipt.imp_uid == imp_uid && receipt.stands()) {
            return Err(Refusal::invalid("이미 현금영수증이 발급된 거래입니다"));
        }
        let receipt = Receipt {
            imp_uid: imp_uid.to_owned(),
            receipt_tid: self.ids.digits12("rcpt_"),
            apply_num: self.ids.digits12("G"),
            kind: "person".to_owned(),
            identifier: "01099998888".to_owned(),
            amount: left,
            tax_free: 0,
            vat: left / TAX_SHARE,
            applied_at: now,
            cancelled_at: 0,
            automatic: true,
        };
        self.receipts.push(receipt.clone());
        self.mark(&receipt.imp_uid);
        Ok(receipt)
    }

    /// Writes down what `cash_receipt_issued` of a payment says.
    fn mark(&mut self, imp_uid: &str) {
        let any = self.knobs.receipt_flag == ReceiptFlag::Any;
        let mut of_payment = self.receipts.iter().filter(|receipt| receipt.imp_uid == imp_uid && receipt.stands());
        let shown = of_payment.any(|receipt| receipt.automatic || any);
        if let Some(payment) = self.by_imp_uid.get(imp_uid).and_then(|place| self.payments.get_mut(*place)) {
            payment.cash_receipt_issued = shown;
        }
    }

    /// A payment was given back, in whole or in part.
    pub(super) fn receipt_follows(&mut self, now: i64, imp_uid: &str, left: u64) {
        let habit = self.knobs.receipt_on_refund;
        let Some(receipt) = self.receipts.iter_mut().rfind(|it| it.imp_uid == imp_uid && it.stands()) else { return };
        match habit {
            ReceiptOnRefund::Stays => {}
            ReceiptOnRefund::CancelledWithAll if left > 0 => {}
            ReceiptOnRefund::CancelledWithAll | ReceiptOnRefund::Cancelled => receipt.cancelled_at = now,
            ReceiptOnRefund::Reduced => {
                receipt.cancelled_at = now;
                if left > 0 {
                    let tax_free = receipt.tax_free.min(left);
                    let vat = (left - tax_free) / TAX_SHARE;
                    let rest =
                        Receipt { amount: left, tax_free, vat, applied_at: now, cancelled_at: 0, ..receipt.clone() };
                    self.receipts.push(rest);
                }
            }
        }
        self.mark(imp_uid);
    }

    fn takes_receipts(&self, payment: &Payment, operation: Operation) -> Result<(), Refusal> {
        let takes = self.knobs.check_support(&payment.channel.pg_provider, operation);
        takes.map_err(|refusal| Refusal { kind: RefusalKind::Unsupported, ..refusal })
    }
}

/// What is left of a payment that was made in cash.
fn receiptable(payment: &Payment) -> Result<u64, Refusal> {
    if !CASH.contains(&payment.recorded_method()) || payment.currency != "KRW" {
        return Err(Refusal::invalid("현금성 거래가 아닙니다"));
    }
    let left = payment.cancellable();
    if left == 0 { Err(Refusal::invalid("결제완료 상태가 아닙니다")) } else { Ok(left) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CancelOrder, Knobs, Order, WindowOrder};

    const NOW: i64 = 1_795_478_400;

    fn paid(books: &mut Ledger, method: &str) -> String {
        let row = books.pay_in_window(NOW, WindowOrder::by(Order::krw("order1", 11_000, "이용권"), method)).unwrap();
        let row = row.payment.unwrap();
        if method == "vbank" {
            books.settle(NOW, &row.imp_uid).unwrap();
        }
        row.imp_uid
    }

    fn order(imp_uid: &str) -> ReceiptOrder {
        ReceiptOrder { imp_uid: imp_uid.to_owned(), identifier: "01042424242".to_owned(), ..ReceiptOrder::default() }
    }

    fn refund(books: &mut Ledger, imp_uid: &str, amount: u64) {
        let amount = Some(amount);
        books
            .console_cancel(NOW, CancelOrder { imp_uid: Some(imp_uid.to_owned()), amount, ..CancelOrder::default() })
            .unwrap();
    }

    #[test]
    fn one_receipt_is_in_force_at_a_time_over_what_is_left() {
        let mut books = Ledger::new(1);
        let uid = paid(&mut books, "vbank");
        let first = books.issue_receipt(NOW, &order(&uid)).unwrap();
        assert_eq!((first.amount, first.vat), (11_000, 1_000));
        assert_eq!(books.issue_receipt(NOW, &order(&uid)).unwrap_err().kind, RefusalKind::Invalid);
        assert!(!books.revoke_receipt(NOW + 1, &uid).unwrap().stands());
        assert_eq!(books.revoke_receipt(NOW + 1, &uid).unwrap_err().kind, RefusalKind::Invalid);
        refund(&mut books, &uid, 4_400);
        assert_eq!(books.issue_receipt(NOW + 2, &order(&uid)).unwrap().amount, 6_600);
        refund(&mut books, &uid, 6_600);
        assert!(books.receipt(&uid).unwrap().stands(), "it stays, by default");
        assert_eq!(books.receipts().len(), 2);
    }

    #[test]
    fn there_is_none_of_a_card_of_what_is_not_paid_or_of_nobody() {
        let mut books = Ledger::new(1);
        let row = books.pay_in_window(NOW, WindowOrder::by(Order::krw("order2", 11_000, "이용권"), "vbank")).unwrap();
        let waits = row.payment.unwrap().imp_uid;
        assert_eq!(books.issue_receipt(NOW, &order(&waits)).unwrap_err().kind, RefusalKind::Invalid);
        assert_eq!(books.issue_receipt(NOW, &order("imp_1")).unwrap_err().kind, RefusalKind::NotFound);
        let uid = paid(&mut books, "trans");
        let nobody = ReceiptOrder { identifier: "kim".to_owned(), ..order(&uid) };
        assert_eq!(books.issue_receipt(NOW, &nobody).unwrap_err().kind, RefusalKind::Failed);
        assert_eq!(books.receipt(&uid).unwrap_err().kind, RefusalKind::NotFound);
    }

    #[test]
    fn what_becomes_of_it_with_a_refund_is_a_knob() {
        for (habit, after_part, after_all) in [
            (ReceiptOnRefund::Stays, Some(11_000), Some(11_000)),
            (ReceiptOnRefund::CancelledWithAll, Some(11_000), None),
            (ReceiptOnRefund::Cancelled, None, None),
            (ReceiptOnRefund::Reduced, Some(6_600), None),
        ] {
            let mut books = Ledger::new(1);
            books.set_knobs(Knobs { receipt_on_refund: habit, ..Knobs::default() });
            let uid = paid(&mut books, "trans");
            books.issue_receipt(NOW, &order(&uid)).unwrap();
            let in_force = |books: &Ledger| books.receipts().iter().find(|it| it.stands()).map(|it| it.amount);
            refund(&mut books, &uid, 4_400);
            assert_eq!(in_force(&books), after_part, "{habit:?}");
            refund(&mut books, &uid, 6_600);
            assert_eq!(in_force(&books), after_all, "{habit:?}");
        }
    }

    #[test]
    fn a_gateway_without_receipts_says_so_and_what_one_asks_for_has_to_be_there() {
        for (pg, kind) in
            [("kakaopay", Some(RefusalKind::Unsupported)), ("ksnet", Some(RefusalKind::Invalid)), ("kcp", None)]
        {
            let mut books = Ledger::new(1);
            let rules = Knobs { gateway_rules: false, default_pg: pg.to_owned(), ..Knobs::default() };
            books.set_knobs(rules);
            let window = WindowOrder {
                channel: crate::Channel { pg_provider: pg.to_owned(), pg_id: "mid".to_owned() },
                ..WindowOrder::by(Order::krw("order1", 11_000, "이용권"), "trans")
            };
            let uid = books.pay_in_window(NOW, window).unwrap().payment.unwrap().imp_uid;
            books.set_knobs(Knobs::default());
            assert_eq!(books.issue_receipt(NOW, &order(&uid)).err().map(|refusal| refusal.kind), kind, "{pg}");
        }
    }
}
