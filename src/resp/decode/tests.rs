//! Every type of both protocols, in one piece and byte by byte, and what must be refused.

use super::*;
use crate::error::Code;
use crate::resp::Node;

fn show(reply: &Reply, node: &Node) -> String {
    let items = || {
        let shown: Vec<String> = node.items().iter().map(|item| show(reply, item)).collect();
        shown.join(" ")
    };
    let text = || String::from_utf8_lossy(node.text()).into_owned();
    let value = match node.kind() {
        Kind::Nil => "nil".to_owned(),
        Kind::Status => format!("+{}", text()),
        Kind::Error => format!("-{}", text()),
        Kind::Integer => node.integer().to_string(),
        Kind::String => format!("\"{}\"", text()),
        Kind::Double => format!("{:?}", node.number()),
        Kind::Boolean => format!("#{}", node.integer()),
        Kind::BigNumber => format!("({}", text()),
        Kind::Verbatim => format!("{}={}", String::from_utf8_lossy(node.format()), text()),
        Kind::Array => format!("[{}]", items()),
        Kind::Map => format!("{{{}}}", items()),
        Kind::Set => format!("~{}~", items()),
        Kind::Push => format!(">{}>", items()),
    };
    match reply.attributes(node) {
        Some(attributes) => format!("|{}|{value}", show(reply, attributes)),
        None => value,
    }
}

fn decode(bytes: &[u8], step: usize) -> Result<Vec<String>> {
    let mut decoder = Decoder::new(Limits::default());
    let mut all = Vec::new();
    for piece in bytes.chunks(step.max(1)) {
        decoder.feed(piece)?;
        while let Some(reply) = decoder.next_reply()? {
            all.push(show(&reply, &reply));
        }
    }
    assert!(decoder.is_idle(), "something is left of {bytes:?}");
    Ok(all)
}

#[test]
fn every_type_in_pieces_of_every_size() {
    let cases: &[(&str, &[&str])] = &[
        ("+OK\r\n", &["+OK"]),
        ("-ERR no\r\n", &["-ERR no"]),
        (":-42\r\n", &["-42"]),
        ("$5\r\na\r\nbc\r\n", &["\"a\r\nbc\""]),
        ("$0\r\n\r\n", &["\"\""]),
        ("$-1\r\n*-1\r\n_\r\n", &["nil", "nil", "nil"]),
        ("#t\r\n#f\r\n", &["#1", "#0"]),
        (",1.5\r\n,-inf\r\n,10\r\n", &["1.5", "-inf", "10.0"]),
        (
            "(-12345678901234567890123\r\n",
            &["(-12345678901234567890123"],
        ),
        ("!5\r\nERR x\r\n", &["-ERR x"]),
        ("=7\r\ntxt:abc\r\n", &["txt=abc"]),
        ("*0\r\n%0\r\n~0\r\n", &["[]", "{}", "~~"]),
        (
            "*3\r\n:1\r\n*2\r\n+a\r\n*0\r\n$1\r\nz\r\n",
            &["[1 [+a []] \"z\"]"],
        ),
        (
            "%2\r\n+a\r\n:1\r\n*1\r\n+k\r\n~1\r\n_\r\n",
            &["{+a 1 [+k] ~nil~}"],
        ),
        (">2\r\n+p\r\n:1\r\n+OK\r\n", &[">+p 1>", "+OK"]),
        (
            "*2\r\n:1\r\n>1\r\n*1\r\n$1\r\nx\r\n:2\r\n",
            &[">[\"x\"]>", "[1 2]"],
        ),
        ("*2\r\n*1\r\n-in\r\n-out\r\n", &["[[-in] -out]"]),
        ("$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n", &["\"Hello\""]),
        ("$?\r\n;0\r\n", &["\"\""]),
        ("*?\r\n:1\r\n*?\r\n.\r\n:2\r\n.\r\n", &["[1 [] 2]"]),
        (
            "%?\r\n+a\r\n:1\r\n.\r\n~?\r\n+x\r\n.\r\n",
            &["{+a 1}", "~+x~"],
        ),
        ("|1\r\n+ttl\r\n:9\r\n$1\r\nv\r\n", &["|{+ttl 9}|\"v\""]),
        (
            "*2\r\n:1\r\n|1\r\n+t\r\n*1\r\n:9\r\n*1\r\n:2\r\n",
            &["[1 |{+t [9]}|[2]]"],
        ),
        (
            "|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n:3\r\n",
            &["|{+a 1 +b 2}|3"],
        ),
        (
            "|1\r\n+a\r\n:1\r\n>1\r\n+p\r\n:3\r\n",
            &["|{+a 1}|>+p>", "3"],
        ),
    ];
    for (bytes, expected) in cases {
        for step in 1..=bytes.len() {
            let seen = decode(bytes.as_bytes(), step).unwrap();
            assert_eq!(&seen, expected, "{bytes:?} in steps of {step}");
        }
    }
}

#[test]
#[allow(unsafe_code)]
fn texts_end_with_a_nul_copied_or_shared() {
    for length in [0, 1, 100, 20_000, 3_000_000] {
        let mut decoder = Decoder::new(Limits::default());
        let value = vec![b'v'; length];
        decoder
            .feed(format!("*2\r\n${length}\r\n").as_bytes())
            .unwrap();
        decoder.feed(&value).unwrap();
        decoder.feed(b"\r\n+end\r\n").unwrap();
        let reply = decoder.next_reply().unwrap().unwrap();
        decoder.feed(b"+next\r\n").unwrap();
        let next = decoder.next_reply().unwrap().unwrap();
        assert_eq!(next.text(), b"next");
        for (item, expected) in reply.items().iter().zip([&value[..], b"end"]) {
            assert!(item.text() == expected);
            // SAFETY: a NUL is promised behind every text.
            assert_eq!(unsafe { *item.text().as_ptr().add(item.text().len()) }, 0);
        }
    }
}

fn code_of(bytes: &[u8]) -> Code {
    match decode(bytes, bytes.len()) {
        Err(error) => error.code(),
        Ok(seen) => panic!("{bytes:?} was taken for {seen:?}"),
    }
}

#[test]
fn hostile_lengths_are_refused_at_once() {
    for bytes in [
        "*4294967295\r\n",
        "*9223372036854775807\r\n",
        "%4611686018427387904\r\n",
        "|9223372036854775807\r\n",
        "~16777217\r\n",
        "*16777216\r\n*1\r\n",
        "$1073741825\r\n",
        "$9223372036854775807\r\n",
        "$?\r\n;9223372036854775807\r\n",
    ] {
        assert_eq!(code_of(bytes.as_bytes()), Code::Limit, "{bytes:?}");
    }
    assert_eq!(code_of("*1\r\n".repeat(129).as_bytes()), Code::Limit);
    assert!(Limits::default().depth == 128);
}

#[test]
fn broken_bytes_are_refused() {
    for bytes in [
        "x\r\n",
        ":12a\r\n",
        ":9223372036854775808\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "%-1\r\n",
        "$1\r\nabc",
        "#x\r\n",
        "#\r\n",
        "_x\r\n",
        ",x\r\n",
        "(1a\r\n",
        "(\r\n",
        "=3\r\ntxt\r\n",
        "=5\r\ntxtab\r\n",
        ".\r\n",
        ";1\r\na\r\n",
        "$?\r\n+a\r\n",
        "%?\r\n+a\r\n.\r\n",
        "*1\r\n.\r\n",
        "!?\r\n",
        "*?\r\n|1\r\n+a\r\n+b\r\n.\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "$99999999999999999999\r\n",
    ] {
        assert_eq!(code_of(bytes.as_bytes()), Code::Protocol, "{bytes:?}");
    }
}

#[test]
fn a_failure_is_final() {
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(b"?\r\n").unwrap();
    assert!(decoder.next_reply().is_err());
    decoder.feed(b"+OK\r\n").unwrap();
    assert!(decoder.next_reply().is_err());
}

#[test]
fn depth_to_the_limit_is_fine() {
    let nested = format!("{}:1\r\n", "*1\r\n".repeat(128));
    assert!(decode(nested.as_bytes(), 64).is_ok());
}

#[test]
fn a_batch_gathers_replies_and_lets_pushes_through() {
    let mut decoder = Decoder::new(Limits::default());
    decoder.begin_batch(3);
    decoder
        .feed(b"+a\r\n>1\r\n+p\r\n*1\r\n:1\r\n-E x\r\n+later\r\n")
        .unwrap();
    let push = decoder.next_reply().unwrap().unwrap();
    assert_eq!(show(&push, &push), ">+p>");
    let batch = decoder.next_reply().unwrap().unwrap();
    assert_eq!(show(&batch, &batch), "[+a [1] -E x]");
    let later = decoder.next_reply().unwrap().unwrap();
    assert_eq!(show(&later, &later), "+later");
}

#[test]
fn a_cut_batch_keeps_what_was_answered() {
    let mut decoder = Decoder::new(Limits::default());
    decoder.begin_batch(5);
    decoder.feed(b"+a\r\n*2\r\n+b\r\n*1\r\n").unwrap();
    assert!(decoder.next_reply().unwrap().is_none());
    assert_eq!(decoder.batch_left(), 4);
    let batch = decoder.end_batch(3, "UNKNOWN cut", "NOT_SENT cut").unwrap();
    assert_eq!(
        show(&batch, &batch),
        "[+a -UNKNOWN cut -UNKNOWN cut -NOT_SENT cut -NOT_SENT cut]"
    );
    assert!(batch.items()[4].is_local() && !batch.items()[0].is_local());
}

#[test]
fn random_bytes_never_panic() {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    const BYTES: &[u8] = b"+-:$*%~>|_#,(!=;.?0123456789\r\n\r\n\r\nab";
    for _ in 0..20_000 {
        let length = random() as usize % 60;
        let bytes: Vec<u8> = (0..length)
            .map(|_| BYTES[random() as usize % BYTES.len()])
            .collect();
        let mut whole = Decoder::new(Limits::default());
        whole.feed(&bytes).unwrap();
        let mut pieces = Decoder::new(Limits::default());
        let mut seen = Vec::new();
        for byte in &bytes {
            pieces.feed(&[*byte]).unwrap();
            while let Ok(Some(reply)) = pieces.next_reply() {
                seen.push(show(&reply, &reply));
            }
        }
        let mut expected = Vec::new();
        while let Ok(Some(reply)) = whole.next_reply() {
            expected.push(show(&reply, &reply));
        }
        assert_eq!(seen, expected, "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn further_attributes_join_the_first_with_all_that_is_in_them() {
    let bytes = "|1\r\n|1\r\n+x\r\n:1\r\n+a\r\n*1\r\n:5\r\n|1\r\n+b\r\n|0\r\n:2\r\n|0\r\n:3\r\n";
    for step in 1..=bytes.len() {
        let seen = decode(bytes.as_bytes(), step).unwrap();
        assert_eq!(seen, ["|{|{+x 1}|+a [5] +b |{}|2}|3"]);
    }
}

#[test]
fn many_sets_of_attributes_cost_no_more_than_their_bytes() {
    let mut bytes = "|1\r\n+a\r\n:1\r\n".repeat(50_000).into_bytes();
    bytes.extend_from_slice(b":3\r\n");
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(&bytes).unwrap();
    let reply = decoder.next_reply().unwrap().unwrap();
    assert_eq!(reply.attributes(&reply).unwrap().items().len(), 100_000);
}

#[test]
fn a_push_with_attributes_is_lifted_without_what_stands_before_it() {
    let before = "*3\r\n|1\r\n+o\r\n:0\r\n$1\r\nx\r\n";
    let push =
        "|1\r\n+a\r\n|1\r\n+in\r\n:1\r\n*1\r\n:2\r\n>2\r\n+p\r\n|1\r\n+b\r\n:3\r\n*1\r\n:4\r\n";
    let bytes = format!("{before}{push}{push}:5\r\n:6\r\n");
    for step in 1..=bytes.len() {
        let seen = decode(bytes.as_bytes(), step).unwrap();
        let lifted = "|{+a |{+in 1}|[2]}|>+p |{+b 3}|[4]>";
        assert_eq!(seen, [lifted, lifted, "[|{+o 0}|\"x\" 5 6]"]);
    }
}

#[test]
fn nesting_costs_no_call_stack() {
    let limits = Limits {
        depth: usize::MAX,
        ..Limits::default()
    };
    let mut decoder = Decoder::new(limits);
    decoder.feed("*1\r\n".repeat(500_000).as_bytes()).unwrap();
    decoder.feed(b":1\r\n").unwrap();
    let reply = decoder.next_reply().unwrap().unwrap();
    let mut node: &Node = &reply;
    let mut depth = 0;
    while let [item] = node.items() {
        node = item;
        depth += 1;
    }
    assert_eq!((depth, node.integer()), (500_000, 1));
}

#[test]
fn a_long_double_is_refused_however_it_is_cut() {
    let long = format!(",{}\r\n", "0".repeat(512));
    let longest = format!(",{}\r\n", "0".repeat(511));
    for step in [1, 100, 511, 512, 513, 514, 515] {
        assert!(decode(long.as_bytes(), step).is_err(), "steps of {step}");
        assert!(decode(longest.as_bytes(), step).is_ok(), "steps of {step}");
    }
}

#[test]
fn a_batch_may_begin_within_a_push() {
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(b">2\r\n+p\r\n").unwrap();
    assert!(decoder.next_reply().unwrap().is_none());
    assert!(decoder.is_in_push());
    decoder.begin_batch(2);
    decoder.feed(b"*1\r\n:1\r\n+a\r\n+b\r\n").unwrap();
    let push = decoder.next_reply().unwrap().unwrap();
    assert_eq!(show(&push, &push), ">+p [1]>");
    let batch = decoder.next_reply().unwrap().unwrap();
    assert_eq!(show(&batch, &batch), "[+a +b]");
    assert!(decoder.is_idle());
}

#[test]
fn pushes_between_the_replies_of_a_batch_have_limits_of_their_own() {
    let limits = Limits {
        reply_items: 2,
        reply_bytes: 16,
        ..Limits::default()
    };
    let mut decoder = Decoder::new(limits);
    decoder.begin_batch(2);
    for _ in 0..3 {
        decoder.feed(b">2\r\n+p\r\n+q\r\n*2\r\n").unwrap();
        assert!(decoder.next_reply().unwrap().is_some());
        assert!(decoder.next_reply().unwrap().is_none());
        decoder.feed(b":1\r\n:2\r\n").unwrap();
        if decoder.next_reply().unwrap().is_some() {
            return assert!(decoder.is_idle());
        }
    }
    panic!("the batch does not end");
}
