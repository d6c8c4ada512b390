//! A socket in the data folder, for the owner's commands while the bot runs: the store is locked,
//! so the bot itself must carry them out.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, unix::UCred};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use underrose::clock::Clock;
use underrose::config::Config;
use underrose::engine::{Engine, Handle};
use underrose::store::KeySource;

const FILE: &str = "control.sock";

/// Longest request, in bytes: a word and a path.
const REQUEST_BYTES_MAX: u64 = 8 * 1024;

/// Removes the socket when the bot ends.
pub struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Serves `backup PATH`, `rotate` and `shred CASE`, each on a connection of its own.
pub fn serve(
    config: &Config,
    handle: &Handle,
    clock: &Arc<dyn Clock>,
    stop: &CancellationToken,
) -> anyhow::Result<Socket> {
    let path = config.data.join(FILE);
    // The store's lock says that nobody else is here: a leftover is of a dead process.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).context("the control socket cannot be made")?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let (handle, clock, stop) = (handle.clone(), clock.clone(), stop.clone());
    let key = config.key.clone();
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else { continue };
            if !stream.peer_cred().is_ok_and(|peer| is_owner(&peer)) {
                continue;
            }
            let (read, mut write) = stream.into_split();
            let mut line = String::new();
            let mut reader = tokio::io::BufReader::new(read.take(REQUEST_BYTES_MAX));
            if reader.read_line(&mut line).await.is_err() {
                continue;
            }
            let answer = match carry_out(&handle, &clock, &key, line.trim_end()).await {
                Ok(text) => format!("ok {text}\n"),
                Err(error) => format!("error {error:#}\n"),
            };
            let _ = write.write_all(answer.as_bytes()).await;
        }
    });
    Ok(Socket(path))
}

/// The socket's mode says so already; asked twice because it costs nothing.
fn is_owner(peer: &UCred) -> bool {
    let own = std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own));
    own.is_ok_and(|own| peer.uid() == own || peer.uid() == 0)
}

async fn carry_out(
    handle: &Handle,
    clock: &Arc<dyn Clock>,
    key: &KeySource,
    request: &str,
) -> anyhow::Result<String> {
    let (word, rest) = request.split_once(' ').unwrap_or((request, ""));
    let (word, rest, key, now) = (
        word.to_owned(),
        rest.to_owned(),
        key.clone(),
        clock.read().wall,
    );
    let (tell, told) = oneshot::channel();
    let control = move |engine: &mut Engine| {
        let _ = tell.send(act(engine, &word, &rest, &key, now));
    };
    handle.control(Box::new(control)).await?;
    told.await.context("the bot is stopping")?
}

fn act(
    engine: &mut Engine,
    word: &str,
    rest: &str,
    key: &KeySource,
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<String> {
    match word {
        "backup" => {
            let head = engine.store().backup(Path::new(rest))?;
            Ok(format!("{} entries", head.seq))
        }
        "rotate" => {
            let fresh = engine.store_mut().rotate(key)?;
            Ok(fresh.map_or(String::new(), |fresh| fresh.to_hex().to_string()))
        }
        "shred" => {
            let case = rest.parse()?;
            let fresh = engine.shred(case, now, key)?;
            Ok(fresh.map_or(String::new(), |fresh| fresh.to_hex().to_string()))
        }
        _ => anyhow::bail!("unknown request"),
    }
}

/// Asks a running bot; `None` if none runs on this folder.
pub fn ask(data: &Path, request: &str) -> anyhow::Result<Option<String>> {
    let Ok(mut stream) = UnixStream::connect(data.join(FILE)) else {
        return Ok(None);
    };
    writeln!(stream, "{request}")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    match answer
        .trim_end()
        .split_once(' ')
        .unwrap_or((answer.trim_end(), ""))
    {
        ("ok", text) => Ok(Some(text.to_owned())),
        ("error", text) => anyhow::bail!("{text}"),
        _ => anyhow::bail!("the running bot did not answer"),
    }
}
