//! The command line of a verb, made from the row of its method: parameters of the path are arguments, and those of the
//! query and fields of the body are flags.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, value_parser};
use hyper::Method;
use serde_json::{Map, Value};

use super::rows::{NOUNS, VERBS, Verb};
use crate::api::{Body, Parameters};
use crate::cli::CliError;
use crate::cli::client::NodeArgs;
use crate::cli::error::USAGE;
use crate::cli::output::OutputForm;
use crate::contract::{Field, Presence, Shape};

/// The names of the arguments that every verb has.
pub(super) const OUTPUT: &str = "output";
pub(super) const YES: &str = "yes";

/// An argument of a verb.
struct Argument {
    /// The flag without its hyphens, or the name of the parameter of the path.
    name: String,
    part: Part,
    field: &'static Field,
    is_required: bool,
}

/// The part of the request that an argument belongs to.
enum Part {
    Path,
    Query,
    /// The objects around the field in the body.
    Body(Vec<&'static str>),
}

/// A request to the node.
pub(super) struct Request {
    pub(super) method: Method,
    /// Path and query, percent-encoded.
    pub(super) target: String,
    /// JSON, or nothing.
    pub(super) body: Vec<u8>,
}

/// The command line with every noun and verb.
pub(super) fn add_to(mut line: Command) -> Command {
    for (noun, about) in NOUNS {
        let verbs: Vec<_> = VERBS.iter().filter(|verb| verb.noun == *noun).collect();
        let is_known = line.get_subcommands().any(|command| command.get_name() == *noun);
        line = match &verbs[..] {
            [verb] if verb.word.is_empty() => line.subcommand(command_of(verb)),
            _ if is_known => line.mut_subcommand(noun, |command| {
                command.about(*about).subcommands(verbs.iter().map(|verb| command_of(verb)))
            }),
            _ => line.subcommand(command_of_noun(noun, about, &verbs)),
        };
    }
    line
}

fn command_of_noun(noun: &'static str, about: &'static str, verbs: &[&Verb]) -> Command {
    let examples: String = verbs.iter().map(|verb| example(verb)).collect();
    let help = format!(
        "Examples:\n{examples}\nExit codes:\n  0   the node answered\n  {USAGE}  the command line is wrong (esoz-otp {noun} \
         VERB --help has all codes)"
    );
    Command::new(noun)
        .about(about)
        .after_help(help)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(verbs.iter().map(|verb| command_of(verb)))
}

fn command_of(verb: &Verb) -> Command {
    let name = if verb.word.is_empty() { verb.noun } else { verb.word };
    let output = Arg::new(OUTPUT)
        .short('o')
        .long(OUTPUT)
        .value_name("FORM")
        .default_value("text")
        .value_parser(value_parser!(OutputForm))
        .help("Form of standard output: text, or the data of the node's answer as JSON");
    let about = verb.row().about;
    // First, since it sets texts of its own.
    let mut command = NodeArgs::augment_args(Command::new(name))
        .about(about)
        .long_about(about)
        .after_help(help(verb))
        .args(arguments(verb).iter().map(Argument::to_clap))
        .arg(output);
    if verb.question.is_some() {
        let yes = Arg::new(YES).long(YES).action(ArgAction::SetTrue);
        command = command.arg(yes.help("Do it without a question"));
    }
    command
}

fn example(verb: &Verb) -> String {
    let yes = if verb.question.is_some() { " --yes" } else { "" };
    format!("  esoz-otp {} {}", verb.words(), verb.example).trim_end().to_owned() + yes + "\n"
}

/// The end of `--help`: the example, and the exit codes that the verb can end with.
fn help(verb: &Verb) -> String {
    let with_json = example(verb).trim_end().to_owned() + " -o json\n";
    let codes: [(u8, &str, bool); 8] = [
        (0, "the node did it; standard output has its answer", true),
        (USAGE, "the command line is wrong, or the node takes no such value", true),
        (65, "the node refused the change, because of the state of the record", verb.is_change()),
        (66, "the node has no such record", !verb.row().params.is_empty()),
        (69, "no node can be reached, or it is busy or in trouble", true),
        (74, "standard output can't be written", true),
        (77, "the node refused the token, or the user of this process", true),
        (78, "the token file is open to others", true),
    ];
    let lines: Vec<_> = codes
        .iter()
        .filter(|(_, _, is_one)| *is_one)
        .map(|(code, when, _)| format!("  {code:<3} {when}"))
        .collect();
    format!("Examples:\n{}{with_json}\nExit codes:\n{}", example(verb), lines.join("\n"))
}

/// The arguments of a verb: those of the path first.
fn arguments(verb: &Verb) -> Vec<Argument> {
    let row = verb.row();
    let of_path = row.params.iter().map(|field| Argument {
        name: field.name.to_owned(),
        part: Part::Path,
        field,
        is_required: true,
    });
    let query = match row.parameters {
        Parameters::Known(shape) | Parameters::Only(shape) => shape.fields(),
        Parameters::Any => &[],
    };
    let of_query = query.iter().map(|field| Argument {
        name: field.name.replace('_', "-"),
        part: Part::Query,
        field,
        is_required: field.presence == Presence::Required,
    });
    let mut all: Vec<_> = of_path.chain(of_query).collect();
    if let Body::Json([shape, ..]) = row.body {
        add_fields(shape, &[], true, &mut all);
    }
    all
}

/// Adds the fields of a body. An object in it is no argument by itself: its fields are.
fn add_fields(
    shape: &'static Shape,
    around: &[&'static str],
    is_required: bool,
    all: &mut Vec<Argument>,
) {
    for field in shape.fields() {
        // Accepted for other programs' sake, and not kept.
        if matches!(field.shape, Shape::Any) {
            continue;
        }
        let is_required = is_required && field.presence == Presence::Required;
        if matches!(field.shape, Shape::Object(_)) {
            add_fields(field.shape, &[around, &[field.name]].concat(), is_required, all);
            continue;
        }
        let name = field.name.replace('_', "-");
        let name = match around.last() {
            // The same field of another object has this one's name before its own.
            Some(object) if all.iter().any(|it| it.name == name) => {
                format!("{}-{name}", object.replace('_', "-"))
            }
            _ => name,
        };
        all.push(Argument { name, part: Part::Body(around.to_vec()), field, is_required });
    }
}

impl Argument {
    fn to_clap(&self) -> Arg {
        let value_name = self.field.name.to_ascii_uppercase();
        let arg = Arg::new(self.name.clone())
            .value_name(value_name)
            .required(self.is_required)
            .help(self.field.about.trim().trim_end_matches('.').to_owned());
        let arg = match self.part {
            Part::Path => arg,
            Part::Query | Part::Body(_) => arg.long(self.name.clone()),
        };
        match self.field.shape {
            Shape::Keyword(words) => arg.value_parser(PossibleValuesParser::new(*words)),
            Shape::Boolean => arg
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(PossibleValuesParser::new(["true", "false"])),
            _ => arg,
        }
    }

    /// The given value as JSON.
    fn json(&self, text: &str) -> Result<Value, CliError> {
        let is_json = match self.field.shape {
            Shape::Integer { .. }
            | Shape::Boolean
            | Shape::Version(_)
            | Shape::True
            | Shape::List(_)
            | Shape::Object(_)
            | Shape::OneField(_)
            | Shape::Any => true,
            Shape::Text(_)
            | Shape::Id { .. }
            | Shape::Keyword(_)
            | Shape::Recipient
            | Shape::Code => false,
        };
        if !is_json {
            return Ok(text.into());
        }
        let why = |_| {
            CliError::usage(format_args!("--{} takes JSON, such as {}", self.name, self.sample()))
        };
        serde_json::from_str(text).map_err(why)
    }

    fn sample(&self) -> &'static str {
        match self.field.shape {
            Shape::Integer { .. } => "17",
            Shape::List(_) => "[\"a\", \"b\"]",
            _ => "{\"name\": \"value\"}",
        }
    }
}

/// The request of a verb with these arguments.
pub(super) fn request(verb: &Verb, matches: &ArgMatches) -> Result<Request, CliError> {
    let (method, path) = verb.call.split_once(' ').unwrap_or_default();
    let (mut path, mut pairs, mut body) = (path.to_owned(), Vec::new(), Map::new());
    for argument in arguments(verb) {
        let Some(text) = matches.get_one::<String>(&argument.name) else { continue };
        match &argument.part {
            Part::Path => {
                path = path.replace(&format!("{{{}}}", argument.name), &encoded(text));
            }
            Part::Query => pairs.push(format!("{}={}", argument.field.name, encoded(text))),
            Part::Body(around) => {
                let mut object = &mut body;
                for name in around {
                    let inner = object.entry(*name).or_insert_with(|| Map::new().into());
                    object = inner.as_object_mut().expect("only objects are around a field");
                }
                object.insert(argument.field.name.to_owned(), argument.json(text)?);
            }
        }
    }
    let has_body = matches!(verb.row().body, Body::Json(_));
    let body = if has_body { Value::Object(body).to_string().into_bytes() } else { Vec::new() };
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    let method = method.parse().map_err(CliError::software)?;
    Ok(Request { method, target: path + &query, body })
}

/// The text as a part of a path or a query: every byte but letters, digits and `-._~` is percent-encoded.
fn encoded(text: &str) -> String {
    let byte = |b: u8| match b {
        b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
        _ if b.is_ascii_alphanumeric() => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_of(line: &str) -> Result<Request, clap::Error> {
        let matches = add_to(Command::new("esoz-otp")).try_get_matches_from(line.split(' '))?;
        let (verb, matches) = super::super::chosen(&matches).unwrap();
        Ok(request(verb, matches).unwrap())
    }

    #[test]
    fn filters_are_flags_and_are_encoded() {
        let request =
            request_of("esoz-otp delivery list --phone +380671234567 --page-size 5").unwrap();
        assert_eq!(request.method, "GET");
        assert_eq!(request.target, "/admin/deliveries?phone=%2B380671234567&page_size=5");
        assert!(request.body.is_empty());
    }

    #[test]
    fn a_parameter_of_the_path_is_an_argument() {
        let request = request_of("esoz-otp phone unlock ../a/b?c").unwrap();
        assert_eq!(request.method, "POST");
        assert_eq!(request.target, "/admin/phones/..%2Fa%2Fb%3Fc/actions/unlock");
        assert!(request_of("esoz-otp phone unlock").is_err());
    }

    #[test]
    fn a_word_that_the_method_does_not_know_is_wrong_usage() {
        assert!(request_of("esoz-otp delivery list --status delivered").is_ok());
        assert!(request_of("esoz-otp delivery list --status gone").is_err());
        assert!(request_of("esoz-otp delivery list --colour red").is_err());
    }
}
