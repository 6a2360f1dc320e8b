//! The Map state: its items, its iterations, and what their failures come to.

use std::sync::Arc;

use crate::Value;

use super::Engine;
use super::view::View;
use crate::failure::Failure;
use crate::history::HistoryEventKind as Event;
use crate::limits::MAX_ITERATION_INPUT_BYTES;
use crate::model::{Kind, MapState};
use crate::snapshot::{Activity, BranchId, MapProgress, Parent, Results};

mod settings;

impl<'d> Engine<'d> {
    pub(super) fn start_map(&mut self, id: BranchId, map: &'d MapState) -> Result<(), Failure> {
        let view = self.view(id)?;
        let input = view.selected_input()?;
        let items = view.items(map, &input)?;
        let limit = view.concurrency(map, &input)?;
        self.record(id, Event::MapStateStarted { length: items.len() });
        let view = self.view(id)?;
        let tolerated = view.tolerated(map, &input, items.len())?;
        let items = match &map.batch {
            Some(batch) => view.batches(map, batch, &input, &items)?,
            None => items.to_vec(),
        };
        if map.distributed {
            let map_run_arn = self.map_run_arn(id);
            self.record(id, Event::MapRunStarted { map_run_arn });
        }
        let progress = MapProgress {
            results: Results::of(items.len()),
            items,
            next: 0,
            limit,
            open: 0,
            largest_bytes: 1,
            failed: 0,
            tolerated,
        };
        if let Some(branch) = self.snapshot.branch_mut(id) {
            branch.activity = Activity::Map(progress);
        }
        self.go_on_with_map(id)
    }

    fn map_run_arn(&mut self, id: BranchId) -> String {
        let run = self.chance.draw();
        let name = self.state(id).map_or("", |state| &*state.name);
        format!(
            "{}/{name}:{run:016x}",
            self.snapshot
                .execution
                .machine_arn
                .replace(":stateMachine:", ":mapRun:")
        )
    }

    /// Starts as many iterations as may run, or ends the Map state when all have ended.
    pub(super) fn go_on_with_map(&mut self, id: BranchId) -> Result<(), Failure> {
        let Some(Kind::Map(map)) = self.state(id).map(|state| &state.kind) else {
            return Ok(());
        };
        while let Some(index) = self.next_iteration(id) {
            if self.has_done_its_share() || self.snapshot.outcome.is_some() {
                return Ok(());
            }
            self.start_iteration(id, map, index)?;
        }
        match self.snapshot.branch(id).map(|branch| &branch.activity) {
            Some(Activity::Map(progress)) if progress.is_over() => self.map_succeeded(id, map),
            Some(_) | None => Ok(()),
        }
    }

    fn next_iteration(&self, id: BranchId) -> Option<u32> {
        match &self.snapshot.branch(id)?.activity {
            Activity::Map(progress) => progress.can_start().then_some(progress.next),
            Activity::Enter
            | Activity::Retry
            | Activity::Wait { .. }
            | Activity::BackOff { .. }
            | Activity::Task(_)
            | Activity::Parallel(_) => None,
        }
    }

    fn start_iteration(&mut self, id: BranchId, map: &MapState, index: u32) -> Result<(), Failure> {
        let input = self.view(id)?.iteration_input(map, index)?;
        let size = self
            .admit(&input)
            .ok_or_else(|| Failure::too_large("ItemSelector").fatal())?;
        let Some(branch) = self.snapshot.branch_mut(id) else {
            return Ok(());
        };
        let Activity::Map(progress) = &mut branch.activity else {
            return Ok(());
        };
        progress.next = index + 1;
        progress.open += 1;
        progress.largest_bytes = progress.largest_bytes.max(size.bytes);
        let Some(child) = self.add_branch(Parent { branch: id, index }, map.start, input, size.bytes) else {
            return Ok(());
        };
        if map.distributed {
            if let Some(child) = self.snapshot.branch_mut(child) {
                child.unrecorded = true;
            }
        } else {
            let kind = Event::MapIterationStarted {
                name: self.name(id),
                index: index as usize,
            };
            self.record(child, kind);
        }
        self.ready.push_back(child);
        Ok(())
    }

    fn name(&self, id: BranchId) -> Arc<str> {
        self.state(id)
            .map_or_else(|| Arc::from(""), |state| state.name.clone())
    }

    pub(super) fn iteration_succeeded(&mut self, id: BranchId, parent: Parent, output: Value) {
        if self.is_inline(parent.branch) {
            let kind = Event::MapIterationSucceeded {
                name: self.name(parent.branch),
                index: parent.index as usize,
            };
            self.record(id, kind);
        }
        self.iteration_ended(id, parent, output);
    }

    /// Keeps an iteration's result and goes on with the Map state.
    fn iteration_ended(&mut self, id: BranchId, parent: Parent, output: Value) {
        let result = self
            .keep_result(id, parent, output)
            .and_then(|()| self.go_on_with_map(parent.branch));
        if let Err(failure) = result {
            self.fail_state(parent.branch, failure);
        }
    }

    fn keep_result(&mut self, id: BranchId, parent: Parent, output: Value) -> Result<(), Failure> {
        self.remove(id);
        let name = self.name(parent.branch);
        let Some(outer) = self.snapshot.branch_mut(parent.branch) else {
            return Ok(());
        };
        let Activity::Map(progress) = &mut outer.activity else {
            return Ok(());
        };
        progress.open = progress.open.saturating_sub(1);
        let kept = progress.results.keep(parent.index, output);
        kept.ok_or_else(|| Failure::too_large(&name).fatal())
    }

    pub(super) fn iteration_failed(&mut self, id: BranchId, parent: Parent, failure: Failure) {
        let inline = self.is_inline(parent.branch);
        if inline {
            let kind = Event::MapIterationFailed {
                name: self.name(parent.branch),
                index: parent.index as usize,
            };
            self.record(id, kind);
        }
        match self.judge_failure(parent.branch, &failure) {
            Verdict::Tolerated => self.iteration_ended(id, parent, failure.output()),
            Verdict::Final if inline && (!failure.is_catchable() || !self.tolerates_any(parent.branch)) => {
                self.map_failed(id, parent, failure);
            }
            Verdict::Final => {
                let failure = Failure::named(
                    "States.ExceedToleratedFailureThreshold",
                    "The specified tolerated failure threshold was exceeded",
                );
                if !inline {
                    self.record(parent.branch, Event::MapRunFailed(failure.details()));
                }
                self.map_failed(id, parent, failure);
            }
        }
    }

    fn map_failed(&mut self, id: BranchId, parent: Parent, failure: Failure) {
        self.remove(id);
        if let Some(Activity::Map(progress)) = self
            .snapshot
            .branch_mut(parent.branch)
            .map(|branch| &mut branch.activity)
        {
            progress.open = progress.open.saturating_sub(1);
        }
        match self.state(parent.branch) {
            Some(state) => self.fail_container(parent.branch, state, failure),
            None => self.finish_failed(&failure),
        }
    }

    /// Counts a failed iteration and says whether the Map state goes on.
    fn judge_failure(&mut self, id: BranchId, failure: &Failure) -> Verdict {
        let inline = self.is_inline(id);
        let Some(branch) = self.snapshot.branch_mut(id) else {
            return Verdict::Final;
        };
        let Activity::Map(progress) = &mut branch.activity else {
            return Verdict::Final;
        };
        progress.failed = progress.failed.saturating_add(1);
        // What ends an execution ends a distributed Map's child, which is an execution; inline it is our own.
        let survivable = failure.is_catchable() || !inline;
        if survivable
            && progress
                .tolerated
                .is_some_and(|tolerated| progress.failed <= tolerated)
        {
            Verdict::Tolerated
        } else {
            Verdict::Final
        }
    }

    fn tolerates_any(&self, id: BranchId) -> bool {
        let activity = self.snapshot.branch(id).map(|branch| &branch.activity);
        matches!(
            activity,
            Some(Activity::Map(MapProgress {
                tolerated: Some(1..),
                ..
            }))
        )
    }

    fn is_inline(&self, id: BranchId) -> bool {
        matches!(self.state(id).map(|state| &state.kind), Some(Kind::Map(map)) if !map.distributed)
    }

    fn map_succeeded(&mut self, id: BranchId, map: &MapState) -> Result<(), Failure> {
        let Some(branch) = self.snapshot.branch_mut(id) else {
            return Ok(());
        };
        let Activity::Map(progress) = &mut branch.activity else {
            return Ok(());
        };
        let result = progress.results.take();
        if map.distributed {
            self.record(id, Event::MapRunSucceeded);
        }
        self.record(id, Event::MapStateSucceeded);
        self.complete_state(id, result)
    }

    /// Tells the history about the inline iterations that end because their Map state does.
    pub(super) fn record_aborted_iterations(&mut self, id: BranchId) {
        if !self.is_inline(id) {
            return;
        }
        let running: Vec<(BranchId, u32)> = self
            .snapshot
            .branches
            .iter()
            .filter_map(|branch| {
                Some((
                    branch.id,
                    branch.parent.filter(|parent| parent.branch == id)?.index,
                ))
            })
            .collect();
        for (child, index) in running {
            let kind = Event::MapIterationAborted {
                name: self.name(id),
                index: index as usize,
            };
            self.record(child, kind);
        }
    }
}

/// What a failed iteration means for its Map state.
enum Verdict {
    Tolerated,
    Final,
}

impl MapProgress {
    /// Whether one more iteration may start now. Large inputs run fewer at a time, so that what is under way stays
    /// within bounds.
    pub(crate) fn can_start(&self) -> bool {
        let by_size =
            u32::try_from(MAX_ITERATION_INPUT_BYTES / self.largest_bytes.max(1)).unwrap_or(u32::MAX);
        (self.next as usize) < self.items.len() && self.open < self.limit.min(by_size.max(1))
    }

    fn is_over(&self) -> bool {
        self.open == 0 && self.next as usize >= self.items.len()
    }
}

impl View<'_> {
    fn iteration_input(mut self, map: &MapState, index: u32) -> Result<Value, Failure> {
        let Activity::Map(progress) = &self.branch.activity else {
            return Ok(Value::Null);
        };
        let Some(item) = progress.items.get(index as usize) else {
            return Ok(Value::Null);
        };
        match &map.selector {
            // Batches have had the selector applied to each of their items.
            Some(selector) if map.batch.is_none() => {
                let input = self.selected_input()?;
                self.put_item(index as usize, item);
                self.data(selector, super::view::Given::input(&input))
            }
            Some(_) | None => Ok(item.clone()),
        }
    }
}
