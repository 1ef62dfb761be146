//! Nothing that the conformance program drives allocates, on any backend.

use gradstep::Backend;

#[test]
fn the_whole_surface_allocates_nothing() {
    let supported = Backend::ALL.into_iter().filter(|backend| backend.is_supported());
    for backend in supported.map(Some).chain([None]) {
        let mut subjects = 0;
        let counted = allocation_counter::measure(|| {
            let result = gradstep_conformance::run(backend, |_, _| subjects += 1);
            assert_eq!(result, Ok(()));
        });
        assert_eq!(counted.count_total, 0, "{backend:?}");
        assert!(subjects > 100);
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocation_counter::measure(|| drop(std::hint::black_box(vec![1.0f32; 9]))).count_total, 1);
}
