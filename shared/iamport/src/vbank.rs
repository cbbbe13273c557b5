//! Virtual accounts that were issued in the window.

use crate::client::{Call, Client};
use crate::envelope::same;
use crate::error::Error;
use crate::ids::ImpUid;
use crate::payment::Payment;
use crate::wire::Target;

impl Client {
    /// Closes a virtual account before its deposit, so that nobody pays into it by mistake: `DELETE /vbanks/{imp_uid}`
    /// (`revokeVbank`, V1 schema of 2026-08). Sent at most once.
    ///
    /// Not every gateway can: the schema names html5_inicis, uplus, danal, nice, kicc, settle, smartro, tosspayments, ksnet,
    /// smartro_v2, nice_v2 and welcome. html5_inicis wants the merchant's own `pg_api_key` besides, which is not sent here: it
    /// refuses.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let payment = client.revoke_vbank(&ImpUid::new("imp_448280090638")?).await?;
    /// assert_eq!(payment.status, PaymentStatus::Cancelled);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if it is no virtual account or waits for no deposit,
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is no such payment,
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) by a gateway that cannot; else any class.
    pub async fn revoke_vbank(&self, imp_uid: &ImpUid) -> Result<Payment, Error> {
        let payment: Payment = self.send(Call::delete(Target::new("/vbanks").segment(imp_uid.as_str()))).await?;
        same("imp_uid", imp_uid.as_str(), &payment.imp_uid)?;
        Ok(payment)
    }
}
