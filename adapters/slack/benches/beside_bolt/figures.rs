//! The figures of all lives, as tables in Markdown.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::{Kind, Memory};
use crate::load::{Given, Work};

/// One measured stretch of one life.
struct Stretch {
    p50: f64,
    p99: f64,
    a_second: f64,
    /// Microseconds of processor time an event, of the app and of the emulator.
    app: f64,
    emulator: f64,
}

#[derive(Default)]
pub struct Figures {
    stretches: BTreeMap<(Kind, Work, usize), Vec<Stretch>>,
    idle: BTreeMap<Kind, Vec<Memory>>,
    busy: BTreeMap<Kind, Vec<Memory>>,
}

impl Figures {
    pub fn add(&mut self, of: (Kind, Work, usize), given: Given, spent: Duration) {
        let events = given.took.len() as f64;
        let at = |share: f64| {
            let place = (events * share) as usize;
            let took = given
                .took
                .get(place.min(given.took.len().saturating_sub(1)));
            took.map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
        };
        let stretch = Stretch {
            p50: at(0.5),
            p99: at(0.99),
            a_second: events / given.whole.as_secs_f64(),
            app: spent.as_secs_f64() * 1e6 / events,
            emulator: given.spent_here.as_secs_f64() * 1e6 / events,
        };
        self.stretches.entry(of).or_default().push(stretch);
    }

    pub fn idle(&mut self, kind: Kind, memory: Memory) {
        self.idle.entry(kind).or_default().push(memory);
    }

    pub fn busy(&mut self, kind: Kind, memory: Memory) {
        self.busy.entry(kind).or_default().push(memory);
    }

    pub fn print(&self, kinds: &[Kind]) {
        for work in Work::ALL {
            for people in crate::PEOPLE.map(|(people, _)| people) {
                self.table(kinds, work, people);
            }
        }
        println!("\n| resident memory | idle | after it all, at rest | most ever |");
        println!("|---|---|---|---|");
        for kind in kinds {
            let mib = |all: &BTreeMap<Kind, Vec<Memory>>, of: fn(&Memory) -> u64| {
                let all = all.get(kind).map_or(&[][..], Vec::as_slice);
                let kib = median(all.iter().map(|memory| of(memory) as f64));
                format!("{:.1} MiB", kib / 1024.0)
            };
            println!(
                "| {} | {} | {} | {} |",
                kind.name(),
                mib(&self.idle, |memory| memory.resident_kib),
                mib(&self.busy, |memory| memory.resident_kib),
                mib(&self.busy, |memory| memory.most_kib),
            );
        }
    }

    fn table(&self, kinds: &[Kind], work: Work, people: usize) {
        let who = if people == 1 { "person" } else { "people" };
        println!(
            "\n| {people} {who}: {} | p50 | p99 | a second | processor time an event | of the emulator |",
            work.name()
        );
        println!("|---|---|---|---|---|---|");
        for kind in kinds {
            let all = self.stretches.get(&(*kind, work, people));
            let all = all.map_or(&[][..], Vec::as_slice);
            let of = |what: fn(&Stretch) -> f64| median(all.iter().map(what));
            println!(
                "| {} | {:.2} ms | {:.2} ms | {:.0} | {:.0} µs | {:.0} µs |",
                kind.name(),
                of(|stretch| stretch.p50),
                of(|stretch| stretch.p99),
                of(|stretch| stretch.a_second),
                of(|stretch| stretch.app),
                of(|stretch| stretch.emulator),
            );
        }
    }
}

fn median(all: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
