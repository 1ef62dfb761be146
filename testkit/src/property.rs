//! Runs a property on random inputs: the same ones every time, so that a failure is a change of the code.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Panics with the smallest failing input. Not generic over the test, which keeps it compiled once for each strategy.
#[track_caller]
pub fn check<S: Strategy>(cases: u32, strategy: &S, test: &dyn Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    if let Err(error) =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)).run(strategy, test)
    {
        panic!("{error}");
    }
}
