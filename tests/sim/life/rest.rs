//! The end of a life: everything is mended, and nothing may be left over.

use chrono::TimeDelta;
use underrose::clock::Clock;
use underrose::domain::announcement::AnnouncementState;
use underrose::domain::ids::CaseId;
use underrose_chat::Place;

use super::Life;
use crate::people;

impl Life {
    /// Everything is mended; then nothing may be left over.
    pub(super) fn rest(&mut self) {
        self.note("rest".into());
        self.world.mend();
        self.clock.jump(-self.lie);
        self.lie = TimeDelta::zero();
        for _ in 0..12 {
            self.witness();
            for _ in 0..20 {
                let cases: Vec<CaseId> = self.shadow.cases.keys().copied().collect();
                for case in cases {
                    let (policy, now) = (self.policy.clone(), self.true_now());
                    let Some(found) = self.shadow.cases.get(&case) else {
                        continue;
                    };
                    // What was asked for is brought to its end; new work is not begun.
                    let going = found.announcement.is_live()
                        || found.stage == underrose::domain::words::Stage::Disclosed;
                    let step = if going {
                        people::plan(found, &policy, &mut self.chance, now)
                    } else {
                        None
                    };
                    if let (Some((who, text)), Some(room)) = (step, self.room_of(case)) {
                        let network = room.network.0.clone();
                        self.says(&network, &who, Place::Room { room }, text);
                        self.world.mend();
                    }
                }
            }
            self.advance(TimeDelta::days(2));
            self.world.mend();
        }
        while let Some(next) = self.queue.next_wakeup() {
            let now = self.clock.read().wall;
            self.clock.advance((next - now).max(TimeDelta::zero()));
            let now = self.clock.read().wall;
            let Some(row) = self.queue.take(now) else {
                break;
            };
            let input = self.deliver_one(&row);
            self.step(&[input]);
        }
        assert!(
            self.queue.is_empty(),
            "{} promises were not kept",
            self.queue.len()
        );
        assert!(
            self.engine().store().pending().unwrap().is_empty(),
            "rows are left in the outbox"
        );
        let now = self.shadow.now;
        assert!(
            self.shadow.due(now).is_empty(),
            "something is overdue: {:?}",
            self.shadow.due(now)
        );
        for case in self.shadow.cases.values() {
            let state = &case.announcement.state;
            let lost = matches!(state, AnnouncementState::Armed { at } if *at + TimeDelta::days(1) < now)
                || matches!(state, AnnouncementState::Publishing { .. });
            let shown = serde_json::to_string(&case.announcement).unwrap();
            assert!(
                !lost,
                "the announcement of {} was lost: {shown} {:?}",
                case.id,
                case.next_due()
            );
            if matches!(state, AnnouncementState::Published { .. }) {
                assert_eq!(
                    self.watch.rooms_announced(case.id),
                    self.policy.targets().len(),
                    "{}",
                    case.id
                );
            }
        }
    }
}
