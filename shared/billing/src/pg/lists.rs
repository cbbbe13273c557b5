//! The codes of gateways and payment methods.

/// A payment gateway that `IMP.request_pay` names in `pg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pg {
    /// Iamport's code.
    pub code: &'static str,
    /// Its name in Korean.
    pub name: &'static str,
    /// Whether Iamport's documentation no longer lists it. Who has a contract may still use it.
    pub legacy: bool,
}

const fn pg(code: &'static str, name: &'static str) -> Pg {
    Pg { code, name, legacy: false }
}

const fn legacy(code: &'static str, name: &'static str) -> Pg {
    Pg { code, name, legacy: true }
}

/// The gateways: first those that the API's users have always known, then those of Iamport's request table and pages of
/// 2026-08 (`sdk/ko/v1-sdk/javascript-sdk/payrq.mdx`, `opi/ko/integration/pg/v1/`).
pub const PGS: [Pg; 43] = [
    pg("html5_inicis", "이니시스 웹표준"),
    pg("inicis", "이니시스 ActiveX 결제창"),
    pg("kcp", "NHN KCP"),
    pg("kcp_billing", "NHN KCP 정기결제"),
    pg("uplus", "토스페이먼츠(구 LG U+)"),
    pg("nice", "나이스페이"),
    legacy("jtnet", "JTNet"),
    pg("kicc", "한국정보통신"),
    legacy("bluewalnut", "블루월넛"),
    pg("kakaopay", "카카오페이"),
    pg("danal", "다날 휴대폰소액결제"),
    pg("danal_tpay", "다날 일반결제"),
    pg("mobilians", "모빌리언스 휴대폰소액결제"),
    legacy("chai", "차이 간편결제"),
    legacy("syrup", "시럽페이"),
    pg("payco", "페이코"),
    pg("paypal", "페이팔"),
    pg("eximbay", "엑심베이"),
    pg("naverpay", "네이버페이-결제형"),
    pg("naverco", "네이버페이-주문형"),
    pg("smilepay", "스마일페이"),
    legacy("alipay", "알리페이"),
    pg("paymentwall", "페이먼트월"),
    legacy("payple", "페이플"),
    pg("tosspay", "토스간편결제"),
    pg("smartro", "스마트로"),
    pg("settle", "세틀뱅크"),
    pg("daou", "키움페이"),
    pg("inicis_unified", "이니시스 통합인증"),
    pg("ksnet", "KSNET"),
    pg("nice_v2", "나이스페이먼츠(신모듈)"),
    pg("settle_acc", "헥토파이낸셜 내통장결제"),
    pg("smartro_v2", "스마트로(신모듈)"),
    pg("tosspayments", "토스페이먼츠(신모듈)"),
    pg("toss_brandpay", "토스 브랜드페이"),
    pg("welcome", "웰컴페이먼츠"),
    pg("tosspay_v2", "토스페이(신모듈)"),
    pg("paypal_v2", "페이팔(신모듈)"),
    pg("galaxia", "갤럭시아머니트리"),
    pg("kcp_quick", "NHN KCP 퀵페이"),
    pg("mobilians_v2", "KG파이낸셜(신모듈)"),
    pg("inicis_jp", "이니시스 일본결제"),
    pg("payletter_global", "페이레터 해외결제"),
];

/// A payment method that `IMP.request_pay` names in `pay_method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayMethod {
    /// Iamport's code.
    pub code: &'static str,
    /// Its name in Korean.
    pub name: &'static str,
    /// Whether it has ended.
    pub legacy: bool,
}

const fn method(code: &'static str, name: &'static str) -> PayMethod {
    PayMethod { code, name, legacy: false }
}

/// The payment methods, in the same order.
pub const PAY_METHODS: [PayMethod; 44] = [
    method("card", "신용카드"),
    method("trans", "실시간계좌이체"),
    method("vbank", "가상계좌"),
    method("phone", "휴대폰소액결제"),
    method("samsung", "삼성페이"),
    method("kpay", "KPay앱 직접호출"),
    method("kakaopay", "카카오페이 직접호출"),
    method("payco", "페이코 직접호출"),
    method("lpay", "LPAY 직접호출"),
    method("ssgpay", "SSG페이 직접호출"),
    method("tosspay", "토스간편결제 직접호출"),
    method("cultureland", "문화상품권"),
    method("smartculture", "스마트문상"),
    method("happymoney", "해피머니"),
    method("booknlife", "도서문화상품권"),
    method("point", "포인트 결제"),
    method("wechat", "위쳇페이"),
    method("alipay", "알리페이"),
    method("unionpay", "유니온페이"),
    method("tenpay", "텐페이"),
    method("applepay", "애플페이"),
    method("naverpay", "네이버페이 직접호출"),
    method("samsungpay", "삼성페이(신모듈)"),
    method("culturegift", "문화상품권(웰컴)"),
    method("pinpay", "핀페이"),
    method("ssgpay_bank", "SSG페이 계좌"),
    method("skpay", "SK페이"),
    method("naverpay_card", "네이버페이 카드"),
    method("naverpay_point", "네이버페이 포인트"),
    method("paypal", "페이팔"),
    method("toss_brandpay", "토스 브랜드페이"),
    method("tosspay_card", "토스페이 카드"),
    method("tosspay_money", "토스페이 머니"),
    method("naverpay_bridge", "네이버페이 브릿지"),
    method("moneytree", "머니트리"),
    method("econtext", "이컨텍스트"),
    PayMethod { legacy: true, ..method("molpay", "몰페이") },
    method("cvs", "편의점결제"),
    method("paypay", "페이페이"),
    method("amazonpay", "아마존페이"),
    method("rakutenpay", "라쿠텐페이"),
    method("merpay", "메르페이"),
    method("aupay", "au페이"),
    method("dbarai", "d바라이"),
];

/// Whether a gateway's code is listed.
#[must_use]
pub fn is_pg(code: &str) -> bool {
    PGS.iter().any(|listed| listed.code == code)
}

/// Whether a payment method's code is listed.
#[must_use]
pub fn is_pay_method(code: &str) -> bool {
    PAY_METHODS.iter().any(|listed| listed.code == code)
}
