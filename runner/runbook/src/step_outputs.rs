//! What a reference to a step stands for: its outputs, a list or table of them where it runs over
//! one, and for an approval what people enter.

use rutter_expression::{Reference, Segment};
use rutter_manifest::FieldKind;

use super::built_in::BuiltIn;
use super::document::{Node, NodeKind};
use super::file::Used;
use super::input_type;
use super::model::Model;
use super::names::{TextRole, step_read};
use super::schema::Step;
use super::types::{Nothing, Type, descend, near, nothing};

/// What `steps.…` stands for.
///
/// # Errors
/// When there is no such step, item or output.
pub(super) fn type_of<'a>(
    reference: &Reference,
    model: &'a Model<'_>,
) -> Result<Type<'a>, Nothing> {
    let Some(id) = reference.name() else {
        return Err(nothing("`steps` is followed by the id of a step", None));
    };
    let Some(&index) = model.ids.get(id) else {
        let ids = model
            .runbook
            .steps
            .iter()
            .map(|step| step.id.value.as_str());
        let help = near(id, ids, "");
        return Err(nothing(
            format!("the runbook has no step `{id}`"),
            Some(help),
        ));
    };
    let Some(used) = &model.used[index] else {
        return Ok(Type::Any);
    };
    let step = &model.runbook.steps[index];
    let place = format!("steps.{id}");
    let path = &reference.path[1..];
    let Some(over) = &step.for_each else {
        return outputs(used, step, path, &place);
    };
    let shape = shape(index, over, model, 0);
    let Some((item, rest)) = path.split_first() else {
        return Ok(shape.map_or(Type::Any, Type::Kind));
    };
    has_item(over, shape, item, &place)?;
    let place = match item {
        Segment::Name(name) => format!("{place}.{name}"),
        Segment::Index(index) => format!("{place}[{index}]"),
    };
    outputs(used, step, rest, &place)
}

/// Whether a step runs over a list or a table, where that is written out or the type of what it names is known.
fn shape(index: usize, over: &Node, model: &Model<'_>, depth: usize) -> Option<FieldKind> {
    match over.kind {
        NodeKind::List(_) => return Some(FieldKind::List),
        NodeKind::Table(_) => return Some(FieldKind::Table),
        _ => {}
    }
    let mut texts = model.texts.iter();
    let text = texts.find(|text| text.step == Some(index) && text.place == TextRole::ForEach)?;
    let reference = text.template.as_reference()?;
    let kind = match step_read(reference, model.ids) {
        None if reference.root == "inputs" => input_type::type_of(reference, model).ok()?.kind()?,
        None => return None,
        Some(read) => {
            let step = &model.runbook.steps[read];
            match (&step.for_each, reference.path.get(1..)?) {
                // Steps that run over each other are reported elsewhere.
                (Some(_), _) if depth > model.runbook.steps.len() => return None,
                (Some(over), []) => shape(read, over, model, depth + 1)?,
                (Some(_), [_, rest @ ..]) => known(read, rest, model)?,
                (None, path) => known(read, path, model)?,
            }
        }
    };
    matches!(kind, FieldKind::List | FieldKind::Table).then_some(kind)
}

/// The kind of what a path into the outputs of one item stands for.
fn known(index: usize, path: &[Segment], model: &Model<'_>) -> Option<FieldKind> {
    let used = model.used[index].as_ref()?;
    let step = &model.runbook.steps[index];
    outputs(used, step, path, "").ok()?.kind()
}

/// Whether a step that runs over something has an item, as far as that is written out or known by its type.
fn has_item(
    over: &Node,
    shape: Option<FieldKind>,
    item: &Segment,
    place: &str,
) -> Result<(), Nothing> {
    match (&over.kind, item) {
        (_, Segment::Name(name)) if shape == Some(FieldKind::List) => Err(nothing(
            format!("`{place}` runs over a list: its outputs are a list"),
            Some(format!(
                "write `{place}[0].{name}` for the first, or `{place} | collect('{name}')` for those of all"
            )),
        )),
        (NodeKind::List(items), Segment::Index(index)) if *index >= items.len() => Err(nothing(
            format!("`{place}` runs over {} items, counted from 0", items.len()),
            None,
        )),
        (NodeKind::Table(table), Segment::Name(name)) if table.get(name).is_none() => {
            let keys = table.entries.iter().map(|entry| entry.key.as_str());
            Err(nothing(
                format!("`{place}` runs over a table without `{name}`"),
                Some(near(name, keys, "the table is empty")),
            ))
        }
        (_, Segment::Index(_)) if shape == Some(FieldKind::Table) => Err(nothing(
            format!("`{place}` runs over a table: its outputs are a table by the items' keys"),
            None,
        )),
        // What an expression gives shows at run time.
        _ => Ok(()),
    }
}

/// What a path into the outputs of one item stands for.
fn outputs<'a>(
    used: &'a Used,
    step: &Step,
    path: &[Segment],
    place: &str,
) -> Result<Type<'a>, Nothing> {
    match path {
        [Segment::Name(evidence), Segment::Name(name)]
            if matches!(used, Used::BuiltIn(BuiltIn::Approve)) && evidence == "evidence" =>
        {
            asked(step, name)
        }
        [] => Ok(Type::Kind(FieldKind::Table)),
        [Segment::Name(name), rest @ ..] => match used.output(name) {
            Some(Some(field)) => descend(field, rest, &format!("{place}.{name}")),
            Some(None) => Ok(Type::Any),
            None => {
                let what = step.uses.as_ref().map_or("", |uses| &uses.value);
                let names = used.output_names().into_iter();
                let help = near(name, names, "it has no outputs");
                Err(nothing(
                    format!("`{what}` has no output `{name}`"),
                    Some(help),
                ))
            }
        },
        [Segment::Index(_), ..] => Err(nothing(
            format!("the outputs of `{place}` are a table, not a list"),
            None,
        )),
    }
}

/// What a person enters for an approval: only what they are asked for.
fn asked<'a>(step: &Step, name: &str) -> Result<Type<'a>, Nothing> {
    let evidence = step
        .with
        .as_ref()
        .and_then(|with| match with.find("evidence") {
            (node, true) => Some(node),
            _ => None,
        });
    let names: Vec<&str> = match evidence.map(|node| &node.kind) {
        None => Vec::new(),
        Some(NodeKind::List(items)) => {
            fn literal(item: &Node) -> Option<&str> {
                match &item.kind {
                    NodeKind::Text(text) if !text.contains("{{") => Some(text.as_str()),
                    _ => None,
                }
            }
            match items.iter().map(literal).collect() {
                Some(names) => names,
                // Names that an expression gives are not known yet.
                None => return Ok(Type::Kind(FieldKind::String)),
            }
        }
        Some(_) => return Ok(Type::Kind(FieldKind::String)),
    };
    if names.contains(&name) {
        return Ok(Type::Kind(FieldKind::String));
    }
    let help = near(
        name,
        names.iter().copied(),
        &format!("ask for it: `with.evidence = [\"{name}\"]`"),
    );
    let title = format!("step `{}` does not ask for `{name}`", step.id.value);
    Err(nothing(title, Some(help)))
}
