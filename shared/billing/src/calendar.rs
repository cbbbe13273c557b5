//! When to look again at something that is still owed. The waits are data, each with its reason.

use crate::time::Timestamp;

/// Waits between looks at an unknown outcome, in seconds; the last one repeats for ever.
const UNKNOWN: [i64; 5] = [
    10,    // the PSP has usually recorded what it did by now
    60,    // a short fault has passed
    300,   // one sweep later
    900,   // an outage: do not add to it
    3_600, // hourly from here on; money is never given up on
];

/// Waits before something of which nothing was found is sent again, by how often it was sent, in seconds; the last one repeats
/// for ever. What is never answered must not be asked of the PSP at every sweep.
const SEND_AGAIN: [i64; 6] = [
    0,      // at once: it was lost, and nothing of it can execute any more
    300,    // one sweep later
    900,    // a fault that does not pass
    1_800,  // half an hour
    3_600,  // an hour
    21_600, // four times a day
];

/// Seconds after which a person is told of what nobody knows the outcome of (reliability.md §7.11, S10).
pub const UNKNOWN_ALARM_SECONDS: i64 = 900;

/// Seconds after its time before anyone asks about a schedule: the PSP promises no punctuality, and its webhook
/// usually comes first.
const OVERDUE_FIRST: i64 = 900;

/// Waits between further looks at a schedule that should have run, in seconds; the last one repeats for ever.
const OVERDUE: [i64; 2] = [
    3_600,  // an hour later
    21_600, // then four times a day
];

/// Waits between looks for a payment in the window, in seconds; the last one repeats. The webhook and the customer's own
/// return come first, so that these only find what both have lost.
const WINDOW: [i64; 4] = [
    600,    // a customer who pays has paid by now
    1_800,  // one who had to fetch the card, too
    7_200,  // the tab was left open
    21_600, // a deposit: banks book by the day
];

/// Seconds between two alarms about one thing that stays as it is, and before the first about a deletion: a person is told,
/// and not every hour.
pub const ALARM_AGAIN_SECONDS: i64 = 86_400;

/// Seconds after which a billing key that the PSP says it does not have is looked for once more: whatever made it say so by
/// mistake has passed by then.
pub const GONE_AGAIN_SECONDS: i64 = 600;

/// Seconds between two looks at a schedule that waits for its key to become active: one sweep.
pub const KEY_WAIT_SECONDS: i64 = 300;

/// Seconds after a claim before anyone else looks: the claimant itself reports within the gateway's 30 seconds.
pub const CLAIMANT_SECONDS: i64 = 30;

/// The next look at an unknown outcome after `looks` fruitless ones. The moment the quarantine ends is never slept
/// through: it is the first moment at which "not found" means something.
#[must_use]
pub fn next_look(now: Timestamp, looks: u32, quarantine_until: Option<Timestamp>) -> Timestamp {
    let next = now.plus(wait(&UNKNOWN, looks));
    match quarantine_until {
        Some(end) if now < end => next.min(end),
        Some(_) | None => next,
    }
}

/// When something may be sent again that was sent `posts` times and not found.
#[must_use]
pub fn next_post(now: Timestamp, posts: u32) -> Timestamp {
    now.plus(wait(&SEND_AGAIN, posts.saturating_sub(1)))
}

/// When the change of a schedule or of an account is sent again that was claimed then, after so many fruitless looks. Each sending of a
/// schedule's change brings two, its own and the one when it can no longer arrive; of an account's only the sweep's count. The nearer the
/// moment at which the schedule runs, or the account closes, the less is waited: what is to be taken back must not run for that.
#[must_use]
pub fn next_change(claimed_at: Timestamp, looks: u32, runs_at: Option<Timestamp>) -> Timestamp {
    if looks < 2 {
        return claimed_at;
    }
    let ahead = runs_at.map(|at| at.0 - claimed_at.0).filter(|ahead| *ahead > 0);
    let most = ahead.map_or(i64::MAX, |ahead| (ahead / 4).max(300));
    claimed_at.plus(wait(&UNKNOWN, looks - 2).min(most))
}

/// Seconds after a window is offered no more until nobody can still be in it: a PG's own page lives for half an hour, and
/// the PSP may be behind itself.
const WINDOW_GRACE: i64 = 3_600;

/// When nothing is waited for any more that was begun in a window which was offered until then.
#[must_use]
pub const fn window_ends(open_until: Timestamp) -> Timestamp {
    open_until.plus(WINDOW_GRACE)
}

/// The next look for what a window may have brought, after `looks` earlier ones. Its end is never slept through.
#[must_use]
pub fn next_window_look(now: Timestamp, looks: u32, open_until: Timestamp) -> Timestamp {
    let (next, end) = (now.plus(wait(&WINDOW, looks)), window_ends(open_until));
    if now < end { next.min(end) } else { next }
}

/// The first look at a schedule that is to run at `schedule_at`.
#[must_use]
pub const fn first_overdue_look(schedule_at: Timestamp) -> Timestamp {
    schedule_at.plus(OVERDUE_FIRST)
}

/// The next look at a schedule that is overdue, after `looks` earlier ones.
#[must_use]
pub fn next_overdue_look(now: Timestamp, looks: u32) -> Timestamp {
    now.plus(wait(&OVERDUE, looks))
}

fn wait(calendar: &[i64], looks: u32) -> i64 {
    let place = usize::try_from(looks).unwrap_or(usize::MAX).min(calendar.len() - 1);
    calendar[place]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_the_last_repeats() {
        let waits: Vec<i64> = (0..8).map(|looks| next_look(Timestamp(0), looks, None).0).collect();
        assert_eq!(waits, [10, 60, 300, 900, 3_600, 3_600, 3_600, 3_600]);
    }

    #[test]
    fn what_is_never_answered_is_sent_four_times_a_day_in_the_end() {
        let waits: Vec<i64> = (1..9).map(|posts| next_post(Timestamp(0), posts).0).collect();
        assert_eq!(waits, [0, 300, 900, 1_800, 3_600, 21_600, 21_600, 21_600]);
    }

    #[test]
    fn a_change_is_sent_hourly_in_the_end_and_more_often_before_the_schedule_runs() {
        let now = Timestamp(1_000_000);
        let at = |looks, ahead: i64| next_change(now, looks, Some(now.plus(ahead))).0 - now.0;
        assert_eq!([0, 1, 2, 4, 6, 60].map(|looks| at(looks, 864_000)), [0, 0, 10, 300, 3_600, 3_600]);
        assert_eq!([7_200, 600, 60, 0, -60].map(|ahead| at(60, ahead)), [1_800, 300, 300, 3_600, 3_600]);
    }

    #[test]
    fn the_end_of_the_quarantine_is_not_slept_through() {
        assert_eq!(next_look(Timestamp(0), 3, Some(Timestamp(135))), Timestamp(135));
        assert_eq!(next_look(Timestamp(135), 3, Some(Timestamp(135))), Timestamp(1_035));
    }

    /// A look that is due again at once would be made again and again; one behind the end would sleep through it.
    #[test]
    fn the_next_look_is_always_later_and_never_sleeps_through_an_end() {
        let end = Timestamp(100_000);
        for (before, looks) in
            (-3..=90_000).step_by(7).chain(-3..=3).flat_map(|before| (0..6).map(move |n| (before, n)))
        {
            let now = end.plus(-before);
            let open_until = end.plus(-WINDOW_GRACE);
            assert_eq!(window_ends(open_until), end);
            let looked_at = [next_look(now, looks, Some(end)), next_window_look(now, looks, open_until)];
            for next in looked_at {
                assert!(next > now, "{before} s before the end, after {looks} looks");
                assert!(now >= end || next <= end, "{before} s before the end, after {looks} looks");
            }
            assert!(next_overdue_look(now, looks) > now);
        }
    }

    #[test]
    fn an_overdue_schedule_is_looked_at_after_a_quarter_of_an_hour_an_hour_and_then_every_six() {
        let first = first_overdue_look(Timestamp(1_000));
        let second = next_overdue_look(first, 0);
        let third = next_overdue_look(second, 1);
        assert_eq!([first.0, second.0, third.0, next_overdue_look(third, 2).0], [1_900, 5_500, 27_100, 48_700]);
    }
}
