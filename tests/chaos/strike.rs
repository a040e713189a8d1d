//! One fault, from its beginning to its end.

use std::time::{Duration, Instant};

use crate::random::Random;
use crate::scene::Way;
use crate::support::{Fault, Server};
use crate::weather::{Weather, pause};

/// A fault of the network: it strikes a proxy.
pub fn proxy(way: &Way, weather: &Weather, random: &mut Random, stop: Instant) {
    let Way { name, part, proxy } = way;
    let time = random.millis(5, 300);
    let at = match random.chance(30) {
        true => 0,
        false => random.between(1, 700) as usize,
    };
    let (kind, fault) = match random.below(9) {
        0 => ("delay", Fault::Delay(random.millis(1, 60))),
        1 => ("chop", Fault::Chop(random.between(1, 7) as usize)),
        2 => (
            "drip",
            Fault::Drip(Duration::from_micros(random.between(100, 3000))),
        ),
        3 => ("stall", Fault::Stall(at)),
        4 => ("cut by FIN", Fault::Fin(at)),
        5 => ("cut by RST", Fault::Reset(at)),
        6 => ("swallow", Fault::Swallow(at)),
        7 => ("black hole", Fault::Swallow(0)),
        _ => ("refuse", Fault::None),
    };
    let both = kind == "black hole" || random.chance(20);
    let back = both || kind == "swallow" || random.chance(60);
    let forth = both || !back;
    let direction = match (back, forth) {
        (true, true) => "both ways",
        (true, false) => "answers",
        _ => "requests",
    };
    weather.during(
        (kind, Some(*part)),
        format!("{name}: {kind}, {fault:?}, {direction}"),
        || {
            let on = |struck| if struck { fault } else { Fault::None };
            proxy.set_anew(on(back), on(forth));
            proxy.refuse(kind == "refuse");
            pause(time, stop);
            proxy.set_anew(Fault::None, Fault::None);
            proxy.refuse(false);
        },
    );
}

/// A fault of a server, which strikes all parts.
pub fn server(
    (name, server): (&str, &Server),
    weather: &Weather,
    random: &mut Random,
    stop: Instant,
) {
    let time = random.millis(20, 400);
    let kind = *random.pick(&[
        "kill and restart",
        "stop and continue",
        "stop and continue",
        "pause clients",
        "pause clients",
        "kill clients",
    ]);
    let millis = time.as_millis().to_string();
    weather.during(
        (kind, None),
        format!("{name}: {kind}, {millis} ms"),
        || match kind {
            "kill and restart" => {
                server.kill();
                pause(time, stop);
                server.restart();
            }
            "stop and continue" => {
                server.pause();
                pause(time, stop);
                server.resume();
            }
            "pause clients" => {
                server.cli(&["CLIENT", "PAUSE", &millis, "ALL"]);
                pause(time, stop);
            }
            _ => {
                server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
                pause(time, stop);
            }
        },
    );
}
