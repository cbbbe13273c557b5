//! Lists of the PSP's: read to their last page, and each record for itself.

use billing::channels::SetUp;
use billing::ports::{ChannelPsp, Listing, ListingPsp};
use billing::report::Window;

use super::records::scheduled;
use super::*;

/// Lists come by the page: all of them are read, and one that cannot be is no list.
#[tokio::test]
async fn a_list_is_all_of_its_pages() {
    let page = |number: u64| {
        let next = if number < 3 { number + 1 } else { 0 };
        let one = payment(&json!({ "imp_uid": format!("imp_{number}") }));
        Reply::ok(&json!({ "total": 3, "previous": number - 1, "next": next, "list": [one] }))
    };
    let number =
        |seen: &Seen| if seen.target.contains("page=3") { 3 } else { 1 + u64::from(seen.target.contains("page=2")) };
    let merchant_uid = MerchantUid::parse(ORDER).unwrap();
    let (whole, _server) = psp(move |seen| page(number(seen))).await;
    let Lookup::Found(list) = whole.payments(&merchant_uid).await else { panic!("a list") };
    let names: Vec<&str> = list.iter().map(|record| record.imp_uid.as_str()).collect();
    assert_eq!(names, ["imp_1", "imp_2", "imp_3"]);

    for (third, expected) in [(envelope(404, 1, "none"), Some(2)), (envelope(500, 1, "error"), None)] {
        let (part, _server) = psp(move |seen| if number(seen) == 3 { third.clone() } else { page(number(seen)) }).await;
        match (part.payments(&merchant_uid).await, expected) {
            (Lookup::Found(list), Some(count)) => assert_eq!(list.len(), count),
            (Lookup::Unreachable, None) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
}

/// What a channel is for is told apart, and what is not said is not made up.
#[tokio::test]
async fn channels_are_read_as_they_are_told() {
    let list = json!([
        { "pg_provider": "nice", "pg_id": "A1", "sandbox": false, "type": "payment", "channel_key": "k1" },
        { "pg_provider": "danal", "pg_id": "B1", "sandbox": true, "type": "certification" },
        { "pg_provider": "newer", "pg_id": "C1", "type": "something_else" },
    ]);
    let (told, _server) = psp(move |_| Reply::ok(&list)).await;
    let set_up = |pg: &str, id: &str, key: Option<&str>, sandbox, takes_payments| SetUp {
        pg: pg.to_owned(),
        pg_id: Some(id.to_owned()),
        channel_key: key.map(str::to_owned),
        sandbox,
        takes_payments,
    };
    let expected = vec![
        set_up("nice", "A1", Some("k1"), Some(false), true),
        set_up("danal", "B1", None, Some(true), false),
        set_up("newer", "C1", None, None, true),
    ];
    assert_eq!(told.channels().await, Lookup::Found(expected));
    let (none, _server) = psp(|_| envelope(500, 1, "error")).await;
    assert_eq!(none.channels().await, Lookup::Unreachable);
}

/// A key is asked for by 25 names at a time, and those that the PSP does not have are left out.
#[tokio::test]
async fn keys_are_asked_for_in_parts() {
    let keys: Vec<CustomerUid> =
        (0..51).map(|number| CustomerUid::parse(&format!("key-{number:02}")).unwrap()).collect();
    let (psp, server) = psp(|seen| {
        let held = (0..51)
            .map(|number| format!("key-{number:02}"))
            .filter(|uid| seen.target.contains(uid.as_str()) && uid != "key-30");
        let list: Vec<Value> = held.map(|uid| json!({ "customer_uid": uid, "inserted": 1, "updated": 1 })).collect();
        Reply::ok(&json!(list))
    })
    .await;
    let Lookup::Found(held) = psp.held_keys(&keys).await else { panic!("a list") };
    assert_eq!((held.len(), held.contains(&"key-30".to_owned())), (50, false));
    let asked = server.seen().iter().filter(|seen| seen.target.starts_with("/subscribe/customers?")).count();
    assert_eq!(asked, 3);
}

/// Iamport lists three months at most: a year is asked for in windows that leave nothing out, each to its last page.
#[tokio::test]
async fn what_waits_on_a_key_is_asked_for_in_windows_without_a_gap() {
    let year = 360 * 86_400;
    let number = |target: &str, name: &str| {
        let query = target.split_once('?').unwrap().1;
        let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        value.map(|value| value.parse::<i64>().unwrap())
    };
    let (psp, server) = psp(move |seen| {
        let (from, page) = (number(&seen.target, "from").unwrap(), number(&seen.target, "page").unwrap_or(1));
        if page == 2 {
            return envelope(404, 1, "none");
        }
        let one = json!({
            "customer_uid": "key1", "merchant_uid": format!("at_{from}"), "schedule_at": from + 1, "amount": 8900,
            "currency": "KRW", "schedule_status": "scheduled", "executed_at": 0, "revoked_at": 0,
        });
        Reply::ok(&json!({ "total": 1, "previous": 0, "next": 2, "list": [one] }))
    })
    .await;
    let from = Timestamp(1_795_478_400);
    let waiting = psp.waiting_schedules(&CustomerUid::parse("key1").unwrap(), from, from.plus(year)).await;
    let asked: Vec<Seen> = server.seen().into_iter().filter(|seen| seen.target.contains("/schedules?")).collect();
    assert!(asked.iter().all(|seen| seen.target.contains("schedule-status=scheduled")), "{:?}", asked[0].target);
    let first_pages = asked.iter().filter(|seen| number(&seen.target, "page") != Some(2));
    let windows: Vec<(i64, i64)> =
        first_pages.map(|seen| (number(&seen.target, "from").unwrap(), number(&seen.target, "to").unwrap())).collect();
    assert_eq!((windows[0].0, windows.last().unwrap().1), (from.0, from.plus(year).0));
    assert!(windows.windows(2).all(|pair| pair[0].1 >= pair[1].0), "no gap: {windows:?}");
    assert!(windows.iter().all(|(from, to)| to - from <= 90 * 86_400), "three months: {windows:?}");
    let names: Vec<String> = windows.iter().map(|(from, _)| format!("at_{from}")).collect();
    assert_eq!(waiting, Lookup::Found(names));
    assert_eq!(asked.len(), 2 * windows.len(), "each to its last page");
}

/// The windows end where they have to, also where the last one is a whole one; of no time at all nothing is asked.
#[tokio::test]
async fn no_window_is_asked_for_beyond_the_end() {
    let from = Timestamp(1_795_478_400);
    for (until, windows) in [
        (from, 0),
        (from.plus(1), 1),
        (from.plus(SCHEDULE_WINDOW_SECONDS), 1),
        (from.plus(SCHEDULE_WINDOW_SECONDS + 1), 2),
        (from.plus(2 * SCHEDULE_WINDOW_SECONDS), 2),
        (from.plus(-1), 0),
    ] {
        let (psp, server) = psp(|_| Reply::ok(&json!({ "total": 0, "previous": 0, "next": 0, "list": [] }))).await;
        let waiting = psp.waiting_schedules(&CustomerUid::parse("key1").unwrap(), from, until).await;
        assert_eq!(waiting, Lookup::Found(Vec::new()));
        let asked = server.seen().iter().filter(|seen| seen.target.contains("/schedules?")).count();
        assert_eq!(asked, windows, "until {until:?}");
    }
}

/// A list that calls a page its own successor has come to its end.
#[tokio::test]
async fn no_list_is_read_in_circles() {
    for named in [1, 0] {
        let first = std::sync::atomic::AtomicBool::new(true);
        let (psp, _server) = psp(move |seen| {
            // Once: who is caught in a circle gets out of it with a record too many.
            let next = if first.swap(false, std::sync::atomic::Ordering::Relaxed) { named } else { 0 };
            let one = if seen.target.contains("/schedules?") { scheduled(&json!({})) } else { payment(&json!({})) };
            Reply::ok(&json!({ "total": 2, "previous": 0, "next": next, "list": [one] }))
        })
        .await;
        let from = Timestamp(1_795_478_400);
        let key = CustomerUid::parse("gildong_0001_1234").unwrap();
        if named == 1 {
            let found = psp.payments(&MerchantUid::parse(ORDER).unwrap()).await;
            assert!(matches!(&found, Lookup::Found(list) if list.len() == 1), "{found:?}");
        }
        assert_eq!(psp.waiting_schedules(&key, from, from.plus(60)).await, Lookup::Found(vec![ORDER.to_owned()]));
    }
    assert_eq!([later(Some(3), 2), later(Some(2), 2), later(Some(1), 2), later(None, 2)], [Some(3), None, None, None]);
}

fn window() -> Window {
    Window { from: Timestamp(1_795_392_000), until: Timestamp(1_795_478_400) }
}

/// What one page of a listing comes to: the order numbers that were read, those that cannot be, and the page after.
type Read = Lookup<(Vec<String>, Vec<Option<String>>, Option<u32>)>;

fn read<R>(listing: Lookup<Listing<R>>, name: impl Fn(&R) -> &String) -> Read {
    match listing {
        Lookup::Found(it) => {
            Lookup::Found((it.items.iter().map(|item| name(item).clone()).collect(), it.unreadable, it.next))
        }
        Lookup::Absent => Lookup::Absent,
        Lookup::Unreachable => Lookup::Unreachable,
    }
}

/// The first page of each listing.
async fn listed(psp: &Psp) -> [(&'static str, Read); 3] {
    [
        ("started", read(psp.listed_payments(window(), 1).await, |record| &record.merchant_uid)),
        ("-updated", read(psp.changed_payments(window(), 1).await, |record| &record.merchant_uid)),
        ("schedules", read(psp.listed_schedules(window(), 1).await, |record| &record.merchant_uid)),
    ]
}

/// A record that cannot be read is named, as far as it can be, and costs no other.
#[tokio::test]
async fn each_listing_is_asked_for_its_window_and_names_what_it_cannot_read() {
    let (psp, server) = psp(|seen| {
        let of = |change: Value| if seen.target.contains("schedule") { scheduled(&change) } else { payment(&change) };
        let list = [
            of(json!({})),
            of(json!({ "merchant_uid": "order_2", "currency": "XAU" })),
            of(json!({ "merchant_uid": "order_3" })),
        ];
        Reply::ok(&json!({ "total": 1_000, "previous": 0, "next": 2, "list": list }))
    })
    .await;
    let expected = (vec![ORDER.to_owned(), "order_3".to_owned()], vec![Some("order_2".to_owned())], Some(2));
    for (name, read) in listed(&psp).await {
        assert_eq!(read, Lookup::Found(expected.clone()), "{name}");
    }
    let asked: Vec<String> = server.seen().into_iter().map(|seen| seen.target).filter(|it| it.contains('?')).collect();
    assert_eq!(asked.len(), 3);
    for (target, of) in asked.iter().zip(["sorting=started&", "sorting=-updated&", "limit=256&"]) {
        let parts = ["page=1&", "from=1795392000&", "to=1795478400&", of];
        assert!(
            parts.iter().all(|part| format!("{}&", target.replace('?', "&")).contains(part)),
            "{target}: {parts:?}"
        );
    }
}

/// Only a page that is too large, or contradicts itself, is asked for in smaller ones.
#[tokio::test]
async fn what_is_no_answer_to_a_listing_is_not_asked_for_in_parts() {
    for (reply, expected) in [
        (envelope(500, 1, "error"), Lookup::Unreachable),
        (envelope(400, 1, "bad"), Lookup::Unreachable),
        (envelope(429, 1, "slow down"), Lookup::Unreachable),
        (envelope(200, 1, "error"), Lookup::Unreachable),
        (envelope(404, 1, "none"), Lookup::Absent),
    ] {
        let log = Log::start();
        let (psp, server) = psp(move |_| reply.clone()).await;
        for (name, read) in listed(&psp).await {
            assert_eq!(read, expected, "{name}");
        }
        let seen = server.seen();
        let asked = seen.iter().filter(|seen| seen.target.contains('?')).collect::<Vec<_>>();
        assert!(
            asked.iter().all(|seen| seen.target.contains("limit=64") || seen.target.contains("limit=256")),
            "{asked:?}"
        );
        assert_eq!(log.lines().is_empty(), expected == Lookup::Absent);
    }
}

#[tokio::test]
async fn a_listing_of_more_bytes_than_are_read_is_asked_for_in_parts() {
    let number = |target: &str, name: &str| -> usize {
        let query = target.split_once('?').unwrap().1;
        query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap().parse().unwrap()
    };
    let (psp, _server) = psp(move |seen| {
        let (page, limit) = (number(&seen.target, "page"), number(&seen.target, "limit"));
        // 70 records of 40 KiB each.
        let held = ((page - 1) * limit).min(70)..(page * limit).min(70);
        let next = if held.end < 70 { page + 1 } else { 0 };
        let of = |place: usize| json!({ "merchant_uid": format!("order_{place}"), "name": "x".repeat(40 * 1024) });
        let one = |place| if seen.target.contains("schedule") { scheduled(&of(place)) } else { payment(&of(place)) };
        let list: Vec<Value> = held.map(one).collect();
        Reply::ok(&json!({ "total": 70, "previous": page - 1, "next": next, "list": list }))
    })
    .await;
    for (name, read) in listed(&psp).await {
        let (count, next) = if name == "schedules" { (70, None) } else { (64, Some(2)) };
        let names: Vec<String> = (0..count).map(|place| format!("order_{place}")).collect();
        assert_eq!(read, Lookup::Found((names, Vec::new(), next)), "{name}");
    }
}
