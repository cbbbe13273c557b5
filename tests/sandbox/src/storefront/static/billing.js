// How a storefront's page uses the billing API. Everything else in this folder is the shop around it.
//
// `shop` is the storefront's own server: it knows the prices and holds the merchant's token. `api` is the billing API,
// called with the signed-in customer's token. Both throw a Refusal for any answer that is no success.

import { Refusal, api, shop } from "./http.js";

/** Waits between looks at an unknown outcome, in seconds. Then the page says so and leaves the asking to a button. */
const WAITS = [1, 1, 2, 3, 5, 8, 13];

// README: begin
/** Pays an order in the PG's window. Resolves with the payment as the API has it: the window's word counts for nothing. */
export async function buy(order, choice, onWait) {
  // The shop's server starts the checkout with the merchant's token: the browser never names an amount.
  const checkout = await shop.post(`/api/orders/${order}/checkout`, choice);
  if (!checkout.body.request_pay) return settled(checkout, onWait); // it can no longer be paid, or is paid already
  const said = await openWindow(checkout.body);
  if (!said.imp_uid) return closed(order); // nothing was tried
  return settled(await api.post(`/checkouts/${order}/complete`, { imp_uid: said.imp_uid }), onWait);
}

/** Opens the PG's window with exactly what the API answered. */
function openWindow({ init, request_pay }) {
  if (init.tier) IMP.agency(init.code, init.tier);
  else IMP.init(init.code);
  return new Promise((callback) => IMP.request_pay(request_pay, callback));
}

/** "pending" is no error: nobody knows the outcome yet. Looks again, more and more rarely, and resolves with the last. */
export async function settled(reply, onWait) {
  for (const seconds of WAITS) {
    if (reply.body.status !== "pending") break;
    onWait?.(reply.body);
    await pause(Math.max(seconds, reply.retryAfter));
    reply = await api.get(reply.location ?? `/charges/${reply.body.merchant_uid}`);
  }
  return reply.body;
}
// README: end

/** The window was closed before anything was tried. The order can still be paid; it stands as the API says. */
async function closed(order) {
  const { body } = await api.get(`/charges/${order}`);
  return { ...body, closed: body.status === "pending" };
}

/** Charges a registered card. The shop's server does it, so that it is the one that names the amount. */
export async function payWithCard(order, customer_uid, onWait) {
  return settled(await shop.post(`/api/orders/${order}/charge`, { customer_uid }), onWait);
}

/** Schedules a payment with a registered card. */
export async function schedule(order, customer_uid, after, onWait) {
  const { status, body, retryAfter } = await shop.post(`/api/orders/${order}/schedule`, { customer_uid, after });
  return settled({ status, body: body.list[0], retryAfter, location: `/schedules/${order}` }, onWait);
}

/** How an order stands now. */
export async function look(order, onWait) {
  return settled(await api.get(`/charges/${order}`), onWait);
}

/** Registers a card from its data. The page sends them to the billing API itself: the shop's server never sees them. */
export async function registerCard(card, idempotencyKey, onWait) {
  return issued(await api.post("/billing-keys", card, idempotencyKey), onWait);
}

/** Registers a card in the PG's window: no card data pass through this page or the billing API at all. */
export async function registerCardInWindow(choice, idempotencyKey, onWait) {
  const { body } = await api.post("/billing-keys/window", choice, idempotencyKey);
  if (body.request_pay) await openWindow(body);
  return confirmCard(body.customer_uid, onWait);
}

/** Asks the API whether the PG has the card that a window was opened for. Resolves with the card, active or not. */
export async function confirmCard(customer_uid, onWait) {
  const path = `/billing-keys/${customer_uid}/confirm`;
  let reply = await api.post(path, {});
  for (const seconds of WAITS.slice(0, 4)) {
    if (reply.status !== 202) break;
    onWait?.(reply.body);
    await pause(seconds);
    reply = await api.post(path, {});
  }
  return reply.body;
}

/** Waits until it is known whether a card was accepted. */
async function issued(reply, onWait) {
  for (const seconds of WAITS) {
    if (!["prepared", "issuing"].includes(reply.body.status)) break;
    onWait?.(reply.body);
    await pause(Math.max(seconds, reply.retryAfter));
    reply = await api.get(`/billing-keys/${reply.body.customer_uid}`);
  }
  if (reply.body.status === "abandoned") throw new Refusal(402, { code: "card_rejected" });
  return reply.body;
}

/** The customer's cards that can be charged, or still wait for their window. */
export async function cards() {
  const list = [];
  for (let next = ""; next !== null; ) {
    const { body } = await api.get(`/billing-keys?limit=100${next && `&cursor=${encodeURIComponent(next)}`}`);
    list.push(...body.list.filter(({ status }) => ["active", "prepared", "issuing"].includes(status)));
    next = body.next;
  }
  return list;
}

/** Deletes a card; `cascade` revokes the payments that are scheduled with it first. */
export async function deleteCard(customer_uid, cascade) {
  return api.delete(`/billing-keys/${customer_uid}${cascade ? "?cascade=true" : ""}`);
}

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
