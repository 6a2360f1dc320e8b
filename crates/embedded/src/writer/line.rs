//! What waits for a commit, in which order it is written, and how much of it shares one.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Job;

/// The most commands that share one commit.
const MAX_GROUP: usize = 2048;
/// For how long a group takes commands that are not urgent: long enough to share its commit among many.
const TURN: Duration = Duration::from_millis(5);
/// For how long it does so while customers wait for the commit, when it has taken none before they were there.
const SHORT_TURN: Duration = Duration::from_micros(200);
/// After an urgent command the next one is expected within this time.
const PRESSED_FOR: Duration = Duration::from_millis(10);
/// From so many commands on they need not gather.
const ENOUGH: usize = 1024;
/// From so many customers at once on, the next ones are worth waiting for. With four or eight connections it costs them
/// more than it saves.
const CROWD: usize = 12;
/// From so many customers at once on they keep the cores busy. With sixteen, there is time to see orders through as they come.
const RUSH: usize = 17;

/// Commands that wait on the writer's side of its channel: the urgent ones before the rest, each kind in its order.
#[derive(Default)]
pub(super) struct Line {
    urgent: VecDeque<Box<dyn Job>>,
    rest: VecDeque<Box<dyn Job>>,
    /// When an urgent command was last written.
    urgent_at: Option<Instant>,
    /// How many urgent commands came together lately: the most in a group, less an eighth for each group since.
    crowd: usize,
    /// Whether the next group is for a crowd alone, when there is one: every other group is. Each commit writes all pages that it
    /// touched, and what nobody waits for lies on many more pages than the orders that are placed.
    for_crowd_alone: bool,
}

/// For how long a group takes commands that are not urgent, from the first of them on.
#[derive(Debug)]
pub(super) struct Turn {
    length: Duration,
    until: Option<Instant>,
}

impl Turn {
    fn of(length: Duration) -> Self {
        Self { length, until: None }
    }

    fn is_over(&mut self) -> bool {
        let now = Instant::now();
        now >= *self.until.get_or_insert(now + self.length)
    }
}

impl Line {
    pub(super) fn push(&mut self, job: Box<dyn Job>) {
        if job.is_urgent() {
            self.urgent.push_back(job);
        } else {
            self.rest.push_back(job);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.urgent.len() + self.rest.len()
    }

    /// Whether nobody waits for the next commit so much that more should not gather for it.
    pub(super) fn may_gather(&self) -> bool {
        self.urgent.is_empty() && self.rest.len() < ENOUGH && !self.is_pressed(Instant::now())
    }

    /// Whether half as many customers as came together lately are not there yet, but about to, so that one commit can be for
    /// all of them. Half: while their orders are written, the requests of the others are read.
    pub(super) fn awaits_crowd(&self) -> bool {
        self.crowd >= CROWD && self.urgent.len() < self.crowd.div_ceil(2) && self.is_pressed(Instant::now())
    }

    /// The next command that is not urgent, for a group of this size that waits for a crowd and is not for it alone. Half of a
    /// group is left for that.
    pub(super) fn next_of_rest(&mut self, group: usize) -> Option<Box<dyn Job>> {
        if self.for_crowd_alone || group >= MAX_GROUP / 2 {
            return None;
        }
        self.rest.pop_front()
    }

    /// The urgent commands of a group begin. It has so many already that are not.
    pub(super) fn begin(&mut self, taken: usize) -> Turn {
        let now = Instant::now();
        if !self.urgent.is_empty() {
            self.urgent_at = Some(now);
        }
        self.crowd = self.urgent.len().max(self.crowd - self.crowd.div_ceil(8));
        let is_for_crowd_alone = self.for_crowd_alone && self.has_crowd();
        self.for_crowd_alone = !self.for_crowd_alone;
        Turn::of(match (self.is_pressed(now), taken) {
            (false, _) => TURN,
            (true, 0) if !is_for_crowd_alone => SHORT_TURN,
            (true, _) => Duration::ZERO,
        })
    }

    /// Whether many customers come together, and some of them wait here.
    fn has_crowd(&self) -> bool {
        self.crowd >= CROWD && !self.urgent.is_empty()
    }

    /// Whether so many come that the work behind them gives way.
    pub(super) fn has_rush(&self) -> bool {
        self.crowd >= RUSH && !self.urgent.is_empty()
    }

    /// The next command of a group of this size; `None` when the rest is left for the next one. A group has at least one.
    pub(super) fn next(&mut self, group: usize, turn: &mut Turn) -> Option<Box<dyn Job>> {
        if group >= MAX_GROUP {
            return None;
        }
        let urgent = self.urgent.pop_front();
        urgent.or_else(|| match turn.is_over() && group > 0 {
            true => None,
            false => self.rest.pop_front(),
        })
    }

    /// Whether customers place orders right now.
    fn is_pressed(&self, now: Instant) -> bool {
        self.urgent_at
            .is_some_and(|at| now.duration_since(at) < PRESSED_FOR)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::tx::Tx;
    use crate::writer::{Command, Waiting};

    struct Placed;
    struct Step;

    impl Command for Placed {
        type Output = ();
        const IS_URGENT: bool = true;

        fn apply(&mut self, _: &mut Tx<'_>) -> rusqlite::Result<()> {
            Ok(())
        }
    }

    impl Command for Step {
        type Output = ();

        fn apply(&mut self, _: &mut Tx<'_>) -> rusqlite::Result<()> {
            Ok(())
        }
    }

    fn job<C: Command>(command: C) -> Box<dyn Job> {
        Box::new(Waiting {
            command,
            output: None,
            caller: oneshot::channel().0,
        })
    }

    fn line(jobs: impl IntoIterator<Item = Box<dyn Job>>) -> Line {
        let mut line = Line::default();
        jobs.into_iter().for_each(|job| line.push(job));
        line
    }

    #[test]
    fn urgent_commands_go_first_and_the_rest_keeps_its_place() {
        let mut line = line([job(Step), job(Placed), job(Step), job(Placed)]);
        let mut long = Turn::of(Duration::from_secs(3_600));
        let order: Vec<bool> = (0..4)
            .map_while(|at| line.next(at, &mut long))
            .map(|job| job.is_urgent())
            .collect();
        assert_eq!(order, [true, true, false, false]);
        assert!(line.next(4, &mut long).is_none());
    }

    #[test]
    fn a_group_whose_time_is_over_takes_urgent_commands_only_and_never_stays_empty() {
        let mut line = line([job(Step), job(Placed), job(Placed)]);
        let mut over = Turn::of(Duration::ZERO);
        assert!(line.next(0, &mut over).is_some_and(|job| job.is_urgent()));
        assert!(line.next(1, &mut over).is_some_and(|job| job.is_urgent()));
        assert!(line.next(2, &mut over).is_none());
        assert!(line.next(0, &mut over).is_some_and(|job| !job.is_urgent()));
    }

    #[test]
    fn the_rest_is_written_while_a_crowd_gathers_and_not_once_it_is_there() {
        let mut line = line([job(Step), job(Placed), job(Step), job(Step)]);
        assert!(line.next_of_rest(0).is_some_and(|job| !job.is_urgent()));
        assert!(line.next_of_rest(1).is_some());
        assert!(line.next_of_rest(MAX_GROUP / 2).is_none(), "the crowd has room");
        let mut turn = line.begin(2);
        assert!(line.next(2, &mut turn).is_some_and(|job| job.is_urgent()));
        assert!(line.next(3, &mut turn).is_none(), "customers wait");
        assert_eq!(line.len(), 1);
    }

    #[test]
    fn every_other_group_of_a_crowd_is_for_it_alone() {
        let crowd = || (0..2 * CROWD).map(|_| job(Placed));
        let mut line = line(crowd());
        assert_eq!(line.begin(0).length, SHORT_TURN);
        for rest_is_taken in [false, true, false] {
            line.urgent.clear();
            line.push(job(Step));
            assert!(line.awaits_crowd());
            assert_eq!(line.next_of_rest(0).is_some(), rest_is_taken);
            crowd().for_each(|job| line.push(job));
            let length = if rest_is_taken { SHORT_TURN } else { Duration::ZERO };
            assert_eq!(line.begin(0).length, length);
        }
        line.urgent.clear();
        line.begin(0);
        assert_eq!(line.begin(0).length, SHORT_TURN, "the crowd didn't come");
    }

    #[test]
    fn a_rush_is_more_than_a_crowd_and_over_when_it_stays_away() {
        let crowd = |size: usize| line((0..size).map(|_| job(Placed)));
        for (size, is_rush) in [(RUSH - 1, false), (RUSH, true)] {
            let mut line = crowd(size);
            assert!(!line.has_rush(), "none came before");
            line.begin(0);
            assert_eq!(line.has_rush(), is_rush, "{size}");
            line.urgent.clear();
            line.begin(0);
            assert!(!line.has_rush(), "nobody is here");
        }
    }

    #[test]
    fn a_group_for_customers_that_were_there_at_once_takes_some_of_the_rest() {
        let mut line = line([job(Placed), job(Step)]);
        assert_eq!(line.begin(0).length, SHORT_TURN);
        line.urgent.clear();
        line.urgent_at = None;
        assert_eq!(line.begin(0).length, TURN, "nobody waits");
    }

    #[test]
    fn half_a_crowd_is_waited_for_and_forgotten_when_it_stays_away() {
        let crowd = |size: usize| (0..size).map(|_| job(Placed));
        let mut few = line(crowd(CROWD - 1));
        few.begin(0);
        few.urgent.clear();
        assert!(!few.awaits_crowd(), "these are answered at once");
        let mut line = line(crowd(2 * CROWD));
        line.begin(0);
        line.urgent.clear();
        assert!(line.awaits_crowd());
        crowd(CROWD - 1).for_each(|job| line.push(job));
        assert!(line.awaits_crowd(), "one is missing");
        line.push(job(Placed));
        assert!(!line.awaits_crowd(), "half of them are there");
        line.urgent.clear();
        let groups = std::iter::from_fn(|| line.awaits_crowd().then(|| line.begin(0))).count();
        assert!((2..20).contains(&groups), "{groups}");
    }

    #[test]
    fn while_customers_wait_nothing_gathers() {
        assert!(line([job(Step)]).may_gather());
        let mut pressed = line([job(Step), job(Placed)]);
        assert!(!pressed.may_gather());
        let mut turn = pressed.begin(0);
        assert!(pressed.next(0, &mut turn).is_some());
        assert!(!pressed.may_gather(), "the next one is expected");
        assert!(
            !line((0..ENOUGH).map(|_| job(Step))).may_gather(),
            "there's enough"
        );
    }
}
