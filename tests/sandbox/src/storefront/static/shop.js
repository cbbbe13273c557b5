// The shop's page.

import * as cards from "./cards.js";
import * as checkout from "./checkout.js";
import * as clock from "./clock.js";
import { api, forgetToken, shop } from "./http.js";
import * as orders from "./orders.js";
import * as ownerSubscriptions from "./owner-subscriptions.js";
import * as owner from "./owner.js";
import { $, hush, mishap, once, say, sayAgain, whenShown } from "./page.js";
import { setPlans } from "./plans.js";
import * as subscribe from "./subscribe.js";
import * as subscriptions from "./subscriptions.js";
import { languageButton, text, translate } from "./texts.js";

let customer = null;

translate();
for (const part of [cards, checkout, orders, clock, subscribe, subscriptions, owner, ownerSubscriptions]) part.start();
languageButton($("language"), () => {
  showCustomer();
  checkout.translateCheckout();
  cards.showCardList();
  orders.showOrders();
  clock.showClock();
  subscribe.showForm();
  subscriptions.showSubscriptions();
  owner.showOwner();
  ownerSubscriptions.showOwnerSubscriptions();
  sayAgain();
});

$("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  once($("sign-in"), async () => {
    hush($("sign-in-result"));
    try {
      forgetToken();
      const entered = enter((await shop.post("/api/session", { name: $("name").value.trim() })).body);
      // Before the lists are there: a reader who has gone on by then is not taken back.
      $("products-title").focus();
      await entered;
    } catch (thrown) {
      say($("sign-in-result"), () => mishap(thrown));
    }
  });
});
for (const chip of document.querySelectorAll("[data-name]")) {
  chip.addEventListener("click", () => {
    $("name").value = chip.dataset.name;
    $("sign-in").focus();
  });
}
$("sign-out").addEventListener("click", () => once($("sign-out"), async () => {
  await shop.delete("/api/session");
  // Nothing of the one customer stays on the page for the next.
  location.reload();
}));

whenShown(async () => {
  try {
    await enter((await shop.get("/api/session")).body);
  } catch (thrown) {
    say($("sign-in-result"), () => mishap(thrown));
  }
});

async function enter(session) {
  api.url = session.billing_api;
  customer = session.customer;
  setPlans(session.plans);
  clock.setClock(session.clock);
  subscribe.enter(session);
  showCustomer();
  const refreshed = [owner.refreshOwner()];
  if (customer) {
    refreshed.push(checkout.enter(session), cards.refreshCards(), orders.refreshOrders(), subscriptions.refreshSubscriptions());
  }
  await Promise.all(refreshed);
}

function showCustomer() {
  $("welcome").hidden = Boolean(customer);
  $("shop").hidden = !customer;
  $("signed-in").hidden = !customer;
  $("customer").textContent = customer ? text("signed_in_as", { name: customer.name }) : "";
}
