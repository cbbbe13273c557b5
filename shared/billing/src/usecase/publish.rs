//! Putting onto the bus what the table's changes tell. The stream hands over the same changes again until all of it is there, so
//! nothing here is written down: an event that is put twice has the same name twice.

use crate::event::{Change, Event};
use crate::ports::{EventBus, Put};

/// Times that an event which the bus refuses is offered within one run: it is throttled for a moment at most. Whatever is not taken
/// by then comes again with the stream.
const OFFERS: u32 = 3;

/// What tells the storefront.
#[derive(Debug, Clone)]
pub struct Publisher<B> {
    /// Where events go.
    pub bus: B,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Published {
    /// Events that the bus has taken.
    pub taken: usize,
    /// The first change of which an event is not on the bus yet: it and those after it are to come again.
    pub first_open: Option<usize>,
}

impl<B: EventBus> Publisher<B> {
    /// Puts what the changes tell, in their order. What is refused is offered again by itself: what was taken is not put twice for
    /// it.
    pub async fn publish(&self, changes: &[Change]) -> Published {
        let told = changes.iter().enumerate().flat_map(|(place, change)| {
            let events = change.events().into_iter();
            events.map(move |event| (place, event))
        });
        let mut open: Vec<(usize, Event)> = told.collect();
        let all = open.len();
        for _ in 0..OFFERS {
            if open.is_empty() {
                break;
            }
            let events: Vec<&Event> = open.iter().map(|(_, event)| event).collect();
            let answers = self.bus.put(&events).await;
            // A bus that does not answer is not asked at once again.
            let out_of_reach = answers.contains(&Put::Unknown) || answers.len() < open.len();
            let mut answers = answers.into_iter();
            open.retain(|_| answers.next() != Some(Put::Taken));
            if out_of_reach {
                break;
            }
        }
        Published { taken: all - open.len(), first_open: open.iter().map(|(place, _)| *place).min() }
    }
}
