//! `underrose setup matrix --verify`, as whoever sits at the terminal sees it.

use std::io::{Read, Write};
use std::process::{Child, ChildStdout, Stdio};

use crate::support::emoji::shown;
use crate::support::life::Life;
use crate::support::person::PATIENCE;

/// What it prints, up to its question or to its end.
async fn prints(mut out: ChildStdout) -> (String, ChildStdout) {
    let reading = tokio::task::spawn_blocking(move || {
        let (mut text, mut byte) = (Vec::new(), [0]);
        while out.read(&mut byte).unwrap() == 1 {
            text.push(byte[0]);
            if text.ends_with(b"else no: ") {
                break;
            }
        }
        (String::from_utf8(text).unwrap(), out)
    });
    let read = tokio::time::timeout(PATIENCE, reading).await;
    read.expect("the question, or the end").unwrap()
}

/// It ends with the test, however that ends.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_terminal_only_what_the_emoji_tell_verifies() {
    let mut life = Life::new().await;
    // A yes may have been typed before there was anything to compare.
    for (answer, end) in [
        (Some("no"), "NOT verified: the emoji differ"),
        (Some("yes"), "NOT verified: the emoji differ"),
        (None, "Verified: @alice:localhost"),
    ] {
        let child = life
            .command(&["setup", "matrix", "--verify", "--by", "alice"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut child = Ends(child);
        let alice = &life.people["alice"];
        let request = alice.asks_to_verify(&life.me).await;
        let sas = alice.compares(&request).await;
        let (asked, rest) = prints(child.0.stdout.take().unwrap()).await;
        let emoji = shown(&sas);
        for (symbol, name) in &emoji {
            assert!(asked.contains(&format!("{symbol}  {name}\n")), "{asked}");
        }
        assert!(asked.contains("waits for: @alice:localhost\n"), "{asked}");
        sas.confirm().await.unwrap();
        let mut input = child.0.stdin.take().unwrap();
        let (_, last) = emoji.last().unwrap();
        writeln!(input, "{}", answer.unwrap_or(last)).unwrap();
        let (told, _) = prints(rest).await;
        assert!(told.contains(end), "{told}");
        assert_eq!(child.0.wait().unwrap().success(), answer.is_none());
        if answer.is_none() {
            alice.verifies(&life.me).await;
        }
        assert_eq!(alice.has_verified(&life.me).await, answer.is_none());
    }
    // The store is the bot's while it runs, and it says so.
    life.starts();
    let alice = &life.people["alice"];
    let direct = alice.client.get_dm_room(&life.me).unwrap();
    alice.says(direct.room_id(), "!vuln help").await;
    life.sees("alice", "What you can do here").await;
    let busy = life
        .command(&["setup", "matrix", "--verify"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&busy.stderr).into_owned();
    assert!(
        !busy.status.success() && told.contains("another underrose"),
        "{told}"
    );
}
