//! What an expression of a workflow may not refer to: it has no context item, so a name at its top level, `*`, `**`,
//! `%` or `$$` there can find nothing.

use jlens_core::ast::{Group, Stage};
use jlens_core::{Node, NodeKind};

/// What is wrong with the expression, in the words of Step Functions.
pub(super) fn unsupported(root: &Node) -> Option<String> {
    visit(root, true)
}

/// Looks at a node. At the top level the context item is the expression's own; in a later step of a path, in a
/// predicate or in a grouping it is what came before.
fn visit(node: &Node, top: bool) -> Option<String> {
    let all = |nodes: &[Node], top: bool| nodes.iter().find_map(|node| visit(node, top));
    let pairs = |pairs: &[(Node, Node)], top: bool| {
        pairs
            .iter()
            .find_map(|(key, value)| visit(key, top).or_else(|| visit(value, top)))
    };
    let own = match &node.kind {
        NodeKind::Name { name } if top => Some(at_top_level(name)),
        NodeKind::Wildcard if top => Some(at_top_level("*")),
        NodeKind::Descendant if top => Some(at_top_level("**")),
        NodeKind::Parent { .. } if top => Some(at_top_level("%")),
        NodeKind::Variable { name } if name == "$" => Some("Reference to '$$' is not supported.".to_owned()),
        NodeKind::Name { .. }
        | NodeKind::Wildcard
        | NodeKind::Descendant
        | NodeKind::Parent { .. }
        | NodeKind::Variable { .. }
        | NodeKind::String { .. }
        | NodeKind::Number { .. }
        | NodeKind::Bool { .. }
        | NodeKind::Null
        | NodeKind::Regex { .. }
        | NodeKind::Placeholder
        | NodeKind::Error { .. } => None,
        NodeKind::Path { steps, .. } => match steps.split_first() {
            Some((first, later)) => visit(first, top).or_else(|| all(later, false)),
            None => None,
        },
        NodeKind::Binary { lhs, rhs, .. }
        | NodeKind::Fallback { lhs, rhs, .. }
        | NodeKind::Bind { lhs, rhs }
        | NodeKind::Apply { lhs, rhs } => visit(lhs, top).or_else(|| visit(rhs, top)),
        NodeKind::Negate { expr } => visit(expr, top),
        NodeKind::Array { items } => all(items, top),
        NodeKind::Object { pairs: members } => pairs(members, top),
        NodeKind::Condition {
            condition,
            then,
            otherwise,
        } => visit(condition, top)
            .or_else(|| visit(then, top))
            .or_else(|| otherwise.as_ref().and_then(|otherwise| visit(otherwise, top))),
        NodeKind::Block { exprs, .. } => all(exprs, top),
        NodeKind::Function { procedure, args } | NodeKind::Partial { procedure, args } => {
            visit(procedure, top).or_else(|| all(args, top))
        }
        NodeKind::Lambda(lambda) => visit(&lambda.body, top),
        // What a transform's parts see is the value that it is applied to.
        NodeKind::Transform(transform) => visit(&transform.pattern, false)
            .or_else(|| visit(&transform.update, false))
            .or_else(|| transform.delete.as_ref().and_then(|delete| visit(delete, false))),
        NodeKind::Sort { terms } => terms.iter().find_map(|term| visit(&term.expr, false)),
    };
    own.or_else(|| {
        let filter = |stage: &Stage| match stage {
            Stage::Filter { expr, .. } => visit(expr, false),
            Stage::Index { .. } => None,
        };
        let group = |group: &Group| pairs(&group.pairs, false);
        let attributes = &node.attrs;
        attributes
            .stages
            .iter()
            .chain(&attributes.predicate)
            .find_map(filter)
            .or_else(|| attributes.group.as_deref().and_then(group))
    })
}

fn at_top_level(name: &str) -> String {
    format!("Reference to '{name}' at the top level is not supported.")
}
