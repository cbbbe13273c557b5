// The customer's payments: the shop's server keeps their numbers, the billing API knows how each stands.

import { shop } from "./http.js";
import { $, account, badge, button, hush, make, mishap, nameOf, on, once, say, standing } from "./page.js";
import { dateTime, money, text } from "./texts.js";

let list = [];
/** Only the answer to the last question is shown. */
let asked = 0;

export function start() {
  $("orders-refresh").addEventListener("click", () => once($("orders-refresh"), refreshOrders));
  on("orders", refreshOrders);
}

export async function refreshOrders() {
  const turn = ++asked;
  try {
    const { body } = await shop.get("/api/orders");
    if (turn !== asked) return;
    list = body.list;
    hush($("orders-result"));
  } catch (thrown) {
    say($("orders-result"), () => mishap(thrown));
  }
  showOrders();
}

export function showOrders() {
  $("orders-empty").hidden = list.length > 0;
  $("orders").replaceChildren(...list.map((order) => orderRow(order, null, checkStep(order))));
}

/** What is not decided yet can be asked about again. */
function checkStep(order) {
  const open = ["pending", "ready", "unanswered"].includes(standing(order.payment, order.answered));
  return open && button(null, "check_again", ({ currentTarget }) => once(currentTarget, refreshOrders));
}

/** A line of a list of orders, with the name of whose it is where that matters. */
export function orderRow(order, of, ...steps) {
  const { merchant_uid, product, payment, answered } = order;
  const facts = [
    of,
    text(`way_of_${order.way}`),
    payment?.status === "scheduled" ? text("due_on", { when: dateTime(payment.schedule_at) }) : payment && dateTime(payment.paid_at ?? payment.created_at),
    payment?.cancel_amount > 0 && text("refunded_of", { amount: money(payment.cancel_amount) }),
    // The PG's own words, which are Korean in both languages.
    payment?.status === "failed" && payment.fail_reason && make("span", { lang: "ko" }, payment.fail_reason),
  ];
  return make("li", { class: "row", "data-merchant-uid": merchant_uid, "data-status": standing(payment, answered) },
    make("span", { class: "row-main" },
      make("strong", {}, nameOf(product)),
      make("span", { class: "price" }, money(payment?.amount ?? product.price)),
      badge(payment, answered)),
    make("span", { class: "facts" }, ...facts.filter(Boolean).map((fact) => make("span", {}, fact)), make("code", {}, merchant_uid)),
    payment && account(payment),
    make("span", { class: "actions" }, ...steps.filter(Boolean)));
}
