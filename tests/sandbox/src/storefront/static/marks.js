// The marks of a timeline: one for each attempt to be paid, told apart by their shape.

const NAMESPACE = "http://www.w3.org/2000/svg";

/** A new element of a picture. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter(Boolean));
  return element;
}

/** Each around the origin: a filled shape, or an empty one, and what is drawn into it. */
const SHAPES = {
  paid: () => [draw("circle", { class: "full", r: 8 }), draw("path", { class: "on", d: "M-3.8 0.2 L-1.2 3 L4 -2.8" })],
  failed: () => [draw("rect", { class: "full", x: -7, y: -7, width: 14, height: 14, rx: 2 }), draw("path", { class: "on", d: "M-3.2 -3.2 L3.2 3.2 M3.2 -3.2 L-3.2 3.2" })],
  scheduled: () => [draw("circle", { class: "empty", r: 7 }), draw("path", { class: "line", d: "M0 -3.8 V0.4 H3" })],
  revoked: () => [draw("circle", { class: "empty", r: 7 }), draw("path", { class: "line", d: "M-4.6 4.6 L4.6 -4.6" })],
  refunded: () => [draw("circle", { class: "empty", r: 7.5 }), draw("path", { class: "line", d: "M-0.8 -4 L-3.6 -1.4 L-0.8 1.2 M-3.6 -1.4 H1.4 A2.6 2.6 0 0 1 1.4 3.8 H-1.6" })],
  partially_refunded: () => [draw("circle", { class: "empty", r: 7.5 }), draw("path", { class: "full", d: "M0 -7.5 A7.5 7.5 0 0 1 0 7.5 Z" }), draw("path", { class: "line", d: "M-1.4 -3.2 L-4.6 0 L-1.4 3.2" })],
  pending: () => [draw("circle", { class: "empty", r: 7 }), ...[-3.4, 0, 3.4].map((cx) => draw("circle", { class: "dot", cx, r: 1.1 }))],
  suspect: () => [draw("path", { class: "empty", d: "M0 -7.5 L8 6.5 H-8 Z" }), draw("path", { class: "line", d: "M0 -2.8 V1.8 M0 4 V4.4" })],
};

/** Every kind, in the order of a legend. */
export const KINDS = Object.keys(SHAPES);

/** The kind of an attempt, from what the API says of its payment. */
export function kindOf({ status, state, cancel_amount }) {
  if (state === "suspect") return "suspect";
  if (status === "cancelled") return "refunded";
  if (status === "paid" && cancel_amount > 0) return "partially_refunded";
  return KINDS.includes(status) ? status : "pending";
}

/** The mark of a kind. Once an attempt of the period has failed, the number of the next one stands beside it. */
export function mark(kind, tries = 1) {
  const number = tries > 1 ? draw("text", { class: "tries", x: 8, y: -4 }, String(tries)) : null;
  return draw("g", { class: `mark mark-${kind}`, "data-kind": kind, "data-tries": tries }, ...SHAPES[kind](), number);
}
