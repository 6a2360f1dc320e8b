//! The name that somebody who mistyped one most likely meant.

/// How many names are looked at for the nearest one. With every transition of a large definition mistyped, looking at all
/// of them each time would take minutes.
const MAX_CANDIDATES: usize = 100;

/// Words for a remedy: the nearest of `known` when there is one that is near, or else all of them.
pub(super) fn suggestion<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let nearest = known
        .iter()
        .take(MAX_CANDIDATES)
        .map(|name| (distance(wanted, name), *name))
        .filter(|(distance, name)| {
            *distance <= 1 + name.chars().count() / 4 && *distance < wanted.chars().count()
        })
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((_, name)) => format!("did you mean {name}?"),
        None if known.is_empty() => "there is none".to_owned(),
        None => {
            let shown = known.iter().take(12).copied().collect::<Vec<_>>().join(", ");
            let more = if known.len() > 12 { ", …" } else { "" };
            format!("name one of: {shown}{more}")
        }
    }
}

/// How many characters must change, come or go to make one word of the other, whatever their case.
fn distance(left: &str, right: &str) -> usize {
    // Names are short; a longer text is not a mistyped one.
    let left: Vec<char> = left.chars().take(80).flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().take(80).flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested() {
        let known = ["ResultPath", "ResultSelector", "InputPath"];
        assert_eq!(
            suggestion("resultpath", known.into_iter()),
            "did you mean ResultPath?"
        );
        assert_eq!(
            suggestion("InptuPath", known.into_iter()),
            "did you mean InputPath?"
        );
        assert_eq!(
            suggestion("Frobnicate", known.into_iter()),
            "name one of: ResultPath, ResultSelector, InputPath"
        );
    }
}
