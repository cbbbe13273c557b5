// The payment window's page. It talks to its own origin only, and tells the result to the page that asked.
(() => {
  "use strict";

  const element = (id) => document.getElementById(id);
  const root = element("window");

  const METHODS = {
    ko: {
      card: "신용카드", trans: "실시간 계좌이체", vbank: "가상계좌", phone: "휴대폰 소액결제", samsung: "삼성페이",
      samsungpay: "삼성페이", kpay: "KPay", kakaopay: "카카오페이", naverpay: "네이버페이", payco: "페이코", lpay: "LPAY",
      ssgpay: "SSG페이", tosspay: "토스페이", cultureland: "문화상품권", smartculture: "스마트문상", happymoney: "해피머니",
      booknlife: "도서문화상품권", point: "포인트", wechat: "위챗페이", alipay: "알리페이", unionpay: "유니온페이",
      tenpay: "텐페이",
    },
    en: { card: "Card", trans: "Bank transfer", vbank: "Virtual account", phone: "Telephone bill" },
  };
  const CARDS = {
    ko: {
      approve: "승인", refuse_issue: "카드 인증 실패", decline: "결제 거절", insufficient_funds: "잔액 부족",
      expired: "유효기간 만료", hang_paid: "응답 없음, 결제됨", hang_nothing: "응답 없음, 결제 안 됨",
      late: "응답 없음, 나중에 결제됨", error_paid: "오류 응답, 결제됨", refused_paid: "거절 응답, 결제됨",
    },
    en: {
      approve: "approves", refuse_issue: "refused", decline: "declines", insufficient_funds: "insufficient funds",
      expired: "expired", hang_paid: "no answer, but paid", hang_nothing: "no answer, nothing paid",
      late: "no answer, paid later", error_paid: "error, though paid", refused_paid: "refused, though paid",
    },
  };
  const TEXT = {
    ko: {
      busy: "처리 중입니다. 창을 닫지 마세요.", waiting: "PG사의 응답을 기다리고 있습니다.",
      silent: "결제창의 일이 끝났습니다. 결과를 상점에 알리지 않습니다 (시험 설정).",
      paid: "결제되었습니다.", closed: "결제를 취소했습니다.", failed: "결제에 실패했습니다.",
      ready: "가상계좌가 발급되었습니다.", refused: "결제할 수 없습니다.",
      again: "통신 오류가 발생했습니다. 다시 시도해 주세요.", unknown: "열려 있는 결제창이 아닙니다.",
      pay: "결제하기", issue: "계좌 발급", register: "등록하기", consent: "동의하고 결제하기",
      display: "자동결제 수단을 등록합니다. 지금은 결제되지 않습니다.",
      charge: "자동결제 수단을 등록하면서 위 금액을 결제합니다.", once: "일시불", months: (n) => `${n}개월`,
    },
    en: {
      busy: "Working. Please keep this window open.", waiting: "Waiting for the PG's answer.",
      silent: "Done. The shop is not told of the result (test setting).",
      paid: "Paid.", closed: "Cancelled.", failed: "The payment failed.", ready: "The account is issued.",
      refused: "This cannot be paid.", again: "The connection failed. Please try again.",
      unknown: "This payment window is not open.",
      pay: "Pay", issue: "Issue the account", register: "Register", consent: "Agree and pay",
      display: "Registers a means of recurring payment. Nothing is charged now.",
      charge: "Registers a means of recurring payment, and charges the amount above.", once: "In one payment",
      months: (n) => `${n} months`,
    },
  };
  let language = "ko";
  const text = (name) => TEXT[language][name];

  let view = null;

  async function call(method, path, body) {
    const options = { method, headers: { accept: "application/json" }, cache: "no-store" };
    if (body !== undefined) {
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    const answer = await fetch(path, options);
    return { status: answer.status, body: await answer.json() };
  }

  const path = (act) => `/v1/windows/${encodeURIComponent(view.id)}${act ? `/${act}` : ""}`;

  // To the page that opened this window, at the origin that it gave, and to nobody else.
  function tell(message) {
    if (view.mode !== "popup" || !window.opener) return;
    window.opener.postMessage({ request_id: view.request_id, ...message }, view.origin);
  }

  function say(status, error) {
    element("status").textContent = status ?? "";
    element("error").textContent = error ?? "";
  }

  function money(amount, currency) {
    if (currency === "KRW" && language === "ko") return `${amount.toLocaleString("ko-KR")}원`;
    try {
      return new Intl.NumberFormat(language, { style: "currency", currency }).format(amount);
    } catch {
      return `${amount} ${currency}`;
    }
  }

  function option(value, label) {
    const item = document.createElement("option");
    item.value = value;
    item.textContent = label;
    return item;
  }

  function translate() {
    if (view.language !== "en") return;
    language = "en";
    document.documentElement.lang = "en";
    document.title = "Payment window";
    for (const item of document.querySelectorAll("[data-en]")) item.textContent = item.dataset.en;
  }

  function shop() {
    const names = [view.code, view.tier].filter(Boolean).join(" / ");
    try {
      return `${names} · ${new URL(view.origin).host}`;
    } catch {
      return names;
    }
  }

  function showOrder() {
    if (view.amount === undefined) return;
    element("shop").textContent = shop();
    element("order-name").textContent = view.name;
    element("order-number").textContent = view.merchant_uid;
    element("method").textContent = `${METHODS[language][view.pay_method] ?? view.pay_method} (${view.pg})`;
    element("amount").textContent = money(view.amount, view.currency);
    element("order").hidden = false;
    element("issue").textContent = view.issue ? text(view.issue) : "";
    element("issue").hidden = !view.issue;
  }

  function showForm() {
    const charged = !view.issue || (view.issue === "charge" && view.amount > 0);
    const word = { card: "pay", account: "issue", consent: "consent" }[view.means];
    element("approve").textContent = text(charged ? word : "register");
    element("card").hidden = view.means !== "card";
    element("form").hidden = false;
    if (view.means !== "card") return;
    for (const card of view.test_cards) {
      element("test-card").append(option(card.number, `${card.number} (${CARDS[language][card.behaviour] ?? card.behaviour})`));
    }
    element("test-card").value = view.test_cards[0].number;
    fillCard();
    for (const months of view.quotas) {
      element("card-quota").append(option(String(months), months > 0 ? text("months")(months) : text("once")));
    }
    element("quota-field").hidden = view.quotas.length < 2;
  }

  function fillCard() {
    const number = element("test-card").value;
    element("card-number").value = number;
    element("expiry").value = number ? "2099-12" : "";
    if (!number) element("card-number").focus();
  }

  function disable(disabled) {
    for (const control of element("form").querySelectorAll("button, input, select")) control.disabled = disabled;
  }

  async function act(word, body) {
    disable(true);
    say(text("busy"));
    let answer;
    try {
      answer = await call("POST", path(word), body);
    } catch {
      say("", text("again"));
      disable(false);
      return;
    }
    if (answer.status === 200) {
      view = answer.body;
      showEnd(true);
    } else {
      say("", answer.body.error);
      // A window that is gone stays gone.
      disable(answer.status === 404);
    }
  }

  function form() {
    if (view.means !== "card") return {};
    return {
      card_number: element("card-number").value,
      expiry: element("expiry").value,
      card_quota: Number(element("card-quota").value),
    };
  }

  // `fresh`: it has ended just now, and what needs no reading is told at once.
  function showEnd(fresh) {
    const result = view.result;
    root.dataset.state = "ended";
    root.dataset.outcome = result.outcome;
    element("form").hidden = true;
    if (!result.told) {
      say(text(result.outcome === "unknown" ? "waiting" : "silent"));
      tell({ type: "iamport:silence" });
      return;
    }
    tell({ type: "iamport:shown", response: result.callback });
    const bad = result.outcome === "refused" || result.outcome === "failed";
    say(bad ? "" : text(result.outcome), bad ? `${text(result.outcome)} ${result.message ?? ""}` : "");
    if (result.account) {
      element("vbank-name").textContent = result.account.vbank_name;
      element("vbank-num").textContent = result.account.vbank_num;
      element("vbank-holder").textContent = result.account.vbank_holder;
      const until = new Date(result.account.vbank_date * 1000);
      element("vbank-date").textContent = until.toLocaleString(language, { timeZone: "Asia/Seoul" });
      element("account").hidden = false;
    }
    element("end").hidden = view.mode === "redirect" && !result.return_url;
    if (fresh && result.outcome !== "ready" && result.outcome !== "refused") deliver();
    else element("done").focus();
  }

  function deliver() {
    if (view.mode === "redirect") {
      // Takes the window's place in the history: "back" leads to the shop, not here.
      if (view.result.return_url) location.replace(view.result.return_url);
      return;
    }
    tell({ type: "iamport:result", response: view.result.callback });
    window.close();
  }

  function show() {
    root.dataset.state = view.state;
    translate();
    showOrder();
    if (view.state === "ended") {
      showEnd(false);
    } else {
      tell({ type: "iamport:opened", imp_uid: view.imp_uid, bare: view.bare });
      showForm();
      if (view.state === "busy") say(text("busy"));
    }
  }

  async function start() {
    const id = new URLSearchParams(location.search).get("id");
    let answer;
    if (id) {
      answer = await call("GET", `/v1/windows/${encodeURIComponent(id)}`);
    } else {
      answer = await call("POST", "/v1/windows", JSON.parse(decodeURIComponent(location.hash.slice(1))));
    }
    if (answer.status !== 200) {
      say("", answer.body.error);
      return;
    }
    view = answer.body;
    // The request is taken out of the address: a reload shows this window, and opens no other.
    history.replaceState(null, "", `/v1/window?id=${encodeURIComponent(view.id)}`);
    show();
  }

  element("test-card").addEventListener("change", fillCard);
  element("card-number").addEventListener("input", () => {
    element("test-card").value = "";
  });
  element("form").addEventListener("submit", (event) => {
    event.preventDefault();
    act("pay", form());
  });
  element("decline").addEventListener("click", () => act("decline", {}));
  element("close").addEventListener("click", () => act("close", {}));
  element("done").addEventListener("click", deliver);
  start().catch(() => say("", text("unknown")));
})();
