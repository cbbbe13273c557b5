//! More time for virtual accounts that were issued without a window (`PUT /vbanks/{imp_uid}`): the schema lists one gateway that gives it
//! (`x-portone-supported-pgs`: settle), whose own page says for which accounts. Of the others only those stand here that issue accounts:
//! what a gateway does not issue (see `accounts`) nobody asks it to extend.

use super::super::rule::Demand::{Impossible, Zero};
use super::super::rule::Field::TaxFree;
use super::super::rule::Operation::ExtendAccount;
use super::super::rule::{Rule, SCHEMA, Source, rule, source};

const SETTLE: Source = source("opi/ko/integration/pg/v1/settle/readme.mdx", "2026-04-27");
const NICE_V2: Source = source("opi/ko/integration/pg/v1/nice-v2/billing-api-caution.mdx", "2026-04-27");

pub(super) const RULES: &[Rule] = &[
    // An account that was issued free of tax, or with a part that is.
    rule("settle.account_extension.tax_free", "settle", ExtendAccount, &[], Zero(TaxFree), SETTLE),
    rule("html5_inicis.account_extension.impossible", "html5_inicis", ExtendAccount, &[], Impossible, SCHEMA),
    rule("ksnet.account_extension.impossible", "ksnet", ExtendAccount, &[], Impossible, SCHEMA),
    rule("nice.account_extension.impossible", "nice", ExtendAccount, &[], Impossible, SCHEMA),
    rule("nice_v2.account_extension.impossible", "nice_v2", ExtendAccount, &[], Impossible, NICE_V2),
    rule("smartro_v2.account_extension.impossible", "smartro_v2", ExtendAccount, &[], Impossible, SCHEMA),
    rule("tosspayments.account_extension.impossible", "tosspayments", ExtendAccount, &[], Impossible, SCHEMA),
    rule("welcome.account_extension.impossible", "welcome", ExtendAccount, &[], Impossible, SCHEMA),
];
