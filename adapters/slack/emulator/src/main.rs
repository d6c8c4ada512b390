//! The emulator alone: prints its port on the first line, and runs until it is stopped. With
//! people and channels to try a client against; tests use the library.

use underrose_slack_emulator::{Emulator, Settings};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let emulator = Emulator::start(Settings::default()).await?;
    let alice = emulator.person("alice");
    let bob = emulator.person("bob");
    emulator.public("general", &[&alice, &bob]);
    println!("{}", emulator.port());
    println!("export SLACK_API_URL={}/", emulator.api_url());
    tokio::signal::ctrl_c().await
}
