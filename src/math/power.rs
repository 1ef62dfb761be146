use crate::real::Real;

/// `xᵃ` for a power a from 0 to 1, by square roots.
///
/// With the binary digits d1, d2, … of the power, `xᵃ = √(x^d1 · √(x^d2 · √(…)))`. A root halves the relative error of what
/// it is taken of, so the errors of all digits together stay below 6.5 units of 2⁻²⁴.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// The power times 2³², rounded down. Not used for a power of 1.
    digits: u32,
    is_one: bool,
}

/// A [`Power`], or a form of it that is known from the type.
pub trait Exponent: Copy + Send + Sync {
    /// `larger^a`, and `larger^a − smaller^a` without its cancellation. Both numbers are at least 0.
    ///
    /// `difference` is `larger − smaller`.
    fn with_growth<R: Real>(&self, larger: R, smaller: R, difference: R) -> (R, R);

    /// The form for a power of ½.
    fn half(&self) -> Option<Half>;
}

/// A power of ½.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Half;

impl Power {
    /// `power` has been checked: it is from 0 to 1.
    pub(crate) const fn new(power: f64) -> Self {
        // A product that rounds up to 2³² becomes the largest u32.
        Power { digits: (power * 4_294_967_296.0) as u32, is_one: power == 1.0 }
    }
}

/// `√larger − √smaller`, from the roots. The smallest normal number changes only a divisor of 0.
#[inline(always)]
fn growth_of_roots<R: Real>(larger: R, smaller: R, difference: R) -> R {
    difference / (larger + smaller + R::splat(f32::MIN_POSITIVE))
}

impl Exponent for Half {
    #[inline(always)]
    fn with_growth<R: Real>(&self, larger: R, smaller: R, difference: R) -> (R, R) {
        let root = larger.sqrt();
        (root, growth_of_roots(root, smaller.sqrt(), difference))
    }

    #[inline(always)]
    fn half(&self) -> Option<Half> {
        Some(Half)
    }
}

impl Exponent for Power {
    #[inline(always)]
    fn with_growth<R: Real>(&self, larger: R, smaller: R, difference: R) -> (R, R) {
        const HALF: u32 = 1 << 31;
        match *self {
            Power { is_one: true, .. } => return (larger, difference),
            Power { digits: HALF, .. } => return Half.with_growth(larger, smaller, difference),
            _ => {}
        }
        let (root, other) = (larger.sqrt(), smaller.sqrt());
        let growth = growth_of_roots(root, other, difference);
        // The powers so far, from the last digit that is 1, and the first one's growth over the second.
        let (mut power, mut smaller_power, mut grown) = (R::splat(1.0), R::splat(1.0), R::splat(0.0));
        let mut digits = self.digits.unbounded_shr(self.digits.trailing_zeros());
        let mut left = u32::BITS - self.digits.trailing_zeros();
        while left > 0 {
            let (of_power, of_smaller) = (power.sqrt(), smaller_power.sqrt());
            grown = growth_of_roots(of_power, of_smaller, grown);
            (power, smaller_power) = (of_power, of_smaller);
            if digits & 1 == 1 {
                // ab − cd = (a − c)·b + c·(b − d), which adds numbers of one sign.
                grown = grown * root + smaller_power * growth;
                (power, smaller_power) = (power * root, smaller_power * other);
            }
            digits >>= 1;
            left -= 1;
        }
        (power, grown)
    }

    #[inline(always)]
    fn half(&self) -> Option<Half> {
        (self.digits == 1 << 31 && !self.is_one).then_some(Half)
    }
}
