//! Key specifications and policies as a server's COMMAND tells them, and as the table writes them.

use crate::support::raw::Value;
use redisclient::command::{Access, Begin, Find, RequestPolicy, ResponsePolicy, Spec};

/// The specifications of a row; none where the server is older than they are.
pub fn specs(told: Option<&Value>) -> Vec<Spec> {
    told.map_or(&[][..], Value::items)
        .iter()
        .map(spec)
        .collect()
}

fn spec(told: &Value) -> Spec {
    let words = field(told, "flags").items().iter().map(Value::text);
    let access = words.fold(Access::NONE, |access, word| {
        let known = Access::of_word(&word);
        access.union(known.unwrap_or_else(|| panic!("access {word} is not known")))
    });
    let [begin, find] = ["begin_search", "find_keys"].map(|part| field(told, part));
    Spec {
        begin: begin_of(begin),
        find: find_of(find),
        access,
    }
}

fn begin_of(told: &Value) -> Begin {
    let spec = field(told, "spec");
    match &*field(told, "type").text() {
        "index" => Begin::At(number(spec, "index")),
        "keyword" => {
            let word = field(spec, "keyword").text();
            Begin::After(word.leak(), number(spec, "startfrom"))
        }
        "unknown" => Begin::Unknown,
        other => panic!("begin_search of type {other} is not known"),
    }
}

fn find_of(told: &Value) -> Find {
    let spec = field(told, "spec");
    match &*field(told, "type").text() {
        "range" => Find::Range {
            last: number(spec, "lastkey"),
            step: number(spec, "keystep"),
            limit: number(spec, "limit"),
        },
        "keynum" => Find::Count {
            at: number(spec, "keynumidx"),
            first: number(spec, "firstkey"),
            step: number(spec, "keystep"),
        },
        "unknown" => Find::Unknown,
        other => panic!("find_keys of type {other} is not known"),
    }
}

/// The value behind a name in a flattened map.
fn field<'a>(map: &'a Value, name: &str) -> &'a Value {
    let mut pairs = map.items().chunks(2);
    let found = pairs.find(|pair| pair[0].text() == name);
    found.map_or_else(|| panic!("no {name} in {map:?}"), |pair| &pair[1])
}

fn number<T: TryFrom<i64>>(map: &Value, name: &str) -> T {
    match field(map, name) {
        Value::Integer(number) => {
            let small = T::try_from(*number).ok();
            small.unwrap_or_else(|| panic!("{name} {number} is too large for the table"))
        }
        other => panic!("not a number: {other:?}"),
    }
}

/// The places where two servers look for keys must be the same; the use is what either says.
/// Answers where they say different things of it.
pub fn merge(a: &mut [Spec], b: &[Spec], whose: &str) -> Vec<(String, String)> {
    assert_eq!(
        places(a),
        places(b),
        "the servers find the keys of {whose} differently"
    );
    let mut different = Vec::new();
    for (a, b) in a.iter_mut().zip(b) {
        if a.access != b.access {
            different.push((render_access(a.access), render_access(b.access)));
        }
        a.access = a.access.union(b.access);
    }
    different
}

/// Where specifications look, without what the call does there.
pub fn places(specs: &[Spec]) -> Vec<(Begin, Find)> {
    specs.iter().map(|spec| (spec.begin, spec.find)).collect()
}

/// `[key(1, RO_ACCESS)]`
pub fn render_specs(specs: &[Spec]) -> String {
    let texts: Vec<String> = specs.iter().map(render_spec).collect();
    format!("&[{}]", texts.join(", "))
}

fn render_spec(spec: &Spec) -> String {
    let access = render_access(spec.access);
    match (spec.begin, spec.find) {
        (
            Begin::At(at),
            Find::Range {
                last: 0,
                step: 1,
                limit: 0,
            },
        ) => format!("key({at}, {access})"),
        (
            Begin::At(at),
            Find::Range {
                last,
                step,
                limit: 0,
            },
        ) => {
            format!("range({at}, {last}, {step}, {access})")
        }
        (
            Begin::At(at),
            Find::Count {
                at: 0,
                first: 1,
                step,
            },
        ) => {
            format!("counted({at}, {step}, {access})")
        }
        (
            Begin::After(word, from),
            Find::Range {
                last,
                step: 1,
                limit,
            },
        ) => {
            format!("after({word:?}, {from}, {last}, {limit}, {access})")
        }
        (Begin::Unknown, Find::Unknown) => format!("unknown({access})"),
        other => panic!("src/command/spec.rs needs a function for {other:?}"),
    }
}

/// `RO_ACCESS`, a name that the table's head gives to what it is made of.
pub fn render_access(access: Access) -> String {
    let words: Vec<String> = access.words().map(str::to_uppercase).collect();
    words.join("_").replace("VARIABLE_FLAGS", "VARIABLE")
}

/// `const RO_ACCESS: Access = Access::RO.union(Access::ACCESS);`
pub fn render_constant(access: Access) -> String {
    let words = access.words().map(|word| match word {
        "variable_flags" => "Access::VARIABLE".to_owned(),
        other => format!("Access::{}", other.to_uppercase()),
    });
    let sum = words.reduce(|sum, word| format!("{sum}.union({word})"));
    let name = render_access(access);
    let line = format!("const {name}: Access = {};\n", sum.unwrap_or_default());
    match line.len() > 100 {
        true => format!("#[rustfmt::skip]\n{line}"),
        false => line,
    }
}

/// `.policies(To::AllShards, As::Sum)`, or nothing where both are the defaults.
pub fn render_policies(keyed: bool, request: RequestPolicy, response: ResponsePolicy) -> String {
    let defaults = (
        RequestPolicy::default_for(keyed),
        ResponsePolicy::default_for(keyed),
    );
    if (request, response) == defaults {
        return String::new();
    }
    format!(".policies(To::{request:?}, As::{response:?})")
}
