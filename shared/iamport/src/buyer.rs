//! What several ways to pay say about the buyer and the order.

use crate::text::Sensitive;
use crate::wire::Object;

/// The buyer, as issuing a virtual account or a store number and paying with Benepia points take it. Limits are the API's,
/// in characters. Which fields a gateway wants is said where the buyer is used.
///
/// ```
/// let buyer = iamport::Buyer { buyer_name: Some("홍길동".into()), ..iamport::Buyer::default() };
/// ```
#[derive(Debug, Clone, Default)]
pub struct Buyer {
    /// Name, ≤ 16.
    pub buyer_name: Option<Sensitive>,
    /// E-mail address, ≤ 64.
    pub buyer_email: Option<Sensitive>,
    /// Telephone number, ≤ 16.
    pub buyer_tel: Option<Sensitive>,
    /// Address, ≤ 128.
    pub buyer_addr: Option<Sensitive>,
    /// Post code, ≤ 8.
    pub buyer_postcode: Option<Sensitive>,
}

impl Buyer {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.concealed("buyer_name", self.buyer_name.as_ref());
        object.concealed("buyer_email", self.buyer_email.as_ref());
        object.concealed("buyer_tel", self.buyer_tel.as_ref());
        object.concealed("buyer_addr", self.buyer_addr.as_ref());
        object.concealed("buyer_postcode", self.buyer_postcode.as_ref());
    }
}
