//! Seeds that have broken a rule once. What a seed means changes with the simulation, so each is a sample, not a proof: the
//! crash points hold the exact recipes.

use simulation::seeded;

/// Seed, and what it showed.
const SEEDS: [(u64, &str); 36] = [
    (74, "a refund answered with an untrustworthy record settled the refund and not the row"),
    (121, "a key was deleted while the lagging index hid its schedule"),
    (1_428, "two revocations of one schedule were under way at once"),
    (1_977, "a schedule that was being taken back was answered as scheduled"),
    (3_324, "an order was sent again for ever because a stranger's attempt blocked its number"),
    (4_749, "an alarm was lost with the process that had written the row"),
    (13_677, "two moves of one schedule were under way at once"),
    (20_364, "a stranger's failed attempt turned a charge in flight into a failed one"),
    (22_267, "a key was given up before its last possible execution"),
    (70_595, "a second refund hid in the first one's record"),
    (82_219, "a refund of the rest was done and the row did not show it"),
    (770_028_484, "the next period was registered beside an attempt that was put while its own was closed"),
    (20_283_840, "a completed subscription was looked at for ever for a refund whose record stayed unclear"),
    (8_848_543_611, "a card that was named and taken back left a schedule at another time than the one that was shown"),
    (8_848_548_859, "a period fell back to a card that had been refused for good"),
    (8_849_329_242, "a key was promised again while a deletion of it was on its way"),
    (13_766_780_779, "two names of one request, under two secrets, were each sent a card"),
    (13_766_800_421, "a key was deleted under a schedule of another system that should have run weeks ago"),
    (20_672_280_378, "late money was given back after all, and what it had paid for was kept"),
    (20_672_358_530, "what a cheaper plan left over was asked for at every sweep while another refund was under way"),
    (20_280_689_366, "a key was deleted in the second in which schedules were registered on it"),
    (22_642_697_337, "a key was deleted while schedules were claimed on it that the index did not show"),
    (
        20_372_338_371,
        "a subscription ended for want of a card, and what a cheaper plan had left over stayed where it was",
    ),
    (23_311_247_136, "a webhook about one payment took off the calendar that another one was to be looked at"),
    (23_345_143_411, "a webhook's sender waited for a subscription's steps and a slow table"),
    (22_283_701_254, "whoever subscribed waited for seven slow writes in a row"),
    (24_247_927_035, "a change of plan waited for a renewal and a slow table"),
    (
        23_518_544_324,
        "a claim was refused by its second write for a key that was marked, and its first one landed later",
    ),
    (22_252_745_254, "an adopted key was said not to be recorded, for a read after it"),
    (
        23_824_517_936,
        "a payment of the old plan was taken for one that a credit had lowered, for their amounts were the same",
    ),
    (22_252_739_460, "a period was paid, its merchant gave most of it back, and a cheaper plan the rest"),
    (
        20_904_985_545,
        "a key was to be deleted in another way while what another system had scheduled on it was revoked",
    ),
    (20_905_035_945, "the comparison at rest ran in the second in which a day begins, on a clock that was behind"),
    (21_706_917_321, "a key was named under each of two secrets, and one of them did not stand"),
    (
        32_000_003_852,
        "the comparison at rest left a subscription's payment due after a person had run its schedule once more",
    ),
    (21_844_145_126, "a schedule of another system was revoked though its key was promised again meanwhile"),
];

#[test]
fn seeds_that_once_broke_a_rule_keep_it() {
    let broken: Vec<String> = SEEDS
        .iter()
        .flat_map(|(seed, showed)| {
            let violations = seeded::run(*seed).violations;
            violations
                .into_iter()
                .map(move |broken| format!("seed {seed} ({showed}): {} {}", broken.rule, broken.detail))
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
