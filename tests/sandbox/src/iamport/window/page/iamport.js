// Stands in for Iamport's browser SDK (V1) on one machine. What it is given and what it answers is as documented;
// how it gets there is its own.
//
// The embedding page needs this script's origin in script-src, and nothing else. The request travels in the fragment
// of the payment window's address. On a desktop the window is a popup that answers by a message; on a telephone, and
// for the PGs that insist, the page itself goes to the window and comes back to m_redirect_url.
(() => {
  "use strict";

  const base = new URL(document.currentScript.src).origin;
  const WINDOW_NAME = "iamport-window";
  const FEATURES = "popup=yes,width=480,height=760";
  // How often a popup is looked after, and how long its last message may take to arrive once it is gone.
  const LOOK_MS = 250;
  const GRACE_MS = 600;

  const INVALID = "F1001";
  const CLOSED = "F400";
  const CLOSED_TEXT = "사용자가 결제를 취소하셨습니다";

  let merchant = null;
  // The payment whose popup is open. There is one at a time.
  let current = null;
  let leaving = false;

  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isText = (value) => typeof value === "string" && value !== "";

  function init(code) {
    if (!isText(code)) throw new TypeError("IMP.init: 가맹점 식별코드가 필요합니다");
    merchant = { code, tier: null };
  }

  function agency(code, tier) {
    if (!isText(code) || !isText(tier)) throw new TypeError("IMP.agency: 가맹점 식별코드와 tier 가 필요합니다");
    merchant = { code, tier };
  }

  // What is wrong with the parameters, or null.
  function problem(params) {
    if (!isObject(params)) return "결제 요청 파라미터가 필요합니다";
    if (!merchant) return "IMP.init 을 먼저 호출해야 합니다";
    if (!isText(params.merchant_uid) || [...params.merchant_uid].length > 40) {
      return "merchant_uid 는 40자 이하의 문자열이어야 합니다";
    }
    if (typeof params.amount !== "number" || !Number.isFinite(params.amount) || params.amount < 0) {
      return "amount 는 0 이상의 숫자여야 합니다";
    }
    const issues = params.customer_uid !== undefined && params.customer_uid !== null;
    if (issues && (!isText(params.customer_uid) || [...params.customer_uid].length > 80)) {
      return "customer_uid 는 80자 이하의 문자열이어야 합니다";
    }
    if (params.amount === 0 && !issues) return "amount 는 0보다 커야 합니다";
    for (const name of ["pg", "channelKey", "pay_method", "name", "currency", "confirm_url", "m_redirect_url"]) {
      const value = params[name];
      if (value !== undefined && value !== null && typeof value !== "string") return `${name} 은(는) 문자열이어야 합니다`;
    }
    const notice = params.notice_url;
    const addresses = Array.isArray(notice) ? notice : [notice];
    if (notice !== undefined && notice !== null && !addresses.every(isText)) {
      return "notice_url 은 문자열 또는 문자열의 배열이어야 합니다";
    }
    return null;
  }

  const isMobile = () => /Android|iPhone|iPad|iPod|Mobile|Windows Phone/i.test(navigator.userAgent);

  // PayPal takes the page along everywhere, Naver Pay unless it is told to use a popup.
  function redirects(params) {
    const pg = String(params.pg ?? "").split(".")[0];
    return isMobile() || pg === "paypal" || (pg === "naverpay" && params.naverPopupMode !== true);
  }

  function requestId() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return `req_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }

  function failure(request, code, message) {
    const answer = { imp_uid: request.imp_uid, merchant_uid: request.merchant_uid, error_code: code, error_msg: message };
    if (request.bare) return answer;
    return { success: false, imp_success: false, request_id: request.request_id, ...answer };
  }

  // Nothing was opened. The callback learns of it, never before request_pay has returned; without one a page that
  // would have come back by redirect does so at once.
  function refuse(params, callback, code, message) {
    const merchant_uid = isObject(params) && isText(params.merchant_uid) ? params.merchant_uid : null;
    const answer = failure({ imp_uid: null, merchant_uid, request_id: requestId(), bare: false }, code, message);
    console.error(`IMP.request_pay: ${message}`);
    if (callback) {
      setTimeout(() => callback(answer), 0);
      return;
    }
    if (!isObject(params) || !isText(params.m_redirect_url) || !redirects(params)) return;
    const back = new URL(params.m_redirect_url, location.href);
    if (back.protocol !== "https:" && back.protocol !== "http:") return;
    if (merchant_uid) back.searchParams.append("merchant_uid", merchant_uid);
    back.searchParams.append("imp_success", "false");
    back.searchParams.append("error_code", code);
    back.searchParams.append("error_msg", message);
    location.assign(back);
  }

  function request_pay(params, callback) {
    const respond = typeof callback === "function" ? callback : null;
    const wrong = problem(params);
    if (wrong) {
      refuse(params, respond, INVALID, wrong);
      return;
    }
    if (leaving) {
      console.warn("IMP.request_pay: 결제창으로 이동하고 있습니다");
      return;
    }
    if (current && !current.popup.closed) {
      // A second click. One window, one payment: this request is dropped, with its callback.
      console.warn("IMP.request_pay: 이미 열려 있는 결제창이 있습니다");
      current.popup.focus();
      return;
    }
    if (current) closed(current);

    const redirect = redirects(params);
    if (redirect && !isText(params.m_redirect_url)) {
      refuse(params, respond, INVALID, "m_redirect_url 이 필요합니다");
      return;
    }
    const opening = {
      code: merchant.code,
      tier: merchant.tier,
      request_id: requestId(),
      mode: redirect ? "redirect" : "popup",
      mobile: isMobile(),
      origin: location.origin,
      params: redirect ? { ...params, m_redirect_url: new URL(params.m_redirect_url, location.href).href } : params,
    };
    const address = `${base}/v1/window#${encodeURIComponent(JSON.stringify(opening))}`;
    if (redirect) {
      leaving = true;
      location.assign(address);
      return;
    }
    // An earlier page of this tab may have left a window of this name: it is taken over.
    const popup = window.open(address, WINDOW_NAME, FEATURES);
    if (!popup) {
      refuse(params, respond, INVALID, "팝업이 차단되어 결제창을 열 수 없습니다");
      return;
    }
    current = {
      popup,
      respond,
      request_id: opening.request_id,
      merchant_uid: params.merchant_uid,
      imp_uid: null,
      bare: false,
      shown: null,
      timer: 0,
    };
    look(current);
  }

  // A popup that is gone without a word was closed by the customer. It may have shown an end before that.
  function look(request) {
    request.timer = setTimeout(() => {
      if (request.popup.closed) request.timer = setTimeout(() => closed(request), GRACE_MS);
      else look(request);
    }, LOOK_MS);
  }

  function closed(request) {
    finish(request, request.shown ?? failure(request, CLOSED, CLOSED_TEXT));
  }

  function finish(request, answer) {
    clearTimeout(request.timer);
    if (current !== request) return;
    current = null;
    if (answer && request.respond) request.respond(answer);
  }

  window.addEventListener("message", (event) => {
    const request = current;
    if (!request || event.origin !== base || event.source !== request.popup) return;
    const message = event.data;
    if (!isObject(message) || message.request_id !== request.request_id) return;
    switch (message.type) {
      case "iamport:opened":
        request.imp_uid = message.imp_uid;
        request.bare = message.bare === true;
        break;
      case "iamport:shown":
        request.shown = message.response;
        break;
      case "iamport:result":
        finish(request, message.response);
        break;
      case "iamport:silence":
        // The simulator was told to lose the result.
        finish(request, null);
        break;
    }
  });

  // Back from the window by the back button.
  window.addEventListener("pageshow", () => {
    leaving = false;
  });

  window.IMP = { init, agency, request_pay };
})();
