//! What a person does with a page and sees there. Everything waits until it is possible, and says what never was.

use std::time::Duration;

use e2e::stack::Patience;
use serde_json::Value;
use thirtyfour::error::WebDriverError;
use thirtyfour::{By, WebElement, WindowHandle};

use crate::session::Tab;

/// For what a page does by itself.
const PATIENCE: Patience = Patience { pause: Duration::from_millis(40), limit: Duration::from_secs(20) };
/// How long an element has not moved before it is clicked.
const REST: Duration = Duration::from_millis(100);

/// Waits until `look` finds something.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    PATIENCE.until(look).await.unwrap_or_else(|| panic!("never happened: {what}"))
}

impl Tab {
    /// Opens an address, as one that is typed.
    pub(crate) async fn open(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
    }

    /// The first element of a selector that can be seen.
    pub(crate) async fn seen(&self, css: &str) -> WebElement {
        until(&format!("{css} is seen"), async || {
            for element in self.driver.find_all(By::Css(css)).await.ok()? {
                if element.is_displayed().await.ok()? {
                    return Some(element);
                }
            }
            None
        })
        .await
    }

    /// Whether an element of a selector can be seen now.
    pub(crate) async fn sees(&self, css: &str) -> bool {
        let script = "return [...document.querySelectorAll(arguments[0])].some((e) => e.checkVisibility());";
        self.run(script, vec![css.into()]).await == true
    }

    /// Clicks as soon as that is possible: the element is there, enabled, and nothing lies over it.
    pub(crate) async fn click(&self, css: &str) {
        let what = format!("{css} is clicked");
        until(&what, async || {
            let element = self.seen(css).await;
            if !element.is_enabled().await.ok()? || !self.rests(&element).await? {
                return None;
            }
            match element.click().await {
                Ok(()) => Some(()),
                Err(error) if can_change(&error) => None,
                Err(error) => panic!("{css} cannot be clicked: {error}"),
            }
        })
        .await;
    }

    /// Whether an element that was brought into view stays where it is: what a page adds above it would make a click
    /// meet something else.
    async fn rests(&self, element: &WebElement) -> Option<bool> {
        element.scroll_into_view().await.ok()?;
        let place = "const { x, y } = arguments[0].getBoundingClientRect(); return [x, y];";
        let look = async || Some(self.driver.execute(place, vec![element.to_json().ok()?]).await.ok()?.json().clone());
        let before = look().await?;
        tokio::time::sleep(REST).await;
        Some(before == look().await?)
    }

    /// Two clicks as fast as a hand makes them.
    pub(crate) async fn double_click(&self, css: &str) {
        let element = self.seen(css).await;
        until(&format!("{css} rests"), async || self.rests(&element).await?.then_some(())).await;
        self.driver.action_chain().double_click_element(&element).perform().await.unwrap();
    }

    /// Types into a field, in place of what stands there.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.seen(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses an option of a list by its value, with the events that a person's choice has.
    pub(crate) async fn choose(&self, css: &str, value: &str) {
        self.seen(&format!("{css} option[value='{value}']")).await.click().await.unwrap();
    }

    /// The text of an element as it is seen.
    pub(crate) async fn text(&self, css: &str) -> String {
        until(&format!("{css} has a text"), async || self.driver.find(By::Css(css)).await.ok()?.text().await.ok()).await
    }

    /// Waits until a live region says something of this kind; returns all of its text.
    pub(crate) async fn concludes(&self, region: &str, state: &str) -> String {
        let script = "const r = document.querySelector(arguments[0]); return r && [r.dataset.state, r.innerText];";
        let mut last = Value::Null;
        let in_time = PATIENCE.until(async || {
            last = self.run(script, vec![region.into()]).await;
            (last[0] == state).then_some(())
        });
        assert!(in_time.await.is_some(), "{region} never became {state}: {last}");
        last[1].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an element's text has this part; returns all of it.
    pub(crate) async fn says(&self, css: &str, part: &str) -> String {
        let mut last = String::from("nothing");
        let in_time = PATIENCE.until(async || {
            last = self.text(css).await;
            last.contains(part).then_some(())
        });
        assert!(in_time.await.is_some(), "{css} never said {part:?}; it says {last:?}");
        last
    }

    /// Runs a script in the page, as its own console would.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let ran = self.driver.execute(script, arguments).await;
        ran.unwrap_or_else(|error| panic!("the page's script failed: {error}")).json().clone()
    }

    /// Waits until the address has this part; returns all of it.
    pub(crate) async fn at(&self, part: &str) -> String {
        until(&format!("the address has {part}"), async || {
            let address = String::from(self.driver.current_url().await.ok()?);
            address.contains(part).then_some(address)
        })
        .await
    }

    /// Goes on in the window that the page has opened; returns the page's own window.
    pub(crate) async fn enter_popup(&mut self) -> WindowHandle {
        let page = self.driver.window().await.unwrap();
        let popup = until("a window opens", async || {
            let windows = self.driver.windows().await.unwrap();
            windows.into_iter().find(|window| *window != page)
        })
        .await;
        self.read_console().await;
        self.driver.switch_to_window(popup).await.unwrap();
        // Without a screen, Chromium does not heed the size that the page asks for.
        self.driver.set_window_rect(0, 0, 500, 850).await.unwrap();
        page
    }

    /// Goes back to the page as soon as the window that it had opened has closed.
    pub(crate) async fn leave_popup(&self, page: WindowHandle) {
        self.windows_left(1).await;
        self.driver.switch_to_window(page).await.unwrap();
    }

    /// Waits until so many windows are open.
    pub(crate) async fn windows_left(&self, count: usize) {
        until(&format!("{count} windows are left"), async || {
            (self.driver.windows().await.unwrap().len() == count).then_some(())
        })
        .await;
    }

    /// Closes the window as its frame's own button does, and goes back to the page.
    pub(crate) async fn close_popup(&mut self, page: WindowHandle) {
        self.read_console().await;
        self.driver.close_window().await.unwrap();
        self.driver.switch_to_window(page).await.unwrap();
    }
}

/// Whether a page that goes on changing may allow later what it does not allow now.
fn can_change(error: &WebDriverError) -> bool {
    let text = error.to_string();
    ["stale element", "not interactable", "click intercepted", "no such element"].iter().any(|part| text.contains(part))
}
