// Buying. The order number is there before the button is: pressed twice, reloaded or come back to, it is one order.

import { buy, payWithCard, schedule } from "./billing.js";
import { activeCards, cardName } from "./cards.js";
import { api, shop } from "./http.js";
import { $, button, hush, make, mishap, nameOf, on, outcome, say, statusOf, tell } from "./page.js";
import { language, money, text } from "./texts.js";

let session;
/** The order that the form pays: { merchant_uid, product, way, choice, payment, done }. */
let current = null;
/** Orders that are being paid right now. */
const inFlight = new Set();

export function start() {
  $("checkout-form").addEventListener("submit", (event) => {
    event.preventDefault();
    pay();
  });
  $("checkout-form").addEventListener("change", show);
  on("cards", showCards);
}

/** Shows the products, and opens an order for the one that was chosen last. */
export async function enter(entered) {
  session = entered;
  showProducts();
  const kept = session.products.find(({ id }) => id === sessionStorage.getItem("product"));
  await choose((kept ?? session.products[0]).id);
}

/** After the language has changed. */
export function translateCheckout() {
  if (!session) return;
  showProducts();
  showCards();
}

function showProducts() {
  const chosen = current?.product.id ?? sessionStorage.getItem("product");
  $("products").replaceChildren(...session.products.map((product) => {
    const id = `product-${product.id}`;
    const radio = make("input", { type: "radio", name: "product", id, value: product.id, checked: product.id === chosen });
    radio.addEventListener("change", () => choose(product.id));
    return make("li", {}, radio, make("label", { for: id },
      make("img", { src: `/static/${product.id}.svg`, alt: "", width: 160, height: 120 }),
      make("span", { class: "product-name" }, nameOf(product)),
      make("span", { class: "price" }, money(product.price))));
  }));
}

/** Opens an order of a product: the one that is not finished, or a new one. */
async function choose(product, another = false) {
  sessionStorage.setItem("product", product);
  hush($("pay-result"));
  try {
    const { body } = await shop.post("/api/orders", { product, another });
    current = { ...body, done: false };
    $(`product-${product}`).checked = true;
    if (current.way) restoreChoice();
  } catch (thrown) {
    current = null;
    say($("pay-result"), () => mishap(thrown));
  }
  showUnfinished();
  showCards();
}

/** An unfinished order goes on in the way in which it was begun. */
function restoreChoice() {
  const form = $("checkout-form");
  form.elements.way.value = current.way;
  const { pay_method, customer_uid, after } = current.choice;
  if (pay_method) form.elements.pay_method.value = pay_method;
  if (after) form.elements.after.value = after;
  if (customer_uid) form.dataset.card = customer_uid;
}

function showUnfinished() {
  if (!current?.way) return hush($("open-order"));
  const order = current;
  say($("open-order"), () => ({
    ...(order.payment?.status === "ready" ? outcome(order.payment, order.product) : {
      state: "pending",
      title: text("unfinished"),
      detail: text("unfinished_detail"),
    }),
    buttons: [
      button("open-order-check", "check_again", () => check(order.merchant_uid)),
      button("open-order-another", "another_order", () => choose(order.product.id, true)),
    ],
  }));
}

function showCards() {
  const select = $("pay-card");
  const wanted = $("checkout-form").dataset.card ?? select.value;
  const cards = activeCards();
  select.replaceChildren(...cards.map((card) => make("option", { value: card.customer_uid }, cardName(card))));
  if (cards.some((card) => card.customer_uid === wanted)) select.value = wanted;
  show();
}

/** Shows the form as it stands: which fields belong to the way, what the button says, whether it can be pressed. */
function show() {
  const form = $("checkout-form");
  const way = form.elements.way.value;
  const hasCard = activeCards().length > 0;
  delete form.dataset.card;
  $("window-fields").hidden = way !== "checkout";
  $("card-fields").hidden = way === "checkout" || !hasCard;
  $("no-card").hidden = way === "checkout" || hasCard;
  $("later-fields").hidden = way !== "schedule";
  $("order-number").textContent = current?.merchant_uid ?? "";
  $("order-name").textContent = current ? nameOf(current.product) : "";
  const amount = current ? money(current.product.price) : "";
  $("order-amount").textContent = amount;
  const busy = inFlight.has(current?.merchant_uid);
  $("pay").disabled = !current || current.done || busy || (way !== "checkout" && !hasCard);
  $("pay").textContent = busy ? text("paying") : text(way === "schedule" ? "pay_later" : "pay", { amount });
  $("pay").setAttribute("aria-busy", String(busy));
}

async function pay() {
  const order = current;
  if (!order || order.done || inFlight.has(order.merchant_uid)) return;
  const { way, pay_method, after } = $("checkout-form").elements;
  const card = $("pay-card").value;
  const number = order.merchant_uid;
  const onWait = () => concerns(number) && sayPending(number);
  const ways = {
    checkout: () => buy(number, { pay_method: pay_method.value, language: language() }, onWait),
    charge: () => payWithCard(number, card, onWait),
    schedule: () => schedule(number, card, after.value, onWait),
  };
  hush($("open-order"));
  say($("pay-result"), () => (way.value === "checkout" ? {
    state: "working",
    title: text("window_open"),
    detail: text("window_open_detail"),
    buttons: [button("check-again", "check_again", () => check(number))],
  } : { state: "working", title: text("paying") }));
  await conclude(order, ways[way.value]);
}

/** Asks the API again, for somebody who waits for a window that never says anything. */
async function check(number) {
  const order = current;
  if (!concerns(number)) return;
  hush($("open-order"));
  await conclude(order, async () => (await api.get(`/charges/${number}`)).body);
}

/** Runs something about an order, and says what came of it. */
async function conclude(order, run) {
  const number = order.merchant_uid;
  inFlight.add(number);
  show();
  let payment, thrown;
  try {
    payment = await run();
  } catch (refusal) {
    thrown = refusal;
  }
  inFlight.delete(number);
  tell("orders");
  // What was decided while the reader went on to something else stands in the list.
  if (!concerns(number)) return show();
  const done = thrown ? isDecided(thrown) : !["pending", "ready"].includes(statusOf(payment));
  current = { ...current, done };
  show();
  if (!thrown && payment.status === "pending" && payment.gaveUp === undefined) return sayPending(number);
  say($("pay-result"), () => ({
    ...(thrown ? mishap(thrown) : outcome(payment, order.product)),
    buttons: nextSteps(order, payment, thrown, done),
  }), true);
}

function nextSteps(order, payment, thrown, done) {
  const { id } = order.product;
  if (done) {
    const again = thrown || ["failed", "expired"].includes(payment.status) ? "try_again" : "order_again";
    return [button("order-again", again, () => choose(id))];
  }
  const steps = [button("check-again", "check_again", () => check(order.merchant_uid))];
  const another = payment?.status === "ready" || thrown?.code === "order_in_progress";
  return another ? [...steps, button("another-order", "another_order", () => choose(id, true))] : steps;
}

/** Whether a refusal ends the order, so that another attempt needs another number. */
function isDecided({ status, code }) {
  return status >= 400 && status < 500 && ![401, 403, 429].includes(status) && code !== "order_in_progress";
}

function sayPending(number) {
  say($("pay-result"), () => ({
    ...outcome({ status: "pending" }),
    buttons: [button("check-again", "check_again", () => check(number))],
  }));
}

function concerns(number) {
  return current?.merchant_uid === number;
}
