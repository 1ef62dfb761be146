/// RAdam's factor r for step `t`, by which the step is multiplied because the second moment has seen few gradients.
/// `None` while ρ is not above the threshold: the variance cannot be estimated yet.
///
/// ```text
/// ρ∞ = 2/(1−β2) − 1;  ρ = ρ∞ − 2t·β2ᵗ/(1−β2ᵗ)
/// r = √( (ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ) )
/// ```
///
/// Source: Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2019, arXiv 1908.03265.
pub fn rectification(beta2: f64, threshold: f64, t: u64) -> Option<f64> {
    let rho_inf = 2.0 / (1.0 - beta2) - 1.0;
    let power = libm::pow(beta2, t as f64);
    let rho = rho_inf - 2.0 * t as f64 * power / (1.0 - power);
    let of = |rho: f64| (rho - 4.0) * (rho - 2.0) / rho;
    (rho > threshold).then(|| crate::math::sqrt(of(rho) / of(rho_inf)))
}
