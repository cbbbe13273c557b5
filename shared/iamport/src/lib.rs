#![doc = include_str!("../README.md")]
//!
//! # Where to find what
//!
//! | you want to | start at |
//! |---|---|
//! | set a client up | [`Client::new`], [`Config`], [`Credentials`], [`SystemClock`] |
//! | store a card | [`Client::issue_billing_key`], [`IssueBillingKey`] |
//! | charge a stored card, or a card once | [`Client::again`], [`Client::onetime`] |
//! | have it charged later | [`Client::schedule`], [`Client::move_schedule`], [`Client::unschedule`] |
//! | give money back | [`Client::cancel`], [`Cancel`] |
//! | find out what became of something | [`Client::payment`], [`Client::find_all_payments`], [`Client::scheduled`] |
//! | read lists | [`Client::payments_by_status`], [`Client::schedules`], [`Page`] |
//! | open the payment window | [`Client::prepare`], [`RequestPay`] |
//! | have money paid into an account, or at a store | [`Client::issue_vbank`], [`Client::issue_cvs`] |
//! | issue a cash receipt | [`Client::issue_receipt`], [`Client::issue_external_receipt`] |
//! | check who somebody is | [`Client::request_otp`], [`Client::certification`] |
//! | tell where goods are | [`Client::register_escrow_delivery`], [`Client::naver_ship`], [`Client::paymentwall_delivery`] |
//! | work with orders of NAVER Pay | [`Client::naver_product_orders`], [`ProductOrders`], [`NaverDone`] |
//! | work with KCP QuickPay or Benepia | [`Client::pay_kcp_quick_money`], [`Client::pay_benepia`] |
//! | know channels and codes | [`Client::pg_settings`], [`Client::bank_codes`], [`Client::tier`] |
//! | know what a failure means | [`Error::class`], [`ErrorClass`] |
//! | give a call less time | [`Client::within`] |

mod account;
mod amount;
mod benepia;
mod buyer;
mod cancel;
mod certification;
mod charge;
mod client;
mod clock;
mod config;
mod customer;
mod cvs;
mod deadline;
mod envelope;
mod error;
mod escrow;
mod ids;
mod kcp_quick;
mod lenient;
mod lifetime;
mod lookup;
mod naver;
mod naver_order;
mod naver_payment;
mod naver_return;
mod pace;
mod page;
mod partner;
mod payco;
mod payment;
mod paymentwall;
mod prepare;
mod receipt;
mod request_pay;
mod schedule;
mod scheduled;
mod secret;
mod text;
mod token;
mod transport;
mod vbank;
mod wire;

pub use account::{CodeName, PgSetting, PgSettingType, Tier};
pub use amount::Amount;
pub use benepia::{BenepiaAccount, BenepiaMember, BenepiaPoint, PayBenepia};
pub use buyer::Buyer;
pub use cancel::{Cancel, CancelTarget};
pub use certification::{
    Carrier, Certification, CertifiedCarrier, Gender, OtpRequested, RequestOtp, VerificationMethod,
};
pub use charge::{Again, CashReceiptType, Details, Onetime, ProductType};
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use config::{BASE_URL, Config};
pub use customer::{BillingKey, DeleteBillingKey, FailedChannel, IssueBillingKey, Requester, SucceededChannel};
pub use cvs::IssueCvs;
pub use error::{Cause, Error, ErrorClass, GatewayRefusal, NotSentReason};
pub use escrow::{EscrowDelivery, EscrowLogis, EscrowParty, EscrowProduct, FormedAddress};
pub use ids::{
    AnyMerchantUid, CustomerUid, ImpUid, InvalidInput, MemberId, MerchantUid, NonEmpty, ProductOrderId, StandardCode,
    TierCode,
};
pub use kcp_quick::{
    DeleteKcpQuickMember, KcpQuickAutopayDeleted, KcpQuickFidoReleased, KcpQuickMember, PayKcpQuickAutopay,
    PayKcpQuickMoney, PrepaidAuth, PrepareKcpQuick,
};
pub use lifetime::{Lifetime, Moment};
pub use lookup::{ByStatus, FindAll, PaymentIds, Sorting, StatusFilter, TestPayments};
pub use naver::{
    ClaimStatus, ClaimType, NaverAddress, NaverDeliveryCompany, NaverDone, NaverOrderer, NaverProductOrder,
    ProductOrderStatus, ProductOrders,
};
pub use naver_order::{NaverCancelReason, NaverDelivery, NaverDeliveryMethod};
pub use naver_payment::{NaverCashAmount, NaverReview, NaverReviews, ReviewType};
pub use naver_return::{NaverReturnDelivery, NaverReturnReason, NaverWithhold, NaverWithholdReason};
pub use page::{Found, Page};
pub use partner::{PartnerReceipt, PartnerShare};
pub use payco::{BalanceHistory, BalancePart, PaycoOrder, PaycoOrderStatus, PaycoStatus, PaymentBalance};
pub use payment::{
    Anomaly, Cancellation, CardType, Channel, CustomerUidUsage, Deposit, Payment, PaymentExtension, PaymentStatus,
    Promotion,
};
pub use paymentwall::{PaymentwallAnswer, PaymentwallDelivery, PaymentwallShipping, PaymentwallStatus};
pub use prepare::{Prepare, Prepared};
pub use receipt::{
    CashPayMethod, ExternalReceipt, IssueExternalReceipt, IssueReceipt, Receipt, ReceiptDetails, ReceiptIdentifierType,
    ReceiptPurpose, ReceiptType,
};
pub use request_pay::{NaverProduct, RequestPay, ServicePeriod, WindowProduct};
pub use schedule::{NewCard, Schedule, ScheduleItem, Unschedule};
pub use scheduled::{KeySchedules, ScheduleFilter, ScheduleSorting, ScheduleStatus, ScheduledPayment, Schedules};
pub use secret::{
    BenepiaPassword, Birth, CardNumber, CodeVerifier, Credentials, Cvc, EscrowPassword, Expiry, ImpKey, ImpSecret, Otp,
    PgApiKey, Pwd2,
};
pub use text::{MaskedCard, PspText, Sensitive};
pub use token::CredentialSource;
pub use transport::BuildError;
pub use vbank::{IssueVbank, ModifyVbank};
