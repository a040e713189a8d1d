//! Where a server wants a command sent in a cluster, and how the replies become one.
//!
//! Both come from the tips of COMMAND. Without a tip a command with keys goes where they are, and
//! one without goes to any shard.

/// To which nodes a command goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPolicy {
    /// To the shard of its keys (or of its sharded channels); the default where there are any.
    Keyed,
    /// To any shard; the default where there are no keys.
    Keyless,
    /// To every node.
    AllNodes,
    /// To one node of every shard.
    AllShards,
    /// To each shard with the keys that are there.
    MultiShard,
    /// As the command's own documentation says.
    Special,
}

/// What becomes of several replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponsePolicy {
    /// Put together in the order of the keys; the default where there are any.
    Keyed,
    /// Put together in any order; the default where there are no keys.
    Keyless,
    /// The first that is no error; an error when all are.
    OneSucceeded,
    /// Any, when none is an error; else an error.
    AllSucceeded,
    /// The logical and of each item.
    LogicalAnd,
    /// The logical or of each item.
    LogicalOr,
    /// The least number.
    Min,
    /// The greatest number.
    Max,
    /// The sum.
    Sum,
    /// As the command's own documentation says.
    Special,
}

impl RequestPolicy {
    /// The policy where a server gives none.
    pub const fn default_for(keyed: bool) -> Self {
        if keyed { Self::Keyed } else { Self::Keyless }
    }

    /// What stands behind "request_policy:" in a tip; None when it is none of the known ones.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "all_nodes" => Self::AllNodes,
            "all_shards" => Self::AllShards,
            "multi_shard" => Self::MultiShard,
            "special" => Self::Special,
            _ => return None,
        })
    }
}

impl ResponsePolicy {
    /// The policy where a server gives none.
    pub const fn default_for(keyed: bool) -> Self {
        if keyed { Self::Keyed } else { Self::Keyless }
    }

    /// What stands behind "response_policy:" in a tip; None when it is none of the known ones.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "one_succeeded" => Self::OneSucceeded,
            "all_succeeded" => Self::AllSucceeded,
            "agg_logical_and" => Self::LogicalAnd,
            "agg_logical_or" => Self::LogicalOr,
            "agg_min" => Self::Min,
            "agg_max" => Self::Max,
            "agg_sum" => Self::Sum,
            "special" => Self::Special,
            _ => return None,
        })
    }
}

/// Both policies as the tips of a server's row say. What is not known is taken for special: it
/// asks for more than this library can do by itself.
pub fn policies_of_tips<'a>(
    keyed: bool,
    tips: impl Iterator<Item = &'a str>,
) -> (RequestPolicy, ResponsePolicy) {
    let mut request = RequestPolicy::default_for(keyed);
    let mut response = ResponsePolicy::default_for(keyed);
    for tip in tips {
        if let Some(word) = tip.strip_prefix("request_policy:") {
            request = RequestPolicy::of_word(word).unwrap_or(RequestPolicy::Special);
        } else if let Some(word) = tip.strip_prefix("response_policy:") {
            response = ResponsePolicy::of_word(word).unwrap_or(ResponsePolicy::Special);
        }
    }
    (request, response)
}

#[cfg(test)]
mod tests {
    use super::super::lookup;
    use super::*;

    #[test]
    fn the_table_has_the_policies_of_the_servers() {
        use RequestPolicy as To;
        use ResponsePolicy as As;
        for (line, expected) in [
            ("DBSIZE", (To::AllShards, As::Sum)),
            ("del a", (To::MultiShard, As::Sum)),
            ("MGET a", (To::MultiShard, As::Keyed)),
            ("MSET a 1", (To::MultiShard, As::AllSucceeded)),
            ("KEYS *", (To::AllShards, As::Keyless)),
            ("SCRIPT EXISTS x", (To::AllShards, As::LogicalAnd)),
            ("SCRIPT KILL", (To::AllShards, As::OneSucceeded)),
            ("CONFIG SET a b", (To::AllNodes, As::AllSucceeded)),
            ("SLOWLOG GET", (To::AllNodes, As::Keyless)),
            ("WAIT 1 0", (To::AllShards, As::Min)),
            ("SCAN 0", (To::Special, As::Special)),
            ("GET k", (To::Keyed, As::Keyed)),
            ("EVAL s 0", (To::Keyed, As::Keyed)),
            ("SPUBLISH c m", (To::Keyed, As::Keyed)),
            ("TIME", (To::Keyless, As::Keyless)),
            ("PUBLISH c m", (To::Keyless, As::Keyless)),
        ] {
            let args: Vec<&str> = line.split(' ').collect();
            let command = lookup(&args).unwrap();
            assert_eq!((command.request, command.response), expected, "{line}");
        }
    }

    #[test]
    fn tips_are_read_and_an_unknown_policy_is_special() {
        let tips = [
            "nondeterministic_output",
            "request_policy:all_shards",
            "response_policy:agg_max",
        ];
        let told = policies_of_tips(true, tips.into_iter());
        assert_eq!(told, (RequestPolicy::AllShards, ResponsePolicy::Max));
        let odd = ["request_policy:the_moon", "response_policy:agg_logical_or"];
        let told = policies_of_tips(false, odd.into_iter());
        assert_eq!(told, (RequestPolicy::Special, ResponsePolicy::LogicalOr));
        let none = policies_of_tips(false, std::iter::empty());
        assert_eq!(none, (RequestPolicy::Keyless, ResponsePolicy::Keyless));
    }
}
