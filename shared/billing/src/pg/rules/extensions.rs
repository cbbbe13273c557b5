//! More time for virtual accounts that were issued without a window (`PUT /vbanks/{imp_uid}`): the schema lists one gateway that gives it
//! (see `support`), whose own page says for which accounts.

use super::super::rule::Demand::{Impossible, Zero};
use super::super::rule::Field::TaxFree;
use super::super::rule::Operation::ExtendAccount;
use super::super::rule::{Rule, Source, rule, source};

const SETTLE: Source = source("opi/ko/integration/pg/v1/settle/readme.mdx", "2026-04-27");
const NICE_V2: Source = source("opi/ko/integration/pg/v1/nice-v2/billing-api-caution.mdx", "2026-04-27");

pub(super) const RULES: &[Rule] = &[
    // An account that was issued free of tax, or with a part that is.
    rule("settle.account_extension.tax_free", "settle", ExtendAccount, &[], Zero(TaxFree), SETTLE),
    rule("nice_v2.account_extension.impossible", "nice_v2", ExtendAccount, &[], Impossible, NICE_V2),
];
