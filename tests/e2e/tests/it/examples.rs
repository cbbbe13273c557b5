//! The examples of the client crate do what they say: each is run as a reader would run it, against the simulator.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::world::World;

const IMP_KEY: &str = "imp_apikey";
const IMP_SECRET: &str = "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f";

/// Those that are run here.
const EXAMPLES: [&str; 6] = ["charge", "issue_billing_key", "refund", "schedule", "token", "webhook_lookup"];

/// The examples with a simulator and credentials.
struct Reader<'a> {
    iamport: &'a str,
    imp_secret: &'a str,
}

impl Reader<'_> {
    fn ran(&self, example: &str, arguments: &[&str]) -> Output {
        assert!(EXAMPLES.contains(&example), "{example}");
        // .../debug/deps/it-0123 lies beside .../debug/examples, where `cargo test` of the crate has put them.
        let own = std::env::current_exe().unwrap();
        let program = own.parent().and_then(Path::parent).unwrap().join("examples").join(example);
        let mut command = Command::new(&program);
        command.args(arguments).env_remove("CHANNEL_KEY").env_remove("TEST_CHANNEL").env("IAMPORT_URL", self.iamport);
        command.env("IMP_KEY", IMP_KEY).env("IMP_SECRET", self.imp_secret);
        let built = "cargo build -p iamport --examples";
        command.output().unwrap_or_else(|error| panic!("{}: {error}; {built} makes it", program.display()))
    }

    /// What an example prints that succeeds.
    #[track_caller]
    fn prints(&self, example: &str, arguments: &[&str]) -> String {
        let output = self.ran(example, arguments);
        let (printed, complaint) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && complaint.is_empty(), "{example} {arguments:?}: {printed}{complaint}");
        printed
    }

    /// What an example complains of that fails.
    #[track_caller]
    fn complains(&self, example: &str, arguments: &[&str]) -> String {
        let output = self.ran(example, arguments);
        assert!(!output.status.success(), "{example} {arguments:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn webhook(imp_uid: &str, status: &str) -> String {
    json!({ "imp_uid": imp_uid, "merchant_uid": "order_of_somebody_else", "status": status }).to_string()
}

#[test]
fn every_example_of_the_client_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/iamport/examples");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> = names.filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned())).collect();
    assert_eq!(there, EXAMPLES.map(str::to_owned).into());
}

#[tokio::test]
async fn the_examples_of_the_client_do_what_they_say() {
    let world = World::shared().await;
    let reader = Reader { iamport: &world.iamport, imp_secret: IMP_SECRET };

    let token = reader.prints("token", &[]);
    assert!(token.starts_with("a token is in hand; Iamport's clock is "), "{token}");

    let issued = reader.prints("issue_billing_key", &[]);
    let customer_uid = issued.split(' ').next().unwrap();
    assert_eq!(issued, format!("{customer_uid} charges 424242******4242\n"));
    assert!(world.key_at_psp(customer_uid).await.is_some(), "{customer_uid}");

    let order = fresh("order_");
    let charged = reader.prints("charge", &[customer_uid, &order]);
    let paid = world.payment(&order).await;
    let imp_uid = paid["imp_uid"].as_str().unwrap();
    let told = format!("{order} is paid: 8900 KRW, {imp_uid}\n");
    assert_eq!(charged, format!("charging {order}\n{told}"));
    assert_eq!((&paid["status"], &paid["amount"]), (&json!("paid"), &json!(8900)));
    // The same order again: refused, and found as what it is.
    let again = reader.prints("charge", &[customer_uid, &order]);
    let refused = again.strip_prefix(&format!("charging {order}\n")).unwrap();
    assert!(refused.starts_with("refused with code ") && refused.ends_with(&told), "{again}");
    assert_eq!(world.times_paid(&order).await, 1);

    // What the webhook says of the outcome makes no difference.
    for said in ["paid", "failed"] {
        let looked_up = reader.prints("webhook_lookup", &[&webhook(imp_uid, said)]);
        assert_eq!(looked_up, format!("{order} is paid in full: send the goods\n"));
    }

    let refunded = reader.prints("refund", &[imp_uid, "900"]);
    assert_eq!(refunded, format!("900 KRW are refunded, 8000 KRW are left of {imp_uid}\n"));
    assert_eq!(world.payment(&order).await["cancel_amount"], 900);
    let looked_up = reader.prints("webhook_lookup", &[&webhook(imp_uid, "paid")]);
    assert_eq!(looked_up, format!("{order} is paid, with 900 given back: send nothing\n"));
    let unsaid = reader.complains("refund", &[imp_uid]);
    assert!(unsaid.contains("name an amount"), "{unsaid}");
    let refunded = reader.prints("refund", &[imp_uid, "all"]);
    assert_eq!(refunded, format!("8000 KRW are refunded, 0 KRW are left of {imp_uid}\n"));
    assert_eq!(world.payment(&order).await["cancel_amount"], 8900);
    let nothing = reader.complains("refund", &[imp_uid, "all"]);
    assert!(nothing.contains("nothing is left"), "{nothing}");

    let scheduled = reader.prints("schedule", &[customer_uid]);
    let later = scheduled.lines().next().unwrap().strip_prefix("registering ").unwrap();
    let told = ["be charged in 30 days: scheduled", "be charged in 31 days: scheduled", "not be charged: revoked"];
    let told = told.map(|what| format!("{later} will {what}\n")).concat();
    assert_eq!(scheduled, format!("registering {later}\n{told}"));
    let schedule = world.schedule_at_psp(later).await.unwrap();
    assert_eq!((&schedule["schedule_status"], &schedule["imp_uid"]), (&json!("revoked"), &Value::Null));
}

#[tokio::test]
async fn the_examples_of_the_client_say_what_is_wrong() {
    let world = World::shared().await;
    let reader = Reader { iamport: &world.iamport, imp_secret: IMP_SECRET };

    let mistyped = format!("x{IMP_SECRET}");
    let refused = Reader { imp_secret: &mistyped, ..reader }.complains("token", &[]);
    assert!(refused.contains("NoToken") && refused.contains("refused"), "{refused}");
    assert!(!refused.contains(IMP_SECRET) && !refused.contains(IMP_KEY), "{refused}");

    let nobodys = fresh("key");
    let order = fresh("order_");
    let charged = reader.complains("charge", &[&nobodys, &order]);
    assert!(charged.contains(&format!("no payment under {order}")), "{charged}");
    assert_eq!(world.payments(&order).await, Vec::<Value>::new());

    let forged = reader.complains("webhook_lookup", &[&webhook("imp_000000000000", "paid")]);
    assert!(forged.contains("Iamport has no imp_000000000000"), "{forged}");
    for example in ["charge", "schedule", "refund", "webhook_lookup"] {
        let asked = reader.complains(example, &[]);
        assert!(asked.contains("name a ") || asked.contains("give the "), "{example}: {asked}");
    }
}
