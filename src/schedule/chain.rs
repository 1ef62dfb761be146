use super::Schedule;

/// One schedule before a boundary, another one from there on: see [`Schedule::then`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Then<A, B> {
    /// The schedule of the steps before the boundary.
    pub first: A,
    /// The first step of the second schedule.
    pub boundary: u64,
    /// The schedule from the boundary on. It counts its steps from there.
    pub next: B,
}

impl<A: Schedule, B: Schedule> Schedule for Then<A, B> {
    fn at(&self, step: u64) -> f64 {
        match step.checked_sub(self.boundary) {
            None => self.first.at(step),
            Some(step) => self.next.at(step),
        }
    }
}
