/// How much a bench measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Each thing once, to see that the bench works: `cargo test` and `--test` ask for it.
    Once,
    /// A minute for all: `--quick`.
    Quick,
    /// Enough for medians that repeat.
    Full,
}

impl Effort {
    /// The number for this effort.
    pub fn of<T>(self, once: T, quick: T, full: T) -> T {
        match self {
            Effort::Once => once,
            Effort::Quick => quick,
            Effort::Full => full,
        }
    }
}
