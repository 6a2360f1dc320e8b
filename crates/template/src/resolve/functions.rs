//! CloudFormation's functions, one by one.

use std::borrow::Cow;

use super::{Failed, Resolved, Resolver};
use crate::fault::{Position, Problem};
use crate::intrinsic::Intrinsic;
use crate::kind::{Kind, pseudo_parameter};
use crate::yaml::{Node, Value, pointer_to};

impl Resolver<'_> {
    pub(super) fn call<'n>(
        &self,
        function: Intrinsic,
        argument: &'n Node,
        position: Position,
        pointer: &str,
    ) -> Resolved<Cow<'n, Node>> {
        let text = |text: String| Ok(Some(Cow::Owned(Node::text(position, text))));
        match function {
            Intrinsic::Ref => {
                let name =
                    self.literal(function, argument, pointer, "the name of a parameter or resource")?;
                Ok(self.reference(name, position, pointer)?.map(Cow::Owned))
            }
            Intrinsic::GetAtt => text(self.get_att(argument, position, pointer)?),
            Intrinsic::Sub => text(self.sub(argument, pointer)?),
            Intrinsic::Join => text(self.join(argument, pointer)?),
            Intrinsic::Select => Ok(Some(Cow::Owned(self.select(argument, pointer)?))),
            Intrinsic::Split => Ok(Some(Cow::Owned(self.split(argument, pointer)?))),
            Intrinsic::FindInMap => Ok(Some(Cow::Owned(self.find_in_map(argument, pointer)?))),
            Intrinsic::If => {
                let expected = "a list: the name of a condition, the value if it holds, and the value if not";
                let [condition, then, otherwise] = self.arguments(function, argument, pointer, expected)?;
                let holds = self.condition_named(condition, &pointer_to(pointer, "0"))?;
                let (step, branch) = if holds { ("1", then) } else { ("2", otherwise) };
                self.resolve(branch, &pointer_to(pointer, step))
            }
            Intrinsic::Equals | Intrinsic::Not | Intrinsic::And | Intrinsic::Or | Intrinsic::Condition => {
                let expected = "its place under Conditions; here, use Fn::If with the name of a condition";
                self.fail(
                    position,
                    pointer,
                    Problem::BadArguments {
                        function: function.name(),
                        expected,
                    },
                )
            }
            Intrinsic::Base64
            | Intrinsic::Cidr
            | Intrinsic::GetAZs
            | Intrinsic::ImportValue
            | Intrinsic::Length
            | Intrinsic::ToJsonString
            | Intrinsic::Transform => self.fail(
                position,
                pointer,
                Problem::UnsupportedFunction {
                    function: function.name().to_owned(),
                },
            ),
        }
    }

    /// `count` arguments in a list.
    fn arguments<'n, const N: usize>(
        &self,
        function: Intrinsic,
        argument: &'n Node,
        pointer: &str,
        expected: &'static str,
    ) -> Result<&'n [Node; N], Failed> {
        if let Value::List(arguments) = &argument.value
            && let Ok(arguments) = arguments.as_slice().try_into()
        {
            return Ok(arguments);
        }
        self.fail(
            argument.position,
            pointer,
            Problem::BadArguments {
                function: function.name(),
                expected,
            },
        )
    }

    /// A text that may not itself be computed.
    fn literal<'n>(
        &self,
        function: Intrinsic,
        argument: &'n Node,
        pointer: &str,
        expected: &'static str,
    ) -> Result<&'n str, Failed> {
        match &argument.value {
            Value::Scalar(scalar) => Ok(&scalar.text),
            Value::List(_) | Value::Map(_) | Value::Call(..) => self.fail(
                argument.position,
                pointer,
                Problem::BadArguments {
                    function: function.name(),
                    expected,
                },
            ),
        }
    }

    /// A text that must be there.
    fn some_text(&self, node: &Node, pointer: &str) -> Result<String, Failed> {
        match self.text(node, pointer)? {
            Some(text) => Ok(text),
            None => {
                let problem = Problem::WrongShape {
                    expected: "a single value",
                    found: "AWS::NoValue",
                };
                self.fail(node.position, pointer, problem)
            }
        }
    }

    fn reference(&self, name: &str, position: Position, pointer: &str) -> Resolved<Node> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(value) = pseudo_parameter(name) {
            return Ok(Some(Node::text(position, value)));
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(Node {
                position,
                value: value.value.clone(),
            }));
        }
        if let Some((owner, made)) = name.split_once('.') {
            return self.made_by_sam(owner, made, position, pointer).map(Some);
        }
        let Some(resource) = self.resources.get(name) else {
            return self.fail(
                position,
                pointer,
                Problem::UnknownName {
                    name: name.to_owned(),
                },
            );
        };
        let text = match Kind::of(resource.type_name) {
            Some(kind) => kind.reference(name, &self.name_of(name, kind, *resource)?),
            None => name.to_owned(),
        };
        Ok(Some(Node::text(position, text)))
    }

    /// What SAM makes of a resource and lets a template refer to, such as `!Ref OrderCreationFunction.Alias`.
    fn made_by_sam(
        &self,
        owner: &str,
        made: &str,
        position: Position,
        pointer: &str,
    ) -> Result<Node, Failed> {
        let Some(resource) = self.resources.get(owner) else {
            let name = owner.to_owned();
            return self.fail(position, pointer, Problem::UnknownName { name });
        };
        let text = match Kind::of(resource.type_name) {
            Some(kind) => kind.made_by_sam(&self.name_of(owner, kind, *resource)?, made),
            None => None,
        };
        let unknown = || Problem::UnknownAttribute {
            name: owner.to_owned(),
            kind: resource.type_name.to_owned(),
            attribute: made.to_owned(),
        };
        match text {
            Some(text) => Ok(Node::text(position, text)),
            None => self.fail(position, pointer, unknown()),
        }
    }

    fn get_att(&self, argument: &Node, position: Position, pointer: &str) -> Result<String, Failed> {
        const EXPECTED: &str = "a resource and its attribute, such as OrdersTable.Arn";
        let (name, attribute) = match &argument.value {
            Value::Scalar(scalar) => match scalar.text.split_once('.') {
                Some((name, attribute)) => (name, attribute.to_owned()),
                None => {
                    let problem = Problem::BadArguments {
                        function: "Fn::GetAtt",
                        expected: EXPECTED,
                    };
                    return self.fail(position, pointer, problem);
                }
            },
            Value::List(_) | Value::Map(_) | Value::Call(..) => {
                let [name, attribute] = self.arguments(Intrinsic::GetAtt, argument, pointer, EXPECTED)?;
                let name = self.literal(Intrinsic::GetAtt, name, pointer, EXPECTED)?;
                (name, self.some_text(attribute, &pointer_to(pointer, "1"))?)
            }
        };
        self.attribute(name, &attribute, position, pointer)
    }

    fn attribute(
        &self,
        name: &str,
        attribute: &str,
        position: Position,
        pointer: &str,
    ) -> Result<String, Failed> {
        let Some(resource) = self.resources.get(name) else {
            return self.fail(
                position,
                pointer,
                Problem::UnknownName {
                    name: name.to_owned(),
                },
            );
        };
        let value = match Kind::of(resource.type_name) {
            Some(kind) => kind.attribute(&self.name_of(name, kind, *resource)?, attribute),
            None => None,
        };
        let unknown = || Problem::UnknownAttribute {
            name: name.to_owned(),
            kind: resource.type_name.to_owned(),
            attribute: attribute.to_owned(),
        };
        value.map_or_else(|| self.fail(position, pointer, unknown()), Ok)
    }

    fn sub(&self, argument: &Node, pointer: &str) -> Result<String, Failed> {
        const EXPECTED: &str = "a text, or a list of a text and a mapping of names to values";
        let (text, own) = match &argument.value {
            Value::Scalar(scalar) => (scalar.text.as_str(), None),
            Value::List(_) | Value::Map(_) | Value::Call(..) => {
                let [text, own] = self.arguments(Intrinsic::Sub, argument, pointer, EXPECTED)?;
                (self.literal(Intrinsic::Sub, text, pointer, EXPECTED)?, Some(own))
            }
        };
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else {
                let expected = "a closing brace for each `${`";
                let problem = Problem::BadArguments {
                    function: "Fn::Sub",
                    expected,
                };
                return self.fail(argument.position, pointer, problem);
            };
            let value = self.placeholder(name.trim(), own, argument.position, pointer)?;
            self.made(before.len() + value.len(), argument.position, pointer)?;
            result.push_str(before);
            result.push_str(&value);
            rest = behind;
        }
        result.push_str(rest);
        Ok(result)
    }

    /// What stands for `${name}` in a text of `Fn::Sub`.
    fn placeholder(
        &self,
        name: &str,
        own: Option<&Node>,
        position: Position,
        pointer: &str,
    ) -> Result<String, Failed> {
        if let Some(literal) = name.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        if let Some(node) = own.and_then(|own| own.get(name)) {
            return self.some_text(node, &pointer_to(&pointer_to(pointer, "1"), name));
        }
        if let Some((name, attribute)) = name.split_once('.') {
            return self.attribute(name, attribute, position, pointer);
        }
        match self.reference(name, position, pointer)? {
            Some(node) => self.some_text(&node, pointer),
            None => Ok(String::new()),
        }
    }

    fn join(&self, argument: &Node, pointer: &str) -> Result<String, Failed> {
        let expected = "a list: a delimiter, and a list of values";
        let [delimiter, values] = self.arguments(Intrinsic::Join, argument, pointer, expected)?;
        let delimiter = self.literal(Intrinsic::Join, delimiter, pointer, expected)?;
        let values = self.texts(Intrinsic::Join, values, &pointer_to(pointer, "1"), expected)?;
        let bytes = values.iter().map(|value| value.len() + delimiter.len()).sum();
        self.made(bytes, argument.position, pointer)?;
        Ok(values.join(delimiter))
    }

    /// A list of texts; those that are `AWS::NoValue` are left out.
    fn texts(
        &self,
        function: Intrinsic,
        node: &Node,
        pointer: &str,
        expected: &'static str,
    ) -> Result<Vec<String>, Failed> {
        let list = self.resolve(node, pointer)?;
        let Some(Value::List(items)) = list.as_deref().map(|node| &node.value) else {
            return self.fail(
                node.position,
                pointer,
                Problem::BadArguments {
                    function: function.name(),
                    expected,
                },
            );
        };
        let items = items.iter().enumerate();
        let texts: Vec<_> = items
            .map(|(at, item)| self.text(item, &format!("{pointer}/{at}")))
            .collect();
        let texts: Result<Vec<Option<String>>, Failed> = texts.into_iter().collect();
        Ok(texts?.into_iter().flatten().collect())
    }

    fn select(&self, argument: &Node, pointer: &str) -> Result<Node, Failed> {
        let expected = "a list: an index from 0, and a list that has it";
        let [index, values] = self.arguments(Intrinsic::Select, argument, pointer, expected)?;
        let index = self.some_text(index, &pointer_to(pointer, "0"))?;
        let values = self.texts(Intrinsic::Select, values, &pointer_to(pointer, "1"), expected)?;
        match index
            .parse::<usize>()
            .ok()
            .and_then(|index| values.into_iter().nth(index))
        {
            Some(value) => Ok(Node::text(argument.position, value)),
            None => {
                let problem = Problem::BadArguments {
                    function: "Fn::Select",
                    expected,
                };
                self.fail(argument.position, pointer, problem)
            }
        }
    }

    fn split(&self, argument: &Node, pointer: &str) -> Result<Node, Failed> {
        let expected = "a list: a delimiter that is not empty, and a text";
        let [delimiter, text] = self.arguments(Intrinsic::Split, argument, pointer, expected)?;
        let delimiter = self.literal(Intrinsic::Split, delimiter, pointer, expected)?;
        if delimiter.is_empty() {
            let problem = Problem::BadArguments {
                function: "Fn::Split",
                expected,
            };
            return self.fail(argument.position, pointer, problem);
        }
        let text = self.some_text(text, &pointer_to(pointer, "1"))?;
        let parts = text
            .split(delimiter)
            .map(|part| Node::text(argument.position, part))
            .collect();
        Ok(Node {
            position: argument.position,
            value: Value::List(parts),
        })
    }

    fn find_in_map(&self, argument: &Node, pointer: &str) -> Result<Node, Failed> {
        let expected = "a list of three keys: a mapping's name, and two keys in it";
        let keys: &[Node; 3] = self.arguments(Intrinsic::FindInMap, argument, pointer, expected)?;
        let mut found = self.mappings;
        let mut entry = String::new();
        for (at, key) in keys.iter().enumerate() {
            let key = self.some_text(key, &format!("{pointer}/{at}"))?;
            entry = pointer_to(&entry, &key);
            found = found.and_then(|node| node.get(&key));
        }
        match found {
            Some(node) if !matches!(node.value, Value::Call(..) | Value::Map(_)) => {
                let items = if let Value::List(items) = &node.value {
                    items.len()
                } else {
                    1
                };
                self.made(entry.len() + items, argument.position, pointer)?;
                Ok(Node {
                    position: argument.position,
                    value: node.value.clone(),
                })
            }
            Some(_) | None => self.fail(argument.position, pointer, Problem::UnknownMapping { entry }),
        }
    }
}
