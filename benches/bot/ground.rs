//! What the parts stand on: a folder on the disk of the build, the example's committee, a clock.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{anyhow, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use underrose::clock::{Clock, System};
use underrose::config::{NETWORKS_BUILT, parse};
use underrose::domain::policy::Policy;
use underrose::engine::{Engine, fold};
use underrose::store::{FILE, KeySource, MasterKey, Store, setup};
use underrose_chat::{EventId, Happening, Inbound, Network, Place, RoomId, Surface, UserId};

use crate::script::{BETWEEN_COPIES, CLOSED, Many, OPEN, Recording};

/// The shipped configuration.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// A store of its own, gone with the value.
pub struct Ground {
    pub dir: TempDir,
    pub source: KeySource,
    pub key: MasterKey,
    pub policy: Arc<Policy>,
    pub clock: Arc<System>,
}

impl Ground {
    /// An empty store.
    pub fn new() -> anyhow::Result<(Self, Store)> {
        // The build's own folder is on a real disk, which `/tmp` often is not.
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let source = KeySource::File(dir.path().join("master.key"));
        setup(dir.path(), &source)?;
        let key = source.load()?;
        let store = Store::open(dir.path(), &source)?;
        let policy = Arc::new(policy()?);
        let clock = Arc::new(System::default());
        Ok((
            Self {
                dir,
                source,
                key,
                policy,
                clock,
            },
            store,
        ))
    }

    /// A store with cases.
    pub fn with_cases(open: u32, closed: u32) -> anyhow::Result<(Self, Store)> {
        let (ground, mut store) = Self::new()?;
        // Closed ones have the higher numbers, so that the open ones are always 1, 2, ….
        let recent = ground.now() - TimeDelta::minutes(10);
        let past = recent - BETWEEN_COPIES * i32::try_from(closed)?;
        let kinds = [
            (CLOSED, open + 1, Many::InTurn(closed), past),
            (OPEN, 1, Many::AtOnce(open), recent),
        ];
        for (script, first, many, begins) in kinds {
            let recording = Recording::of(script, &ground.policy, begins)?.of_the_case();
            recording.write(&mut store, first, many, begins)?;
        }
        // A script that no longer does what it was written for must not be measured.
        let state = fold(&store)?;
        let counted = (state.cases.len(), state.closed.len());
        ensure!(
            counted == (usize::try_from(open)?, usize::try_from(closed)?),
            "made {counted:?} open and closed cases"
        );
        Ok((ground, store))
    }

    pub fn engine(&self, store: Store) -> anyhow::Result<Engine> {
        let (engine, _) = Engine::open(store, self.policy.clone(), self.clock.read())?;
        Ok(engine)
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.read().wall
    }

    pub fn file(&self) -> PathBuf {
        self.dir.path().join(FILE)
    }
}

pub fn policy() -> anyhow::Result<Policy> {
    let config = parse(EXAMPLE, NETWORKS_BUILT).map_err(|mistakes| anyhow!("{mistakes:?}"))?;
    Ok(config.policy)
}

/// The commands of a committee at work on its open cases, one after the other: each is journaled,
/// is told to the case's room, and edits its card.
pub struct Commands {
    open: u32,
    given: u64,
    begins: DateTime<Utc>,
}

impl Commands {
    pub fn new(open: u32, begins: DateTime<Utc>) -> Self {
        Self {
            open,
            given: 0,
            begins,
        }
    }
}

impl Iterator for Commands {
    type Item = Inbound;

    fn next(&mut self) -> Option<Inbound> {
        let number = self.given;
        self.given += 1;
        let case = number % u64::from(self.open) + 1;
        // A case gets each kind in turn.
        let turn = number / u64::from(self.open);
        let text = match turn % 4 {
            0 => format!("vuln component kubelet {number}"),
            1 => format!(
                "vuln summary The kubelet writes bearer tokens into its log, version {number}"
            ),
            2 => format!("vuln say We can reproduce it with build {number}, thank you."),
            _ => format!("vuln fixed 1.29.{number}"),
        };
        let network = Network("console".to_owned());
        let by = UserId {
            network: network.clone(),
            id: "alice".to_owned(),
        };
        let room = RoomId {
            network: network.clone(),
            id: format!("case-2026-{case:04}"),
        };
        Some(Inbound {
            id: EventId(format!("b{number}")),
            at: Some(self.begins + TimeDelta::microseconds(i64::try_from(number).unwrap_or(0))),
            cursor: None,
            what: Happening::Text {
                by,
                place: Place::Room { room },
                text,
                addressed: true,
                edited: false,
                surface: Surface::Modal,
                thread: None,
            },
            network,
        })
    }
}
