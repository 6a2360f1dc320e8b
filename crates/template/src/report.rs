//! Gathers what is found while a template is read, so that all of it is told at once.

use std::cell::RefCell;

use crate::fault::{Ignored, Place, Problem, TemplateFault, Warning};

#[derive(Debug, Default)]
pub(crate) struct Report {
    faults: RefCell<Vec<TemplateFault>>,
    warnings: RefCell<Vec<Warning>>,
}

impl Report {
    pub fn fault(&self, place: Place, problem: Problem) {
        self.faults.borrow_mut().push(TemplateFault { place, problem });
    }

    pub fn extend(&self, faults: Vec<TemplateFault>) {
        self.faults.borrow_mut().extend(faults);
    }

    pub fn warn(&self, place: Place, what: Ignored) {
        self.warnings.borrow_mut().push(Warning { place, what });
    }

    /// The warnings, or every fault; both in the order of the template's lines, and each once, though a value that is
    /// used twice is found faulty twice.
    pub fn finish(self) -> Result<Vec<Warning>, Vec<TemplateFault>> {
        let mut faults = self.faults.into_inner();
        if faults.is_empty() {
            let mut warnings = self.warnings.into_inner();
            warnings.sort_by(|left, right| left.place.cmp(&right.place));
            warnings.dedup();
            return Ok(warnings);
        }
        faults.sort_by(|left, right| left.place.cmp(&right.place));
        faults.dedup();
        Err(faults)
    }
}
