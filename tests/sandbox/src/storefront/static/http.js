// The two servers that the page talks to. Both answer with { status, body, location, retryAfter } or throw a Refusal.

/** An answer that is no success. `code` is stable, `retryable` means that the very same request may do later. */
export class Refusal extends Error {
  constructor(status, body) {
    super(body.detail ?? body.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? `http_${status}`;
    this.retryable = body.retryable ?? status >= 500;
    this.body = body;
  }
}

/** The shop's own server. Its cookie says who is signed in. */
export const shop = {
  get: (path) => send("GET", path, undefined, {}),
  post: (path, body) => send("POST", path, body, {}),
  delete: (path) => send("DELETE", path, {}, {}),
};

/** The billing API, with the customer's token. */
export const api = {
  /** Its address, which the shop's server knows. */
  url: "",
  get: (path) => withToken("GET", path),
  post: (path, body, idempotencyKey) => withToken("POST", path, body, idempotencyKey),
  patch: (path, body) => withToken("PATCH", path, body),
  delete: (path) => withToken("DELETE", path),
};

let token = null;

/** Forgets the token: another customer signs in. */
export function forgetToken() {
  token = null;
}

async function freshToken() {
  if (!token || token.expires_at - 30 < Date.now() / 1000) token = (await shop.post("/api/token", {})).body;
  return token.token;
}

async function withToken(method, path, body, idempotencyKey) {
  const request = async () => {
    const headers = { authorization: `Bearer ${await freshToken()}` };
    if (idempotencyKey) headers["idempotency-key"] = idempotencyKey;
    return send(method, api.url + path, body, headers);
  };
  try {
    return await request();
  } catch (refusal) {
    if (refusal.status !== 401 || !token) throw refusal;
    // A token that was refused did nothing, so the request can be sent again with another.
    forgetToken();
    return request();
  }
}

async function send(method, url, body, headers) {
  const own = url.startsWith("/");
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer, text;
  try {
    answer = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      // The cookie is for the shop's server alone.
      credentials: own ? "same-origin" : "omit",
      cache: "no-store",
      redirect: "error",
    });
    text = await answer.text();
  } catch {
    // It may have arrived all the same. The order number, or the idempotency key, makes a repeat harmless.
    throw new Refusal(0, { code: "no_answer", retryable: true });
  }
  let parsed = {};
  try {
    parsed = text ? JSON.parse(text) : {};
  } catch {
    // No JSON: what counts is the status.
  }
  if (!answer.ok) throw new Refusal(answer.status, parsed);
  return {
    status: answer.status,
    body: parsed,
    location: answer.headers.get("location"),
    retryAfter: Number(answer.headers.get("retry-after")) || 0,
  };
}
