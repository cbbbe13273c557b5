//! The PG's window, as the customer in front of it uses it.

use thirtyfour::WindowHandle;

use crate::session::Tab;

impl Tab {
    /// Waits for the PG's window and reads in it that it is for this order; returns the shop's own window.
    pub(crate) async fn enter_pg(&mut self, merchant_uid: &str) -> WindowHandle {
        let page = self.enter_popup().await;
        self.says("#order-number", merchant_uid).await;
        self.step("window").await;
        page
    }

    /// Says yes in the PG's window, which then closes.
    pub(crate) async fn approve(&mut self, merchant_uid: &str) {
        let page = self.enter_pg(merchant_uid).await;
        self.click("#approve").await;
        self.leave_popup(page).await;
    }
}
