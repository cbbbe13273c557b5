//! What the documentation leaves open, and the knob that answers it here.

use super::rule::{SCHEMA, Source, read};

/// A question without an answer in the documents.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// What is not known.
    pub asks: &'static str,
    /// The knob, and for `rule_answers` the name in it.
    pub knob: &'static str,
    /// What the simulator does by itself.
    pub by_default: &'static str,
    /// Where the question arises.
    pub source: Source,
}

const fn asks(asks: &'static str, knob: &'static str, by_default: &'static str, source: Source) -> Question {
    Question { asks, knob, by_default, source }
}

/// Every open question of the gateways' rules.
pub const OPEN: &[Question] = &[
    asks(
        "Is a field required that only the list of parameters marks as such?",
        "rule_answers: marked",
        "yes",
        read("pg/v1/readme.mdx"),
    ),
    asks(
        "Is what NAVER's review asks for refused before the review?",
        "rule_answers: review",
        "yes",
        read("pg/v1/naver.mdx"),
    ),
    asks(
        "Is what is called unsupported refused, or ignored?",
        "rule_answers: unsupported",
        "ignored",
        read("pg/v1/kakaopay.mdx"),
    ),
    asks(
        "Do gateways whose pages issue keys charge, schedule, move and delete them, though the schema's lists lack them? \
         Do settle, inicis and paymentwall issue keys by card data, and inicis charge cards?",
        "rule_answers: doubtful",
        "yes",
        SCHEMA,
    ),
    asks("Which code has the envelope when a gateway's rule is broken?", "rules_refuse_as", "1 (rejected)", SCHEMA),
    asks(
        "Are a schedule's fields held against the rules when it is registered, or when it runs?",
        "schedule_checks",
        "when it is registered",
        SCHEMA,
    ),
    asks("What is a byte in `name` and `customer_id`?", "byte_count", "EUC-KR", read("pg/v1/nice-v2/readme.mdx")),
    asks("What happens with a `channel_key` that the shop does not have?", "unknown_channel_key", "ignored", SCHEMA),
    asks(
        "Do PUT's limits bind reschedule and retry, which have no list of gateways?",
        "revival_like_move",
        "no",
        SCHEMA,
    ),
    asks(
        "Is a partial refund at tosspay_v2 refused once an earlier one has not named its value added tax?",
        "tosspay_v2_later_partial",
        "yes",
        read("pg/v1/tosspay-v2/caution.mdx"),
    ),
    asks(
        "What becomes of a cash receipt whose payment is given back, at gateways whose pages do not say?",
        "receipt_on_refund",
        "it stays",
        SCHEMA,
    ),
    asks(
        "Does `cash_receipt_issued` tell of receipts that the shop had issued, or of the gateway's own alone?",
        "receipt_flag",
        "of the gateway's own alone",
        SCHEMA,
    ),
    asks(
        "Is an account given more time whose last moment is over, as long as its record says ready?",
        "late_extension",
        "yes",
        SCHEMA,
    ),
    asks("Is the last moment of an account kept by the second?", "due_by_minutes", "yes", SCHEMA),
    asks("Is a webhook sent for an account that was changed?", "extension_notifies", "no", SCHEMA),
    asks(
        "Does settle change the amount of an account alone, without its last moment?",
        "rule_answers: settle.vbank_change.vbank_due",
        "yes",
        read("pg/v1/settle/readme.mdx"),
    ),
    asks(
        "Which payments of nice_v2 have the approval without which no cash receipt is issued?",
        "rule_answers: nice_v2.receipt.asked_in_window.never",
        "all",
        read("pg/v1/nice-v2/billing-api-caution.mdx"),
    ),
    asks(
        "Does a key of `mobilians` come from a telephone bill only?",
        "rule_answers: mobilians.key_window.pay_method.value",
        "no",
        read("start/v1/non-auth.mdx"),
    ),
    asks(
        "What does a window at smilepay or danal do with a key's amount?",
        "unlisted_issue",
        "it issues none",
        read("start/v1/non-auth.mdx"),
    ),
    asks(
        "Does payletter_global issue a key without a charge?",
        "payletter_issues_free",
        "no",
        read("pg/v1/payletter-global.mdx"),
    ),
    asks(
        "The least amount of each method at mobilians_v2",
        "rule_answers: mobilians_v2.window.amount.least",
        "100 won",
        read("pg/v1/kg-mobilians-v2.mdx"),
    ),
    asks(
        "Does the window's rule for names at nice_v2 bind charges of keys?",
        "rule_answers: nice_v2.again.name.bytes, nice_v2.again.name.alphabet, and those of schedule",
        "no",
        read("pg/v1/nice-v2/readme.mdx"),
    ),
    asks(
        "Is digital required of every telephone bill, as the SDK's list says and pages do not?",
        "rule_answers: any.window.digital",
        "no, but where a page says so",
        read("sdk/ko/v1-sdk/javascript-sdk/payrq.mdx"),
    ),
    asks(
        "Is twotrs_bank=Y required for transfers on a telephone at html5_inicis?",
        "rule_answers: html5_inicis.window.bypass.P_RESERVED.never",
        "no",
        read("pg/v1/inicis.mdx"),
    ),
    asks(
        "Has the shop the agreement by which it gives back escrow payments at welcome?",
        "rule_answers: welcome.cancel.escrow.never",
        "yes",
        read("pg/v1/welcome/caution.mdx"),
    ),
    asks(
        "Is naverProductCode required, which has a default?",
        "rule_answers: naverpay.key_window.naverProductCode",
        "yes",
        read("pg/v1/naver.mdx"),
    ),
    asks(
        "Is buyer_tel required in NAVER's window for keys, as a sample says?",
        "rule_answers: naverpay.key_window.buyer_tel",
        "no",
        read("pg/v1/naver.mdx"),
    ),
    asks(
        "Is tax_free required in KSNET's window?",
        "rule_answers: ksnet.window.tax_free",
        "no",
        read("pg/v1/ksnet/readme.mdx"),
    ),
    asks(
        "Is customer_id required for a key at tosspayments?",
        "rule_answers: tosspayments.issue.customer_id",
        "no",
        SCHEMA,
    ),
    asks(
        "Is card.useInstallment required in the window of tosspay_v2?",
        "rule_answers: tosspay_v2.window.card.useInstallment",
        "no",
        read("pg/v1/tosspay-v2/readme.mdx"),
    ),
    asks(
        "May an order number have other signs in Smartro's window for keys?",
        "rule_answers: smartro_v2.key_window.merchant_uid.alphabet",
        "no",
        read("pg/v1/smartro-v2/readme.mdx"),
    ),
    asks(
        "Which signs may an order number have at inicis_jp?",
        "rule_answers: inicis_jp.window.merchant_uid.alphabet",
        "printable ASCII",
        read("pg/v1/inicis-jp.mdx"),
    ),
    asks(
        "Of which kind is a channel of inicis_jp? One asks for storeDetails, the other for customer_id.",
        "rule_answers: inicis_jp.window.storeDetails.storeName, inicis_jp.window.customer_id",
        "neither is asked for",
        read("pg/v1/inicis-jp.mdx"),
    ),
    asks(
        "Is browser_ip required for scheduled charges at paymentwall?",
        "rule_answers: paymentwall.schedule.browser_ip",
        "no",
        SCHEMA,
    ),
    asks(
        "Has the shop the agreement by which daou gives deposits back, and the one by which settle issues keys?",
        "rule_answers: daou.cancel.agreement.never, settle.issue.contract.never",
        "yes",
        read("pg/v1/daou/undefined.mdx"),
    ),
    asks(
        "Are charges of a telephone bill's key refused at mobilians if amount or day of the month differ?",
        "none: the books do not know what a key was issued with",
        "no",
        read("pg/v1/kg.mdx"),
    ),
];
