// Where the PG's window leads on a telephone. The address says how the payment went, and anybody can write an address:
// only the order number is taken from it, and the billing API is asked.

import { confirmCard, look } from "./billing.js";
import { cardName } from "./cards.js";
import { Refusal, api, shop } from "./http.js";
import { $, button, make, mishap, outcome, say, sayAgain, wheneverShown } from "./page.js";
import { languageButton, text, translate } from "./texts.js";

const number = new URLSearchParams(location.search).get("merchant_uid") ?? "";
const region = $("return-result");

translate();
languageButton($("language"), sayAgain);
wheneverShown(show);

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

/** An order or, if a card was registered in the window, that card. */
async function find() {
  const unknown = () => ({ state: "error", title: text("unknown_order"), detail: text("unknown_order_detail") });
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(number)) return unknown;
  try {
    const payment = await look(number, () => say(region, () => pending()));
    return payment.status === "pending" ? pending : () => outcome(payment);
  } catch (thrown) {
    if (!isUnknown(thrown)) throw thrown;
  }
  try {
    const card = await confirmCard(number);
    if (card.status !== "active") return () => ({ state: "pending", title: text("card_waiting"), detail: text("card_waiting_detail") });
    return () => ({ state: "paid", title: text("card_registered"), detail: cardName(card) });
  } catch (thrown) {
    if (!isUnknown(thrown)) throw thrown;
    return unknown;
  }
}

function isUnknown(thrown) {
  return thrown instanceof Refusal && thrown.status === 404;
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
