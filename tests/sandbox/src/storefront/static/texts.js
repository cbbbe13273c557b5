// Every word that the pages say: Korean, English. Elements with data-text="name" get theirs from here.

export const TEXTS = {
  // Both pages
  title: ["하루상점 · 결제 데모", "Haru Shop · billing demo"],
  brand: ["하루상점", "Haru Shop"],
  demo: ["데모", "Demo"],
  skip: ["본문으로 건너뛰기", "Skip to content"],
  other_language: ["English", "한국어"],
  footer: [
    "개발용 샌드박스입니다. 실제 결제는 일어나지 않습니다. 실제 카드 번호를 입력하지 마세요.",
    "A development sandbox. No real payment is made. Do not enter a real card number.",
  ],
  no_script: ["이 페이지에는 자바스크립트가 필요합니다.", "This page needs JavaScript."],

  // Sign-in
  sign_in_title: ["오늘 하루, 좋은 것 하나", "One good thing for today"],
  sign_in_lead: [
    "샌드박스에서 카드 등록, 결제, 예약, 환불까지 직접 해 보세요. 이름만 고르면 됩니다.",
    "Register a card, pay, schedule and refund, all in the sandbox. Just pick a name.",
  ],
  name: ["이름", "Name"],
  name_hint: ["영문 소문자, 숫자, 하이픈", "Small letters, digits and hyphens"],
  sign_in: ["시작하기", "Start"],
  sign_out: ["로그아웃", "Sign out"],
  signed_in_as: ["{name} 님", "{name}"],

  // Products and paying
  products: ["상품", "Products"],
  checkout: ["결제하기", "Check out"],
  order_number: ["주문번호", "Order number"],
  way: ["결제 방법", "How to pay"],
  way_checkout: ["결제창에서 결제", "In the payment window"],
  way_checkout_hint: ["카드 정보는 결제사에만 입력합니다", "Card details go to the payment provider only"],
  way_charge: ["등록한 카드로 바로 결제", "With a registered card, now"],
  way_charge_hint: ["추가 인증 없이 한 번에", "One step, no further questions"],
  way_schedule: ["등록한 카드로 예약 결제", "With a registered card, later"],
  way_schedule_hint: ["정한 때에 자동으로 결제합니다", "Charged by itself at the time you set"],
  pay_method: ["결제 수단", "Payment method"],
  pay_method_card: ["신용카드", "Credit card"],
  pay_method_trans: ["실시간 계좌이체", "Bank transfer"],
  pay_method_vbank: ["가상계좌 (무통장입금)", "Virtual account"],
  pay_method_phone: ["휴대폰 소액결제", "Phone bill"],
  card: ["카드", "Card"],
  card_gone: ["삭제된 카드입니다. 다른 카드를 선택해 주세요.", "This card was deleted. Please choose another."],
  no_card: ["등록한 카드가 없습니다.", "No card is registered yet."],
  to_cards: ["카드 등록하기", "Register a card"],
  after: ["결제 시점", "When"],
  after_10m: ["10분 뒤", "In 10 minutes"],
  after_1d: ["내일 이 시각", "Tomorrow, same time"],
  after_30d: ["30일 뒤", "In 30 days"],
  pay: ["{amount} 결제하기", "Pay {amount}"],
  pay_later: ["{amount} 결제 예약하기", "Schedule {amount}"],
  paying: ["처리하고 있습니다…", "Working on it…"],
  window_open: ["결제창이 열려 있습니다", "The payment window is open"],
  window_open_detail: [
    "창에서 결제를 마치면 여기에 결과가 나옵니다. 창을 닫았는데도 그대로라면 아래 단추로 확인하세요.",
    "The result appears here once you finish there. If nothing happens after the window is gone, check below.",
  ],
  unfinished: ["아직 끝나지 않은 주문입니다", "This order is not finished yet"],
  unfinished_detail: [
    "이 주문번호로 시작한 결제가 있습니다. 같은 방법으로 다시 누르면 같은 주문을 이어서 결제하며, 두 번 결제되지 않습니다.",
    "A payment was begun under this number. The same button again continues this very order; it is not paid twice.",
  ],
  check_again: ["다시 확인", "Check again"],
  another_order: ["새 주문으로 따로 사기", "Buy it as a second order"],
  order_again: ["새로 주문하기", "Order again"],
  try_again: ["다시 결제하기", "Pay again"],

  // Outcomes
  paid: ["결제가 완료되었습니다", "Paid"],
  paid_detail: ["{name} · {amount}", "{name} · {amount}"],
  failed: ["결제되지 않았습니다", "Not paid"],
  failed_detail: [
    "돈은 빠져나가지 않았습니다. 다시 결제하면 새 주문번호로 진행합니다.",
    "No money was taken. Paying again uses a new order number.",
  ],
  closed: ["결제창이 닫혔습니다", "The window was closed"],
  closed_detail: [
    "확인된 결제가 없습니다. 같은 주문으로 다시 결제할 수 있고, 두 번 결제되지 않습니다.",
    "No payment is known. The same order can be paid again; it is not paid twice.",
  ],
  pending: ["결과를 확인하고 있습니다", "The outcome is not known yet"],
  pending_detail: [
    "결제사의 답을 기다립니다. 다시 결제하지 마세요. 잠시 뒤 다시 확인해 주세요.",
    "We are waiting for the payment provider. Do not pay again; check again in a moment.",
  ],
  ready: ["아래 계좌로 입금해 주세요", "Please transfer to this account"],
  ready_detail: ["입금이 확인되면 결제가 완료됩니다.", "The payment is complete once the money arrives."],
  scheduled: ["결제를 예약했습니다", "The payment is scheduled"],
  scheduled_detail: ["{when}에 {amount}이 결제됩니다.", "{amount} will be charged on {when}."],
  cancelled: ["환불되었습니다", "Refunded"],
  revoked: ["예약이 취소되었습니다", "The schedule was revoked"],
  expired: ["결제 시간이 지났습니다", "It was not paid in time"],
  unknown_order: ["찾을 수 없는 주문입니다", "There is no such order"],
  unknown_order_detail: ["주문번호를 확인해 주세요.", "Please check the order number."],
  bank: ["은행", "Bank"],
  account: ["계좌번호", "Account"],
  holder: ["예금주", "Holder"],
  until: ["입금 기한", "Pay by"],

  // Cards
  cards: ["내 카드", "My cards"],
  cards_empty: ["아직 등록한 카드가 없습니다.", "No card yet."],
  register_window: ["결제창에서 등록", "Register in the payment window"],
  register_window_hint: ["권장 · 카드 정보가 이 상점을 거치지 않습니다", "Recommended · card details never pass through this shop"],
  register_form: ["카드 정보 직접 입력", "Enter the card here"],
  card_number: ["카드 번호", "Card number"],
  expiry: ["유효기간 (MM/YY)", "Expiry (MM/YY)"],
  birth: ["생년월일 6자리", "Birth date, YYMMDD"],
  pwd_2digit: ["비밀번호 앞 2자리", "First 2 digits of PIN"],
  test_cards: ["테스트 카드로 채우기", "Fill in a test card"],
  test_approves: ["승인", "Approves"],
  test_refused: ["등록 거절", "Refused here"],
  test_declines: ["결제 거절", "Declines charges"],
  test_funds: ["잔액 부족", "No funds"],
  test_late: ["응답 지연", "Late answer"],
  register: ["카드 등록", "Register the card"],
  registering: ["등록하고 있습니다…", "Registering…"],
  card_registered: ["카드를 등록했습니다", "The card is registered"],
  card_waiting: ["결제창에서의 등록을 아직 확인하지 못했습니다", "The window's registration is not confirmed yet"],
  card_waiting_detail: [
    "창을 닫았다면 등록되지 않은 것입니다. 등록을 마쳤다면 잠시 뒤 목록에서 확인을 눌러 주세요.",
    "If you closed the window, nothing was registered. If you finished, press “Confirm” in the list in a moment.",
  ],
  card_closed_detail: ["확인된 등록이 없습니다. 다시 등록할 수 있습니다.", "No registration is known. You can register again."],
  card_issuing: ["확인 중", "Being confirmed"],
  card_prepared: ["결제창 대기", "Waiting for the window"],
  confirm_card: ["확인", "Confirm"],
  delete_card: ["삭제", "Delete"],
  delete_card_name: ["{card} 삭제", "Delete {card}"],
  card_deleted: ["카드를 삭제했습니다", "The card is deleted"],
  card_in_use: ["이 카드로 예약한 결제가 있습니다", "Payments are scheduled with this card"],
  delete_cascade: ["예약도 취소하고 삭제", "Revoke them and delete"],

  // Orders
  orders: ["내 결제", "My payments"],
  orders_empty: ["아직 결제한 것이 없습니다.", "No payments yet."],
  refresh: ["새로 고침", "Refresh"],
  way_of_checkout: ["결제창", "Payment window"],
  way_of_charge: ["등록한 카드", "Registered card"],
  way_of_schedule: ["예약 결제", "Scheduled"],
  way_of_subscription: ["구독", "Subscription"],
  way_of_difference: ["구독 차액", "Plan difference"],
  status_pending: ["확인 중", "Pending"],
  status_ready: ["입금 대기", "Awaiting transfer"],
  status_scheduled: ["예약됨", "Scheduled"],
  status_paid: ["결제 완료", "Paid"],
  status_failed: ["결제 안 됨", "Not paid"],
  status_cancelled: ["환불됨", "Refunded"],
  status_partly: ["부분 환불", "Partly refunded"],
  status_expired: ["기한 지남", "Expired"],
  status_revoked: ["예약 취소", "Revoked"],
  status_unrecorded: ["접수 안 됨", "Not recorded"],
  status_unanswered: ["조회 안 됨", "Not readable"],
  refunded_of: ["환불 {amount}", "{amount} refunded"],
  due_on: ["{when} 예정", "Due {when}"],

  // Subscriptions
  subscriptions: ["정기 구독", "Subscriptions"],
  subscriptions_empty: ["아직 구독이 없습니다.", "No subscription yet."],
  subscribe_title: ["구독 시작하기", "Subscribe"],
  plan: ["이용권", "Plan"],
  start: ["첫 결제", "First charge"],
  start_now: ["지금 바로", "Right now"],
  start_trial: ["{days}일 무료 체험 뒤", "After {days} free days"],
  subscribe_now: ["{amount} 결제하고 구독하기", "Pay {amount} and subscribe"],
  subscribe_trial: ["무료 체험 시작하기", "Start the free trial"],
  subscribed: ["{name} 구독을 시작했습니다", "Subscribed: {name}"],
  trial_begun: ["{name} 무료 체험을 시작했습니다", "Your trial has begun: {name}"],
  subscribe_failed: ["첫 결제가 되지 않았습니다", "The first charge failed"],
  next_charge_detail: ["다음 결제: {when}, {amount}", "Next charge: {when}, {amount}"],
  past_due_detail: [
    "정해진 날에 다시 시도합니다. 다른 카드로 바꾸면 바로 결제합니다.",
    "It is tried again on set days. Another card is charged at once.",
  ],
  every_day: ["매일", "day"],
  every_week: ["매주", "week"],
  every_month: ["매월", "month"],
  every_year: ["매년", "year"],
  every_n_day: ["{count}일마다", "{count} days"],
  every_n_week: ["{count}주마다", "{count} weeks"],
  every_n_month: ["{count}개월마다", "{count} months"],
  every_n_year: ["{count}년마다", "{count} years"],
  state_trial: ["무료 체험", "Trial"],
  state_active: ["이용 중", "Active"],
  state_ending: ["해지 예정", "Ending"],
  state_past_due: ["결제 밀림", "Past due"],
  state_paused: ["일시 정지", "Paused"],
  state_canceled: ["해지됨", "Canceled"],
  state_unpaid: ["미납", "Unpaid"],
  state_completed: ["기간 끝남", "Completed"],
  state_trial_detail: ["아직 결제하지 않았습니다. 체험이 끝나면 첫 결제가 됩니다.", "Nothing is charged yet. The first charge comes when the trial ends."],
  state_active_detail: ["정해진 날마다 자동으로 결제됩니다.", "Renews by itself on its day."],
  state_ending_detail: ["더 결제되지 않고, 이용 기간이 끝나면 해지됩니다.", "Nothing more is charged; it ends with the period that is paid for."],
  state_past_due_detail: ["결제가 되지 않아 다시 시도하고 있습니다. 카드를 바꾸면 바로 결제합니다.", "The charge failed and is being retried. Another card is charged at once."],
  state_paused_detail: ["멈춰 있는 동안에는 결제되지 않습니다.", "Nothing is charged while it is paused."],
  state_canceled_detail: ["더 결제되지 않습니다.", "Nothing more is charged."],
  state_unpaid_detail: ["끝까지 결제되지 않았습니다. 카드를 바꿔 주세요.", "No attempt went through. Please change the card."],
  state_completed_detail: ["정해진 횟수를 모두 결제했습니다.", "All of its periods are done."],
  next_charge: ["다음 결제", "Next charge"],
  no_next_charge: ["없음", "None"],
  access_until: ["이용 기한", "Access until"],
  trial_until: ["체험 기한", "Trial until"],
  next_plan: ["다음 기간부터", "From the next period"],
  cancel_requested: ["해지 신청", "Cancellation asked"],
  other_card: ["바꿀 카드", "Another card"],
  other_card_first: ["다른 카드를 등록하면 바꿀 수 있습니다", "Register another card to change to it"],
  change_card: ["카드 바꾸기", "Change card"],
  card_changed: ["카드를 바꿨습니다", "The card is changed"],
  cancel_at_end: ["기간 끝에 해지", "Cancel at period end"],
  cancel_now: ["지금 해지", "Cancel now"],
  cancel_now_question: ["{name}, 지금 해지할까요?", "Cancel {name} now?"],
  cancel_now_detail: ["이용이 바로 끝나며 되돌릴 수 없습니다.", "It ends at once and cannot be taken back."],
  cancel_now_yes: ["네, 지금 해지합니다", "Yes, cancel now"],
  cancel_now_no: ["그대로 두기", "Keep it"],
  canceled: ["해지했습니다", "Canceled"],
  ends_then: ["기간 끝에 해지됩니다", "It ends with the period"],
  ends_then_detail: ["{when}까지 이용할 수 있고, 그때까지 해지를 취소할 수 있습니다.", "You have access until {when}, and can take this back until then."],
  reactivate: ["해지 취소", "Keep the subscription"],
  reactivated: ["계속 이용합니다", "The subscription goes on"],
  change_pending: ["아직 확인되지 않았습니다", "Not confirmed yet"],
  change_pending_detail: ["결제사의 확인을 기다립니다. 잠시 뒤 새로 고침을 눌러 주세요.", "We are waiting for the payment provider. Please refresh in a moment."],
  earlier_periods: ["이전 기간 더 보기", "Earlier periods"],

  // The picture of a subscription
  timeline: ["기간과 결제", "Periods and payments"],
  timeline_desc: [
    "{from}부터 {to}까지 {periods}개 기간. 결제 {paid}번, 실패 {failed}번, 환불 {refunded}번, 예약 {scheduled}번. 자세한 것은 아래 표에 있습니다.",
    "{periods} periods from {from} to {to}: {paid} paid, {failed} failed, {refunded} refunded, {scheduled} scheduled. The table below has them all.",
  ],
  timeline_now: ["지금", "Now"],
  as_table: ["표로 보기", "As a table"],
  period: ["기간", "Period"],
  payments: ["결제", "Payments"],
  retried: ["다시 시도 (숫자는 몇 번째인지)", "Retried (the number counts the tries)"],
  try_number: ["{number}번째 시도", "try {number}"],
  period_trial: ["체험", "Trial"],
  period_gap: ["쉼", "Break"],
  period_paid: ["결제됨", "Paid"],
  period_refunded: ["환불됨", "Refunded"],
  period_open: ["확인 중", "Being confirmed"],
  period_failed: ["결제되지 않음", "Not paid"],
  period_scheduled: ["예정", "To come"],
  period_none: ["결제 없음", "Nothing to pay"],
  attempt_paid: ["결제됨", "Paid"],
  attempt_failed: ["실패", "Failed"],
  attempt_scheduled: ["예약", "Scheduled"],
  attempt_revoked: ["예약 취소", "Revoked"],
  attempt_refunded: ["환불", "Refunded"],
  attempt_partially_refunded: ["부분 환불", "Partly refunded"],
  attempt_pending: ["확인 중", "Being confirmed"],
  attempt_suspect: ["확인 필요", "To be looked at"],

  // The sandbox's clock
  clock: ["샌드박스 시계", "Sandbox clock"],
  clock_1d: ["+1일", "+1 day"],
  clock_1w: ["+1주", "+1 week"],
  clock_1m: ["+1개월", "+1 month"],
  clock_moving: ["시간을 옮기고 있습니다…", "Time is passing…"],
  clock_moved: ["지금은 {when}입니다", "It is {when} now"],
  clock_ran: ["예약이 실행된 때 {moments}번, 점검 {sweeps}번", "Schedules ran at {moments} moments, {sweeps} sweeps"],
  clock_failed: ["실패한 점검 {failed}번", "{failed} sweeps with failures"],
  clock_unswept: ["점검 함수가 답하지 않았습니다", "The sweep did not answer"],

  // The owner
  owner: ["가게 주인", "Shop owner"],
  owner_lead: [
    "고객 화면과는 다른 권한입니다. 환불은 상점 서버가 상점의 토큰으로 요청합니다.",
    "Another right than the customer's: refunds are asked for by the shop's server, with the merchant's token.",
  ],
  owner_enter: ["가게 주인으로 들어가기", "Enter as the owner"],
  owner_leave: ["나가기", "Leave"],
  owner_empty: ["들어온 주문이 없습니다.", "No orders yet."],
  owner_subscriptions: ["정기 구독", "Subscriptions"],
  owner_state: ["상태", "State"],
  owner_subscriptions_empty: ["이 상태의 구독이 없습니다.", "No subscription is in this state."],
  more: ["더 보기", "More"],
  pause: ["일시 정지", "Pause"],
  resume: ["다시 시작", "Resume"],
  other_plan: ["바꿀 이용권", "Another plan"],
  change_plan_next_period: ["다음 기간부터 변경", "Change at the next period"],
  change_plan_now: ["지금 변경", "Change now"],
  change_done: ["변경했습니다", "Changed"],
  proration_up: ["차액 {amount}을 결제했습니다 ({days}일 중 {days_left}일 남음).", "The difference of {amount} is charged now ({days_left} of {days} days left)."],
  proration_down: ["다음 결제에서 {amount}이 빠집니다 ({days}일 중 {days_left}일 남음).", "{amount} is taken off the next charge ({days_left} of {days} days left)."],
  refund_amount_of: ["{amount} 환불", "Refund {amount}"],
  refund_amount: ["환불 금액 (원)", "Refund (won)"],
  refund_holder: ["환불 예금주", "Refund to (holder)"],
  refund_account: ["환불 계좌번호", "Refund account"],
  bank_004: ["국민은행", "KB Kookmin"],
  bank_011: ["농협은행", "NH NongHyup"],
  bank_020: ["우리은행", "Woori"],
  bank_081: ["하나은행", "Hana"],
  bank_088: ["신한은행", "Shinhan"],
  bank_090: ["카카오뱅크", "Kakao Bank"],
  bank_092: ["토스뱅크", "Toss Bank"],
  refund: ["환불", "Refund"],
  refunding: ["환불하고 있습니다…", "Refunding…"],
  refund_done: ["{amount}을 환불했습니다", "{amount} refunded"],
  refund_pending: ["환불 결과를 확인하고 있습니다", "The refund is not confirmed yet"],
  refund_refused: ["환불이 거절되었습니다", "The refund was refused"],

  // The page of the way back
  return_title: ["결제 결과", "Your payment"],
  return_checking: ["결과를 확인하고 있습니다…", "Checking the outcome…"],
  return_note: [
    "주소창의 값은 믿지 않고, 결제 상태를 서버에 물어 보여 드립니다.",
    "What the address says is not believed: this is what the server knows.",
  ],
  back_to_shop: ["상점으로 돌아가기", "Back to the shop"],
  sign_in_first: ["로그인이 필요합니다", "Please sign in first"],

  // Refusals, by their code
  error: ["요청을 처리하지 못했습니다", "That did not work"],
  error_no_answer: [
    "서버의 답을 받지 못했습니다. 같은 단추를 다시 눌러도 두 번 처리되지 않습니다.",
    "No answer came. The same button again does nothing twice.",
  ],
  error_temporarily_unavailable: [
    "지금은 처리할 수 없습니다. 아무것도 접수되지 않았으니 잠시 뒤 다시 눌러 주세요.",
    "Not possible right now. Nothing was recorded; please press again in a moment.",
  ],
  error_card_rejected: ["카드사가 이 카드를 거절했습니다.", "The card was refused."],
  error_card_number_invalid: ["카드 번호를 확인해 주세요.", "Please check the card number."],
  error_expiry_invalid: ["유효기간을 확인해 주세요.", "Please check the expiry."],
  error_card_expired: ["유효기간이 지난 카드입니다.", "The card has expired."],
  error_birth_invalid: ["생년월일을 확인해 주세요.", "Please check the birth date."],
  error_pwd_2digit_invalid: ["비밀번호 앞 2자리를 확인해 주세요.", "Please check the two digits."],
  error_billing_key_inactive: ["지금 쓸 수 없는 카드입니다.", "This card cannot be used now."],
  error_billing_key_pending: ["아직 확인 중인 카드입니다.", "This card is still being confirmed."],
  error_order_in_progress: [
    "이 주문은 이미 다른 방법으로 결제하고 있습니다. 먼저 그 결과를 확인하거나, 새 주문으로 따로 사세요.",
    "This order is already being paid in another way. See how that ends first, or buy it as a second order.",
  ],
  error_imp_uid_mismatch: ["이 주문의 결제가 아닙니다.", "That payment belongs to another order."],
  error_not_refundable: ["환불할 수 있는 금액이 없습니다.", "There is nothing to refund."],
  error_refund_in_progress: ["다른 환불이 진행 중입니다.", "Another refund is under way."],
  error_refund_amount_invalid: ["환불 금액을 확인해 주세요.", "Please check the amount."],
  error_refund_account_invalid: ["환불 계좌번호를 확인해 주세요.", "Please check the account number."],
  error_rate_limited: [
    "끝내지 않은 카드 등록이 너무 많습니다. 잠시 뒤 다시 시도해 주세요.",
    "Too many card registrations are unfinished. Please try again in a while.",
  ],
  error_subscription_exists: ["이미 이용 중인 이용권입니다.", "You already have this plan."],
  error_subscription_not_changeable: ["지금은 바꿀 수 없는 구독입니다.", "This subscription cannot be changed now."],
  error_difference_declined: ["차액이 결제되지 않아 이용권을 바꾸지 않았습니다.", "The difference was declined. The plan stays as it was."],
  error_proration_invalid: ["이 이용권으로는 지금 바꿀 수 없습니다. 다음 기간부터 바꿔 주세요.", "Not possible now for this plan. Please change it at the next period."],
  error_signed_out: ["로그인이 끝났습니다. 다시 시작해 주세요.", "You are signed out. Please start again."],
  error_no_window: [
    "결제창을 불러오지 못했습니다. 잠시 뒤 다시 시도해 주세요.",
    "The payment window could not be loaded. Please try again in a moment.",
  ],
  error_http_429: ["요청이 많습니다. 잠시 뒤 다시 시도해 주세요.", "Too many requests. Please try again in a moment."],
};

const KEPT = "language";
let current = localStorage.getItem(KEPT) === "en" ? "en" : "ko";

/** `ko` or `en`. */
export function language() {
  return current;
}

/** A text with its {values}; `undefined` if there is none of that name. */
export function text(name, values = {}) {
  const pair = TEXTS[name];
  return pair?.[current === "ko" ? 0 : 1].replace(/\{(\w+)\}/g, (_, value) => values[value] ?? "");
}

/** Won, as people write them. */
export function money(amount) {
  const digits = new Intl.NumberFormat("ko-KR").format(amount);
  return current === "ko" ? `${digits}원` : `₩${digits}`;
}

/** UNIX seconds as a date and time in Seoul. */
export function dateTime(seconds) {
  return inSeoul(seconds, { dateStyle: "medium", timeStyle: "short" });
}

/** UNIX seconds as Seoul's calendar says it. */
function inSeoul(seconds, form) {
  const locale = current === "ko" ? "ko-KR" : "en-GB";
  return new Intl.DateTimeFormat(locale, { ...form, timeZone: "Asia/Seoul" }).format(new Date(seconds * 1000));
}

export const day = (seconds) => inSeoul(seconds, { dateStyle: "medium" });
export const monthDay = (seconds) => inSeoul(seconds, { month: "short", day: "numeric" });
export const monthName = (seconds) => inSeoul(seconds, { month: "short" });
export const yearName = (seconds) => inSeoul(seconds, { year: "numeric" });

/** Puts the texts into the page. */
export function translate() {
  document.documentElement.lang = current;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text);
  }
}

/** Makes a button switch the language; `then` shows again what is not in the page's own HTML. */
export function languageButton(button, then) {
  button.addEventListener("click", () => {
    current = current === "ko" ? "en" : "ko";
    localStorage.setItem(KEPT, current);
    translate();
    button.lang = current === "ko" ? "en" : "ko";
    then();
  });
  button.lang = current === "ko" ? "en" : "ko";
}
