//! `esoz-otp sms`: tests the drivers. It does not open the data directory, so a node may run meanwhile.

use std::io::Write as _;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::settings::ConfigArgs;
use super::{CliError, drivers};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, DriverName, NotSentTo};
use crate::domain::{Id, Phone};
use crate::entropy::{Entropy as _, SystemEntropy};
use crate::sms::{Accepted, SendError, SmsDriver, SmsMessage, TEST_TEXT, hand_over};

#[derive(Subcommand)]
pub(super) enum SmsCommand {
    /// Sends a text without a code to a phone, and prints what each driver answered.
    ///
    /// It calls the drivers of sms.drivers in turn, as for a code. It stops when a driver takes the text, refuses it for
    /// good, or gives no clear answer. A node may run meanwhile. A gateway that takes the text sends a real message: it is
    /// paid for, and no limit counts it.
    Test(TestArgs),
}

pub(super) const SMS_HELP: &str = "\
Example:
  esoz-otp sms test +380671234567

Exit codes:
  0   a driver took the text
  64  the command line is wrong
  69  no driver took it (esoz-otp sms test --help has all codes)";

const TEST_HELP: &str = "\
Examples:
  esoz-otp sms test +380671234567
  esoz-otp sms test +380671234567 --all --config /etc/esoz-otp/esoz-otp.toml

Exit codes:
  0   a driver took the text, with --all every driver; standard output has a line for each
  64  the command line is wrong, or otp.refused_prefixes or otp.allowed_prefixes exclude the phone
  69  no driver took the text for certain, with --all not every driver
  74  standard output can't be written
  78  a setting, a secret's file or a certificate is missing or wrong";

#[derive(Args)]
#[command(after_help = TEST_HELP)]
pub(super) struct TestArgs {
    /// Phone number, such as +380671234567.
    #[arg(value_name = "PHONE", value_parser = Phone::parse)]
    phone: Phone,
    /// Call every driver, also after one took the text. Fails unless each takes it.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn sms(command: &SmsCommand) -> Result<(), CliError> {
    match command {
        SmsCommand::Test(args) => test(args),
    }
}

fn test(args: &TestArgs) -> Result<(), CliError> {
    let config = args.config.load()?;
    check_prefix(args.phone, &config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let drivers = drivers::drivers(&config.sms, &clock)?;
    let mut id = [0; 16];
    SystemEntropy::new().fill(&mut id).map_err(CliError::software)?;
    let message = SmsMessage::new(Id::from_random(id), args.phone, TEST_TEXT.to_owned().into());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CliError::software)?;
    let drivers = config.sms.drivers.iter().zip(&drivers);
    let said = runtime.block_on(call(drivers, &message, &config, args.all))?;
    if args.all { taken_by_all(&said) } else { taken_by_one(&said, args.phone) }
}

fn taken_by_all(said: &[Result<Accepted, SendError>]) -> Result<(), CliError> {
    let (missed, all) = (said.iter().filter(|said| said.is_err()).count(), said.len());
    if missed == 0 {
        return Ok(());
    }
    let unless = if is_unclear(said) { ", or not for certain" } else { "" };
    let who = if all == 1 { "the driver".into() } else { format!("{missed} of {all} drivers") };
    Err(CliError::unavailable(format_args!("{who} did not take it{unless}")))
}

fn taken_by_one(said: &[Result<Accepted, SendError>], phone: Phone) -> Result<(), CliError> {
    if said.iter().any(Result::is_ok) {
        return Ok(());
    }
    let who = if is_unclear(said) { "it is not clear whether a driver" } else { "no driver" };
    Err(CliError::unavailable(format_args!("{who} took the message to {}", phone.masked())))
}

fn is_unclear(said: &[Result<Accepted, SendError>]) -> bool {
    said.iter().any(|said| matches!(said, Err(SendError::Ambiguous(_))))
}

/// Refuses a number that `serve` would send no code to.
fn check_prefix(phone: Phone, config: &Config) -> Result<(), CliError> {
    match config.otp.not_sent_to(phone) {
        None => Ok(()),
        Some(NotSentTo::Refused(prefix)) => Err(CliError::usage(format_args!(
            "no message is sent to numbers that begin with {prefix}. Take another phone, or change otp.refused_prefixes."
        ))),
        Some(NotSentTo::NotAllowed) => Err(CliError::usage(
            "messages are sent only to numbers that begin with a prefix in otp.allowed_prefixes. Take another phone, or change \
             that setting.",
        )),
    }
}

/// Calls the drivers in turn. Prints and returns their answers.
async fn call<'a>(
    drivers: impl Iterator<Item = (&'a DriverName, &'a Arc<dyn SmsDriver>)>,
    message: &SmsMessage,
    config: &Config,
    all: bool,
) -> Result<Vec<Result<Accepted, SendError>>, CliError> {
    let mut each = Vec::new();
    let mut is_paid_for = false;
    for (name, driver) in drivers {
        if matches!(name, DriverName::Gateway(_)) && !is_paid_for {
            is_paid_for = true;
            warn(message.phone);
        }
        let said = hand_over(&**driver, message, config.sms.timeout).await;
        print_line(&format!("{name}: {}", in_words(&said)))?;
        let is_over = !all && has_last_word(&said);
        each.push(said);
        if is_over {
            break;
        }
    }
    Ok(each)
}

#[expect(clippy::print_stderr, reason = "the cost is no part of the result on standard output")]
fn warn(phone: Phone) {
    eprintln!(
        "esoz-otp: sending a real message to {}: it is paid for, and no limit counts it",
        phone.masked()
    );
}

/// Whether the delivery of a code would call no further driver after this answer.
fn has_last_word(said: &Result<Accepted, SendError>) -> bool {
    match said {
        Ok(_) | Err(SendError::Refused(_) | SendError::Ambiguous(_)) => true,
        Err(SendError::NotAccepted { .. } | SendError::AlreadyAccepted { .. }) => false,
    }
}

fn in_words(said: &Result<Accepted, SendError>) -> String {
    match said {
        Ok(Accepted { gateway_id: None }) => "took it".into(),
        Ok(Accepted { gateway_id: Some(id) }) => {
            format!("took it, and calls it {}", id.escape_debug())
        }
        Err(SendError::Refused(error)) => format!("refused it for good: {error}"),
        Err(
            SendError::NotAccepted { error, rest: None } | SendError::AlreadyAccepted { error, .. },
        ) => {
            format!("did not take it: {error}")
        }
        Err(SendError::NotAccepted { error, rest: Some(rest) }) => {
            format!("did not take it: {error}; it asks for a pause of {} s", rest.as_secs())
        }
        Err(SendError::Ambiguous(error)) => {
            format!("not clear whether it took it: {error}. A code would be tried once more later.")
        }
    }
}

/// Prints a line. A closed pipe is an error here: the answer of a paid message must not get lost.
fn print_line(line: &str) -> Result<(), CliError> {
    writeln!(std::io::stdout(), "{line}")
        .map_err(|error| CliError::io(format_args!("cannot print: {error}")))
}
