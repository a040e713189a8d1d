//! Streams of replies, the same for the same seed: whole, cut short, damaged.

/// Makes one stream after the other.
pub struct Streams {
    state: u64,
}

/// A stream with attributes and pushes anywhere, and what is left of it for a reader that knows
/// neither attributes nor pushes inside replies.
#[derive(Default)]
pub struct Twins {
    pub full: Vec<u8>,
    pub plain: Vec<u8>,
}

/// Most levels of aggregates; damage makes more.
const DEPTH: usize = 4;
/// Bytes that damage puts in.
const ODD: &[u8] = b"+-:$*%~>|_#,(=!;.?0123456789tfTFei \r\n\r\n\0\xff";
/// Numbers that damage puts in the place of others.
const NUMBERS: [&str; 14] = [
    "-1",
    "0",
    "1",
    "2",
    "3",
    "00",
    "+2",
    "-0",
    "-2",
    "?",
    "16777217",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999",
];
const DOUBLES: [&str; 12] = [
    "1.5", "-0", "10", "1e3", "-1.25E-7", "inf", "-inf", "nan", "-nan", "INF", "0.1", ".5",
];

impl Streams {
    /// Streams that follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed | 1 }
    }

    /// A stream: as a server sends it, cut short, or damaged.
    pub fn any(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..1 + self.below(3) {
            self.value(&mut bytes, DEPTH);
        }
        match self.below(10) {
            0..4 => {}
            4..6 => bytes.truncate(self.below(bytes.len())),
            _ => {
                for _ in 0..1 + self.below(3) {
                    self.damage(&mut bytes);
                }
            }
        }
        bytes
    }

    /// A whole stream and its plain twin.
    pub fn with_twin(&mut self) -> Twins {
        let mut all = Twins::default();
        for _ in 0..1 + self.below(3) {
            let mut one = Twins::default();
            self.twin(&mut one, &mut all.plain, DEPTH);
            all.full.extend(one.full);
            all.plain.extend(one.plain);
        }
        all
    }

    /// A value with what may stand before it; pushes go to `lifted` in the plain twin.
    fn twin(&mut self, out: &mut Twins, lifted: &mut Vec<u8>, depth: usize) {
        match self.below(6) {
            0 => {
                let mut push = Vec::new();
                self.aggregate(&mut push, b'>', 1);
                out.full.extend_from_slice(&push);
                lifted.extend_from_slice(&push);
            }
            1 | 2 => self.aggregate(&mut out.full, b'|', depth.clamp(1, 2)),
            _ => {}
        }
        if depth == 0 || self.below(2) == 0 {
            let mut scalar = Vec::new();
            self.scalar(&mut scalar);
            out.full.extend_from_slice(&scalar);
            return out.plain.extend(scalar);
        }
        let marker = self.one_of(b"*%~");
        let count = self.below(4);
        let head = format!("{}{count}\r\n", char::from(marker));
        out.full.extend_from_slice(head.as_bytes());
        out.plain.extend_from_slice(head.as_bytes());
        for _ in 0..items(marker, count) {
            self.twin(out, lifted, depth - 1);
        }
    }

    fn value(&mut self, out: &mut Vec<u8>, depth: usize) {
        if depth > 0 && self.below(5) < 2 {
            let marker = match depth {
                DEPTH => self.one_of(b"**%~>"),
                _ => self.one_of(b"**%~"),
            };
            return self.aggregate(out, marker, depth);
        }
        self.scalar(out);
    }

    fn aggregate(&mut self, out: &mut Vec<u8>, marker: u8, depth: usize) {
        let count = self.below(5);
        out.extend_from_slice(format!("{}{count}\r\n", char::from(marker)).as_bytes());
        for _ in 0..items(marker, count) {
            self.value(out, depth - 1);
        }
    }

    fn scalar(&mut self, out: &mut Vec<u8>) {
        match self.below(12) {
            0 => line(out, b'+', &self.word()),
            1 => line(out, b'-', &format!("ERR {}", self.word())),
            2 | 3 => {
                let number = self.number().to_string();
                line(out, b':', &number);
            }
            4..7 => {
                let text = self.text();
                line(out, b'$', &text.len().to_string());
                out.extend_from_slice(&text);
                out.extend_from_slice(b"\r\n");
            }
            7 => {
                let null = [&b"$-1\r\n"[..], b"*-1\r\n", b"_\r\n"][self.below(3)];
                out.extend_from_slice(null);
            }
            8 => {
                let value = ["t", "f"][self.below(2)];
                line(out, b'#', value);
            }
            9 => {
                let double = DOUBLES[self.below(DOUBLES.len())];
                line(out, b',', double);
            }
            10 => line(out, b'(', &format!("{}{:030}", self.number(), self.next())),
            _ => {
                let text = format!("txt:{}", self.word());
                line(out, b'=', &text.len().to_string());
                line(out, text.as_bytes()[0], &text[1..]);
            }
        }
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let at = self.below(bytes.len());
        match self.below(6) {
            0 => bytes[at] = self.one_of(ODD),
            1 => bytes.insert(at, self.one_of(ODD)),
            2 => {
                let end = bytes.len().min(at + 1 + self.below(4));
                bytes.drain(at..end);
            }
            3 => {
                let end = bytes.len().min(at + 1 + self.below(12));
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            4 => self.change_number(bytes, at),
            _ => bytes[at] ^= 1 << self.below(8),
        }
    }

    /// Puts another number in the place of the first one behind `at`.
    fn change_number(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let digit = |byte: &u8| byte.is_ascii_digit();
        let Some(start) = bytes[at..].iter().position(digit).map(|found| at + found) else {
            return;
        };
        let length = bytes[start..].iter().take_while(|byte| digit(byte)).count();
        let number = NUMBERS[self.below(NUMBERS.len())];
        bytes.splice(start..start + length, number.bytes());
    }

    fn word(&mut self) -> String {
        let length = self.below(8);
        (0..length)
            .map(|_| char::from(b'a' + self.below(26) as u8))
            .collect()
    }

    /// Any bytes, in a few cases more than a reader takes in at once.
    fn text(&mut self) -> Vec<u8> {
        let length = match self.below(200) {
            0 => 1000 + self.below(20_000),
            _ => self.below(12),
        };
        (0..length).map(|_| self.next() as u8).collect()
    }

    fn number(&mut self) -> i64 {
        match self.below(4) {
            0 => self.next() as i64,
            1 => [i64::MIN, i64::MAX, 0, -1][self.below(4)],
            _ => self.below(1000) as i64 - 500,
        }
    }

    fn one_of(&mut self, bytes: &[u8]) -> u8 {
        bytes[self.below(bytes.len())]
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// xorshift64*, good enough to vary tests.
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }
}

fn items(marker: u8, count: usize) -> usize {
    match marker {
        b'%' | b'|' => 2 * count,
        _ => count,
    }
}

fn line(out: &mut Vec<u8>, marker: u8, text: &str) {
    out.push(marker);
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}
