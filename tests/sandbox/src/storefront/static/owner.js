// The shop's owner: every order, and refunds. The shop's server asks for a session of its own before it does any of it.

import { shop } from "./http.js";
import { $, firstClick, hush, make, mishap, on, once, say, tell } from "./page.js";
import { orderRow } from "./orders.js";
import { money, text } from "./texts.js";

/** Whether to ask for the orders at once when the page is loaded again. The session itself is a cookie. */
const ENTERED = "owner";
let list = [];
/** Only the answer to the last question is shown. */
let asked = 0;
/** Codes of banks, as the banks' own network numbers them. */
const BANKS = ["004", "011", "020", "081", "088", "090", "092"];
/** Each refund's name, the same until its outcome is known: the button pressed twice is one refund. */
const refunds = new Map();

export function start() {
  $("owner-enter").addEventListener("click", () => once($("owner-enter"), async () => {
    await attempt(() => shop.post("/api/owner/session", {}));
    sessionStorage.setItem(ENTERED, "yes");
    await refreshOwner();
    $("owner-title").focus();
  }));
  $("owner-leave").addEventListener("click", () => once($("owner-leave"), async () => {
    await attempt(() => shop.delete("/api/owner/session"));
    leave();
  }));
  $("owner-refresh").addEventListener("click", () => once($("owner-refresh"), async () => {
    await refreshOwner();
    tell("owner");
  }));
  on("orders", refreshOwner);
}

export async function refreshOwner() {
  if (!sessionStorage.getItem(ENTERED)) return;
  const turn = ++asked;
  try {
    const { body } = await shop.get("/api/owner/orders");
    if (turn !== asked) return;
    list = body.list;
  } catch (thrown) {
    if (thrown.status === 401) return leave();
    say($("owner-result"), () => mishap(thrown));
  }
  $("owner-enter").hidden = true;
  const entered = $("owner-inside").hidden;
  $("owner-inside").hidden = false;
  showOwner();
  if (entered) tell("owner");
}

function leave() {
  sessionStorage.removeItem(ENTERED);
  list = [];
  hush($("owner-result"));
  $("owner-enter").hidden = false;
  $("owner-inside").hidden = true;
}

export function showOwner() {
  $("owner-empty").hidden = list.length > 0;
  $("owner-orders").replaceChildren(...list.map((order) => orderRow(order, order.customer_id, refundForm(order))));
}

function refundForm({ merchant_uid, payment }) {
  const left = payment?.status === "paid" ? payment.amount - payment.cancel_amount : 0;
  if (left <= 0) return null;
  const named = (name, attributes) => make("input", { name, required: true, "aria-label": text(name), placeholder: text(name), ...attributes });
  const amount = named("amount", { type: "number", value: left, min: 1, max: left, step: 1, "aria-label": text("refund_amount") });
  // Money that came into a virtual account has no card to go back to.
  const account = payment.pay_method === "vbank" ? [named("refund_holder", { maxlength: 40 }), bankSelect(), named("refund_account", { inputmode: "numeric", maxlength: 20 })] : [];
  const press = make("button", { type: "submit", class: "quiet", onclick: firstClick() }, text("refund"));
  const form = make("form", { class: "refund" }, ...account, amount, press);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const target = Object.fromEntries(account.map(({ name, value }) => [name, value]));
    once(press, () => refund(merchant_uid, { amount: amount.valueAsNumber, ...target }));
  });
  return form;
}

function bankSelect() {
  const options = BANKS.map((code) => make("option", { value: code }, text(`bank_${code}`)));
  return make("select", { name: "refund_bank", "aria-label": text("bank") }, ...options);
}

async function refund(merchant_uid, wanted) {
  if (!refunds.has(merchant_uid)) refunds.set(merchant_uid, crypto.randomUUID());
  say($("owner-result"), () => ({ state: "working", title: text("refunding") }));
  await attempt(async () => {
    const { body } = await shop.post(`/api/owner/orders/${merchant_uid}/refund`, { ...wanted, refund: refunds.get(merchant_uid) });
    if (body.status !== "pending") refunds.delete(merchant_uid);
    say($("owner-result"), () => refundDescribed(body), true);
  }, (thrown) => {
    if (!thrown.retryable) refunds.delete(merchant_uid);
  });
  // The customer's list and this one.
  tell("orders");
}

/** What came of a refund. */
export function refundDescribed({ status, amount }) {
  if (status === "pending") return { state: "pending", title: text("refund_pending") };
  if (status === "refused") return { state: "error", title: text("refund_refused") };
  return { state: "paid", title: text("refund_done", { amount: money(amount) }) };
}

async function attempt(run, otherwise = () => {}) {
  try {
    await run();
  } catch (thrown) {
    otherwise(thrown);
    say($("owner-result"), () => mishap(thrown), true);
  }
}
