//! Who issues cash receipts: the merchant, as some gateways want to be told it each time.

/// The merchant, as two gateways want it said: Welcome its number, Daou all of it (`POST /receipts/{imp_uid}` of Iamport's V1 schema,
/// `corp_reg_no`, `company_name` and `company_tel`; af926bd2, 2026-08-06).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptIssuer {
    /// Its business number (사업자등록번호), ten digits.
    pub corp_reg_no: Option<String>,
    /// Its registered name.
    pub company_name: Option<String>,
    /// The telephone number of its customer service.
    pub company_tel: Option<String>,
}

impl ReceiptIssuer {
    /// Reads a business number. Hyphens may stand in it. Whether it is somebody's is the gateway's to say.
    #[must_use]
    pub fn number(text: &str) -> Option<String> {
        let digits = text.replace('-', "");
        (digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
    }
}
