//! What expressions read from the context object, so that no more of it is built than they read.

use super::compile::Language;

/// A set of members of the context object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContextUse(u16);

/// A member of the context object that can be read by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Member {
    ExecutionId = 1 << 0,
    ExecutionInput = 1 << 1,
    ExecutionStartTime = 1 << 2,
    ExecutionName = 1 << 3,
    ExecutionRoleArn = 1 << 4,
    ExecutionRedriveCount = 1 << 5,
    StateMachine = 1 << 6,
    StateName = 1 << 7,
    StateEnteredTime = 1 << 8,
    StateRetryCount = 1 << 9,
    Map = 1 << 10,
    Task = 1 << 11,
}

/// How a path names each member, after `$$.` or `$states.context.`.
const MEMBERS: [(&str, Member); 12] = [
    ("Execution.Id", Member::ExecutionId),
    ("Execution.Input", Member::ExecutionInput),
    ("Execution.StartTime", Member::ExecutionStartTime),
    ("Execution.Name", Member::ExecutionName),
    ("Execution.RoleArn", Member::ExecutionRoleArn),
    ("Execution.RedriveCount", Member::ExecutionRedriveCount),
    ("StateMachine", Member::StateMachine),
    ("State.Name", Member::StateName),
    ("State.EnteredTime", Member::StateEnteredTime),
    ("State.RetryCount", Member::StateRetryCount),
    ("Map", Member::Map),
    ("Task", Member::Task),
];

impl ContextUse {
    pub(crate) const NOTHING: ContextUse = ContextUse(0);
    const EVERYTHING: ContextUse = ContextUse(u16::MAX);

    /// What the expressions in a text read. A text that only looks like an expression costs nothing but the building
    /// of what nobody reads; one that reads a member in an unusual way gets everything.
    pub(super) fn of(text: &str, language: Language) -> ContextUse {
        match language {
            Language::JsonPath => ContextUse::after("$$", text),
            Language::Jsonata => {
                let known = [
                    "$states.input",
                    "$states.result",
                    "$states.errorOutput",
                    "$states.context",
                ];
                let rest = known
                    .iter()
                    .fold(text.to_owned(), |rest, known| rest.replace(known, ""));
                let whole = if rest.contains("$states") {
                    ContextUse::EVERYTHING
                } else {
                    ContextUse::NOTHING
                };
                whole.and(ContextUse::after("$states.context", text))
            }
        }
    }

    /// What is read after each occurrence of the context object's name.
    fn after(context: &str, text: &str) -> ContextUse {
        text.split(context)
            .skip(1)
            .map(ContextUse::member)
            .fold(ContextUse::NOTHING, ContextUse::and)
    }

    fn member(path: &str) -> ContextUse {
        let found = path.strip_prefix('.').and_then(|path| {
            MEMBERS.iter().find(|(name, _)| {
                let ends =
                    |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
                path.strip_prefix(name).is_some_and(ends)
            })
        });
        found.map_or(ContextUse::EVERYTHING, |(_, member)| ContextUse(*member as u16))
    }

    #[must_use]
    pub(crate) fn and(self, other: ContextUse) -> ContextUse {
        ContextUse(self.0 | other.0)
    }

    pub(crate) fn reads(self, member: Member) -> bool {
        self.0 & member as u16 != 0
    }

    pub(crate) fn reads_any(self) -> bool {
        self != ContextUse::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_the_member_that_it_names() {
        let reads = |text: &str| {
            let found = ContextUse::of(text, Language::JsonPath);
            MEMBERS
                .iter()
                .filter(|(_, member)| found.reads(*member))
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
        };
        assert_eq!(reads("$.Execution.Id"), [""; 0]);
        assert_eq!(reads("$$.Execution.Id"), ["Execution.Id"]);
        assert_eq!(
            reads("States.Format('{}{}', $$.State.Name, $$.Map.Item.Value)"),
            ["State.Name", "Map"]
        );
        assert_eq!(reads("$$.StateMachine.Id"), ["StateMachine"]);
        for whole in [
            "$$",
            "$$.Execution",
            "$$['Execution']",
            "$$..Id",
            "$$.*",
            "$$.Execution.Identity",
        ] {
            assert_eq!(reads(whole).len(), MEMBERS.len(), "{whole}");
        }
    }

    #[test]
    fn a_jsonata_expression_reads_the_context_unless_it_asks_for_something_else() {
        let of = |text| ContextUse::of(text, Language::Jsonata);
        assert_eq!(
            of("{% $states.input.a + $states.result.b %}"),
            ContextUse::NOTHING
        );
        assert_eq!(
            of("{% $states.context.Execution.Id %}"),
            ContextUse(Member::ExecutionId as u16)
        );
        assert_eq!(of("{% $states %}"), ContextUse::EVERYTHING);
        assert_eq!(of("{% $states.context %}"), ContextUse::EVERYTHING);
    }
}
