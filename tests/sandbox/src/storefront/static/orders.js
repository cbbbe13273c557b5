// The customer's payments: the shop's server keeps their numbers, the billing API knows how each stands.

import { shop } from "./http.js";
import { $, account, badge, button, hush, make, mishap, nameOf, on, once, say, statusOf } from "./page.js";
import { planName } from "./plans.js";
import { subscriptionPayments } from "./subscriptions.js";
import { dateTime, money, text } from "./texts.js";

let list = [];
/** Only the answer to the last question is shown. */
let asked = 0;

export function start() {
  $("orders-refresh").addEventListener("click", () => once($("orders-refresh"), refreshOrders));
  on("orders", refreshOrders);
  on("periods", showOrders);
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
  const orders = list.map((order) => [timeOf(order.payment), orderRow(order, null, checkStep(order))]);
  const periods = subscriptionPayments().map(({ plan, payment }) => [payment.paid_at ?? payment.at, periodRow(plan, payment)]);
  const rows = [...orders, ...periods].sort(([one], [other]) => other - one).map(([, row]) => row);
  $("orders-empty").hidden = rows.length > 0;
  $("orders").replaceChildren(...rows);
}

/** When it was paid, is to be paid, or was begun. What the API knows nothing of is the newest: it has only been sent. */
function timeOf(payment) {
  if (!payment) return Infinity;
  return payment.status === "scheduled" ? payment.schedule_at : payment.paid_at ?? payment.created_at;
}

/** A payment of a subscription. What it stands for in its period is in the subscription's own picture. */
function periodRow(plan, payment) {
  return row(payment.merchant_uid, planName(plan), payment.amount, payment, true, [
    text(payment.charges === "difference" ? "way_of_difference" : "way_of_subscription"),
    payment.status === "scheduled" ? text("due_on", { when: dateTime(payment.at) }) : dateTime(payment.paid_at ?? payment.at),
  ]);
}

/** What is not decided yet can be asked about again. */
function checkStep(order) {
  const open = ["pending", "ready", "unanswered"].includes(statusOf(order.payment, order.answered));
  return open && button(null, "check_again", ({ currentTarget }) => once(currentTarget, refreshOrders));
}

/** A line of a list of orders, with the name of whose it is where that matters. */
export function orderRow(order, of, ...steps) {
  const { merchant_uid, product, payment, answered } = order;
  return row(merchant_uid, nameOf(product), payment?.amount ?? product.price, payment, answered, [
    of,
    text(`way_of_${order.way}`),
    payment?.status === "scheduled" ? text("due_on", { when: dateTime(payment.schedule_at) }) : payment && dateTime(payment.paid_at ?? payment.created_at),
  ], steps);
}

function row(merchant_uid, name, amount, payment, answered, known, steps = []) {
  const facts = [
    ...known,
    payment?.cancel_amount > 0 && text("refunded_of", { amount: money(payment.cancel_amount) }),
    // The PG's own words, which are Korean in both languages.
    payment?.status === "failed" && payment.fail_reason && make("span", { lang: "ko" }, payment.fail_reason),
  ];
  return make("li", { class: "row", "data-merchant-uid": merchant_uid, "data-status": statusOf(payment, answered) },
    make("span", { class: "row-main" },
      make("strong", {}, name),
      make("span", { class: "price" }, money(amount)),
      badge(payment, answered)),
    make("span", { class: "facts" }, ...facts.filter(Boolean).map((fact) => make("span", {}, fact)), make("code", {}, merchant_uid)),
    payment && account(payment),
    make("span", { class: "actions" }, ...steps.filter(Boolean)));
}
