//! Conditions: what is true of the parameters.

use super::{Failed, Resolver};
use crate::fault::{Position, Problem};
use crate::intrinsic::Intrinsic;
use crate::yaml::{Node, Value, pointer_to};

impl Resolver<'_> {
    /// Whether the condition that `node` names holds.
    pub fn condition_named(&self, node: &Node, pointer: &str) -> Result<bool, Failed> {
        let Value::Scalar(name) = &node.value else {
            let problem = Problem::WrongShape {
                expected: "the name of a condition",
                found: node.shape(),
            };
            return self.fail(node.position, pointer, problem);
        };
        let name = name.text.as_str();
        if let Some(known) = self.known_conditions.borrow().get(name) {
            return Ok(*known);
        }
        let Some(definition) = self.conditions.get(name) else {
            return self.fail(
                node.position,
                pointer,
                Problem::UnknownCondition {
                    name: name.to_owned(),
                },
            );
        };
        let at = pointer_to("/Conditions", name);
        let holds = self.guarded(&at, node.position, pointer, || self.condition(definition, &at))?;
        self.known_conditions.borrow_mut().insert(name.to_owned(), holds);
        Ok(holds)
    }

    /// Reports what is wrong with conditions that nothing uses, too.
    pub fn check_conditions(&self) {
        for (name, node) in &self.conditions {
            let at = pointer_to("/Conditions", name);
            // What is wrong is in the report; there is nobody here to use the value.
            let _ = self.condition_named(&Node::text(node.position, *name), &at);
        }
    }

    fn condition(&self, node: &Node, pointer: &str) -> Result<bool, Failed> {
        let call = match &node.value {
            Value::Call(function, argument) => Some((*function, &**argument)),
            // `{Condition: Name}` is the long form of `!Condition Name`.
            Value::Map(entries) => match entries.as_slice() {
                [only] if only.key == "Condition" => Some((Intrinsic::Condition, &only.value)),
                _ => None,
            },
            Value::Scalar(_) | Value::List(_) => None,
        };
        match call {
            Some((Intrinsic::Condition, name)) => self.condition_named(name, pointer),
            Some((Intrinsic::Equals, argument)) => self.equals(argument, pointer),
            Some((Intrinsic::Not, argument)) => {
                let operands = self.operands(Intrinsic::Not, argument, pointer, 1..=1)?;
                Ok(!operands.contains(&true))
            }
            Some((Intrinsic::And, argument)) => Ok(self
                .operands(Intrinsic::And, argument, pointer, 2..=10)?
                .iter()
                .all(|holds| *holds)),
            Some((Intrinsic::Or, argument)) => Ok(self
                .operands(Intrinsic::Or, argument, pointer, 2..=10)?
                .contains(&true)),
            _ => {
                let expected = "a condition: !Equals, !Not, !And, !Or or !Condition";
                self.fail(
                    node.position,
                    pointer,
                    Problem::WrongShape {
                        expected,
                        found: node.shape(),
                    },
                )
            }
        }
    }

    fn equals(&self, argument: &Node, pointer: &str) -> Result<bool, Failed> {
        let Value::List(sides) = &argument.value else {
            return self.two_values(argument.position, pointer);
        };
        let [left, right] = sides.as_slice() else {
            return self.two_values(argument.position, pointer);
        };
        let left = self.text(left, &pointer_to(pointer, "0"));
        let right = self.text(right, &pointer_to(pointer, "1"));
        Ok(left? == right?)
    }

    fn two_values(&self, position: Position, pointer: &str) -> Result<bool, Failed> {
        let problem = Problem::BadArguments {
            function: "Fn::Equals",
            expected: "a list of two values",
        };
        self.fail(position, pointer, problem)
    }

    fn operands(
        &self,
        function: Intrinsic,
        argument: &Node,
        pointer: &str,
        count: std::ops::RangeInclusive<usize>,
    ) -> Result<Vec<bool>, Failed> {
        match &argument.value {
            Value::List(operands) if count.contains(&operands.len()) => {
                let operands = operands.iter().enumerate();
                let operands: Vec<_> = operands
                    .map(|(at, operand)| self.condition(operand, &format!("{pointer}/{at}")))
                    .collect();
                operands.into_iter().collect()
            }
            Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Call(..) => {
                let expected = if *count.end() == 1 {
                    "a list of one condition"
                } else {
                    "a list of 2 to 10 conditions"
                };
                let problem = Problem::BadArguments {
                    function: function.name(),
                    expected,
                };
                self.fail(argument.position, pointer, problem)
            }
        }
    }
}
