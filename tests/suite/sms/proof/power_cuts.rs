use std::path::Path;
use std::time::Duration;

use esoz_otp::domain::{DeliveryState, VerificationId};
use esoz_otp::store::Store;
use esoz_otp::store::schema::{AtKey, DELIVERIES, OUTBOX};

use super::stand::{Mode, Stand};
use super::verdict::{Accepted, Tally};
use crate::store::image::{FileSystem, Mounted, left_out};
use crate::store::{Chance, is_long};

const MIB: u64 = 320;

/// What was known of messages, from outside, when the power went.
struct Known {
    accepted: Vec<VerificationId>,
    taken: Accepted,
}

/// Serves under load on a file system, and makes an image of it as it was at the power cut. What is known then is what
/// has to be in it. To see whether that would be noticed, so many messages may be accepted after the cut.
fn cut(home: &Path, file_system: FileSystem, chance: &mut Chance, late: usize) -> (Stand, Known) {
    let (file, copy) = (home.join("image"), home.join("copy"));
    file_system.make(&file, MIB);
    let mounted = Mounted::new(&file, home.join("mounted"));
    let mut stand = Stand::in_directory(mounted.path());
    let mode = *chance.one_of(&[Mode::Quick, Mode::Slow]);
    let messages = 1 + usize::try_from(chance.below(150)).unwrap();
    let mut load = stand.serve(mode, messages, Duration::from_micros(chance.below(4000)));
    stand.service.freeze();
    mounted.copy_still(&file, &copy);
    if late > 0 {
        stand.service.thaw();
        load.wait_for(late);
    }
    // Frozen from the copy to its end, it has told nobody anything since.
    stand.service.kill();
    stand.accepted(load.end());
    let known = Known { accepted: stand.all_accepted().to_vec(), taken: stand.taken() };
    (stand, known)
}

/// What has to be in an image: every message that was accepted, with its text until it is with the gateway for sure, and
/// of every message that the gateway got, that it may have it.
fn is_there(store: &Store, known: &Known) -> Result<(), String> {
    for id in &known.accepted {
        let Some(delivery) = store.get(DELIVERIES, id).unwrap() else {
            return Err(format!("LOST: {id}"));
        };
        let kept = store.get(OUTBOX, &AtKey { at: delivery.expires_at, id: *id }).unwrap();
        if delivery.is_in_outbox() && kept.is_none_or(|message| message.is_erased()) {
            return Err(format!("its text is LOST: {delivery:?}"));
        }
    }
    for id in known.taken.keys() {
        let Some(delivery) = store.get(DELIVERIES, id).unwrap() else {
            return Err(format!("the gateway has one that is LOST: {id}"));
        };
        let is_untouched = matches!(delivery.state, DeliveryState::Queued { .. });
        if is_untouched && !delivery.is_uncertain {
            return Err(format!("the gateway has it, and NOBODY KNOWS: {delivery:?}"));
        }
    }
    Ok(())
}

/// Looks at an image, and serves on it until nothing is left to be sent.
fn look_and_go_on(home: &Path, mut stand: Stand, known: &Known) -> Result<Tally, String> {
    let mounted = Mounted::new(&home.join("copy"), home.join("after"));
    stand.move_to(mounted.path());
    is_there(&stand.service.store(), known)?;
    let tally = stand.serve_to_the_end();
    // Nothing may be open on it when it is unmounted.
    drop(stand);
    tally
}

fn nothing_is_lost(file_system: FileSystem) {
    if left_out() {
        return;
    }
    let images = if is_long() { 40 } else { 4 };
    let mut chance = Chance::new();
    let seed = chance.seed();
    let mut tally = Tally::default();
    for image in 0..images {
        let home = tempfile::tempdir().unwrap();
        let (stand, known) = cut(home.path(), file_system, &mut chance, 0);
        let looked = look_and_go_on(home.path(), stand, &known);
        tally.add(looked.unwrap_or_else(|why| {
            panic!("{file_system:?}, image {image}, ESOZ_OTP_SEED={seed}: {why}")
        }));
    }
    let Tally { messages, uncertain, twice, unsent } = tally;
    assert_eq!(unsent, 0, "of those that were accepted or not");
    println!(
        "{images} images of {file_system:?}, {messages} messages, {uncertain} uncertain, {twice} of them sent twice"
    );
}

#[test]
fn a_power_cut_on_ext4_loses_no_message_and_doubles_none_that_is_not_marked() {
    nothing_is_lost(FileSystem::Ext4);
}

#[test]
fn a_power_cut_on_xfs_loses_no_message_and_doubles_none_that_is_not_marked() {
    nothing_is_lost(FileSystem::Xfs);
}

/// As if what came last had been told to the outside before it was on the disk.
#[test]
fn the_proof_by_images_notices_what_was_not_on_the_disk_yet() {
    if left_out() {
        return;
    }
    let mut chance = Chance::new();
    // A load that had ended before the cut has nothing to tell after it.
    assert!((0..10).any(|_| {
        let home = tempfile::tempdir().unwrap();
        let (stand, known) = cut(home.path(), FileSystem::Ext4, &mut chance, 5);
        let verdict = look_and_go_on(home.path(), stand, &known);
        println!("noticed: {verdict:?}");
        verdict.is_err_and(|why| why.contains("LOST") || why.contains("NOBODY KNOWS"))
    }));
}
