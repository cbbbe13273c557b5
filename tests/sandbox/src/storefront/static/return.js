// Where the PG's window leads on a telephone. The address says how the payment went, and anybody can write an address:
// only the order number is taken from it, and the billing API is asked.

import { complete, confirmCard, look, settled } from "./billing.js";
import { cardName } from "./cards.js";
import { Refusal, api, shop } from "./http.js";
import { $, button, make, mishap, outcome, say, sayAgain, whenShown } from "./page.js";
import { languageButton, text, translate } from "./texts.js";

const said = new URLSearchParams(location.search);
const region = $("return-result");

translate();
languageButton($("language"), sayAgain);
whenShown(show);

async function show() {
  say(region, () => ({ state: "working", title: text("return_checking") }));
  try {
    const session = (await shop.get("/api/session")).body;
    api.url = session.billing_api;
    if (!session.customer) return sayWithWayBack(() => ({ state: "error", title: text("sign_in_first") }));
    const described = await find();
    sayWithWayBack(described);
  } catch (thrown) {
    sayWithWayBack(() => mishap(thrown));
  }
}

/** The order that the address names or, if a card was registered in the window, that card. */
async function find() {
  const [order, card, imp_uid] = ["merchant_uid", "customer_uid", "imp_uid"].map(named);
  try {
    if (card) return await registered(card);
    if (order) return await paid(order, imp_uid);
  } catch (thrown) {
    if (!refusedWith(thrown, "not_found")) throw thrown;
  }
  return () => ({ state: "error", title: text("unknown_order"), detail: text("unknown_order_detail") });
}

async function paid(order, imp_uid) {
  const onWait = () => say(region, pending);
  const payment = imp_uid ? await settled(await completed(order, imp_uid), onWait) : await look(order, onWait);
  return payment.status === "pending" ? pending : () => outcome(payment);
}

/** The payment that the window made; if it is of another order, how this order stands all the same. */
async function completed(order, imp_uid) {
  try {
    return await complete(order, imp_uid);
  } catch (thrown) {
    if (!refusedWith(thrown, "imp_uid_mismatch")) throw thrown;
    return api.get(`/charges/${order}`);
  }
}

async function registered(customer_uid) {
  const card = await confirmCard(customer_uid);
  if (card.status === "active") return () => ({ state: "paid", title: text("card_registered"), detail: cardName(card) });
  return () => ({ state: "pending", title: text("card_waiting"), detail: text("card_waiting_detail"), again: true });
}

/** What the address says under a name, if it could be one of Iamport's or ours. */
function named(name) {
  const value = said.get(name);
  return /^[A-Za-z0-9_-]{1,80}$/.test(value ?? "") ? value : null;
}

function refusedWith(thrown, code) {
  return thrown instanceof Refusal && thrown.code === code;
}

function pending() {
  return { ...outcome({ status: "pending" }), again: true };
}

function sayWithWayBack(describe) {
  say(region, () => {
    const { again, ...description } = describe();
    const back = make("a", { class: "button", href: "/#orders-section", id: "back" }, text("back_to_shop"));
    return { ...description, buttons: [again && button("check-again", "check_again", show), back].filter(Boolean) };
  }, true);
}
