// The customer's registered cards, and the two ways to register one.

import { cards, confirmCard, deleteCard, registerCard, registerCardInWindow } from "./billing.js";
import { $, button, hush, make, mishap, once, say, tell } from "./page.js";
import { language, text } from "./texts.js";

let list = [];
/** Names of the two requests: the same until their outcome is known, so that a repeat registers nothing twice. */
let formKey = newKey();
let windowKey = newKey();

/** Cards that can be charged. */
export const activeCards = () => list.filter(({ status }) => status === "active");

/** A card as people know it. */
export function cardName({ card_name, card_number }) {
  return [card_name ?? text("card"), card_number && `•••• ${card_number.slice(-4)}`].filter(Boolean).join(" ");
}

export function start() {
  const form = $("card-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once($("register"), () => registerTyped(form));
  });
  // Another card is another request.
  form.addEventListener("input", () => (formKey = newKey()));
  $("register-window").addEventListener("click", () => once($("register-window"), registerInWindow));
  for (const chip of document.querySelectorAll("[data-test-card]")) {
    chip.addEventListener("click", () => fill(form, chip.dataset.testCard));
  }
}

/** Reads the cards and shows them. */
export async function refreshCards() {
  try {
    list = await cards();
  } catch (thrown) {
    list = [];
    say($("card-result"), () => mishap(thrown));
  }
  showCardList();
}

export function showCardList() {
  $("cards-empty").hidden = list.length > 0;
  $("cards").replaceChildren(...list.map((card) => {
    const active = card.status === "active";
    const steps = active ? [] : [button(null, "confirm_card", ({ currentTarget }) => once(currentTarget, () => confirm(card)))];
    const remove = button(null, "delete_card", ({ currentTarget }) => once(currentTarget, () => removeCard(card, false)));
    remove.setAttribute("aria-label", text("delete_card_name", { card: cardName(card) }));
    return make("li", { class: "row", "data-customer-uid": card.customer_uid, "data-status": card.status },
      make("span", { class: "row-main" },
        make("strong", {}, cardName(card)),
        active ? null : make("span", { class: "badge badge-pending" }, text(`card_${card.status}`))),
      make("span", { class: "actions" }, ...steps, remove));
  }));
  tell("cards");
}

async function registerTyped(form) {
  const { card_number, expiry, birth, pwd_2digit } = form.elements;
  const card = { card_number: card_number.value.trim(), expiry: yearMonth(expiry.value), birth: birth.value, pwd_2digit: pwd_2digit.value };
  await tellOutcome(() => registerCard(card, formKey, () => sayWorking()), () => {
    form.reset();
    formKey = newKey();
    $("card-form-details").open = false;
  }, () => (formKey = newKey()));
}

async function registerInWindow() {
  const choice = { pay_method: "card", language: language() };
  await tellOutcome(() => registerCardInWindow(choice, windowKey, refreshCards), () => (windowKey = newKey()), () => (windowKey = newKey()));
}

async function confirm(card) {
  await tellOutcome(() => confirmCard(card.customer_uid), () => (windowKey = newKey()), () => {});
}

/** Runs a registration and says what came of it. */
async function tellOutcome(run, registered, refused) {
  sayWorking();
  try {
    const card = await run();
    if (card.status === "active") {
      registered();
      say($("card-result"), () => ({ state: "paid", title: text("card_registered"), detail: cardName(card) }), true);
    } else if (card.gaveUp !== undefined) {
      say($("card-result"), () => ({ state: "closed", title: text("closed"), detail: `${card.gaveUp} · ${text("card_closed_detail")}` }));
    } else {
      say($("card-result"), () => ({ state: "pending", title: text("card_waiting"), detail: text("card_waiting_detail") }));
    }
  } catch (thrown) {
    if (!thrown.retryable) refused();
    say($("card-result"), () => mishap(thrown), true);
  }
  await refreshCards();
}

function sayWorking() {
  say($("card-result"), () => ({ state: "working", title: text("registering") }));
}

async function removeCard(card, cascade) {
  hush($("card-result"));
  try {
    await deleteCard(card.customer_uid, cascade);
    say($("card-result"), () => ({ state: "done", title: text("card_deleted"), detail: cardName(card) }), true);
  } catch (thrown) {
    if (thrown.code === "billing_key_in_use") sayInUse(card);
    else say($("card-result"), () => mishap(thrown), true);
  }
  await refreshCards();
}

function sayInUse(card) {
  say($("card-result"), () => ({
    state: "pending",
    title: text("card_in_use"),
    detail: cardName(card),
    buttons: [button("delete-cascade", "delete_cascade", ({ currentTarget }) => once(currentTarget, () => removeCard(card, true)))],
  }), true);
}

function fill(form, number) {
  const nextYear = String((new Date().getFullYear() + 4) % 100).padStart(2, "0");
  const values = { card_number: number.replace(/(\d{4})(?=\d)/g, "$1-"), expiry: `12/${nextYear}`, birth: "900101", pwd_2digit: "00" };
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  formKey = newKey();
  $("register").focus();
}

/** `MM/YY` as `YYYY-MM`; anything else is for the API to refuse. */
function yearMonth(typed) {
  const [, month, year] = /^\s*(\d{2})\s*\/?\s*(\d{2})\s*$/.exec(typed) ?? [];
  return month ? `20${year}-${month}` : typed;
}

function newKey() {
  return `card-${crypto.randomUUID()}`;
}
