//! What one reply may cost before it is refused.

/// Bounds on a single server reply; exceeding one is `Code::Limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Deepest nesting of aggregates.
    pub depth: usize,
    /// Most bytes on the wire.
    pub reply_bytes: usize,
    /// Most values, announced ones included.
    pub reply_items: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 128,
            reply_bytes: 1 << 30,
            reply_items: 16_777_216,
        }
    }
}
