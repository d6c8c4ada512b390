//! Every sentence that the bot says: one of what happened, one of what one can do next. A file for
//! each family of commands.

mod announcing;
mod card;
mod cases;
mod looking;
mod mistakes;
mod people;
mod rooms;
mod rota;
mod scores;

pub use announcing::*;
pub use card::*;
pub use cases::*;
pub use looking::*;
pub use mistakes::*;
pub use people::*;
pub use rooms::*;
pub use rota::*;
pub use scores::*;
