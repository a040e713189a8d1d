//! Faults that the chaos suite switches on to prove that it would see them.
//!
//! They are there only with the feature `planted-faults`, which no shipped library has; the
//! environment variable REDISCLIENT_PLANTED then names the one that is on.

#[cfg(all(feature = "planted-faults", not(debug_assertions)))]
compile_error!("the feature planted-faults is for tests only: it breaks the library");

/// A fault of the library, for the proof that its tests can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A connection that owes a reply goes back to the pool.
    LateReply,
    /// A write that may have run is sent again.
    ReplayedWrite,
    /// A caller in the queue is not woken.
    LostWakeUp,
    /// What was given up on a shared connection is forgotten: its reply goes to the next caller.
    ForgottenReply,
    /// Callers of a shared connection whose replies have come are not woken.
    LostFollower,
    /// The consumer of a completion queue is not woken.
    LostCompletion,
}

impl Planted {
    /// Whether it is on.
    #[cfg(feature = "planted-faults")]
    pub fn is_on(self) -> bool {
        let name = match self {
            Self::LateReply => "late-reply",
            Self::ReplayedWrite => "replayed-write",
            Self::LostWakeUp => "lost-wake-up",
            Self::ForgottenReply => "forgotten-reply",
            Self::LostFollower => "lost-follower",
            Self::LostCompletion => "lost-completion",
        };
        std::env::var_os("REDISCLIENT_PLANTED").is_some_and(|named| named == name)
    }

    /// Never.
    #[cfg(not(feature = "planted-faults"))]
    #[inline(always)]
    pub const fn is_on(self) -> bool {
        false
    }
}
