//! What is known of the payment gateways behind Iamport, as data: their codes, which payment method works where, and what
//! an amount means when the window issues a billing key.
//!
//! Lists age: Iamport adds gateways and methods without notice. So a code that is not listed here is accepted, with a
//! warning; only what the lists rule out is refused.

/// A payment gateway that `IMP.request_pay` names in `pg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pg {
    /// Iamport's code.
    pub code: &'static str,
    /// Its name in Korean.
    pub name: &'static str,
    /// Gateways of one company take the same methods.
    pub family: Family,
}

/// The company behind a gateway, as far as a payment method is tied to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// KG Inicis.
    Inicis,
    /// NHN KCP.
    Kcp,
    /// Toss Payments, once LG U+.
    TossPayments,
    /// NICE Payments.
    Nice,
    /// Eximbay.
    Eximbay,
    /// Danal's micropayment by telephone: takes nothing else.
    DanalPhone,
    /// Any other.
    Other,
}

const fn pg(code: &'static str, name: &'static str, family: Family) -> Pg {
    Pg { code, name, family }
}

/// The gateways that the API's users know, in the order of its documentation.
pub const PGS: [Pg; 27] = [
    pg("html5_inicis", "이니시스 웹표준", Family::Inicis),
    pg("inicis", "이니시스 ActiveX 결제창", Family::Inicis),
    pg("kcp", "NHN KCP", Family::Kcp),
    pg("kcp_billing", "NHN KCP 정기결제", Family::Kcp),
    pg("uplus", "토스페이먼츠(구 LG U+)", Family::TossPayments),
    pg("nice", "나이스페이", Family::Nice),
    pg("jtnet", "JTNet", Family::Other),
    pg("kicc", "한국정보통신", Family::Other),
    pg("bluewalnut", "블루월넛", Family::Other),
    pg("kakaopay", "카카오페이", Family::Other),
    pg("danal", "다날 휴대폰소액결제", Family::DanalPhone),
    pg("danal_tpay", "다날 일반결제", Family::Other),
    pg("mobilians", "모빌리언스 휴대폰소액결제", Family::Other),
    pg("chai", "차이 간편결제", Family::Other),
    pg("syrup", "시럽페이", Family::Other),
    pg("payco", "페이코", Family::Other),
    pg("paypal", "페이팔", Family::Other),
    pg("eximbay", "엑심베이", Family::Eximbay),
    pg("naverpay", "네이버페이-결제형", Family::Other),
    pg("naverco", "네이버페이-주문형", Family::Other),
    pg("smilepay", "스마일페이", Family::Other),
    pg("alipay", "알리페이", Family::Other),
    pg("paymentwall", "페이먼트월", Family::Other),
    pg("payple", "페이플", Family::Other),
    pg("tosspay", "토스간편결제", Family::Other),
    pg("smartro", "스마트로", Family::Other),
    pg("settle", "세틀뱅크", Family::Other),
];

/// A payment method that `IMP.request_pay` names in `pay_method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayMethod {
    /// Iamport's code.
    pub code: &'static str,
    /// Its name in Korean.
    pub name: &'static str,
    /// The only companies that take it; empty if any may.
    pub only: &'static [Family],
}

const fn method(code: &'static str, name: &'static str, only: &'static [Family]) -> PayMethod {
    PayMethod { code, name, only }
}

/// The payment methods that the API's users know, in the order of its documentation.
pub const PAY_METHODS: [PayMethod; 20] = {
    use Family::{Eximbay, Inicis, Kcp, Nice, TossPayments};
    [
        method("card", "신용카드", &[]),
        method("trans", "실시간계좌이체", &[]),
        method("vbank", "가상계좌", &[]),
        method("phone", "휴대폰소액결제", &[]),
        method("samsung", "삼성페이", &[Inicis, Kcp]),
        method("kpay", "KPay앱 직접호출", &[Inicis]),
        method("kakaopay", "카카오페이 직접호출", &[Inicis, Kcp, Nice]),
        method("payco", "페이코 직접호출", &[Inicis, Kcp]),
        method("lpay", "LPAY 직접호출", &[Inicis]),
        method("ssgpay", "SSG페이 직접호출", &[Inicis]),
        method("tosspay", "토스간편결제 직접호출", &[Inicis]),
        method("cultureland", "문화상품권", &[Inicis, TossPayments, Kcp]),
        method("smartculture", "스마트문상", &[Inicis, TossPayments, Kcp]),
        method("happymoney", "해피머니", &[Inicis, Kcp]),
        method("booknlife", "도서문화상품권", &[TossPayments, Kcp]),
        method("point", "포인트 결제", &[Kcp]),
        method("wechat", "위쳇페이", &[Eximbay]),
        method("alipay", "알리페이", &[Eximbay]),
        method("unionpay", "유니온페이", &[Eximbay]),
        method("tenpay", "텐페이", &[Eximbay]),
    ]
};

/// Whether a gateway takes a payment method, as far as the lists say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Nothing speaks against it.
    Listed,
    /// The gateway is not listed: it may be newer than the list.
    UnlistedPg,
    /// The method is not listed: it may be newer than the list.
    UnlistedMethod,
    /// The list rules it out.
    RuledOut,
}

/// What the lists say of a gateway and a payment method.
#[must_use]
pub fn support(pg: &str, pay_method: &str) -> Support {
    let listed = PGS.iter().find(|listed| listed.code == pg);
    let method = PAY_METHODS.iter().find(|listed| listed.code == pay_method);
    match (listed, method) {
        (None, _) => Support::UnlistedPg,
        (Some(pg), _) if pg.family == Family::DanalPhone && pay_method != "phone" => Support::RuledOut,
        (Some(_), None) => Support::UnlistedMethod,
        (Some(pg), Some(method)) if method.only.is_empty() || method.only.contains(&pg.family) => Support::Listed,
        (Some(_), Some(_)) => Support::RuledOut,
    }
}

/// What the amount of a window that issues a billing key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueAmount {
    /// It is shown and never charged.
    ShownOnly,
    /// More than zero is charged along with the issue; zero issues only.
    Charged,
    /// It is always charged: there is no issue without a payment.
    AlwaysCharged,
    /// It has to be zero.
    MustBeZero,
}

/// How a gateway issues billing keys in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssueRule {
    /// Iamport's code of the gateway.
    pub pg: &'static str,
    /// The payment methods that issue keys there; empty if no list is known.
    pub methods: &'static [&'static str],
    /// What the amount does.
    pub amount: IssueAmount,
    /// Smallest amount that the window can show, in the currency's smallest unit.
    pub shown_min: u64,
    /// Longest `customer_id` that it takes; it takes any length that we do if absent.
    pub customer_id_max: Option<usize>,
}

const fn issue(pg: &'static str, methods: &'static [&'static str], amount: IssueAmount) -> IssueRule {
    IssueRule { pg, methods, amount, shown_min: 0, customer_id_max: None }
}

/// The gateways that issue billing keys in their window. The first line that names the gateway and the method counts.
pub const ISSUE_RULES: [IssueRule; 21] = {
    use IssueAmount::{AlwaysCharged, Charged, MustBeZero, ShownOnly};
    [
        issue("html5_inicis", &["card"], ShownOnly),
        issue("kcp_billing", &["card"], ShownOnly),
        issue("tosspayments", &["card"], ShownOnly),
        issue("kicc", &["card"], ShownOnly),
        issue("payco", &[], ShownOnly),
        IssueRule { shown_min: 10, ..issue("naverpay", &[], ShownOnly) },
        // `customer_id`: the gateway's guide (`pg/v1/smartro-v2/readme.mdx`).
        IssueRule { customer_id_max: Some(20), ..issue("smartro_v2", &["card"], ShownOnly) },
        issue("welcome", &["card"], ShownOnly),
        issue("welcome", &["phone"], Charged),
        issue("galaxia", &["card"], ShownOnly),
        issue("galaxia", &["phone"], Charged),
        issue("kakaopay", &[], Charged),
        issue("danal_tpay", &[], Charged),
        issue("settle_acc", &[], Charged),
        issue("mobilians", &["card"], Charged),
        issue("mobilians", &["phone"], Charged),
        issue("paymentwall", &[], AlwaysCharged),
        issue("nice_v2", &["kakaopay", "naverpay"], MustBeZero),
        IssueRule { customer_id_max: Some(50), ..issue("tosspay_v2", &["tosspay"], MustBeZero) },
        issue("paypal_v2", &[], MustBeZero),
        issue("jtnet", &["card"], Charged),
    ]
};

/// How a gateway issues billing keys by a payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueSupport {
    /// As the rule says.
    Rule(IssueRule),
    /// The gateway is not listed. An amount above zero may be charged, so it is taken to be.
    Unlisted,
    /// The gateway issues keys, but not by this method.
    RuledOut,
}

/// What the list says of issuing a billing key in a gateway's window.
#[must_use]
pub fn issue_support(pg: &str, pay_method: &str) -> IssueSupport {
    let mut of_pg = ISSUE_RULES.iter().filter(|rule| rule.pg == pg).peekable();
    if of_pg.peek().is_none() {
        return IssueSupport::Unlisted;
    }
    let rule = of_pg.find(|rule| rule.methods.is_empty() || rule.methods.contains(&pay_method));
    rule.map_or(IssueSupport::RuledOut, |rule| IssueSupport::Rule(*rule))
}
