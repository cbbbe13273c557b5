//! What each reader makes of a field that is missing, null, of another type, twice, too deep or unknown.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A reader by its name, and what it makes of a field: shown, or refused with a code.
type Reader = (&'static str, fn(&mut Object) -> Result<String, Invalid>);

fn shown_as<T: fmt::Debug>(read: Result<T, Invalid>) -> Result<String, Invalid> {
    read.map(|value| format!("{value:?}"))
}

const READERS: &[Reader] = &[
    ("text", |object| shown_as(object.text("f"))),
    ("required_text", |object| shown_as(object.required_text("f"))),
    ("required", |object| shown_as(object.required("f", at_most_three))),
    ("optional", |object| shown_as(object.optional("f", at_most_three))),
    ("number", |object| shown_as(object.number("f"))),
    ("u8", |object| shown_as(object.integer::<u8>("f"))),
    ("i64", |object| shown_as(object.integer::<i64>("f"))),
    ("flag", |object| shown_as(object.flag("f"))),
    ("integers", |object| shown_as(object.integers("f"))),
    ("texts", |object| shown_as(object.texts("f"))),
    ("text_or_json", |object| shown_as(object.text_or_json("f"))),
    ("object", |object| shown_as(object.object("f").map(|inner| inner.map(|inner| inner.fields.len())))),
    ("list", |object| shown_as(object.list("f", 2).map(|list| list.len()))),
    ("optional_list", |object| shown_as(object.optional_list("f", 2).map(|list| list.len()))),
];

/// A rule of the domain's.
fn at_most_three(text: &str) -> Result<String, Invalid> {
    if text.len() <= 3 { Ok(text.to_owned()) } else { Err(Invalid::field("f", "three bytes at most")) }
}

fn parsed(body: &str) -> Object {
    Object::parse(body.as_bytes()).unwrap()
}

fn code<T>(result: Result<T, Invalid>) -> String {
    result.map_or_else(|invalid| invalid.code, |_| "read".to_owned())
}

/// What every reader makes of a field with this value: those that are named, and the others as it is said last.
#[track_caller]
fn reads(body: &str, named: &[(&str, &str)], others: &str) {
    for (name, _) in named {
        assert!(READERS.iter().any(|(reader, _)| reader == name), "no reader {name}");
    }
    for (name, read) in READERS {
        let expected = named.iter().find(|(reader, _)| reader == name).map_or(others, |(_, expected)| *expected);
        let mut object = parsed(body);
        match read(&mut object) {
            Ok(value) => {
                assert_eq!(value, expected, "{name} of {body}");
                assert_eq!(object.finish(), Ok(()), "{name} of {body} has taken it");
            }
            Err(invalid) => {
                assert_eq!(invalid.code, expected, "{name} of {body}");
                assert!(invalid.field == "f" || invalid.field.starts_with("f[") || invalid.field.starts_with("f."));
            }
        }
    }
}

#[test]
fn absent_and_null_are_the_same_to_every_reader() {
    let required = [
        ("required_text", "f_required"),
        ("required", "f_required"),
        ("list", "f_required"),
        ("texts", "{}"),
        ("optional_list", "0"),
    ];
    for body in ["{}", r#"{"f":null}"#, r#"{"f" : null }"#] {
        reads(body, &required, "None");
    }
}

#[test]
fn a_string_is_a_text_and_nothing_else() {
    let of_text = |text: &'static str, own: &'static str, ruled: (&'static str, &'static str)| {
        let named = [
            ("text", own),
            ("text_or_json", own),
            ("required_text", text),
            ("required", ruled.0),
            ("optional", ruled.1),
            ("number", "f_invalid"),
            ("u8", "f_invalid"),
            ("i64", "f_invalid"),
            ("integers", "f_invalid"),
        ];
        reads(&format!("{{\"f\":{text}}}"), &named, "field_type");
    };
    of_text("\"abc\"", "Some(\"abc\")", ("\"abc\"", "Some(\"abc\")"));
    of_text("\"\"", "Some(\"\")", ("\"\"", "Some(\"\")"));
    of_text("\"null\"", "Some(\"null\")", ("f_invalid", "f_invalid"));
    of_text("\"8900\"", "Some(\"8900\")", ("f_invalid", "f_invalid"));
    assert_eq!(parsed(r#"{"f":"\uae38\n\ud83d\ude00"}"#).text("f"), Ok(Some("길\n😀".to_owned())));
    assert_eq!(code(parsed(r#"{"f":"\ud83d"}"#).text("f")), "field_type", "half a character");
    assert_eq!(code(parsed(r#"{"f":"\ud83d"}"#).text_or_json("f")), "field_type");
}

#[test]
fn a_number_is_whole_only_without_a_fraction_and_fits_its_type() {
    let of_number = |number: &'static str, byte: &'static str, long: &'static str| {
        let (some, body) = (format!("Some(\"{number}\")"), format!("{{\"f\":{number}}}"));
        let named =
            [("number", &*some), ("text_or_json", &*some), ("u8", byte), ("i64", long), ("integers", "f_invalid")];
        reads(&body, &named, "field_type");
    };
    of_number("0", "Some(0)", "Some(0)");
    of_number("255", "Some(255)", "Some(255)");
    of_number("255.000", "Some(255)", "Some(255)");
    of_number("256", "f_invalid", "Some(256)");
    of_number("-1", "f_invalid", "Some(-1)");
    of_number("9223372036854775807", "f_invalid", "Some(9223372036854775807)");
    of_number("-9223372036854775808", "f_invalid", "Some(-9223372036854775808)");
    of_number("9223372036854775808", "f_invalid", "f_invalid");
    for (number, _) in [("0.1", ()), ("255.001", ()), ("1e2", ()), ("1.0e2", ()), ("1E-1", ())] {
        of_number(number, "f_invalid", "f_invalid");
    }
}

#[test]
fn a_flag_a_list_and_an_object_are_read_as_what_they_are() {
    let wrong = |of: &'static [(&'static str, &'static str)]| {
        let numbers = [("number", "f_invalid"), ("u8", "f_invalid"), ("i64", "f_invalid")];
        numbers.into_iter().chain(of.iter().copied()).collect::<Vec<_>>()
    };
    let flags = [("true", "Some(true)", "Some(\"true\")"), ("false", "Some(false)", "Some(\"false\")")];
    for (flag, read, as_json) in flags {
        let named = [("flag", read), ("text_or_json", as_json), ("integers", "f_invalid")];
        reads(&format!("{{\"f\":{flag}}}"), &[&wrong(&[])[..], &named].concat(), "field_type");
    }
    let empty = [("integers", "Some([])"), ("list", "0"), ("optional_list", "0"), ("text_or_json", "Some(\"[]\")")];
    reads(r#"{"f":[]}"#, &[&wrong(&[])[..], &empty].concat(), "field_type");
    let none = [("object", "Some(0)"), ("texts", "{}"), ("text_or_json", "Some(\"{}\")"), ("integers", "f_invalid")];
    reads(r#"{"f":{}}"#, &[&wrong(&[])[..], &none].concat(), "field_type");
    let notes = [
        ("object", "Some(2)"),
        ("texts", r#"{"a": "x", "b": ""}"#),
        ("text_or_json", r#"Some("{\"b\":\"\", \"a\":\"x\"}")"#),
        ("integers", "f_invalid"),
    ];
    reads(r#"{"f":{"b":"", "a":"x"}}"#, &[&wrong(&[])[..], &notes].concat(), "field_type");
    let whole = [("integers", "Some([0, 3, 4294967295])"), ("text_or_json", "Some(\"[0,3,4294967295]\")")];
    reads(
        r#"{"f":[0,3,4294967295]}"#,
        &[&wrong(&[])[..], &whole, &[("list", "f_invalid"), ("optional_list", "f_invalid")]].concat(),
        "field_type",
    );
    for numbers in ["[4294967296]", "[-1]", "[1.5]", "[\"1\"]", "[null]", "3"] {
        let body = format!("{{\"f\":{numbers}}}");
        assert_eq!(code(parsed(&body).integers("f")), "f_invalid", "{body}");
    }
    for notes in [r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":"x","b":{}}"#] {
        let body = format!("{{\"f\":{notes}}}");
        assert_eq!(code(parsed(&body).texts("f")), "field_type", "{body}");
    }
}

#[test]
fn a_list_has_as_many_entries_as_it_may_and_each_is_an_object() {
    let of = |entries: &str| {
        let body = format!("{{\"f\":[{entries}]}}");
        let (required, optional) = (parsed(&body).list("f", 2), parsed(&body).optional_list("f", 2));
        let read = |list: Result<Vec<Object>, Invalid>| {
            list.map(|list| list.len()).map_err(|invalid| (invalid.field, invalid.code))
        };
        let (required, optional) = (read(required), read(optional));
        assert_eq!(required, optional, "{body}");
        required
    };
    let refused = |field: &str, code: &str| Err((field.to_owned(), code.to_owned()));
    assert_eq!((of("{}"), of("{},{}")), (Ok(1), Ok(2)));
    assert_eq!(of("{},{},{}"), refused("f", "f_invalid"));
    assert_eq!(of("{},7"), refused("f[1]", "field_type"));
    assert_eq!(of("null"), refused("f[0]", "field_type"));
    assert_eq!(of(r#"{},{"a":1,"a":1}"#), refused("f[1].a", "duplicate_field"));
    let mut second = parsed(r#"{"f":[{},{"a":"b"}]}"#).list("f", 2).unwrap().remove(1);
    assert_eq!(second.required_text("a"), Ok("b".to_owned()));
    assert_eq!(second.missing("c").field, "f[1].c");
}

#[test]
fn an_error_names_the_whole_way_to_its_field() {
    let mut outer = parsed(r#"{"a":{"b":{"c":7,"d":"long"}}}"#);
    let mut inner = outer.object("a").unwrap().unwrap().object("b").unwrap().unwrap();
    assert_eq!(inner.text("c").unwrap_err().field, "a.b.c");
    assert_eq!(inner.optional("d", at_most_three).unwrap_err().field, "a.b.f", "as the rule calls it");
    assert_eq!(inner.missing("e"), Invalid::new("a.b.e", "e_required", "this field"));
    let mut twice = parsed(r#"{"a":{"b":1,"b":2}}"#);
    assert_eq!(twice.object("a").unwrap_err().field, "a.b");
    let unknown = parsed(r#"{"a":{"b":1}}"#).object("a").unwrap().unwrap().finish().unwrap_err();
    assert_eq!((unknown.field.as_str(), unknown.code.as_str()), ("a.b", "unknown_field"));
}

#[test]
fn what_a_field_is_can_be_asked_without_taking_it() {
    for (value, is_null, is_text) in [
        ("null", true, false),
        ("\"null\"", false, true),
        ("\"\"", false, true),
        ("0", false, false),
        ("{}", false, false),
    ] {
        let object = parsed(&format!("{{\"f\":{value}}}"));
        assert_eq!((object.has("f"), object.is_null("f"), object.is_text("f")), (true, is_null, is_text), "{value}");
        assert_eq!((object.has("g"), object.is_null("g"), object.is_text("g")), (false, false, false));
    }
}

fn nested(depth: usize) -> String {
    (1..depth).fold("{}".to_owned(), |inner, level| {
        // By turns, so that both kinds of brackets count.
        if level % 2 == 0 { format!("[{inner}]") } else { format!("{{\"a\":{inner}}}") }
    })
}

#[test]
fn sixteen_levels_are_read_and_seventeen_are_not() {
    for levels in 1..=40 {
        // An object around it is one level more.
        for (body, depth) in [
            (format!("{{\"f\":{}}}", nested(levels)), levels + 1),
            (format!("{{\"f\":{}{}}}", "[".repeat(levels), "]".repeat(levels)), levels + 1),
            // What stands in a string opens nothing and closes nothing.
            (format!("{{\"s\":\"[[{{\\\"]]}}}}\\\\\",\"f\":{}}}", nested(levels)), levels + 1),
            (format!("{{\"s\":\"]]}}}}\",\"f\":{},\"t\":\"[[{{{{\"}}", nested(levels)), levels + 1),
            // What was closed before does not count.
            (format!("{{\"e\":[{}],\"f\":{}}}", vec!["{}"; levels].join(","), nested(levels)), levels + 1),
        ] {
            let read = code(Object::parse(body.as_bytes()));
            assert_eq!(read, if depth > 16 { "malformed_json" } else { "read" }, "{depth} levels: {body}");
        }
    }
    let quoted = format!("{{\"f\":{}}}", json!("[{\"\\".repeat(50)));
    assert_eq!(parsed(&quoted).required_text("f"), Ok("[{\"\\".repeat(50)));
}

proptest! {
    /// Whatever a text holds, it is read as it was written: no bracket or quote in it is taken for the body's own.
    #[test]
    fn every_text_is_read_as_it_was_written(text in "[\\[\\]{}\"\\\\a]{0,60}|\\PC{0,40}") {
        let body = json!({ "f": text, "last": [{}] }).to_string();
        let mut object = parsed(&body);
        prop_assert_eq!(object.required_text("f"), Ok(text));
        prop_assert_eq!(object.list("last", 1).map(|list| list.len()), Ok(1));
    }

    /// Of a whole number of any size, the digits before the point are what is read.
    #[test]
    fn every_whole_number_is_read_exactly(number: i64, zeros in 0..4_usize) {
        let point = if zeros == 0 { String::new() } else { format!(".{}", "0".repeat(zeros)) };
        let mut object = parsed(&format!("{{\"f\":{number}{point}}}"));
        prop_assert_eq!(object.integer::<i64>("f"), Ok(Some(number)));
    }
}

#[test]
fn what_is_not_one_object_is_malformed() {
    let deep = format!("{}{}", "{\"a\":".repeat(10_000), "1");
    for body in
        ["", "null", "[]", "\"x\"", "1", "{", "{}{}", "{} x", "\u{feff}{}", "{\"a\":NaN}", "{\"a\":1,}", deep.as_str()]
    {
        assert_eq!(code(Object::parse(body.as_bytes())), "malformed_json", "{body:.40}");
    }
    for bytes in [
        &b"\xff{}"[..],
        b"{\0}",
        b"{\"a\":\"\0\"}",
        "{}".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>().as_slice(),
    ] {
        assert_eq!(code(Object::parse(bytes)), "malformed_json", "{bytes:?}");
    }
}

#[test]
fn a_field_twice_is_refused_on_every_level() {
    let top = Object::parse(br#"{"amount":1,"amount":2}"#).unwrap_err();
    assert_eq!((top.code.as_str(), top.field.as_str()), ("duplicate_field", "amount"));
    let mut outer = Object::parse(br#"{"schedules":[{"name":"a","name":"b"}]}"#).unwrap();
    assert_eq!(outer.list("schedules", 100).unwrap_err().field, "schedules[0].name");
}

#[test]
fn numbers_are_read_as_written() {
    let mut object = Object::parse(br#"{"a":8900.0,"b":1e3,"c":"8900","d":9007199254740993,"e":3.0,"f":3.5}"#).unwrap();
    assert_eq!(object.number("a"), Ok(Some("8900.0".to_owned())));
    assert_eq!(object.number("b"), Ok(Some("1e3".to_owned())));
    assert_eq!(code(object.number("c")), "c_invalid");
    assert_eq!(object.number("d"), Ok(Some("9007199254740993".to_owned())));
    assert_eq!(object.integer::<u32>("e"), Ok(Some(3)));
    assert_eq!(code(object.integer::<u32>("f")), "f_invalid");
}

#[test]
fn an_unknown_field_is_named_unless_its_name_is_a_value() {
    let unknown = |body: &str| Object::parse(body.as_bytes()).unwrap().finish().unwrap_err();
    assert_eq!(unknown(r#"{"notice_url":"x"}"#).field, "notice_url");
    for body in [r#"{"4242424242424242":1}"#, "{\"<script>\":1}"] {
        assert!(!unknown(body).field.contains("42") && !unknown(body).field.contains('<'));
    }
}

#[test]
fn the_seeds_spellings_are_accepted_but_not_beside_the_real_ones() {
    let mut object = Object::parse(br#"{"carf_quota":3}"#).unwrap();
    object.alias("carf_quota", "card_quota").unwrap();
    assert_eq!(object.integer::<u32>("card_quota"), Ok(Some(3)));
    let mut both = Object::parse(br#"{"carf_quota":3,"card_quota":3}"#).unwrap();
    assert_eq!(code(both.alias("carf_quota", "card_quota")), "duplicate_field");
}

#[test]
fn wrong_types_are_named_without_their_values() {
    let mut object = Object::parse(br#"{"card_number":4242424242424242,"flag":"canary"}"#).unwrap();
    for invalid in [object.text("card_number").unwrap_err(), object.flag("flag").unwrap_err()] {
        assert_eq!(invalid.code, "field_type");
        assert!(!format!("{invalid:?}").contains("4242") && !format!("{invalid:?}").contains("canary"));
    }
}
