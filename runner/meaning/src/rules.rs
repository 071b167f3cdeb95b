//! The rules that keep a plugin within what it may do, by name.
//!
//! Every one holds, always. That a test can leave one out is how it shows that this rule, and nothing
//! else, stops what it is there to stop.

/// A rule. Its documentation says what it keeps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A call is judged, recorded, shown and sent in one spelling: product, version, action, region, JSON.
    Canonical,
    /// Parameters that every API takes (whose account, which token) are the host's to set.
    CommonParameters,
    /// A change that no contract knows asks a person.
    UnknownAsks,
    /// Plain HTTP does not reach the cloud's own APIs.
    CloudByHttp,
    /// What gives out keys is not called, whatever product it is called of.
    KeysRefused,
    /// Fields of an answer that look like credentials are hidden, whoever answers.
    KeysHidden,
    /// An empty text is no secret.
    EmptySecrets,
    /// What stands for a secret cannot be computed.
    RandomPlaceholders,
    /// A guest sends the secrets that its step was given, and no others.
    OwnSecrets,
    /// A secret goes only into what the contracts or the manifest say holds one.
    SecretPlaces,
    /// A secret in any other text becomes a mark that brings nothing back.
    InertMarks,
    /// A number of an answer stays a number, whatever secret it equals.
    NumbersStay,
    /// How big, how many and how deep a component may be, before it is compiled.
    ComponentShape,
    /// Compiling is bounded in time and memory, outside the host.
    CompileApart,
    /// How long a text that a guest hands over may be.
    TextLengths,
    /// How long a wait may be.
    WaitLengths,
    /// What is read is a plain file of bounded size.
    PlainFiles,
    /// What a terminal would act on is shown, not acted on.
    Terminal,
    /// A manifest's kind and its permissions agree.
    Claims,
    /// A component has one manifest.
    OneManifest,
    /// What a plugin may do is what a person accepted, and the plugin is that one.
    Lock,
    /// A plugin that ships is not replaced unasked by another of its name.
    ShippedFirst,
    /// A guest does not speak with the host's codes.
    HostCodes,
    /// A change is taken back by what takes it back, or a person is asked.
    Reverses,
    /// An own undo destroys unasked only what its step made.
    OwnUndo,
    /// Compiled code that is kept is the host's own.
    KeptCode,
    /// Other users read and write nothing.
    Modes,
    /// A child sees nothing of the host's environment.
    CleanEnvironment,
}

/// Which rules hold, a bit a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules(u64);

impl Rule {
    /// Every rule with its name.
    pub const ALL: [(Self, &'static str); 28] = [
        (Self::Canonical, "canonical"),
        (Self::CommonParameters, "common-parameters"),
        (Self::UnknownAsks, "unknown-asks"),
        (Self::CloudByHttp, "cloud-by-http"),
        (Self::KeysRefused, "keys-refused"),
        (Self::KeysHidden, "keys-hidden"),
        (Self::EmptySecrets, "empty-secrets"),
        (Self::RandomPlaceholders, "random-placeholders"),
        (Self::OwnSecrets, "own-secrets"),
        (Self::SecretPlaces, "secret-places"),
        (Self::InertMarks, "inert-marks"),
        (Self::NumbersStay, "numbers-stay"),
        (Self::ComponentShape, "component-shape"),
        (Self::CompileApart, "compile-apart"),
        (Self::TextLengths, "text-lengths"),
        (Self::WaitLengths, "wait-lengths"),
        (Self::PlainFiles, "plain-files"),
        (Self::Terminal, "terminal"),
        (Self::Claims, "claims"),
        (Self::OneManifest, "one-manifest"),
        (Self::Lock, "lock"),
        (Self::ShippedFirst, "shipped-first"),
        (Self::HostCodes, "host-codes"),
        (Self::Reverses, "reverses"),
        (Self::OwnUndo, "own-undo"),
        (Self::KeptCode, "kept-code"),
        (Self::Modes, "modes"),
        (Self::CleanEnvironment, "clean-environment"),
    ];

    /// The rule with this name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, own)| *own == name).map(|(rule, _)| *rule)
    }

    fn bit(self) -> u64 {
        1 << self as u64
    }
}

impl Rules {
    /// Every rule holds.
    pub const ALL: Self = Self(u64::MAX);

    /// The same without one.
    #[must_use]
    pub fn without(self, rule: Rule) -> Self {
        Self(self.0 & !rule.bit())
    }

    /// Whether a rule holds.
    pub fn hold(self, rule: Rule) -> bool {
        self.0 & rule.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_can_be_left_out_alone() {
        for (rule, name) in Rule::ALL {
            assert_eq!(Rule::named(name), Some(rule));
            let rules = Rules::ALL.without(rule);
            for (other, _) in Rule::ALL {
                assert_eq!(rules.hold(other), other != rule);
            }
        }
    }
}
