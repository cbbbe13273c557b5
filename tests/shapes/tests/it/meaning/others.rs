//! Receipts, people, codes, channels.

use iamport::{Error, Gender, PgSettingType, Receipt, ReceiptType, Sensitive};

use super::{Check, won};
use crate::ask::Told;

#[track_caller]
fn receipt(told: Result<Told, Error>) -> Receipt {
    match told {
        Ok(Told::Receipt(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

pub(super) const ALL: &[(&str, Check)] = &[
    ("token_issued", |_, told| assert!(matches!(told, Ok(Told::Token)), "{told:?}")),
    ("receipt_found", |_, told| {
        let receipt = receipt(told);
        assert_eq!(
            (receipt.amount, receipt.vat, receipt.kind),
            (won(11_000), Some(won(1000)), Some(ReceiptType::Person))
        );
        assert_eq!((receipt.applied_at, receipt.cancelled_at), (Some(1_790_000_100), None), "0 is never");
        assert_eq!(receipt.apply_num.as_deref(), Some("G00000080"));
    }),
    ("receipt_issued", |_, told| {
        let receipt = receipt(told);
        assert_eq!((receipt.kind, receipt.receipt_tid, receipt.receipt_url), (Some(ReceiptType::Company), None, None));
    }),
    ("receipt_revoked", |_, told| assert_eq!(receipt(told).cancelled_at, Some(1_790_000_200))),
    ("receipt_of_cash_taken_elsewhere", |_, told| {
        let Ok(Told::ExternalReceipt(receipt)) = told else { panic!("{told:?}") };
        assert_eq!(
            (receipt.merchant_uid.as_str(), receipt.amount, receipt.cancelled_at),
            ("order-1086", won(11_000), None)
        );
    }),
    ("certification_inicis", |_, told| {
        let Ok(Told::Certification(person)) = told else { panic!("{told:?}") };
        assert_eq!((person.certified, person.certified_at), (Some(true), Some(1_790_000_000)));
        assert_eq!((person.gender, person.foreigner, person.unique_in_site), (None, Some(false), None));
        assert_eq!(
            (person.birthday, person.phone),
            (Some(Sensitive::from("1990-01-01")), Some(Sensitive::from("01000000000")))
        );
        assert_eq!(person.unique_key, Some(Sensitive::from("EXAMPLECI==")));
    }),
    ("certification_danal", |_, told| {
        let Ok(Told::Certification(person)) = told else { panic!("{told:?}") };
        assert_eq!((person.phone, person.carrier, person.gender), (None, None, Some(Gender::Female)));
        assert_eq!(
            (person.unique_in_site, person.pg_provider.as_deref()),
            (Some(Sensitive::from("EXAMPLEDI=")), Some("danal"))
        );
    }),
    ("bank_codes", |_, told| {
        let Ok(Told::Codes(codes)) = told else { panic!("{told:?}") };
        let codes: Vec<_> = codes.iter().map(|one| (one.code.as_str(), one.name.as_deref())).collect();
        assert_eq!(codes, [("004", Some("KB국민은행")), ("088", Some("신한은행"))]);
    }),
    ("card_code", |_, told| {
        let Ok(Told::Code(code)) = told else { panic!("{told:?}") };
        assert_eq!((code.code.as_str(), code.name.as_deref()), ("366", Some("신한카드")));
    }),
    ("channels", |_, told| {
        let Ok(Told::Channels(channels)) = told else { panic!("{told:?}") };
        assert_eq!(
            (channels.len(), channels[0].pg_provider.as_str(), channels[0].sandbox),
            (2, "nice_v2", Some(false))
        );
        assert_eq!(channels[0].kind, Some(PgSettingType::Payment));
        assert!(channels[0].channel_key.is_some() && channels[1].channel_key.is_none());
        assert_eq!((channels[1].sandbox, channels[1].channel_name.as_deref()), (Some(true), None));
    }),
    ("tier", |_, told| {
        let Ok(Told::Tier(tier)) = told else { panic!("{told:?}") };
        assert_eq!((tier.tier_code.as_str(), tier.tier_name.as_deref()), ("T01", Some("예시 하위 상점")));
    }),
    ("amount_registered", |_, told| {
        let Ok(Told::Prepared(told)) = told else { panic!("{told:?}") };
        assert_eq!(
            (told.merchant_uid.as_str(), told.amount, told.currency.as_deref()),
            ("order-1100", won(64_900), Some("KRW"))
        );
    }),
    ("balance", |_, told| {
        let Ok(Told::Balance(balance)) = told else { panic!("{told:?}") };
        let (primary, secondary) = (balance.primary.unwrap(), balance.secondary.unwrap());
        assert_eq!((balance.amount, primary.supply, primary.vat), (won(11_000), won(9000), won(900)));
        assert_eq!((secondary.supply, balance.discount.unwrap().service), (won(1000), won(0)));
        assert_eq!(balance.histories[0].created, Some(1_790_000_040));
    }),
    ("escrow_delivery", |_, told| {
        let Ok(Told::Escrow(told)) = told else { panic!("{told:?}") };
        assert_eq!((told.company.as_deref(), told.invoice.as_str()), (Some("CJ"), "000000000001"));
        assert_eq!((told.sent_at, told.applied_at), (Some(1_790_010_000), Some(1_790_010_100)));
    }),
];
