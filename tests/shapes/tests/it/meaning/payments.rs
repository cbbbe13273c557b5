//! Payments.

use iamport::{Anomaly, CardType, Channel, CustomerUidUsage, PaymentStatus, Sensitive};

use super::{Check, payment, sound, state, won};
use crate::ask::Told;

const PAID: i64 = 1_790_000_040;

fn text(text: &str) -> Option<Sensitive> {
    Some(Sensitive::from(text))
}

pub(super) const ALL: &[(&str, Check)] = &[
    ("payment_card_paid", |_, told| {
        let paid = sound(told);
        assert_eq!(state(&paid), (PaymentStatus::Paid, Some(PAID), None, None));
        assert_eq!((paid.amount, paid.cancel_amount, paid.currency.as_str()), (won(1200), won(0), "KRW"));
        assert_eq!((paid.sandbox, paid.escrow, paid.channel), (None, Some(false), Some(Channel::Pc)));
        assert_eq!(
            (paid.card_code.as_deref(), paid.card_type, paid.card_quota),
            (Some("366"), Some(CardType::Check), Some(0))
        );
        assert_eq!(paid.card_number.unwrap().as_str(), "400000*********2");
        assert_eq!((paid.card_issuer_code, paid.vbank_date, paid.customer_uid_usage), (None, None, None));
        assert_eq!(paid.buyer_name, text("예시 구매자"));
    }),
    ("payment_card_paid_2026", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.sandbox, paid.card_type, paid.card_quota), (Some(false), Some(CardType::Credit), Some(3)));
        assert_eq!(paid.card_issuer_code.as_deref(), Some("381"));
        assert_eq!(paid.card_publisher_name.as_deref(), Some("BC카드"));
        assert_eq!((paid.custom_data, paid.promotion, paid.deposit_history), (text(r#"{"cart":[1,2]}"#), None, vec![]));
    }),
    ("payment_easy_pay_paid", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.apply_num, paid.buyer_addr, paid.buyer_email), (None, None, None), "empty is nothing");
        assert_eq!((paid.pay_method.as_deref(), paid.pg_provider.as_deref()), (Some("point"), Some("kakaopay")));
        assert_eq!((paid.card_number, paid.card_type, paid.amount), (None, None, won(9000)));
    }),
    ("payment_easy_pay_inside_a_gateway", |_, told| {
        let paid = sound(told);
        assert_eq!(
            (paid.pg_provider.as_deref(), paid.emb_pg_provider.as_deref()),
            (Some("html5_inicis"), Some("kakaopay"))
        );
        assert_eq!(paid.card_number.unwrap().as_str(), "*********");
    }),
    ("payment_vbank_ready", |_, told| {
        let ready = sound(told);
        assert_eq!(state(&ready), (PaymentStatus::Ready, None, None, None));
        assert_eq!((ready.vbank_num, ready.vbank_code.as_deref()), (text("X0000000000001"), Some("088")));
        assert_eq!((ready.vbank_date, ready.vbank_issued_at), (Some(1_790_259_200), Some(1_790_000_019)));
        assert!(ready.receipt_url.is_some(), "which does not mean that it is paid");
        assert_eq!((ready.channel, ready.vbank_holder), (Some(Channel::Mobile), text("예시상점")));
    }),
    ("payment_vbank_ready_without_deadline", |_, told| {
        let ready = sound(told);
        assert_eq!((ready.vbank_date, ready.vbank_issued_at), (None, Some(1_790_000_035)), "0 is no deadline");
        assert_eq!((ready.status, ready.vbank_name.as_deref()), (PaymentStatus::Ready, Some("국민")));
    }),
    ("payment_vbank_paid", |_, told| {
        let paid = sound(told);
        assert_eq!(state(&paid), (PaymentStatus::Paid, Some(1_790_080_000), None, None));
        assert_eq!((paid.cash_receipt_issued, paid.vbank_num), (Some(true), text("00000000000003")));
    }),
    ("payment_fixed_vbank_paid", |_, told| {
        let paid = sound(told);
        let deposits: Vec<_> = paid.deposit_history.iter().map(|one| (one.amount, one.deposited_at)).collect();
        assert_eq!(deposits, [(won(10_000), Some(1_790_040_000)), (won(20_000), Some(1_790_080_000))]);
        assert_eq!(paid.deposit_history[0].depositor_name, text("예시 구매자"));
        assert_eq!(paid.deposit_history[1].pg_tid.as_deref(), Some("D-EXAMPLE-2"));
    }),
    ("payment_transfer_paid", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.pay_method.as_deref(), paid.emb_pg_provider.as_deref()), (Some("trans"), Some("ssgpay")));
        assert_eq!((paid.bank_code.as_deref(), paid.bank_name.as_deref()), (Some("004"), Some("KB국민은행")));
        assert_eq!((paid.cash_receipt_issued, paid.vbank_num), (Some(false), None));
    }),
    ("payment_voucher_paid", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.pg_provider, paid.apply_num, paid.amount), (None, None, won(5000)));
        assert_eq!((paid.status, paid.pay_method.as_deref()), (PaymentStatus::Paid, Some("cultureland")));
    }),
    ("payment_failed", |_, told| {
        let failed = sound(told);
        assert_eq!(state(&failed), (PaymentStatus::Failed, None, Some(1_790_000_031), None));
        assert_eq!(failed.fail_reason.as_deref(), Some("[예시] 한도초과 (8037)"));
        assert_eq!((failed.pg_tid, failed.receipt_url, failed.cancel_amount), (None, None, won(0)));
    }),
    ("payment_window_open", |_, told| {
        let open = sound(told);
        assert_eq!(state(&open), (PaymentStatus::Ready, None, None, None));
        assert_eq!((open.receipt_url, open.buyer_name, open.buyer_tel, open.pg_tid), (None, None, None, None));
    }),
    ("payment_partly_cancelled", |_, told| {
        let paid = sound(told);
        assert_eq!(state(&paid), (PaymentStatus::Paid, Some(PAID), None, Some(1_790_100_000)));
        assert_eq!((paid.amount, paid.cancel_amount), (won(10_000), won(3500)));
        let parts: Vec<_> = paid.cancel_history.iter().map(|one| (one.amount, one.cancelled_at)).collect();
        assert_eq!(parts, [(won(1000), Some(1_790_090_000)), (won(2500), Some(1_790_100_000))]);
        assert_eq!(paid.cancel_history[1].cancellation_id.as_deref(), Some("EXAMPLECANCEL2"));
        assert_eq!(paid.cancel_history[1].pg_tid.as_deref(), Some("C-EXAMPLE-2"));
        assert_eq!(paid.cancel_receipt_urls.len(), 2);
    }),
    ("payment_cancelled_2022", |_, told| {
        let cancelled = sound(told);
        assert_eq!(state(&cancelled), (PaymentStatus::Cancelled, Some(PAID), None, Some(1_790_100_000)));
        assert_eq!((cancelled.cancel_amount, cancelled.cancel_reason.as_deref()), (won(5900), Some("예시 사유")));
        assert_eq!(cancelled.cancel_history[0].cancellation_id, None);
        assert_eq!(cancelled.cancel_history[0].reason.as_deref(), Some("예시 사유"));
    }),
    ("payment_scheduled", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.imp_uid.as_str(), paid.customer_uid.as_deref()), ("imps_100000000011", Some("key-1001")));
        assert_eq!((paid.customer_uid_usage, paid.channel), (Some(CustomerUidUsage::Scheduled), Some(Channel::Api)));
        assert_eq!(paid.paid_at, Some(1_790_000_015));
    }),
    ("payment_issue", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.customer_uid_usage, paid.channel), (Some(CustomerUidUsage::Issue), Some(Channel::Mobile)));
        assert_eq!((paid.amount, paid.customer_uid.as_deref()), (won(5900), Some("key-1002")));
    }),
    ("payment_escrow", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.escrow, paid.status, paid.amount), (Some(true), PaymentStatus::Paid, won(45_000)));
    }),
    ("payment_foreign_currency", |_, told| {
        let paid = sound(told);
        assert_eq!(
            (paid.currency.as_str(), paid.amount.to_minor(2), paid.cancel_amount.to_minor(2)),
            ("USD", Some(1999), Some(450))
        );
        assert_eq!(paid.amount.to_minor(0), None, "no whole number of dollars");
        assert_eq!(paid.cancel_history[0].amount.to_minor(2), Some(450));
    }),
    ("payment_promotion", |_, told| {
        let promotion = sound(told).promotion.unwrap();
        assert_eq!(promotion.discount, Some(won(1000)));
        assert_eq!(promotion.id.as_deref(), Some("promotion-id-00000000-0000-0000-0000-000000000000"));
    }),
    ("payments_by_number_partly", |_, told| {
        let Ok(Told::FoundPayments(found)) = told else { panic!("{told:?}") };
        assert!(found.partial, "one of the two is missing");
        assert_eq!(found.found.len(), 1);
        assert_eq!(found.found[0].imp_uid, "imp_100000000013");
    }),
    ("payments_by_status", |_, told| {
        let Ok(Told::Payments(page)) = told else { panic!("{told:?}") };
        assert_eq!((page.total, page.previous, page.next), (Some(22), Some(1), None), "0 is no page");
        let states: Vec<_> = page.list.iter().map(|one| (one.merchant_uid.as_str(), one.status.clone())).collect();
        assert_eq!(states, [("order-1015", PaymentStatus::Paid), ("order-1016", PaymentStatus::Cancelled)]);
    }),
    ("payments_by_status_past_the_end", |_, told| {
        let Ok(Told::Payments(page)) = told else { panic!("{told:?}") };
        assert_eq!((page.list, page.next), (vec![], None), "the end, and no failure");
    }),
    ("payments_of_an_order", |_, told| {
        let Ok(Told::Payments(page)) = told else { panic!("{told:?}") };
        assert_eq!((page.total, page.previous, page.next), (Some(2), None, None));
        let states: Vec<_> = page.list.iter().map(|one| one.status.clone()).collect();
        assert_eq!(states, [PaymentStatus::Paid, PaymentStatus::Failed]);
        assert_eq!(page.list[1].fail_reason.as_deref(), Some("[예시] 잔액부족"));
    }),
    ("again_paid", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.imp_uid.as_str(), paid.amount, paid.paid_at), ("imps_100000000020", won(8900), Some(PAID)));
        assert_eq!((paid.customer_uid, paid.pg_id, paid.card_number, paid.started_at), (None, None, None, None));
        assert_eq!(paid.card_name.as_deref(), Some("하나(구외환)"));
    }),
    ("again_paid_2026", |_, told| {
        let paid = payment(told);
        assert_eq!(paid.anomalies(), [Anomaly::CardNumberExposed], "twelve digits are two too many");
        assert_eq!(paid.card_number.unwrap().as_str(), "527200******0003");
        assert_eq!((paid.customer_uid_usage, paid.status), (Some(CustomerUidUsage::Payment), PaymentStatus::Paid));
    }),
    ("again_declined", |_, told| {
        let failed = payment(told);
        assert_eq!(state(&failed), (PaymentStatus::Failed, None, Some(1_790_000_002), None));
        assert_eq!(failed.fail_reason.as_deref(), Some("[예시] 한도초과"));
    }),
    ("onetime_paid", |_, told| {
        let paid = payment(told);
        assert_eq!((paid.imp_uid.as_str(), paid.amount, paid.customer_uid), ("imps_100000000024", won(1000), None));
        assert_eq!((paid.paid_at, paid.started_at), (Some(1_790_000_000), Some(1_790_000_000)));
        assert_eq!(paid.card_number.unwrap().as_str(), "954000******0009");
    }),
    ("schedule_retried", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.status, paid.merchant_uid.as_str()), (PaymentStatus::Paid, "order-1048"));
    }),
    ("cancel_done", |_, told| {
        let cancelled = sound(told);
        assert_eq!((cancelled.status, cancelled.cancel_amount), (PaymentStatus::Cancelled, won(5900)));
        assert_eq!(cancelled.cancel_history[0].cancelled_at, Some(1_790_100_000));
    }),
    ("cancel_of_a_part_done", |_, told| {
        let paid = sound(told);
        assert_eq!((paid.status, paid.cancel_amount, paid.amount), (PaymentStatus::Paid, won(1000), won(10_000)));
        assert_eq!(paid.cancel_history[0].cancellation_id.as_deref(), Some("EXAMPLECANCEL61"));
    }),
    ("vbank_issued", |_, told| {
        let ready = sound(told);
        assert_eq!(
            (ready.status, ready.channel, ready.vbank_date),
            (PaymentStatus::Ready, Some(Channel::Api), Some(1_792_000_000))
        );
        assert_eq!((ready.vbank_num, ready.amount), (text("00000000000070"), won(30_000)));
    }),
    ("vbank_changed", |_, told| {
        let ready = sound(told);
        assert_eq!((ready.status, ready.vbank_date), (PaymentStatus::Ready, Some(1_793_000_000)));
    }),
    ("vbank_closed", |_, told| {
        assert_eq!(sound(told).imp_uid, "imp_100000000073");
    }),
];
