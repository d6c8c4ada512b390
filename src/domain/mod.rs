//! The pure core: values in, values out. No async, no I/O, no clock, no randomness, no `HashMap`.
//!
//! [`decide`](decide::decide) turns a request into a [`Decision`](decision::Decision);
//! [`tick`](tick::tick) does the same for what is due; [`State::apply`](state::State::apply) folds
//! events. The engine commits a decision whole before anybody hears of it.

pub mod announce;
pub mod announcement;
pub mod ask;
pub mod calendar;
pub mod card;
pub mod case;
pub mod clock;
pub mod close;
pub mod confidential;
pub mod conversation;
pub mod cvss;
pub mod decide;
pub mod decision;
pub mod delivered;
pub mod embargo;
pub mod event;
pub mod facts;
pub mod failures;
pub mod fold;
pub mod grammar;
pub mod home;
pub mod ids;
pub mod intake;
pub mod look;
pub mod need_to_know;
pub mod oncall;
pub mod ownership;
pub mod policy;
pub mod publish;
pub mod rooms;
pub mod say;
pub mod scoring;
pub mod state;
pub mod tell;
pub mod tick;
pub mod timeline;
pub mod trouble;
pub mod trust;
pub mod waits;
pub mod words;
