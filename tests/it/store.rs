//! The store: sealed, chained, shredded, restored; and what it says when something is wrong.

use chrono::{DateTime, TimeDelta, Utc};
use redb::ReadableTable;
use underrose::domain::ids::CaseId;
use underrose::store::disk::Disk;
use underrose::store::{
    Batch, Folded, InboxKey, KeySource, MasterKey, NewEntry, Pending, ReadError, Seen, Store,
    setup, verify,
};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn case(number: u32) -> CaseId {
    CaseId { year: 2026, number }
}

fn entry(n: i64, case: Option<CaseId>, body: &str) -> NewEntry {
    NewEntry {
        at: at(n),
        case,
        body: body.into(),
    }
}

fn batch(n: i64) -> Batch {
    let key = InboxKey {
        network: "n".into(),
        at: at(n),
        id: format!("e{n}"),
    };
    let row = Pending {
        id: u64::try_from(n).unwrap(),
        case: Some(case(1)),
        body: format!("promise {n}").into(),
        attempts: 2,
        not_before: at(n),
    };
    Batch {
        entries: vec![
            entry(n, Some(case(1)), &format!("secret one {n}")),
            entry(n, Some(case(2)), &format!("secret two {n}")),
            entry(n, None, &format!("duty {n}")),
        ],
        seen: vec![Seen {
            key,
            seq: 1,
            case: Some(case(1)),
            answer: format!("answer {n}").into(),
        }],
        outbox_put: vec![row],
        cursors: vec![("n/room".into(), format!("c{n}"))],
        ..Batch::default()
    }
}

fn folded(store: &Store) -> Result<Vec<Folded>, ReadError> {
    let mut all = Vec::new();
    store.fold(|folded| {
        all.push(folded);
        Ok::<(), ReadError>(())
    })?;
    Ok(all)
}

fn bodies(store: &Store) -> Vec<String> {
    let text = |folded: Folded| match folded {
        Folded::Entry(entry) => Some(String::from_utf8(entry.body).unwrap()),
        Folded::Shredded { .. } | Folded::Tombstone { .. } => None,
    };
    folded(store)
        .unwrap()
        .into_iter()
        .filter_map(text)
        .collect()
}

#[test]
fn what_was_committed_is_read_back() {
    let (disk, key) = (Disk::default(), MasterKey::generate());
    let mut store = Store::with_backend(disk.clone(), &key).unwrap();
    store.commit(&batch(1)).unwrap();
    store.commit(&batch(2)).unwrap();
    let head = store.head();
    drop(store);
    disk.crash(|| false);
    let store = Store::with_backend(disk, &key).unwrap();
    assert_eq!(store.head(), head);
    assert_eq!(store.epoch(), 2);
    assert_eq!(bodies(&store).len(), 6);
    assert_eq!(store.entries_of(case(2)).unwrap().len(), 2);
    assert_eq!(store.pending().unwrap().len(), 2);
    assert_eq!(store.pending().unwrap()[0].body, b"promise 1");
    assert_eq!(store.cursor("n/room").unwrap().as_deref(), Some("c2"));
    let key = |n| InboxKey {
        network: "n".into(),
        at: at(n),
        id: format!("e{n}"),
    };
    assert_eq!(
        store.answer(&key(1)).unwrap().as_deref(),
        Some(b"answer 1".as_slice())
    );
    assert_eq!(store.answer(&key(3)).unwrap(), None);
}

#[test]
fn nothing_confidential_can_be_read_off_the_disk() {
    let (disk, key) = (Disk::default(), MasterKey::generate());
    let mut store = Store::with_backend(disk.clone(), &key).unwrap();
    store.commit(&batch(1)).unwrap();
    let bytes = disk.bytes();
    for marker in ["secret", "duty", "answer", "promise"] {
        let found = bytes
            .windows(marker.len())
            .any(|window| window == marker.as_bytes());
        assert!(!found, "`{marker}` stands on the disk");
    }
    let raw = key.to_hex();
    assert!(!bytes.windows(64).any(|window| window == raw.as_bytes()));
}

#[test]
fn a_crash_at_any_write_keeps_what_was_acknowledged_and_nothing_half() {
    for seed in 0_u64..200 {
        let (disk, key) = (Disk::default(), MasterKey::generate());
        let mut store = Store::with_backend(disk.clone(), &key).unwrap();
        let mut chance = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut flip = || {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance & 1 == 0
        };
        let commits = i64::try_from(seed % 7).unwrap() + 1;
        for n in 1..=commits {
            store.commit(&batch(n)).unwrap();
        }
        // A write that is cut off in the middle.
        disk.room(Some(seed * 97 % 40_000));
        let cut = store.commit(&batch(commits + 1)).is_ok();
        drop(store);
        disk.room(None);
        disk.crash(&mut flip);
        let store = Store::with_backend(disk, &key).unwrap();
        let found = bodies(&store).len();
        let whole = usize::try_from(commits).unwrap() * 3;
        assert!(
            found == whole || found == whole + 3,
            "seed {seed}: {found} of {whole}"
        );
        assert!(
            !cut || found == whole + 3,
            "seed {seed}: an acknowledged commit is gone"
        );
        assert_eq!(
            store.pending().unwrap().len() * 3,
            found,
            "seed {seed}: half a batch"
        );
    }
}

#[test]
fn shredding_takes_one_case_and_leaves_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let source = KeySource::File(dir.path().join("master.key"));
    setup(dir.path(), &source).unwrap();
    let mut store = Store::open(dir.path(), &source).unwrap();
    store.commit(&batch(1)).unwrap();
    store.commit(&batch(2)).unwrap();
    let old = source.load().unwrap();
    store.shred(case(1), at(3), &source).unwrap();
    let expected = ["secret two 1", "duty 1", "secret two 2", "duty 2"];
    assert_eq!(bodies(&store), expected);
    assert!(
        store.pending().unwrap().is_empty(),
        "its promises are gone too"
    );
    assert!(
        store.commit(&batch(4)).is_err(),
        "nothing more is written for it"
    );
    drop(store);
    let store = Store::open(dir.path(), &source).unwrap();
    assert_eq!(bodies(&store), expected);
    assert!(
        !source.load().unwrap().fits(&old.fingerprint()),
        "the old master is destroyed"
    );
    drop(store);
    assert_eq!(
        verify(&dir.path().join("underrose.redb"))
            .unwrap()
            .unwrap()
            .tombstones,
        1
    );
}

#[test]
fn a_key_that_vanished_without_a_tombstone_is_an_error() {
    let (disk, key) = (Disk::default(), MasterKey::generate());
    let mut store = Store::with_backend(disk.clone(), &key).unwrap();
    store.commit(&batch(1)).unwrap();
    drop(store);
    // Somebody empties the case's key behind the store's back.
    let db = redb::Database::builder()
        .create_with_backend(disk.clone())
        .unwrap();
    let keys = redb::TableDefinition::<[u8; 6], &[u8]>::new("keys");
    let write = db.begin_write().unwrap();
    write
        .open_table(keys)
        .unwrap()
        .insert(case(1).to_bytes(), [].as_slice())
        .unwrap();
    write.commit().unwrap();
    drop(db);
    let store = Store::with_backend(disk, &key).unwrap();
    let error = folded(&store).unwrap_err().to_string();
    assert!(error.contains("no tombstone stands"), "{error}");
}

#[test]
fn a_torn_journal_names_the_entry() {
    let dir = tempfile::tempdir().unwrap();
    let source = KeySource::File(dir.path().join("master.key"));
    setup(dir.path(), &source).unwrap();
    let path = dir.path().join("underrose.redb");
    let mut store = Store::open(dir.path(), &source).unwrap();
    (1..5).for_each(|n| store.commit(&batch(n)).unwrap());
    drop(store);
    let journal = redb::TableDefinition::<u64, &[u8]>::new("journal");
    let change = |act: fn(&mut redb::Table<'_, u64, &'static [u8]>)| {
        let db = redb::Database::open(&path).unwrap();
        let write = db.begin_write().unwrap();
        act(&mut write.open_table(journal).unwrap());
        write.commit().unwrap();
    };
    change(|table| {
        let mut value = table.get(7).unwrap().unwrap().value().to_vec();
        *value.last_mut().unwrap() ^= 1;
        table.insert(7, value.as_slice()).unwrap();
    });
    let torn = verify(&path).unwrap().unwrap_err();
    assert_eq!(torn.seq, 8, "the entry after does not follow: {torn}");
    let store = Store::open(dir.path(), &source).unwrap();
    let error = folded(&store).unwrap_err().to_string();
    assert!(error.contains("torn at entry 7"), "{error}");
    drop(store);
    change(|table| drop(table.remove(5).unwrap()));
    let store = Store::open(dir.path(), &source).unwrap();
    assert!(
        folded(&store)
            .unwrap_err()
            .to_string()
            .contains("torn at entry 5: it is missing")
    );
}

#[test]
fn truncation_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let source = KeySource::File(dir.path().join("master.key"));
    setup(dir.path(), &source).unwrap();
    let path = dir.path().join("underrose.redb");
    let mut store = Store::open(dir.path(), &source).unwrap();
    store.commit(&batch(1)).unwrap();
    drop(store);
    assert_eq!(verify(&path).unwrap().unwrap().head.seq, 3);
    let db = redb::Database::open(&path).unwrap();
    let write = db.begin_write().unwrap();
    let journal = redb::TableDefinition::<u64, &[u8]>::new("journal");
    write.open_table(journal).unwrap().remove(3).unwrap();
    write.commit().unwrap();
    drop(db);
    assert_eq!(verify(&path).unwrap().unwrap_err().seq, 3);
}

#[test]
fn a_wrong_key_is_said_and_a_cut_rotation_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("master.key");
    let source = KeySource::File(file.clone());
    setup(dir.path(), &source).unwrap();
    let mut store = Store::open(dir.path(), &source).unwrap();
    store.commit(&batch(1)).unwrap();
    let old = std::fs::read(&file).unwrap();
    store.rotate(&source).unwrap();
    store.commit(&batch(2)).unwrap();
    drop(store);
    // The power went between the commit and the renaming of the key.
    std::fs::rename(&file, dir.path().join("master.key.new")).unwrap();
    std::fs::write(&file, &old).unwrap();
    set_private(&file);
    let store = Store::open(dir.path(), &source).unwrap();
    assert_eq!(bodies(&store).len(), 6);
    drop(store);
    std::fs::write(&file, old).unwrap();
    let error = Store::open(dir.path(), &source).err().unwrap().to_string();
    assert!(error.contains("the master key does not fit"), "{error}");
    std::fs::write(&file, "rubbish").unwrap();
    let error = Store::open(dir.path(), &source).err().unwrap().to_string();
    assert!(error.contains("64 hexadecimal digits"), "{error}");
}

fn set_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_backup_is_whole_and_is_restored_only_into_an_empty_folder() {
    let dir = tempfile::tempdir().unwrap();
    let source = KeySource::File(dir.path().join("master.key"));
    let (here, there) = (dir.path().join("here"), dir.path().join("there"));
    setup(&here, &source).unwrap();
    let mut store = Store::open(&here, &source).unwrap();
    store.commit(&batch(1)).unwrap();
    let copy = dir.path().join("copy.redb");
    store.backup(&copy).unwrap();
    store.commit(&batch(2)).unwrap();
    assert!(store.backup(&copy).is_err(), "a backup overwrites nothing");
    assert!(underrose::store::restore(&copy, &here, &source).is_err());
    underrose::store::restore(&copy, &there, &source).unwrap();
    let restored = Store::open(&there, &source).unwrap();
    assert!(restored.restored());
    assert_eq!(bodies(&restored).len(), 3);
    drop(restored);
    assert!(
        !Store::open(&there, &source).unwrap().restored(),
        "only the first start looks"
    );
}

#[test]
fn what_came_in_is_forgotten_after_its_time() {
    let (disk, key) = (Disk::default(), MasterKey::generate());
    let mut store = Store::with_backend(disk, &key).unwrap();
    let seen = |network: &str, n| Seen {
        key: InboxKey {
            network: network.into(),
            at: at(n),
            id: "e".into(),
        },
        seq: 1,
        case: None,
        answer: b"a".to_vec(),
    };
    let all = vec![seen("a", 0), seen("a", 100), seen("b", 0), seen("b", 100)];
    store
        .commit(&Batch {
            seen: all,
            ..Batch::default()
        })
        .unwrap();
    let before = at(0) + TimeDelta::seconds(50);
    let forget = Batch {
        entries: vec![entry(1, None, "x")],
        forget_inbox_before: Some(before),
        ..Batch::default()
    };
    store.commit(&forget).unwrap();
    for network in ["a", "b"] {
        assert_eq!(store.answer(&seen(network, 0).key).unwrap(), None);
        assert!(store.answer(&seen(network, 100).key).unwrap().is_some());
    }
}
