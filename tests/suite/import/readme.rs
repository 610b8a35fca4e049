//! The tables of `fixtures/README.md` name the fields that the reader takes, in its order: which are required, and the
//! words that a field can have.

use std::collections::BTreeSet;

use esoz_otp::contract::entities::WORLD;
use esoz_otp::contract::{Field, Presence, Shape};
use regex::Regex;

const README: &str = include_str!("../../../fixtures/README.md");

/// The rows of the table of entries: a key, and the text about it.
fn rows() -> Vec<(String, String)> {
    let (_, table) = README.split_once("\n| key | entries |\n|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split_once('|').unwrap());
    cells.map(|(key, text)| (key.trim().trim_matches('`').to_owned(), text.to_owned())).collect()
}

/// A field as the table has it: its name, `?` if it may be missing, and its words in parentheses.
fn written(text: &str) -> Vec<String> {
    let field = Regex::new(r"`([a-z_]+)`(\??)(?: \(([^)]*)\))?").unwrap();
    let word = Regex::new(r"`([A-Za-z_]+)`").unwrap();
    let fields = field.captures_iter(text).map(|found| {
        let (name, mark) = (&found[1], &found[2]);
        let inside = found.get(3).map_or("", |inside| inside.as_str());
        let words: Vec<_> = word.captures_iter(inside).map(|word| word[1].to_owned()).collect();
        // `null` is no word, but the value of a field that may be missing.
        let words = words.into_iter().filter(|word| word != "null").collect::<Vec<_>>().join(" ");
        format!("{name}{mark} {words}")
    });
    fields.collect()
}

/// The same from the shape.
fn declared(fields: &[Field]) -> Vec<String> {
    let field = |field: &Field| {
        let mark = if field.presence == Presence::Required { "" } else { "?" };
        let words = match field.shape {
            Shape::Keyword(words) => words.join(" "),
            _ => String::new(),
        };
        format!("{}{mark} {words}", field.name)
    };
    fields.iter().map(field).collect()
}

#[test]
fn every_list_has_its_row_and_every_row_its_fields() {
    let rows = rows();
    let keys: BTreeSet<_> = rows.iter().map(|(key, _)| key.as_str()).collect();
    let known: BTreeSet<_> = WORLD.fields().iter().map(|field| field.name).collect();
    assert_eq!(keys, known);
    let mut lists = 0;
    for field in WORLD.fields() {
        let Shape::List(entry) = field.shape else { continue };
        let (_, text) = rows.iter().find(|(key, _)| key == field.name).unwrap();
        assert_eq!(written(text), declared(entry.fields()), "{}", field.name);
        lists += 1;
    }
    assert_eq!(lists, 6);
}

#[test]
fn the_methods_of_a_request_and_the_ways_of_a_secret_are_all_there() {
    let paragraph = |start: &str| {
        let (_, text) = README.split_once(start).unwrap_or_else(|| panic!("{start}"));
        text.split("\n- ").next().unwrap().split("\n\n").next().unwrap()
    };
    let quoted = Regex::new("\"([A-Za-z_]+)\"").unwrap();
    let words_of = |text: &str| -> BTreeSet<String> {
        quoted.captures_iter(text).map(|word| word[1].to_owned()).collect()
    };
    let entry = |list: &str, name: &str| -> &'static Shape {
        let list = WORLD.fields().iter().find(|field| field.name == list).unwrap();
        let Shape::List(entry) = list.shape else { panic!("{} is no list", list.name) };
        entry.fields().iter().find(|field| field.name == name).unwrap().shape
    };
    let method = entry("person_requests", "authentication_method");
    let mut names: BTreeSet<_> = method.fields().iter().map(|f| f.name.to_owned()).collect();
    let Shape::Keyword(types) = method.fields()[0].shape else { panic!("no type") };
    names.extend(types.iter().map(|word| (*word).to_owned()));
    assert_eq!(words_of(paragraph("\n- A request's **authentication_method** is")), names);

    let ways = entry("tokens", "secret").fields().iter().map(|field| field.name.to_owned());
    let mut in_text = words_of(paragraph("\n- A **secret** is one of"));
    assert!(in_text.remove("demo"), "a secret in clear needs it");
    assert_eq!(in_text, ways.collect());
}
