//! The pages themselves: two languages, a policy that blocks, keys instead of a mouse, and what a screen reader needs.

use serde_json::{Value, json};
use thirtyfour::{Key, TypingData};

use crate::page::until;
use crate::session::{Device, Tab, browse};
use crate::storefront::{card, way};
use crate::world::World;

/// What is wrong with a page for somebody who does not see it, or hardly.
const FAULTS: &str = "
    const faults = [];
    // A colour on its way to another is no colour.
    for (const animation of document.getAnimations()) animation.finish();
    const seen = (element) => element.checkVisibility({ visibilityProperty: true });
    const name = (element) => {
      const by = (element.getAttribute('aria-labelledby') ?? '').split(/\\s+/).filter(Boolean);
      const labels = [...(element.labels ?? [])].map((label) => label.innerText);
      const texts = [...by.map((id) => document.getElementById(id)?.innerText), element.getAttribute('aria-label'), ...labels];
      if (['BUTTON', 'A'].includes(element.tagName)) texts.push(element.innerText, ...[...element.querySelectorAll('img')].map((i) => i.alt));
      return texts.filter(Boolean).join(' ').trim();
    };
    const what = (element) => `<${element.tagName.toLowerCase()} id=${element.id} name=${element.name ?? ''}>`;
    for (const element of document.querySelectorAll('input, select, textarea, button, a[href]')) {
      if (seen(element) && !name(element)) faults.push(`${what(element)} has no name`);
    }
    for (const image of document.images) if (!image.hasAttribute('alt')) faults.push(`${image.src} has no alt`);
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    for (const id of ids.filter((id, at) => ids.indexOf(id) !== at)) faults.push(`id ${id} twice`);
    for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby]')) {
      for (const attribute of ['aria-labelledby', 'aria-describedby']) {
        for (const id of (element.getAttribute(attribute) ?? '').split(/\\s+/).filter(Boolean)) {
          if (!document.getElementById(id)) faults.push(`${what(element)}: ${attribute} names ${id}, which is not there`);
        }
      }
    }
    if (document.querySelectorAll('main').length !== 1) faults.push('not one main');
    if (![...document.querySelectorAll('h1, h2')].some(seen)) faults.push('no heading is seen');
    if (!document.title) faults.push('no title');
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) faults.push(`${scrollWidth - clientWidth} px wider than the screen`);
    const bright = ([r, g, b]) => {
      const linear = [r, g, b].map((each) => (each / 255 <= 0.04045 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const colour = (text) => text.match(/[\\d.]+/g).map(Number);
    const behind = (element) => {
      for (let each = element; each; each = each.parentElement) {
        const [r, g, b, a = 1] = colour(getComputedStyle(each).backgroundColor);
        if (a === 1) return [r, g, b];
        if (a > 0) return null;
      }
      return [255, 255, 255];
    };
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || !seen(element) || element.disabled || element.closest(':disabled, .skip')) continue;
      const ground = behind(element);
      const style = getComputedStyle(element);
      const [r, g, b, a = 1] = colour(style.color);
      if (!ground || a !== 1 || element.closest('[style*=opacity]')) continue;
      const [light, dark] = [bright([r, g, b]), bright(ground)].sort((one, other) => other - one);
      const ratio = (light + 0.05) / (dark + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)} of ${what(element)} ${element.innerText.slice(0, 30)}`);
    }
    return faults;";

/// Korean words of an English page. A card's issuer is called what it is called.
pub(crate) const KOREAN: &str = "
    const hangul = /[\\uac00-\\ud7a3]/;
    return [...document.querySelectorAll('main *')].filter((element) => element.checkVisibility()
      && !element.closest('[lang=ko]') && !element.textContent.includes('••••')
      && [...element.childNodes].some((node) => node.nodeType === 3 && hangul.test(node.data)))
      .map((element) => element.textContent);";

pub(crate) async fn has_no_faults(tab: &mut Tab, what: &str) {
    tab.step(what).await;
    assert_eq!(tab.run(FAULTS, Vec::new()).await, json!([]), "{what}");
}

async fn language(tab: &Tab) -> Value {
    tab.run("return document.documentElement.lang;", Vec::new()).await
}

#[tokio::test]
async fn every_page_is_labelled_readable_and_fits() {
    let world = World::shared().await;
    for device in [Device::Desktop, Device::Phone] {
        browse(device, async |tab| {
            tab.expect_error("status of 404");
            tab.open(&world.shop).await;
            tab.seen("#sign-in").await;
            has_no_faults(tab, "welcome").await;
            tab.sign_in(&world).await;
            has_no_faults(tab, "shop").await;
            let order = tab.order_number().await;
            tab.click("#pay").await;
            if device == Device::Phone {
                tab.at("/v1/window").await;
                tab.says("#order-number", &order).await;
                has_no_faults(tab, "window").await;
                tab.driver.back().await.unwrap();
            } else {
                let page = tab.enter_pg(&order).await;
                has_no_faults(tab, "window").await;
                tab.close_popup(page).await;
            }
            tab.seen("#open-order-another, #check-again").await;
            has_no_faults(tab, "unfinished").await;
            tab.open(&world.shop).await;
            tab.click("#open-order-another").await;
            tab.choose_way(way::CHARGE).await;
            has_no_faults(tab, "no card yet").await;
            tab.type_card(card::APPROVES).await;
            has_no_faults(tab, "card form").await;
            tab.register_card(card::APPROVES).await;
            tab.click("#pay").await;
            tab.concludes("#pay-result", "paid").await;
            // The list grows and moves what is below it.
            tab.seen("#orders [data-status='paid']").await;
            tab.click("#owner-enter").await;
            tab.seen("#owner-orders > li").await;
            has_no_faults(tab, "owner").await;
            tab.click("#language").await;
            has_no_faults(tab, "English").await;
            tab.open(&format!("{}/return?merchant_uid=nothing", world.shop)).await;
            tab.concludes("#return-result", "error").await;
            has_no_faults(tab, "return").await;
        })
        .await;
    }
}

#[tokio::test]
async fn what_comes_of_it_is_announced() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        // A live region announces only what changes while it is there: it has to be there, and empty, before.
        let script = "
            return [...document.querySelectorAll('.notice')].every((region) =>
              region.getAttribute('role') === 'status' && region.getAttribute('aria-live') !== 'off' && region.tabIndex === -1);";
        assert_eq!(tab.run(script, Vec::new()).await, true);
        assert_eq!(tab.text("#card-result").await, "");
        let watch = "
            window.announced = [];
            const region = document.getElementById('card-result');
            new MutationObserver(() => announced.push(region.innerText)).observe(region, { childList: true });";
        tab.run(watch, Vec::new()).await;
        tab.register_card(card::APPROVES).await;
        let announced = tab.run("return announced;", Vec::new()).await;
        let announced = announced.as_array().unwrap();
        assert!(announced.len() >= 2, "{announced:?}");
        assert!(announced[0].as_str().unwrap().contains("등록하고 있습니다"), "{announced:?}");
        assert!(announced.last().unwrap().as_str().unwrap().contains("카드를 등록했습니다"), "{announced:?}");
    })
    .await;
}

#[tokio::test]
async fn the_page_speaks_korean_and_with_a_press_english() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.open(&world.shop).await;
        assert_eq!(language(tab).await, "ko");
        tab.says("#sign-in", "시작하기").await;
        tab.click("#language").await;
        assert_eq!(language(tab).await, "en");
        tab.says("#sign-in", "Start").await;
        tab.says("#language", "한국어").await;
        tab.sign_in(&world).await;
        // Chosen once, it stays.
        assert_eq!(language(tab).await, "en");
        tab.says("#pay", "Pay ₩12,900").await;
        tab.register_card(card::APPROVES).await;
        tab.says("#card-result", "The card is registered").await;
        assert_eq!(tab.run(KOREAN, Vec::new()).await, json!([]), "Korean is left in the English page");
        tab.step("English").await;
        let order = tab.order_number().await;
        tab.click("#pay").await;
        let page = tab.enter_pg(&order).await;
        assert_eq!(language(tab).await, "en");
        tab.says("#approve", "Pay").await;
        tab.close_popup(page).await;
        tab.concludes("#pay-result", "closed").await;
        // What was said before is said again in the other language.
        tab.click("#language").await;
        tab.says("#card-result", "카드를 등록했습니다").await;
        tab.says("#pay", "12,900원 결제하기").await;
        tab.step("Korean").await;
    })
    .await;
}

#[tokio::test]
async fn a_slow_answer_does_not_move_the_readers_place() {
    let world = World::shared().await;
    browse(Device::Phone, async |tab| {
        tab.open(&world.shop).await;
        tab.seen("#sign-in").await;
        let hold = "
            const send = window.fetch;
            const gate = new Promise((open) => { window.letGo = open; });
            window.fetch = async (url, options) => {
              if (String(url).includes('/billing-keys') || options?.method === 'GET' && url === '/api/orders') await gate;
              return send(url, options);
            };";
        tab.run(hold, Vec::new()).await;
        tab.fill("#name", &e2e::stack::fresh("slow")).await;
        tab.click("#sign-in").await;
        tab.order_number().await;
        tab.run("document.getElementById('pay-method').focus(); letGo();", Vec::new()).await;
        until("the cards are there", async || tab.sees("#cards-empty").await.then_some(())).await;
        // Longer than it takes.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let focus = tab.run("return document.activeElement.id;", Vec::new()).await;
        assert_eq!(focus, "pay-method", "who has gone on already is taken back");
    })
    .await;
}

#[tokio::test]
async fn a_script_that_got_into_the_page_does_not_run() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        assert_eq!(tab.errors().await, Vec::<String>::new());
        tab.expect_error("TrustedScript");
        tab.expect_error("Refused to connect because it violates the document's Content Security Policy");
        for part in ["TrustedHTML", "script-src", "img-src", "connect-src", "frame-src", "form-action", "style-src"] {
            tab.expect_error(part);
        }
        let inject = "
            const put = (tag, change) => {
              const element = document.createElement(tag);
              try { change(element); } catch (thrown) { return thrown.name; }
              document.body.append(element);
              return 'put';
            };
            const text = put('script', (script) => { script.text = 'window.ran = 1'; });
            const html = put('div', (div) => { div.innerHTML = '<img src=x onerror=\"window.ran = 2\">'; });
            const source = put('script', (script) => { script.src = 'http://127.0.0.1:1/evil.js'; });
            put('button', (button) => { button.id = 'trap'; button.setAttribute('style', 'color: red'); });
            let handler;
            try { document.getElementById('trap').setAttribute('onclick', 'window.ran = 3'); } catch (thrown) { handler = thrown.name; }
            put('script', (script) => { script.append('window.ran = 4'); });
            put('img', (image) => { image.src = 'http://127.0.0.1:1/?stolen'; });
            put('iframe', (frame) => { frame.src = 'http://127.0.0.1:1/'; });
            put('form', (form) => { form.action = 'http://127.0.0.1:1/'; form.method = 'post'; form.id = 'form-trap'; });
            document.getElementById('form-trap').submit();
            document.getElementById('trap').click();
            put('a', (link) => { link.href = 'javascript:window.ran = 5'; link.id = 'link-trap'; });
            document.getElementById('link-trap').click();
            const blocked = (promise) => promise.then(() => 'done', () => 'blocked');
            return Promise.all([text, html, source, handler, blocked(fetch('http://127.0.0.1:1/')),
              blocked(import('http://127.0.0.1:1/evil.js'))]);";
        let tried = tab.run(inject, Vec::new()).await;
        assert_eq!(
            tried,
            json!(["TypeError", "TypeError", "TypeError", "TypeError", "blocked", "blocked"]),
            "what puts a script into the page is refused at once, and so is what leaves it"
        );
        // What only loads is refused a little later.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(tab.run("return window.ran === undefined;", Vec::new()).await, true);
        tab.at(&world.shop).await;
    })
    .await;
}

#[tokio::test]
async fn no_other_site_frames_the_shop() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.open(&world.shop).await;
        let headers =
            tab.run("return fetch('/').then((r) => r.headers.get('content-security-policy'));", Vec::new()).await;
        let policy = headers.as_str().expect("a policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    })
    .await;
}

/// Goes on with the tabulator until the focus is on an element of this selector.
pub(crate) async fn tab_to(tab: &Tab, css: &str) {
    for _ in 0..80 {
        let script = "return document.activeElement.matches(arguments[0]);";
        if tab.run(script, vec![css.into()]).await == true {
            let visible = "
                const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
                const label = document.activeElement.labels?.[0];
                const ring = label && getComputedStyle(label);
                return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'
                  || (ring && (ring.outlineStyle !== 'none' || ring.boxShadow !== 'none'));";
            assert_eq!(tab.run(visible, Vec::new()).await, true, "the focus on {css} cannot be seen");
            return;
        }
        press(tab, Key::Tab).await;
    }
    panic!("{css} cannot be reached with the tabulator");
}

/// Presses keys wherever the focus is.
pub(crate) async fn press(tab: &Tab, keys: impl Into<TypingData>) {
    tab.driver.action_chain().send_keys(keys).perform().await.unwrap();
}

#[tokio::test]
async fn a_purchase_needs_no_mouse() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.open(&world.shop).await;
        tab.seen("#sign-in").await;
        // What is reached by the tabulator is selected: typing replaces it.
        tab_to(tab, "#name").await;
        let name = e2e::stack::fresh("keys");
        press(tab, name.as_str()).await;
        press(tab, Key::Enter).await;
        tab.says("#customer", &name).await;
        tab.order_number().await;
        // The place goes on to where the shop begins.
        until("the focus is on the products", async || {
            (tab.run("return document.activeElement.id;", Vec::new()).await == "products-title").then_some(())
        })
        .await;

        tab_to(tab, "#card-form-details summary").await;
        press(tab, Key::Enter).await;
        tab_to(tab, "#card-number").await;
        press(tab, "4242-4242-4242-4242").await;
        tab_to(tab, "#expiry").await;
        press(tab, "12/40").await;
        tab_to(tab, "#birth").await;
        press(tab, "900101").await;
        tab_to(tab, "#pwd").await;
        press(tab, "12").await;
        press(tab, Key::Enter).await;
        tab.concludes("#card-result", "paid").await;

        tab_to(tab, "[name='product']").await;
        let before = tab.order_number().await;
        press(tab, Key::Down).await;
        let order =
            until("another order", async || Some(tab.order_number().await).filter(|next| *next != before)).await;
        tab_to(tab, "[name='way']").await;
        press(tab, Key::Down).await;
        tab_to(tab, "#pay").await;
        tab.step("ready to pay by keys").await;
        press(tab, Key::Enter).await;
        tab.concludes("#pay-result", "paid").await;
        let focus = "return document.activeElement.id;";
        assert_eq!(tab.run(focus, Vec::new()).await, "pay-result", "the reader's place is at the outcome");
        tab.step("paid by keys").await;
        assert_eq!(world.row(&order).await["status"], "paid");
        assert_eq!(world.payment(&order).await["status"], "paid");
    })
    .await;
}
