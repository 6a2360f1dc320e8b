//! When to kill.

use std::fmt;
use std::time::Duration;

use super::chance::Chance;

/// A point that was not passed in time so often is not waited for again: some are passed at a first start only.
const HOPELESS: u32 = 2;

/// A moment to kill at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kill {
    /// This long after it listens.
    Running(Duration),
    /// This long after it was started, whether it listens or not.
    Starting(Duration),
    /// When it passes a named point for the `nth` time.
    At {
        /// `before:COMMAND` or `after:COMMAND`.
        point: String,
        /// From 1.
        nth: u64,
    },
}

impl Kill {
    /// Picks one. Of the points that are known those come first that were picked least.
    pub(super) fn pick(chance: &mut Chance, points: &mut [Point]) -> Self {
        let random = chance.between(0, 10);
        if random >= 5
            && let Some(fewest) = points
                .iter()
                .filter(|point| point.missed < HOPELESS)
                .map(|point| point.picked)
                .min()
        {
            let mut rested: Vec<&mut Point> = points
                .iter_mut()
                .filter(|point| point.missed < HOPELESS && point.picked == fewest)
                .collect();
            let index = usize::try_from(chance.between(0, rested.len() as u64)).unwrap_or(0);
            if let Some(point) = rested.get_mut(index) {
                point.picked += 1;
                // A rare one is not passed often while one waits for it.
                let most = if point.missed == 0 { 8 } else { 1 };
                return Self::At {
                    point: point.name.clone(),
                    nth: chance.between(1, most + 1),
                };
            }
        }
        if random == 0 {
            Self::Starting(Duration::from_millis(chance.between(1, 150)))
        } else {
            Self::Running(Duration::from_millis(chance.between(5, 500)))
        }
    }

    /// What the process needs to be told.
    pub(super) fn environment(&self) -> Option<(&'static str, String)> {
        match self {
            Self::At { point, nth } => Some(("ORDERMILL_FAILPOINT", format!("{point}:{nth}"))),
            Self::Running(_) | Self::Starting(_) => None,
        }
    }
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(time) => write!(f, "{} ms after it listened", time.as_millis()),
            Self::Starting(time) => write!(f, "{} ms into its start", time.as_millis()),
            Self::At { point, nth } => write!(f, "{point}, time {nth}"),
        }
    }
}

/// A named point, and how often it was picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) name: String,
    pub(super) picked: u32,
    /// How often it was waited for in vain.
    pub(super) missed: u32,
}

/// Notes that a point was waited for in vain.
pub(super) fn note_missed(points: &mut [Point], name: &str) {
    for point in points.iter_mut().filter(|point| point.name == name) {
        point.missed += 1;
    }
}

/// Adds the points that a server has passed and noted.
pub(super) fn learn(points: &mut Vec<Point>, seen: &str) {
    for name in seen.lines().filter(|line| line.contains(':')) {
        if !points.iter().any(|point| point.name == name) {
            points.push(Point {
                name: name.to_owned(),
                picked: 0,
                missed: 0,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_point_has_its_turn() {
        let mut points = Vec::new();
        learn(&mut points, "before:A\nafter:A\nbefore:A\n");
        learn(&mut points, "after:A\nafter:B\n");
        assert_eq!(points.len(), 3);
        let mut chance = Chance::new(1);
        let kills: Vec<Kill> = (0..60).map(|_| Kill::pick(&mut chance, &mut points)).collect();
        let picked: Vec<u32> = points.iter().map(|point| point.picked).collect();
        assert!(
            picked.iter().max().unwrap() - picked.iter().min().unwrap() <= 1,
            "{picked:?}"
        );
        assert!(kills.iter().any(|kill| matches!(kill, Kill::Running(_))));
        assert!(kills.iter().any(|kill| matches!(kill, Kill::Starting(_))));
    }

    #[test]
    fn a_point_that_is_not_passed_is_soon_not_waited_for() {
        let mut points = Vec::new();
        learn(&mut points, "before:A\nafter:Once\n");
        note_missed(&mut points, "after:Once");
        let mut chance = Chance::new(1);
        let mut at_once = || {
            let kills: Vec<Kill> = (0..60).map(|_| Kill::pick(&mut chance, &mut points)).collect();
            note_missed(&mut points, "after:Once");
            kills
                .into_iter()
                .filter_map(|kill| match kill {
                    Kill::At { point, nth } if point == "after:Once" => Some(nth),
                    Kill::At { .. } | Kill::Running(_) | Kill::Starting(_) => None,
                })
                .collect::<Vec<u64>>()
        };
        let second_chance = at_once();
        assert!(!second_chance.is_empty() && second_chance.iter().all(|nth| *nth == 1));
        assert_eq!(at_once(), Vec::<u64>::new());
    }

    #[test]
    fn without_points_all_moments_are_random() {
        let mut chance = Chance::new(1);
        for _ in 0..50 {
            assert_eq!(Kill::pick(&mut chance, &mut []).environment(), None);
        }
    }
}
