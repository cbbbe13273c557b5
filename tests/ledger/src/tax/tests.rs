use super::super::cards;
use super::super::{CancelOrder, Channel, Instrument, Knobs, Ledger, Order, PaymentStatus};
use super::*;

const NOW: i64 = 1_800_000_000;
const PARTS: TaxParts = TaxParts { free: 2_900, vat: Some(545) };

/// Books at that gateway with a payment of 8,900 won in these parts.
fn paid(pg: &str, tax: TaxParts) -> Ledger {
    let mut ledger = Ledger::new(7);
    // Not every gateway takes cards this way.
    ledger.set_knobs(Knobs { gateway_rules: false, ..Knobs::default() });
    let channel = Channel { pg_provider: pg.to_owned(), ..Channel::default() };
    let card = cards::read("4242424242424242", "2099-12", NOW).unwrap();
    let order = Order { tax, ..Order::krw("a", 8_900, "월간 이용권") };
    let admission = ledger.admit(NOW, order, Instrument::Card { card, channel, save_as: None }).unwrap();
    ledger.commit(NOW, admission).unwrap();
    ledger.set_knobs(Knobs::default());
    ledger
}

fn refund(amount: u64, tax_free: Option<u64>, vat_amount: Option<u64>) -> CancelOrder {
    let merchant_uid = Some("a".to_owned());
    CancelOrder { merchant_uid, amount: Some(amount), tax_free, vat_amount, ..CancelOrder::default() }
}

/// The parts that were taken, or whether the refusal is about them.
fn taken(ledger: &mut Ledger, order: &CancelOrder) -> Result<TaxParts, bool> {
    let cancelled = ledger.cancel(NOW, order).map_err(|refusal| is_about_tax(&refusal.message))?;
    Ok(cancelled.cancel_history.last().unwrap().tax)
}

#[test]
fn an_order_of_parts_that_are_more_than_itself_is_refused() {
    for (free, vat, fits) in [
        (8_900, None, true),
        (8_901, None, false),
        (8_900, Some(1), false),
        (900, Some(8_000), true),
        (900, Some(8_001), false),
    ] {
        let order = Order { tax: TaxParts { free, vat }, ..Order::krw("a", 8_900, "n") };
        assert_eq!(check(&order).is_ok(), fits, "{free} {vat:?}");
    }
}

#[test]
fn where_a_missing_part_is_not_zero_it_has_to_be_named() {
    for (pg, without_free, without_vat) in [
        ("kcp", false, true),
        ("payco", false, true),
        ("nice", false, false),
        ("nice_v2", true, false),
        ("html5_inicis", true, false),
        ("welcome", false, false),
        ("tosspay_v2", true, true),
    ] {
        let all = |free, vat| taken(&mut paid(pg, PARTS), &refund(8_900, free, vat));
        assert_eq!(all(Some(2_900), Some(545)), Ok(PARTS), "{pg}");
        assert_eq!(all(None, Some(545)).is_ok(), without_free, "{pg}");
        assert_eq!(all(Some(2_900), None).is_ok(), without_vat, "{pg}");
        // Nothing has to be said of a part that there is none of.
        let plain = TaxParts::default();
        assert_eq!(taken(&mut paid(pg, plain), &refund(8_900, None, None)), Ok(plain), "{pg}");
    }
}

#[test]
fn no_more_goes_back_of_a_part_than_is_left_of_it() {
    let mut ledger = paid("tosspay_v2", PARTS);
    assert_eq!(
        taken(&mut ledger, &refund(6_001, None, None)),
        Err(true),
        "a missing part is zero, and so much is not taxed"
    );
    assert_eq!(taken(&mut ledger, &refund(2_901, Some(2_901), None)), Err(true));
    assert_eq!(taken(&mut ledger, &refund(900, Some(0), Some(901))), Err(true));
    assert_eq!(taken(&mut ledger, &refund(6_000, Some(0), Some(544))), Err(true), "tax would be left of nothing");
    assert_eq!(
        taken(&mut ledger, &refund(3_000, Some(1_900), Some(100))),
        Ok(TaxParts { free: 1_900, vat: Some(100) })
    );
    assert_eq!(ledger.payments()[0].parts_left(), (1_000, 4_900, 445));
    assert_eq!(taken(&mut ledger, &refund(1_001, Some(1_001), None)), Err(true));
    let rest = taken(&mut ledger, &refund(5_900, None, None));
    assert_eq!(rest, Ok(TaxParts { free: 1_000, vat: Some(445) }), "all of it is of all that is left");
    assert_eq!((ledger.payments()[0].parts_left(), ledger.payments()[0].status), ((0, 0, 0), PaymentStatus::Cancelled));
    assert_eq!(taken(&mut ledger, &refund(1, None, None)), Err(false), "nothing left is another refusal");
}

#[test]
fn a_person_in_the_console_gives_back_what_is_taxed_first() {
    let mut ledger = paid("nice", PARTS);
    let imp_uid = Some(ledger.payments()[0].imp_uid.clone());
    let by_hand = |amount| CancelOrder { imp_uid: imp_uid.clone(), amount: Some(amount), ..CancelOrder::default() };
    ledger.console_cancel(NOW, by_hand(7_000)).unwrap();
    assert_eq!(ledger.payments()[0].parts_left(), (1_900, 0, 0));
    ledger.console_cancel(NOW, by_hand(1_900)).unwrap();
    assert_eq!(ledger.payments()[0].cancellable(), 0);
}

#[test]
fn a_partial_refund_that_forgot_the_tax_spoils_the_next_at_tosspay() {
    for (spoils, second) in [(true, Err(true)), (false, Ok(()))] {
        let mut ledger = paid("tosspay_v2", PARTS);
        ledger.set_knobs(Knobs { tosspay_v2_later_partial: spoils, ..Knobs::default() });
        taken(&mut ledger, &refund(1_000, Some(0), None)).unwrap();
        assert_eq!(taken(&mut ledger, &refund(1_000, Some(0), Some(90))).map(drop), second);
        let rest = ledger.payments()[0].cancellable();
        assert!(taken(&mut ledger, &refund(rest, None, None)).is_ok(), "the rest");
    }
    let mut ledger = paid("tosspay_v2", PARTS);
    for _ in 0..2 {
        taken(&mut ledger, &refund(1_000, Some(0), Some(90))).unwrap();
    }
}

#[test]
fn what_a_gateway_asks_for_is_asked_for_by_its_switch() {
    let mut ledger = paid("kcp", PARTS);
    let refusal = ledger.cancel(NOW, &refund(8_900, None, None)).unwrap_err();
    assert!(refusal.message.ends_with("[kcp.cancel.tax_free]"), "{refusal}");
    ledger.set_knobs(Knobs { gateway_rules: false, ..Knobs::default() });
    assert!(ledger.cancel(NOW, &refund(8_900, None, None)).is_ok());
}
