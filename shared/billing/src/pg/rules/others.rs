//! KICC, Kiwoom Pay (`daou`), and what the documentation lists no more.

use super::super::rule::Demand::{Along, Impossible, Issue, Methods, Only, Parts, Required, TaxPart, Won};
use super::super::rule::Field::{BuyerEmail, BuyerName, BuyerTel, Digital, Escrow, KiccProducts, Name, TaxFree};
use super::super::rule::IssueAmount::{Charged, ShownOnly};
use super::super::rule::Letters::EucKr;
use super::super::rule::Operation::{KeyWindow, Refund, Window};
use super::super::rule::{Rule, SCHEMA, Source, rule, source, unsure};

const KICC: Source = source("opi/ko/integration/pg/v1/kicc.mdx", "2026-04-27");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");
const DAOU: Source = source("opi/ko/integration/pg/v1/daou/readme.mdx", "2026-04-27");
const DAOU_CAUTION: Source = source("opi/ko/integration/pg/v1/daou/undefined.mdx", "2025-08-14");
const CODES: Source = source("opi/ko/support/code-info/pg.mdx", "2026-04-03");
const BLUE: Source = source("opi/ko/integration/pg/v1/blue.mdx", "2026-04-27");
/// As it was before it was deleted.
const JTNET: Source = source("src/content/docs/ko/pg/payment-gateway/jtnet.mdx", "2024-04-18");

const METHODS: &[&str] = &["card", "trans", "vbank", "phone"];
const BY_DAOU: &[&str] = &[
    "card",
    "trans",
    "vbank",
    "kakaopay",
    "naverpay",
    "payco",
    "samsung",
    "applepay",
    "cultureland",
    "smartculture",
    "booknlife",
    "phone",
];
const BY_BANK: &[&str] = &["trans", "vbank"];
const VOUCHERS: &[&str] = &["booknlife", "smartculture"];

pub(super) const RULES: &[Rule] = &[
    rule("kicc.window.methods", "kicc", Window, &[], Methods(METHODS), KICC),
    rule("kicc.window.buyer_tel.required", "kicc", Window, &[], Required(BuyerTel), KICC),
    rule("kicc.window.escrow.buyer_name", "kicc", Window, BY_BANK, Along(Escrow, BuyerName), KICC),
    rule("kicc.window.escrow.buyer_email", "kicc", Window, BY_BANK, Along(Escrow, BuyerEmail), KICC),
    rule("kicc.window.escrow.products", "kicc", Window, BY_BANK, Along(Escrow, KiccProducts), KICC),
    unsure("kicc.window.card.amount", "kicc", Window, &["card"], Won(100, u64::MAX), LIMITS),
    rule("kicc.key_window.methods", "kicc", KeyWindow, &[], Methods(&["card"]), KICC),
    rule("kicc.key_window.amount", "kicc", KeyWindow, &[], Issue(ShownOnly, 0), KICC),
    rule("kicc.refund.tax_free", "kicc", Refund, &[], TaxPart(TaxFree), SCHEMA),
    rule("daou.window.methods", "daou", Window, &[], Methods(BY_DAOU), DAOU),
    unsure("daou.window.digital.required", "daou", Window, &[], Required(Digital), DAOU),
    rule("daou.window.name.letters", "daou", Window, &[], Only(Name, EucKr), DAOU_CAUTION),
    rule("daou.window.buyer_name.letters", "daou", Window, &[], Only(BuyerName, EucKr), DAOU_CAUTION),
    rule("daou.key_window.impossible", "daou", KeyWindow, &[], Impossible, CODES),
    rule("daou.refund.voucher.whole", "daou", Refund, VOUCHERS, Parts(0, &[]), DAOU_CAUTION),
    rule("bluewalnut.window.methods", "bluewalnut", Window, &[], Methods(METHODS), BLUE),
    rule("bluewalnut.key_window.impossible", "bluewalnut", KeyWindow, &[], Impossible, BLUE),
    unsure("jtnet.window.methods", "jtnet", Window, &[], Methods(METHODS), JTNET),
    unsure("jtnet.key_window.methods", "jtnet", KeyWindow, &[], Methods(&["card"]), JTNET),
    unsure("jtnet.key_window.amount", "jtnet", KeyWindow, &[], Issue(Charged, 0), JTNET),
];
