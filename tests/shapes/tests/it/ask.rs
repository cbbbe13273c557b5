//! The client's typed call for each of the API's.

use iamport::{
    Again, Amount, BillingKey, ByStatus, Cancel, CancelTarget, CardNumber, Certification, Client, CodeName,
    CustomerUid, DeleteBillingKey, Error, EscrowLogis, Expiry, ExternalReceipt, FindAll, Found, ImpUid,
    IssueBillingKey, IssueReceipt, IssueVbank, KeySchedules, MerchantUid, ModifyVbank, NonEmpty, Onetime, Page,
    Payment, PaymentBalance, PaymentIds, PgSetting, Prepare, Prepared, Receipt, Schedule, ScheduleItem,
    ScheduledPayment, Schedules, Sensitive, StandardCode, TestPayments, Tier, TierCode, Unschedule,
};
use serde_json::Value;
use shapes::Fixture;

/// What was read.
#[derive(Debug)]
pub(crate) enum Told {
    Payment(Box<Payment>),
    Payments(Page<Payment>),
    FoundPayments(Found<Payment>),
    Schedule(Box<ScheduledPayment>),
    Schedules(Vec<ScheduledPayment>),
    PagedSchedules(Page<ScheduledPayment>),
    Key(Box<BillingKey>),
    Keys(Found<BillingKey>),
    Prepared(Prepared),
    Receipt(Receipt),
    ExternalReceipt(ExternalReceipt),
    Certification(Box<Certification>),
    Codes(Vec<CodeName>),
    Code(CodeName),
    Channels(Vec<PgSetting>),
    Tier(Tier),
    Balance(Box<PaymentBalance>),
    Escrow(EscrowLogis),
    /// A token shows by the call that was made with it, of something that is not there.
    Token,
}

/// What the request names.
struct Names<'a>(&'a Fixture);

impl Names<'_> {
    fn text(&self, field: &str) -> String {
        match self.0.named(field) {
            Value::String(text) => text,
            other => panic!("{}: {field} is {other}", self.0.name),
        }
    }

    fn texts(&self, field: &str) -> Vec<String> {
        match self.0.named(field) {
            Value::Array(texts) => texts.iter().map(|text| text.as_str().unwrap().to_owned()).collect(),
            Value::Null => Vec::new(),
            one => vec![one.as_str().unwrap().to_owned()],
        }
    }

    fn integer(&self, field: &str) -> i64 {
        self.0.named(field).as_i64().unwrap_or_else(|| panic!("{}: {field}", self.0.name))
    }

    fn amount(&self, field: &str) -> Amount {
        Amount::from_minor(self.integer(field).try_into().unwrap(), 0)
    }

    fn imp_uid(&self) -> ImpUid {
        ImpUid::new(self.text("imp_uid")).unwrap()
    }

    fn merchant_uid(&self) -> MerchantUid {
        MerchantUid::new(self.text("merchant_uid")).unwrap()
    }

    fn customer_uid(&self) -> CustomerUid {
        CustomerUid::new(self.text("customer_uid")).unwrap()
    }

    fn page(&self) -> Option<u32> {
        self.0.ask.get("page").and_then(Value::as_u64).map(|page| page.try_into().unwrap())
    }
}

fn card() -> (CardNumber, Expiry) {
    (CardNumber::new("4242424242424242").unwrap(), Expiry::new("2099-12").unwrap())
}

/// A payment's number that stands for any, where the reply tells nothing that the request would have to name.
fn any_payment() -> ImpUid {
    ImpUid::new("imp_100000000001").unwrap()
}

pub(crate) async fn ask(client: &Client, fixture: &Fixture) -> Result<Told, Error> {
    let names = Names(fixture);
    match fixture.call.as_str() {
        "POST /users/getToken" => match client.payment(&any_payment(), TestPayments::Hide).await {
            Err(Error::NotFound { .. }) => Ok(Told::Token),
            other => other.map(|payment| Told::Payment(Box::new(payment))),
        },
        call if call.contains("/schedule") || call.contains("/unschedule") => schedules(client, call, &names).await,
        call if call.contains("/subscribe/customers") => keys(client, call, &names).await,
        call if call.contains("/receipts") => receipts(client, call, &names).await,
        call if call.contains("/payments") || call.contains("/vbanks") => payments(client, call, &names).await,
        call => others(client, call, &names).await,
    }
}

async fn payments(client: &Client, call: &str, names: &Names<'_>) -> Result<Told, Error> {
    let payment = match call {
        "GET /payments/{imp_uid}" => {
            let imp_uid = names.0.named("imp_uid");
            let imp_uid = imp_uid.as_str().map_or_else(any_payment, |text| ImpUid::new(text).unwrap());
            client.payment(&imp_uid, TestPayments::Hide).await?
        }
        "GET /payments" => {
            let imp_uids = names.texts("imp_uid").iter().map(|text| ImpUid::new(text).unwrap()).collect();
            let found = client.payments(&PaymentIds::new(imp_uids, Vec::new()).unwrap()).await?;
            return Ok(Told::FoundPayments(found));
        }
        "GET /payments/status/{payment_status}" => {
            let options = ByStatus { page: names.page(), ..ByStatus::default() };
            return client.payments_by_status(&options).await.map(Told::Payments);
        }
        "GET /payments/findAll/{merchant_uid}" => {
            let options = FindAll { page: names.page(), ..FindAll::default() };
            return client.find_all_payments(&names.merchant_uid(), &options).await.map(Told::Payments);
        }
        "POST /payments/prepare" => {
            let request = Prepare::new(names.merchant_uid(), names.amount("amount"));
            return client.prepare(&request).await.map(Told::Prepared);
        }
        "GET /payments/prepare/{merchant_uid}" => {
            return client.prepared(&names.merchant_uid()).await.map(Told::Prepared);
        }
        "GET /payments/{imp_uid}/balance" => {
            return client.payment_balance(&names.imp_uid()).await.map(|balance| Told::Balance(Box::new(balance)));
        }
        "POST /payments/cancel" => {
            let (amount, checksum) = (names.amount("amount"), names.amount("checksum"));
            client.cancel(&Cancel::new(CancelTarget::Imp(names.imp_uid()), amount, checksum).unwrap()).await?
        }
        "POST /subscribe/payments/again" => {
            let amount = names.amount("amount");
            client.again(&Again::new(names.customer_uid(), names.merchant_uid(), amount, "예시").unwrap()).await?
        }
        "POST /subscribe/payments/onetime" => {
            let (number, expiry) = card();
            let request = Onetime::new(names.merchant_uid(), names.amount("amount"), number, expiry).unwrap();
            client.onetime(&request).await?
        }
        "POST /vbanks" => {
            let (bank, due) = (StandardCode::new(names.text("vbank_code")).unwrap(), names.integer("vbank_due"));
            let (channel, amount) = (Sensitive::from("channel"), names.amount("amount"));
            client.issue_vbank(&IssueVbank::new(channel, names.merchant_uid(), amount, bank, due).unwrap()).await?
        }
        "PUT /vbanks/{imp_uid}" => {
            client.modify_vbank(&ModifyVbank::vbank_due(names.imp_uid(), names.integer("vbank_due")).unwrap()).await?
        }
        "DELETE /vbanks/{imp_uid}" => client.revoke_vbank(&names.imp_uid()).await?,
        other => panic!("no call of the client for {other}"),
    };
    Ok(Told::Payment(Box::new(payment)))
}

async fn schedules(client: &Client, call: &str, names: &Names<'_>) -> Result<Told, Error> {
    let window = || KeySchedules::new(names.customer_uid(), 1_790_000_000, 1_793_000_000);
    let schedule = match call {
        "GET /subscribe/payments/schedule/{merchant_uid}" => {
            let merchant_uid = names.0.named("merchant_uid");
            client.scheduled(&MerchantUid::new(merchant_uid.as_str().unwrap_or("order-none")).unwrap()).await?
        }
        "PUT /subscribe/payments/schedule/{merchant_uid}" => {
            client.move_schedule(&names.merchant_uid(), names.integer("schedule_at")).await?
        }
        "POST /subscribe/payments/schedule" => {
            let (at, amount) = (names.integer("schedule_at"), names.amount("amount"));
            let item = ScheduleItem::new(names.merchant_uid(), at, amount, "KRW", "예시").unwrap();
            let request = Schedule::new(names.customer_uid(), NonEmpty::new(item));
            return client.schedule(&request).await.map(Told::Schedules);
        }
        "POST /subscribe/payments/unschedule" => {
            let request = Unschedule::new(NonEmpty::new(names.merchant_uid().into()));
            return client.unschedule(&request).await.map(Told::Schedules);
        }
        "GET /subscribe/payments/schedule" => {
            let mut window = Schedules::new(1_790_000_000, 1_793_000_000);
            window.limit = Some(2);
            return client.schedules(&window).await.map(Told::PagedSchedules);
        }
        "GET /subscribe/customers/{customer_uid}/schedules" => {
            return client.billing_key_schedules(&window()).await.map(Told::PagedSchedules);
        }
        "GET /subscribe/payments/schedule/customers/{customer_uid}" => {
            return client.customer_schedules(&window()).await.map(Told::PagedSchedules);
        }
        "POST /subscribe/payments/schedule/{merchant_uid}/retry" => {
            let payment = client.retry_schedule(&names.merchant_uid()).await?;
            return Ok(Told::Payment(Box::new(payment)));
        }
        other => panic!("no call of the client for {other}"),
    };
    Ok(Told::Schedule(Box::new(schedule)))
}

async fn keys(client: &Client, call: &str, names: &Names<'_>) -> Result<Told, Error> {
    let key = match call {
        "GET /subscribe/customers/{customer_uid}" => client.billing_key(&names.customer_uid()).await?,
        "POST /subscribe/customers/{customer_uid}" => {
            let (number, expiry) = card();
            client.issue_billing_key(&IssueBillingKey::new(names.customer_uid(), number, expiry)).await?
        }
        "DELETE /subscribe/customers/{customer_uid}" => {
            client.delete_billing_key(&DeleteBillingKey::new(names.customer_uid())).await?
        }
        "GET /subscribe/customers" => {
            let uids: Vec<_> = names.texts("customer_uid").iter().map(|text| CustomerUid::new(text).unwrap()).collect();
            return client.billing_keys(&NonEmpty::try_from(uids).unwrap()).await.map(Told::Keys);
        }
        "GET /subscribe/customers/{customer_uid}/payments" => {
            return client.billing_key_payments(&names.customer_uid(), None).await.map(Told::Payments);
        }
        other => panic!("no call of the client for {other}"),
    };
    Ok(Told::Key(Box::new(key)))
}

async fn receipts(client: &Client, call: &str, names: &Names<'_>) -> Result<Told, Error> {
    let receipt = match call {
        "GET /receipts/{imp_uid}" => client.receipt(&names.imp_uid()).await?,
        "POST /receipts/{imp_uid}" => {
            client.issue_receipt(&IssueReceipt::new(names.imp_uid(), Sensitive::from("01000000000"))).await?
        }
        "DELETE /receipts/{imp_uid}" => client.revoke_receipt(&names.imp_uid()).await?,
        "GET /receipts/external/{merchant_uid}" => {
            return client.external_receipt(&names.merchant_uid()).await.map(Told::ExternalReceipt);
        }
        other => panic!("no call of the client for {other}"),
    };
    Ok(Told::Receipt(receipt))
}

async fn others(client: &Client, call: &str, names: &Names<'_>) -> Result<Told, Error> {
    Ok(match call {
        "GET /certifications/{imp_uid}" => Told::Certification(Box::new(client.certification(&names.imp_uid()).await?)),
        "GET /banks" => Told::Codes(client.bank_codes().await?),
        "GET /cards/{card_standard_code}" => {
            Told::Code(client.card_code(&StandardCode::new(names.text("code")).unwrap()).await?)
        }
        "GET /users/pg" => Told::Channels(client.pg_settings().await?),
        "GET /tiers/{tier_code}" => Told::Tier(client.tier(&TierCode::new(names.text("tier_code")).unwrap()).await?),
        "GET /escrows/logis/{imp_uid}" => Told::Escrow(client.escrow_delivery(&names.imp_uid()).await?),
        other => panic!("no call of the client for {other}"),
    })
}
