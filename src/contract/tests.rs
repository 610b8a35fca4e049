//! A value that is made from a shape is read. A value that breaks one rule has exactly that fault, at its place.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, Union};
use serde_json::{Map, Value, json};

use super::entities::{
    NewClient, NewFactor, NewPerson, NewPersonRequest, NewToken, NewUser, WORLD,
};
use super::*;
use crate::domain::{Code, CodeFormat, Phone, Timestamp};

shape! {
    /// A sample.
    struct Sample {
        /// A phone.
        phone_number: Phone,
        /// A code.
        code: Code,
        /// A number.
        messages: Option<Whole<1, 1000>>,
        /// A number that has a default.
        page_size: Whole<1, 50> = 50,
        /// Any value.
        _provider: Option<Any> as "provider",
        /// Times.
        times: Option<Vec<Timestamp>>,
    }
}

fn context() -> Context {
    let codes = CodeFormat::new(6);
    Context { now: Timestamp::from_micros(1_796_083_200_000_000), codes, clear_secrets: true }
}

fn read_with<'a, T: Shaped>(limits: FaultLimits, value: impl Source<'a>) -> Result<T, Vec<Fault>> {
    let mut reader = Reader::new(context(), limits, Place::root(value.line()));
    let read = T::read(&mut reader, value);
    reader.finish(read)
}

fn read<'a, T: Shaped>(value: impl Source<'a>) -> Result<T, Vec<Fault>> {
    read_with(FaultLimits::list(1000), value)
}

/// The faults of a value: those of the value in memory, if those of its text are the same.
fn faults<T: Shaped>(value: &Value) -> Vec<(String, Broken)> {
    let told = |faults: Vec<Fault>| -> Vec<_> {
        faults.into_iter().map(|fault| (fault.place.to_string(), fault.broken)).collect()
    };
    let in_memory = read::<T>(value).err().map(told).unwrap_or_default();
    let text = value.to_string();
    let text = FileText::new(&text);
    let in_text = read::<T>(text.value().unwrap()).err().map(told).unwrap_or_default();
    assert_eq!(in_memory, in_text, "{value}");
    in_memory
}

/// A type that is read, and its form.
#[derive(Clone, Copy)]
struct Form {
    shape: &'static Shape,
    faults: fn(&Value) -> Vec<(String, Broken)>,
}

fn form<T: Shaped>() -> Form {
    Form { shape: T::SHAPE, faults: faults::<T> }
}

fn forms() -> Vec<Form> {
    vec![
        form::<Sample>(),
        form::<NewClient>(),
        form::<NewUser>(),
        form::<NewPerson>(),
        form::<NewToken>(),
        form::<NewFactor>(),
        form::<NewPersonRequest>(),
    ]
}

const ID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}";

/// Values of this form.
fn made_from(shape: &'static Shape) -> BoxedStrategy<Value> {
    let text = |pattern: &'static str| pattern.prop_map(Value::from).boxed();
    match shape {
        Shape::Text(form) => match form.what {
            "a phone number" => text(r"\+380[0-9]{9}"),
            "a time" => text("[+-][0-9]{1,4}[dhms]|20[0-9]{2}-0[1-9]-1[0-9]T0[0-9]:[0-5][0-9]:00Z"),
            "a name" => text(r"\PC{1,20}"),
            "a digest" => text("[0-9a-f]{64}"),
            "a secret" => text("[!-~]{1,40}"),
            "an id" => text(ID),
            "scopes, separated by spaces" => text("([a-z_]{1,9}:[a-z]{1,9} ?){0,4}"),
            other => panic!("no text is made for {other}"),
        },
        Shape::Id { .. } => text(ID),
        Shape::Recipient => text(r"\+38067[0-9]{7}"),
        Shape::Keyword(words) => select(*words).prop_map(Value::from).boxed(),
        Shape::Code => prop_oneof![text("[0-9]{6}"), (0..1_000_000).prop_map(Value::from)].boxed(),
        Shape::Integer { least, most } => (*least..=*most).prop_map(Value::from).boxed(),
        Shape::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Shape::Version(number) => Just(json!(number)).boxed(),
        Shape::True => Just(json!(true)).boxed(),
        Shape::List(item) => vec(made_from(item), 0..3).prop_map(Value::from).boxed(),
        Shape::Object(Fields { about, .. })
            if about.contains("How a person request is confirmed") =>
        {
            let phone = r"\+380[0-9]{9}";
            prop_oneof![
                phone.prop_map(|phone| json!({"type": "OTP", "phone_number": phone})),
                (phone, ID).prop_map(|(phone, id)| json!(
                    {"type": "THIRD_PERSON", "phone_number": phone, "person_id": id}
                )),
                ID.prop_map(|id| json!({"type": "THIRD_PERSON", "person_id": id})),
                select(vec!["OFFLINE", "NA"]).prop_map(|method| json!({"type": method})),
            ]
            .boxed()
        }
        Shape::Object(fields) => {
            let fields = fields.all.iter().map(|field| {
                let value = made_from(field.shape).prop_map(Some);
                let value = match field.presence {
                    Presence::Required => value.boxed(),
                    Presence::Nullable => {
                        prop_oneof![value, Just(None), Just(Some(Value::Null))].boxed()
                    }
                    Presence::Default(_) => prop_oneof![value, Just(None)].boxed(),
                };
                value.prop_map(|value| Some((field.name.to_owned(), value?)))
            });
            let object = |fields: Vec<_>| Value::Object(fields.into_iter().flatten().collect());
            fields.collect::<Vec<_>>().prop_map(object).boxed()
        }
        Shape::OneField(fields) => {
            let fields = fields.all.iter();
            let one = |field: &'static Field| {
                made_from(field.shape).prop_map(|value| json!({field.name: value})).boxed()
            };
            Union::new(fields.map(one)).boxed()
        }
        Shape::Any => Just(json!([{"a": 1}])).boxed(),
    }
}

/// A value that breaks one rule.
struct Break {
    value: Value,
    path: String,
    is_it: fn(&Broken) -> bool,
}

/// All ways to break one rule of this form, beginning with a value that breaks none.
fn breaks(shape: &'static Shape, good: &Value) -> Vec<Break> {
    let here = |value: Value, is_it| Break { value, path: String::new(), is_it };
    let mut found = Vec::new();
    match shape {
        Shape::Any => return found,
        // A code may be a number.
        Shape::Code => {
            found.push(here(json!([]), |broken| matches!(broken, Broken::WrongType { .. })));
        }
        Shape::Integer { .. } | Shape::Version(_) => {
            found.push(here(json!("1"), |broken| matches!(broken, Broken::WrongType { .. })));
        }
        _ => found.push(here(json!(1), |broken| matches!(broken, Broken::WrongType { .. }))),
    }
    match shape {
        Shape::Text(form) if !form.rule.is_empty() => {
            found.push(here(json!("\u{7}"), |broken| matches!(broken, Broken::Format { .. })));
        }
        Shape::Id { .. } | Shape::Recipient | Shape::Code => {
            found.push(here(json!("no"), |broken| matches!(broken, Broken::Format { .. })));
        }
        Shape::Keyword(_) => {
            found.push(here(json!("no"), |broken| matches!(broken, Broken::Keyword(_))));
        }
        Shape::Integer { most, .. } => {
            for value in [json!(most + 1), json!(-1), json!(1.5)] {
                found.push(here(value, |broken| matches!(broken, Broken::Bounds { .. })));
            }
        }
        Shape::True => {
            found.push(here(json!(false), |broken| matches!(broken, Broken::NotThis(_))));
        }
        Shape::List(item) => {
            for (index, one) in good.as_array().unwrap().iter().enumerate() {
                for inner in breaks(item, one) {
                    let mut value = good.clone();
                    value[index] = inner.value;
                    let path = format!("[{index}]{}", dotted(&inner.path));
                    found.push(Break { value, path, is_it: inner.is_it });
                }
            }
        }
        Shape::Object(fields) | Shape::OneField(fields) => {
            let mut value = good.clone();
            value["surplus"] = json!(1);
            found.push(here(value, |broken| {
                matches!(broken, Broken::Unknown { name: Some(name), .. } if **name == *"surplus")
            }));
            for field in fields.all {
                found.extend(breaks_of_field(field, good));
                if let Shape::Object(_) = shape
                    && field.presence == Presence::Required
                {
                    let mut value = good.clone();
                    value.as_object_mut().unwrap().remove(field.name);
                    let path = field.name.to_owned();
                    found.push(Break { value, path, is_it: |broken| *broken == Broken::Missing });
                }
            }
            if let Shape::OneField(_) = shape {
                let both = json!({"digest": "", "generate": true});
                for value in [json!({}), both] {
                    found.push(here(value, |broken| matches!(broken, Broken::NotOne(_))));
                }
            }
        }
        _ => {}
    }
    found
}

fn breaks_of_field(field: &'static Field, good: &Value) -> Vec<Break> {
    let present = good.get(field.name).filter(|value| !value.is_null());
    let null = Break {
        value: Value::Null,
        path: String::new(),
        is_it: |broken| matches!(broken, Broken::WrongType { found: Kind::Null, .. }),
    };
    let may_be_null = field.presence == Presence::Nullable || field.shape == &Shape::Any;
    let null = (!may_be_null && present.is_some()).then_some(null);
    let inner = present.into_iter().flat_map(|value| breaks(field.shape, value)).chain(null);
    let outer = |inner: Break| {
        let mut value = good.clone();
        value[field.name] = inner.value;
        let path = format!("{}{}", field.name, dotted(&inner.path));
        Break { value, path, is_it: inner.is_it }
    };
    inner.map(outer).collect()
}

fn dotted(path: &str) -> String {
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{dot}{path}")
}

fn any_form() -> impl Strategy<Value = (Form, Value)> {
    let one = |form: Form| made_from(form.shape).prop_map(move |value| (form, value)).boxed();
    Union::new(forms().into_iter().map(one))
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.shape.fmt(f)
    }
}

/// JSON of any form. Its fields often have known names, and all of its texts hold [`SECRET`].
fn secretive() -> impl Strategy<Value = Value> {
    let names: Vec<_> = forms().iter().flat_map(|form| form.shape.fields()).collect();
    let name = prop_oneof![
        8 => select(names).prop_map(|field| field.name.to_owned()),
        1 => Just(SECRET.to_owned()),
        1 => any::<String>().prop_map(|text| format!("{text}{SECRET}")),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        Just(Value::from(380_501_112_233_u64)),
        Just(Value::from(380_501_112_233.5)),
        any::<String>().prop_map(|text| Value::from(format!("{text}{SECRET}"))),
    ];
    leaf.prop_recursive(3, 30, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name.clone(), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

const SECRET: &str = "+380501112233";

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_value_that_is_made_from_a_shape_has_no_fault((form, value) in any_form()) {
        prop_assert_eq!((form.faults)(&value), [], "{}", value);
    }

    #[test]
    fn one_broken_rule_is_exactly_one_fault_at_its_place((form, value) in any_form()) {
        for Break { value, path, is_it } in breaks(form.shape, &value) {
            let found = (form.faults)(&value);
            prop_assert_eq!(found.len(), 1, "{} {}: {:?}", path, value, found);
            prop_assert!(found[0].0 == path && is_it(&found[0].1), "{path} {value}: {found:?}");
        }
    }

    #[test]
    fn no_fault_holds_a_value(value in secretive()) {
        for form in forms() {
            let told = format!("{:?}", (form.faults)(&value));
            prop_assert!(!told.contains("380501112233"), "{told}");
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text: String) {
        let value = Value::from(text);
        for form in forms() {
            prop_assert!(!(form.faults)(&value).is_empty());
        }
    }
}

#[test]
fn a_value_that_is_read_is_typed() {
    let value = json!({
        "phone_number": "+380671000041", "code": 42, "messages": 7, "provider": {"a": 1},
        "times": ["+1m", "1970-01-01T00:00:00Z"],
    });
    let sample: Sample = read(&value).unwrap();
    assert_eq!(sample.phone_number, Phone::parse("+380671000041").unwrap());
    assert_eq!(sample.code.reveal(), "000042");
    assert_eq!((sample.messages, sample.page_size), (Some(Whole(7)), Whole(50)));
    let now = context().now;
    let minute = std::time::Duration::from_mins(1);
    assert_eq!(sample.times, Some(vec![now + minute, Timestamp::from_micros(0)]));
}

#[test]
fn all_faults_are_found_at_once_in_the_order_of_the_fields() {
    for form in forms() {
        let fields = form.shape.fields().iter().filter(|field| field.shape != &Shape::Any);
        let names: Vec<_> = fields.map(|field| field.name).collect();
        let wrong: Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
        let mut value = Value::Object(wrong);
        for (name, other) in [("is_blocked", json!(1)), ("is_active", json!("yes"))] {
            if let Some(flag) = value.get_mut(name) {
                *flag = other;
            }
        }
        let found: Vec<_> = (form.faults)(&value).into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, names, "{value}");
    }
}

#[test]
fn a_rule_between_fields_is_a_fault_of_the_object() {
    let method = |method: Value| {
        let id = "e0000000-0000-4000-8000-000000000001";
        json!({"id": id, "client_id": id, "status": "NEW", "authentication_method": method})
    };
    let person = "a0000000-0000-4000-8000-000000000001";
    for (given, rule) in [
        (json!({"type": "OTP"}), "OTP takes a phone_number and no person_id"),
        (
            json!({"type": "THIRD_PERSON"}),
            "THIRD_PERSON takes a person_id, and a phone_number if there is one",
        ),
        (
            json!({"type": "NA", "person_id": person}),
            "OFFLINE and NA take neither phone_number nor person_id",
        ),
    ] {
        let found = faults::<NewPersonRequest>(&method(given));
        assert_eq!(found, [("authentication_method".to_owned(), Broken::Rule(rule))]);
    }
}

#[test]
fn a_field_given_twice_and_an_escape_for_nothing_are_faults_with_a_line() {
    let text = "{\"id\": \"b0000000-0000-4000-8000-0000000000a3\",\n\"is_blocked\": true,\n\"is_blocked\": 1,\n\
                \"person_id\":\n\"\\ud800\"}";
    let text = FileText::from_line(7, text);
    let found = read::<NewUser>(text.value().unwrap()).unwrap_err();
    let found: Vec<_> = found
        .into_iter()
        .map(|fault| (fault.place.to_string(), fault.place.line().unwrap(), fault.broken))
        .collect();
    let twice = ("is_blocked".to_owned(), 9, Broken::Twice);
    assert_eq!(found, [twice, ("person_id".to_owned(), 11, Broken::Escape)]);
}

#[test]
fn keys_are_found_with_their_places_in_a_faulty_entry_too() {
    let (client, user) =
        ("c0000000-0000-4000-8000-000000000001", "b0000000-0000-4000-8000-000000000001");
    let token = json!({"client_id": client, "user_id": user, "secret": {"plain": "t"}, "scope": 1});
    let mut reader = Reader::new(context(), FaultLimits::list(9), Place::root(None));
    assert!(NewToken::read(&mut reader, &token).is_err());
    let found = reader.into_read();
    let told = |keys: Vec<(RecordKey, Place)>| -> Vec<_> {
        keys.into_iter().map(|(key, place)| format!("{place}: {key}")).collect()
    };
    assert_eq!(told(found.defined), ["secret: such token"]);
    assert_eq!(
        told(found.referred),
        [format!("user_id: user {user}"), format!("client_id: client {client}")]
    );
}

#[test]
fn an_answer_about_many_unknown_names_stays_short() {
    let many: Map<_, _> = (0..1000).map(|i| (format!("p{i}"), json!(1))).collect();
    let found = read_with::<NewUser>(FaultLimits::ANSWER, &Value::Object(many)).unwrap_err();
    assert_eq!(found.len(), 16 + 1, "and the id that is missing");
    let hidden = json!({"+380958697084": 1, "+380958697085": 2, "a b": 3});
    let found = read_with::<NewUser>(FaultLimits::ANSWER, &hidden).unwrap_err();
    assert_eq!(found.len(), 2);
    assert!(matches!(&found[0].broken, Broken::Unknown { name: None, .. }));
    let found = read_with::<NewUser>(FaultLimits::LENIENT, &hidden).unwrap_err();
    assert_eq!(found[0].broken, Broken::Missing);
    let lists = json!({"times": vec![1; 10_000], "phone_number": 1});
    assert_eq!(read_with::<Sample>(FaultLimits::ANSWER, &lists).unwrap_err().len(), 100);
    assert_eq!(read_with::<Sample>(FaultLimits::list(7), &lists).unwrap_err().len(), 7);
}

#[test]
fn in_pairs_a_number_is_digits() {
    let with = |page_size: &'static str| {
        let fields =
            [("phone_number", "+380671000041"), ("code", "000042"), ("page_size", page_size)];
        let pairs = fields.map(|(name, text)| (name, Cow::Borrowed(text)));
        read::<Sample>(Pairs::All(&pairs)).map(|sample| sample.page_size.0)
    };
    assert_eq!((with("7"), with("007")), (Ok(7), Ok(7)));
    for wrong in ["", "0", "51", "+1", "-1", "1.0", "18446744073709551617", "١", " 1"] {
        let found = with(wrong).unwrap_err();
        assert_eq!(found.len(), 1, "{wrong}");
        assert_eq!(found[0].broken, Broken::Bounds { least: 1, most: 50 }, "{wrong}");
    }
}

#[test]
fn a_place_has_as_many_steps_as_the_deepest_shape() {
    assert_eq!((NewUser::SHAPE.depth(), NewToken::SHAPE.depth(), WORLD.depth()), (1, 2, 4));
    let place = (0..9).fold(Place::root(None), |place, _| place.then(Step::Item(1), None));
    assert_eq!(place.steps().count(), MOST_STEPS);
}

#[test]
fn a_schema_says_what_the_reader_asks() {
    let codes = CodeFormat::new(6).unwrap();
    let forms = NodeForms { codes, allowed_prefixes: &[], refused_prefixes: &[] };
    let schema = |shape| schema(shape, forms);
    assert_eq!(
        schema(Sample::SHAPE),
        json!({
            "type": "object",
            "description": "A sample.",
            "additionalProperties": false,
            "required": ["phone_number", "code"],
            "properties": {
                "phone_number": {
                    "type": "string", "pattern": r"^\+380[0-9]{9}$",
                    "description": "A phone. A phone number is +380 and nine digits.",
                    "examples": ["+380958697085"],
                },
                "code": {"description": "A code.", "examples": ["123456"], "anyOf": [
                    {"type": "string", "pattern": "^[0-9]{6}$"},
                    {"type": "integer", "minimum": 0, "maximum": 999_999},
                ]},
                "messages": {
                    "type": ["integer", "null"], "minimum": 1, "maximum": 1000,
                    "description": "A number.",
                },
                "page_size": {
                    "type": "integer", "minimum": 1, "maximum": 50, "default": 50,
                    "description": "A number that has a default.",
                },
                "provider": {"description": "Any value."},
                "times": {"type": ["array", "null"], "description": "Times.", "items": {
                    "type": "string",
                    "description": "A time is RFC 3339, or counts from loading: +30d, -1h, +5m, -10s.",
                    "examples": ["+30d"],
                }},
            },
        })
    );
    let user = schema(NewUser::SHAPE);
    assert_eq!(
        user["properties"]["id"]["description"],
        "UUID of the user. An id is a UUID such as eeebb86d-5cba-43c9-885b-6482ecaf826b."
    );
    assert_eq!(user["properties"]["is_blocked"]["default"], false);
    let secret = &schema(NewToken::SHAPE)["properties"]["secret"];
    assert_eq!((&secret["minProperties"], &secret["maxProperties"]), (&json!(1), &json!(1)));
    assert_eq!(secret.get("required"), None);
    let world = schema(WORLD);
    assert_eq!(world["required"], json!(["format"]));
    assert_eq!(
        world["properties"]["persons"]["items"]["properties"]["status"]["enum"],
        json!(["active", "inactive"])
    );
}

#[test]
fn a_schema_of_a_recipient_has_the_phones_that_get_codes() {
    let schema_of = |allowed: &[&str], refused: &[&str]| {
        let [allowed_prefixes, refused_prefixes] =
            [allowed, refused].map(|all| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        let codes = CodeFormat::new(6).unwrap();
        let (allowed_prefixes, refused_prefixes) = (&allowed_prefixes, &refused_prefixes);
        schema(Recipient::SHAPE, NodeForms { codes, allowed_prefixes, refused_prefixes })
    };
    assert_eq!(schema_of(&[], &[]), schema_of_phone());
    let refused = schema_of(&[], &["+380800", "+380900"]);
    assert_eq!(refused["not"], json!({"pattern": r"^(\+380800|\+380900)"}));
    assert_eq!(refused["examples"], json!(["+380958697085"]));
    let allowed = schema_of(&["+38067", "+38050"], &["+380671"]);
    assert_eq!(allowed["allOf"], json!([{"pattern": r"^(\+38067|\+38050)"}]));
    assert_eq!(allowed["examples"], json!(["+380670000000"]));
    assert_eq!(schema_of(&[], &["+3809"]).get("examples"), None);
}

fn schema_of_phone() -> Value {
    let codes = CodeFormat::new(6).unwrap();
    schema(Phone::SHAPE, NodeForms { codes, allowed_prefixes: &[], refused_prefixes: &[] })
}

#[test]
fn a_keyword_is_the_word_that_answers_have() {
    use crate::domain::{AccessType, FactorType, MethodType, PersonRequestStatus, PersonStatus};

    fn check<T: Shaped + serde::Serialize>() {
        let Shape::Keyword(words) = T::SHAPE else { panic!("no keyword") };
        for word in *words {
            let value = read::<T>(&json!(word)).unwrap_or_else(|_| panic!("{word}"));
            assert_eq!(serde_json::to_value(value).unwrap(), *word);
        }
    }
    check::<AccessType>();
    check::<FactorType>();
    check::<MethodType>();
    check::<PersonRequestStatus>();
    check::<PersonStatus>();
}
