//! How long an acknowledgement takes, how many a second there are, and how much memory that needs:
//! the real binary beside apps in Bolt for JavaScript that do the same durable work, against the
//! same emulator, in the same run. `adapters/slack/benches/beside-bolt.sh` builds what this needs
//! and starts it. Nothing here asserts a time: figures differ between machines, ratios hardly.

mod acker;
mod app;
mod committee;
mod figures;
mod load;

/// The emulator shares the machine with what is measured: a quarter of its time went here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use app::{App, Kind};
use figures::Figures;
use load::Work;

/// Lives of each app; the medians are shown. They take turns, so that all meet the same disk.
const ROUNDS: usize = 3;

/// Events before anything is measured: just-in-time compilers and caches get warm.
const WARM_UP: usize = 1_500;

/// People at once, and how many events they make in all.
const PEOPLE: [(usize, usize); 2] = [(1, 1_000), (committee::MEMBERS, 15_000)];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if let Some(api_url) = acker::asked_to_be() {
        return acker::run(&api_url).await;
    }
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| wanted.is_empty() || wanted.iter().any(|word| word == kind.word()))
        .collect();
    let rounds = std::env::var("ROUNDS").map_or(Ok(ROUNDS), |rounds| rounds.parse())?;
    let mut figures = Figures::default();
    for round in 1..=rounds {
        for kind in &kinds {
            eprintln!("round {round} of {rounds}: {}", kind.name());
            live(*kind, &mut figures).await?;
        }
    }
    figures.print(&kinds);
    Ok(())
}

/// One life of one app.
async fn live(kind: Kind, figures: &mut Figures) -> anyhow::Result<()> {
    let ground = committee::Ground::new().await;
    let app = App::start(kind, &ground).await?;
    let stage = committee::set_the_stage(&app, &ground).await?;
    figures.idle(kind, app.at_rest().await?);
    for work in Work::ALL {
        load::give(&ground, &stage, work, (committee::MEMBERS, WARM_UP)).await?;
    }
    for (people, events) in PEOPLE {
        for work in Work::ALL {
            let before = app.processor_time()?;
            let given = load::give(&ground, &stage, work, (people, events)).await?;
            let spent = app.processor_time()? - before;
            figures.add((kind, work, people), given, spent);
        }
    }
    figures.busy(kind, app.at_rest().await?);
    let events = 2 * (WARM_UP + PEOPLE.iter().map(|(_, events)| events).sum::<usize>());
    app.end(events).await?;
    let complaints = ground.emulator.complaints();
    anyhow::ensure!(complaints.is_empty(), "{complaints:?}");
    Ok(())
}
