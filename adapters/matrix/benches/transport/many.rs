//! What many rooms cost: memory after a first sync of encrypted rooms in which much was said while
//! the bot was away, after a restart, and how long the restarted bot takes to its first answer.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::life::Life;
use crate::support::person::{Person, Signed};
use crate::{Asker, resident, stop};

/// Encrypted rooms in which the bot is, and events in each that it has to take in.
const MANY: usize = 200;
const EVENTS: usize = 500;

/// Of those, what somebody really said: encrypted by a client and sent in the ordinary way. The rest
/// is made by the homeserver itself, which takes minutes instead of an hour.
const SAID: usize = 5;

/// Made in one request.
const AT_ONCE: usize = 99;

pub async fn many() {
    let mut life = Life::new().await;
    let (url, me) = (life.synapse.url(), life.me.clone());
    let person = Person::new(&url, "host", Signed::Yes).await;
    life.starts();
    let mut rooms = Vec::new();
    for _ in 0..MANY {
        let room = person.direct_with(&me).await.room_id().to_owned();
        person.sees_joining(&me, &room).await;
        rooms.push(room);
    }
    stop(&mut life);
    let begun = Instant::now();
    for room in &rooms {
        for part in 0..SAID {
            fill(&person, room.as_str()).await;
            // To each other, so that the bot answers none of it.
            let words = json!({"msgtype": "m.notice", "body": format!("word {part}")});
            person.sends(room, words).await;
        }
    }
    println!(
        "filling {MANY} rooms with {EVENTS} events each: {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    let mut asker = Asker {
        room: rooms[0].clone(),
        person,
    };
    starts(&mut life, &asker, "after what was missed").await;
    // Who is answered in each room knows that the bot has taken in what was before.
    let begun = Instant::now();
    for room in &rooms {
        asker.room = room.clone();
        asker.ask(&me).await;
    }
    println!(
        "underrose, {MANY} rooms, an answer in each: {:.0} s, resident {}",
        begun.elapsed().as_secs_f64(),
        resident(life.bot.as_ref().unwrap().id())
    );
    stop(&mut life);
    starts(&mut life, &asker, "with nothing missed").await;
    println!(
        "underrose, {MANY} rooms, resident after the restart: {}",
        resident(life.bot.as_ref().unwrap().id())
    );
}

/// Starts the bot, and shows what that took.
async fn starts(life: &mut Life, asker: &Asker, name: &str) {
    let took = crate::starts(life, asker).await;
    println!(
        "underrose, {MANY} rooms, {name}, from its start to the first answer: {:.2} s, resident {}",
        took.as_secs_f64(),
        resident(life.bot.as_ref().unwrap().id())
    );
}

/// Events of which the bot needs to know nothing, as large as an encrypted message.
async fn fill(person: &Person, room: &str) {
    let contents: Vec<Value> = (0..AT_ONCE)
        .map(|number| json!({"number": number, "filling": "x".repeat(400)}))
        .collect();
    let asked = json!({"sender": person.id(), "room": room, "contents": contents,
        "type": "dev.underrose.filling"});
    let url = format!("{}many-events", person.client.homeserver());
    let request = person.client.http_client().post(url);
    let told = request.body(asked.to_string()).send().await.unwrap();
    told.error_for_status().unwrap();
}
