//! Every backend of this machine gives the hashes of `expected.txt`.

use gradstep::Backend;

#[test]
fn every_backend_gives_the_expected_hashes() {
    let expected: Vec<&str> = include_str!("../expected.txt").lines().collect();
    let supported = Backend::ALL.into_iter().filter(|backend| backend.is_supported());
    for backend in supported.map(Some).chain([None]) {
        let mut found = Vec::new();
        let result = gradstep_conformance::run(backend, |[name, subject], hash| {
            found.push(format!("{name} {subject} {hash:016x}").replace("  ", " "));
        });
        assert_eq!(result, Ok(()), "{backend:?}");
        assert_eq!(found, expected, "{backend:?}");
    }
}
