//! The client reads every fixture, by its own call, as what it is.

use std::collections::BTreeMap;

use shapes::{Fixture, fixture};

use crate::ask::ask;
use crate::meaning::MEANINGS;
use crate::player::Player;

#[tokio::test]
async fn every_reply_means_to_the_client_what_it_says() {
    let fixtures: BTreeMap<String, Fixture> =
        fixture::all().unwrap().into_iter().map(|fixture| (fixture.name.clone(), fixture)).collect();
    for (name, check) in MEANINGS.iter() {
        let fixture = &fixtures[*name];
        // A client of its own for each: a token that was refused is not asked for again at once.
        let player = Player::start().await;
        player.plays(&fixture.call, fixture.status, &fixture.body);
        let told = ask(&player.client, fixture).await;
        player.was_called(&fixture.call);
        check(name, told);
    }
}
