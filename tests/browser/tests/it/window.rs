//! The PG's window, as the customer in front of it uses it.

use thirtyfour::WindowHandle;

use crate::session::Tab;
use crate::world::World;

impl Tab {
    /// Signs in and opens the PG's window for the order that the page shows, by another method than its own if one is
    /// named; returns the order's number and the shop's own window.
    pub(crate) async fn open_pg(&mut self, world: &World, pay_method: Option<&str>) -> (String, WindowHandle) {
        self.sign_in(world).await;
        let order = self.order_number().await;
        if let Some(pay_method) = pay_method {
            self.choose("#pay-method", pay_method).await;
        }
        self.click("#pay").await;
        let page = self.enter_pg(&order).await;
        (order, page)
    }

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

    /// Pays the page's order in the PG's window, to the end that the page shows.
    pub(crate) async fn pay_in_window(&mut self, merchant_uid: &str) {
        self.click("#pay").await;
        self.approve(merchant_uid).await;
        self.concludes("#pay-result", "paid").await;
    }

    /// On a phone: goes to the PG's window, which takes the page's place.
    pub(crate) async fn go_to_pg(&self, merchant_uid: &str) {
        self.click("#pay").await;
        self.at("/v1/window").await;
        self.says("#order-number", merchant_uid).await;
    }

    /// Closes the shop's page behind the PG's window and says yes there. The browser goes on in a tab of its own.
    pub(crate) async fn approve_without_page(&mut self, page: WindowHandle) {
        let window = self.driver.window().await.unwrap();
        let elsewhere = self.driver.new_tab().await.unwrap();
        self.driver.switch_to_window(page).await.unwrap();
        self.read_console().await;
        self.driver.close_window().await.unwrap();
        self.driver.switch_to_window(window).await.unwrap();
        self.click("#approve").await;
        self.windows_left(1).await;
        self.driver.switch_to_window(elsewhere).await.unwrap();
    }
}
