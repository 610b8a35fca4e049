use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use esoz_otp::store::schema::VERIFIED_PHONES;
use esoz_otp::store::{OpenError, Store};

use super::child::{tool, tool_path};
use super::{Chance, open, phone, verified, write};

const SOON: Duration = Duration::from_secs(10);

/// Neither root nor the owner of anything.
const NOBODY: u32 = 65_534;

pub(super) fn fill(store: &Store, numbers: std::ops::Range<u32>) {
    for n in numbers {
        write(store, move |write| write.put(VERIFIED_PHONES, &phone(n), &verified(1))).unwrap();
    }
}

#[test]
fn a_directory_in_use_is_refused_soon_by_this_process_and_by_another() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let other = tool().args(["load", "--writes", "0"]).arg(home.path()).output().unwrap();
    let said = String::from_utf8_lossy(&other.stderr);
    assert!(!other.status.success() && said.contains("is in use by another esoz-otp"), "{said}");

    let (told, answer) = channel();
    let path = home.path().to_owned();
    std::thread::spawn(move || told.send(open(&path).err()));
    let refusal = answer.recv_timeout(SOON).unwrap();
    assert!(matches!(refusal, Some(OpenError::Locked(path)) if path == home.path()));
    fill(&store, 0..1);
}

#[test]
fn a_store_opens_again_right_after_it_was_dropped() {
    let home = tempfile::tempdir().unwrap();
    for round in 0..50 {
        let store = open(home.path()).unwrap_or_else(|error| panic!("round {round}: {error}"));
        fill(&store, round..round + 1);
        assert_eq!(store.page(VERIFIED_PHONES, None, 100).unwrap().len(), round as usize + 1);
    }
}

#[test]
fn a_snapshot_that_a_kill_left_unfinished_does_not_stop_opening() {
    let home = tempfile::tempdir().unwrap();
    fill(&open(home.path()).unwrap(), 0..10);
    // As after a kill: nobody has closed the store.
    fs::remove_file(home.path().join("seal")).unwrap();
    fs::write(home.path().join("store/snap.0000000000001234.generating"), [1; 7]).unwrap();
    let store = open(home.path()).unwrap();
    assert_eq!(store.page(VERIFIED_PHONES, None, 100).unwrap().len(), 10);
}

/// Every file below with its bytes, but the lock and the ballast, which nobody reads.
fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if !path.ends_with("lock") && !path.ends_with("ballast") {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

#[test]
fn one_changed_byte_anywhere_is_noticed_and_nothing_is_touched() {
    let home = tempfile::tempdir().unwrap();
    fill(&open(home.path()).unwrap(), 0..300);
    fill(&open(home.path()).unwrap(), 300..600);
    let whole = files(home.path());
    let mut chance = Chance::new();
    let is_snapshot = |name: &Path| name.to_string_lossy().contains("/snap.");
    let others = whole.iter().filter(|(name, bytes)| !bytes.is_empty() && !is_snapshot(name));
    for (name, bytes) in others {
        for _ in 0..5 {
            let place = usize::try_from(chance.below(bytes.len() as u64)).unwrap();
            let mut changed = bytes.clone();
            changed[place] ^= 1 << chance.below(8);
            fs::write(name, changed).unwrap();
            let before = files(home.path());
            let how = format!("{} byte {place}, ESOZ_OTP_SEED={}", name.display(), chance.seed);
            let error = open(home.path()).err().unwrap_or_else(|| panic!("{how}: it opens"));
            let said = error.to_string();
            assert!(matches!(error, OpenError::Damaged { .. }), "{how}: {said}");
            assert!(said.contains(home.path().to_str().unwrap()), "{how}: {said}");
            assert!(said.contains("restore it from a backup"), "{how}: {said}");
            assert!(files(home.path()) == before, "{how}: something has changed");
            fs::write(name, bytes).unwrap();
        }
    }
    assert_eq!(open(home.path()).unwrap().page(VERIFIED_PHONES, None, 1000).unwrap().len(), 600);
}

/// The one snapshot of a closed store.
fn snapshot(home: &Path) -> PathBuf {
    let names = fs::read_dir(home.join("store")).unwrap().map(|entry| entry.unwrap().path());
    let mut snapshots = names.filter(|path| path.to_string_lossy().contains("/snap."));
    let snapshot = snapshots.next().unwrap();
    assert_eq!(snapshots.next(), None);
    snapshot
}

#[test]
fn a_broken_snapshot_beside_a_good_log_is_set_aside_and_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    fill(&open(home.path()).unwrap(), 0..600);
    open(home.path()).unwrap().mark_blocking().unwrap();
    // Closed in order, and as after a crash.
    for (round, is_sealed) in [true, false, true, false].into_iter().enumerate() {
        let snapshot = snapshot(home.path());
        let mut bytes = fs::read(&snapshot).unwrap();
        match round {
            0 | 1 => bytes[20] ^= 4,
            _ => bytes.truncate(7),
        }
        fs::write(&snapshot, bytes).unwrap();
        if !is_sealed {
            fs::remove_file(home.path().join("seal")).unwrap();
        }
        Store::check_seal(home.path()).unwrap();
        assert!(snapshot.exists(), "checking changes nothing");
        let store = open(home.path()).unwrap();
        assert_eq!(store.page(VERIFIED_PHONES, None, 1000).unwrap().len(), 600);
        drop(store);
        let name = format!("broken-{}", snapshot.file_name().unwrap().to_str().unwrap());
        assert!(snapshot.with_file_name(name).exists(), "kept");
    }
}

#[test]
fn a_broken_snapshot_does_not_hide_a_log_that_has_lost_its_end() {
    let home = tempfile::tempdir().unwrap();
    fill(&open(home.path()).unwrap(), 0..600);
    open(home.path()).unwrap().mark_blocking().unwrap();
    let snapshot = snapshot(home.path());
    fs::write(&snapshot, [0; 5]).unwrap();
    fs::remove_file(home.path().join("seal")).unwrap();
    let log = home.path().join("store/db");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.iter().rposition(|byte| *byte != 0).unwrap() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, bytes).unwrap();
    let refusal = open(home.path()).err().unwrap();
    assert!(matches!(refusal, OpenError::Damaged { .. }), "{refusal}");
}

#[test]
fn a_file_that_is_not_the_database_s_is_named() {
    for (name, is_sealed) in
        [("notes.txt", true), ("snap.old", true), ("snap.old", false), ("db.bak", true)]
    {
        let home = tempfile::tempdir().unwrap();
        fill(&open(home.path()).unwrap(), 0..10);
        let stray = home.path().join("store").join(name);
        fs::write(&stray, "of somebody").unwrap();
        if !is_sealed {
            fs::remove_file(home.path().join("seal")).unwrap();
        }
        let refusal = open(home.path()).err().unwrap();
        assert!(matches!(&refusal, OpenError::Stray(path) if *path == stray), "{refusal}");
        assert!(refusal.to_string().contains(name), "{refusal}");
        assert_eq!(home.path().join("seal").exists(), is_sealed);
        fs::remove_file(&stray).unwrap();
        assert_eq!(open(home.path()).unwrap().page(VERIFIED_PHONES, None, 100).unwrap().len(), 10);
    }
}

/// As under systemd's `DynamicUser`: the state directory is ours, the one above is root's alone.
#[test]
fn the_directory_above_may_be_one_that_only_root_can_read() {
    if !rustix::process::geteuid().is_root() {
        println!("LEFT OUT: only root can become somebody else");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let above = home.path().join("private");
    let data = above.join("data");
    fs::create_dir_all(&data).unwrap();
    chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o711)).unwrap();
    fs::set_permissions(&above, fs::Permissions::from_mode(0o711)).unwrap();
    let own = home.path().join("store-load");
    fs::copy(tool_path(), &own).unwrap();
    let output = Command::new(own)
        .args(["load", "--writes", "10"])
        .arg(&data)
        .uid(NOBODY)
        .gid(NOBODY)
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_start_that_is_refused_for_its_mark_leaves_the_seal() {
    let home = tempfile::tempdir().unwrap();
    fill(&open(home.path()).unwrap(), 0..10);
    fs::write(home.path().join("mark"), "999\n").unwrap();
    let refusal = open(home.path()).err().unwrap();
    assert!(matches!(refusal, OpenError::Damaged { .. }), "{refusal}");
    assert!(home.path().join("seal").exists());
    fs::remove_file(home.path().join("mark")).unwrap();
    assert_eq!(open(home.path()).unwrap().page(VERIFIED_PHONES, None, 100).unwrap().len(), 10);
}

#[test]
fn the_ballast_is_not_put_where_a_link_leads_and_a_hollow_one_is_none() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    fill(&open(&data).unwrap(), 0..1);
    let (ballast, victim) = (data.join("ballast"), home.path().join("victim"));
    let is_whole =
        || fs::symlink_metadata(&ballast).is_ok_and(|it| it.is_file() && it.blocks() > 0);
    fs::write(&victim, "somebody's").unwrap();
    fs::remove_file(&ballast).unwrap();
    std::os::unix::fs::symlink(&victim, &ballast).unwrap();
    drop(open(&data).unwrap());
    assert_eq!(fs::read(&victim).unwrap(), b"somebody's");
    assert!(is_whole());
    let length = fs::metadata(&ballast).unwrap().len();
    fs::File::create(&ballast).unwrap().set_len(length).unwrap();
    drop(open(&data).unwrap());
    assert!(is_whole());
}
