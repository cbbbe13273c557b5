// How a storefront's page uses the billing API. Everything else in this folder is the shop around it.
//
// `shop` is the storefront's own server: it knows the prices and holds the merchant's token. `api` is the billing API,
// called with the signed-in customer's token. Both throw a Refusal for any answer that is no success.

import { Refusal, api, shop } from "./http.js";

// README: begin
/** Pays an order in the PG's window. Resolves with the payment as the API has it: the window's word counts for nothing. */
export async function buy(order, choice, onWait) {
  // The shop's server starts the checkout with the merchant's token: the browser never names an amount.
  const checkout = await started(order, choice); // POST /checkouts, and the same again on 202
  if (!checkout.body.request_pay) return settled(checkout, onWait); // it can no longer be paid, or is paid already
  const said = await openWindow(checkout.body);
  const reply = said.imp_uid ? await complete(order, said.imp_uid) : await api.get(`/charges/${order}`);
  // A window that was given up is not waited for. It can be opened again, for the same order.
  return said.error_code ? { ...reply.body, gaveUp: said.error_msg } : settled(reply, onWait);
}

/** Opens the PG's window with exactly what the API answered. */
function openWindow({ init, request_pay }) {
  if (init?.tier) IMP.agency(init.code, init.tier);
  else if (init) IMP.init(init.code); // null where the API does not know the merchant's code: your page calls it then
  return new Promise((callback) => IMP.request_pay(request_pay, callback));
}

/** Tells the API which payment to look up at Iamport. Paid, or a virtual account, or not known yet; a decline throws. */
export const complete = (order, imp_uid) => api.post(`/checkouts/${order}/complete`, { imp_uid });

/** "pending" is no error: nobody knows the outcome yet. Looks again, more and more rarely, and resolves with the last. */
export async function settled(reply, onWait) {
  for (let seconds = 1; reply.body.status === "pending" && seconds < 15; seconds *= 1.6) {
    onWait?.(reply.body);
    await pause(Math.max(seconds, reply.retryAfter));
    reply = await api.get(reply.location ?? `/charges/${reply.body.merchant_uid}`);
  }
  return reply.body;
}
// README: end

/** Starts a checkout. 202: recorded, but its window cannot be opened yet; the very same request asks again. */
async function started(order, choice) {
  let checkout = await shop.post(`/api/orders/${order}/checkout`, choice);
  for (let tries = 0; checkout.status === 202 && tries < 3; tries++) {
    await pause(Math.max(1, checkout.retryAfter));
    checkout = await shop.post(`/api/orders/${order}/checkout`, choice);
  }
  return checkout;
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
  onWait?.(body);
  const said = body.request_pay ? await openWindow(body) : {};
  if (!said.error_code) return confirmCard(body.customer_uid, onWait);
  const { body: card } = await api.post(`/billing-keys/${body.customer_uid}/confirm`, {});
  return { ...card, gaveUp: said.error_msg };
}

/** Asks the API whether the PG has the card that a window was opened for. Resolves with the card, active or not. */
export async function confirmCard(customer_uid, onWait) {
  const path = `/billing-keys/${customer_uid}/confirm`;
  let reply = await api.post(path, {});
  for (let seconds = 1; reply.status === 202 && seconds < 4; seconds *= 1.6) {
    onWait?.(reply.body);
    await pause(seconds);
    reply = await api.post(path, {});
  }
  return reply.body;
}

/** Waits until it is known whether a card was accepted. */
async function issued(reply, onWait) {
  for (let seconds = 1; ["prepared", "issuing"].includes(reply.body.status) && seconds < 15; seconds *= 1.6) {
    onWait?.(reply.body);
    await pause(Math.max(seconds, reply.retryAfter));
    reply = await api.get(`/billing-keys/${reply.body.customer_uid}`);
  }
  if (reply.body.status === "abandoned") throw new Refusal(402, { code: "card_rejected" });
  return reply.body;
}

/** The customer's cards that can be charged, or still wait for their window. */
export async function cards() {
  const list = await everyPage("/billing-keys?limit=100");
  return list.filter(({ status }) => ["active", "prepared", "issuing"].includes(status));
}

/** Deletes a card; `cascade` revokes the payments that are scheduled with it first. */
export async function deleteCard(customer_uid, cascade) {
  return api.delete(`/billing-keys/${customer_uid}${cascade ? "?cascade=true" : ""}`);
}

/**
 * Subscribes. The shop's server does it, because it names the plan's price; `request` is the name of the wish, the same
 * until its outcome is known: as long as that is open, the very same request asks for it. Resolves with the subscription.
 */
export async function subscribe(plan, customer_uid, start, request, onWait) {
  const ask = () => shop.post("/api/subscriptions", { plan, customer_uid, start, request });
  let reply = await ask();
  for (let seconds = 1; reply.body.pending && seconds < 15; seconds *= 1.6) {
    onWait?.(reply.body);
    await pause(Math.max(seconds, reply.retryAfter));
    reply = await ask();
  }
  return reply.body;
}

/** The customer's subscriptions, oldest first. */
export async function subscriptions() {
  return everyPage("/subscriptions?limit=100");
}

/** The periods of one, newest first, with the payments of each: up to 100, and where the earlier ones are. */
export async function periods(id, cursor = "") {
  return (await api.get(`/subscriptions/${id}/periods?limit=100${after(cursor)}`)).body;
}

/** From now on this card pays. What is overdue it pays at once. */
export async function changeCard(id, customer_uid) {
  return api.patch(`/subscriptions/${id}`, { customer_uid });
}

/** Ends a subscription: with the period that is paid for, or `now`. */
export async function cancel(id, at) {
  return api.delete(`/subscriptions/${id}?at=${at}`);
}

/** Takes back that it ends with the period. */
export async function reactivate(id) {
  return api.patch(`/subscriptions/${id}`, { cancel_at_period_end: false });
}

async function everyPage(path) {
  const list = [];
  for (let next = ""; next !== null; ) {
    const { body } = await api.get(path + after(next));
    list.push(...body.list);
    next = body.next;
  }
  return list;
}

const after = (cursor) => cursor && `&cursor=${encodeURIComponent(cursor)}`;

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
