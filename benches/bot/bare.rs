//! The references: redb alone, and the cipher alone. They know the tables' layout and nothing of
//! the bot, so that what is measured beside them is what the bot adds.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{Key, Tag, XChaCha20Poly1305, XNonce};
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use underrose::store::MasterKey;

const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");
const INBOX: TableDefinition<&[u8], &[u8]> = TableDefinition::new("inbox");
const OUTBOX: TableDefinition<u64, &[u8]> = TableDefinition::new("outbox");
const KEYS: TableDefinition<[u8; 6], &[u8]> = TableDefinition::new("keys");
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

/// The bot's own, so that the two commit alike.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of a journal entry's header: instant, kind and case, hash of the entry before.
const HEADER_BYTES: usize = 8 + 7 + 32;

/// What one transaction of the bot wrote, byte for byte.
#[derive(Default)]
pub struct Commit {
    journal: Vec<(u64, Vec<u8>)>,
    inbox: Vec<(Vec<u8>, Vec<u8>)>,
    outbox: Vec<(u64, Vec<u8>)>,
}

impl Commit {
    /// Commands that it made durable.
    pub fn commands(&self) -> usize {
        self.inbox.len()
    }

    /// Whether it wrote nothing before the entry of this number.
    pub fn after(&self, seq: u64) -> bool {
        self.journal.iter().all(|(entry, _)| *entry > seq)
    }

    pub fn bytes(&self) -> usize {
        let rows = self.journal.iter().chain(&self.outbox);
        let inbox = self
            .inbox
            .iter()
            .map(|(key, value)| key.len() + value.len());
        rows.map(|(_, value)| 8 + value.len()).sum::<usize>() + inbox.sum::<usize>()
    }
}

/// What a store's file holds, transaction by transaction: the entries of one share their instant,
/// and the other rows name it or an entry.
pub fn commits(file: &Path) -> anyhow::Result<Vec<Commit>> {
    let db = Database::open(file)?;
    let read = db.begin_read()?;
    let mut commits: Vec<Commit> = Vec::new();
    let mut by_instant: HashMap<[u8; 8], usize> = HashMap::new();
    let mut by_seq: Vec<usize> = vec![0];
    for row in read.open_table(JOURNAL)?.iter()? {
        let (seq, value) = row?;
        let instant = *value.value().first_chunk::<8>().context("no header")?;
        let place = *by_instant.entry(instant).or_insert_with(|| {
            commits.push(Commit::default());
            commits.len() - 1
        });
        by_seq.push(place);
        commits[place]
            .journal
            .push((seq.value(), value.value().to_vec()));
    }
    for row in read.open_table(INBOX)?.iter()? {
        let (key, value) = row?;
        let seq = value.value().get(7..15).context("no sequence number")?;
        let seq = usize::try_from(u64::from_be_bytes(seq.try_into()?))?;
        commits[by_seq[seq]]
            .inbox
            .push((key.value().to_vec(), value.value().to_vec()));
    }
    for row in read.open_table(OUTBOX)?.iter()? {
        let (id, value) = row?;
        let instant: [u8; 8] = value
            .value()
            .get(11..19)
            .context("no instant")?
            .try_into()?;
        let place = by_instant
            .get(&instant)
            .context("a promise of no transaction")?;
        commits[*place]
            .outbox
            .push((id.value(), value.value().to_vec()));
    }
    Ok(commits)
}

/// A bare redb file.
pub struct Bare(Database);

impl Bare {
    pub fn create(file: &Path) -> anyhow::Result<Self> {
        let db = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(file)?;
        Ok(Self(db))
    }

    /// The same rows in one transaction, on the disk when this returns.
    pub fn commit(&self, commit: &Commit) -> anyhow::Result<()> {
        let mut write = self.0.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        {
            let mut journal = write.open_table(JOURNAL)?;
            let mut head = Vec::new();
            for (seq, value) in &commit.journal {
                journal.insert(seq, value.as_slice())?;
                head = seq.to_be_bytes().to_vec();
                head.extend_from_slice(&[0; 32]);
            }
            let mut inbox = write.open_table(INBOX)?;
            for (key, value) in &commit.inbox {
                inbox.insert(key.as_slice(), value.as_slice())?;
            }
            let mut outbox = write.open_table(OUTBOX)?;
            for (id, value) in &commit.outbox {
                outbox.insert(id, value.as_slice())?;
            }
            write.open_table(META)?.insert("head", head.as_slice())?;
        }
        write.commit()?;
        Ok(())
    }
}

/// Reads and decrypts a whole journal, and does nothing with it. Returns the entries and their
/// bytes, sealed.
pub fn decrypt(file: &Path, master: &MasterKey) -> anyhow::Result<(u64, u64)> {
    let mut db = Database::builder();
    let db = db.set_cache_size(CACHE_BYTES).open(file)?;
    let read = db.begin_read()?;
    let hex = master.to_hex();
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair)?, 16)?;
    }
    let master = XChaCha20Poly1305::new(Key::from_slice(&bytes));
    let mut body = Vec::new();
    let mut unwrapped = |wrapped: &[u8]| -> anyhow::Result<XChaCha20Poly1305> {
        open(&master, b"key", wrapped, &mut body)?;
        Ok(XChaCha20Poly1305::new(Key::from_slice(&body)))
    };
    let meta = read.open_table(META)?;
    let system = unwrapped(meta.get("system")?.context("no key")?.value())?;
    let keys = read.open_table(KEYS)?;
    let mut of_case: ([u8; 6], Option<XChaCha20Poly1305>) = ([0; 6], None);
    let mut plain = Vec::new();
    let (mut entries, mut sealed_bytes) = (0, 0);
    for row in read.open_table(JOURNAL)?.iter()? {
        let (seq, value) = row?;
        let (header, sealed) = value
            .value()
            .split_at_checked(HEADER_BYTES)
            .context("short")?;
        let case: [u8; 6] = header.get(9..15).context("short")?.try_into()?;
        let cipher = if header.get(8) == Some(&0) {
            &system
        } else {
            if of_case.0 != case || of_case.1.is_none() {
                let wrapped = keys.get(case)?.context("a case without a key")?;
                of_case = (case, Some(unwrapped(wrapped.value())?));
            }
            of_case.1.as_ref().context("no cipher")?
        };
        let mut bound = *b"journal\0\0\0\0\0\0\0\0\0";
        bound[8..].copy_from_slice(&seq.value().to_be_bytes());
        open(cipher, &bound, sealed, &mut plain)?;
        entries += 1;
        sealed_bytes += value.value().len() as u64;
        std::hint::black_box(&plain);
    }
    Ok((entries, sealed_bytes))
}

fn open(
    cipher: &XChaCha20Poly1305,
    bound: &[u8],
    sealed: &[u8],
    into: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let (nonce, rest) = sealed.split_first_chunk::<24>().context("no nonce")?;
    let (body, tag) = rest.split_at_checked(rest.len() - 16).context("no tag")?;
    into.clear();
    into.extend_from_slice(body);
    cipher
        .decrypt_in_place_detached(XNonce::from_slice(nonce), bound, into, Tag::from_slice(tag))
        .map_err(|_| anyhow::anyhow!("this is not what was sealed"))
}
